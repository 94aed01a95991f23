//! Keys of locked boards as plain data, by the id of the board that they open.
//! Reads no file and asks no keychain.

mod held;

pub use held::{Keys, KeysTextError};
pub use noise::{Key, KeyId, KeyTextError, Role};

//! The keys of locked boards as plain data, by board id. Reads no file and
//! accesses no keychain.

mod held;

pub use held::{Keys, KeysTextError};
pub use noise::{Key, KeyId, KeyTextError, Role};

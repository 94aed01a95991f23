//! The keys and passwords of boards as plain data, by board id. Reads no file
//! and accesses no keychain.

mod esphome;
mod held;
mod password;

pub use esphome::{NoiseKeyError, esphome_key};
pub use held::{Keys, KeysTextError};
pub use noise::{Key, KeyId, KeyTextError, Role};
pub use password::{Password, PasswordTextError};

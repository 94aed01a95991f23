//! Keys of locked boards as this computer holds them: which there are
//! ([`Keys`], plain data), and where they rest. Whoever shows or uses a board
//! gets the plain data; only faces load and save.

mod file;
mod held;
mod keychain;
mod known;
mod store;

pub(crate) use file::{from_bytes as read_keys, write_secret};
pub use held::{Keys, KeysTextError};
pub use keychain::Vault;
pub use noise::{Key, KeyId, KeyTextError, Role};
pub use store::{Forgotten, Loaded, Store, StoreError};

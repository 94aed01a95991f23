//! Stores the keys of locked boards. The keys themselves are plain data in the
//! crate `keys`.

mod file;
mod keychain;
mod known;
mod store;

pub use file::{from_bytes as read_keys, write_secret};
pub use keychain::Vault;
pub use store::{Forgotten, Loaded, Store, StoreError};

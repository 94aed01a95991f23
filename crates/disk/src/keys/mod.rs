//! Stores the keys of locked boards. The keys themselves are plain data in the
//! crate `keys`.

mod file;
// A browser has no keychain for programs.
#[cfg_attr(target_arch = "wasm32", path = "no_keychain.rs")]
mod keychain;
mod known;
mod store;
mod vault;

pub use file::{from_bytes as read_keys, write_secret};
pub use store::{Forgotten, Loaded, Store, StoreError};
pub use vault::Vault;

//! What a system keychain has to do.

use keys::Keys;

use super::StoreError;

/// A store that holds all keys as one secret.
pub trait Vault: Send + Sync {
    /// The keys in it; `None` if there is no such store.
    ///
    /// # Errors
    /// If access is refused, or the contents are not keys.
    fn read(&self) -> Result<Option<Keys>, StoreError>;

    /// Replaces all keys; `false` if there is no such store.
    ///
    /// # Errors
    /// If the keys cannot be stored.
    fn write(&self, keys: &Keys) -> Result<bool, StoreError>;
}

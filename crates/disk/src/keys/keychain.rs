//! The one file that knows the crate keyring: one secret in the desktop's
//! keychain that holds all keys, as lines of key text. Every call may wait for
//! the keychain, which may ask its person for a password.

use keyring::{Entry, Error};
use keys::Keys;
use zeroize::Zeroizing;

use super::StoreError;

/// What the secret is called in the keychain.
const SERVICE: &str = "switchboard";
const USER: &str = "keys of boards";

/// Something that holds all keys as one secret.
pub trait Vault: Send + Sync {
    /// The keys in it; `None` where there is no such thing.
    ///
    /// # Errors
    /// If it refuses, or holds something else.
    fn read(&self) -> Result<Option<Keys>, StoreError>;

    /// Puts these keys in the place of what it holds; `false` where there is no
    /// such thing.
    ///
    /// # Errors
    /// If it does not take them.
    fn write(&self, keys: &Keys) -> Result<bool, StoreError>;
}

/// The keychain of this desktop.
pub(super) struct Keychain;

impl Keychain {
    fn open() -> Option<Entry> {
        match Entry::new(SERVICE, USER) {
            Ok(entry) => Some(entry),
            Err(error) => {
                let why = Entry::store_status().as_ref().err().unwrap_or(&error);
                log::debug!("no keychain: {why}");
                None
            }
        }
    }
}

impl Vault for Keychain {
    fn read(&self) -> Result<Option<Keys>, StoreError> {
        let Some(entry) = Self::open() else {
            return Ok(None);
        };
        match entry.get_password().map(Zeroizing::new) {
            Ok(text) => Keys::from_text(&text)
                .map(Some)
                .map_err(|source| StoreError::Text {
                    place: "what the keychain holds".to_owned(),
                    source,
                }),
            Err(Error::NoEntry) => Ok(Some(Keys::default())),
            Err(error) => Err(StoreError::Keychain(plain(&error))),
        }
    }

    fn write(&self, keys: &Keys) -> Result<bool, StoreError> {
        let Some(entry) = Self::open() else {
            return Ok(false);
        };
        let done = if keys.is_empty() {
            entry.delete_credential()
        } else {
            entry.set_password(&keys.to_text())
        };
        match done {
            Ok(()) | Err(Error::NoEntry) => Ok(true),
            Err(error) => Err(StoreError::Keychain(plain(&error))),
        }
    }
}

/// Some of keyring's errors carry what was stored: that is not for a message.
fn plain(error: &Error) -> String {
    match error {
        Error::BadEncoding(_) | Error::BadDataFormat(..) => "what it holds is no text".to_owned(),
        other => other.to_string(),
    }
}

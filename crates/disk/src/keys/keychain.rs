//! Stores all keys as one secret in the system keychain, as lines of text. The
//! only user of the crate `keyring`. Every call may block while the keychain
//! asks the user for a password.

use keyring::{Entry, Error};
use keys::Keys;
use zeroize::Zeroizing;

use super::{StoreError, Vault};

/// The name of the secret in the keychain.
const SERVICE: &str = "switchboard";
const USER: &str = "keys of boards";

/// The system keychain.
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
                    place: "the keychain".to_owned(),
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

/// Some of keyring's errors contain the stored data, which must not be shown.
fn plain(error: &Error) -> String {
    match error {
        Error::BadEncoding(_) | Error::BadDataFormat(..) => "its contents are not text".to_owned(),
        other => other.to_string(),
    }
}

//! The one file that knows the crate keyring: one secret in the desktop's keychain that holds all keys, as lines of key text. Every call
//! may wait for the keychain, which may ask its person for a password.

use keyring::{Entry, Error};
use zeroize::Zeroizing;

use super::{Keys, StoreError};

/// What the secret is called in the keychain.
const SERVICE: &str = "switchboard";
const USER: &str = "keys of boards";

/// The keychain of this desktop; `None` where none answers.
pub(super) struct Keychain(Entry);

impl Keychain {
    pub(super) fn open() -> Option<Self> {
        match Entry::new(SERVICE, USER) {
            Ok(entry) => Some(Self(entry)),
            Err(error) => {
                let why = Entry::store_status().as_ref().err().unwrap_or(&error);
                log::debug!("no keychain: {why}");
                None
            }
        }
    }

    /// The keys in it.
    ///
    /// # Errors
    /// Where it does not give them, or what it gives is none.
    pub(super) fn read(&self) -> Result<Keys, StoreError> {
        match self.0.get_password().map(Zeroizing::new) {
            Ok(text) => Keys::from_text(&text)
                .map_err(|source| StoreError::Text { place: "what the keychain holds".to_owned(), source }),
            Err(Error::NoEntry) => Ok(Keys::default()),
            Err(error) => Err(StoreError::Keychain(plain(&error))),
        }
    }

    /// Puts these keys in the place of what it holds.
    ///
    /// # Errors
    /// Where it does not take them.
    pub(super) fn write(&self, keys: &Keys) -> Result<(), StoreError> {
        let done = if keys.is_empty() { self.0.delete_credential() } else { self.0.set_password(&keys.to_text()) };
        match done {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
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

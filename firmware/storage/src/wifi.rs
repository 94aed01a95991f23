//! The stored Wi-Fi credentials of a board.

use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::fmt;

use protocol::Quoted;

/// A network and its password. Neither `Display`, which shows the name in
/// quotation marks, nor `Debug` show the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Wifi {
    ssid: String,
    password: String,
}

/// Why credentials are invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WifiError {
    /// IEEE 802.11, 9.4.2.2: an SSID has at most 32 bytes. An empty one is a
    /// wildcard.
    #[error("a network's name has 1 to 32 bytes")]
    Ssid,
    /// IEEE 802.11, J.4: a passphrase has 8 to 63 characters, a key 64
    /// hexadecimal digits. An open network has none.
    #[error("a password has 8 to 64 bytes, or none on an open network")]
    Password,
}

impl Wifi {
    /// The network `ssid`, of 1 to 32 bytes, with a password of 8 to 64 bytes,
    /// which is empty for an open network.
    ///
    /// # Errors
    /// If one of them has a different length.
    pub fn new(ssid: &str, password: &str) -> Result<Self, WifiError> {
        if !(1..=32).contains(&ssid.len()) {
            return Err(WifiError::Ssid);
        }
        if !password.is_empty() && !(8..=64).contains(&password.len()) {
            return Err(WifiError::Password);
        }
        Ok(Self {
            ssid: ssid.to_owned(),
            password: password.to_owned(),
        })
    }

    /// The network's name.
    pub fn ssid(&self) -> &str {
        &self.ssid
    }

    /// The password; empty for an open network.
    pub fn password(&self) -> &str {
        &self.password
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let length = u8::try_from(self.ssid.len()).unwrap_or_default();
        [&[length], self.ssid.as_bytes(), self.password.as_bytes()].concat()
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (length, rest) = bytes.split_first()?;
        let (ssid, password) = rest.split_at_checked((*length).into())?;
        Self::new(
            core::str::from_utf8(ssid).ok()?,
            core::str::from_utf8(password).ok()?,
        )
        .ok()
    }
}

impl fmt::Display for Wifi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Quoted(&self.ssid).fmt(f)
    }
}

impl fmt::Debug for Wifi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wifi")
            .field("ssid", &self.ssid)
            .finish_non_exhaustive()
    }
}

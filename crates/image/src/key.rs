//! Public keys, and the short ids by which people and trailers name them.

use core::fmt;

use ed25519_dalek::VerifyingKey;
use sha2::{Digest, Sha256};

use crate::hex;

/// The public key of those who may sign a board's images (Ed25519, RFC 8032).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(pub [u8; 32]);

/// The first 8 bytes of the SHA-256 of a public key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId(pub [u8; 8]);

impl PublicKey {
    /// The key in a text: 64 hexadecimal digits, or the content of a public key
    /// file, where lines that begin with `#` are comments. `None` for any other
    /// text, and for a key that verifies any signature (a point of small
    /// order).
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        let key = Self::from_hex(lines.next()?)?;
        let strong = VerifyingKey::from_bytes(&key.0).is_ok_and(|key| !key.is_weak());
        (strong && lines.next().is_none()).then_some(key)
    }

    /// The key that 64 hexadecimal digits stand for, for use at compile time.
    /// Only [`Self::parse`] checks that it is a good one.
    pub const fn from_hex(digits: &str) -> Option<Self> {
        match hex::bytes(digits.as_bytes()) {
            Some(bytes) => Some(Self(bytes)),
            None => None,
        }
    }

    /// The key's id.
    pub fn id(&self) -> KeyId {
        let hash: [u8; 32] = Sha256::digest(self.0).into();
        let mut id = [0; 8];
        id.copy_from_slice(hash.first_chunk::<8>().unwrap_or(&[0; 8]));
        KeyId(id)
    }
}

impl fmt::Display for PublicKey {
    /// 64 hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        digits(f, &self.0)
    }
}

impl fmt::Display for KeyId {
    /// 16 hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        digits(f, &self.0)
    }
}

fn digits(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

//! The keys of the stored entries: a byte for the type of the entry, then its
//! name.

use alloc::string::ToString;

use board::RetainedKey;
use sequential_storage::map::{Key as MapKey, SerializationError};

/// A key; its first byte is the type of the entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    length: u8,
    bytes: [u8; Self::LONGEST],
}

/// These bytes are stored in flash. New versions may add some but must not
/// reuse them.
const VERSION: u8 = b'v';
const WIFI: u8 = b'w';
const RETAINED: u8 = b'r';

impl Key {
    /// The maximum length, in bytes.
    pub(crate) const LONGEST: usize = RetainedKey::MAX_LEN + 1;

    /// The format version.
    pub(crate) const VERSION: Self = Self::plain(VERSION);

    /// The Wi-Fi credentials.
    pub(crate) const WIFI: Self = Self::plain(WIFI);

    const fn plain(what: u8) -> Self {
        let mut bytes = [0; Self::LONGEST];
        bytes[0] = what;
        Self { length: 1, bytes }
    }

    /// The key of a retained value; `None` if its name is too long.
    pub(crate) fn of(retained: &RetainedKey) -> Option<Self> {
        let name = retained.to_string();
        let mut key = Self::plain(RETAINED);
        key.length = u8::try_from(name.len() + 1).ok()?;
        key.bytes
            .get_mut(1..=name.len())?
            .copy_from_slice(name.as_bytes());
        Some(key)
    }

    /// The retained value's key, if this is one.
    pub(crate) fn retained(&self) -> Option<RetainedKey> {
        let [RETAINED, name @ ..] = self.used() else {
            return None;
        };
        core::str::from_utf8(name).ok()?.parse().ok()
    }

    fn used(&self) -> &[u8] {
        self.bytes.get(..self.length.into()).unwrap_or_default()
    }
}

impl MapKey for Key {
    fn serialize_into(&self, buffer: &mut [u8]) -> Result<usize, SerializationError> {
        let used = self.used();
        let [length, place @ ..] = buffer else {
            return Err(SerializationError::BufferTooSmall);
        };
        *length = self.length;
        place
            .get_mut(..used.len())
            .ok_or(SerializationError::BufferTooSmall)?
            .copy_from_slice(used);
        Ok(used.len() + 1)
    }

    fn deserialize_from(buffer: &[u8]) -> Result<(Self, usize), SerializationError> {
        let [length, rest @ ..] = buffer else {
            return Err(SerializationError::BufferTooSmall);
        };
        let used = rest
            .get(..(*length).into())
            .ok_or(SerializationError::InvalidFormat)?;
        let mut bytes = [0; Self::LONGEST];
        bytes
            .get_mut(..used.len())
            .ok_or(SerializationError::InvalidFormat)?
            .copy_from_slice(used);
        Ok((
            Self {
                length: *length,
                bytes,
            },
            used.len() + 1,
        ))
    }
}

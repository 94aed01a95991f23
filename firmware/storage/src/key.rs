//! Under what something lies in the flash: a byte that says what it is, and its
//! number or name.

use alloc::string::ToString;

use board::RetainedKey;
use sequential_storage::map::{Key as MapKey, SerializationError};

/// A key; its first byte says what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    length: u8,
    bytes: [u8; Self::LONGEST],
}

/// These bytes are in flash; a newer version may add to them and must not reuse
/// them.
const VERSION: u8 = b'v';
const WIFI: u8 = b'w';
const RETAINED: u8 = b'r';

impl Key {
    /// The longest, in bytes.
    pub(crate) const LONGEST: usize = RetainedKey::MAX_LEN + 1;

    /// The version of the format.
    pub(crate) const VERSION: Self = Self::plain(VERSION);

    /// The Wi-Fi.
    pub(crate) const WIFI: Self = Self::plain(WIFI);

    const fn plain(what: u8) -> Self {
        let mut bytes = [0; Self::LONGEST];
        bytes[0] = what;
        Self { length: 1, bytes }
    }

    /// What a board keeps; `None` where the name is too long.
    pub(crate) fn of(retained: &RetainedKey) -> Option<Self> {
        let name = retained.to_string();
        let mut key = Self::plain(RETAINED);
        key.length = u8::try_from(name.len() + 1).ok()?;
        key.bytes
            .get_mut(1..=name.len())?
            .copy_from_slice(name.as_bytes());
        Some(key)
    }

    /// What a board keeps, if this is that.
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

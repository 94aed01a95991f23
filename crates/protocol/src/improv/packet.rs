//! Packet framing: a type and bytes. Their meaning is decoded in the other
//! modules.

use alloc::vec::Vec;
use core::fmt;

use zeroize::Zeroizing;

use super::{HEADER, MAX_DATA, VERSION};

/// The type of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PacketKind {
    /// From the board: its [`super::State`].
    State,
    /// From the board: its [`super::ErrorState`].
    Error,
    /// To the board: a [`super::Command`].
    Command,
    /// From the board: a [`super::RpcResult`].
    Result,
    /// An unknown type.
    Unknown(u8),
}

impl From<u8> for PacketKind {
    fn from(byte: u8) -> Self {
        match byte {
            1 => Self::State,
            2 => Self::Error,
            3 => Self::Command,
            4 => Self::Result,
            other => Self::Unknown(other),
        }
    }
}

impl From<PacketKind> for u8 {
    fn from(kind: PacketKind) -> Self {
        match kind {
            PacketKind::State => 1,
            PacketKind::Error => 2,
            PacketKind::Command => 3,
            PacketKind::Result => 4,
            PacketKind::Unknown(other) => other,
        }
    }
}

/// A packet: [`HEADER`], [`VERSION`], type, length, data, checksum. `Debug`
/// omits the data, which can contain a password and is wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Packet {
    kind: PacketKind,
    data: Zeroizing<Vec<u8>>,
}

impl Packet {
    /// A packet with data; `None` if it is longer than [`MAX_DATA`].
    pub fn new(kind: PacketKind, data: Vec<u8>) -> Option<Self> {
        (data.len() <= MAX_DATA).then(|| Self {
            kind,
            data: Zeroizing::new(data),
        })
    }

    /// A packet with a single byte.
    pub(super) fn of_byte(kind: PacketKind, byte: u8) -> Self {
        Self {
            kind,
            data: Zeroizing::new(alloc::vec![byte]),
        }
    }

    /// The type.
    pub fn kind(&self) -> PacketKind {
        self.kind
    }

    /// Its data, of 0 to [`MAX_DATA`] bytes.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The bytes to send. A newline follows the checksum, although the standard
    /// does not require it: readers look for packets at the start of a line, so
    /// the next output starts one.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER.len() + self.data.len() + 5);
        bytes.extend_from_slice(&HEADER);
        // Checked in `new`.
        bytes.extend_from_slice(&[
            VERSION,
            self.kind.into(),
            u8::try_from(self.data.len()).unwrap_or(u8::MAX),
        ]);
        bytes.extend_from_slice(&self.data);
        bytes.push(checksum(&bytes));
        bytes.push(b'\n');
        bytes
    }
}

impl fmt::Debug for Packet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Packet({:?}, {} bytes)", self.kind, self.data.len())
    }
}

/// The sum of all bytes before it, modulo 256.
pub(super) fn checksum(bytes: &[u8]) -> u8 {
    bytes
        .iter()
        .fold(0, |sum: u8, byte| sum.wrapping_add(*byte))
}

/// Concatenates strings, each preceded by its length; `None` if one is longer
/// than 255 bytes.
pub(super) fn pack<'a>(strings: impl IntoIterator<Item = &'a str>) -> Option<Vec<u8>> {
    let mut packed = Vec::new();
    for string in strings {
        packed.push(u8::try_from(string.len()).ok()?);
        packed.extend_from_slice(string.as_bytes());
    }
    Some(packed)
}

/// The strings of [`pack`], as bytes; `None` if a length exceeds the remaining
/// data.
pub(super) fn unpack(mut packed: &[u8]) -> Option<Vec<&[u8]>> {
    let mut strings = Vec::new();
    while let Some((length, rest)) = packed.split_first() {
        let (string, rest) = rest.split_at_checked(usize::from(*length))?;
        strings.push(string);
        packed = rest;
    }
    Some(strings)
}

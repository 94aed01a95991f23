//! Finds packets in a stream that also carries text: a board's log, or lines
//! that a user types.

use alloc::vec::Vec;
use core::fmt;

use super::{
    HEADER, Packet, VERSION,
    packet::{PacketKind, checksum},
};

/// Offset of the data: after the header, version, type and length.
const DATA_AT: usize = HEADER.len() + 3;

/// An item of the stream.
#[derive(Clone, PartialEq, Eq)]
pub enum Item {
    /// Bytes outside of packets, unchanged.
    Text(Vec<u8>),
    /// A complete packet.
    Packet(Packet),
    /// A packet with a wrong checksum or without an end. Its bytes are dropped,
    /// as is the rest of the line if the length was wrong, because they can
    /// contain a password. A packet that begins among them is still found.
    Damaged,
}

impl fmt::Debug for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({})", text.escape_ascii()),
            Self::Packet(packet) => packet.fmt(f),
            Self::Damaged => f.write_str("Damaged"),
        }
    }
}

/// Reads a stream in chunks of any size.
///
/// No text is lost except a newline directly after a packet, which terminates
/// it (see [`Packet::encode`]), and what [`Item::Damaged`] drops. Text that may
/// be the start of a packet is held back until that is decided, at most 7
/// bytes; a partial packet takes at most 265 bytes.
#[derive(Default)]
pub struct Reader {
    /// The bytes held back.
    held: Vec<u8>,
    /// The last byte ended a packet.
    after_packet: bool,
    /// The rest of the line belongs to a damaged packet.
    skipping_line: bool,
}

impl Reader {
    /// Processes more bytes.
    pub fn receive(&mut self, bytes: &[u8]) -> Vec<Item> {
        let mut items = Items::default();
        for byte in bytes {
            self.receive_byte(*byte, &mut items);
        }
        items.0
    }

    /// Whether bytes are held back. After some silence, the caller should call
    /// [`Self::give_up`].
    pub fn is_waiting(&self) -> bool {
        !self.held.is_empty()
    }

    /// Stops waiting for the rest of a packet.
    pub fn give_up(&mut self) -> Vec<Item> {
        let mut items = Items::default();
        while !self.held.is_empty() {
            if self.held.len() <= HEADER.len() {
                self.text_was_held(&mut items);
            } else {
                self.resync(&mut items);
            }
        }
        items.0
    }

    fn receive_byte(&mut self, byte: u8, items: &mut Items) {
        let ends_packet = core::mem::take(&mut self.after_packet) && byte == b'\n';
        if ends_packet {
            return;
        }
        let expected = HEADER
            .get(self.held.len())
            .or((self.held.len() == HEADER.len()).then_some(&VERSION));
        if expected.is_some_and(|expected| byte != *expected) {
            // No proper suffix of the header is also its prefix, so the search
            // restarts at this byte.
            self.text_was_held(items);
            if byte != HEADER[0] {
                self.text(&[byte], items);
                return;
            }
        }
        self.held.push(byte);
        let Some(length) = self.held.get(DATA_AT - 1) else {
            return;
        };
        if self.held.len() <= DATA_AT + usize::from(*length) {
            return;
        }
        let end = self.held.len() - 1;
        if checksum(&self.held[..end]) != byte {
            self.resync(items);
            return;
        }
        let data = self.held[DATA_AT..end].to_vec();
        if let Some(packet) = Packet::new(PacketKind::from(self.held[DATA_AT - 2]), data) {
            items.0.push(Item::Packet(packet));
        }
        self.held.clear();
        self.after_packet = true;
        self.skipping_line = false;
    }

    fn text_was_held(&mut self, items: &mut Items) {
        let held = core::mem::take(&mut self.held);
        self.text(&held, items);
    }

    fn text(&mut self, bytes: &[u8], items: &mut Items) {
        for byte in bytes {
            if self.skipping_line {
                self.skipping_line = *byte != b'\n';
            } else {
                items.text(*byte);
            }
        }
    }

    /// Drops a damaged packet and continues at the next header in it: the
    /// length may be what was damaged.
    fn resync(&mut self, items: &mut Items) {
        items.0.push(Item::Damaged);
        self.skipping_line = true;
        let damaged = core::mem::take(&mut self.held);
        let next = (1..damaged.len()).find(|at| {
            let rest = &damaged[*at..];
            let looked_at = rest.len().min(HEADER.len());
            rest[..looked_at] == HEADER[..looked_at]
                && rest
                    .get(HEADER.len())
                    .is_none_or(|version| *version == VERSION)
        });
        if let Some(next) = next {
            // The rest is shorter by at least one byte each time, so this
            // terminates.
            for byte in &damaged[next..] {
                self.receive_byte(*byte, items);
            }
        }
    }
}

/// Items in order; adjacent pieces of text are joined.
#[derive(Default)]
struct Items(Vec<Item>);

impl Items {
    fn text(&mut self, byte: u8) {
        match self.0.last_mut() {
            Some(Item::Text(text)) => text.push(byte),
            _ => self.0.push(Item::Text(alloc::vec![byte])),
        }
    }
}

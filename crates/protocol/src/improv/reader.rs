//! Finds packets in a stream that also carries text: a board's log, or a
//! person's lines.

use alloc::vec::Vec;
use core::fmt;

use super::{
    HEADER, Packet, VERSION,
    packet::{PacketKind, checksum},
};

/// Where the data begins: after the header, the version, the kind and the
/// length.
const DATA_AT: usize = HEADER.len() + 3;

/// What a stream consists of.
#[derive(Clone, PartialEq, Eq)]
pub enum Item {
    /// What belongs to no packet, as it came.
    Text(Vec<u8>),
    /// A whole packet.
    Packet(Packet),
    /// A packet whose checksum was wrong, or whose end did not come. Its bytes
    /// are gone, and those up to the end of the line, where a length was wrong,
    /// for they may hold a password; a packet that begins among them is found.
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

/// Reads a stream in pieces of any size.
///
/// No text is lost but a newline right after a packet, which ends that (see
/// [`Packet::encode`]), and what [`Item::Damaged`] takes with it. Text that
/// might be the beginning of a packet is held back until that is decided, 7
/// bytes at most; of a packet 265 bytes at most.
#[derive(Default)]
pub struct Reader {
    /// The beginning of a packet, as far as it has come.
    held: Vec<u8>,
    /// The last byte was the end of a packet.
    after_packet: bool,
    /// What comes up to the end of the line belongs to a damaged packet.
    skipping_line: bool,
}

impl Reader {
    /// Reads on.
    pub fn receive(&mut self, bytes: &[u8]) -> Vec<Item> {
        let mut items = Items::default();
        for byte in bytes {
            self.receive_byte(*byte, &mut items);
        }
        items.0
    }

    /// Whether something is held back. Who hears nothing more for a while calls
    /// [`Self::give_up`].
    pub fn is_waiting(&self) -> bool {
        !self.held.is_empty()
    }

    /// What is held back is no packet's beginning, or no more of it comes.
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
            // No beginning of the header is also within it, so that the search
            // starts anew with this byte.
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

    /// Drops a damaged packet, and reads on where the next header begins in it:
    /// the length may be what was damaged.
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
            // Each time it is shorter by a byte at least, so that this ends.
            for byte in &damaged[next..] {
                self.receive_byte(*byte, items);
            }
        }
    }
}

/// Items in their order; pieces of text that touch are one.
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

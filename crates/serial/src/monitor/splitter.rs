//! Splits what a board prints into lines: bytes of any length in, clean text of
//! bounded length out. Owns no port and reads no clock.

use protocol::improv::{Item, Reader};

/// The longest line, in bytes; a longer one is continued on the next.
pub const LONGEST_LINE: usize = 2_048;

/// Columns between tab stops, as terminals have them.
const TAB: usize = 8;

/// What the stream contained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// A line of text, without its line break and escape sequences.
    Line {
        /// The text. Invalid bytes and invisible characters are replaced with
        /// U+FFFD.
        text: String,
        /// Whether it continues the line before, which was too long or was
        /// shown before it ended.
        continues: bool,
    },
    /// A packet of Improv. Its contents are not kept: they can be a password.
    Packet,
}

/// Where an escape sequence of a terminal is (ECMA-48).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Escape {
    /// In text.
    #[default]
    None,
    /// After ESC.
    Begun,
    /// In a control sequence, `ESC [` to a final byte.
    Control,
    /// In a string, such as a window title, which ends with BEL or `ESC \`.
    Text,
    /// After ESC within a string.
    TextEnding,
    /// After ESC and an intermediate byte, such as `ESC ( B`.
    Intermediate,
}

/// The longest string within an escape sequence. A line break ends it as well,
/// so that a stray ESC hides one line at most.
const LONGEST_ESCAPE: usize = 256;

/// Splits a stream.
#[derive(Default)]
pub struct Splitter {
    reader: Reader,
    line: Vec<u8>,
    /// Where the next byte is written; a carriage return sets it to the start.
    at: usize,
    escape: Escape,
    escaped: usize,
    continues: bool,
    after_return: bool,
    is_progress: bool,
}

impl Splitter {
    /// Splits more bytes.
    pub fn receive(&mut self, bytes: &[u8]) -> Vec<Piece> {
        let items = self.reader.receive(bytes);
        self.items(items)
    }

    /// Whether bytes are held back that may begin a packet: call
    /// [`Self::give_up`] after some silence.
    pub fn is_waiting(&self) -> bool {
        self.reader.is_waiting()
    }

    /// Stops waiting for the rest of a packet.
    pub fn give_up(&mut self) -> Vec<Piece> {
        let items = self.reader.give_up();
        self.items(items)
    }

    /// Whether a line is not complete.
    pub fn is_incomplete(&self) -> bool {
        !self.line.is_empty()
    }

    /// Whether the incomplete line was written again, as a progress display
    /// does, which may go on for long.
    pub fn is_progress(&self) -> bool {
        self.is_progress && self.is_incomplete()
    }

    /// Ends the incomplete line, if there is one. What follows continues it.
    pub fn flush(&mut self) -> Option<Piece> {
        let piece = (!self.line.is_empty()).then(|| self.take_line());
        self.continues |= piece.is_some();
        piece
    }

    /// Ends the incomplete line and forgets escape sequences: the cable was
    /// pulled out.
    pub fn end(&mut self) -> Vec<Piece> {
        let mut pieces = self.give_up();
        pieces.extend(self.flush());
        *self = Self::default();
        pieces
    }

    fn items(&mut self, items: Vec<Item>) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for item in items {
            match item {
                Item::Text(text) => text.iter().for_each(|byte| self.byte(*byte, &mut pieces)),
                Item::Packet(_) => {
                    pieces.extend(self.flush());
                    self.continues = false;
                    pieces.push(Piece::Packet);
                }
                Item::Damaged => {}
            }
        }
        pieces
    }

    fn byte(&mut self, byte: u8, pieces: &mut Vec<Piece>) {
        if byte == b'\n' {
            self.escape = Escape::None;
            // The rest of a line that was shown already.
            if !(self.line.is_empty() && self.continues) {
                pieces.push(self.take_line());
            }
            self.continues = false;
            self.after_return = false;
            return;
        }
        if self.escape != Escape::None || byte == 0x1b {
            return self.escaped_byte(byte);
        }
        match byte {
            b'\r' => {
                self.at = 0;
                self.after_return = true;
            }
            // Backspace.
            0x08 | 0x7f => self.back(),
            b'\t' => {
                let spaces = TAB - self.at % TAB;
                (0..spaces).for_each(|_| self.put(b' ', pieces));
            }
            0x00..0x20 => {}
            byte => self.put(byte, pieces),
        }
    }

    fn put(&mut self, byte: u8, pieces: &mut Vec<Piece>) {
        if self.after_return {
            // A progress display writes its line again. A shorter text leaves
            // no rest of the longer one before, unlike on a terminal.
            self.is_progress |= !self.line.is_empty();
            self.line.clear();
            self.at = 0;
            self.after_return = false;
        }
        self.line.push(byte);
        self.at = self.line.len();
        if self.line.len() >= LONGEST_LINE && starts_no_character(&self.line) {
            pieces.extend(self.flush());
        }
    }

    fn back(&mut self) {
        while let Some(byte) = self.line.pop() {
            // Remove a whole character of UTF-8.
            if byte & 0b1100_0000 != 0b1000_0000 {
                break;
            }
        }
        self.at = self.line.len();
    }

    fn escaped_byte(&mut self, byte: u8) {
        self.escaped += 1;
        self.escape = match (self.escape, byte) {
            (Escape::Text, 0x1b) => Escape::TextEnding,
            (_, 0x1b) => {
                self.escaped = 0;
                Escape::Begun
            }
            _ if self.escaped > LONGEST_ESCAPE => Escape::None,
            (Escape::Begun, b'[') => Escape::Control,
            (Escape::Begun, b']' | b'P' | b'X' | b'^' | b'_') => Escape::Text,
            (Escape::Begun | Escape::Intermediate, 0x20..=0x2f) => Escape::Intermediate,
            (Escape::Control, 0x20..=0x3f) => Escape::Control,
            (Escape::Text, 0x07) => Escape::None,
            (Escape::Text, _) => Escape::Text,
            _ => Escape::None,
        };
    }

    fn take_line(&mut self) -> Piece {
        self.at = 0;
        self.after_return = false;
        self.is_progress = false;
        let text = clean(&std::mem::take(&mut self.line));
        Piece::Line {
            text,
            continues: self.continues,
        }
    }
}

/// Whether the last byte completes a character of UTF-8, or is invalid.
fn starts_no_character(line: &[u8]) -> bool {
    // At most three bytes wait for the fourth.
    line.len() >= LONGEST_LINE + 3
        || std::str::from_utf8(line).map_or_else(|error| error.error_len().is_some(), |_| true)
}

fn clean(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    sanitize::names::visible(text.trim_end())
}

#[cfg(test)]
mod tests {
    use protocol::improv::State;

    use super::*;

    fn line(text: &str) -> Piece {
        Piece::Line {
            text: text.to_owned(),
            continues: false,
        }
    }

    fn more(text: &str) -> Piece {
        Piece::Line {
            text: text.to_owned(),
            continues: true,
        }
    }

    fn split(bytes: &[u8]) -> Vec<Piece> {
        Splitter::default().receive(bytes)
    }

    #[test]
    fn lines_are_the_same_however_the_bytes_are_divided() {
        let cases: [(&[u8], &[&str]); 14] = [
            (b"one\ntwo\r\n\r\nthree", &["one", "two", ""]),
            // Some boot loaders write the line break the other way around.
            (b"one\n\rtwo\n\r", &["one", "two"]),
            // ESP-IDF colors its levels.
            (
                b"\x1b[0;31mE (42) wifi: no\x1b[0m\r\n",
                &["E (42) wifi: no"],
            ),
            (b"\x1b]0;title\x07text\n", &["text"]),
            (b"\x1b]0;title\x1b\\text\n", &["text"]),
            (b"\x1b(Btext\x1b7\n", &["text"]),
            // An escape sequence without an end hides its own line only.
            (b"\x1b]never ends\nnext\n", &["", "next"]),
            // Progress.
            (b"10 %\r50 %\r100 %\r\n", &["100 %"]),
            (b"a long text\rshort\n", &["short"]),
            (b"mistake\x08\x08\x08\x08n\n", &["misn"]),
            ("größe\n".as_bytes(), &["größe"]),
            (b"\xff\xfe\xe2\x82\n", &["\u{fffd}\u{fffd}\u{fffd}"]),
            ("a\u{202e}b\u{200b}c\n".as_bytes(), &["a\u{fffd}b\u{fffd}c"]),
            (b"a\tb\0\x07c\n", &["a       bc"]),
        ];
        for (bytes, expected) in cases {
            let expected: Vec<Piece> = expected.iter().map(|text| line(text)).collect();
            assert_eq!(split(bytes), expected, "{}", bytes.escape_ascii());
            let mut splitter = Splitter::default();
            let apart: Vec<Piece> = bytes
                .iter()
                .flat_map(|byte| splitter.receive(&[*byte]))
                .collect();
            assert_eq!(apart, expected, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn an_incomplete_line_can_be_read_and_continued() {
        let mut splitter = Splitter::default();
        assert_eq!(splitter.receive(b"esp> "), []);
        assert!(splitter.is_incomplete() && !splitter.is_progress());
        assert_eq!(splitter.flush(), Some(line("esp>")));
        assert_eq!(splitter.flush(), None);
        assert_eq!(splitter.receive(b"help\r\n"), [more("help")]);
        splitter.receive(b"x");
        splitter.flush();
        // The line break of a line that was shown adds no empty line.
        assert_eq!(splitter.receive(b"\r\nnext\n"), [line("next")]);
        splitter.receive(b"cut");
        assert_eq!(splitter.end(), [line("cut")]);
        assert_eq!(splitter.receive(b"new\n"), [line("new")]);
    }

    #[test]
    fn a_progress_display_is_recognized() {
        let mut splitter = Splitter::default();
        splitter.receive(b"10 %");
        assert!(!splitter.is_progress());
        splitter.receive(b"\r20 %");
        assert!(splitter.is_progress());
        assert_eq!(splitter.flush(), Some(line("20 %")));
        assert!(!splitter.is_progress());
        assert_eq!(splitter.receive(b"\r30 %\n"), [more("30 %")]);
    }

    #[test]
    fn a_line_without_an_end_is_cut_at_a_character() {
        let mut splitter = Splitter::default();
        let long = "ü".repeat(LONGEST_LINE * 2);
        let pieces = splitter.receive(long.as_bytes());
        assert!(pieces.len() >= 3);
        let mut text = String::new();
        for (at, piece) in pieces.iter().enumerate() {
            let Piece::Line {
                text: part,
                continues,
            } = piece
            else {
                unreachable!("{piece:?}");
            };
            assert!(part.len() <= LONGEST_LINE + 3);
            assert_eq!(*continues, at > 0);
            text.push_str(part);
        }
        if let Some(Piece::Line { text: part, .. }) = splitter.flush() {
            text.push_str(&part);
        }
        assert_eq!(text, long);
        // Invalid bytes do not wait for an end.
        assert!(split(&[0xe2; LONGEST_LINE * 3]).len() >= 2);
    }

    #[test]
    fn packets_of_improv_are_told_from_text() {
        let mut bytes = b"before ".to_vec();
        bytes.extend(State::Ready.to_packet().encode());
        bytes.extend(b"after\nIMPROVised\n");
        assert_eq!(
            split(&bytes),
            [
                line("before"),
                Piece::Packet,
                line("after"),
                line("IMPROVised")
            ]
        );
        let mut splitter = Splitter::default();
        assert_eq!(splitter.receive(b"an I"), []);
        assert!(splitter.is_waiting());
        assert_eq!(splitter.give_up(), []);
        assert_eq!(splitter.flush(), Some(line("an I")));
    }
}

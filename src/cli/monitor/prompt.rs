//! The line that is typed in a terminal whose keys arrive one by one. Reads no
//! keys and prints nothing.

/// The longest line that can be typed, in bytes.
const LONGEST: usize = 1_024;

/// What a key asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Typed {
    /// Send this line.
    Send(String),
    /// Reset the board.
    Reset,
    /// End the command.
    End,
}

/// The line that is typed.
#[derive(Debug, Default)]
pub(super) struct Prompt {
    line: String,
    /// Bytes of an incomplete character.
    partial: Vec<u8>,
    escape: Escape,
}

/// Where an escape sequence of a key is, for example of an arrow; those keys
/// have no use here.
#[derive(Debug, Default, PartialEq, Eq)]
enum Escape {
    #[default]
    None,
    Begun,
    Sequence,
}

impl Prompt {
    /// The text that was typed so far.
    pub(super) fn line(&self) -> &str {
        &self.line
    }

    /// Handles the bytes of keys.
    pub(super) fn keys(&mut self, bytes: &[u8]) -> Vec<Typed> {
        bytes.iter().filter_map(|byte| self.key(*byte)).collect()
    }

    fn key(&mut self, byte: u8) -> Option<Typed> {
        match (&self.escape, byte) {
            (Escape::None, 0x1b) => self.escape = Escape::Begun,
            (Escape::Begun, b'[' | b'O') => self.escape = Escape::Sequence,
            (Escape::Sequence, 0x40..=0x7e) | (Escape::Begun, _) => self.escape = Escape::None,
            (Escape::Sequence, _) => {}
            (Escape::None, _) => return self.plain_key(byte),
        }
        None
    }

    fn plain_key(&mut self, byte: u8) -> Option<Typed> {
        match byte {
            // Ctrl+C, Ctrl+], and Ctrl+D on an empty line.
            0x03 | 0x1d => return Some(Typed::End),
            0x04 if self.line.is_empty() => return Some(Typed::End),
            // Ctrl+R.
            0x12 => return Some(Typed::Reset),
            b'\r' | b'\n' => return Some(Typed::Send(std::mem::take(&mut self.line))),
            0x08 | 0x7f => {
                self.line.pop();
            }
            // Ctrl+U.
            0x15 => self.line.clear(),
            0x00..0x20 => {}
            byte => self.text(byte),
        }
        None
    }

    fn text(&mut self, byte: u8) {
        self.partial.push(byte);
        match std::str::from_utf8(&self.partial) {
            Ok(text) if self.line.len() + text.len() <= LONGEST => self.line.push_str(text),
            // The rest of the character follows.
            Err(error) if error.error_len().is_none() => return,
            _ => {}
        }
        self.partial.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_become_lines_and_commands() {
        let send = |line: &str| Typed::Send(line.to_owned());
        let cases: [(&[u8], Vec<Typed>, &str); 9] = [
            (b"help\r", vec![send("help")], ""),
            (b"helq\x7fp\rnext", vec![send("help")], "next"),
            ("größe\r".as_bytes(), vec![send("größe")], ""),
            ("ö\x7f".as_bytes(), vec![], ""),
            (b"\x1b[A\x1b[1;5Cx\x1bOBy", vec![], "xy"),
            (b"a\x12b", vec![Typed::Reset], "ab"),
            (b"wrong\x15right", vec![], "right"),
            (b"\x04", vec![Typed::End], ""),
            (b"x\x04\x03", vec![Typed::End], "x"),
        ];
        for (bytes, typed, line) in cases {
            let mut prompt = Prompt::default();
            assert_eq!(prompt.keys(bytes), typed, "{}", bytes.escape_ascii());
            assert_eq!(prompt.line(), line);
        }
        let mut prompt = Prompt::default();
        prompt.keys(&[b'x'; LONGEST * 2]);
        prompt.keys(b"\xff");
        assert_eq!(prompt.line().len(), LONGEST);
    }
}

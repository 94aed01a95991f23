//! Frames on a serial line (RFC 1055).

/// The longest frame that is received: more than a block of any program.
const LONGEST: usize = 0x2_0000;

const END: u8 = 0xc0;
const ESCAPE: u8 = 0xdb;
const ESCAPED_END: u8 = 0xdc;
const ESCAPED_ESCAPE: u8 = 0xdd;

/// Puts bytes together to frames.
#[derive(Default)]
pub(super) struct Frames {
    begun: Vec<u8>,
    escaped: bool,
}

impl Frames {
    /// The frames that these bytes complete.
    pub(super) fn of(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut frames = Vec::new();
        for byte in bytes {
            match (std::mem::take(&mut self.escaped), *byte) {
                (_, END) => {
                    let frame = std::mem::take(&mut self.begun);
                    if !frame.is_empty() {
                        frames.push(frame);
                    }
                }
                (false, ESCAPE) => self.escaped = true,
                (true, ESCAPED_END) => self.push(END),
                (true, ESCAPED_ESCAPE) => self.push(ESCAPE),
                (_, other) => self.push(other),
            }
        }
        frames
    }

    fn push(&mut self, byte: u8) {
        if self.begun.len() < LONGEST {
            self.begun.push(byte);
        }
    }
}

/// Makes a frame.
pub(super) fn frame(bytes: &[u8]) -> Vec<u8> {
    let mut frame = vec![END];
    for byte in bytes {
        match *byte {
            END => frame.extend([ESCAPE, ESCAPED_END]),
            ESCAPE => frame.extend([ESCAPE, ESCAPED_ESCAPE]),
            other => frame.push(other),
        }
    }
    frame.push(END);
    frame
}

#[cfg(test)]
mod tests {
    use super::{Frames, frame};

    #[test]
    fn frames_are_put_together_from_any_pieces() {
        let sent: [&[u8]; 2] = [&[0xc0, 1, 0xdb, 2], &[0xdd, 0xdc]];
        let bytes: Vec<u8> = sent.iter().flat_map(|bytes| frame(bytes)).collect();
        for piece in 1..=bytes.len() {
            let mut frames = Frames::default();
            let received: Vec<_> = bytes
                .chunks(piece)
                .flat_map(|piece| frames.of(piece))
                .collect();
            assert_eq!(received, sent);
        }
    }
}

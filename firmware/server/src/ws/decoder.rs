//! Decodes received bytes into messages and rejects what RFC 6455 forbids. Owns
//! no socket; buffers at most one message, of bounded size.

use alloc::{string::String, vec::Vec};

use edge_ws::{FrameHeader, FrameType};

use super::{Close, Endpoint};

/// A message or control frame from the peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A complete text message.
    Text(String),
    /// A complete binary message.
    Binary(Vec<u8>),
    /// To be answered with a pong with the same payload.
    Ping(Vec<u8>),
    /// The response to a ping, or an unsolicited heartbeat.
    Pong,
    /// The peer closes the connection; the response repeats its code, if it
    /// sent one.
    Close(Option<u16>),
}

/// A protocol violation by the peer, as the close frame to send.
pub type Violation = Close;

/// The maximum payload of a control frame, in bytes (RFC 6455, section 5.5).
const CONTROL_PAYLOAD: usize = 125;

/// Decodes the bytes of one connection.
#[derive(Debug)]
pub struct Decoder {
    /// Whether the peer is a client.
    masked: bool,
    limit: usize,
    header: [u8; FrameHeader::MAX_LEN],
    header_len: usize,
    frame: Option<Frame>,
    message: Option<Unfinished>,
    control: Vec<u8>,
}

/// A frame whose payload is being read.
#[derive(Debug)]
struct Frame {
    header: FrameHeader,
    read: usize,
    length: usize,
}

/// A message whose last frame is missing.
#[derive(Debug)]
struct Unfinished {
    text: bool,
    bytes: Vec<u8>,
    /// The length of the part of `bytes` that is known to be UTF-8; only for
    /// text.
    checked: usize,
}

const fn broken(reason: &'static str) -> Violation {
    Close {
        code: Close::PROTOCOL_ERROR,
        reason,
    }
}

const NOT_UTF8: Violation = Close {
    code: Close::INVALID_PAYLOAD,
    reason: "a text message is UTF-8",
};

impl Decoder {
    /// A decoder for the frames of a client, which rejects messages of more
    /// than `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self::at(Endpoint::Server, limit)
    }

    /// A decoder for this end of a connection.
    pub fn at(endpoint: Endpoint<'_>, limit: usize) -> Self {
        Self {
            masked: matches!(endpoint, Endpoint::Server),
            limit,
            header: [0; FrameHeader::MAX_LEN],
            header_len: 0,
            frame: None,
            message: None,
            control: Vec::new(),
        }
    }

    /// Whether no frame has started, so that no large read is expected.
    pub fn is_between_frames(&self) -> bool {
        self.header_len == 0 && self.frame.is_none()
    }

    /// Consumes bytes of `input` until a message is complete or none are left.
    ///
    /// # Errors
    /// The peer violated the protocol; the error is the close frame to send.
    /// The decoder cannot be used after that.
    pub fn decode(&mut self, input: &mut &[u8]) -> Result<Option<Message>, Violation> {
        loop {
            if let Some(frame) = &mut self.frame {
                let wanted = frame.length - frame.read;
                let (chunk, rest) = input.split_at(wanted.min(input.len()));
                *input = rest;
                let (start, control) = (frame.read, !is_data(frame.header.frame_type));
                frame.read += chunk.len();
                let whole = frame.read == frame.length;
                let header = frame.header.clone();
                self.take(&header, chunk, start, control)?;
                if !whole {
                    return Ok(None);
                }
                self.frame = None;
                if let Some(message) = self.end_of_frame(&header)? {
                    return Ok(Some(message));
                }
            } else {
                let Some((byte, rest)) = input.split_first() else {
                    return Ok(None);
                };
                *input = rest;
                self.header[self.header_len] = *byte;
                self.header_len += 1;
                self.begin_frame()?;
            }
        }
    }

    /// Starts a frame once its header is complete. Checks the first two bytes
    /// itself, because edge-ws drops FIN from control frames.
    fn begin_frame(&mut self) -> Result<(), Violation> {
        let [first, second, ..] = self.header;
        if self.header_len < 2 {
            return Ok(());
        }
        // RFC 6455, section 5.2: the reserved bits must be zero, because no
        // extension was negotiated.
        if first & 0x70 != 0 {
            return Err(broken("the reserved bits are zero without an extension"));
        }
        // RFC 6455, section 5.1: a server must close if a client does not mask,
        // and a client if a server does.
        match (self.masked, second & 0x80 != 0) {
            (true, false) => return Err(broken("a client masks its frames")),
            (false, true) => return Err(broken("a server does not mask its frames")),
            _ => {}
        }
        let control = first & 0x08 != 0;
        if control && first & 0x80 == 0 {
            return Err(broken("a control frame is not fragmented"));
        }
        if control && usize::from(second & 0x7f) > CONTROL_PAYLOAD {
            return Err(broken("a control frame has at most 125 bytes"));
        }
        let header = match FrameHeader::deserialize(&self.header[..self.header_len]) {
            Ok((header, _)) => header,
            Err(edge_ws::Error::Incomplete(_)) => return Ok(()),
            Err(_) => return Err(broken("an opcode that RFC 6455 does not define")),
        };
        self.header_len = 0;
        match (header.frame_type, &self.message) {
            (FrameType::Text(_) | FrameType::Binary(_), Some(_)) => {
                return Err(broken("a new message begins before the last has ended"));
            }
            (FrameType::Continue(_), None) => {
                return Err(broken("there is no message to continue"));
            }
            (FrameType::Text(_), None) => self.begin_message(true),
            (FrameType::Binary(_), None) => self.begin_message(false),
            _ => {}
        }
        let so_far = self
            .message
            .as_ref()
            .map_or(0, |message| message.bytes.len());
        let length = usize::try_from(header.payload_len).unwrap_or(usize::MAX);
        if is_data(header.frame_type) && length > self.limit.saturating_sub(so_far) {
            return Err(Close {
                code: Close::TOO_BIG,
                reason: "the message is longer than this channel takes",
            });
        }
        self.control.clear();
        self.frame = Some(Frame {
            header,
            read: 0,
            length,
        });
        Ok(())
    }

    fn begin_message(&mut self, text: bool) {
        self.message = Some(Unfinished {
            text,
            bytes: Vec::new(),
            checked: 0,
        });
    }

    /// Unmasks and stores a part of a payload, which starts at `start`.
    fn take(
        &mut self,
        header: &FrameHeader,
        chunk: &[u8],
        start: usize,
        control: bool,
    ) -> Result<(), Violation> {
        let Some(message) = self.message.as_mut().filter(|_| !control) else {
            let old = self.control.len();
            self.control.extend_from_slice(chunk);
            header.mask(&mut self.control[old..], start);
            return Ok(());
        };
        let old = message.bytes.len();
        message.bytes.extend_from_slice(chunk);
        header.mask(&mut message.bytes[old..], start);
        if message.text {
            message.check_utf8()?;
        }
        Ok(())
    }

    fn end_of_frame(&mut self, header: &FrameHeader) -> Result<Option<Message>, Violation> {
        Ok(match header.frame_type {
            FrameType::Ping => Some(Message::Ping(core::mem::take(&mut self.control))),
            FrameType::Pong => {
                self.control = Vec::new();
                Some(Message::Pong)
            }
            FrameType::Close => Some(Message::Close(close_code(&self.control)?)),
            data if data.is_final() => match self.message.take() {
                Some(message) => Some(message.finish()?),
                None => None,
            },
            _ => None,
        })
    }
}

fn is_data(frame_type: FrameType) -> bool {
    matches!(
        frame_type,
        FrameType::Text(_) | FrameType::Binary(_) | FrameType::Continue(_)
    )
}

impl Unfinished {
    /// Validates the bytes added since the last check, so that invalid text is
    /// rejected before its message ends. The last character may be incomplete.
    fn check_utf8(&mut self) -> Result<(), Violation> {
        match core::str::from_utf8(&self.bytes[self.checked..]) {
            Ok(_) => self.checked = self.bytes.len(),
            Err(error) if error.error_len().is_none() => self.checked += error.valid_up_to(),
            Err(_) => return Err(NOT_UTF8),
        }
        Ok(())
    }

    fn finish(self) -> Result<Message, Violation> {
        if self.text {
            String::from_utf8(self.bytes)
                .map(Message::Text)
                .map_err(|_| NOT_UTF8)
        } else {
            Ok(Message::Binary(self.bytes))
        }
    }
}

/// The code of a close frame's payload (RFC 6455, sections 5.5.1 and 7.4).
fn close_code(payload: &[u8]) -> Result<Option<u16>, Violation> {
    let (code, reason) = match payload {
        [] => return Ok(None),
        [_] => {
            return Err(broken(
                "a close frame has no payload or begins with two bytes of code",
            ));
        }
        [high, low, reason @ ..] => (u16::from_be_bytes([*high, *low]), reason),
    };
    // 1004 to 1006 and 1015 must not appear in a frame; 1012 to 1014 were
    // registered with IANA after the RFC.
    if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
        return Err(broken("a close code that may not be sent"));
    }
    core::str::from_utf8(reason).map_err(|_| NOT_UTF8)?;
    Ok(Some(code))
}

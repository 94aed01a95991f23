//! WebSocket frames (RFC 6455, section 5) as WLED reads them: a message has to
//! be one frame, so parts of a message are passed on as such.

use std::io::{self, Cursor};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::protocol::frame::{
    Frame, FrameHeader,
    coding::{Control, Data, OpCode},
};

use crate::http::Connection;

/// The longest frame that is read, in bytes. A longer one ends the connection.
const LONGEST: u64 = 64 * 1024;

/// What arrived.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Incoming {
    /// A text or binary frame; `whole` if it is a message.
    Data { payload: Vec<u8>, whole: bool },
    /// A ping with its payload.
    Ping(Vec<u8>),
    /// A pong.
    Pong,
    /// The end.
    Close,
}

/// The next frame. Safe to cancel: what was read is kept.
pub(crate) async fn read(connection: &mut Connection) -> io::Result<Incoming> {
    loop {
        if let Some((incoming, used)) = parse(&connection.unread)? {
            connection.unread.drain(..used);
            return Ok(incoming);
        }
        let Connection { stream, unread } = connection;
        if stream.read_buf(unread).await? == 0 {
            return Ok(Incoming::Close);
        }
    }
}

fn parse(bytes: &[u8]) -> io::Result<Option<(Incoming, usize)>> {
    let mut cursor = Cursor::new(bytes);
    let Some((header, length)) = FrameHeader::parse(&mut cursor).map_err(io::Error::other)? else {
        return Ok(None);
    };
    let start = usize::try_from(cursor.position()).map_err(io::Error::other)?;
    if length > LONGEST {
        return Err(io::Error::other("the frame is too long"));
    }
    let end = start + usize::try_from(length).map_err(io::Error::other)?;
    let Some(payload) = bytes.get(start..end) else {
        return Ok(None);
    };
    let mut payload = payload.to_vec();
    if let Some(mask) = header.mask {
        for (byte, mask) in payload.iter_mut().zip(mask.iter().cycle()) {
            *byte ^= mask;
        }
    }
    let incoming = match header.opcode {
        OpCode::Data(kind) => Incoming::Data {
            payload,
            whole: header.is_final && !matches!(kind, Data::Continue),
        },
        OpCode::Control(Control::Ping) => Incoming::Ping(payload),
        OpCode::Control(Control::Close) => Incoming::Close,
        OpCode::Control(_) => Incoming::Pong,
    };
    Ok(Some((incoming, end)))
}

/// A text message.
pub(crate) fn text(text: &str) -> Frame {
    Frame::message(text.as_bytes().to_vec(), OpCode::Data(Data::Text), true)
}

/// A binary message.
pub(crate) fn binary(bytes: Vec<u8>) -> Frame {
    Frame::message(bytes, OpCode::Data(Data::Binary), true)
}

pub(crate) async fn write(connection: &mut Connection, frame: Frame) -> io::Result<()> {
    let mut bytes = Vec::with_capacity(frame.len());
    frame.format(&mut bytes).map_err(io::Error::other)?;
    connection.stream.write_all(&bytes).await
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_when_its_last_byte_is_there() {
        // RFC 6455, section 5.7: a masked text frame, "Hello".
        let bytes = [
            0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58,
        ];
        for end in 0..bytes.len() {
            assert!(parse(&bytes[..end]).unwrap().is_none(), "cut at {end}");
        }
        let hello = Incoming::Data {
            payload: b"Hello".to_vec(),
            whole: true,
        };
        assert_eq!(parse(&bytes).unwrap(), Some((hello, bytes.len())));
    }

    #[test]
    fn parts_of_a_message_are_not_whole() {
        // RFC 6455, section 5.7: a fragmented text message, unmasked.
        for part in [
            [0x01, 0x03, 0x48, 0x65, 0x6c].as_slice(),
            &[0x80, 0x02, 0x6c, 0x6f],
        ] {
            let (incoming, _) = parse(part).unwrap().unwrap();
            assert!(matches!(incoming, Incoming::Data { whole: false, .. }));
        }
    }

    #[test]
    fn a_frame_that_is_too_long_is_an_error() {
        let bytes = [0x82, 0x7f, 0, 0, 0, 0, 0, 2, 0, 0];
        assert!(parse(&bytes).is_err());
    }
}

//! Reads the head of an HTTP response and nothing after it, so that the buffer
//! of the handshake is freed with the handshake instead of with the link.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The longest head, in bytes. A board's has some 200.
const LONGEST: usize = 8 * 1_024;

/// A stream that ends with the head; bytes after it are kept.
#[derive(Debug)]
pub(super) struct Head<S> {
    stream: S,
    read: usize,
    /// The last line is complete.
    line_ended: bool,
    complete: bool,
    rest: Vec<u8>,
}

impl<S> Head<S> {
    pub(super) fn of(stream: S) -> Self {
        Self {
            stream,
            read: 0,
            line_ended: false,
            complete: false,
            rest: Vec::new(),
        }
    }

    /// The stream, and the bytes after the head that were read from it.
    pub(super) fn into_parts(self) -> (S, Vec<u8>) {
        (self.stream, self.rest)
    }

    /// How many of these bytes belong to the head, if it ends in them. An empty
    /// line ends it (RFC 9112, section 2.1); like the parser (section 2.2),
    /// this accepts a single line feed as the end of a line.
    fn end_in(&mut self, bytes: &[u8]) -> Option<usize> {
        for (at, byte) in bytes.iter().enumerate() {
            match byte {
                b'\n' if self.line_ended => return Some(at + 1),
                b'\n' => self.line_ended = true,
                b'\r' => {}
                _ => self.line_ended = false,
            }
        }
        None
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Head<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let head = self.get_mut();
        if head.complete {
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut head.stream).poll_read(context, buffer))?;
        let bytes = &buffer.filled()[before..];
        head.read += bytes.len();
        if let Some(end) = head.end_in(bytes) {
            head.complete = true;
            head.rest = bytes[end..].to_vec();
            buffer.set_filled(before + end);
        } else if head.read > LONGEST {
            let why = format!("the head of its answer has more than {LONGEST} bytes");
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, why)));
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Head<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use std::io::Cursor;

    use tokio::{io::AsyncReadExt, runtime::Builder};

    use super::*;

    fn read(bytes: &[u8], at_once: usize) -> (io::Result<Vec<u8>>, Vec<u8>) {
        let mut head = Head::of(Cursor::new(bytes.to_vec()));
        let read = Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(async {
                let mut all = Vec::new();
                let mut part = vec![0; at_once];
                loop {
                    match head.read(&mut part).await? {
                        0 => return Ok(all),
                        count => all.extend_from_slice(&part[..count]),
                    }
                }
            });
        let (rest, begun) = head.into_parts();
        let unread = rest.get_ref()[usize::try_from(rest.position()).unwrap()..].to_vec();
        (read, [begun, unread].concat())
    }

    #[test]
    fn the_head_ends_at_its_empty_line_wherever_the_reads_fall() {
        for (head, rest) in [
            ("HTTP/1.1 101 Yes\r\nA: b\r\n\r\n", "\u{81}frame\r\n\r\n"),
            ("HTTP/1.1 101 Yes\nA: b\n\n", ""),
            ("", ""),
        ] {
            let bytes = [head, rest].concat().into_bytes();
            for at_once in [1, 2, 3, 7, 4_096] {
                let (read, after) = read(&bytes, at_once);
                assert_eq!(read.unwrap(), head.as_bytes(), "{at_once} at once");
                assert_eq!(after, rest.as_bytes(), "{at_once} at once");
            }
        }
    }

    #[test]
    fn a_head_without_end_is_refused() {
        let (read, _) = read(&b"HTTP/1.1 101 Yes\r\nA: b".repeat(1_000), 4_096);
        assert_eq!(read.unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}

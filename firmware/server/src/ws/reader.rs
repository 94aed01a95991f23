//! Feeds a [`Decoder`] from a socket. Its buffer is small while the other end
//! is silent.

use alloc::vec::Vec;
use core::ops::Range;

use embassy_futures::yield_now;
use embedded_io_async::Read;

use super::{Close, Decoder, Endpoint, Message};

/// Bytes read at once while nothing has begun: most commands fit.
pub(crate) const WAITING: usize = 256;

/// Bytes read at once in the middle of a frame.
const READING: usize = 2_048;

/// Why no more messages come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// The connection ended without a close frame.
    Gone,
    /// The other end broke the protocol; this is to be sent.
    Broken(Close),
}

/// The messages of one connection. `next` may be dropped and called again:
/// nothing is lost.
pub(crate) struct Reader {
    decoder: Decoder,
    buffer: Vec<u8>,
    unread: Range<usize>,
}

impl Reader {
    /// A reader of a client, which begins with what came behind the request's
    /// head.
    pub(crate) fn new(limit: usize, already_read: Vec<u8>) -> Self {
        Self::at(Endpoint::Server, limit, already_read)
    }

    /// A reader at this end of a connection, which begins with what came behind
    /// the other's head.
    pub(crate) fn at(endpoint: Endpoint<'_>, limit: usize, already_read: Vec<u8>) -> Self {
        let unread = 0..already_read.len();
        Self {
            decoder: Decoder::at(endpoint, limit),
            buffer: already_read,
            unread,
        }
    }

    /// The next message.
    pub(crate) async fn next<R: Read>(&mut self, socket: &mut R) -> Result<Message, Stopped> {
        let mut has_read = false;
        loop {
            let mut input = &self.buffer[self.unread.clone()];
            let decoded = self.decoder.decode(&mut input);
            self.unread.start = self.unread.end - input.len();
            match decoded {
                Ok(Some(message)) => return Ok(message),
                // A message in fragments may never end: the other connections
                // have their turn.
                Ok(None) if has_read => yield_now().await,
                Ok(None) => {}
                Err(close) => return Err(Stopped::Broken(close)),
            }
            let room = if self.decoder.is_between_frames() {
                WAITING
            } else {
                READING
            };
            self.unread = 0..0;
            if self.buffer.len() != room {
                self.buffer = alloc::vec![0; room];
            }
            has_read = true;
            match socket.read(&mut self.buffer).await {
                Ok(0) | Err(_) => return Err(Stopped::Gone),
                Ok(length) => self.unread = 0..length,
            }
        }
    }
}

//! Feeds a [`Decoder`] from a socket. Its buffer stays small while the peer is
//! idle.

use alloc::vec::Vec;
use core::ops::Range;

use embassy_futures::yield_now;
use embedded_io_async::Read;

use super::{Close, Decoder, Endpoint, Message};

/// The read size between frames; most commands fit.
pub(crate) const WAITING: usize = 256;

/// The read size within a frame.
const READING: usize = 2_048;

/// Why there are no more messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// The connection ended without a close frame.
    Gone,
    /// The peer violated the protocol; this close frame is to be sent.
    Broken(Close),
}

/// Reads the messages of one connection. `next` is cancel-safe: if its future
/// is dropped, no data is lost.
pub(crate) struct Reader {
    decoder: Decoder,
    buffer: Vec<u8>,
    unread: Range<usize>,
}

impl Reader {
    /// A reader for a client's messages; `already_read` are the bytes received
    /// after the request's head.
    pub(crate) fn new(limit: usize, already_read: Vec<u8>) -> Self {
        Self::at(Endpoint::Server, limit, already_read)
    }

    /// A reader for this end of a connection; `already_read` are the bytes
    /// received after the peer's head.
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
                // A fragmented message may never end: let the other connections
                // run.
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

//! TCP connections over embassy-net as the server uses them. Each is made of a
//! socket with permanent buffers, which returns to its pool when the connection
//! is dropped.

use alloc::{boxed::Box, vec, vec::Vec};
use core::cell::RefCell;

use edge_nal::{
    Close, Readable, TcpShutdown, TcpSplit,
    io::{ErrorType, Read, Write},
};
use embassy_net::{
    Stack,
    tcp::{Error, TcpReader, TcpSocket, TcpWriter},
};
use embassy_sync::waitqueue::WakerRegistration;

/// The sizes of a socket's buffers, in bytes. Every socket has its own, so they
/// are most of the memory that a board's network needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buffers {
    /// Received and not read yet: the window of the peer. If it is smaller than
    /// a full segment (1,460 bytes on Ethernet), every sender has to split its
    /// data.
    pub receive: usize,
    /// Written and not acknowledged yet.
    pub send: usize,
}

/// Sockets without a connection.
pub(crate) struct Sockets {
    pub(crate) idle: Vec<TcpSocket<'static>>,
    /// The task that waits for a socket to return.
    pub(crate) waiting: WakerRegistration,
}

impl Sockets {
    pub(crate) const fn new(idle: Vec<TcpSocket<'static>>) -> Self {
        Self {
            idle,
            waiting: WakerRegistration::new(),
        }
    }
}

/// A socket whose buffers are never freed.
pub(crate) fn socket(stack: Stack<'static>, buffers: Buffers) -> TcpSocket<'static> {
    let buffer = |size| Box::leak(vec![0; size].into_boxed_slice());
    let mut socket = TcpSocket::new(stack, buffer(buffers.receive), buffer(buffers.send));
    // Frames are written whole; Nagle's algorithm would only delay them.
    socket.set_nagle_enabled(false);
    socket
}

/// A connection; it is reset if it is dropped before it was closed.
pub struct Connection<'a> {
    /// `None` while it is being dropped.
    socket: Option<TcpSocket<'static>>,
    pool: &'a RefCell<Sockets>,
}

impl<'a> Connection<'a> {
    /// A connection over this socket, which returns to `pool` afterwards.
    pub(crate) fn new(socket: TcpSocket<'static>, pool: &'a RefCell<Sockets>) -> Self {
        Self {
            socket: Some(socket),
            pool,
        }
    }

    pub(crate) fn socket(&mut self) -> &mut TcpSocket<'static> {
        self.socket.as_mut().expect("only dropping takes it")
    }
}

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        let Some(mut socket) = self.socket.take() else {
            return;
        };
        socket.abort();
        let mut sockets = self.pool.borrow_mut();
        sockets.idle.push(socket);
        sockets.waiting.wake();
    }
}

impl ErrorType for Connection<'_> {
    type Error = Error;
}

impl Read for Connection<'_> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        self.socket().read(buffer).await
    }
}

impl Write for Connection<'_> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        self.socket().write(bytes).await
    }

    async fn flush(&mut self) -> Result<(), Error> {
        self.socket().flush().await
    }
}

impl Readable for Connection<'_> {
    async fn readable(&mut self) -> Result<(), Error> {
        self.socket().wait_read_ready().await;
        Ok(())
    }
}

impl TcpShutdown for Connection<'_> {
    async fn close(&mut self, what: Close) -> Result<(), Error> {
        if matches!(what, Close::Write | Close::Both) {
            self.socket().close();
            self.socket().flush().await?;
        }
        if matches!(what, Close::Read | Close::Both) {
            let mut rest = [0; 64];
            while self.socket().read(&mut rest).await? > 0 {}
        }
        Ok(())
    }

    async fn abort(&mut self) -> Result<(), Error> {
        self.socket().abort();
        self.socket().flush().await
    }
}

impl TcpSplit for Connection<'_> {
    type Read<'a>
        = ReadHalf<'a>
    where
        Self: 'a;

    type Write<'a>
        = TcpWriter<'a>
    where
        Self: 'a;

    fn split(&mut self) -> (ReadHalf<'_>, TcpWriter<'_>) {
        let (reader, writer) = self.socket().split();
        (ReadHalf(reader), writer)
    }
}

/// The receiving half of a connection.
pub struct ReadHalf<'a>(TcpReader<'a>);

impl ErrorType for ReadHalf<'_> {
    type Error = Error;
}

impl Read for ReadHalf<'_> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        self.0.read(buffer).await
    }
}

impl Readable for ReadHalf<'_> {
    async fn readable(&mut self) -> Result<(), Error> {
        self.0.wait_read_ready().await;
        Ok(())
    }
}

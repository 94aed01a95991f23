//! The TCP port as the server accepts from it, with room for clients that come at the same moment. Which connection may stay is
//! the server's to decide.
//!
//! edge-nal-embassy listens with one socket at a time: whoever knocks while a client is let in is refused, and of two controllers
//! that come at once, one fails. Nor does it tell the other side of a connection that is dropped.

use alloc::{boxed::Box, vec, vec::Vec};
use core::{cell::RefCell, future::poll_fn, net::SocketAddr, pin::pin, task::Poll};

use edge_nal::{
    Close, Readable, TcpAccept, TcpShutdown, TcpSplit,
    io::{ErrorType, Read, Write},
};
use embassy_net::{
    Stack,
    tcp::{Error, State, TcpReader, TcpSocket, TcpWriter},
};
use embassy_sync::waitqueue::WakerRegistration;

/// Clients that may knock while every connection is taken: they wait until the server lets them in, or tells them.
pub(crate) const KNOCKING: usize = 2;

/// What a socket holds in each direction, in bytes. Every socket has its own, so they are most of what a board's network needs
/// of its memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Buffers {
    /// What has come in and was not read yet: the window that the peer may fill. Less than a whole segment (1,460 on Ethernet)
    /// makes every sender cut what it sends.
    pub receive: usize,
    /// What was written and not acknowledged yet.
    pub send: usize,
}

/// The port.
pub struct Listener {
    port: u16,
    sockets: RefCell<Sockets>,
}

struct Sockets {
    /// Those that are no connection listen, all of them.
    listening: Vec<TcpSocket<'static>>,
    /// Who accepts: a socket that comes back is to listen again.
    accepting: WakerRegistration,
}

impl Listener {
    /// A port for so many connections at once ([`crate::connections`]). The stack must have room for them and a few more
    /// ([`crate::sockets`]), which are never given back.
    pub fn new(stack: Stack<'static>, port: u16, connections: usize, buffers: Buffers) -> Self {
        let buffer = |size| Box::leak(vec![0; size].into_boxed_slice());
        let sockets = (0..connections + KNOCKING).map(|_| {
            let mut socket = TcpSocket::new(stack, buffer(buffers.receive), buffer(buffers.send));
            // Frames are written whole; to wait for the acknowledgement of the one before would only delay them.
            socket.set_nagle_enabled(false);
            socket
        });
        let sockets = Sockets { listening: sockets.collect(), accepting: WakerRegistration::new() };
        Self { port, sockets: RefCell::new(sockets) }
    }
}

impl TcpAccept for Listener {
    type Error = Error;

    type Socket<'a> = Connection<'a>;

    async fn accept(&self) -> Result<(SocketAddr, Connection<'_>), Error> {
        poll_fn(|cx| {
            let Sockets { listening, accepting } = &mut *self.sockets.borrow_mut();
            accepting.register(cx.waker());
            let mut arrived = None;
            for (place, socket) in listening.iter_mut().enumerate() {
                match socket.state() {
                    // The reset of its last connection leaves first. Then, to be polled once makes it listen.
                    State::Closed if pin!(socket.flush()).poll(cx).is_pending() => {}
                    State::Closed => drop(pin!(socket.accept(self.port)).poll(cx)),
                    // Whatever becomes of it wakes those who wait to write.
                    State::Listen | State::SynReceived => drop(pin!(socket.wait_write_ready()).poll(cx)),
                    _ => arrived = Some(place),
                }
            }
            let Some(place) = arrived else { return Poll::Pending };
            let socket = listening.swap_remove(place);
            // One whose client has gone meanwhile has no address, and ends with the first read.
            let address = socket
                .remote_endpoint()
                .map_or(SocketAddr::from(([0, 0, 0, 0], 0)), |remote| SocketAddr::new(remote.addr.into(), remote.port));
            Poll::Ready(Ok((address, Connection { socket: Some(socket), listener: self })))
        })
        .await
    }
}

/// A connection. Dropped before it was ended, it is reset.
pub struct Connection<'a> {
    /// Until it is dropped.
    socket: Option<TcpSocket<'static>>,
    listener: &'a Listener,
}

impl Connection<'_> {
    fn socket(&mut self) -> &mut TcpSocket<'static> {
        self.socket.as_mut().expect("only dropping takes it")
    }
}

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        let Some(mut socket) = self.socket.take() else { return };
        socket.abort();
        let mut sockets = self.listener.sockets.borrow_mut();
        sockets.listening.push(socket);
        sockets.accepting.wake();
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

/// The half of a connection that comes in.
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

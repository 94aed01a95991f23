//! Adapts tokio's TCP sockets to edge-nal's traits.

use std::{
    io,
    net::{Shutdown, SocketAddr},
};

use edge_nal::{Close, Readable, TcpAccept, TcpShutdown, TcpSplit};
use embedded_io_async::{ErrorType, Read, Write};
use socket2::SockRef;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
};

/// A connection.
pub(crate) struct Socket(TcpStream);

impl Socket {
    pub(crate) fn new(stream: TcpStream) -> io::Result<Self> {
        // A push is one small write; Nagle's algorithm would delay it.
        stream.set_nodelay(true)?;
        Ok(Self(stream))
    }
}

/// The receiving half of a connection.
pub(crate) struct Incoming<'a>(ReadHalf<'a>);

/// The sending half of a connection.
pub(crate) struct Outgoing<'a>(WriteHalf<'a>);

impl ErrorType for Socket {
    type Error = io::Error;
}

impl ErrorType for Incoming<'_> {
    type Error = io::Error;
}

impl ErrorType for Outgoing<'_> {
    type Error = io::Error;
}

impl Read for Socket {
    async fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf).await
    }
}

impl Read for Incoming<'_> {
    async fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf).await
    }
}

impl Readable for Socket {
    async fn readable(&mut self) -> io::Result<()> {
        self.0.readable().await
    }
}

impl Readable for Incoming<'_> {
    async fn readable(&mut self) -> io::Result<()> {
        self.0.readable().await
    }
}

impl Write for Socket {
    async fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.write(buf).await
    }

    async fn flush(&mut self) -> io::Result<()> {
        self.0.flush().await
    }
}

impl Write for Outgoing<'_> {
    async fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.write(buf).await
    }

    async fn flush(&mut self) -> io::Result<()> {
        self.0.flush().await
    }
}

impl TcpSplit for Socket {
    type Read<'a> = Incoming<'a>;
    type Write<'a> = Outgoing<'a>;

    fn split(&mut self) -> (Incoming<'_>, Outgoing<'_>) {
        let (incoming, outgoing) = self.0.split();
        (Incoming(incoming), Outgoing(outgoing))
    }
}

impl TcpShutdown for Socket {
    async fn close(&mut self, what: Close) -> io::Result<()> {
        SockRef::from(&self.0).shutdown(match what {
            Close::Read => Shutdown::Read,
            Close::Write => Shutdown::Write,
            Close::Both => Shutdown::Both,
        })
    }

    async fn abort(&mut self) -> io::Result<()> {
        // Dropping the socket does that.
        Ok(())
    }
}

/// A listening socket.
pub(crate) struct Acceptor(TcpListener);

impl Acceptor {
    /// Listens on `address`; port 0 is any free port. Has to be called within
    /// the boards' runtime.
    pub(crate) fn bind(address: SocketAddr) -> io::Result<Self> {
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        TcpListener::from_std(listener).map(Self)
    }

    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl TcpAccept for Acceptor {
    type Error = io::Error;
    type Socket<'a> = Socket;

    async fn accept(&self) -> io::Result<(SocketAddr, Socket)> {
        let (stream, peer) = self.0.accept().await?;
        Ok((peer, Socket::new(stream)?))
    }
}

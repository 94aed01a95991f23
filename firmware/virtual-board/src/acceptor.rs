//! A listening socket of this computer as edge-nal has it. edge-nal-std's own does not tell which port it got.

use std::{
    io,
    net::{SocketAddr, TcpListener},
};

use async_io::Async;
use edge_nal::TcpAccept;
use edge_nal_std::TcpSocket;

/// Listens until it is dropped.
pub(crate) struct Acceptor(Async<TcpListener>);

impl Acceptor {
    /// Listens on `address`; port 0 is any free one.
    pub(crate) fn bind(address: SocketAddr) -> io::Result<Self> {
        Async::<TcpListener>::bind(address).map(Self)
    }

    pub(crate) fn address(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().local_addr()
    }
}

impl TcpAccept for Acceptor {
    type Error = io::Error;
    type Socket<'a> = TcpSocket;

    async fn accept(&self) -> Result<(SocketAddr, TcpSocket), io::Error> {
        let (socket, peer) = self.0.accept().await?;
        // A push is one small write: it must not wait until the one before is acknowledged.
        socket.get_ref().set_nodelay(true)?;
        Ok((peer, TcpSocket::new(socket)))
    }
}

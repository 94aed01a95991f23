//! An address that refuses connections.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use socket2::{Domain, Socket, Type};

/// A port of this computer at which nothing listens. It is bound meanwhile, so
/// that no program of another test gets it.
pub(crate) struct ClosedPort {
    _socket: Socket,
    pub(crate) address: SocketAddr,
}

impl ClosedPort {
    pub(crate) fn bind() -> io::Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
        let address = socket.local_addr()?.as_socket();
        Ok(Self {
            address: address.ok_or(io::ErrorKind::AddrNotAvailable)?,
            _socket: socket,
        })
    }
}

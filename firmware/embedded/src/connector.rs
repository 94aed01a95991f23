//! The network of a board's outbound connection: one socket, allocated when it
//! is first needed, and host names from the network's DNS server.

use alloc::vec::Vec;
use core::{
    cell::{Cell, RefCell},
    net::{IpAddr, SocketAddr},
};

use edge_nal::{AddrType, Dns, TcpConnect, io::ErrorKind};
use embassy_net::{IpAddress, IpEndpoint, Stack, dns::DnsQueryType, tcp::Error};

use crate::connection::{Buffers, Connection, Sockets, socket};

/// Opens the board's outbound connection.
pub struct Connector {
    stack: Stack<'static>,
    buffers: Buffers,
    sockets: RefCell<Sockets>,
    made: Cell<bool>,
}

impl Connector {
    /// A connector over this stack, which needs room for one socket more than
    /// the [`Listener`](crate::Listener) has: see [`crate::sockets`].
    pub const fn new(stack: Stack<'static>, buffers: Buffers) -> Self {
        Self {
            stack,
            buffers,
            sockets: RefCell::new(Sockets::new(Vec::new())),
            made: Cell::new(false),
        }
    }
}

impl TcpConnect for Connector {
    type Error = Error;

    type Socket<'a> = Connection<'a>;

    async fn connect(&self, remote: SocketAddr) -> Result<Connection<'_>, Error> {
        let SocketAddr::V4(remote) = remote else {
            return Err(Error::ConnectionReset);
        };
        let remote = IpEndpoint::new(IpAddress::Ipv4(*remote.ip()), remote.port());
        self.stack.wait_config_up().await;
        // It becomes a connection before anything is awaited: if this future is
        // dropped, the socket returns.
        let mut connection = {
            let idle = self.sockets.borrow_mut().idle.pop();
            let socket = idle
                .or_else(|| (!self.made.replace(true)).then(|| socket(self.stack, self.buffers)));
            Connection::new(socket.ok_or(Error::ConnectionReset)?, &self.sockets)
        };
        // The reset of its last connection is sent first.
        connection.socket().abort();
        connection.socket().flush().await?;
        connection
            .socket()
            .connect(remote)
            .await
            .map_err(|_| Error::ConnectionReset)?;
        Ok(connection)
    }
}

impl Dns for Connector {
    type Error = ErrorKind;

    async fn get_host_by_name(&self, host: &str, _: AddrType) -> Result<IpAddr, ErrorKind> {
        self.stack.wait_config_up().await;
        let found = self
            .stack
            .dns_query(host, DnsQueryType::A)
            .await
            .map_err(|_| ErrorKind::NotFound)?;
        match found.first() {
            Some(IpAddress::Ipv4(address)) => Ok(IpAddr::V4(*address)),
            None => Err(ErrorKind::NotFound),
        }
    }

    async fn get_host_by_address(&self, _: IpAddr, _: &mut [u8]) -> Result<usize, ErrorKind> {
        Err(ErrorKind::Unsupported)
    }
}

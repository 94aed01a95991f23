//! The network as a board calls through it: one socket, which takes memory only
//! once the board was told to call, and the names of hosts as the network's DNS
//! server has them.

use alloc::vec::Vec;
use core::{
    cell::{Cell, RefCell},
    net::{IpAddr, SocketAddr},
};

use edge_nal::{AddrType, Dns, TcpConnect, io::ErrorKind};
use embassy_net::{IpAddress, IpEndpoint, Stack, dns::DnsQueryType, tcp::Error};

use crate::connection::{Buffers, Connection, Sockets, socket};

/// The network.
pub struct Dialer {
    stack: Stack<'static>,
    buffers: Buffers,
    sockets: RefCell<Sockets>,
    made: Cell<bool>,
}

impl Dialer {
    /// The network of this stack, which must have room for one socket more than
    /// those of the port ([`crate::sockets`]).
    pub const fn new(stack: Stack<'static>, buffers: Buffers) -> Self {
        Self {
            stack,
            buffers,
            sockets: RefCell::new(Sockets::new(Vec::new())),
            made: Cell::new(false),
        }
    }
}

impl TcpConnect for Dialer {
    type Error = Error;

    type Socket<'a> = Connection<'a>;

    async fn connect(&self, remote: SocketAddr) -> Result<Connection<'_>, Error> {
        let SocketAddr::V4(remote) = remote else {
            return Err(Error::ConnectionReset);
        };
        let remote = IpEndpoint::new(IpAddress::Ipv4(*remote.ip()), remote.port());
        self.stack.wait_config_up().await;
        // Before anything is waited for it is a connection: given up, it comes
        // back.
        let mut connection = {
            let idle = self.sockets.borrow_mut().idle.pop();
            let socket = idle
                .or_else(|| (!self.made.replace(true)).then(|| socket(self.stack, self.buffers)));
            Connection::new(socket.ok_or(Error::ConnectionReset)?, &self.sockets)
        };
        // The reset of its last connection leaves first.
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

impl Dns for Dialer {
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

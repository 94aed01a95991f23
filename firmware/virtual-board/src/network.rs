//! The network of this computer as a board calls through it: names are resolved
//! on a thread of their own.

use std::{
    io,
    net::{IpAddr, SocketAddr, ToSocketAddrs},
    thread,
};

use edge_nal::{AddrType, Dns, TcpConnect};
use tokio::net::TcpStream;

use crate::socket::Socket;

/// The network.
pub(crate) struct Network;

impl TcpConnect for Network {
    type Error = io::Error;
    type Socket<'a> = Socket;

    async fn connect(&self, remote: SocketAddr) -> Result<Socket, io::Error> {
        Socket::new(TcpStream::connect(remote).await?)
    }
}

impl Dns for Network {
    type Error = io::Error;

    async fn get_host_by_name(&self, host: &str, wanted: AddrType) -> Result<IpAddr, io::Error> {
        let (answer, answered) = async_channel::bounded(1);
        let host = host.to_owned();
        // The system may take as long as it likes; whoever gave up is not told.
        thread::Builder::new()
            .name("a name".into())
            .spawn(move || {
                let found = (host.as_str(), 0).to_socket_addrs();
                let _ = answer.send_blocking(
                    found.map(|all| all.map(|found| found.ip()).collect::<Vec<_>>()),
                );
            })?;
        let all = answered
            .recv()
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::Interrupted.into()))?;
        let fits = |address: &IpAddr| match wanted {
            AddrType::IPv4 => address.is_ipv4(),
            AddrType::IPv6 => address.is_ipv6(),
            AddrType::Either => true,
        };
        // Of both, the older: who listens at 0.0.0.0 does not hear the newer.
        let first = all.iter().copied().filter(fits).min_by_key(IpAddr::is_ipv6);
        first.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    async fn get_host_by_address(&self, _: IpAddr, _: &mut [u8]) -> Result<usize, io::Error> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

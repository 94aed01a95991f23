//! The network of this computer for outbound connections. Host names are
//! resolved on a separate thread.

use std::{
    io,
    net::{IpAddr, SocketAddr, ToSocketAddrs},
    thread,
};

use edge_nal::{AddrType, Dns, TcpConnect};
use tokio::net::TcpStream;

use crate::socket::Socket;

/// This computer's network.
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
        // The system may take long; the result is dropped if nothing waits for
        // it.
        thread::Builder::new()
            .name("resolver".into())
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
        // IPv4 first: a server on 0.0.0.0 cannot be reached over IPv6.
        let first = all.iter().copied().filter(fits).min_by_key(IpAddr::is_ipv6);
        first.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    async fn get_host_by_address(&self, _: IpAddr, _: &mut [u8]) -> Result<usize, io::Error> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

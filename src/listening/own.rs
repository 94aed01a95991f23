//! Which address of this computer a board can call. Sends nothing.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
};

/// The address that this computer has towards `peer`, as its routes have it.
///
/// # Errors
/// Where there is no way to `peer`.
pub(crate) fn facing(peer: IpAddr) -> io::Result<IpAddr> {
    let any: IpAddr = if peer.is_ipv4() {
        Ipv4Addr::UNSPECIFIED.into()
    } else {
        Ipv6Addr::UNSPECIFIED.into()
    };
    // To connect a UDP socket only looks the route up; port 9 is that of RFC
    // 863, which discards.
    let socket = UdpSocket::bind(SocketAddr::new(any, 0))?;
    socket.connect(SocketAddr::new(peer, 9))?;
    Ok(socket.local_addr()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_computer_faces_itself_with_its_own_address() {
        let own = facing(Ipv4Addr::LOCALHOST.into());
        assert!(own.is_ok_and(|own| own == IpAddr::V4(Ipv4Addr::LOCALHOST)));
    }
}

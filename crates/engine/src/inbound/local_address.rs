//! Finds the address of this computer that a peer can connect to. Sends
//! nothing.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket},
};

/// The address of this computer towards `peer`, according to its routes.
///
/// # Errors
/// There is no route to `peer`.
pub(crate) fn local_address_towards(peer: IpAddr) -> io::Result<IpAddr> {
    let any: IpAddr = if peer.is_ipv4() {
        Ipv4Addr::UNSPECIFIED.into()
    } else {
        Ipv6Addr::UNSPECIFIED.into()
    };
    // Connecting a UDP socket only looks up the route; port 9 is the discard
    // service (RFC 863).
    let socket = UdpSocket::bind(SocketAddr::new(any, 0))?;
    socket.connect(SocketAddr::new(peer, 9))?;
    Ok(socket.local_addr()?.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_towards_this_computer_is_its_own() {
        let own = local_address_towards(Ipv4Addr::LOCALHOST.into());
        assert!(own.is_ok_and(|own| own == IpAddr::V4(Ipv4Addr::LOCALHOST)));
    }
}

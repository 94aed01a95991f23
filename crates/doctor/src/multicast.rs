//! Sends an mDNS query on each interface and listens for it: the system loops
//! it back to every member of the group on this computer, including the sender.
//! That tests only this computer. What a switch or an access point does with
//! multicast shows in whether other hosts are heard.

use std::{
    collections::BTreeSet,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket},
    thread,
    time::{Duration, Instant},
};

use super::{
    evidence::{Echo, Interface, Multicast},
    port::{MDNS, shared},
};

/// RFC 6762, section 3.
const GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);

/// How long to listen for the echo and for other hosts, which answer within
/// about 100 ms (RFC 6762, section 6).
const LISTEN: Duration = Duration::from_millis(1_200);

/// A read ends after this time, to check the clock.
const READ_TIMEOUT: Duration = Duration::from_millis(200);

/// Tests every IPv4 interface that supports multicast, all at once.
pub(super) fn examine(interfaces: &[Interface], service: &str) -> Vec<Multicast> {
    let own: Vec<IpAddr> = interfaces
        .iter()
        .map(|interface| interface.address)
        .collect();
    let mut seen = BTreeSet::new();
    let tried: Vec<_> = interfaces
        .iter()
        .filter(|interface| interface.has_multicast())
        .filter_map(|interface| match interface.address {
            IpAddr::V4(address) if seen.insert(interface.name.clone()) => {
                Some((interface.name.clone(), address))
            }
            _ => None,
        })
        .collect();
    let query = query(service);
    thread::scope(|scope| {
        let one = |(interface, address): (String, Ipv4Addr)| {
            let (query, own) = (&query, &own);
            scope.spawn(move || {
                let (echo, others) = echo(MDNS, address, query, own);
                let heard = matches!(echo, Echo::Heard { .. });
                let elsewhere = (!heard).then(|| self::echo(0, address, query, own).0);
                Multicast {
                    interface,
                    address,
                    echo,
                    elsewhere,
                    others,
                }
            })
        };
        let running: Vec<_> = tried.into_iter().map(one).collect();
        running
            .into_iter()
            .filter_map(|one| one.join().ok())
            .collect()
    })
}

/// Sends a query to the group at this port (0: any). Returns the result and how
/// many other hosts were heard.
fn echo(port: u16, from: Ipv4Addr, query: &[u8], own: &[IpAddr]) -> (Echo, usize) {
    let mut others = BTreeSet::new();
    let echo = send_and_listen(port, from, query, own, &mut others).unwrap_or_else(|error| {
        match error.kind() {
            // A firewall's effect on an outgoing datagram.
            io::ErrorKind::PermissionDenied => Echo::Forbidden(error.to_string()),
            _ => Echo::Failed(error.to_string()),
        }
    });
    (echo, others.len())
}

fn send_and_listen(
    port: u16,
    from: Ipv4Addr,
    query: &[u8],
    own: &[IpAddr],
    others: &mut BTreeSet<IpAddr>,
) -> io::Result<Echo> {
    let socket = socket(port, from)?;
    let to = SocketAddr::new(GROUP.into(), socket.local_addr()?.port());
    let begun = Instant::now();
    socket.send_to(query, to)?;
    let mut heard = None;
    let mut buffer = [0; 9_000];
    loop {
        let elapsed = begun.elapsed();
        if elapsed >= LISTEN {
            return Ok(heard.map_or(Echo::Silent, |after| Echo::Heard { after }));
        }
        match socket.recv_from(&mut buffer) {
            Ok((_, source)) if source.ip() == IpAddr::V4(from) => {
                heard = heard.or(Some(begun.elapsed()));
            }
            Ok((_, source)) if !own.contains(&source.ip()) => {
                others.insert(source.ip());
            }
            Ok(_) => {}
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
                ) => {}
            Err(error) => return Err(error),
        }
    }
}

fn socket(port: u16, from: Ipv4Addr) -> io::Result<UdpSocket> {
    let socket = socket2::Socket::from(shared(port)?);
    socket.join_multicast_v4(&GROUP, &from)?;
    socket.set_multicast_if_v4(&from)?;
    socket.set_multicast_loop_v4(true)?;
    socket.set_multicast_ttl_v4(255)?;
    socket.set_read_timeout(Some(READ_TIMEOUT))?;
    Ok(socket.into())
}

/// A query for the instances of a service (RFC 1035, section 4; RFC 6763,
/// section 4.1).
fn query(service: &str) -> Vec<u8> {
    let mut query = vec![0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in service.split('.').filter(|label| !label.is_empty()) {
        // RFC 1035, section 2.3.4: a label has at most 63 bytes.
        let label = label.as_bytes().get(..63).unwrap_or(label.as_bytes());
        query.push(u8::try_from(label.len()).unwrap_or(63));
        query.extend_from_slice(label);
    }
    query.extend_from_slice(&[0, 0, 12, 0, 1]);
    query
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_is_for_pointers_of_the_service() {
        let query = query("_sb._tcp.local.");
        assert_eq!(&query[..12], [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
        assert_eq!(
            &query[12..],
            b"\x03_sb\x04_tcp\x05local\x00\x00\x0c\x00\x01"
        );
    }
}

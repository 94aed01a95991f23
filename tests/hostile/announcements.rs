//! Unsolicited mDNS responses, sent as fast as possible: packets built by hand
//! (RFC 1035, section 4; RFC 6762, section 6), on loopback.

use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};

use socket2::{Domain, Protocol, Socket, Type};

/// The address of mDNS.
const MDNS: SocketAddrV4 = SocketAddrV4::new(Ipv4Addr::new(224, 0, 0, 251), 5353);

/// A sender of announcements.
pub(crate) struct Liar {
    socket: UdpSocket,
    service: String,
}

impl Liar {
    /// Announces boards of this service.
    pub(crate) fn of(service: &str) -> Self {
        let socket = Socket::new(Domain::IPV4, Type::DGRAM, Some(Protocol::UDP)).expect("a socket");
        socket.set_reuse_address(true).expect("shared");
        socket.set_reuse_port(true).expect("shared");
        // RFC 6762, section 6: responses come from port 5353. Bound to this
        // computer's loopback address, so that it takes no packets from other
        // programs.
        let from = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 5353);
        socket.bind(&from.into()).expect("the port");
        socket
            .set_multicast_if_v4(&Ipv4Addr::LOCALHOST)
            .expect("loopback");
        Self {
            socket: socket.into(),
            service: service.to_owned(),
        }
    }

    /// Announces a board with this id at this port, with this name.
    pub(crate) fn announce(&self, id: &str, name: &str, port: u16) {
        self.announce_at(id, name.as_bytes(), Ipv4Addr::LOCALHOST, port);
    }

    /// The same at another address, with any bytes as the name.
    pub(crate) fn announce_at(&self, id: &str, name: &[u8], address: Ipv4Addr, port: u16) {
        self.announce_as(id, id, name, (address, port), "");
    }

    /// Announces the board with this id under this instance, with an additional
    /// TXT pair.
    pub(crate) fn announce_as(
        &self,
        label: &str,
        id: &str,
        name: &[u8],
        (ip, port): (Ipv4Addr, u16),
        pair: &str,
    ) {
        let instance = format!("{label}.{}", self.service);
        let host = format!("{label}.local.");
        let mut packet = vec![0, 0, 0x84, 0, 0, 0, 0, 4, 0, 0, 0, 0];
        record(&mut packet, &self.service, 12, &labels(&instance));
        let mut srv = vec![0, 0, 0, 0];
        srv.extend(port.to_be_bytes());
        srv.extend(labels(&host));
        record(&mut packet, &instance, 33, &srv);
        let mut txt = Vec::new();
        let proto = if pair.starts_with("proto=") {
            ""
        } else {
            "proto=1"
        };
        let id_pair = format!("id={id}");
        let name_pair = [b"friendly_name=", name].concat();
        let pairs = [
            b"txtvers=1".as_slice(),
            id_pair.as_bytes(),
            &name_pair,
            proto.as_bytes(),
            pair.as_bytes(),
        ];
        for pair in pairs.into_iter().filter(|pair| !pair.is_empty()) {
            txt.push(u8::try_from(pair.len()).expect("a short pair"));
            txt.extend(pair);
        }
        record(&mut packet, &instance, 16, &txt);
        record(&mut packet, &host, 1, &ip.octets());
        // A full buffer loses a packet, as a network would.
        let _ = self.socket.send_to(&packet, MDNS);
    }
}

fn record(packet: &mut Vec<u8>, name: &str, kind: u16, data: &[u8]) {
    packet.extend(labels(name));
    packet.extend(kind.to_be_bytes());
    // The class IN; unique ones, all but PTR, replace what was known (RFC 6762,
    // section 10.2).
    packet.extend(if kind == 12 { [0, 1] } else { [0x80, 1] });
    packet.extend(120_u32.to_be_bytes());
    packet.extend(
        u16::try_from(data.len())
            .expect("a short record")
            .to_be_bytes(),
    );
    packet.extend(data);
}

/// A name as labels, each after its length.
fn labels(name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for label in name.trim_end_matches('.').split('.') {
        bytes.push(u8::try_from(label.len()).expect("a short label"));
        bytes.extend(label.as_bytes());
    }
    bytes.push(0);
    bytes
}

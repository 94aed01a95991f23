//! What an examination tried and what it observed. Plain data; what it means is decided in `findings`.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

use crate::{
    fleet::{LinkProblem, read_address},
    matching::Typed,
};

/// Everything that was observed.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// The service that was asked for, with its domain.
    pub service: String,
    /// The addresses of this computer, one entry each; or why they cannot be listed.
    pub interfaces: Result<Vec<Interface>, String>,
    /// Whether the port of mDNS can be shared.
    pub port: Port,
    /// What became of a query of this program's own, on each interface with IPv4.
    pub multicast: Vec<Multicast>,
    /// Why nothing can be found by mDNS, in the words of the library.
    pub discovery_problem: Option<String>,
    /// How long it was listened for announcements.
    pub looked: Duration,
    /// Every board that is announced, was known or was asked for.
    pub boards: Vec<Examined>,
}

/// An address of this computer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// What the system calls the interface.
    pub name: String,
    /// The address.
    pub address: IpAddr,
    /// How many of its bits name the network.
    pub prefix: u8,
    /// Only this computer is there.
    pub loopback: bool,
    /// It is in use.
    pub up: bool,
    /// It has multicast; `None` where the system does not say.
    pub multicast: Option<bool>,
}

impl Interface {
    /// Whether mDNS can reach other computers by it.
    pub fn has_multicast(&self) -> bool {
        self.up && !self.loopback && self.multicast != Some(false)
    }

    /// Whether an address is on the network of this one.
    pub fn is_beside(&self, other: IpAddr) -> bool {
        match (self.address, other) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let host = u32::MAX.checked_shr(self.prefix.into()).unwrap_or(0);
                u32::from(own) & !host == u32::from(other) & !host
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let host = u128::MAX.checked_shr(self.prefix.into()).unwrap_or(0);
                u128::from(own) & !host == u128::from(other) & !host
            }
            _ => false,
        }
    }
}

/// Whether the port of mDNS, UDP 5353, can be shared with those that have it, as mDNS programs do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Port {
    /// It can.
    Shared {
        /// Who has it too.
        beside: Vec<Holder>,
    },
    /// It cannot.
    Refused {
        /// In the words of the system.
        problem: String,
        /// Somebody has it and does not share it.
        in_use: bool,
        /// Who.
        by: Vec<Holder>,
    },
}

/// A program that has the port of mDNS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its number and its name, where this program may see them.
    pub process: Option<(u32, String)>,
    /// The number of its user.
    pub user: u32,
}

/// What became of a query on one interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Multicast {
    /// What the system calls the interface.
    pub interface: String,
    /// Its address.
    pub address: Ipv4Addr,
    /// A query to 224.0.0.251, port 5353.
    pub echo: Echo,
    /// The same to another port, where the query was not heard.
    pub elsewhere: Option<Echo>,
    /// How many other hosts were heard there at port 5353.
    pub others: usize,
}

/// Whether a datagram to the group was heard by the one who sent it, as the system hands it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Echo {
    /// It was.
    Heard {
        /// After this long.
        after: Duration,
    },
    /// It was sent, and not heard.
    Silent,
    /// The system did not let it be sent.
    Forbidden(String),
    /// It could not be sent for another reason.
    Failed(String),
}

/// What is known of a board and what it did.
#[derive(Debug, Clone, PartialEq)]
pub struct Examined {
    /// Its name, otherwise its address.
    pub name: String,
    /// Its id, once known.
    pub id: Option<String>,
    /// `host:port`.
    pub address: String,
    /// What mDNS says of it.
    pub record: Record,
    /// What became of the link.
    pub link: Link,
    /// What became of a plain connection to its address, where that was tried.
    pub host: Option<Host>,
}

impl Examined {
    /// The IP address, where it is known.
    pub fn ip(&self) -> Option<IpAddr> {
        self.address.parse().ok().map(|address: SocketAddr| address.ip())
    }

    /// Whether a person who typed this means the board: its address, its id, its name, or the start of one.
    pub fn is_meant_by(&self, typed: &str) -> bool {
        let plain = typed.trim();
        if read_address(plain).is_ok_and(|address| address == self.address) {
            return true;
        }
        Typed::new(plain).fit(self.id.as_deref().unwrap_or_default(), &self.name).is_some()
    }
}

/// What mDNS says of a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Record {
    /// It was not announced; it is known by its address.
    None,
    /// It was announced, and there was no reason to ask again.
    Heard,
    /// It was announced, and again when it was asked for anew.
    Confirmed,
    /// It was announced, and nobody answered when it was asked for anew.
    Gone,
}

/// What became of a link.
#[derive(Debug, Clone, PartialEq)]
pub enum Link {
    /// It works: the board told what is on it.
    Works,
    /// It does not, and why.
    Problem(LinkProblem),
    /// Nothing came of it while it was waited for.
    Unsettled,
    /// It was not asked for.
    NotTried,
}

/// What became of a plain TCP connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// Something accepts connections there.
    Open,
    /// The host is there and refuses the port.
    Refused,
    /// There is no way to it, in the words of the system.
    NoWay(String),
    /// No answer.
    Silent {
        /// It was waited so long.
        after: Duration,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(address: &str, prefix: u8) -> Interface {
        let address = address.parse().expect("an address");
        Interface { name: "e0".into(), address, prefix, loopback: false, up: true, multicast: Some(true) }
    }

    #[test]
    fn what_has_the_same_prefix_is_on_the_same_network() {
        for (own, prefix, other, beside) in [
            ("10.77.0.1", 24, "10.77.0.200", true),
            ("10.77.0.1", 24, "10.77.1.1", false),
            ("10.77.0.1", 0, "8.8.8.8", true),
            ("10.77.0.1", 32, "10.77.0.1", true),
            ("10.77.0.1", 32, "10.77.0.2", false),
            ("2001:db8::1", 64, "2001:db8::7", true),
            ("2001:db8::1", 64, "2001:db8:0:1::7", false),
            ("10.77.0.1", 0, "2001:db8::7", false),
        ] {
            let other = other.parse().expect("an address");
            assert_eq!(interface(own, prefix).is_beside(other), beside, "{own}/{prefix} {other}");
        }
    }

    #[test]
    fn a_board_is_meant_by_its_name_its_id_the_start_of_one_or_its_address() {
        let board = Examined {
            name: "Desk lamp".into(),
            id: Some("sb-77c0".into()),
            address: "10.77.0.2:80".into(),
            record: Record::None,
            link: Link::NotTried,
            host: None,
        };
        for typed in ["desk-lamp", "Desk lamp", "desk", "SB-77C0", "10.77.0.2", "10.77.0.2:80", "WS://10.77.0.2/rpc"] {
            assert!(board.is_meant_by(typed), "{typed}");
        }
        for typed in ["", "lamp", "10.77.0.20", "10.77.0.2:81", "-"] {
            assert!(!board.is_meant_by(typed), "{typed}");
        }
    }
}

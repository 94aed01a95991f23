//! What an examination tested and observed. Plain data; `findings` decides what
//! it means.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

pub use address::Interface;
use address::{Address, Candidates, ip_of};
use fleet::{Family, LinkProblem};
use platform::Platform;
use text::matching::Typed;

/// All observations.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// The system of this computer, which the advice is for.
    pub platform: Platform,
    /// The queried service with its domain.
    pub service: String,
    /// This computer's addresses, one entry each; or why they cannot be listed.
    pub interfaces: Result<Vec<Interface>, String>,
    /// Whether the mDNS port can be shared.
    pub port: MdnsPort,
    /// The multicast test of each IPv4 interface.
    pub multicast: Vec<Multicast>,
    /// Why mDNS discovery failed, as reported by the library.
    pub discovery_problem: Option<String>,
    /// How long announcements were listened for.
    pub looked: Duration,
    /// Every board that is announced, known or requested.
    pub boards: Vec<ExaminedBoard>,
}

/// Whether the mDNS port, UDP 5353, can be shared with other programs, as mDNS
/// programs do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MdnsPort {
    /// It can be shared.
    Shared {
        /// Other programs that use it.
        with: Vec<Holder>,
    },
    /// It cannot be used.
    Refused {
        /// The error of the operating system.
        problem: String,
        /// Another program uses it without sharing it.
        in_use: bool,
        /// The programs that use it.
        by: Vec<Holder>,
    },
}

/// A program that uses the mDNS port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Process id and name, if this program may see them.
    pub process: Option<(u32, String)>,
    /// User id.
    pub user: u32,
}

/// The multicast test of one interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Multicast {
    /// Name of the interface.
    pub interface: String,
    /// Its address.
    pub address: Ipv4Addr,
    /// A query to 224.0.0.251, port 5353.
    pub echo: Echo,
    /// The same query to another port, if the first was not heard.
    pub elsewhere: Option<Echo>,
    /// Number of other hosts heard on port 5353.
    pub others: usize,
}

/// Whether a datagram to the group was looped back to its sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Echo {
    /// It was.
    Heard {
        /// After this time.
        after: Duration,
    },
    /// It was sent, but not heard.
    Silent,
    /// The operating system did not permit sending it.
    Forbidden(String),
    /// It could not be sent for another reason.
    Failed(String),
}

/// What is known of a board, and its test results.
#[derive(Debug, Clone, PartialEq)]
pub struct ExaminedBoard {
    /// Its name, or its address if unknown.
    pub name: String,
    /// Its id, once known.
    pub id: Option<String>,
    /// Its family, as far as known.
    pub family: Family,
    /// The address of the link, or the first one to try: `host:port`.
    pub address: String,
    /// All its candidate addresses, the most likely first.
    pub addresses: Candidates,
    /// Its mDNS announcement.
    pub record: MdnsRecord,
    /// The result of connecting as a controller.
    pub link: LinkOutcome,
    /// The result of a plain connection to each of its addresses, if tried.
    pub hosts: Vec<(String, TcpProbe)>,
}

impl ExaminedBoard {
    /// The IP address, if known.
    pub fn ip(&self) -> Option<IpAddr> {
        ip_of(&self.address)
    }

    /// The best result of its addresses; `None` if none was tried.
    pub fn host(&self) -> Option<&TcpProbe> {
        self.hosts
            .iter()
            .map(|(_, host)| host)
            .min_by_key(|host| host.rank())
    }

    /// Whether `typed` identifies this board: its address, id or name, or the
    /// start of an id or name.
    pub fn matches(&self, typed: &str) -> bool {
        let plain = typed.trim();
        let typed: Option<Address> = plain.parse().ok();
        let typed = typed.map(|address| address.to_string());
        if typed.is_some_and(|typed| self.address == typed || self.addresses.have(&typed)) {
            return true;
        }
        Typed::new(plain)
            .fit(self.id.as_deref().unwrap_or_default(), &self.name)
            .is_some()
    }
}

/// The mDNS announcement of a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MdnsRecord {
    /// Not announced; the board is known by its address.
    None,
    /// Announced; there was no reason to query again.
    Heard,
    /// Announced, and again when queried again.
    Confirmed,
    /// Announced, but not when queried again.
    Gone,
}

/// The result of connecting as a controller.
#[derive(Debug, Clone, PartialEq)]
pub enum LinkOutcome {
    /// Connected: the board described its components.
    Works,
    /// Not connected.
    Problem(LinkProblem),
    /// No result in time.
    Unsettled,
    /// Not requested.
    NotTried,
}

/// The result of a plain TCP connection to one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TcpProbe {
    /// Connections are accepted.
    Open,
    /// The host is up and refuses the port.
    Refused,
    /// No route to it; the error of the operating system.
    NoWay(String),
    /// Not tried: the announced address is on no network of the interface on
    /// which the announcement was received.
    Elsewhere,
    /// This computer lacks the interface that the address names.
    NoInterface,
    /// No answer.
    Silent {
        /// Time waited.
        after: Duration,
    },
}

impl TcpProbe {
    /// How much the result says about the board; a lower rank says more.
    fn rank(&self) -> u8 {
        match self {
            Self::Open => 0,
            Self::Refused => 1,
            Self::Silent { .. } => 2,
            Self::NoWay(_) | Self::NoInterface => 3,
            Self::Elsewhere => 4,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_board_matches_by_name_id_prefix_or_address() {
        let board = ExaminedBoard {
            name: "Desk lamp".into(),
            id: Some("sb-77c0".into()),
            family: Family::Switchboard,
            address: "10.77.0.2:80".into(),
            addresses: Candidates::given("10.77.0.2:80".parse().expect("an address")),
            record: MdnsRecord::None,
            link: LinkOutcome::NotTried,
            hosts: Vec::new(),
        };
        for typed in [
            "desk-lamp",
            "Desk lamp",
            "desk",
            "SB-77C0",
            "10.77.0.2",
            "10.77.0.2:80",
            "WS://10.77.0.2/rpc",
        ] {
            assert!(board.matches(typed), "{typed}");
        }
        for typed in ["", "lamp", "10.77.0.20", "10.77.0.2:81", "-"] {
            assert!(!board.matches(typed), "{typed}");
        }
    }
}

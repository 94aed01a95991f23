//! What an examination tried and what it observed. Plain data; what it means is
//! decided in `findings`.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

pub use crate::address::Interface;
use crate::{
    address::{Address, Candidates, ip_of},
    fleet::LinkProblem,
    matching::Typed,
};

/// Everything that was observed.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// The service that was asked for, with its domain.
    pub service: String,
    /// The addresses of this computer, one entry each; or why they cannot be
    /// listed.
    pub interfaces: Result<Vec<Interface>, String>,
    /// Whether the port of mDNS can be shared.
    pub port: Port,
    /// What became of a query of this program's own, on each interface with
    /// IPv4.
    pub multicast: Vec<Multicast>,
    /// Why nothing can be found by mDNS, in the words of the library.
    pub discovery_problem: Option<String>,
    /// How long it was listened for announcements.
    pub looked: Duration,
    /// Every board that is announced, was known or was asked for.
    pub boards: Vec<Examined>,
}

/// Whether the port of mDNS, UDP 5353, can be shared with those that have it,
/// as mDNS programs do.
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

/// Whether a datagram to the group was heard by the one who sent it, as the
/// system hands it back.
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
    /// Where the link goes, or would be tried first: `host:port`.
    pub address: String,
    /// Every address at which it may be, the likeliest first.
    pub addresses: Candidates,
    /// What mDNS says of it.
    pub record: Record,
    /// What became of the link.
    pub link: Link,
    /// What became of a plain connection to each of its addresses, where that
    /// was tried.
    pub hosts: Vec<(String, Host)>,
}

impl Examined {
    /// The IP address, where it is known.
    pub fn ip(&self) -> Option<IpAddr> {
        ip_of(&self.address)
    }

    /// The best that any of its addresses answered; `None` where none was
    /// tried.
    pub fn host(&self) -> Option<&Host> {
        self.hosts
            .iter()
            .map(|(_, host)| host)
            .min_by_key(|host| host.rank())
    }

    /// Whether a person who typed this means the board: its address, its id,
    /// its name, or the start of one.
    pub fn is_meant_by(&self, typed: &str) -> bool {
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

/// What became of a plain TCP connection to one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// Something accepts connections there.
    Open,
    /// The host is there and refuses the port.
    Refused,
    /// There is no way to it, in the words of the system.
    NoWay(String),
    /// It was not tried: it is announced, and is on no network of the interface
    /// where it was heard.
    Elsewhere,
    /// This computer has no interface of the name that the address has.
    NoInterface,
    /// No answer.
    Silent {
        /// It was waited so long.
        after: Duration,
    },
}

impl Host {
    /// How much it says of the board: the lower the more.
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
    fn a_board_is_meant_by_its_name_its_id_the_start_of_one_or_its_address() {
        let board = Examined {
            name: "Desk lamp".into(),
            id: Some("sb-77c0".into()),
            address: "10.77.0.2:80".into(),
            addresses: Candidates::given("10.77.0.2:80".parse().expect("an address")),
            record: Record::None,
            link: Link::NotTried,
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
            assert!(board.is_meant_by(typed), "{typed}");
        }
        for typed in ["", "lamp", "10.77.0.20", "10.77.0.2:81", "-"] {
            assert!(!board.is_meant_by(typed), "{typed}");
        }
    }
}

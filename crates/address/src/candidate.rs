//! Decides which addresses of a board may be connected to, and in which order.
//! An address from the user may be anywhere. An announced address is used only
//! on a network of the interface on which it was received: anyone on the
//! network can announce anything, and must not be able to direct this program
//! to a stranger or to a service on this computer.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV6},
    sync::Arc,
};

use super::{Address, Host, Interface, InterfaceId};

/// The most addresses of one board. A board has one per network and address
/// family; the bound keeps an announcement from making this program probe a
/// whole network.
pub const MOST: usize = 16;

/// A possible address of a board, and its source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Candidate {
    /// The user entered it.
    Given(Address),
    /// mDNS received it on this interface.
    Heard {
        /// The address.
        address: Address,
        /// Where it was received.
        on: InterfaceId,
    },
    /// An earlier run found the board there.
    Remembered(Address),
}

/// Whether a candidate can be used on this computer now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It may be connected to.
    Usable(Usable),
    /// It was announced, and is not on a network of the interface on which it
    /// was received.
    Elsewhere,
    /// It does not refer to a single host: unspecified, multicast or broadcast.
    NoHost,
    /// This computer has no such interface.
    NoInterface,
}

/// Where a connection can go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Usable {
    /// This address.
    Ip(SocketAddr),
    /// Whatever the name resolves to.
    Name(String, u16),
}

impl Candidate {
    /// The address.
    pub fn address(&self) -> &Address {
        match self {
            Self::Given(address) | Self::Heard { address, .. } | Self::Remembered(address) => {
                address
            }
        }
    }

    /// Whether and how it may be connected to, on a computer with these
    /// interfaces.
    pub fn judge(&self, interfaces: &[Interface]) -> Verdict {
        let address = self.address();
        let port = address.port();
        let (ip, zone) = match address.host() {
            Host::Name(name) => {
                return match self {
                    Self::Given(_) => Verdict::Usable(Usable::Name(name.clone(), port)),
                    // mDNS resolves to addresses; a name could lead anywhere.
                    Self::Heard { .. } | Self::Remembered(_) => Verdict::Elsewhere,
                };
            }
            Host::V4(ip) => (IpAddr::V4(*ip), None),
            Host::V6 { ip, zone } => (IpAddr::V6(*ip), zone.as_deref()),
        };
        if is_no_host(ip, interfaces) {
            return Verdict::NoHost;
        }
        let scope = match zone.map(|zone| scope(zone, interfaces)) {
            None => 0,
            Some(Some(scope)) => scope,
            Some(None) => return Verdict::NoInterface,
        };
        let near =
            |own: &Interface| own.is_on_network_of(ip) && (scope == 0 || own.index == Some(scope));
        let usable = match self {
            Self::Given(_) => true,
            Self::Heard { on, .. } => interfaces.iter().any(|own| own.is(on) && near(own)),
            // A loopback address is invalid after the run that found it.
            Self::Remembered(_) => interfaces.iter().any(|own| !own.loopback && near(own)),
        };
        match (usable, ip) {
            (false, _) => Verdict::Elsewhere,
            (true, IpAddr::V6(ip)) => {
                Verdict::Usable(Usable::Ip(SocketAddrV6::new(ip, port, 0, scope).into()))
            }
            (true, ip) => Verdict::Usable(Usable::Ip(SocketAddr::new(ip, port))),
        }
    }
}

/// The number of the interface with this name.
fn scope(zone: &str, interfaces: &[Interface]) -> Option<u32> {
    interfaces
        .iter()
        .find(|own| own.is_called(zone))
        .and_then(|own| own.index)
}

fn is_no_host(ip: IpAddr, interfaces: &[Interface]) -> bool {
    ip.is_unspecified()
        || ip.is_multicast()
        || match ip {
            IpAddr::V4(ip) => {
                ip == Ipv4Addr::BROADCAST || interfaces.iter().any(|own| own.is_no_host(ip))
            }
            IpAddr::V6(_) => false,
        }
}

/// The addresses of one board, most likely first. Copying it copies no address.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Candidates(Arc<[Candidate]>);

impl Candidates {
    /// At most [`MOST`] candidates, in the order in which they would be tried
    /// on a computer with these interfaces. Unusable ones come last, because
    /// the computer's addresses may change.
    pub fn new(candidates: impl IntoIterator<Item = Candidate>, interfaces: &[Interface]) -> Self {
        let mut ranked: Vec<_> = candidates
            .into_iter()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .map(|candidate| {
                (
                    !matches!(candidate.judge(interfaces), Verdict::Usable(_)),
                    candidate,
                )
            })
            .collect();
        ranked.sort_by_key(|(unusable, candidate)| (*unusable, candidate.address().ip().map(rank)));
        ranked.truncate(MOST);
        Self(ranked.into_iter().map(|(_, candidate)| candidate).collect())
    }

    /// An address from the user.
    pub fn given(address: Address) -> Self {
        Self([Candidate::Given(address)].into())
    }

    /// Addresses that someone else has put in order; at most [`MOST`].
    pub fn all_given(addresses: impl IntoIterator<Item = Address>) -> Self {
        let given = addresses.into_iter().map(Candidate::Given);
        Self(given.take(MOST).collect())
    }

    /// An address from an earlier run.
    pub fn remembered(address: Address) -> Self {
        Self([Candidate::Remembered(address)].into())
    }

    /// Only this address, with its source; an unknown address counts as one
    /// from an earlier run.
    pub fn only(&self, address: &str) -> Self {
        match self
            .iter()
            .find(|candidate| candidate.address().to_string() == address)
        {
            Some(candidate) => Self([candidate.clone()].into()),
            None => address.parse().map(Self::remembered).unwrap_or_default(),
        }
    }

    /// The candidates, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Candidate> {
        self.0.iter()
    }

    /// Whether the list is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The number of candidates.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The most likely address, as text.
    pub fn first(&self) -> Option<String> {
        self.0
            .first()
            .map(|candidate| candidate.address().to_string())
    }

    /// Whether this address, as [`Address`] prints it, is among them.
    pub fn have(&self, address: &str) -> bool {
        self.iter()
            .any(|candidate| candidate.address().to_string() == address)
    }

    /// All addresses, as text.
    pub fn texts(&self) -> Vec<String> {
        self.iter()
            .map(|candidate| candidate.address().to_string())
            .collect()
    }
}

/// The result of trying one candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tried {
    /// The address, as text.
    pub address: String,
    /// The result, as text.
    pub answer: String,
}

/// Sorts addresses into the order in which they are tried: those on a network
/// of this computer first, then IPv4 and IPv6 in turn, so that a dead family
/// does not delay the other (RFC 8305, section 4). Duplicates are removed.
pub fn in_order(
    addresses: impl IntoIterator<Item = SocketAddr>,
    interfaces: &[Interface],
) -> Vec<SocketAddr> {
    let near = |ip: IpAddr| {
        interfaces
            .iter()
            .any(|own| own.up && own.is_on_network_of(ip))
    };
    let unique: BTreeSet<_> = addresses.into_iter().collect();
    let mut ranked: Vec<_> = unique.into_iter().collect();
    ranked.sort_by_key(|address| (!near(address.ip()), rank(address.ip())));
    let (here, far): (Vec<_>, Vec<_>) = ranked.into_iter().partition(|address| near(address.ip()));
    [here, far].into_iter().flat_map(in_turn).collect()
}

/// The IP address in a text, with or without a zone; `None` if it is a name.
pub fn ip_of(address: &str) -> Option<IpAddr> {
    address.parse::<Address>().ok()?.ip()
}

fn in_turn(addresses: Vec<SocketAddr>) -> impl Iterator<Item = SocketAddr> {
    let (first, second): (Vec<_>, Vec<_>) = match addresses.first() {
        Some(first) if first.is_ipv6() => addresses.into_iter().partition(SocketAddr::is_ipv6),
        _ => addresses.into_iter().partition(SocketAddr::is_ipv4),
    };
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    std::iter::from_fn(move || {
        Some([first.next(), second.next()]).filter(|pair| pair.iter().any(Option::is_some))
    })
    .flatten()
    .flatten()
}

/// IPv4 first, because every board has it. Self-assigned addresses come last,
/// and loopback is right only if the board runs on this computer.
fn rank(ip: IpAddr) -> u8 {
    match ip {
        IpAddr::V4(ip) if ip.is_link_local() => 4,
        IpAddr::V4(ip) if ip.is_loopback() => 1,
        IpAddr::V4(_) => 0,
        IpAddr::V6(ip) if ip.is_unicast_link_local() => 5,
        IpAddr::V6(ip) if ip.is_loopback() => 3,
        IpAddr::V6(_) => 2,
    }
}

#[cfg(test)]
#[expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
mod tests {
    use super::*;

    fn interface(name: &str, index: u32, address: &str, prefix: u8) -> Interface {
        let address: IpAddr = address.parse().expect("an address");
        let loopback = name == "lo";
        Interface {
            name: name.into(),
            index: Some(index),
            address,
            prefix,
            loopback,
            up: true,
            multicast: None,
        }
    }

    /// A computer with Ethernet and Wi-Fi.
    fn interfaces() -> Vec<Interface> {
        vec![
            interface("lo", 1, "127.0.0.1", 8),
            interface("lo", 1, "::1", 128),
            interface("eth0", 2, "192.168.1.5", 24),
            interface("eth0", 2, "fe80::5", 64),
            interface("eth0", 2, "2001:db8:1::5", 64),
            interface("wlan0", 3, "10.0.0.5", 24),
            interface("wlan0", 3, "fe80::6", 64),
        ]
    }

    fn heard(ip: &str, name: &str, index: u32) -> Candidate {
        let on = InterfaceId {
            index,
            name: name.into(),
        };
        Candidate::Heard {
            address: Address::of(ip.parse().expect("an address"), 8080, Some(&on)),
            on,
        }
    }

    #[test]
    fn an_announced_address_is_used_only_on_a_network_of_its_interface() {
        for (ip, name, index, usable) in [
            ("192.168.1.9", "eth0", 2, true),
            ("10.0.0.9", "wlan0", 3, true),
            ("127.0.0.1", "lo", 1, true),
            ("::1", "lo", 1, true),
            ("2001:db8:1::9", "eth0", 2, true),
            ("fe80::9", "eth0", 2, true),
            // A network of this computer other than the one it was received on.
            ("10.0.0.9", "eth0", 2, false),
            ("2001:db8:1::9", "wlan0", 3, false),
            // A service of this computer, and a stranger on the internet.
            ("127.0.0.1", "eth0", 2, false),
            ("::1", "eth0", 2, false),
            ("::ffff:127.0.0.1", "eth0", 2, false),
            ("8.8.8.8", "eth0", 2, false),
            ("::ffff:8.8.8.8", "eth0", 2, false),
            ("2606:4700::1111", "eth0", 2, false),
            // Cloud metadata services.
            ("169.254.169.254", "eth0", 2, false),
            // An interface that no longer exists.
            ("192.168.1.9", "eth9", 9, false),
            ("fe80::9", "eth9", 9, false),
        ] {
            let verdict = heard(ip, name, index).judge(&interfaces());
            assert_eq!(
                matches!(verdict, Verdict::Usable(_)),
                usable,
                "{ip} on {name}: {verdict:?}"
            );
        }
    }

    #[test]
    fn an_address_of_no_single_host_is_never_used_even_if_the_user_enters_it() {
        for ip in [
            "0.0.0.0",
            "::",
            "224.0.0.251",
            "ff02::fb",
            "255.255.255.255",
            "192.168.1.255",
            "192.168.1.0",
        ] {
            assert_eq!(
                heard(ip, "eth0", 2).judge(&interfaces()),
                Verdict::NoHost,
                "{ip}"
            );
            let given = Candidate::Given(Address::of(ip.parse().expect("an address"), 80, None));
            assert_eq!(given.judge(&interfaces()), Verdict::NoHost, "{ip}");
        }
    }

    #[test]
    fn only_an_address_from_the_user_may_be_anywhere() {
        let address = |text: &str| text.parse().expect("an address");
        for (text, given, remembered) in [
            ("192.168.1.9:80", true, true),
            ("8.8.8.8:80", true, false),
            ("127.0.0.1:80", true, false),
            ("lamp.lan:80", true, false),
            ("[fe80::9%wlan0]:80", true, true),
            ("[fe80::9%3]:80", true, true),
            ("[fe80::9%eth9]:80", false, false),
        ] {
            let is_usable =
                |candidate: Candidate| matches!(candidate.judge(&interfaces()), Verdict::Usable(_));
            assert_eq!(is_usable(Candidate::Given(address(text))), given, "{text}");
            assert_eq!(
                is_usable(Candidate::Remembered(address(text))),
                remembered,
                "{text}"
            );
        }
    }

    #[test]
    fn a_link_local_address_gets_the_number_of_its_interface() {
        let Verdict::Usable(Usable::Ip(SocketAddr::V6(found))) =
            heard("fe80::9", "wlan0", 3).judge(&interfaces())
        else {
            panic!("it is not used");
        };
        assert_eq!((found.scope_id(), found.port()), (3, 8080));
        assert_eq!(
            heard("fe80::9", "wlan0", 3).address().to_string(),
            "[fe80::9%wlan0]:8080"
        );
    }

    #[test]
    fn networks_of_this_computer_are_tried_first_and_the_families_in_turn() {
        let addresses = [
            "10.9.9.1:80",
            "172.16.0.1:80",
            "[2001:db8:9::1]:80",
            "10.0.0.9:80",
            "[2001:db8:1::9]:80",
            "10.0.0.8:80",
        ];
        let addresses = addresses
            .iter()
            .map(|text| text.parse().expect("an address"));
        let ordered = in_order(addresses, &interfaces());
        let ordered: Vec<_> = ordered.iter().map(ToString::to_string).collect();
        assert_eq!(
            ordered,
            [
                "10.0.0.8:80",
                "[2001:db8:1::9]:80",
                "10.0.0.9:80",
                "10.9.9.1:80",
                "[2001:db8:9::1]:80",
                "172.16.0.1:80",
            ]
        );
    }

    #[test]
    fn an_announcement_with_many_addresses_is_cut_and_usable_ones_stay() {
        let many = (0..250).map(|last| heard(&format!("8.8.8.{last}"), "eth0", 2));
        let candidates =
            Candidates::new(many.chain([heard("192.168.1.9", "eth0", 2)]), &interfaces());
        assert_eq!(
            (candidates.len(), candidates.first().as_deref()),
            (MOST, Some("192.168.1.9:8080"))
        );
    }
}

//! The addresses of this computer as data, and which addresses are on their
//! networks.

use std::net::{IpAddr, Ipv4Addr};

/// A network interface, as the system identifies it.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InterfaceId {
    /// Its number.
    pub index: u32,
    /// Its name.
    pub name: String,
}

impl InterfaceId {
    /// How it appears in an address: its name, or on Windows, where names are
    /// long and contain spaces, its number.
    pub fn zone(&self) -> String {
        match cfg!(windows) || self.name.is_empty() {
            true => self.index.to_string(),
            false => self.name.clone(),
        }
    }
}

/// An address of this computer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// The interface's name.
    pub name: String,
    /// The interface's number, if the system reports it.
    pub index: Option<u32>,
    /// The address.
    pub address: IpAddr,
    /// The length of the network prefix in bits.
    pub prefix: u8,
    /// Whether it is a loopback interface.
    pub loopback: bool,
    /// Whether it is up.
    pub up: bool,
    /// Whether it supports multicast; `None` if the system does not report it.
    pub multicast: Option<bool>,
}

impl Interface {
    /// Whether mDNS can reach other computers through it.
    pub fn has_multicast(&self) -> bool {
        self.up && !self.loopback && self.multicast != Some(false)
    }

    /// Whether this is the interface.
    pub fn is(&self, id: &InterfaceId) -> bool {
        self.index
            .map_or_else(|| self.name == id.name, |index| index == id.index)
    }

    /// Whether the user means this interface: by name or by number.
    pub fn is_called(&self, zone: &str) -> bool {
        self.name == zone || self.index.is_some_and(|index| zone.parse() == Ok(index))
    }

    /// Whether an address is on the same network.
    pub fn is_on_network_of(&self, other: IpAddr) -> bool {
        match (self.address, other) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let host = self.host_bits_v4();
                u32::from(own) & !host == u32::from(other) & !host
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let host = u128::MAX.checked_shr(self.prefix.into()).unwrap_or(0);
                u128::from(own) & !host == u128::from(other) & !host
            }
            _ => false,
        }
    }

    /// Whether this is the network's broadcast or network address (RFC 1122,
    /// section 3.2.1.3). A network of two hosts has neither (RFC 3021).
    pub fn is_no_host(&self, other: Ipv4Addr) -> bool {
        let host = self.host_bits_v4();
        let part = u32::from(other) & host;
        self.prefix < 31 && self.is_on_network_of(other.into()) && (part == 0 || part == host)
    }

    fn host_bits_v4(&self) -> u32 {
        u32::MAX.checked_shr(self.prefix.into()).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(address: &str, prefix: u8) -> Interface {
        let address = address.parse().expect("an address");
        let (name, multicast) = ("e0".into(), Some(true));
        Interface {
            name,
            index: Some(2),
            address,
            prefix,
            loopback: false,
            up: true,
            multicast,
        }
    }

    #[test]
    fn an_address_with_the_same_prefix_is_on_the_same_network() {
        for (own, prefix, other, same) in [
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
            assert_eq!(
                interface(own, prefix).is_on_network_of(other),
                same,
                "{own}/{prefix} {other}"
            );
        }
    }

    #[test]
    fn the_first_and_the_last_address_of_a_network_are_no_host() {
        for (own, prefix, other, none) in [
            ("10.77.0.1", 24, "10.77.0.255", true),
            ("10.77.0.1", 24, "10.77.0.0", true),
            ("10.77.0.1", 24, "10.77.0.2", false),
            ("10.77.0.1", 16, "10.77.0.255", false),
            ("10.77.0.1", 16, "10.77.255.255", true),
            ("10.77.0.0", 31, "10.77.0.1", false),
            ("10.77.0.1", 24, "10.78.0.255", false),
        ] {
            let other = other.parse().expect("an address");
            assert_eq!(
                interface(own, prefix).is_no_host(other),
                none,
                "{own}/{prefix} {other}"
            );
        }
    }

    #[test]
    fn an_interface_is_called_by_its_name_or_its_number() {
        let own = interface("fe80::1", 64);
        assert!(
            own.is_called("e0")
                && own.is_called("2")
                && !own.is_called("e1")
                && !own.is_called("3")
        );
    }
}

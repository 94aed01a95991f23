//! Parses and prints the addresses of boards and brokers, and decides which of
//! several addresses is tried first. Resolves no names and opens no sockets.

mod broker;
mod candidate;
mod interface;

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

pub use broker::{
    BrokerAddress, BrokerAddressError, LOGIN_ADVICE, PASSWORD_VARIABLE, without_password,
};
pub use candidate::{Candidate, Candidates, MOST, Tried, Usable, Verdict, in_order, ip_of};
pub use interface::{Interface, InterfaceId};

/// The default port: HTTP's, on which boards listen.
const PORT: u16 = 80;

/// The longest zone. Linux limits interface names to 15 bytes, other systems
/// allow more.
const ZONE: usize = 64;

/// A host and a port.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    host: Host,
    port: u16,
}

/// The host of an address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host {
    /// A name, in lower case.
    Name(String),
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address. A link-local one needs a zone, which is its interface
    /// (RFC 4007, section 11).
    V6 {
        /// The address.
        ip: Ipv6Addr,
        /// The interface's name or number.
        zone: Option<String>,
    },
}

impl Address {
    /// An IP address and a port; the interface is used only for link-local IPv6
    /// addresses.
    pub fn of(ip: IpAddr, port: u16, interface: Option<&InterfaceId>) -> Self {
        let host = match ip.to_canonical() {
            IpAddr::V4(ip) => Host::V4(ip),
            IpAddr::V6(ip) => {
                let zone = interface
                    .filter(|_| ip.is_unicast_link_local())
                    .map(InterfaceId::zone);
                Host::V6 { ip, zone }
            }
        };
        Self { host, port }
    }

    /// The host and the zone from a URL, and a port.
    ///
    /// # Errors
    ///
    /// What is wrong with an IPv6 address or its zone. Names are not checked;
    /// that is the resolver's job.
    pub fn in_url(host: &str, zone: Option<&str>, port: u16) -> Result<Self, &'static str> {
        let host = match host
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            Some(ip) => {
                let text = zone.map_or_else(|| ip.to_owned(), |zone| format!("{ip}%{zone}"));
                read_v6(&text, true)?.ok_or("the text in brackets is not an IPv6 address")?
            }
            None => host
                .parse()
                .map_or_else(|_| Host::Name(host.to_ascii_lowercase()), Host::V4),
        };
        Ok(Self { host, port })
    }

    /// The address of a connection. A link-local address has the number of its
    /// interface.
    pub fn from_socket(address: SocketAddr) -> Self {
        let on = match address {
            SocketAddr::V6(v6) if v6.scope_id() != 0 => Some(InterfaceId {
                index: v6.scope_id(),
                name: String::new(),
            }),
            _ => None,
        };
        Self::of(address.ip(), address.port(), on.as_ref())
    }

    /// The host.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether it names the interface it is on.
    pub fn has_zone(&self) -> bool {
        matches!(self.host, Host::V6 { zone: Some(_), .. })
    }

    /// The IP address, unless the host is a name.
    pub fn ip(&self) -> Option<IpAddr> {
        match self.host {
            Host::Name(_) => None,
            Host::V4(ip) => Some(ip.into()),
            Host::V6 { ip, .. } => Some(ip.into()),
        }
    }

    /// The host and the port, as in `Host` and in URLs: without a zone, which
    /// has a meaning only on this computer (RFC 6874, section 4; RFC 9110,
    /// section 7.2).
    pub fn authority(&self) -> String {
        match &self.host {
            Host::V6 { ip, .. } => format!("[{ip}]:{}", self.port),
            Host::Name(_) | Host::V4(_) => self.to_string(),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Name(name) => write!(f, "{name}:{}", self.port),
            Host::V4(ip) => write!(f, "{ip}:{}", self.port),
            Host::V6 { ip, zone: None } => write!(f, "[{ip}]:{}", self.port),
            Host::V6 {
                ip,
                zone: Some(zone),
            } => write!(f, "[{ip}%{zone}]:{}", self.port),
        }
    }
}

/// Why a text is not the address of a board.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not an address: {reason}. Accepted: host, host:port, [IPv6]:port or \
         [IPv6%interface]:port, for example 192.168.1.17:80"
)]
pub struct AddressError {
    /// The text.
    pub text: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl FromStr for Address {
    type Err = AddressError;

    /// Parses `host`, `host:port`, `[IPv6]:port` or an IPv6 address, with the
    /// interface after `%` if the address is link-local.
    fn from_str(text: &str) -> Result<Self, AddressError> {
        let refuse = |reason| AddressError {
            text: text.to_owned(),
            reason,
        };
        let typed = text.trim();
        let (is_url, typed) = match typed.split_once("://") {
            Some((scheme, rest))
                if ["ws", "http"]
                    .iter()
                    .any(|known| scheme.eq_ignore_ascii_case(known)) =>
            {
                (true, rest)
            }
            Some(_) => return Err(refuse("only ws:// or http:// may precede the host")),
            None => (false, typed),
        };
        let typed = typed
            .strip_suffix("/rpc")
            .unwrap_or(typed)
            .trim_end_matches('/');
        let read_port = |port: &str| {
            read_port(port).ok_or_else(|| refuse("the port must be a number from 1 to 65535"))
        };
        if let Some(bracketed) = typed.strip_prefix('[') {
            let (ip, rest) = bracketed
                .split_once(']')
                .ok_or_else(|| refuse("the bracket is not closed"))?;
            let host = read_v6(ip, is_url).map_err(refuse)?;
            let host = host.ok_or_else(|| refuse("the text in brackets is not an IPv6 address"))?;
            let port = match rest.strip_prefix(':') {
                Some(port) => read_port(port)?,
                None if rest.is_empty() => PORT,
                None => return Err(refuse("only a port may follow the bracket")),
            };
            return Ok(Self { host, port });
        }
        if let Some(host) = read_v6(typed, is_url).map_err(refuse)? {
            return Ok(Self { host, port: PORT });
        }
        let (host, port) = match typed.split_once(':') {
            Some((host, port)) => (host, read_port(port)?),
            None => (typed, PORT),
        };
        if host.is_empty() {
            return Err(refuse("the host is missing"));
        }
        let looks_like_ip = host.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        if looks_like_ip {
            let ip = host.parse::<Ipv4Addr>();
            let ip =
                ip.map_err(|_| refuse("an IPv4 address must have four numbers from 0 to 255"))?;
            return Ok(Self {
                host: Host::V4(ip),
                port,
            });
        }
        // RFC 1123, section 2.1; underscores occur in practice.
        if host.len() > 253
            || !host
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
        {
            return Err(refuse(
                "a host can contain only letters, digits, hyphens and dots",
            ));
        }
        Ok(Self {
            host: Host::Name(host.to_ascii_lowercase()),
            port,
        })
    }
}

/// An IPv6 address with or without its zone; `None` if it is not an IPv6
/// address.
fn read_v6(text: &str, in_url: bool) -> Result<Option<Host>, &'static str> {
    let (ip, zone) = match text.split_once('%') {
        Some((ip, zone)) => (ip, Some(zone)),
        None => (text, None),
    };
    let Ok(ip) = ip.parse::<Ipv6Addr>() else {
        return Ok(None);
    };
    match zone {
        None if ip.is_unicast_link_local() => Err(
            "an address that begins with fe80 needs its network interface, for example \
             [fe80::1%eth0]:80",
        ),
        None => Ok(Some(Host::V6 { ip, zone: None })),
        Some(_) if !ip.is_unicast_link_local() => {
            Err("only an address that begins with fe80 can have an interface after %")
        }
        Some(zone) => {
            let zone = plain_zone(zone, in_url);
            // RFC 6874, section 2: characters that need no escape. Linux allows
            // more in interface names, but they do not occur in practice.
            let plain = zone
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b));
            match plain && (1..=ZONE).contains(&zone.len()) {
                true => Ok(Some(Host::V6 {
                    ip,
                    zone: Some(zone.to_owned()),
                })),
                false => Err("the name or number of a network interface must follow %"),
            }
        }
    }
}

/// In a URL, the `%` before a zone is written as `%25` (RFC 6874, section 2),
/// and people copy it from there. A number alone is not changed outside a URL:
/// it may be the interface 251.
fn plain_zone(zone: &str, in_url: bool) -> &str {
    let is_number = zone.bytes().all(|b| b.is_ascii_digit());
    match zone.strip_prefix("25") {
        Some(rest) if !rest.is_empty() && (in_url || !is_number) => rest,
        _ => zone,
    }
}

fn read_port(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port| *port != 0)
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn written(typed: &str) -> Result<String, AddressError> {
        typed.parse().map(|address: Address| address.to_string())
    }

    #[test]
    fn an_address_is_always_printed_in_the_same_way() {
        for (typed, expected) in [
            ("192.168.1.17", "192.168.1.17:80"),
            (" Lamp.local:8080 ", "lamp.local:8080"),
            ("ws://10.0.0.7:81/rpc", "10.0.0.7:81"),
            ("[2001:DB8::7]:81", "[2001:db8::7]:81"),
            ("[::1]", "[::1]:80"),
            ("::1", "[::1]:80"),
            ("WS://Lamp/rpc", "lamp:80"),
            ("HTTP://10.0.0.7/", "10.0.0.7:80"),
        ] {
            assert_eq!(written(typed).as_deref(), Ok(expected), "{typed}");
        }
    }

    #[test]
    fn a_link_local_address_with_its_interface_is_parsed_in_every_form() {
        for typed in [
            "[fe80::1%eth0]:8188",
            "[FE80::1%25eth0]:8188",
            "ws://[fe80::1%25eth0]:8188/rpc",
            "http://[fe80::1%eth0]:8188/",
        ] {
            assert_eq!(
                written(typed).as_deref(),
                Ok("[fe80::1%eth0]:8188"),
                "{typed}"
            );
        }
        assert_eq!(written("fe80::1%eth0").as_deref(), Ok("[fe80::1%eth0]:80"));
        assert_eq!(
            written("[fe80::1%br-lan.100]").as_deref(),
            Ok("[fe80::1%br-lan.100]:80")
        );
        // The interface number 251; in a URL, number 1.
        assert_eq!(written("fe80::1%251").as_deref(), Ok("[fe80::1%251]:80"));
        assert_eq!(written("fe80::1%25").as_deref(), Ok("[fe80::1%25]:80"));
        assert_eq!(
            written("ws://[fe80::1%251]/").as_deref(),
            Ok("[fe80::1%1]:80")
        );
    }

    #[test]
    fn a_zone_is_never_sent() {
        let address: Address = "[fe80::1%eth0]:8188".parse().expect("an address");
        assert_eq!(address.authority(), "[fe80::1]:8188");
        let address: Address = "lamp.local".parse().expect("an address");
        assert_eq!(address.authority(), "lamp.local:80");
    }

    #[test]
    fn an_invalid_address_is_refused_with_the_reason() {
        for typed in [
            "",
            ":80",
            "lamp:0",
            "lamp:99999",
            "1.2.3",
            "1.2.3.400",
            "[::1",
            "[x]:80",
            "a b",
            "a/b",
            "wss://a",
            "ftp://a",
            "[fe80::1]:80",
            "fe80::1",
            "[fe80::1%]:80",
            "[fe80::1%e th]:80",
            "[2001:db8::1%eth0]:80",
            "10.0.0.1%eth0",
            "lamp%eth0",
        ] {
            let error = written(typed).expect_err(typed);
            assert!(error.to_string().contains("192.168.1.17:80"), "{error}");
        }
    }
}

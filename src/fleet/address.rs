//! Reads what a person types as a board's address. Resolves no names.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV6};

use crate::{
    address::{Address, AddressError, Candidate, Usable, Verdict},
    dial::interfaces,
};

/// Reads an address as [`Address`] does, and writes it as `host:port`, always in the same way.
pub(crate) fn parse(text: &str) -> Result<String, AddressError> {
    text.parse().map(|address: Address| address.to_string())
}

/// Reads where boards shall be able to call: `ADDRESS:PORT`, an address alone (port 7433), or a port alone (on every interface).
///
/// # Errors
/// What would be accepted.
pub fn listen_address(text: &str) -> Result<SocketAddr, ListenAddressError> {
    let typed = text.trim();
    if let Ok(port) = typed.parse() {
        return Ok(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port));
    }
    // A link-local address is listened at on the interface that is named after it.
    if typed.contains('%') {
        let address: Address = typed.parse().map_err(|_| ListenAddressError)?;
        let port = if typed.contains("]:") { address.port() } else { protocol::outbound::PORT };
        return match Candidate::Given(address).judge(&interfaces::current()) {
            Verdict::Usable(Usable::Ip(SocketAddr::V6(ip))) => {
                Ok(SocketAddrV6::new(*ip.ip(), port, 0, ip.scope_id()).into())
            }
            _ => Err(ListenAddressError),
        };
    }
    let whole = typed.parse().ok();
    let alone = || {
        let ip = typed.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(typed);
        Some(SocketAddr::new(ip.parse().ok()?, protocol::outbound::PORT))
    };
    whole.or_else(alone).ok_or(ListenAddressError)
}

/// A text that is no place for boards to call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "an IP address of this computer and a port, for example 0.0.0.0:7433 (every interface), 192.168.1.5:7433 or 127.0.0.1:0"
)]
pub struct ListenAddressError;

/// Whether a text is meant as an address: `host:port`, `[IPv6]:port` or an IP address; a name of a board never looks so.
pub fn is_address(typed: &str) -> bool {
    let port = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    // The zone of a link-local address (RFC 4007, section 11) follows a percent sign.
    let ip = typed.split_once('%').map_or(typed, |(ip, _)| ip);
    ip.parse::<IpAddr>().is_ok()
        || typed.starts_with('[')
        || typed.rsplit_once(':').is_some_and(|(host, number)| !host.is_empty() && port(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_boards_call_is_an_address_a_port_or_both() {
        for (text, expected) in [
            ("0.0.0.0:7433", "0.0.0.0:7433"),
            (" 192.168.1.5 ", "192.168.1.5:7433"),
            ("8080", "0.0.0.0:8080"),
            ("0", "0.0.0.0:0"),
            ("[::1]:80", "[::1]:80"),
            ("::", "[::]:7433"),
        ] {
            assert_eq!(listen_address(text).map(|address| address.to_string()), Ok(expected.to_owned()), "{text}");
        }
        for text in ["", "here", "bench:7433", "1.2.3.4:70000", "70000", "ws://1.2.3.4:7433"] {
            assert_eq!(listen_address(text), Err(ListenAddressError), "{text}");
        }
    }

    #[test]
    fn what_looks_like_an_address_is_told_from_a_name() {
        for typed in ["lamp:80", "10.0.0.7", "::1", "[::1]:80", "fe80::1%eth0", "[fe80::1%25eth0]"] {
            assert!(is_address(typed), "{typed}");
        }
        for typed in ["lamp", "desk lamp", "100%", "sb-1"] {
            assert!(!is_address(typed), "{typed}");
        }
    }
}

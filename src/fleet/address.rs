//! Reads what a person types as a board's address. Resolves no names.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::AddressError;

/// The port where none is given: HTTP's, which is a board's own.
const PORT: u16 = 80;

/// Reads `host`, `host:port`, `[IPv6]:port` or an IPv6 address, and writes it as `host:port`, always in the same way.
pub(crate) fn parse(text: &str) -> Result<String, AddressError> {
    let refuse = |reason| AddressError { text: text.to_owned(), reason };
    let typed = text.trim();
    let typed = typed.strip_prefix("ws://").or_else(|| typed.strip_prefix("http://")).unwrap_or(typed);
    let typed = typed.strip_suffix("/rpc").unwrap_or(typed).trim_end_matches('/');
    if let Ok(ip) = typed.parse::<Ipv6Addr>() {
        return Ok(format!("[{ip}]:{PORT}"));
    }
    if let Some(bracketed) = typed.strip_prefix('[') {
        let (ip, rest) = bracketed.split_once(']').ok_or_else(|| refuse("the bracket is not closed"))?;
        let ip: Ipv6Addr = ip.parse().map_err(|_| refuse("what is in the brackets is no IPv6 address"))?;
        let port = match rest.strip_prefix(':') {
            Some(port) => read_port(port).ok_or_else(|| refuse("the port is a number from 1 to 65535"))?,
            None if rest.is_empty() => PORT,
            None => return Err(refuse("only a port may follow the bracket")),
        };
        return Ok(format!("[{ip}]:{port}"));
    }
    let (host, port) = match typed.split_once(':') {
        Some((host, port)) => (host, read_port(port).ok_or_else(|| refuse("the port is a number from 1 to 65535"))?),
        None => (typed, PORT),
    };
    if host.is_empty() {
        return Err(refuse("the host is missing"));
    }
    let looks_like_ip = host.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    if looks_like_ip && host.parse::<IpAddr>().is_err() {
        return Err(refuse("an IPv4 address has four numbers from 0 to 255"));
    }
    // RFC 1123, section 2.1; underscores are met in the wild.
    if host.len() > 253 || !host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)) {
        return Err(refuse("a host has letters, digits, hyphens and dots"));
    }
    Ok(format!("{}:{port}", host.to_ascii_lowercase()))
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
    typed.parse::<IpAddr>().is_ok()
        || typed.starts_with('[')
        || typed.rsplit_once(':').is_some_and(|(host, number)| !host.is_empty() && port(number))
}

fn read_port(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port| *port != 0)
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
    fn an_address_is_always_written_in_the_same_way() {
        for (typed, written) in [
            ("192.168.1.17", "192.168.1.17:80"),
            (" Lamp.local:8080 ", "lamp.local:8080"),
            ("ws://10.0.0.7:81/rpc", "10.0.0.7:81"),
            ("[2001:DB8::7]:81", "[2001:db8::7]:81"),
            ("[::1]", "[::1]:80"),
            ("::1", "[::1]:80"),
        ] {
            assert_eq!(parse(typed).as_deref(), Ok(written), "{typed}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_what_is_wrong() {
        for typed in ["", ":80", "lamp:0", "lamp:99999", "1.2.3", "1.2.3.400", "[::1", "[x]:80", "a b", "a/b"] {
            let error = parse(typed).expect_err(typed);
            assert!(error.to_string().contains("192.168.1.17:80"), "{error}");
        }
    }
}

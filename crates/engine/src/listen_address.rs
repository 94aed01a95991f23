//! Parses the address on which boards can connect.

use std::net::{Ipv4Addr, SocketAddr, SocketAddrV6};

use address::{Address, Candidate, Usable, Verdict};
use net::client::interfaces;

/// Parses the address on which boards can connect: `ADDRESS:PORT`, an address
/// alone (port 7433), or a port alone (on every interface).
///
/// # Errors
/// The accepted forms.
pub fn listen_address(text: &str) -> Result<SocketAddr, ListenAddressError> {
    let typed = text.trim();
    if let Ok(port) = typed.parse() {
        return Ok(SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), port));
    }
    // A link-local address is listened at on the interface that is named after
    // it.
    if typed.contains('%') {
        let address: Address = typed.parse().map_err(|_| ListenAddressError)?;
        let port = if typed.contains("]:") {
            address.port()
        } else {
            protocol::outbound::PORT
        };
        return match Candidate::Given(address).judge(&interfaces::current()) {
            Verdict::Usable(Usable::Ip(SocketAddr::V6(ip))) => {
                Ok(SocketAddrV6::new(*ip.ip(), port, 0, ip.scope_id()).into())
            }
            _ => Err(ListenAddressError),
        };
    }
    let whole = typed.parse().ok();
    let alone = || {
        let ip = typed
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .unwrap_or(typed);
        Some(SocketAddr::new(ip.parse().ok()?, protocol::outbound::PORT))
    };
    whole.or_else(alone).ok_or(ListenAddressError)
}

/// A text that is not an address to listen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "an IP address of this computer and a port, for example 0.0.0.0:7433 (every interface), \
         192.168.1.5:7433 or 127.0.0.1:0"
)]
pub struct ListenAddressError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_to_listen_on_is_an_address_a_port_or_both() {
        for (text, expected) in [
            ("0.0.0.0:7433", "0.0.0.0:7433"),
            (" 192.168.1.5 ", "192.168.1.5:7433"),
            ("8080", "0.0.0.0:8080"),
            ("0", "0.0.0.0:0"),
            ("[::1]:80", "[::1]:80"),
            ("::", "[::]:7433"),
        ] {
            assert_eq!(
                listen_address(text).map(|address| address.to_string()),
                Ok(expected.to_owned()),
                "{text}"
            );
        }
        for text in [
            "",
            "here",
            "bench:7433",
            "1.2.3.4:70000",
            "70000",
            "ws://1.2.3.4:7433",
        ] {
            assert_eq!(listen_address(text), Err(ListenAddressError), "{text}");
        }
    }
}

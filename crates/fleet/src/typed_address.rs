//! Parses what a user types as a board's address. Resolves no names.

use std::net::{IpAddr, Ipv4Addr};

use address::{Address, AddressError};
use families::Family;

/// Parses an address as [`Address`] does, and normalizes it to `host:port`.
///
/// # Errors
/// If it is not an address.
pub fn normalized(text: &str) -> Result<String, AddressError> {
    text.parse().map(|address: Address| address.to_string())
}

/// Parses what a user types to add a board: an address that may begin with the
/// name of its family, as in `shelly://192.168.1.5`. Without a port, it has
/// that of the family.
///
/// # Errors
/// If it is not an address.
pub fn typed_board(text: &str) -> Result<(Option<Family>, Address), AddressError> {
    let named = text.trim().split_once("://").and_then(|(scheme, rest)| {
        let family: Family = scheme.to_ascii_lowercase().parse().ok()?;
        if family.is_brokered() {
            return None;
        }
        Some((family, rest))
    });
    let Some((family, rest)) = named else {
        return Ok((None, text.parse()?));
    };
    let rest = rest.trim_end_matches('/');
    let has_port = match rest.parse::<IpAddr>() {
        Ok(_) => false,
        Err(_) => rest
            .rsplit_once(']')
            .map_or(rest, |(_, after)| after)
            .contains(':'),
    };
    let address = match (has_port, rest.parse::<IpAddr>()) {
        (true, _) => rest.parse()?,
        (false, Ok(IpAddr::V6(ip))) => format!("[{ip}]:{}", family.default_port()).parse()?,
        (false, _) => format!("{rest}:{}", family.default_port()).parse()?,
    };
    Ok((Some(family), address))
}

/// How a text that was typed for a board can be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypedKind {
    /// An address: an IP address, `localhost:port`, `host.domain:port`, or
    /// anything with `ws://` before it.
    Address,
    /// A name that may also be an address: `lamp:2`. A board with exactly this
    /// name takes precedence.
    NameOrAddress,
    /// A name or an id.
    Name,
}

/// How a text that was typed for a board can be understood. Boards choose their
/// own names, so a certain address is never taken for a name.
pub fn typed_kind(typed: &str) -> TypedKind {
    let typed = typed.trim();
    // The zone of a link-local address (RFC 4007, section 11) follows a percent
    // sign.
    let ip = typed.split_once('%').map_or(typed, |(ip, _)| ip);
    if typed.contains("://") || ip.parse::<IpAddr>().is_ok() || is_bracketed(typed) {
        return TypedKind::Address;
    }
    let Some((host, port)) = typed.rsplit_once(':') else {
        return TypedKind::Name;
    };
    let hosts = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    if host.is_empty()
        || port.is_empty()
        || !port.bytes().all(|b| b.is_ascii_digit())
        || !host.bytes().all(hosts)
    {
        return TypedKind::Name;
    }
    // RFC 3696, section 2: the last label of a host name with a domain is not
    // all digits.
    let last = host.rsplit_once('.').map(|(_, last)| last);
    let has_domain = last.is_some_and(|last| last.bytes().any(|b| b.is_ascii_alphabetic()));
    if host.eq_ignore_ascii_case("localhost") || host.parse::<Ipv4Addr>().is_ok() || has_domain {
        TypedKind::Address
    } else {
        TypedKind::NameOrAddress
    }
}

/// Whether it starts like `[IPv6`, and not like a name with brackets: `[Lab]
/// lamp`.
fn is_bracketed(typed: &str) -> bool {
    let Some(rest) = typed.strip_prefix('[') else {
        return false;
    };
    let ip = rest.split(['%', ']']).next().unwrap_or_default();
    ip.contains(':')
        && ip
            .bytes()
            .all(|b| b.is_ascii_hexdigit() || b":.".contains(&b))
}

/// Whether a text can be an address: `host:port`, `[IPv6]:port`, an IP address,
/// or one of these after `ws://`.
pub fn is_address(typed: &str) -> bool {
    typed_kind(typed) != TypedKind::Name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_local_address_is_told_from_a_name() {
        for typed in ["fe80::1%eth0", "[fe80::1%25eth0]", "[fe80::1%eth0]:80"] {
            assert_eq!(typed_kind(typed), TypedKind::Address, "{typed}");
        }
        assert_eq!(typed_kind("100%"), TypedKind::Name);
    }

    #[test]
    fn a_name_with_a_colon_is_not_an_address_unless_it_can_only_be_one() {
        for typed in [
            "192.168.1.17",
            "192.168.1.17:80",
            "::1",
            "[::1]:80",
            "localhost:80",
            "lamp.local:80",
            "ws://lamp",
            "WS://lamp:2/rpc",
        ] {
            assert_eq!(typed_kind(typed), TypedKind::Address, "{typed}");
        }
        for typed in ["Lamp:2", "esp32:80", "Rack1.2:3", "10:30", "lamp:99999"] {
            assert_eq!(typed_kind(typed), TypedKind::NameOrAddress, "{typed}");
        }
        for typed in [
            "Lamp",
            "Room 3:1",
            "B\u{fc}ro:2",
            "[Lab] lamp",
            "[Lab: 2] lamp",
            "Lamp:",
            ":80",
            "Lamp: 2",
            "",
        ] {
            assert_eq!(typed_kind(typed), TypedKind::Name, "{typed}");
        }
    }
}

//! Refuses requests that a web page may not make. A browser runs programs of
//! strangers and reaches the boards of its user's network. So a web page may
//! control a board only if its origin is allowed, and a request must name the
//! board by a host that no stranger can point at it (DNS rebinding). Programs
//! other than browsers send no `Origin`, or the address that they connect to.

use core::net::IpAddr;

use edge_http::Method;

use crate::{
    http::Request,
    origin::{Origin, split_port},
    response::{Refusal, Response},
};

/// The response that refuses a request for its `Host` or `Origin`; `None` for
/// an acceptable request.
pub(crate) fn refuse(request: &Request, board_id: &str, allowed: &[Origin]) -> Option<Response> {
    let host = request.host.as_deref();
    if host.is_some_and(|host| !is_host_of_board(host, board_id)) {
        return Some(Response::refusal(Refusal::OtherHost));
    }
    let acts = request.upgrade.is_some() || request.method == Method::Post;
    match &request.origin {
        Some(origin) if acts && !is_own(origin, host) && !is_allowed(origin, allowed) => {
            Some(Response::origin_not_allowed(allowed))
        }
        _ => None,
    }
}

/// Compares whole origins (RFC 6454, section 7.3). `null` belongs to no site,
/// and a request with two origins has none.
fn is_allowed(origin: &str, allowed: &[Origin]) -> bool {
    origin
        .parse::<Origin>()
        .is_ok_and(|origin| allowed.contains(&origin))
}

/// Whether an origin is the board itself: `http` with the host and port of the
/// request's `Host`, which was checked to be the board's. A stranger's page has
/// the stranger's origin, whatever address its name resolves to.
fn is_own(origin: &str, host: Option<&str>) -> bool {
    let authority = origin
        .split_at_checked("http://".len())
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("http://"));
    let (Some((_, authority)), Some(host)) = (authority, host) else {
        return false;
    };
    match (split_port(authority), split_port(host)) {
        (Some((name, port)), Some((own, own_port))) => {
            port.unwrap_or(80) == own_port.unwrap_or(80) && is_same_host(name, own)
        }
        _ => false,
    }
}

/// Whether two hosts are equal apart from case, a trailing dot, and the
/// notation of an IPv6 address.
fn is_same_host(one: &str, other: &str) -> bool {
    let address = |host: &str| {
        host.strip_prefix('[')?
            .strip_suffix(']')?
            .parse::<IpAddr>()
            .ok()
    };
    let name = |host: &str| host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    match (address(one), address(other)) {
        (Some(one), Some(other)) => one == other,
        _ => name(one) == name(other),
    }
}

/// Whether this `Host` may name a board: an IP address, `localhost`, an mDNS
/// name or the board's id, each with or without a port. A stranger can point
/// any DNS name at any address.
fn is_host_of_board(host: &str, board_id: &str) -> bool {
    let Some((host, _)) = split_port(host) else {
        return false;
    };
    if let Some(bracketed) = host
        .strip_prefix('[')
        .and_then(|inner| inner.strip_suffix(']'))
    {
        // RFC 6874: the zone of a link-local address.
        let address = bracketed
            .split_once('%')
            .map_or(bracketed, |(address, _)| address);
        return matches!(address.parse(), Ok(IpAddr::V6(_)));
    }
    // A name may end with a dot, the DNS root.
    let name = host.strip_suffix('.').unwrap_or(host);
    let last = name.rsplit('.').next().unwrap_or_default();
    matches!(host.parse(), Ok(IpAddr::V4(_)))
        || name.eq_ignore_ascii_case("localhost")
        || (last.eq_ignore_ascii_case("local") && name.len() > ".local".len())
        || name.eq_ignore_ascii_case(board_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_an_address_or_a_name_that_no_stranger_can_point_at_the_board() {
        for host in [
            "192.168.1.17",
            "192.168.1.17:8080",
            "192.168.1.17:",
            "[::1]",
            "[fe80::1%25wlan0]:80",
            "localhost:40123",
            "LocalHost",
            "lamp.local",
            "Desk-Lamp.LOCAL.:80",
            "bench-1",
            "BENCH-1:80",
        ] {
            assert!(is_host_of_board(host, "bench-1"), "{host}");
        }
        for host in [
            "",
            ":80",
            ".local",
            "local",
            "attacker.example",
            "attacker.example:80",
            "bench-1.attacker.example",
            "192.168.1.17.attacker.example",
            "lamp.local.attacker.example",
            "localhost.attacker.example",
            "notlocal",
            "x.notlocal",
            "[attacker.example]",
            "[::1",
            "[::1]x",
            "[192.168.1.17]",
            "::1",
            "192.168.1.17:80:80",
            "192.168.1.17:99999",
            "user@192.168.1.17",
            "192.168.1.17/x",
        ] {
            assert!(!is_host_of_board(host, "bench-1"), "{host}");
        }
    }

    #[test]
    fn origins_are_compared_as_a_whole() {
        let allowed: [Origin; 2] = ["http://Panel.example:8080", "https://lab.example"]
            .map(|text| text.parse().expect("an origin"));
        for origin in [
            "http://panel.example:8080",
            "HTTP://PANEL.EXAMPLE:8080",
            "https://lab.example:443",
        ] {
            assert!(is_allowed(origin, &allowed), "{origin}");
        }
        for origin in [
            "",
            "null",
            "http://panel.example",
            "https://panel.example:8080",
            "http://panel.example:8080/",
            "http://panel.example:80800",
            "http://x.panel.example:8080",
            "http://panel.example:8080.attacker.example",
            "https://lab.example, https://attacker.example",
            "lab.example",
        ] {
            assert!(!is_allowed(origin, &allowed), "{origin}");
        }
        assert!(!is_allowed("null", &[]));
    }

    #[test]
    fn the_boards_own_address_is_an_allowed_origin() {
        for (origin, host) in [
            ("http://192.168.1.17", "192.168.1.17"),
            ("http://192.168.1.17:80", "192.168.1.17"),
            ("http://192.168.1.17", "192.168.1.17:80"),
            ("http://192.168.1.17:8080", "192.168.1.17:8080"),
            ("HTTP://Desk-Lamp.LOCAL", "desk-lamp.local."),
            ("http://desk-lamp.local.:80", "desk-lamp.local"),
            ("http://[::1]:8080", "[::1]:8080"),
            ("http://[FE80:0::1]", "[fe80::1]:80"),
            ("http://[fe80::1%25wlan0]", "[fe80::1%25wlan0]"),
        ] {
            assert!(is_own(origin, Some(host)), "{origin} {host}");
        }
        for (origin, host) in [
            ("null", "192.168.1.17"),
            ("", "192.168.1.17"),
            ("http://", "192.168.1.17"),
            ("https://192.168.1.17", "192.168.1.17"),
            ("https://192.168.1.17:80", "192.168.1.17"),
            ("ws://192.168.1.17", "192.168.1.17"),
            ("192.168.1.17", "192.168.1.17"),
            ("http://192.168.1.17:8080", "192.168.1.17"),
            ("http://192.168.1.17", "192.168.1.17:8080"),
            ("http://192.168.1.18", "192.168.1.17"),
            ("http://192.168.1.17/", "192.168.1.17"),
            ("http://192.168.1.17.stranger.example", "192.168.1.17"),
            ("http://user@192.168.1.17", "192.168.1.17"),
            ("http://192.168.1.17, http://192.168.1.17", "192.168.1.17"),
            ("http://::1", "[::1]"),
            ("http://[::2]", "[::1]"),
        ] {
            assert!(!is_own(origin, Some(host)), "{origin} {host}");
        }
        assert!(
            !is_own("http://192.168.1.17", None),
            "HTTP/1.0 without a Host"
        );
    }

    #[test]
    fn malformed_origins_are_rejected() {
        for text in [
            "null",
            "*",
            "http://",
            "http://*",
            "http://a/",
            "http://a b",
            "://a",
            "1http://a",
            "a",
            "",
        ] {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
        let shown = |text: &str| {
            text.parse::<Origin>()
                .map(|origin| alloc::string::ToString::to_string(&origin))
        };
        assert_eq!(shown("HTTP://[::1]:80").as_deref(), Ok("http://[::1]"));
        assert_eq!(shown("app://Index").as_deref(), Ok("app://index"));
    }
}

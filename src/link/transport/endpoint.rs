//! Reads the URL of a link: where to connect, and what to ask for there.

use sanitize::bounds;
use crate::link::{state::Ending};

/// Where a URL of a link goes.
#[derive(Debug)]
pub(super) struct Endpoint {
    /// `host:port`, with the zone of an IPv6 address where it has one.
    pub(super) authority: String,
    /// The URL without the zone, which means something on this computer only
    /// (RFC 6874, section 4).
    pub(super) url: String,
}

impl Endpoint {
    /// Reads `ws://host:port/path`.
    ///
    /// # Errors
    /// That it is none, as the end of the attempt.
    pub(super) fn of(url: &str) -> Result<Self, Ending> {
        let bad = || Ending::NoConnection(bounds::text(format!("{url:?} is not the address of a \
             board")));
        let rest = url.strip_prefix("ws://").ok_or_else(bad)?;
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (before, after) = match (authority.find('%'), authority.find(']')) {
            (Some(zone), Some(end)) if zone < end => (&authority[..zone], &authority[end..]),
            _ => (authority, ""),
        };
        let path = if path.is_empty() { "/" } else { path };
        let has_port = authority.rsplit_once(':').is_some_and(|(_, port)| !port.contains(']'));
        let with_port = if has_port { authority.to_owned() } else { format!("{authority}:80") };
        Ok(Self { authority: with_port, url: format!("ws://{before}{after}{path}") })
    }

    /// The host, in brackets where it is an IPv6 address.
    pub(super) fn host(&self) -> &str {
        self.authority.rsplit_once(':').map_or(self.authority.as_str(), |(host, _)| host)
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_where_to_connect_and_what_to_ask_for() {
        for (url, authority, host, asked) in [
            ("ws://10.0.0.7:81/rpc", "10.0.0.7:81", "10.0.0.7", "ws://10.0.0.7:81/rpc"),
            ("ws://lamp.local", "lamp.local:80", "lamp.local", "ws://lamp.local/"),
            ("ws://[::1]:81/a?b=c", "[::1]:81", "[::1]", "ws://[::1]:81/a?b=c"),
            ("ws://[fe80::1%2]:81/rpc", "[fe80::1%2]:81", "[fe80::1%2]", "ws://[fe80::1]:81/rpc"),
            ("ws://[fe80::1%2]/", "[fe80::1%2]:80", "[fe80::1%2]", "ws://[fe80::1]/"),
        ] {
            let endpoint = Endpoint::of(url).expect(url);
            assert_eq!((endpoint.authority.as_str(), endpoint.host(), endpoint.url.as_str()), (authority, host, asked));
        }
        assert!(matches!(Endpoint::of("http://10.0.0.7/"), Err(Ending::NoConnection(_))));
    }
}

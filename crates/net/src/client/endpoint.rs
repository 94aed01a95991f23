//! Parses and prints the address of a WebSocket or web server.

use std::{fmt, str::FromStr};

use protocol::RPC_PATH;
use tokio_tungstenite::tungstenite::http::Uri;

use address::{Address, Host};
use sanitize::redact::{MARK, redacted};

/// An address of a WebSocket or of a web server (RFC 6455, 3; RFC 9110, 4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Without the zone of a link-local address: it is never sent.
    uri: Uri,
    secure: bool,
    address: Address,
}

impl Endpoint {
    /// The control channel of a board.
    pub fn of_board(address: &Address) -> Self {
        let uri = format!("ws://{}{RPC_PATH}", address.authority())
            .parse()
            .unwrap_or_default();
        Self {
            uri,
            secure: false,
            address: address.clone(),
        }
    }

    /// The host and the port; by default the port of the scheme, 80 or 443.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The host: a name, or an IP address without brackets and zone.
    pub fn host(&self) -> String {
        super::host_of(&self.address)
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Whether TLS is used.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// The whole address.
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// The request target: the path and the query.
    pub fn path(&self) -> &str {
        self.uri.path_and_query().map_or("/", |path| path.as_str())
    }

    /// The host and the port, as in the `Host` header.
    pub fn authority(&self) -> &str {
        self.uri
            .authority()
            .map_or("", |authority| authority.as_str())
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    /// The default scheme is `ws://`.
    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let text = text.trim();
        let error = |why: &'static str| EndpointError {
            text: redacted(text).into_owned(),
            why,
        };
        if text.contains(MARK) {
            return Err(error(
                "secrets in addresses are not saved; type the secret in place of …",
            ));
        }
        // Schemes are case-insensitive (RFC 3986, 3.1), but the libraries know
        // only lower case.
        let uri = match text.split_once("://") {
            Some((scheme, rest)) => format!("{}://{rest}", scheme.to_ascii_lowercase()),
            None => format!("ws://{text}"),
        };
        // A fragment is not sent to the server (RFC 6455, 3).
        if uri.contains('#') {
            return Err(error("a WebSocket address cannot have a part after #"));
        }
        let (uri, zone) = without_zone(&uri);
        let uri: Uri = uri.parse().map_err(|_| error("it is not a URL"))?;
        let secure = match uri.scheme_str() {
            Some("ws") => false,
            Some("wss") => true,
            // A page and a WebSocket on one server often have different paths,
            // so do not guess.
            Some("http" | "https") => return Err(error("it is the address of a web page")),
            _ => return Err(error("its scheme is not supported")),
        };
        let authority = uri.authority().ok_or_else(|| error("it has no host"))?;
        if authority.as_str().contains('@') {
            return Err(error(
                "a user name and password belong in a header, not in the address",
            ));
        }
        let host = authority.host();
        if host.is_empty() {
            return Err(error("it has no host"));
        }
        let said = authority
            .as_str()
            .rsplit_once(':')
            .is_some_and(|(_, port)| !port.contains(']'));
        let port = match (authority.port_u16(), said) {
            (Some(0), _) | (None, true) => return Err(error("its port is not from 1 to 65535")),
            (Some(port), _) => port,
            (None, false) if secure => 443,
            (None, false) => 80,
        };
        let address = Address::in_url(host, zone.as_deref(), port).map_err(error)?;
        Ok(Self {
            secure,
            address,
            uri,
        })
    }
}

impl fmt::Display for Endpoint {
    /// The address without its secrets. [`Endpoint::uri`] has them.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // As typed, with the zone.
        let authority = self.authority();
        let text = match self.address.host() {
            Host::V6 {
                zone: Some(zone), ..
            } => {
                let with_zone = authority.replacen(']', &format!("%{zone}]"), 1);
                self.uri.to_string().replacen(authority, &with_zone, 1)
            }
            _ => self.uri.to_string(),
        };
        redacted(&text).fmt(formatter)
    }
}

/// Removes the zone from `ws://[fe80::1%eth0]/`, which is not a valid URI: RFC
/// 6874 would allow it, but was withdrawn.
fn without_zone(uri: &str) -> (String, Option<String>) {
    let parts = || {
        let (scheme, rest) = uri.split_once("://[")?;
        let (host, rest) = rest.split_once(']')?;
        let (ip, zone) = host.split_once('%')?;
        Some((format!("{scheme}://[{ip}]{rest}"), zone.to_owned()))
    };
    parts().map_or_else(|| (uri.to_owned(), None), |(uri, zone)| (uri, Some(zone)))
}

/// Why a text is not an address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not a WebSocket address: {why}. Accepted: ws://HOST[:PORT][/PATH] or, with \
         TLS, wss://HOST[:PORT][/PATH]"
)]
pub struct EndpointError {
    text: String,
    why: &'static str,
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host_a_port_a_path_and_a_scheme() {
        for (text, host, port, secure, path) in [
            ("ws://192.168.1.17/rpc", "192.168.1.17", 80, false, "/rpc"),
            (
                "wss://stream.binance.com:9443/ws/!miniTicker@arr",
                "stream.binance.com",
                9443,
                true,
                "/ws/!miniTicker@arr",
            ),
            ("desk-lamp.local/ws", "desk-lamp.local", 80, false, "/ws"),
            ("wss://[::1]:8443/?token=a", "::1", 8443, true, "/?token=a"),
            ("ws://[fe80::1%eth0]:8188/ws", "fe80::1", 8188, false, "/ws"),
            ("WSS://Example.org", "example.org", 443, true, "/"),
            (" ws://localhost:8080 ", "localhost", 8080, false, "/"),
        ] {
            let place: Endpoint = text.parse().expect("an address");
            let said = place.host();
            assert_eq!(
                (&*said, place.port(), place.is_secure(), place.path()),
                (host, port, secure, path)
            );
        }
    }

    #[test]
    fn a_link_local_address_is_shown_with_its_interface_and_sent_without_it() {
        for text in [
            "ws://[fe80::1%eth0]:8188/ws",
            "ws://[fe80::1%25eth0]:8188/ws",
            "[fe80::1%eth0]:8188/ws",
        ] {
            let place: Endpoint = text.parse().expect("an address");
            assert_eq!(place.authority(), "[fe80::1]:8188", "{text}");
            assert_eq!(place.to_string(), "ws://[fe80::1%eth0]:8188/ws", "{text}");
            assert_eq!(place.address().to_string(), "[fe80::1%eth0]:8188", "{text}");
        }
    }

    #[test]
    fn an_address_is_printed_without_its_secrets() {
        let place: Endpoint = "ws://a/ws?token=abc".parse().expect("an address");
        assert_eq!(
            (place.to_string().as_str(), place.path()),
            ("ws://a/ws?token=…", "/ws?token=abc")
        );
    }

    #[test]
    fn an_invalid_address_is_refused_with_what_is_accepted() {
        for text in [
            "",
            "ws://",
            "ftp://a/b",
            "http://a/b",
            "HTTPS://a/b",
            "ws://a:0/",
            "ws://a:65536/",
            "ws://a:b/",
            "ws://a/#b",
            "ws://me:secret@a/",
            "ws://a b/",
            "ws://[fe80::1]/",
            "ws://[fe80::1%]/",
            "ws://[::1%eth0]/",
            "ws://a/?token=…",
        ] {
            let error = text.parse::<Endpoint>().map_or_else(
                |error| error.to_string(),
                |place| format!("read as {place:?}"),
            );
            assert!(error.contains("Accepted: ws://HOST"), "{error}");
            assert!(!error.contains("secret@"), "{error}");
        }
    }
}

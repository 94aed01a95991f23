//! Where to connect to, as a person types it.

use std::{fmt, str::FromStr};

use tokio_tungstenite::tungstenite::http::Uri;

use crate::redact::{MARK, redacted};

/// An address of a WebSocket or of a web server (RFC 6455, 3; RFC 9110, 4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    uri: Uri,
    secure: bool,
    host: String,
    port: u16,
}

impl Place {
    /// The host: a name, or an IP address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port; where none was said that of the scheme, 80 or 443.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// With TLS.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// The whole address.
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// What is asked for of the server: the path and what follows it.
    pub fn path(&self) -> &str {
        self.uri.path_and_query().map_or("/", |path| path.as_str())
    }

    /// The host and the port as they are in the `Host` header.
    pub fn authority(&self) -> &str {
        self.uri.authority().map_or("", |authority| authority.as_str())
    }
}

impl FromStr for Place {
    type Err = PlaceError;

    /// Without a scheme it is `ws://`.
    fn from_str(text: &str) -> Result<Self, PlaceError> {
        let text = text.trim();
        let error = |why: &'static str| PlaceError { text: redacted(text).into_owned(), why };
        if text.contains(MARK) {
            return Err(error("secrets in addresses are not saved; type the secret in place of …"));
        }
        let uri = if text.contains("://") { text.to_owned() } else { format!("ws://{text}") };
        // What follows # is for the client alone (RFC 6455, 3).
        if uri.contains('#') {
            return Err(error("an address of a WebSocket has no part after #"));
        }
        let uri: Uri = uri.parse().map_err(|_| error("it is no address"))?;
        let secure = match uri.scheme_str() {
            Some("ws" | "http") => false,
            Some("wss" | "https") => true,
            _ => return Err(error("its scheme is none of these")),
        };
        let authority = uri.authority().ok_or_else(|| error("it has no host"))?;
        if authority.as_str().contains('@') {
            return Err(error("a name and a password are given as a header, not in the address"));
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        if host.is_empty() {
            return Err(error("it has no host"));
        }
        let said = authority.as_str().rsplit_once(':').is_some_and(|(_, port)| !port.contains(']'));
        let port = match (authority.port_u16(), said) {
            (Some(0), _) | (None, true) => return Err(error("its port is none from 1 to 65535")),
            (Some(port), _) => port,
            (None, false) if secure => 443,
            (None, false) => 80,
        };
        Ok(Self { secure, host, port, uri })
    }
}

impl fmt::Display for Place {
    /// As it is shown and told: without the secrets in it. What is sent is [`Place::uri`].
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        redacted(&self.uri.to_string()).fmt(formatter)
    }
}

/// Why a text is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is no address of a WebSocket: {why}. Accepted: ws://HOST[:PORT][/PATH] or, with TLS, wss://HOST[:PORT][/PATH]"
)]
pub struct PlaceError {
    text: String,
    why: &'static str,
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_host_port_path_and_whether_with_tls() {
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
            ("https://example.org", "example.org", 443, true, "/"),
            (" ws://localhost:8080 ", "localhost", 8080, false, "/"),
        ] {
            let place: Place = text.parse().expect("an address");
            assert_eq!((place.host(), place.port(), place.is_secure(), place.path()), (host, port, secure, path));
        }
    }

    #[test]
    fn an_address_is_told_without_its_secrets_and_used_with_them() {
        let place: Place = "ws://a/ws?token=abc".parse().expect("an address");
        assert_eq!((place.to_string().as_str(), place.path()), ("ws://a/ws?token=…", "/ws?token=abc"));
    }

    #[test]
    fn what_is_no_address_is_refused_with_what_would_be_accepted() {
        for text in [
            "",
            "ws://",
            "ftp://a/b",
            "ws://a:0/",
            "ws://a:65536/",
            "ws://a:b/",
            "ws://a/#b",
            "ws://me:secret@a/",
            "ws://a b/",
            "ws://a/?token=…",
        ] {
            let error =
                text.parse::<Place>().map_or_else(|error| error.to_string(), |place| format!("read as {place:?}"));
            assert!(error.contains("Accepted: ws://HOST"), "{error}");
            assert!(!error.contains("secret@"), "{error}");
        }
    }
}

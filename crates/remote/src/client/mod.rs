//! The window's side: keeps what is published of a fleet equal to what the
//! server says.

mod apply;
mod connection;
mod mirror;

pub use connection::connect;
pub use mirror::{Ending, Mirror};

use crate::wire::Token;

/// A server that keeps a fleet.
#[derive(Debug, Clone)]
pub struct Server {
    /// `ws://host:port/fleet` or `wss://…`.
    url: String,
    /// What the server knows the window by; empty if it has none.
    pub token: Token,
    /// The name of the person, for others to see.
    pub name: String,
}

/// A text is not the address of a server.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not the address of a server: {why}. Accepted: ws://HOST[:PORT] or, with TLS, \
     wss://HOST[:PORT]; the token after #token="
)]
pub struct ServerError {
    text: String,
    why: &'static str,
}

impl Server {
    /// The port of a server, unless another is given.
    pub const PORT: u16 = 8080;

    /// Reads an address as a server prints it, with `http` in place of `ws`
    /// too, and with the token after `#token=`.
    ///
    /// # Errors
    /// It is no such address.
    pub fn at(text: &str) -> Result<Self, ServerError> {
        let (address, token) = match text.trim().split_once('#') {
            Some((address, fragment)) => (address, fragment.strip_prefix("token=")),
            None => (text.trim(), Some("")),
        };
        let error = |why| ServerError {
            // Without what may be a token.
            text: address.to_owned(),
            why,
        };
        let token = token.ok_or_else(|| error("what follows # is not token=…"))?;
        let (scheme, rest) = match address.split_once("://") {
            Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
            None => ("ws".to_owned(), address),
        };
        let secure = match scheme.as_str() {
            "ws" | "http" => false,
            "wss" | "https" => true,
            _ => return Err(error("its scheme is not ws or wss")),
        };
        let host = rest.trim_end_matches('/');
        if host.contains(['/', '?', '@']) {
            return Err(error("it has more than a host and a port"));
        }
        let after = host.rsplit_once(']').map_or(host, |(_, after)| after);
        let with_port = match after.rsplit_once(':') {
            Some((_, port)) if port.parse::<u16>().is_ok_and(|port| port > 0) => host.to_owned(),
            Some(_) => return Err(error("its port is not from 1 to 65535")),
            None if secure => format!("{host}:443"),
            None => format!("{host}:{}", Self::PORT),
        };
        // The host is one where boards could be.
        with_port
            .parse::<address::Address>()
            .map_err(|_| error("its host is neither a name nor an IP address"))?;
        let scheme = if secure { "wss" } else { "ws" };
        Ok(Self {
            url: format!("{scheme}://{with_port}/fleet"),
            token: Token::from(token),
            name: String::new(),
        })
    }

    /// Where the WebSocket is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// As people name it: without the path.
    pub fn address(&self) -> &str {
        self.url.strip_suffix("/fleet").unwrap_or(&self.url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_it_is_printed() {
        for (text, url) in [
            ("ws://pi:8080", "ws://pi:8080/fleet"),
            ("http://pi:8080/", "ws://pi:8080/fleet"),
            ("https://pi", "wss://pi:443/fleet"),
            ("192.168.1.5", "ws://192.168.1.5:8080/fleet"),
            ("ws://[fd00::1]:90", "ws://[fd00::1]:90/fleet"),
        ] {
            let server = Server::at(text).map(|server| server.url().to_owned());
            assert_eq!(server.as_deref(), Ok(url), "{text}");
        }
        let server =
            Server::at("http://pi:8080/#token=abc").map(|server| server.token.text().to_owned());
        assert_eq!(server.as_deref(), Ok("abc"));
    }

    #[test]
    fn what_is_no_address_is_refused_without_its_token() {
        for text in [
            "ftp://pi",
            "ws://pi:0",
            "ws://pi/else",
            "ws://",
            "ws://pi#secret=1",
            "ws://a b",
        ] {
            assert!(Server::at(text).is_err(), "{text}");
        }
        let refused = Server::at("ftp://pi#token=abc").map_err(|error| error.to_string());
        assert!(refused.is_err_and(|error| !error.contains("abc") && error.contains("wss://")));
    }
}

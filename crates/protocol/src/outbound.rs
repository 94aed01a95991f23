//! Outbound connections: the URL to which a board keeps a WebSocket open, the
//! state of that connection, and the fields with which the board identifies
//! itself.

use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
};
use core::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Object, limits};

/// The header field of the opening handshake with the board's id.
pub const ID_FIELD: &str = "Switchboard-Id";

/// The header field with which a locked board says how it encrypts, as in
/// `api_encryption` of its TXT record.
pub const ENCRYPTION_FIELD: &str = "Switchboard-Encryption";

/// The default port on which a controller listens for boards.
pub const PORT: u16 = 7433;

/// The port of a URL that names none (RFC 6455, section 3).
const DEFAULT_PORT: u16 = 80;

/// The URL of an outbound connection: `ws://HOST[:PORT][/PATH]`, at most
/// [`limits::OUTBOUND_URL`] bytes. HOST is a name, an IPv4 address or an IPv6
/// address in brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboundUrl {
    host: String,
    port: u16,
    path: String,
}

/// A text is not an [`OutboundUrl`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OutboundUrlError {
    /// `wss://`: the firmware has no TLS.
    #[error(
        "wss:// is not supported because this firmware lacks TLS. Use ws:// and lock the board, \
            which then encrypts all messages."
    )]
    Tls,
    /// Another scheme, or no scheme.
    #[error("expected a URL that begins with ws://, for example ws://192.168.1.5:7433")]
    Scheme,
    /// The host is invalid.
    #[error(
        "expected a host name, an IPv4 address or an IPv6 address in brackets, without user and \
            password"
    )]
    Host,
    /// The port is invalid.
    #[error("expected a port from 1 to 65535")]
    Port,
    /// The path contains characters that a request cannot carry.
    #[error(
        "the path can contain letters, digits and -._~!$&'()*+,;=:@%/?, but no # and no spaces"
    )]
    Path,
    /// The URL is too long.
    #[error("the URL can have at most {} bytes", limits::OUTBOUND_URL)]
    Length,
}

impl OutboundUrl {
    /// The host; an IPv6 address without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port; 80 if the URL names none.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Path and query; at least `/`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The value of `Host` in the request (RFC 9110, section 7.2): the host,
    /// and the port unless it is 80.
    pub fn authority(&self) -> String {
        let brackets = self.host.contains(':');
        let host = if brackets {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        if self.port == DEFAULT_PORT {
            host
        } else {
            format!("{host}:{}", self.port)
        }
    }
}

impl fmt::Display for OutboundUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ws://{}{}", self.authority(), self.path)
    }
}

impl FromStr for OutboundUrl {
    type Err = OutboundUrlError;

    fn from_str(text: &str) -> Result<Self, OutboundUrlError> {
        if text.len() > limits::OUTBOUND_URL {
            return Err(OutboundUrlError::Length);
        }
        let (scheme, rest) = text.split_once("://").ok_or(OutboundUrlError::Scheme)?;
        // RFC 3986, section 3.1: schemes are case-insensitive.
        match scheme {
            scheme if scheme.eq_ignore_ascii_case("ws") => {}
            scheme if scheme.eq_ignore_ascii_case("wss") => return Err(OutboundUrlError::Tls),
            _ => return Err(OutboundUrlError::Scheme),
        }
        let (authority, path) = match rest.find(['/', '?', '#']) {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let (host, port) = host_and_port(authority)?;
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@%/?".contains(&b);
        if !path.bytes().all(plain) {
            return Err(OutboundUrlError::Path);
        }
        let path = if path.starts_with('/') {
            path.to_owned()
        } else {
            format!("/{path}")
        };
        let url = Self {
            host: host.to_ascii_lowercase(),
            port,
            path,
        };
        // The stored URL always has a path.
        if url.to_string().len() > limits::OUTBOUND_URL {
            Err(OutboundUrlError::Length)
        } else {
            Ok(url)
        }
    }
}

fn host_and_port(authority: &str) -> Result<(&str, u16), OutboundUrlError> {
    let (host, port, valid) = if let Some(bracketed) = authority.strip_prefix('[') {
        let (host, after) = bracketed.split_once(']').ok_or(OutboundUrlError::Host)?;
        let port = if after.is_empty() {
            None
        } else {
            Some(after.strip_prefix(':').ok_or(OutboundUrlError::Host)?)
        };
        (host, port, host.parse::<core::net::Ipv6Addr>().is_ok())
    } else {
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        };
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
        (host, port, !host.is_empty() && host.bytes().all(plain))
    };
    if !valid {
        return Err(OutboundUrlError::Host);
    }
    let port = match port {
        None => DEFAULT_PORT,
        Some(port) if port.bytes().all(|b| b.is_ascii_digit()) => port
            .parse()
            .ok()
            .filter(|port| *port > 0)
            .ok_or(OutboundUrlError::Port)?,
        Some(_) => return Err(OutboundUrlError::Port),
    };
    Ok((host, port))
}

impl Serialize for OutboundUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for OutboundUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// The parameters of `Outbound.Set`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetOutbound {
    /// The new URL; `None`, on the wire `null`, for no connection.
    pub url: Option<OutboundUrl>,
}

/// The result of `Outbound.Set` and `Outbound.Get`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outbound {
    /// Where the board connects; `null` is nowhere.
    pub url: Option<OutboundUrl>,
    /// The state of the connection.
    pub state: OutboundState,
    /// Since when, in milliseconds since boot.
    pub since_ms: u64,
    /// The board's time, in milliseconds since boot.
    pub uptime_ms: u64,
    /// While waiting: when the board tries again, in milliseconds since boot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_ms: Option<u64>,
    /// While connected: the client number of the controller at the other end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<u32>,
    /// Attempts since the URL was set, or since boot.
    pub attempts: u32,
    /// Why the last attempt failed or the last connection ended; absent before
    /// the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<OutboundFailure>,
    /// Unknown fields of a newer board, unchanged.
    #[serde(flatten)]
    pub extra: Object,
}

/// Why an attempt failed or a connection ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboundFailure {
    /// When, in milliseconds since boot.
    pub uptime_ms: u64,
    /// For people; at most [`limits::OUTBOUND_FAILURE`] bytes.
    pub message: String,
}

/// The state of a board's outbound connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutboundState {
    /// No URL is set.
    Off,
    /// The last attempt failed or the last connection ended; the next attempt
    /// is due later.
    Waiting,
    /// An attempt is in progress.
    Connecting,
    /// The controller is connected.
    Connected,
    /// A word of a newer board.
    Unknown(String),
}

impl OutboundState {
    /// The name on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Off => "off",
            Self::Waiting => "waiting",
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::Unknown(word) => word,
        }
    }
}

impl Serialize for OutboundState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for OutboundState {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let word = String::deserialize(deserializer)?;
        Ok(match word.as_str() {
            "off" => Self::Off,
            "waiting" => Self::Waiting,
            "connecting" => Self::Connecting,
            "connected" => Self::Connected,
            _ => Self::Unknown(word),
        })
    }
}

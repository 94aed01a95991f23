//! A board that calls: the address to which it keeps a WebSocket open, how that
//! goes, and how it says who it is.

use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
};
use core::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Object, limits};

/// The field of the opening handshake in which a board that calls says its id.
pub const ID_FIELD: &str = "Switchboard-Id";

/// The field in which a locked board that calls says how it encrypts, as
/// `api_encryption` of its TXT record does.
pub const ENCRYPTION_FIELD: &str = "Switchboard-Encryption";

/// The port at which a controller listens for boards that call, where nothing
/// else is said.
pub const PORT: u16 = 7433;

/// The port of a URL that names none (RFC 6455, section 3).
const DEFAULT_PORT: u16 = 80;

/// Where a board calls: `ws://HOST[:PORT][/PATH]`, at most [`limits::CALL_URL`]
/// bytes. HOST is a name, an IPv4 address or an IPv6 address in brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallUrl {
    host: String,
    port: u16,
    path: String,
}

/// Why a text is no [`CallUrl`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CallUrlError {
    /// `wss://`: this firmware has no TLS.
    #[error(
        "wss:// is WebSocket over TLS, which this firmware has not: use ws://, and lock the \
             board, which encrypts all that is said"
    )]
    Tls,
    /// Another scheme, or none.
    #[error("an address to call begins with ws://, for example ws://192.168.1.5:7433")]
    Scheme,
    /// The host is none.
    #[error(
        "the host is a name, an IPv4 address or an IPv6 address in brackets, without user and \
             password"
    )]
    Host,
    /// The port is none.
    #[error("the port is a whole number from 1 to 65535")]
    Port,
    /// The path has what a request cannot carry.
    #[error("the path is letters, digits and -._~!$&'()*+,;=:@%/? without # and spaces")]
    Path,
    /// It is too long.
    #[error("an address to call has at most {} bytes", limits::CALL_URL)]
    Length,
}

impl CallUrl {
    /// The host, an IPv6 address without its brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port; 80 where the URL names none.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Path and query; at least `/`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What `Host` of the request is (RFC 9110, section 7.2): the host, and the
    /// port where it is not 80.
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

impl fmt::Display for CallUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ws://{}{}", self.authority(), self.path)
    }
}

impl FromStr for CallUrl {
    type Err = CallUrlError;

    fn from_str(text: &str) -> Result<Self, CallUrlError> {
        if text.len() > limits::CALL_URL {
            return Err(CallUrlError::Length);
        }
        let (scheme, rest) = text.split_once("://").ok_or(CallUrlError::Scheme)?;
        // RFC 3986, section 3.1: schemes are compared without regard to case.
        match scheme {
            scheme if scheme.eq_ignore_ascii_case("ws") => {}
            scheme if scheme.eq_ignore_ascii_case("wss") => return Err(CallUrlError::Tls),
            _ => return Err(CallUrlError::Scheme),
        }
        let (authority, path) = match rest.find(['/', '?', '#']) {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let (host, port) = host_and_port(authority)?;
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@%/?".contains(&b);
        if !path.bytes().all(plain) {
            return Err(CallUrlError::Path);
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
        // As it is kept and told, it has a path in any case.
        if url.to_string().len() > limits::CALL_URL {
            Err(CallUrlError::Length)
        } else {
            Ok(url)
        }
    }
}

fn host_and_port(authority: &str) -> Result<(&str, u16), CallUrlError> {
    let (host, port, valid) = if let Some(bracketed) = authority.strip_prefix('[') {
        let (host, after) = bracketed.split_once(']').ok_or(CallUrlError::Host)?;
        let port = if after.is_empty() {
            None
        } else {
            Some(after.strip_prefix(':').ok_or(CallUrlError::Host)?)
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
        return Err(CallUrlError::Host);
    }
    let port = match port {
        None => DEFAULT_PORT,
        Some(port) if port.bytes().all(|b| b.is_ascii_digit()) => port
            .parse()
            .ok()
            .filter(|port| *port > 0)
            .ok_or(CallUrlError::Port)?,
        Some(_) => return Err(CallUrlError::Port),
    };
    Ok((host, port))
}

impl Serialize for CallUrl {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for CallUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// The parameters of `Outbound.Set`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetOutbound {
    /// Where to call from now on; `None`, on the wire `null`, is nowhere.
    pub url: Option<CallUrl>,
}

/// The result of `Outbound.Set` and `Outbound.Get`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outbound {
    /// Where it calls; `null` is nowhere.
    pub url: Option<CallUrl>,
    /// How that is.
    pub state: OutboundState,
    /// Since when, in milliseconds since boot.
    pub since_ms: u64,
    /// The board's time, in milliseconds since boot.
    pub uptime_ms: u64,
    /// While it waits: when it calls again, in milliseconds since boot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_ms: Option<u64>,
    /// While it is connected: the number that who is called has as a
    /// controller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<u32>,
    /// How often it has called there since it was told to, or since boot.
    pub attempts: u32,
    /// Why the last call failed or ended; absent before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<OutboundFailure>,
    /// Fields of a newer board, kept as they came.
    #[serde(flatten)]
    pub extra: Object,
}

/// Why a call failed or ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboundFailure {
    /// When, in milliseconds since boot.
    pub uptime_ms: u64,
    /// For people; at most [`limits::CALL_FAILURE`] bytes.
    pub message: String,
}

/// How a board's call is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutboundState {
    /// It calls nobody.
    Off,
    /// The last call failed or ended, and the next is waited for.
    Waiting,
    /// A call is being made.
    Connecting,
    /// Who is called is a controller.
    Connected,
    /// A word of a newer board.
    Unknown(String),
}

impl OutboundState {
    /// Its word on the wire.
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

//! Settings of a channel, chosen before it is opened.

use std::{fmt, path::PathBuf, str::FromStr, time::Duration};

use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};

use net::client::{Endpoint, GIVE_UP};

/// The default limit for received messages: 16 MiB.
pub const MAX_MESSAGE: usize = 16 << 20;

/// Headers that the handshake sets itself (RFC 6455, 4.1). Subprotocols have a
/// setting of their own.
const HANDSHAKE_HEADERS: [&str; 6] = [
    "connection",
    "upgrade",
    "sec-websocket-version",
    "sec-websocket-key",
    "sec-websocket-extensions",
    "sec-websocket-protocol",
];

/// How a channel connects, and what it keeps.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelSettings {
    /// The address.
    pub endpoint: Endpoint,
    /// Headers sent in addition to those of the handshake.
    pub headers: Vec<Header>,
    /// The subprotocols to offer, in order of preference (RFC 6455, 1.9). If
    /// any are offered, the server must choose one.
    pub subprotocols: Vec<Subprotocol>,
    /// A PEM file with certificates to trust in addition to the system's.
    pub ca_file: Option<PathBuf>,
    /// The interval between pings, at least 10 ms; `None` sends no pings.
    pub ping_interval: Option<Duration>,
    /// If a ping is unanswered and nothing was received for this long, the
    /// connection is abandoned; default 30 s. Also the timeout of a send.
    pub silence_timeout: Duration,
    /// The timeout of an attempt to connect; default [`GIVE_UP`].
    pub connect_timeout: Duration,
    /// Reconnect whenever the connection ends, unless this program closed it.
    pub reconnect: bool,
    /// The limit for received messages, in bytes, all fragments together;
    /// default [`MAX_MESSAGE`].
    pub max_message: usize,
    /// How many log entries are kept.
    pub retention: Retention,
}

impl ChannelSettings {
    /// The defaults: no pings, no reconnecting.
    pub fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            headers: Vec::new(),
            subprotocols: Vec::new(),
            ca_file: None,
            ping_interval: None,
            silence_timeout: Duration::from_secs(30),
            connect_timeout: GIVE_UP,
            reconnect: false,
            max_message: MAX_MESSAGE,
            retention: Retention::default(),
        }
    }
}

/// How many log entries are kept until they are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// The number of entries.
    pub entries: usize,
    /// Their total size in bytes; the newest entry is always kept.
    pub bytes: usize,
    /// What happens when the limit is reached.
    pub when_full: WhenFull,
}

impl Default for Retention {
    /// 20,000 entries or 32 MiB; beyond that the oldest are dropped.
    fn default() -> Self {
        Self {
            entries: 20_000,
            bytes: 32 << 20,
            when_full: WhenFull::DropOldest,
        }
    }
}

/// What happens when the limit is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenFull {
    /// The oldest entry is dropped and counted: for a display.
    DropOldest,
    /// Nothing more is received until the entries are read: for a reader that
    /// needs all of them. There can be only one such reader.
    Wait,
}

/// A header of the opening request, `Name: value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub(super) name: HeaderName,
    pub(super) value: HeaderValue,
}

impl FromStr for Header {
    type Err = ChannelSettingsError;

    fn from_str(text: &str) -> Result<Self, ChannelSettingsError> {
        let error = |why| ChannelSettingsError::Header {
            text: text.to_owned(),
            why,
        };
        let (name, value) = text
            .split_once(':')
            .ok_or_else(|| error("the colon is missing"))?;
        let name: HeaderName = name
            .trim()
            .parse()
            .map_err(|_| error("its name has characters that are not allowed"))?;
        if HANDSHAKE_HEADERS.contains(&name.as_str()) {
            return Err(error("the WebSocket handshake sets it"));
        }
        let value: HeaderValue = value
            .trim()
            .parse()
            .map_err(|_| error("its value has a control character"))?;
        value
            .to_str()
            .map_err(|_| error("its value is not ASCII"))?;
        Ok(Self { name, value })
    }
}

impl fmt::Display for Header {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}: {}",
            self.name,
            self.value.to_str().unwrap_or_default()
        )
    }
}

/// The name of a subprotocol (RFC 6455, 4.1: a token of RFC 9110).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subprotocol(String);

impl Subprotocol {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Subprotocol {
    type Err = ChannelSettingsError;

    fn from_str(text: &str) -> Result<Self, ChannelSettingsError> {
        let text = text.trim();
        let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if text.is_empty() || !text.chars().all(is_token) {
            return Err(ChannelSettingsError::Subprotocol {
                text: text.to_owned(),
            });
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Subprotocol {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A setting cannot be parsed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChannelSettingsError {
    /// An invalid header.
    #[error(
        "{text:?} is not a valid header: {why}. Write Name: value, for example \
             Authorization: Bearer abc"
    )]
    Header {
        /// The text.
        text: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// An invalid subprotocol.
    #[error(
        "{text:?} is not a valid subprotocol. Write one word of letters, digits and characters such \
             as -._~, for example switchboard.v1"
    )]
    Subprotocol {
        /// The text.
        text: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_has_a_name_and_a_value_and_is_not_set_by_the_handshake() {
        let header: Header = "Authorization:  Bearer a:b ".parse().expect("a header");
        assert_eq!(header.to_string(), "authorization: Bearer a:b");
        for text in [
            "",
            "Authorization",
            "a b: c",
            "Upgrade: h2c",
            "Sec-WebSocket-Key: x",
            "X: a\nb",
            "X: ä",
        ] {
            assert!(
                text.parse::<Header>()
                    .is_err_and(|error| error.to_string().contains("Write ")),
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_subprotocol_is_one_word() {
        assert_eq!(
            "switchboard.v1"
                .parse::<Subprotocol>()
                .expect("a word")
                .as_str(),
            "switchboard.v1"
        );
        assert!(
            ["", "a b", "a,b", "ä"]
                .iter()
                .all(|text| text.parse::<Subprotocol>().is_err())
        );
    }
}

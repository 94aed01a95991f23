//! How a channel is opened and kept: what a person chooses before it is opened.

use std::{fmt, path::PathBuf, str::FromStr, time::Duration};

use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};

use net::client::{Endpoint, GIVE_UP};

/// The largest message that is taken, in bytes, unless something else is said:
/// 16 MiB.
pub const LARGEST: usize = 16 << 20;

/// Headers that the handshake itself sets (RFC 6455, 4.1); the subprotocols are
/// named apart.
const OWN: [&str; 6] = [
    "connection",
    "upgrade",
    "sec-websocket-version",
    "sec-websocket-key",
    "sec-websocket-extensions",
    "sec-websocket-protocol",
];

/// How a channel is opened and kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Where to.
    pub place: Endpoint,
    /// What is sent beside the headers of the handshake.
    pub headers: Vec<Header>,
    /// The subprotocols that are offered, the most wanted first (RFC 6455,
    /// 1.9). If any is, the server has to choose one.
    pub protocols: Vec<Protocol>,
    /// Certificates that are trusted beside the usual ones: a file in the PEM
    /// format.
    pub certificates: Option<PathBuf>,
    /// A ping is sent so often; none without. At least 10 ms.
    pub ping: Option<Duration>,
    /// After a ping without an answer the channel is given up when nothing was
    /// heard for so long; default 30 s. Also how long what is sent may wait to
    /// be taken.
    pub silence: Duration,
    /// It is given up when it is not open after this time; default [`GIVE_UP`].
    pub connect_within: Duration,
    /// It is opened again after it ended, for ever, unless this program closed
    /// it.
    pub reconnect: bool,
    /// The largest message that is taken, in bytes, all of its fragments
    /// together; default [`LARGEST`].
    pub largest: usize,
    /// What is kept of what came.
    pub keep: Keep,
}

impl Settings {
    /// The usual ones: no ping, no second attempt.
    pub fn new(place: Endpoint) -> Self {
        Self {
            place,
            headers: Vec::new(),
            protocols: Vec::new(),
            certificates: None,
            ping: None,
            silence: Duration::from_secs(30),
            connect_within: GIVE_UP,
            reconnect: false,
            largest: LARGEST,
            keep: Keep::default(),
        }
    }
}

/// What is kept of what came, until somebody looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// So many entries.
    pub entries: usize,
    /// Of so many bytes together; the newest is kept in any case.
    pub bytes: usize,
    /// What happens when there is no room.
    pub full: Full,
}

impl Default for Keep {
    /// 20,000 entries or 32 MiB; then the oldest are forgotten.
    fn default() -> Self {
        Self {
            entries: 20_000,
            bytes: 32 << 20,
            full: Full::Forget,
        }
    }
}

/// What happens when there is no room for what comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Full {
    /// The oldest is forgotten, and counted: for who looks on.
    Forget,
    /// Nothing more is read until what was kept is taken: for who must have all
    /// of it. Then there is one reader only.
    Wait,
}

/// A header of the request that opens a channel, `Name: value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    pub(super) name: HeaderName,
    pub(super) value: HeaderValue,
}

impl FromStr for Header {
    type Err = SettingsError;

    fn from_str(text: &str) -> Result<Self, SettingsError> {
        let error = |why| SettingsError::Header {
            text: text.to_owned(),
            why,
        };
        let (name, value) = text
            .split_once(':')
            .ok_or_else(|| error("it has no colon"))?;
        let name: HeaderName = name
            .trim()
            .parse()
            .map_err(|_| error("its name has other letters than a name may"))?;
        if OWN.contains(&name.as_str()) {
            return Err(error("the handshake sets it itself"));
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
pub struct Protocol(String);

impl Protocol {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Protocol {
    type Err = SettingsError;

    fn from_str(text: &str) -> Result<Self, SettingsError> {
        let text = text.trim();
        let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if text.is_empty() || !text.chars().all(is_token) {
            return Err(SettingsError::Protocol {
                text: text.to_owned(),
            });
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// What was typed makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// A header.
    #[error(
        "{text:?} is no header that can be sent: {why}. Accepted: Name: value, for example \
             Authorization: Bearer abc"
    )]
    Header {
        /// What was typed.
        text: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A subprotocol.
    #[error(
        "{text:?} is no name of a subprotocol. Accepted: one word of letters, digits and -._~ and \
             the like, for example switchboard.v1"
    )]
    Protocol {
        /// What was typed.
        text: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_has_a_name_and_a_value_and_is_none_of_the_handshake() {
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
                    .is_err_and(|error| error.to_string().contains("Accepted: ")),
                "{text:?}"
            );
        }
    }

    #[test]
    fn a_subprotocol_is_one_word() {
        assert_eq!(
            "switchboard.v1"
                .parse::<Protocol>()
                .expect("a word")
                .as_str(),
            "switchboard.v1"
        );
        assert!(
            ["", "a b", "a,b", "ä"]
                .iter()
                .all(|text| text.parse::<Protocol>().is_err())
        );
    }
}

//! Why there is no connection to the broker, as a sentence.

use net::client::{DialError, Unreached};

use crate::LIMIT;

/// Why there is no connection to the broker.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The host is unknown or refuses connections.
    #[error("{0}")]
    Unreachable(String),
    /// It does not respond.
    #[error("it does not respond")]
    Silent,
    /// It takes messages and does not acknowledge them.
    #[error("it does not acknowledge what it is sent")]
    Unacknowledged,
    /// TLS failed.
    #[error("TLS failed: {0}")]
    Tls(String),
    /// CONNACK 4.
    #[error("the user name or the password is wrong")]
    WrongPassword,
    /// CONNACK 5. Mosquitto also answers a wrong password with it.
    #[error("the user name or the password is wrong, or this user is not allowed to connect")]
    NotAuthorized,
    /// CONNACK 4 or 5 to a client that named no user.
    #[error("it does not accept clients without a user")]
    NoUser,
    /// CONNACK 2.
    #[error("it does not accept the client identifier {0:?}")]
    ClientId(String),
    /// CONNACK 1.
    #[error("it does not speak MQTT 3.1.1")]
    Version,
    /// CONNACK 3.
    #[error("its MQTT service is unavailable")]
    Unavailable,
    /// It ended several connections right after it accepted them.
    #[error(
        "it accepts this client and disconnects it again. Another client with the identifier \
         {client_id:?} is probably connected: give each its own name"
    )]
    TakenOver {
        /// The client identifier.
        client_id: String,
    },
    /// It closed the connection.
    #[error("it closed the connection")]
    Ended,
    /// It does not speak MQTT.
    #[error("it does not speak MQTT correctly: {0}")]
    Malformed(String),
}

impl Problem {
    /// Whether the broker refuses the user or the password.
    pub fn is_login(&self) -> bool {
        matches!(
            self,
            Self::WrongPassword | Self::NotAuthorized | Self::NoUser
        )
    }
}

impl From<DialError> for Problem {
    fn from(error: DialError) -> Self {
        match error {
            DialError::Unreachable { source, .. } => Self::Unreachable(reason(&source)),
            DialError::NoAnswer { .. } => Self::Silent,
            DialError::Tls { problem, .. } => Self::Tls(problem.with_advice("mqtt://", "mqtts://")),
        }
    }
}

/// The result of the addresses, without the numbers of the operating system.
fn reason(source: &Unreached) -> String {
    let text = source.to_string();
    let short = match text.split_once(" (os error ") {
        Some((words, rest)) if rest.ends_with(')') && !rest.contains(' ') => words,
        _ => &text,
    };
    match short {
        "Connection refused" => "connection refused".to_owned(),
        other => other.to_owned(),
    }
}

/// Why a message is not published.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unpublishable {
    #[error("the message has {0} bytes; at most {LIMIT} are sent")]
    TooLarge(usize),
    #[error("{0:?} is not a topic to publish to")]
    Topic(String),
}

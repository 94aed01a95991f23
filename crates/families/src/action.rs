//! The inputs and outputs of a dialect.

use protocol::FromBoard;

/// The payload of a message to a board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// A text message.
    Text(String),
    /// A binary message, or bytes of a TCP stream.
    Binary(Vec<u8>),
    /// A message to a broker.
    Mqtt {
        /// Its topic.
        topic: String,
        /// Its payload.
        payload: Vec<u8>,
        /// Whether the broker keeps it. Commands are never kept: a board would
        /// carry them out again after each restart.
        retain: bool,
    },
}

/// What arrived from a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received<'a> {
    /// A text message.
    Text(&'a str),
    /// A binary message, or bytes of a TCP stream, divided anywhere.
    Binary(&'a [u8]),
    /// A message of a broker, on a topic of the board.
    Mqtt(BrokerMessage<'a>),
}

/// A message of a broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrokerMessage<'a> {
    /// Its topic.
    pub topic: &'a str,
    /// Its payload.
    pub payload: &'a [u8],
    /// Whether the broker kept it from before: an event that is retained did
    /// not happen now.
    pub retained: bool,
}

/// What a dialect wants done, in this order.
#[derive(Debug, PartialEq)]
pub enum Action {
    /// Send this to the board.
    Send {
        /// What is sent.
        payload: Payload,
        /// What it says, for the traffic view, if the payload does not show
        /// it.
        shown: Option<String>,
    },
    /// The bytes that arrived say this, for the traffic view.
    Decoded(String),
    /// The board says this, in the terms of `docs/protocol.md`.
    Message(FromBoard),
    /// Read this path of the board's web server, with `GET`. The answer is
    /// passed to [`crate::Dialect::fetched`].
    Fetch {
        /// With a leading slash.
        path: String,
    },
    /// The broker vouches for the board, which answers no pings: it counts as
    /// heard.
    Alive,
    /// Close the connection.
    End(Problem),
}

/// Why a dialect ends a connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// What answers is no board of this family, or misbehaves; what it did.
    #[error("{0}")]
    NotABoard(String),
    /// Another board answers than the one that was expected; its id.
    #[error("it is {0}")]
    AnotherBoard(String),
    /// The board needs a password or a key, and none is held.
    #[error("it needs a credential")]
    CredentialNeeded,
    /// The board rejects the password or the key. There is no point in trying
    /// it again.
    #[error("it rejects the credential")]
    WrongCredential,
    /// A credential is held, and the board answers without asking for one.
    #[error("it does not ask for the credential")]
    NotProtected,
    /// The board has no room for another client.
    #[error("all of its client slots are in use")]
    Full,
    /// The broker, or the bridge, reports that the board is not connected to
    /// it.
    #[error("the broker reports it offline")]
    Offline,
    /// The board says that it ends the connection.
    #[error("it closed the connection")]
    Closed,
}

/// The actions of a dialect that were not taken yet.
#[derive(Debug, Default)]
pub struct Actions(Vec<Action>);

impl Actions {
    /// Adds an action.
    pub fn push(&mut self, action: Action) {
        self.0.push(action);
    }

    /// Sends a text message.
    pub fn send_text(&mut self, text: String) {
        self.push(Action::Send {
            payload: Payload::Text(text),
            shown: None,
        });
    }

    /// Sends bytes; `shown` is what they say.
    pub fn send_bytes(&mut self, bytes: Vec<u8>, shown: String) {
        self.push(Action::Send {
            payload: Payload::Binary(bytes),
            shown: Some(shown),
        });
    }

    /// Sends a message to a topic of the board. It is never retained.
    pub fn send_mqtt(&mut self, topic: String, payload: impl Into<Vec<u8>>) {
        self.push(Action::Send {
            payload: Payload::Mqtt {
                topic,
                payload: payload.into(),
                retain: false,
            },
            shown: None,
        });
    }

    /// Passes on what the board says.
    pub fn message(&mut self, message: FromBoard) {
        self.push(Action::Message(message));
    }

    /// Ends the connection.
    pub fn end(&mut self, problem: Problem) {
        self.push(Action::End(problem));
    }

    /// Takes all actions, oldest first.
    pub fn take(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.0)
    }
}

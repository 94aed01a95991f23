//! Every reason why a request or a client is refused, with its sentence.

use std::borrow::Cow;

use hyper::StatusCode;
use tokio_tungstenite::tungstenite::{
    self,
    error::CapacityError,
    protocol::{CloseFrame, frame::coding::CloseCode},
};

use crate::remote::server::Refusal;

/// The longest reason in a close frame, in bytes (RFC 6455, section 5.5).
const REASON: usize = 123;

/// Why a request is refused. The sentence is the body of the response.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RequestRefusal {
    /// RFC 9112, section 3.2.
    #[error("The request names no host, or several.")]
    NoHost,
    /// A web page of another site may have redirected its own name to this
    /// server (DNS rebinding).
    #[error(
        "This server is not called {0:?}. Open it by its IP address or its own name; to allow \
         another name, start it with --host NAME."
    )]
    ForeignHost(String),
    /// A page of another site wants to use the boards.
    #[error("Pages of {0:?} may not use this server; only its own page may.")]
    ForeignOrigin(String),
    /// No such file.
    #[error("There is nothing at this address. The window is at /.")]
    NotFound,
    /// Another method than GET or HEAD.
    #[error("Use GET or HEAD.")]
    Method,
    /// `/fleet` without a WebSocket.
    #[error("This is the address of a WebSocket: {0}.")]
    NotWebSocket(String),
    /// A compressed file for a client that cannot decompress.
    #[error("This file exists only compressed, by br or gzip.")]
    NotAcceptable,
    /// Plain HTTP at the port of HTTPS.
    #[error("This server uses TLS. Open it with https:// in place of http://.")]
    NotTls,
    /// Of one address.
    #[error("Your computer has too many connections to this server. Close some, then try again.")]
    TooManyConnections,
}

impl RequestRefusal {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::NoHost | Self::NotTls => StatusCode::BAD_REQUEST,
            Self::ForeignHost(_) => StatusCode::MISDIRECTED_REQUEST,
            Self::ForeignOrigin(_) => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotWebSocket(_) => StatusCode::UPGRADE_REQUIRED,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::TooManyConnections => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// Why a client's WebSocket ends. Its sentence is the reason in the close
/// frame.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Ending {
    /// By the client.
    #[error("The client closed the connection.")]
    Closed,
    /// The connection failed, or took no bytes for too long.
    #[error("The connection was lost: {0}.")]
    Lost(Box<tungstenite::Error>),
    /// 1001.
    #[error("The server is shutting down.")]
    ShuttingDown,
    /// 1009.
    #[error("The message is longer than this server accepts.")]
    MessageTooLong,
    /// 1003.
    #[error("Only binary messages are expected.")]
    NotBinary,
    /// 4101.
    #[error("The first message did not arrive in time.")]
    NoHello,
    /// 4102.
    #[error("A token is required. Open the link that contains it.")]
    NoToken,
    /// 4103.
    #[error("The token is wrong. Ask for the current link.")]
    WrongToken,
    /// 4104.
    #[error("Too many wrong tokens came from your address. Try again in a minute.")]
    TooManyAttempts,
    /// 4105.
    #[error("The server has no room for another client. Close another one first.")]
    TooManyClients,
    /// 4106.
    #[error("The client sent too many messages per second.")]
    TooManyMessages,
    /// 4107.
    #[error("The client was silent for too long.")]
    Silent,
    /// Of the session.
    #[error(transparent)]
    Session(#[from] Refusal),
}

impl Ending {
    /// What the client is told; `None` if it cannot be told anything.
    pub(crate) fn frame(&self) -> Option<CloseFrame<'static>> {
        let code = match self {
            Self::Closed | Self::Lost(_) => return None,
            Self::ShuttingDown => 1001,
            Self::NotBinary => 1003,
            Self::MessageTooLong => 1009,
            Self::NoHello => 4101,
            Self::NoToken => 4102,
            Self::WrongToken => 4103,
            Self::TooManyAttempts => 4104,
            Self::TooManyClients => 4105,
            Self::TooManyMessages => 4106,
            Self::Silent => 4107,
            Self::Session(refusal) => refusal.code(),
        };
        let mut reason = self.to_string();
        reason.truncate(reason.floor_char_boundary(REASON));
        Some(CloseFrame {
            code: CloseCode::from(code),
            reason: Cow::Owned(reason),
        })
    }
}

impl From<tungstenite::Error> for Ending {
    fn from(error: tungstenite::Error) -> Self {
        match error {
            tungstenite::Error::Capacity(CapacityError::MessageTooLong { .. }) => {
                Self::MessageTooLong
            }
            tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed => {
                Self::Closed
            }
            error => Self::Lost(Box::new(error)),
        }
    }
}

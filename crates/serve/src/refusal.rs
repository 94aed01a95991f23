//! Every reason why a request or a client is refused, with its sentence.

use hyper::StatusCode;
use remote::Refusal;
use tokio_tungstenite::tungstenite::{self, error::CapacityError};

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

/// Why a client's WebSocket ends.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Ending {
    /// By the client.
    #[error("closed by the client")]
    Closed,
    /// The connection failed, or took no bytes for too long.
    #[error("lost: {0}")]
    Lost(Box<tungstenite::Error>),
    /// The client is told why.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl From<tungstenite::Error> for Ending {
    fn from(error: tungstenite::Error) -> Self {
        match error {
            tungstenite::Error::Capacity(CapacityError::MessageTooLong { .. }) => {
                Self::Refused(Refusal::TooLong)
            }
            tungstenite::Error::ConnectionClosed | tungstenite::Error::AlreadyClosed => {
                Self::Closed
            }
            error => Self::Lost(Box::new(error)),
        }
    }
}

//! What the socket of a link reports. Plain data.

use std::time::Duration;

/// What a socket reports.
#[derive(Debug)]
pub enum SocketEvent {
    /// Too many attempts are running: this one waits for its turn, and its
    /// timeout has not begun.
    Queued,
    /// An attempt that was queued has started, with this timeout.
    Started(Duration),
    /// This address answered.
    Reached(String),
    /// It is open.
    Opened,
    /// A text message arrived.
    Text(String),
    /// A binary message arrived: from a locked board.
    Binary(Vec<u8>),
    /// A message of a broker arrived, on a topic of the board.
    Mqtt {
        /// Its topic.
        topic: String,
        /// Its payload.
        payload: Vec<u8>,
        /// Whether the broker kept it from before.
        retained: bool,
    },
    /// A ping arrived; the library answers it.
    Ping,
    /// A pong arrived.
    Pong,
    /// It ended, or never opened. This is the last event.
    Ended(Ending),
}

/// How a socket ended, or why it never opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// The host refused or cannot be reached.
    NoConnection(String),
    /// It is announced at these addresses, which are on no network of this
    /// computer.
    Elsewhere(Vec<String>),
    /// HTTP 503: all slots for controllers are taken.
    AllSlotsTaken,
    /// The handshake failed because of the subprotocol.
    OtherSubprotocol(String),
    /// HTTP 403.
    Forbidden(String),
    /// Another HTTP status, or no HTTP at all.
    NotWebSocket(String),
    /// The broker through which the board is reached cannot be used, and why.
    Broker(String),
    /// A close frame, or the end of the connection.
    Closed,
    /// It sends faster than this program reads, or violates RFC 6455.
    Misbehaved(String),
}

/// How urgent an attempt to connect is, if many are queued; lower ones go
/// first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// It was connected before, or the user asked for it.
    Trusted,
    /// It was only announced, and never tried.
    New,
    /// It was only announced, and every attempt so far failed.
    Failing,
}

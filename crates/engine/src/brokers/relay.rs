//! What a board's end of a virtual connection tells the broker's end.

use link::output::Payload;
use tokio::sync::mpsc::UnboundedSender;

use super::Opening;
use fleet::BoardKey;

/// What a board wants of a broker.
pub(crate) enum Request {
    /// Open a virtual connection.
    Open(Box<Opening>),
    /// Publish a message.
    Send(ConnectionId, Payload),
    /// The connection is no longer needed.
    Close(ConnectionId),
}

/// A virtual connection: a board and the number of its attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ConnectionId {
    pub(crate) board: BoardKey,
    pub(crate) attempt: u64,
}

/// The board's end of a virtual connection. Dropping it closes the connection.
#[derive(Debug)]
pub(crate) struct Relay {
    connection: ConnectionId,
    requests: UnboundedSender<Request>,
}

impl Relay {
    /// Starts to open a connection.
    pub(crate) fn open(opening: Opening, requests: UnboundedSender<Request>) -> Self {
        let connection = opening.connection;
        // Fails only if the engine has ended.
        let _ = requests.send(Request::Open(Box::new(opening)));
        Self {
            connection,
            requests,
        }
    }

    pub(crate) fn send(&self, payload: Payload) {
        let _ = self.requests.send(Request::Send(self.connection, payload));
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.requests.send(Request::Close(self.connection));
    }
}

//! A connection to this program, until the fleet accepts or declines it.

use std::{fmt, net::SocketAddr};

use families::Family;

use crate::transport::{
    Socket, SocketEvent, Unread,
    tungstenite::{Stream, adopt, decline},
};

/// Why a connection is declined, for the board's log.
const DECLINED: &str = "there is a link to this board, or none can be had";

/// An admitted connection. If it is dropped, the board is told that it was
/// declined.
pub(crate) struct InboundSocket {
    /// The id that the peer states.
    pub(crate) id: String,
    /// The peer states that it is locked.
    pub(crate) locked: bool,
    /// The peer's address.
    pub(crate) from: SocketAddr,
    /// The family whose handshake it was.
    pub(crate) family: Family,
    /// A message that was read to learn the id.
    first: Option<String>,
    /// `None` once it was accepted.
    socket: Option<Stream>,
}

impl fmt::Debug for InboundSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InboundSocket({} from {})", self.id, self.from)
    }
}

impl InboundSocket {
    pub(super) fn new(id: String, locked: bool, from: SocketAddr, socket: Stream) -> Self {
        Self {
            id,
            locked,
            from,
            family: Family::Switchboard,
            first: None,
            socket: Some(socket),
        }
    }

    /// It is of this family, and this message of it was read already.
    pub(super) fn of(mut self, family: Family, first: String) -> Self {
        (self.family, self.first) = (family, Some(first));
        self
    }

    /// Goes on with it. `tell` gets its events, on the thread of the runtime;
    /// for each event the reader calls [`Unread::read`].
    pub(crate) fn accept(
        mut self,
        unread: Unread,
        tell: impl Fn(SocketEvent) + Send + Sync + 'static,
    ) -> Option<Socket> {
        let first = self.first.take();
        self.socket
            .take()
            .map(|socket| adopt(socket, first, unread, tell))
    }
}

impl Drop for InboundSocket {
    fn drop(&mut self) {
        if let Some(socket) = self.socket.take() {
            decline(socket, DECLINED);
        }
    }
}

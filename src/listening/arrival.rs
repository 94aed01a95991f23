//! A board that has connected to this program, until the fleet accepts or
//! declines its connection.

use std::{fmt, net::SocketAddr};

use crate::link::transport::{
    Socket, SocketEvent, Unread,
    tungstenite::{Stream, adopt, decline},
};

/// Why a call is declined, for the board's log.
const DECLINED: &str = "there is a link to this board, or none can be had";

/// A board that has called. Dropped, it is told that its call is declined.
pub(crate) struct Arrival {
    /// The id that it says it has.
    pub(crate) id: String,
    /// It says that it speaks only encrypted.
    pub(crate) locked: bool,
    /// Where it comes from.
    pub(crate) from: SocketAddr,
    /// Until it is accepted or declined.
    socket: Option<Stream>,
}

impl fmt::Debug for Arrival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Arrival({} from {})", self.id, self.from)
    }
}

impl Arrival {
    pub(super) fn new(id: String, locked: bool, from: SocketAddr, socket: Stream) -> Self {
        Self {
            id,
            locked,
            from,
            socket: Some(socket),
        }
    }

    /// Goes on with it; `tell` gets what comes, on the thread of the runtime.
    /// For each event the reader calls [`Unread::read`].
    pub(crate) fn accept(
        mut self,
        unread: Unread,
        tell: impl Fn(SocketEvent) + Send + Sync + 'static,
    ) -> Option<Socket> {
        self.socket.take().map(|socket| adopt(socket, unread, tell))
    }
}

impl Drop for Arrival {
    fn drop(&mut self) {
        if let Some(socket) = self.socket.take() {
            decline(socket, DECLINED);
        }
    }
}

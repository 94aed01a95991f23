//! What is known of a connection, whatever it is for: where it comes from,
//! since when, when it was last heard, and what it costs.

use core::{net::SocketAddr, time::Duration};

/// A connection as a list of clients has it.
#[derive(Debug)]
pub(crate) struct Contact {
    pub(crate) from: Option<SocketAddr>,
    pub(crate) since: Duration,
    pub(crate) heard: Duration,
    pub(crate) pong: Option<Duration>,
    /// What the server holds for it, in bytes; `None` where that is not known.
    pub(crate) held: Option<usize>,
}

impl Contact {
    pub(crate) fn new(now: Duration) -> Self {
        Self {
            from: None,
            since: now,
            heard: now,
            pong: None,
            held: None,
        }
    }
}

/// What the driver of a connection knows of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Origin {
    /// Where it comes from.
    pub from: Option<SocketAddr>,
    /// What is held for it beside what waits in the board's queues, in bytes:
    /// its task and its buffers. `None` where that is not known.
    pub held: Option<usize>,
}

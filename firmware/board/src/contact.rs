//! What the board knows of a connection of any kind: its address, its age, when
//! it last sent something, and its memory.

use core::{net::SocketAddr, time::Duration};

/// A connection as `Clients.List` shows it.
#[derive(Debug)]
pub(crate) struct Contact {
    pub(crate) from: Option<SocketAddr>,
    pub(crate) since: Duration,
    pub(crate) heard: Duration,
    pub(crate) pong: Option<Duration>,
    /// The server's memory for it, in bytes, if known.
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

/// What the driver knows of a connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Origin {
    /// The client's address.
    pub from: Option<SocketAddr>,
    /// The memory of its task and its buffers, in bytes, if known. Messages in
    /// the board's queues do not count.
    pub held: Option<usize>,
}

//! What every board of the fleet shares: where its changes are published, and
//! how its sockets are opened.

use tokio::sync::mpsc::UnboundedSender;

use super::{
    brokers,
    descriptors::Descriptors,
    live_ids::LiveIds,
    transport::{Attempts, SocketEvent, Transport, Unread},
};
use fleet::{BoardKey, Published};

/// What every board of the fleet shares.
pub(super) struct Context {
    pub(super) published: Published,
    pub(super) sockets: UnboundedSender<BoardSocketEvent>,
    pub(super) fetched: UnboundedSender<Fetched>,
    pub(super) transport: Transport,
    pub(super) attempts: Attempts,
    pub(super) descriptors: Descriptors,
    pub(super) live_ids: LiveIds,
    /// See [`super::Settings::keep_past`].
    pub(super) keep_past: bool,
    /// What boards want of brokers.
    pub(super) brokers: UnboundedSender<brokers::Request>,
}

/// What a board's web server answered.
pub(super) struct Fetched {
    pub(super) board: BoardKey,
    pub(super) attempt: u64,
    pub(super) path: String,
    pub(super) body: Result<String, String>,
}

/// An event of a board's socket.
pub(super) struct BoardSocketEvent {
    pub(super) board: BoardKey,
    pub(super) attempt: u64,
    pub(super) event: SocketEvent,
    pub(super) unread: Unread,
}

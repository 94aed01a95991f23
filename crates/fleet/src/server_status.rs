//! The server that keeps a fleet, as a window sees it, and who else uses it.

use keys::Role;
use web_time::Instant;

/// The server that keeps a fleet.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerStatus {
    /// Where it is: `ws://host:port`.
    pub address: String,
    /// Whether it is connected.
    pub state: ServerState,
    /// What this window may do; `View` until the server has said otherwise.
    pub access: Role,
    /// This window's number among the sessions.
    pub number: Option<u32>,
    /// Whether this window may end sessions and grant control.
    pub manages: bool,
    /// Everyone who is connected, by number.
    pub sessions: Vec<SessionStatus>,
    /// The page that someone who manages sessions shows to everyone; each has
    /// another number.
    pub shown_page: Option<(u64, String)>,
}

/// Whether the server is connected.
#[derive(Debug, Clone, PartialEq)]
pub enum ServerState {
    /// A connection is being made.
    Connecting,
    /// It is.
    Connected,
    /// It is not, and why.
    Lost {
        /// Why.
        problem: String,
        /// When it is tried again; `None` if it refused and that is of no use.
        retry_at: Option<Instant>,
        /// Whether another token is needed.
        wants_token: bool,
    },
}

/// Someone who is connected to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionStatus {
    /// Identifies it while the server runs.
    pub number: u32,
    /// The name that the person gave.
    pub name: String,
    /// Where it connects from.
    pub address: String,
    /// What it may do.
    pub access: Role,
    /// Whether it may end sessions and grant control.
    pub manages: bool,
}

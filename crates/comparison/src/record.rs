//! What is written down while a comparison runs. It is plain data: a face looks
//! at it whenever it likes.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use protocol::ComponentKey;

use super::{
    judge::{Press, Sighting},
    process::Unknown,
};
use net::client::Traffic;

/// How a board is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// `Device.Subscribe` on a WebSocket: the board speaks first.
    Push,
    /// `Device.GetStatus` by `POST /rpc`, again and again.
    Poll {
        /// How often.
        every: Duration,
        /// All requests on one connection, as HTTP/1.1 has it (RFC 9112, 9.3),
        /// or a connection each.
        keep_alive: bool,
    },
}

/// One who follows the board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Follower {
    /// How.
    pub way: Way,
    /// Through the TLS server of this computer.
    pub tls: bool,
}

/// What a follower costs a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// It is not measured yet, or was not to be.
    Unmeasured,
    /// It cannot be known.
    Unknown(Unknown),
    /// So long on a processor in a second of following, beyond what the presses
    /// alone cost.
    PerSecond(Duration),
}

/// How one follower did.
#[derive(Debug, Clone)]
pub struct Followed {
    /// Who.
    pub follower: Follower,
    /// What it was told.
    pub sightings: Vec<Sighting>,
    /// When it asked, since the beginning.
    pub asked: Vec<Duration>,
    /// Requests that were not answered.
    pub failed: u64,
    /// Why the last of them was not.
    pub problem: Option<String>,
    /// How long each of its connections took to open: TCP, TLS and, for a push,
    /// the upgrade.
    pub connects: Vec<Duration>,
    /// The bytes of its connections.
    pub traffic: Arc<Traffic>,
    /// What it costs the board's process.
    pub cost: Cost,
}

impl Followed {
    pub(super) fn new(follower: Follower) -> Self {
        Self {
            follower,
            sightings: Vec::new(),
            asked: Vec::new(),
            failed: 0,
            problem: None,
            connects: Vec::new(),
            traffic: Arc::default(),
            cost: Cost::Unmeasured,
        }
    }
}

/// How far a comparison is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// Connections are made, and it is tried what the button does.
    Preparing,
    /// All follow at once, and the button is pressed.
    Together,
    /// The last press is over; the slowest poll is waited for.
    Waiting,
    /// The board's process is observed with one follower at a time; at first
    /// with none.
    Alone {
        /// The place of the follower; `None` without one.
        follower: Option<usize>,
    },
    /// It is over.
    Done,
    /// It could not go on.
    Failed(String),
}

/// Everything that was written down.
#[derive(Debug, Clone)]
pub struct Record {
    /// How far it is.
    pub stage: Stage,
    /// The beginning of what is measured.
    pub begun: Option<Instant>,
    /// What was followed: the components that the button changes.
    pub components: BTreeSet<ComponentKey>,
    /// What was pressed.
    pub button: Option<ComponentKey>,
    /// When it was.
    pub presses: Vec<Press>,
    /// Who followed.
    pub followers: Vec<Followed>,
    /// How long the TLS server was on a processor while all followed at once.
    pub tls_server: Option<Duration>,
    /// How often anything was written down: a face that has seen this edition
    /// need not look again.
    pub edition: u64,
}

impl Record {
    pub(super) fn new(followers: Vec<Followed>) -> Self {
        Self {
            stage: Stage::Preparing,
            begun: None,
            components: BTreeSet::new(),
            button: None,
            presses: Vec::new(),
            followers,
            tls_server: None,
            edition: 0,
        }
    }
}

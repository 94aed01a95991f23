//! The measurements of a comparison, as plain data that can be read at any
//! time.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use protocol::ComponentKey;

use super::{
    detection::{Observation, Press},
    process::CostUnknown,
};
use net::client::Traffic;

/// How a follower observes the board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FollowMode {
    /// `Device.Subscribe` on a WebSocket: the board pushes changes.
    Push,
    /// `Device.GetStatus` by `POST /rpc`, repeatedly.
    Poll {
        /// The polling interval.
        every: Duration,
        /// Whether all requests use one persistent connection (RFC 9112, 9.3),
        /// or one connection each.
        keep_alive: bool,
    },
}

/// One follower.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Follower {
    /// How it observes the board.
    pub mode: FollowMode,
    /// Whether it uses the TLS server on this computer.
    pub tls: bool,
}

/// CPU cost of a follower for the board's process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cost {
    /// Not measured yet, or not requested.
    Unmeasured,
    /// It cannot be determined.
    Unknown(CostUnknown),
    /// CPU time per second of following, in addition to that of the presses.
    PerSecond(Duration),
}

/// The measurements of one follower.
#[derive(Debug, Clone)]
pub struct FollowerMeasurements {
    /// The follower.
    pub follower: Follower,
    /// The messages that it received.
    pub observations: Vec<Observation>,
    /// When it sent requests, since the start.
    pub requests: Vec<Duration>,
    /// Number of requests without an answer.
    pub failed: u64,
    /// Why the last of them failed.
    pub problem: Option<String>,
    /// Time to open each of its connections: TCP, TLS and, for a push, the
    /// upgrade.
    pub connects: Vec<Duration>,
    /// Bytes on its connections.
    pub traffic: Arc<Traffic>,
    /// CPU cost for the board's process.
    pub cost: Cost,
}

impl FollowerMeasurements {
    pub(super) fn new(follower: Follower) -> Self {
        Self {
            follower,
            observations: Vec::new(),
            requests: Vec::new(),
            failed: 0,
            problem: None,
            connects: Vec::new(),
            traffic: Arc::default(),
            cost: Cost::Unmeasured,
        }
    }
}

/// Progress of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stage {
    /// Connecting, and finding out what the button changes.
    Preparing,
    /// All followers are running, and the button is pressed.
    Together,
    /// The last press is done; waiting for the slowest poll.
    Waiting,
    /// Measuring the board's process with one follower at a time, first without
    /// any.
    Alone {
        /// Index of the follower; `None` without one.
        follower: Option<usize>,
    },
    /// Complete.
    Done,
    /// Failed, and why.
    Failed(String),
}

/// All measurements.
#[derive(Debug, Clone)]
pub struct Measurements {
    /// The progress.
    pub stage: Stage,
    /// When measuring started.
    pub started: Option<Instant>,
    /// The observed components: those that the button changes.
    pub components: BTreeSet<ComponentKey>,
    /// What is pressed.
    pub button: Option<ComponentKey>,
    /// The number that the board gave to the client that presses.
    pub client: Option<u32>,
    /// The presses.
    pub presses: Vec<Press>,
    /// The measurements of each follower.
    pub followers: Vec<FollowerMeasurements>,
    /// CPU time of the TLS server while all followers ran together.
    pub tls_server: Option<Duration>,
    /// Increases with every new measurement, so that readers can skip unchanged
    /// data.
    pub revision: u64,
}

impl Measurements {
    pub(super) fn new(followers: Vec<FollowerMeasurements>) -> Self {
        Self {
            stage: Stage::Preparing,
            started: None,
            components: BTreeSet::new(),
            button: None,
            client: None,
            presses: Vec::new(),
            followers,
            tls_server: None,
            revision: 0,
        }
    }
}

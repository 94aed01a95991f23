//! What is known about a channel at one moment, as plain data.

use std::{
    collections::VecDeque,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use super::{cause::EndCause, meter::Throughput};

/// The state of a channel.
#[derive(Debug, Clone, PartialEq)]
pub enum ChannelState {
    /// A connection is being opened.
    Connecting,
    /// The connection is open, with this subprotocol.
    Open(Option<String>),
    /// The next attempt begins at this time.
    Waiting(Instant),
    /// The channel has ended for good; the last past connection says why.
    Closed,
}

impl ChannelState {
    /// The name of the state.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Open(_) => "open",
            Self::Waiting(_) => "waiting",
            Self::Closed => "closed",
        }
    }

    /// Whether messages can be sent.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Open(_))
    }
}

/// A connection that has ended, or an attempt that failed.
#[derive(Debug, Clone, PartialEq)]
pub struct PastConnection {
    /// When it was opened; for a failed attempt, when the attempt began.
    pub began: SystemTime,
    /// How long it was open; `None` if it never was.
    pub lasted: Option<Duration>,
    /// Why it ended.
    pub cause: EndCause,
    /// Messages received and sent.
    pub messages: [u64; 2],
}

/// Round trips of the pings that this program sent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PingStats {
    /// Pings sent.
    pub sent: u64,
    /// Pings answered.
    pub answered: u64,
    /// The last 240 round trips, oldest first.
    pub recent: VecDeque<Duration>,
}

impl PingStats {
    /// The last round trip.
    pub fn last(&self) -> Option<Duration> {
        self.recent.back().copied()
    }

    /// The median of the recent round trips.
    pub fn median(&self) -> Option<Duration> {
        let mut sorted: Vec<Duration> = self.recent.iter().copied().collect();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied()
    }

    /// The longest of the recent round trips.
    pub fn worst(&self) -> Option<Duration> {
        self.recent.iter().max().copied()
    }

    pub(super) fn add(&mut self, round_trip: Duration) {
        const MAX_RECENT: usize = 240;
        if self.recent.len() == MAX_RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(round_trip);
        self.answered += 1;
    }
}

/// The traffic in one direction.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct TrafficTotal {
    /// Messages, over all connections.
    pub messages: u64,
    /// The size of their contents, in bytes.
    pub bytes: u64,
    /// Bytes over TCP: handshakes, frame headers, pings and TLS included,
    /// headers of TCP and IP not.
    pub wire: u64,
    /// The mean over the last three seconds.
    pub rate: Throughput,
}

/// The progress of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordingStatus {
    /// The file.
    pub path: PathBuf,
    /// Lines written.
    pub lines: u64,
    /// Why writing failed, if it did.
    pub problem: Option<String>,
}

/// What is known about a channel at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelStatus {
    /// The state.
    pub state: ChannelState,
    /// When this state began.
    pub since: Instant,
    /// The last 64 connections that ended, oldest first.
    pub past: Vec<Arc<PastConnection>>,
    /// How many connections have ended in total.
    pub ended: u64,
    /// Pings.
    pub pings: PingStats,
    /// Traffic received.
    pub received: TrafficTotal,
    /// Traffic sent.
    pub sent: TrafficTotal,
    /// Messages that were dropped unsent because the connection ended.
    pub unsent: u64,
    /// Messages waiting to be sent.
    pub queued: usize,
    /// While a message is being repeated: how often it was sent.
    pub repeating: Option<u64>,
    /// The recording, also after writing failed.
    pub recording: Option<RecordingStatus>,
    /// No traffic in the last seconds, so the rates do not change.
    pub quiet: bool,
}

//! What is known of a channel at a moment: plain data for a face.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use super::{cause::Cause, meter::Flow};

/// How a channel is.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    /// It is being opened.
    Connecting,
    /// It is open, with this subprotocol.
    Open(Option<String>),
    /// It is tried again then.
    Waiting(Instant),
    /// It has ended for good; the last life says why.
    Closed,
}

impl State {
    /// One word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Open(_) => "open",
            Self::Waiting(_) => "waiting",
            Self::Closed => "closed",
        }
    }

    /// Messages go over it.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Open(_))
    }
}

/// A connection that has ended, or an attempt that failed.
#[derive(Debug, Clone, PartialEq)]
pub struct Life {
    /// When it was opened; of a failed attempt when that began.
    pub began: SystemTime,
    /// How long it was open; `None` where it never was.
    pub lasted: Option<Duration>,
    /// Why it ended.
    pub cause: Cause,
    /// Messages that came and that were sent.
    pub messages: [u64; 2],
}

/// Round trips of pings of ours.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Pings {
    /// Sent so far.
    pub sent: u64,
    /// Answered so far.
    pub answered: u64,
    /// The last, at most 240, the oldest first.
    pub recent: VecDeque<Duration>,
}

impl Pings {
    /// The last one.
    pub fn last(&self) -> Option<Duration> {
        self.recent.back().copied()
    }

    /// The middle one of the recent ones.
    pub fn median(&self) -> Option<Duration> {
        let mut sorted: Vec<Duration> = self.recent.iter().copied().collect();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied()
    }

    /// The longest of the recent ones.
    pub fn worst(&self) -> Option<Duration> {
        self.recent.iter().max().copied()
    }

    pub(super) fn answered(&mut self, took: Duration) {
        const KEPT: usize = 240;
        if self.recent.len() == KEPT {
            self.recent.pop_front();
        }
        self.recent.push_back(took);
        self.answered += 1;
    }
}

/// How much went over it, one way.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sum {
    /// Messages, in all lives.
    pub messages: u64,
    /// What was in them, in bytes.
    pub bytes: u64,
    /// What went over TCP, in bytes: handshakes, frames, pings and TLS are in
    /// it, headers of TCP and IP are not.
    pub wire: u64,
    /// A second, over the last three.
    pub rate: Flow,
}

/// How a recording does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Where to.
    pub path: std::path::PathBuf,
    /// Lines that were written.
    pub lines: u64,
    /// Why it ended by itself, if it did.
    pub problem: Option<String>,
}

/// What is known of a channel at a moment.
#[derive(Debug, Clone, PartialEq)]
pub struct View {
    /// How it is.
    pub state: State,
    /// Since when.
    pub since: Instant,
    /// Its past, at most the last 64 lives, the oldest first.
    pub lives: Vec<Arc<Life>>,
    /// How many lives have ended in all.
    pub ended: u64,
    /// Pings.
    pub pings: Pings,
    /// What came.
    pub received: Sum,
    /// What was sent.
    pub sent: Sum,
    /// Messages that were to be sent and were not, because the channel ended
    /// before.
    pub unsent: u64,
    /// How many messages wait to be sent.
    pub queued: usize,
    /// A message is being repeated: how often it was sent.
    pub repeating: Option<u64>,
    /// It is recorded, or was until that failed.
    pub recording: Option<Recorded>,
    /// Nothing came or went in the last seconds, so that the rates stay what
    /// they are.
    pub quiet: bool,
}

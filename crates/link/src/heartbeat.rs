//! Decides when to ping a connection, and when it is stale or lost. Any frame
//! counts as a sign of life. Sends nothing itself.

use std::time::Duration;

use protocol::limits::{CLIENT_DROPS_AFTER, PING_AFTER, STALE_AFTER};
use web_time::Instant;

/// A board that pushes all the time is pinged too: its clock and its round trip
/// are measured by pings.
const CLOCK_PING_EVERY: Duration = Duration::from_secs(30);

/// The heartbeat of one connection.
#[derive(Debug, Clone)]
pub(crate) struct Heartbeat {
    heard: Instant,
    pinged: Instant,
}

/// How long a connection has been silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Liveness {
    /// Less than [`STALE_AFTER`].
    Fresh,
    /// At least [`STALE_AFTER`].
    Stale,
    /// At least [`CLIENT_DROPS_AFTER`].
    Lost,
}

impl Heartbeat {
    pub(crate) const fn new(now: Instant) -> Self {
        Self {
            heard: now,
            pinged: now,
        }
    }

    pub(crate) fn heard(&mut self, now: Instant) {
        self.heard = now;
    }

    pub(crate) fn liveness(&self, now: Instant) -> Liveness {
        let silent = now.saturating_duration_since(self.heard);
        if silent >= CLIENT_DROPS_AFTER {
            Liveness::Lost
        } else if silent >= STALE_AFTER {
            Liveness::Stale
        } else {
            Liveness::Fresh
        }
    }

    /// Whether `Sys.Ping` is due; then it counts as sent.
    pub(crate) fn take_ping(&mut self, now: Instant) -> bool {
        let due = now >= self.ping_due();
        if due {
            self.pinged = now;
        }
        due
    }

    /// A ping was sent for another reason.
    pub(crate) fn pinged(&mut self, now: Instant) {
        self.pinged = now;
    }

    fn ping_due(&self) -> Instant {
        (self.heard.max(self.pinged) + PING_AFTER).min(self.pinged + CLOCK_PING_EVERY)
    }

    /// When [`Self::liveness`] or [`Self::take_ping`] changes next.
    pub(crate) fn next_deadline(&self, now: Instant) -> Instant {
        let silence = match self.liveness(now) {
            Liveness::Fresh => self.heard + STALE_AFTER,
            Liveness::Stale | Liveness::Lost => self.heard + CLIENT_DROPS_AFTER,
        };
        silence.min(self.ping_due())
    }
}

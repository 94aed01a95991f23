//! Decides when a connection is asked for life, called stale and given up. Any
//! frame counts as life. Sends nothing itself.

use std::time::{Duration, Instant};

use protocol::limits::{CLIENT_DROPS_AFTER, PING_AFTER, STALE_AFTER};

/// A board that talks all the time is asked too, so that its clock and its
/// round trip are known.
const CLOCK_PING_EVERY: Duration = Duration::from_secs(30);

/// The life of one connection.
#[derive(Debug, Clone)]
pub(crate) struct Heartbeat {
    heard: Instant,
    pinged: Instant,
}

/// What silence means now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    /// Something was heard lately.
    Fresh,
    /// Silent for [`STALE_AFTER`].
    Stale,
    /// Silent for [`CLIENT_DROPS_AFTER`].
    Over,
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

    pub(crate) fn life(&self, now: Instant) -> Life {
        let silent = now.saturating_duration_since(self.heard);
        if silent >= CLIENT_DROPS_AFTER {
            Life::Over
        } else if silent >= STALE_AFTER {
            Life::Stale
        } else {
            Life::Fresh
        }
    }

    /// Whether to send `Sys.Ping` now; it counts as sent.
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

    /// When one of the answers above changes.
    pub(crate) fn next_deadline(&self, now: Instant) -> Instant {
        let life = match self.life(now) {
            Life::Fresh => self.heard + STALE_AFTER,
            Life::Stale | Life::Over => self.heard + CLIENT_DROPS_AFTER,
        };
        life.min(self.ping_due())
    }
}

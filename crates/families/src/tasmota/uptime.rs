//! When a board booted and whether it restarted, according to the uptime that
//! it reports in whole seconds.

use std::time::Duration;

use web_time::Instant;

/// By how much estimates of one boot can differ.
const TOLERANCE: Duration = Duration::from_secs(2);

/// The uptime of a board.
#[derive(Debug, Default)]
pub(super) struct Uptime {
    /// The one reported last, in seconds.
    last: Option<u64>,
    booted: Option<Instant>,
}

impl Uptime {
    /// The board reports this uptime; whether it was restarted since the last
    /// report.
    pub(super) fn reported(&mut self, now: Instant, seconds: u64) -> bool {
        let before = self.last.replace(seconds);
        // The board counts whole seconds: the earliest estimate is the best.
        let estimate = now.checked_sub(Duration::from_secs(seconds));
        self.booted = match (self.booted, estimate) {
            (Some(known), Some(new)) if new < known + TOLERANCE && known < new + TOLERANCE => {
                Some(known.min(new))
            }
            (_, new) => new,
        };
        before.is_some_and(|before| seconds < before)
    }

    /// When it booted, as far as known.
    pub(super) fn booted(&self) -> Option<Instant> {
        self.booted
    }
}

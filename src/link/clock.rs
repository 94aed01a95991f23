//! Relates a board's `uptime_ms` to this computer's clocks, as NTP does: of the last exchanges the fastest is believed,
//! because its error is at most half its round trip (RFC 5905, section 10). Sends nothing.

use std::{
    collections::VecDeque,
    time::{Duration, Instant, SystemTime},
};

use super::state::Now;

/// Exchanges that are compared. More would let the drift of a board's crystal (some 20 ppm) outweigh the round trip.
const KEPT: usize = 8;

#[derive(Debug, Clone, Copy)]
struct Exchange {
    round_trip: Duration,
    /// The board's boot, in microseconds after `Clock::base`; negative where it booted before.
    boot_us: i64,
}

/// What is known of one board's clock in its present run.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    base: Instant,
    exchanges: VecDeque<Exchange>,
}

impl Clock {
    pub(crate) const fn new(base: Instant) -> Self {
        Self { base, exchanges: VecDeque::new() }
    }

    /// The board was reset: what was known of its clock is void.
    pub(crate) fn forget(&mut self) {
        self.exchanges.clear();
    }

    /// An answer that says `uptime_ms` to a question sent at `sent` came at `received`.
    pub(crate) fn exchange(&mut self, sent: Instant, received: Instant, uptime_ms: u64) {
        let round_trip = received.saturating_duration_since(sent);
        if self.exchanges.len() == KEPT {
            self.exchanges.pop_front();
        }
        let middle = self.micros(sent).saturating_add(micros(round_trip / 2));
        self.exchanges.push_back(Exchange { round_trip, boot_us: middle.saturating_sub(uptime_us(uptime_ms)) });
    }

    /// How long ago the board stamped `uptime_ms`; never negative.
    pub(crate) fn lateness(&self, now: Instant, uptime_ms: u64) -> Option<Duration> {
        let stamped = self.boot_us()?.saturating_add(uptime_us(uptime_ms));
        let late = self.micros(now).saturating_sub(stamped);
        Some(Duration::from_micros(u64::try_from(late).unwrap_or(0)))
    }

    /// When the board booted.
    pub(crate) fn booted(&self, now: Now) -> Option<SystemTime> {
        let ago = self.micros(now.instant).saturating_sub(self.boot_us()?);
        now.wall.checked_sub(Duration::from_micros(u64::try_from(ago).unwrap_or(0)))
    }

    fn boot_us(&self) -> Option<i64> {
        self.exchanges.iter().min_by_key(|exchange| exchange.round_trip).map(|fastest| fastest.boot_us)
    }

    fn micros(&self, at: Instant) -> i64 {
        match at.checked_duration_since(self.base) {
            Some(after) => micros(after),
            None => -micros(self.base.saturating_duration_since(at)),
        }
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// Any number may come from the network: what is above 35,000 years counts as that.
fn uptime_us(uptime_ms: u64) -> i64 {
    i64::try_from(uptime_ms.min(1 << 50)).unwrap_or(0) * 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn the_fastest_exchange_is_believed() {
        let base = Instant::now();
        let mut clock = Clock::new(base);
        // The board booted 1 000 ms before `base`. The slow answer was delayed on its way back.
        clock.exchange(base, base + 400 * MS, 1_000);
        clock.exchange(base + 500 * MS, base + 502 * MS, 1_501);
        assert_eq!(clock.lateness(base + 610 * MS, 1_600), Some(10 * MS));
        let wall = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        assert_eq!(clock.booted(Now { instant: base, wall }), wall.checked_sub(1_000 * MS));
    }

    #[test]
    fn a_stamp_from_the_future_is_not_late() {
        let base = Instant::now();
        let mut clock = Clock::new(base);
        clock.exchange(base, base + 2 * MS, 50);
        assert_eq!(clock.lateness(base + 3 * MS, u64::MAX), Some(Duration::ZERO));
    }
}

//! Relates a board's `uptime_ms` to this computer's clocks, as NTP does: of the
//! last exchanges the fastest counts, because its error is at most half its
//! round trip (RFC 5905, section 10).
//!
//! Many firmwares count milliseconds in 32 bits (Arduino's `millis()`,
//! FreeRTOS's ticks) and wrap around after 49.7 days without a restart. A
//! counter that wraps around is continued; one that jumps back by anything else
//! is learned again.

use std::{collections::VecDeque, time::Duration};

use web_time::{Instant, SystemTime};

use super::state::Now;

/// Exchanges that are compared. More would let the drift of a board's crystal
/// (some 20 ppm) outweigh the round trip.
const KEPT: usize = 8;

/// The range of a 32-bit counter, in milliseconds.
const LAP: u64 = 1 << 32;

/// A timestamp that has just arrived differs by at most this from its board's
/// clock, in milliseconds.
const FRESH: u64 = 3_600_000;

/// Timestamps that were made at the same time and sent in turn may run
/// backwards by this, in milliseconds.
const DISORDER: u64 = 60_000;

#[derive(Debug, Clone, Copy)]
struct Exchange {
    round_trip: Duration,
    /// The board's boot, in microseconds after `Clock::base`; negative if it
    /// booted before.
    boot_us: i64,
}

/// What is known about one board's clock in its present run.
#[derive(Debug, Clone)]
pub(crate) struct Clock {
    base: Instant,
    exchanges: VecDeque<Exchange>,
    /// How often the board's counter has wrapped around.
    laps: u64,
    /// The latest timestamp, laps included.
    latest: u64,
}

impl Clock {
    pub(crate) const fn new(base: Instant) -> Self {
        Self {
            base,
            exchanges: VecDeque::new(),
            laps: 0,
            latest: 0,
        }
    }

    /// The board was reset: forgets its clock.
    pub(crate) fn forget(&mut self) {
        self.exchanges.clear();
        (self.laps, self.latest) = (0, 0);
    }

    /// A timestamp that was made just now, in milliseconds since boot, laps
    /// included.
    pub(crate) fn fresh(&mut self, now: Instant, uptime_ms: u64) -> u64 {
        if let Some(expected) = self.expected_ms(now).filter(|_| uptime_ms < LAP) {
            let missing = expected.saturating_sub(self.with_laps(uptime_ms));
            let laps = missing.saturating_add(FRESH) / LAP;
            if laps > 0 && missing.abs_diff(laps * LAP) <= FRESH {
                self.laps += laps;
            }
        }
        let stamp = self.with_laps(uptime_ms);
        if stamp.saturating_add(DISORDER) < self.latest {
            // The counter restarted at something other than a lap.
            self.exchanges.clear();
            self.latest = stamp;
        }
        self.latest = self.latest.max(stamp);
        stamp
    }

    /// A timestamp that may be old, such as that of a log line that the board
    /// kept, in milliseconds since boot, laps included.
    pub(crate) fn kept(&self, now: Instant, uptime_ms: u64) -> u64 {
        let stamp = self.with_laps(uptime_ms);
        let future = self
            .expected_ms(now)
            .is_some_and(|expected| stamp > expected.saturating_add(DISORDER));
        if future && self.laps > 0 && uptime_ms < LAP {
            stamp - LAP
        } else {
            stamp
        }
    }

    fn with_laps(&self, uptime_ms: u64) -> u64 {
        if uptime_ms < LAP {
            uptime_ms + self.laps * LAP
        } else {
            uptime_ms
        }
    }

    /// The board's clock now.
    fn expected_ms(&self, now: Instant) -> Option<u64> {
        u64::try_from(self.micros(now).saturating_sub(self.boot_us()?) / 1_000).ok()
    }

    /// A response with `uptime_ms`, to a request sent at `sent`, arrived at
    /// `received`.
    pub(crate) fn exchange(&mut self, sent: Instant, received: Instant, uptime_ms: u64) {
        let uptime_ms = self.fresh(received, uptime_ms);
        let round_trip = received.saturating_duration_since(sent);
        if self.exchanges.len() == KEPT {
            self.exchanges.pop_front();
        }
        let middle = self.micros(sent).saturating_add(micros(round_trip / 2));
        let boot_us = middle.saturating_sub(uptime_us(uptime_ms));
        // No crystal drifts that far: the board's clock was set, or stopped
        // while it slept.
        let jumped = |before: i64| {
            before.abs_diff(boot_us) > 1_000 * DISORDER + micros(round_trip).unsigned_abs()
        };
        if self.boot_us().is_some_and(jumped) {
            self.exchanges.clear();
        }
        self.exchanges.push_back(Exchange {
            round_trip,
            boot_us,
        });
    }

    /// How long ago the board made this timestamp, as returned by
    /// [`Clock::fresh`] or [`Clock::kept`]; never negative.
    pub(crate) fn age(&self, now: Instant, stamp_ms: u64) -> Option<Duration> {
        let stamped = self.boot_us()?.saturating_add(uptime_us(stamp_ms));
        let age = self.micros(now).saturating_sub(stamped);
        Some(Duration::from_micros(u64::try_from(age).unwrap_or(0)))
    }

    /// When the board booted.
    pub(crate) fn booted(&self, now: Now) -> Option<SystemTime> {
        let ago = self.micros(now.instant).saturating_sub(self.boot_us()?);
        now.wall
            .checked_sub(Duration::from_micros(u64::try_from(ago).unwrap_or(0)))
    }

    fn boot_us(&self) -> Option<i64> {
        self.exchanges
            .iter()
            .min_by_key(|exchange| exchange.round_trip)
            .map(|fastest| fastest.boot_us)
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

/// Any number may arrive from the network: it is capped at 35,000 years.
fn uptime_us(uptime_ms: u64) -> i64 {
    i64::try_from(uptime_ms.min(1 << 50)).unwrap_or(0) * 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn the_fastest_exchange_counts() {
        let base = Instant::now();
        let mut clock = Clock::new(base);
        // The board booted 1 000 ms before `base`. The slow answer was delayed
        // on its way back.
        clock.exchange(base, base + 400 * MS, 1_000);
        clock.exchange(base + 500 * MS, base + 502 * MS, 1_501);
        assert_eq!(clock.age(base + 610 * MS, 1_600), Some(10 * MS));
        let wall = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        assert_eq!(
            clock.booted(Now {
                instant: base,
                wall
            }),
            wall.checked_sub(1_000 * MS)
        );
    }

    #[test]
    fn a_32_bit_counter_that_wraps_around_is_continued() {
        let base = Instant::now();
        let mut clock = Clock::new(base);
        let wall = SystemTime::UNIX_EPOCH + Duration::from_secs(10_000_000);
        clock.exchange(base, base, LAP - 10_000);
        let booted = clock.booted(Now {
            instant: base,
            wall,
        });
        let later = base + Duration::from_secs(12);
        let stamp = clock.fresh(later, 1_990);
        assert_eq!(clock.age(later, stamp), Some(10 * MS));
        clock.exchange(later, later, 2_000);
        assert_eq!(
            clock.booted(Now {
                instant: later,
                wall: wall + (later - base)
            }),
            booted
        );
        // A line from before it wrapped around, and one from after.
        let of = |uptime_ms| clock.age(later, clock.kept(later, uptime_ms));
        assert_eq!(of(LAP - 5_000), Some(Duration::from_secs(7)));
        assert_eq!(of(1_000), Some(Duration::from_secs(1)));
    }

    #[test]
    fn a_64_bit_counter_is_never_continued() {
        let base = Instant::now();
        let mut clock = Clock::new(base);
        let uptime = LAP + LAP / 2;
        clock.exchange(base, base, uptime);
        // A line that was kept since the boot, and a response.
        assert_eq!(
            clock.age(base, clock.kept(base, 1_000)),
            Some(Duration::from_millis(uptime - 1_000))
        );
        clock.exchange(base + MS, base + MS, uptime + 1);
        assert_eq!(clock.age(base + MS, uptime + 1), Some(Duration::ZERO));
    }

    #[test]
    fn a_counter_that_restarts_at_anything_else_is_learned_again() {
        let base = Instant::now();
        let mut clock = Clock::new(base);
        // 32 bits of microseconds: 71.6 minutes.
        clock.exchange(base, base, 4_294_900);
        let later = base + Duration::from_secs(3);
        let stamp = clock.fresh(later, 2_933);
        assert_eq!(clock.age(later, stamp), None);
        clock.exchange(later, later, 2_940);
        let stamp = clock.fresh(later + 20 * MS, 2_950);
        assert_eq!(clock.age(later + 20 * MS, stamp), Some(10 * MS));
    }

    #[test]
    fn a_timestamp_from_the_future_has_no_age() {
        let base = Instant::now();
        let mut clock = Clock::new(base);
        clock.exchange(base, base + 2 * MS, 50);
        assert_eq!(clock.age(base + 3 * MS, u64::MAX), Some(Duration::ZERO));
    }
}

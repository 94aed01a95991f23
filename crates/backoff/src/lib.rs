//! Decides how long to wait before the next attempt. Reads no clock and does
//! not know why the last attempt failed.

use std::time::Duration;

/// The growth of the wait: a combination of ESPHome's `aioesphomeapi` and AWS's
/// "Exponential backoff and jitter" (full jitter).
const BASE: f64 = 1.8;

/// The longest wait, in seconds.
const LONGEST: f64 = 60.0;

/// A connection that lasted this long counts as good, which resets the wait.
pub const GOOD_AFTER: Duration = Duration::from_secs(30);

/// The waits between attempts to connect to one board.
#[derive(Debug, Clone)]
pub struct Backoff {
    failures: i32,
    random: u64,
}

impl Backoff {
    /// Derives the waits from `seed`, so that a thousand boards that vanish
    /// together do not reconnect simultaneously.
    pub const fn new(seed: u64) -> Self {
        Self {
            failures: 0,
            random: seed,
        }
    }

    /// The next wait: a random part of min(1.8^n, 60) s.
    pub fn next_wait(&mut self) -> Duration {
        let limit = BASE.powi(self.failures).min(LONGEST);
        // 1.8^7 > 60: counting further would change nothing.
        self.failures = (self.failures + 1).min(7);
        Duration::from_secs_f64(limit * self.fraction())
    }

    /// Resets the wait after a good connection.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// A number in 0..1 (SplitMix64: Steele, Lea and Flood, OOPSLA 2014).
    fn fraction(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.random;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^= bits >> 31;
        f64::from(u32::try_from(bits >> 32).unwrap_or_default()) / (f64::from(u32::MAX) + 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_stay_below_a_growing_limit_that_ends_at_a_minute() {
        let mut backoff = Backoff::new(7);
        for n in 0..40 {
            let limit = BASE.powi(n).min(LONGEST);
            assert!(
                backoff.next_wait() <= Duration::from_secs_f64(limit),
                "wait {n}"
            );
        }
        backoff.reset();
        assert!(backoff.next_wait() <= Duration::from_secs(1));
    }

    #[test]
    fn two_boards_wait_for_different_times() {
        assert_ne!(Backoff::new(1).next_wait(), Backoff::new(2).next_wait());
    }
}

//! Decides when a repeated message is due. Sends nothing and reads no clock.

use std::{
    str::FromStr,
    time::{Duration, Instant},
};

/// The highest rate, in messages per second.
pub const MAX_RATE: f64 = 1_000.0;

/// The lowest rate: once per hour.
const MIN_RATE: f64 = 1.0 / 3_600.0;

/// A message rate, from one per hour to [`MAX_RATE`].
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Rate(f64);

impl Rate {
    /// A rate in messages per second; `None` if it is out of range.
    pub fn per_second(number: f64) -> Option<Self> {
        (MIN_RATE * 0.999..=MAX_RATE)
            .contains(&number)
            .then_some(Self(number))
    }

    /// The time between two messages.
    pub fn interval(self) -> Duration {
        Duration::from_secs_f64(1.0 / self.0)
    }
}

impl FromStr for Rate {
    type Err = RateError;

    /// Parses `10/s`, `2/min` or `1/h`; the default unit is `/s`.
    fn from_str(text: &str) -> Result<Self, RateError> {
        let (number, unit) = text.trim().split_once('/').unwrap_or((text.trim(), "s"));
        let seconds = match unit.trim() {
            "s" => 1.0,
            "min" | "m" => 60.0,
            "h" => 3_600.0,
            _ => return Err(RateError),
        };
        let number: f64 = number.trim().parse().map_err(|_| RateError)?;
        Self::per_second(number / seconds).ok_or(RateError)
    }
}

/// The text is not a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a number with /s, /min or /h, from 1/h to 1000/s, for example 10/s")]
pub struct RateError;

/// The schedule of a repeated message.
#[derive(Debug)]
pub(super) struct Repeat {
    interval: Duration,
    next: Instant,
    left: Option<u64>,
}

impl Repeat {
    /// Begins now and ends after `times` messages.
    pub(super) fn new(rate: Rate, times: Option<u64>, now: Instant) -> Self {
        Self {
            interval: rate.interval(),
            next: now,
            left: times,
        }
    }

    /// When the next message is due; `None` after the last.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        (self.left != Some(0)).then_some(self.next)
    }

    /// Whether a message is due now; it then counts as sent. Messages that are
    /// overdue by more than 100 ms are skipped.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        if self.left == Some(0) || now < self.next {
            return false;
        }
        self.next += self.interval;
        let earliest = now
            .checked_sub(Duration::from_millis(100))
            .unwrap_or(self.next);
        if self.next < earliest {
            self.next = now + self.interval;
        }
        if let Some(left) = &mut self.left {
            *left -= 1;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_and_a_unit() {
        assert_eq!(
            "10/s".parse::<Rate>().map(Rate::interval),
            Ok(Duration::from_millis(100))
        );
        assert_eq!(
            "30/min".parse::<Rate>().map(Rate::interval),
            Ok(Duration::from_secs(2))
        );
        assert_eq!(
            "4".parse::<Rate>().map(Rate::interval),
            Ok(Duration::from_millis(250))
        );
        assert!("1/h".parse::<Rate>().is_ok() && "1000/s".parse::<Rate>().is_ok());
        assert!(
            ["1001/s", "0/s", "-1/s", "NaN/s", "inf/s", "1/day", "a"]
                .iter()
                .all(|t| t.parse::<Rate>().is_err())
        );
    }

    #[test]
    fn messages_that_are_overdue_are_skipped() {
        let start = Instant::now();
        let mut repeat = Repeat::new(Rate(100.0), Some(50), start);
        let mut sent = |at: u64| {
            let mut count = 0;
            while repeat.take(start + Duration::from_millis(at)) {
                count += 1;
            }
            count
        };
        assert_eq!((sent(0), sent(9), sent(10), sent(45)), (1, 0, 1, 3));
        // Five seconds later the 495 missed messages are not sent at once.
        assert!(sent(5_000) <= 2);
        let mut all = 0;
        for at in 0..500 {
            all += sent(5_010 + at * 10);
        }
        assert_eq!(all + 5 + 1, 50, "it ends after the requested number");
    }
}

//! Measures throughput in both directions, second by second, for the last
//! minute. Reads no clock: times are offsets.

use std::{collections::VecDeque, time::Duration};

use super::entry::Direction;

/// Seconds that are kept.
const KEPT: usize = 60;

/// Whole seconds that a rate is averaged over.
const AVERAGED: u64 = 3;

/// Throughput in one direction, per second.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Throughput {
    /// Messages.
    pub messages: f64,
    /// The size of their contents, in bytes.
    pub bytes: f64,
    /// Bytes over TCP: frame headers, pings and TLS included, headers of TCP
    /// and IP not.
    pub wire: f64,
}

#[derive(Debug, Default)]
struct Second {
    number: u64,
    totals: [Throughput; 2],
}

/// The traffic of a channel, second by second.
#[derive(Debug, Default)]
pub(super) struct Meter {
    seconds: VecDeque<Second>,
    /// Bytes over TCP at the last reading: received and sent.
    wire: [u64; 2],
}

impl Meter {
    fn second(&mut self, at: Duration) -> &mut Second {
        let number = at.as_secs();
        if self.seconds.back().is_none_or(|last| last.number < number) {
            if self.seconds.len() == KEPT {
                self.seconds.pop_front();
            }
            self.seconds.push_back(Second {
                number,
                totals: Default::default(),
            });
        }
        let last = self.seconds.len() - 1;
        &mut self.seconds[last]
    }

    /// Counts a message.
    pub(super) fn message(&mut self, direction: Direction, bytes: usize, at: Duration) {
        let total = &mut self.second(at).totals[direction as usize];
        total.messages += 1.0;
        total.bytes += bytes as f64;
    }

    /// Reads the counters of bytes over TCP.
    pub(super) fn wire(&mut self, received: u64, sent: u64, at: Duration) {
        let before = std::mem::replace(&mut self.wire, [received, sent]);
        let totals = &mut self.second(at).totals;
        totals[0].wire += received.saturating_sub(before[0]) as f64;
        totals[1].wire += sent.saturating_sub(before[1]) as f64;
    }

    /// The rate over the last whole seconds; during the first second, over the
    /// time so far.
    pub(super) fn rate(&self, direction: Direction, now: Duration) -> Throughput {
        let whole = now.as_secs().min(AVERAGED);
        let (from, to, time) = match whole {
            0 => (0, 1, now.as_secs_f64().max(0.1)),
            _ => (now.as_secs() - whole, now.as_secs(), whole as f64),
        };
        let mut sum = Throughput::default();
        for second in self
            .seconds
            .iter()
            .filter(|second| (from..to).contains(&second.number))
        {
            let total = second.totals[direction as usize];
            sum.messages += total.messages;
            sum.bytes += total.bytes;
            sum.wire += total.wire;
        }
        Throughput {
            messages: sum.messages / time,
            bytes: sum.bytes / time,
            wire: sum.wire / time,
        }
    }

    /// Whether the seconds that a rate is averaged over had no traffic.
    pub(super) fn is_quiet(&self, now: Duration) -> bool {
        self.seconds
            .back()
            .is_none_or(|last| last.number + AVERAGED < now.as_secs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_the_mean_of_the_last_whole_seconds() {
        let mut meter = Meter::default();
        let at = |ms| Duration::from_millis(ms);
        for n in 0..600 {
            meter.message(Direction::In, 10, at(n * 10));
        }
        let rate = meter.rate(Direction::In, at(6_000));
        assert_eq!((rate.messages, rate.bytes), (100.0, 1_000.0));
        assert_eq!(meter.rate(Direction::Out, at(6_000)), Throughput::default());
        assert_eq!(meter.rate(Direction::In, at(20_000)), Throughput::default());
        assert!(meter.is_quiet(at(20_000)) && !meter.is_quiet(at(6_500)));
    }

    #[test]
    fn bytes_over_tcp_are_counted_since_the_last_reading() {
        let mut meter = Meter::default();
        meter.wire(1_000, 100, Duration::from_millis(100));
        meter.wire(4_000, 100, Duration::from_millis(1_200));
        assert_eq!(
            meter.rate(Direction::In, Duration::from_secs(2)).wire,
            2_000.0
        );
        assert_eq!(
            meter.rate(Direction::Out, Duration::from_secs(2)).wire,
            50.0
        );
    }

    #[test]
    fn no_more_than_a_minute_is_kept() {
        let mut meter = Meter::default();
        (0..10_000).for_each(|s| meter.message(Direction::Out, 1, Duration::from_secs(s)));
        assert_eq!(meter.seconds.len(), KEPT);
    }
}

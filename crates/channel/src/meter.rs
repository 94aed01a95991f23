//! Reckons how much goes over a channel each way, second by second, for the
//! last minute. Reads no clock: times are offsets.

use std::{collections::VecDeque, time::Duration};

use super::entry::Direction;

/// So many seconds are kept.
const KEPT: usize = 60;

/// A rate is the mean of so many whole seconds.
const MEAN: u64 = 3;

/// What went one way.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Flow {
    /// Messages.
    pub messages: f64,
    /// What was in them, in bytes.
    pub bytes: f64,
    /// What went over TCP for it, in bytes: frames, pings and TLS are in it,
    /// headers of TCP and IP are not.
    pub wire: f64,
}

#[derive(Debug, Default)]
struct Second {
    number: u64,
    flows: [Flow; 2],
}

/// What went over a channel, second by second.
#[derive(Debug, Default)]
pub(super) struct Meter {
    seconds: VecDeque<Second>,
    /// What had gone over TCP when it was looked last: in and out.
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
                flows: Default::default(),
            });
        }
        let last = self.seconds.len() - 1;
        &mut self.seconds[last]
    }

    /// A message.
    pub(super) fn message(&mut self, way: Direction, bytes: usize, at: Duration) {
        let flow = &mut self.second(at).flows[way as usize];
        flow.messages += 1.0;
        flow.bytes += bytes as f64;
    }

    /// So much has gone over TCP in all.
    pub(super) fn wire(&mut self, received: u64, sent: u64, at: Duration) {
        let before = std::mem::replace(&mut self.wire, [received, sent]);
        let flows = &mut self.second(at).flows;
        flows[0].wire += received.saturating_sub(before[0]) as f64;
        flows[1].wire += sent.saturating_sub(before[1]) as f64;
    }

    /// How much a second, over the last whole seconds, or over what there is in
    /// the first.
    pub(super) fn rate(&self, way: Direction, now: Duration) -> Flow {
        let whole = now.as_secs().min(MEAN);
        let (from, to, time) = match whole {
            0 => (0, 1, now.as_secs_f64().max(0.1)),
            _ => (now.as_secs() - whole, now.as_secs(), whole as f64),
        };
        let mut sum = Flow::default();
        for second in self
            .seconds
            .iter()
            .filter(|second| (from..to).contains(&second.number))
        {
            let flow = second.flows[way as usize];
            sum.messages += flow.messages;
            sum.bytes += flow.bytes;
            sum.wire += flow.wire;
        }
        Flow {
            messages: sum.messages / time,
            bytes: sum.bytes / time,
            wire: sum.wire / time,
        }
    }

    /// Whether nothing went either way in what a rate is made of.
    pub(super) fn is_quiet(&self, now: Duration) -> bool {
        self.seconds
            .back()
            .is_none_or(|last| last.number + MEAN < now.as_secs())
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
        assert_eq!(meter.rate(Direction::Out, at(6_000)), Flow::default());
        assert_eq!(meter.rate(Direction::In, at(20_000)), Flow::default());
        assert!(meter.is_quiet(at(20_000)) && !meter.is_quiet(at(6_500)));
    }

    #[test]
    fn bytes_on_the_wire_are_those_since_the_last_look() {
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

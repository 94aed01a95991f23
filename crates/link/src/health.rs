//! Statistics of a link: round trips as a histogram and over time, pings
//! without an answer, drops and their causes. Reads no clock; its size is
//! bounded.

use std::{collections::VecDeque, time::Duration};

use web_time::SystemTime;

use serde::{Deserialize, Serialize};

use super::state::{LinkProblem, LinkState};

/// Four buckets per doubling from 1 µs on; the last one is for more than 70 s.
const BUCKETS: u8 = 104;

/// Ends of links that are kept.
const ENDS: usize = 32;

/// Spans that are kept; if more are needed, pairs are merged.
const SPANS: usize = 240;

/// The initial length of a span.
const SPAN: Duration = Duration::from_secs(10);

/// Statistics of a link since this program first saw the board.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Health {
    /// The number of round trips per non-empty bucket: few of the 104.
    buckets: Vec<(u8, u32)>,
    count: u64,
    worst: Duration,
    missed: u32,
    drops: u32,
    up: bool,
    ends: VecDeque<End>,
    spans: VecDeque<Span>,
    span: Duration,
}

/// The end of a link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// When, in this computer's time.
    pub at: SystemTime,
    /// Why.
    pub problem: LinkProblem,
}

/// The round trips of a span of time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Span {
    /// When it started.
    pub from: SystemTime,
    /// How many there were; none if the link was down.
    pub count: u32,
    sum: Duration,
}

impl Span {
    fn empty(from: SystemTime) -> Self {
        Self {
            from,
            count: 0,
            sum: Duration::ZERO,
        }
    }

    fn add(&mut self, took: Duration) {
        self.count += 1;
        self.sum += took;
    }

    fn join(self, next: Self) -> Self {
        Self {
            from: self.from,
            count: self.count.saturating_add(next.count),
            sum: self.sum + next.sum,
        }
    }

    /// The mean; `None` if there was no round trip.
    #[must_use]
    pub fn mean(&self) -> Option<Duration> {
        (self.count > 0).then(|| self.sum / self.count)
    }
}

impl Default for Health {
    fn default() -> Self {
        Self {
            buckets: Vec::new(),
            count: 0,
            worst: Duration::ZERO,
            missed: 0,
            drops: 0,
            up: false,
            ends: VecDeque::new(),
            spans: VecDeque::new(),
            span: SPAN,
        }
    }
}

impl Health {
    /// A request was answered after this long.
    pub fn round_trip(&mut self, at: SystemTime, took: Duration) {
        let bucket = bucket(took);
        match self.buckets.binary_search_by_key(&bucket, |(at, _)| *at) {
            Ok(at) => self
                .buckets
                .iter_mut()
                .skip(at)
                .take(1)
                .for_each(|(_, count)| *count = count.saturating_add(1)),
            Err(at) => self.buckets.insert(at, (bucket, 1)),
        }
        self.count += 1;
        self.worst = self.worst.max(took);
        let fits = |span: &Span| {
            at.duration_since(span.from)
                .is_ok_and(|age| age < self.span)
        };
        // After a clock was set back, the last span is extended instead of
        // adding one out of order.
        let back = self.spans.back().is_some_and(|last| at < last.from);
        if self.spans.back().is_none_or(|last| !back && !fits(last)) {
            self.begin(Span::empty(at));
        }
        if let Some(last) = self.spans.back_mut() {
            last.add(took);
        }
    }

    /// The state of the link has changed.
    pub fn link(&mut self, at: SystemTime, state: &LinkState) {
        match state {
            LinkState::Connected => self.up = true,
            // After 15 s of silence the ping that was sent after 10 s is
            // unanswered.
            LinkState::Stale => self.missed = self.missed.saturating_add(1),
            LinkState::Unreachable { problem, .. } if self.up => self.drop_link(at, problem),
            // A board that restarted connects again before its old connection
            // has ended.
            LinkState::Connecting if self.up => self.drop_link(at, &LinkProblem::Closed),
            _ => {}
        }
    }

    fn drop_link(&mut self, at: SystemTime, problem: &LinkProblem) {
        self.up = false;
        self.drops = self.drops.saturating_add(1);
        if self.ends.len() == ENDS {
            self.ends.pop_front();
        }
        self.ends.push_back(End {
            at,
            problem: problem.clone(),
        });
        self.begin(Span::empty(at));
    }

    fn begin(&mut self, span: Span) {
        if self.spans.len() == SPANS {
            self.span *= 2;
            let mut joined = VecDeque::with_capacity(SPANS);
            for span in self.spans.drain(..) {
                match joined.pop_back() {
                    // A span without a round trip stays a gap.
                    Some(last) if can_join(&last, &span, self.span) => {
                        joined.push_back(last.join(span));
                    }
                    Some(last) => joined.extend([last, span]),
                    None => joined.push_back(span),
                }
            }
            // A link that goes up and down all the time leaves nothing to
            // merge: then the oldest span is dropped.
            while joined.len() >= SPANS {
                joined.pop_front();
            }
            self.spans = joined;
        }
        self.spans.push_back(span);
    }

    /// The number of measured round trips.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The quantile of the round trips, from 0 to 1, within 9 %; `None` before
    /// the first.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let wanted = (share.clamp(0.0, 1.0) * self.count as f64).ceil().max(1.0);
        let mut seen = 0.0;
        for (at, count) in &self.buckets {
            seen += f64::from(*count);
            if seen >= wanted {
                return Some(middle(*at).min(self.worst));
            }
        }
        None
    }

    /// The longest round trip; `None` before the first.
    #[must_use]
    pub fn worst(&self) -> Option<Duration> {
        (self.count > 0).then_some(self.worst)
    }

    /// Pings without an answer within 5 s.
    #[must_use]
    pub fn missed(&self) -> u32 {
        self.missed
    }

    /// How often the link was lost, whether or not it was restored.
    #[must_use]
    pub fn drops(&self) -> u32 {
        self.drops
    }

    /// The newest ends of the link, oldest first.
    pub fn ends(&self) -> impl DoubleEndedIterator<Item = &End> {
        self.ends.iter()
    }

    /// Round trips over time, oldest first; a span without any is a gap.
    pub fn spans(&self) -> impl Iterator<Item = &Span> {
        self.spans.iter()
    }

    /// The non-empty buckets: the round trip in the middle of each, and how
    /// many there were.
    pub fn histogram(&self) -> impl Iterator<Item = (Duration, u32)> {
        self.buckets.iter().map(|(at, count)| (middle(*at), *count))
    }
}

fn can_join(one: &Span, next: &Span, width: Duration) -> bool {
    (one.count == 0) == (next.count == 0)
        && next
            .from
            .duration_since(one.from)
            .is_ok_and(|apart| apart < width)
}

fn bucket(took: Duration) -> u8 {
    let micros = took.as_secs_f64() * 1e6;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to the buckets"
    )]
    let at = (micros.max(1.0).log2() * 4.0)
        .floor()
        .clamp(0.0, f64::from(BUCKETS - 1)) as u8;
    at
}

/// The geometric middle of a bucket.
fn middle(bucket: u8) -> Duration {
    Duration::from_secs_f64(((f64::from(bucket) + 0.5) / 4.0).exp2() / 1e6)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn quantiles_are_within_nine_per_cent() {
        let mut health = Health::default();
        assert_eq!((health.quantile(0.5), health.worst()), (None, None));
        for millis in 1..=100 {
            health.round_trip(at(millis), Duration::from_millis(millis));
        }
        for (share, millis) in [(0.5, 50.0), (0.95, 95.0), (1.0, 100.0)] {
            let found = health
                .quantile(share)
                .map_or(0.0, |found| found.as_secs_f64() * 1e3);
            assert!((found / millis - 1.0).abs() < 0.095, "{share}: {found}");
        }
        assert_eq!(health.worst(), Some(Duration::from_millis(100)));
    }

    #[test]
    fn a_drop_is_counted_at_once_with_its_cause() {
        let lost = |problem| LinkState::Unreachable {
            problem,
            retry_at: None,
        };
        let mut health = Health::default();
        health.link(at(0), &LinkState::Connecting);
        health.link(at(0), &LinkState::Connected);
        assert_eq!(health.drops(), 0);
        health.link(at(30), &LinkState::Stale);
        health.link(at(60), &lost(LinkProblem::Silent));
        // Before the link is restored.
        assert_eq!((health.missed(), health.drops()), (1, 1));
        // A failed attempt is not the end of a link.
        health.link(at(70), &LinkState::Connecting);
        health.link(at(80), &lost(LinkProblem::ConnectTimeout));
        health.link(at(90), &LinkState::Connected);
        assert_eq!(health.drops(), 1);
        assert_eq!(
            health.ends().collect::<Vec<_>>(),
            [&End {
                at: at(60),
                problem: LinkProblem::Silent
            }]
        );
    }

    #[test]
    fn a_board_that_connects_again_has_dropped_its_old_link() {
        let mut health = Health::default();
        for state in [
            LinkState::Connected,
            LinkState::Connecting,
            LinkState::Connected,
        ] {
            health.link(at(0), &state);
        }
        assert_eq!(health.drops(), 1);
    }

    proptest! {
        #[test]
        fn statistics_are_bounded_ordered_and_keep_the_worst(
            steps in prop::collection::vec((0u64..600, 1u64..100_000, any::<bool>()), 1..2_000)
        ) {
            let mut health = Health::default();
            let (mut now, mut total) = (1_000_000, 0u64);
            let mut worst = Duration::ZERO;
            for (wait, micros, down) in steps {
                now += wait;
                if down && wait > 500 {
                    health.link(at(now), &LinkState::Connected);
                    let problem = LinkProblem::Closed;
                    health.link(at(now), &LinkState::Unreachable { problem, retry_at: None });
                } else {
                    let took = Duration::from_micros(micros);
                    health.round_trip(at(now), took);
                    worst = worst.max(took);
                    total += 1;
                }
                prop_assert!(health.spans.len() <= SPANS && health.ends.len() <= ENDS);
            }
            prop_assert_eq!(health.count(), total);
            prop_assert_eq!(health.worst().unwrap_or_default(), worst);
            let starts: Vec<_> = health.spans().map(|span| span.from).collect();
            prop_assert!(starts.is_sorted());
        }
    }
}

//! The values of a component over time, in bounded memory: the newest
//! unchanged, older ones aggregated into buckets that grow with age, each with
//! its lowest and highest value. A gap stays a gap at every age.
//!
//! Shared by the I/O thread, which adds values, and the fleet's users; adding
//! copies nothing.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use web_time::SystemTime;

use super::Sample;

/// Values that are kept unchanged: ten minutes of a sensor that reports once
/// per second.
const RAW: usize = 600;

/// The width of a bucket in seconds, and how many are kept, per tier. For a
/// sensor that reports once per second these are the ten minutes before the raw
/// values, the hour before those, and the day before that; at most 75 KB.
const TIERS: [(f64, usize); 3] = [(2.0, 300), (16.0, 240), (128.0, 720)];

/// One or more values, aggregated.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bucket {
    /// The time of the first value: seconds since 1970 (UTC).
    pub from: f64,
    /// The end of the last value: the next value, the beginning of a gap, or
    /// now.
    pub to: f64,
    /// The lowest value, in the component's unit; NaN in a gap.
    pub low: f64,
    /// The highest value; NaN in a gap.
    pub high: f64,
    /// The mean over time: each value is weighted by its duration. NaN in a
    /// gap.
    pub mean: f64,
    /// The number of values; 0 in a gap.
    pub count: u32,
}

impl Bucket {
    fn of(sample: Sample, to: f64) -> Self {
        let Sample { at, value } = sample;
        let known = value.is_finite();
        let value = if known { value } else { f64::NAN };
        let from = seconds(at);
        Self {
            from,
            to: to.max(from),
            low: value,
            high: value,
            mean: value,
            count: u32::from(known),
        }
    }

    /// Whether nothing is known about this time: the link was down, or the
    /// board had no value.
    pub fn is_gap(&self) -> bool {
        self.count == 0
    }

    /// Converts the values to another unit.
    pub fn scale(&mut self, factor: f64) {
        for value in [&mut self.low, &mut self.high, &mut self.mean] {
            *value *= factor;
        }
    }

    /// The duration of the values together, in seconds.
    fn duration(&self) -> f64 {
        self.to - self.from
    }

    /// Merges the bucket that follows.
    pub fn merge(&mut self, next: &Self) {
        let duration = self.duration() + next.duration();
        self.mean = match duration > 0.0 {
            true => (self.mean * self.duration() + next.mean * next.duration()) / duration,
            false => f64::midpoint(self.mean, next.mean),
        };
        self.low = self.low.min(next.low);
        self.high = self.high.max(next.high);
        self.count = self.count.saturating_add(next.count);
        self.to = next.to;
    }
}

/// The summary of a period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// The lowest value.
    pub low: f64,
    /// The mean over time: each value is weighted by its duration.
    pub mean: f64,
    /// The highest value.
    pub high: f64,
}

impl Summary {
    /// Summarizes the parts of buckets between two times; `None` if nothing is
    /// known about them.
    pub fn of<'a>(
        buckets: impl IntoIterator<Item = &'a Bucket>,
        from: f64,
        to: f64,
    ) -> Option<Self> {
        let mut sum: Option<(Self, f64)> = None;
        for bucket in buckets.into_iter().filter(|bucket| !bucket.is_gap()) {
            if bucket.to < from || bucket.from > to {
                continue;
            }
            let duration = (bucket.to.min(to) - bucket.from.max(from)).max(0.0);
            let (all, weight) = sum.get_or_insert((
                Self {
                    low: bucket.low,
                    mean: bucket.mean,
                    high: bucket.high,
                },
                0.0,
            ));
            all.low = all.low.min(bucket.low);
            all.high = all.high.max(bucket.high);
            if *weight + duration > 0.0 {
                all.mean += (bucket.mean - all.mean) * duration / (*weight + duration);
            }
            *weight += duration;
        }
        sum.map(|(sum, _)| sum)
    }
}

/// The values of one component.
#[derive(Debug, Default)]
pub struct History(Mutex<Store>);

#[derive(Debug, Default)]
struct Store {
    raw: VecDeque<Sample>,
    /// The finest first; each is older than the one before. `None` while all
    /// values are kept unchanged.
    tiers: Option<Box<[VecDeque<Bucket>; TIERS.len()]>>,
}

impl History {
    /// Adds a value. If it is dated before the last one, because a clock was
    /// set back, it gets the time of the last one.
    pub fn push(&self, mut sample: Sample) {
        let mut store = self.store();
        if let Some(last) = store.raw.back() {
            sample.at = sample.at.max(last.at);
            // A continued gap is one gap.
            if !sample.value.is_finite() && !last.value.is_finite() {
                return;
            }
        }
        store.raw.push_back(sample);
        store.make_room();
    }

    /// The newest values unchanged, oldest first: at most 600.
    pub fn recent(&self) -> Vec<Sample> {
        self.store().raw.iter().copied().collect()
    }

    /// How many values [`History::recent`] has.
    pub fn recent_len(&self) -> usize {
        self.store().raw.len()
    }

    /// The newest values that are later than a time, oldest first; all of
    /// [`History::recent`] without one.
    pub fn after(&self, last: Option<SystemTime>) -> Vec<Sample> {
        let store = self.store();
        let at = last.map_or(0, |last| {
            store.raw.partition_point(|sample| sample.at <= last)
        });
        store.raw.range(at..).copied().collect()
    }

    /// What is kept of the time before [`History::recent`]: the tiers, the
    /// finest and newest first, each oldest first.
    pub fn past(&self) -> Vec<Vec<Bucket>> {
        let store = self.store();
        let tiers = store.tiers.iter().flat_map(|tiers| tiers.iter());
        tiers.map(|tier| tier.iter().copied().collect()).collect()
    }

    /// A history with what [`History::past`] and [`History::recent`] of another
    /// one returned; what does not fit is left out.
    pub fn of(past: Vec<Vec<Bucket>>, recent: impl IntoIterator<Item = Sample>) -> Self {
        let history: Self = recent.into_iter().collect();
        if past.iter().any(|tier| !tier.is_empty()) {
            let mut store = history.store();
            let tiers = store.tiers.get_or_insert_default().iter_mut();
            for ((tier, (_, most)), kept) in tiers.zip(TIERS).zip(past) {
                let over = kept.len().saturating_sub(most);
                tier.extend(kept.into_iter().skip(over));
            }
        }
        history
    }

    /// The newest value.
    pub fn last(&self) -> Option<Sample> {
        self.store().raw.back().copied()
    }

    /// The oldest time that is kept, in seconds since 1970.
    pub fn since(&self) -> Option<f64> {
        let store = self.store();
        let oldest = store
            .tiers
            .iter()
            .flat_map(|tiers| tiers.iter().rev())
            .find_map(|tier| tier.front());
        oldest
            .map(|bucket| bucket.from)
            .or_else(|| store.raw.front().map(|sample| seconds(sample.at)))
    }

    /// Everything between two times (seconds since 1970), oldest first, and one
    /// beyond each end, so that a line reaches the edges. The last value lasts
    /// until `now`.
    pub fn between(&self, from: f64, to: f64, now: f64) -> Vec<Bucket> {
        let store = self.store();
        let mut found: Vec<Bucket> = Vec::new();
        let raw = store.raw.iter().enumerate().map(|(at, sample)| {
            let next = store.raw.get(at + 1).map_or(now, |next| seconds(next.at));
            Bucket::of(*sample, next)
        });
        for bucket in store
            .tiers
            .iter()
            .flat_map(|tiers| tiers.iter().rev())
            .flatten()
            .copied()
            .chain(raw)
        {
            if bucket.to < from {
                found.clear();
            }
            found.push(bucket);
            if bucket.from > to {
                break;
            }
        }
        found
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        // A panic leaves nothing half done: every change is one insertion or
        // removal.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FromIterator<Sample> for History {
    fn from_iter<T: IntoIterator<Item = Sample>>(samples: T) -> Self {
        let history = Self::default();
        samples.into_iter().for_each(|sample| history.push(sample));
        history
    }
}

impl Store {
    /// Moves what is too old for its tier to the next, coarser one.
    fn make_room(&mut self) {
        if self.raw.len() <= RAW {
            return;
        }
        let (Some(oldest), Some(next)) = (self.raw.pop_front(), self.raw.front()) else {
            return;
        };
        let mut bucket = Bucket::of(oldest, seconds(next.at));
        for (tier, (width, most)) in self.tiers.get_or_insert_default().iter_mut().zip(TIERS) {
            match tier.back_mut() {
                Some(last)
                    if last.is_gap() == bucket.is_gap() && bucket.from - last.from < width =>
                {
                    last.merge(&bucket);
                }
                _ => tier.push_back(bucket),
            }
            if tier.len() <= most {
                return;
            }
            let Some(oldest) = tier.pop_front() else {
                return;
            };
            bucket = oldest;
        }
    }
}

/// Seconds since 1970 (UTC).
pub fn seconds(at: SystemTime) -> f64 {
    match at.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => since.as_secs_f64(),
        Err(before) => -before.duration().as_secs_f64(),
    }
}

/// The time this many seconds since 1970; `None` if it cannot be represented.
pub fn time(seconds: f64) -> Option<SystemTime> {
    let length = Duration::try_from_secs_f64(seconds.abs()).ok()?;
    match seconds < 0.0 {
        true => SystemTime::UNIX_EPOCH.checked_sub(length),
        false => SystemTime::UNIX_EPOCH.checked_add(length),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: f64) -> SystemTime {
        time(second).unwrap()
    }

    /// A sensor that reports once per second, from 0 on.
    fn reports(values: impl IntoIterator<Item = f64>) -> History {
        values
            .into_iter()
            .enumerate()
            .map(|(second, value)| Sample {
                at: at(second as f64),
                value,
            })
            .collect()
    }

    #[test]
    fn a_day_of_values_every_second_is_kept_with_its_extremes() {
        let day = 86_400;
        let history = reports((0..day).map(|second| {
            if second == 100 {
                99.0
            } else {
                f64::from(second % 10)
            }
        }));
        let all = history.between(0.0, f64::from(day), f64::from(day));
        assert_eq!(all.first().map(|first| first.from), Some(0.0));
        assert_eq!(history.since(), Some(0.0));
        assert!(all.len() <= RAW + TIERS.iter().map(|(_, most)| most).sum::<usize>());
        let sum = Summary::of(&all, 0.0, f64::from(day)).unwrap();
        assert_eq!((sum.low, sum.high), (0.0, 99.0));
        assert!((sum.mean - 4.5).abs() < 0.01, "{}", sum.mean);
        let last = Summary::of(
            &history.between(86_000.0, 86_400.0, 86_400.0),
            86_000.0,
            86_400.0,
        )
        .unwrap();
        assert_eq!(last.high, 9.0, "the extreme is where it was");
    }

    #[test]
    fn a_copy_of_a_history_has_the_same_values_at_every_age() {
        let history = reports((0..20_000).map(|second| f64::from(second % 7)));
        let copy = History::of(history.past(), history.recent());
        let all = |history: &History| history.between(0.0, 20_000.0, 20_000.0);
        assert_eq!(all(&copy), all(&history));
        let later = history.after(Some(at(19_990.0)));
        assert_eq!(later.len(), 9, "those after it");
        assert_eq!(history.after(None), history.recent());
    }

    #[test]
    fn nothing_is_aggregated_across_a_gap() {
        let down = |second: i32| second % 50 == 25;
        let history = reports((0..5_000).map(|second| if down(second) { f64::NAN } else { 1.0 }));
        let all = history.between(0.0, 5_000.0, 5_000.0);
        for bucket in all.iter().filter(|bucket| !bucket.is_gap()) {
            let inside = (0..5_000).filter(|second| down(*second)).map(f64::from);
            assert_eq!(
                inside
                    .filter(|second| bucket.from < *second && *second < bucket.to)
                    .count(),
                0,
                "{bucket:?}"
            );
        }
        assert!(all.iter().any(Bucket::is_gap));
    }

    #[test]
    fn a_continued_gap_is_one_gap() {
        let history = reports([1.0, f64::NAN, f64::NAN, f64::NAN, 2.0]);
        let gaps: Vec<_> = history
            .between(0.0, 9.0, 9.0)
            .into_iter()
            .filter(Bucket::is_gap)
            .collect();
        assert_eq!(
            gaps.iter()
                .map(|gap| (gap.from, gap.to))
                .collect::<Vec<_>>(),
            [(1.0, 4.0)]
        );
    }

    #[test]
    fn a_value_is_weighted_by_its_duration() {
        let history: History = [(0.0, 10.0), (1.0, 20.0)]
            .into_iter()
            .map(|(s, value)| Sample { at: at(s), value })
            .collect();
        let sum = Summary::of(&history.between(0.0, 10.0, 10.0), 0.0, 10.0).unwrap();
        assert!(
            (sum.mean - 19.0).abs() < 1e-9,
            "1 s of 10 and 9 s of 20: {}",
            sum.mean
        );
        assert_eq!(
            Summary::of(&history.between(-9.0, -5.0, 10.0), -9.0, -5.0),
            None
        );
    }

    #[test]
    fn a_view_reaches_to_the_values_beyond_its_edges() {
        let history = reports((0..10).map(f64::from));
        let seen = history.between(3.5, 5.5, 9.0);
        assert_eq!(
            seen.iter().map(|bucket| bucket.from).collect::<Vec<_>>(),
            [2.0, 3.0, 4.0, 5.0, 6.0]
        );
    }

    proptest! {
        #[test]
        fn buckets_follow_one_another_and_lose_no_extreme(
            steps in prop::collection::vec(
                (0.0..400.0_f64, prop::option::weighted(0.95, -1e3..1e3_f64)),
                1..4_000,
            )
        ) {
            let mut second = 0.0;
            let mut samples = Vec::new();
            for (step, value) in steps {
                second += step;
                samples.push((second, value.unwrap_or(f64::NAN)));
            }
            let history: History = samples
                .iter()
                .map(|(s, value)| Sample { at: at(*s), value: *value })
                .collect();
            let all = history.between(-1.0, second + 1.0, second);
            for pair in all.windows(2) {
                prop_assert!(pair[0].to <= pair[1].from + 1e-5, "{pair:?}");
            }
            let oldest = all[0].from;
            let kept = || {
                let recent = samples.iter().filter(|(s, v)| *s >= oldest - 1e-5 && v.is_finite());
                recent.map(|(_, v)| *v)
            };
            let known: Vec<_> = all.iter().filter(|bucket| !bucket.is_gap()).collect();
            if let (Some(low), Some(high)) = (kept().reduce(f64::min), kept().reduce(f64::max)) {
                prop_assert_eq!(known.iter().map(|b| b.low).reduce(f64::min), Some(low));
                prop_assert_eq!(known.iter().map(|b| b.high).reduce(f64::max), Some(high));
            }
        }
    }
}

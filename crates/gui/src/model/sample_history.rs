//! The telemetry of one board on the fleet's time axis: the newest samples
//! unchanged, older ones aggregated into buckets that grow with age, in bounded
//! memory. Owns no connection and reads no clock.

use std::{collections::VecDeque, sync::Arc};

use protocol::telemetry::{Channel, Telemetry};

use fleet::Bucket;
use telemetry::{Item, ReceivedFrame};

/// How long samples are kept unchanged, in seconds, and how many values of all
/// channels at most.
const RAW_SECONDS: f64 = 30.0;
const RAW_VALUES: usize = 250_000;

/// The width of a bucket in seconds, and how many are kept, per tier: five
/// minutes, an hour, and the day before; 450 kB per channel.
const TIERS: [(f64, usize); 3] = [(0.1, 3_000), (1.0, 3_600), (30.0, 2_760)];

/// How much of the error of the time is corrected with each frame. The clocks
/// of a board and of this computer differ by less than a thousandth.
const CORRECTION: f64 = 0.02;

/// Frames that are further apart than this do not follow each other.
const JUMP: f64 = 0.25;

/// The samples of one frame.
#[derive(Debug)]
struct Block {
    from: f64,
    interval: f64,
    /// The values of each channel.
    values: Vec<Vec<f32>>,
}

impl Block {
    fn rows(&self) -> usize {
        self.values.first().map_or(0, Vec::len)
    }

    fn to(&self) -> f64 {
        self.from + self.interval * self.rows() as f64
    }

    fn len(&self) -> usize {
        self.rows() * self.values.len()
    }
}

/// The finest tier first; each is older than the one before.
type Tiers = [VecDeque<Bucket>; TIERS.len()];

/// The samples of all channels of a board.
#[derive(Debug, Default)]
pub(crate) struct SampleHistory {
    described: Option<Arc<Telemetry>>,
    raw: VecDeque<Block>,
    raw_values: usize,
    channels: Vec<Tiers>,
    /// This computer's time minus the board's, where frames took the least time
    /// to arrive.
    offset: Option<f64>,
    /// The end of the newest samples.
    end: Option<f64>,
}

impl SampleHistory {
    /// Adds what arrived until `now`, in seconds since 1970.
    pub(crate) fn put(&mut self, items: Vec<Item>, now: f64) {
        let newest = items.iter().rev().find_map(|item| match item {
            Item::Frame(received) => Some(board_end(received)),
            Item::Described(_) => None,
        });
        let restarts = items.iter().any(|item| self.restarts(item));
        if let Some(newest) = newest {
            let measured = now - newest;
            self.offset = Some(match self.offset.filter(|_| !restarts) {
                // A frame arrives too late, never too early.
                Some(offset) if measured > offset => offset + (measured - offset) * 0.01,
                _ => measured,
            });
        }
        for item in items {
            match item {
                Item::Described(described) => self.describe(described),
                Item::Frame(received) => self.frame(&received),
            }
        }
    }

    fn restarts(&self, item: &Item) -> bool {
        let epoch = self.described.as_ref().map(|described| described.epoch);
        matches!(item, Item::Described(described) if epoch != Some(described.epoch))
    }

    fn describe(&mut self, described: Arc<Telemetry>) {
        let differs = self
            .described
            .as_ref()
            .is_none_or(|before| before.channels != described.channels);
        if differs {
            self.raw.clear();
            self.raw_values = 0;
            self.channels = described
                .channels
                .iter()
                .map(|_| Tiers::default())
                .collect();
            self.end = None;
        }
        self.described = Some(described);
    }

    fn frame(&mut self, received: &ReceivedFrame) {
        let frame = &received.frame;
        let channels = usize::from(frame.channels);
        let (Some(described), Some(offset)) = (&self.described, self.offset) else {
            return;
        };
        if channels != described.channels.len() || frame.rows() == 0 {
            return;
        }
        let interval = f64::from(frame.interval_us) * 1e-6;
        let values: Vec<Vec<f32>> = described
            .channels
            .iter()
            .enumerate()
            .map(|(channel, Channel { scale, .. })| {
                let sample = |row: usize| frame.samples.get(row * channels + channel);
                (0..frame.rows())
                    .map(|row| sample(row).map_or(f32::NAN, |sample| single(sample * scale)))
                    .collect()
            })
            .collect();
        let mapped = frame.time_us as f64 * 1e-6 + offset;
        let follows = self
            .end
            .filter(|end| !frame.gap && received.lost == 0 && (mapped - end).abs() < JUMP);
        let from = match (follows, self.end) {
            (Some(end), _) => end + (mapped - end) * CORRECTION,
            (None, Some(end)) => mapped.max(end),
            (None, None) => mapped,
        };
        let block = Block {
            from,
            interval,
            values,
        };
        self.aggregate(&block, follows.is_none());
        self.end = Some(block.to());
        self.raw_values += block.len();
        self.raw.push_back(block);
        self.forget_raw();
    }

    /// Adds a frame to the buckets, after a gap if it does not follow.
    fn aggregate(&mut self, block: &Block, after_gap: bool) {
        let (from, to) = (block.from, block.to());
        let gap = self.end.filter(|end| after_gap && *end < from);
        for (tiers, values) in self.channels.iter_mut().zip(&block.values) {
            if let Some(end) = gap {
                push(tiers, missing(end, from));
            }
            push(tiers, summary(values, from, to));
        }
    }

    fn forget_raw(&mut self) {
        let oldest = self.end.unwrap_or_default() - RAW_SECONDS;
        while self.raw_values > RAW_VALUES
            || self.raw.front().is_some_and(|block| block.to() < oldest)
        {
            let Some(block) = self.raw.pop_front() else {
                return;
            };
            self.raw_values -= block.len();
        }
    }

    /// The channels, once the board has described them.
    pub(crate) fn channels(&self) -> &[Channel] {
        let described = self.described.as_ref();
        described.map_or(&[], |described| &described.channels)
    }

    /// The index of the channel with this name, and its description.
    pub(crate) fn channel(&self, name: &str) -> Option<(usize, &Channel)> {
        let mut channels = self.channels().iter().enumerate();
        channels.find(|(_, channel)| channel.name == name)
    }

    /// The oldest time that is kept of a channel.
    pub(crate) fn since(&self, channel: usize) -> Option<f64> {
        let tiers = self.channels.get(channel)?;
        let oldest = tiers.iter().rev().find_map(VecDeque::front)?;
        Some(oldest.from)
    }

    /// The newest sample of a channel.
    pub(crate) fn newest(&self, channel: usize) -> Option<f64> {
        let values = self.raw.back()?.values.get(channel)?;
        values.last().map(|value| f64::from(*value))
    }

    /// The values of a channel between two times, oldest first. Single samples
    /// are returned where `width`, the time that can be told apart, is much
    /// shorter than a bucket.
    pub(crate) fn between(&self, channel: usize, from: f64, to: f64, width: f64) -> Vec<Bucket> {
        let Some(tiers) = self.channels.get(channel) else {
            return Vec::new();
        };
        let detailed = width < TIERS[0].0 / 4.0;
        let raw_from = self
            .raw
            .front()
            .filter(|_| detailed)
            .map_or(f64::INFINITY, |block| block.from);
        let mut found: Vec<Bucket> = Vec::new();
        for tier in tiers.iter().rev() {
            let first = tier.partition_point(|bucket| bucket.to < from);
            let within = tier
                .range(first..)
                .take_while(|bucket| bucket.from <= to && bucket.from < raw_from);
            found.extend(within);
        }
        if !detailed {
            return found;
        }
        // A bucket may contain samples that are returned too.
        if let Some(last) = found.last_mut() {
            last.to = last.to.min(raw_from).max(last.from);
        }
        let blocks = self
            .raw
            .iter()
            .filter(|block| block.to() >= from && block.from <= to);
        let mut end = found.last().map(|bucket| bucket.to);
        for block in blocks {
            if let Some(end) = end.filter(|end| block.from - *end > block.interval * 2.0) {
                found.push(missing(end, block.from));
            }
            end = Some(block.to());
            let values = block.values.get(channel);
            for (row, value) in values.into_iter().flatten().enumerate() {
                let at = block.from + row as f64 * block.interval;
                found.push(summary(&[*value], at, at + block.interval));
            }
        }
        found
    }
}

/// The end of a frame, in seconds since the board booted.
fn board_end(received: &ReceivedFrame) -> f64 {
    let frame = &received.frame;
    let length = f64::from(frame.interval_us) * frame.rows() as f64;
    (frame.time_us as f64 + length) * 1e-6
}

fn missing(from: f64, to: f64) -> Bucket {
    summary(&[f32::NAN], from, to)
}

/// The bucket of these samples; a gap if none of them is known.
fn summary(values: &[f32], from: f64, to: f64) -> Bucket {
    let known = values.iter().filter(|value| value.is_finite());
    let (mut low, mut high, mut sum, mut count) = (f64::INFINITY, f64::NEG_INFINITY, 0.0, 0_u32);
    for value in known.map(|value| f64::from(*value)) {
        low = low.min(value);
        high = high.max(value);
        sum += value;
        count += 1;
    }
    let known = |value: f64| if count > 0 { value } else { f64::NAN };
    Bucket {
        from,
        to,
        low: known(low),
        high: known(high),
        mean: known(sum / f64::from(count.max(1))),
        count,
    }
}

/// Adds a bucket to the finest tier, and moves what is too old for a tier to
/// the next one.
fn push(tiers: &mut Tiers, mut bucket: Bucket) {
    for (tier, (width, most)) in tiers.iter_mut().zip(TIERS) {
        match tier.back_mut() {
            Some(last)
                if last.is_gap() == bucket.is_gap() && bucket.to - last.from <= width * 1.001 =>
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

#[expect(
    clippy::cast_possible_truncation,
    reason = "f32 is precise enough for drawing; larger values become infinite"
)]
fn single(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use protocol::telemetry::{Frame, Samples};

    use super::*;

    fn described(epoch: &str) -> Item {
        let described = serde_json::json!({
            "telemetry": 1, "epoch": epoch, "uptime_ms": 1, "interval_us": 1000,
            "channels": [{"name": "Current", "scale": 0.5}],
        });
        Item::Described(Arc::new(serde_json::from_value(described).unwrap()))
    }

    /// Fifty milliseconds of samples that count up, from this frame number on.
    fn frame(number: u32, lost: u32) -> Item {
        let first = i16::try_from(number % 100).unwrap() * 50;
        let frame = Frame {
            gap: false,
            sequence: number,
            time_us: u64::from(number) * 50_000,
            interval_us: 1_000,
            channels: 1,
            samples: Samples::I16((first..first + 50).collect()),
        };
        Item::Frame(ReceivedFrame { frame, lost })
    }

    /// A board that booted at 1,000 s; each frame arrives when it is complete.
    fn history(frames: impl IntoIterator<Item = (u32, u32)>) -> SampleHistory {
        let mut history = SampleHistory::default();
        history.put(vec![described("5f3a91c2")], 1_000.0);
        for (number, lost) in frames {
            let now = 1_000.0 + f64::from(number + 1) * 0.05;
            history.put(vec![frame(number, lost)], now);
        }
        history
    }

    #[test]
    fn samples_are_on_the_time_axis_of_the_fleet() {
        let history = history((0..40).map(|number| (number, 0)));
        let samples = history.between(0, 1_000.5, 1_000.6, 0.001);
        let first = samples
            .iter()
            .find(|sample| sample.from > 1_000.500_5)
            .unwrap();
        assert!((first.from - 1_000.501).abs() < 1e-6, "{first:?}");
        assert_eq!(first.mean, 250.5);
        assert_eq!(history.newest(0), Some(999.5));
        let coarse = history.between(0, 1_000.0, 1_002.0, 0.2);
        assert_eq!(coarse.len(), 20);
        assert_eq!((coarse[0].low, coarse[0].high), (0.0, 49.5));
    }

    #[test]
    fn a_lost_frame_is_a_gap_in_detail_and_in_general() {
        let history = history([(0, 0), (1, 0), (6, 4), (7, 0)]);
        for width in [0.001, 1.0] {
            let all = history.between(0, 0.0, 2_000.0, width);
            let gaps: Vec<_> = all.iter().filter(|bucket| bucket.is_gap()).collect();
            assert_eq!(gaps.len(), 1, "{width}");
            assert!((gaps[0].to - gaps[0].from - 0.2).abs() < 1e-6);
        }
    }

    #[test]
    fn memory_is_bounded_and_no_extreme_is_lost() {
        let history = history((0..40_000).map(|number| (number, 0)));
        assert!(history.raw_values <= RAW_VALUES);
        let all = history.between(0, 0.0, f64::INFINITY, 1.0);
        assert!(all.len() <= TIERS.iter().map(|(_, most)| most).sum::<usize>());
        assert!((history.since(0).unwrap() - 1_000.0).abs() < 1e-3);
        assert!(all.windows(2).all(|pair| pair[0].from < pair[1].from));
        let high = all.iter().map(|bucket| bucket.high).reduce(f64::max);
        assert_eq!(high, Some(2_499.5));
    }

    #[test]
    fn after_a_restart_samples_go_on_at_the_present() {
        let mut history = history((0..20).map(|number| (number, 0)));
        history.put(vec![described("00000001"), frame(0, 0)], 1_060.05);
        let all = history.between(0, 0.0, 2_000.0, 1.0);
        assert!((all.last().unwrap().from - 1_060.0).abs() < 1e-6);
        assert!(all.iter().any(Bucket::is_gap));
    }
}

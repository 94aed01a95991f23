//! The samples of the last minute, and their reduction for drawing: minimum and
//! maximum per pixel column. Owns no connection and reads no clock; times are
//! the board's.

use std::{
    collections::VecDeque,
    io::{self, Write},
    sync::Arc,
};

use protocol::telemetry::{Channel, Telemetry};

use sanitize::plain::cell;

use crate::model::file_task::WriteFile;
use telemetry::{Item, ReceivedFrame};

/// How long samples are kept, in seconds.
pub(super) const KEPT: f64 = 60.0;

/// The maximum number of values of all channels together, at any rate.
const MAX_VALUES: usize = 500_000;

/// The samples of one frame.
#[derive(Debug, Clone, PartialEq)]
struct Block {
    /// The time of the first sample, in seconds since the board booted.
    from: f64,
    interval: f64,
    /// Samples are missing before it.
    has_gap: bool,
    /// Frames were lost before it.
    lost: bool,
    /// The values of each channel.
    values: Vec<Vec<f32>>,
    /// The minimum and maximum of each channel.
    extremes: Vec<[f32; 2]>,
}

impl Block {
    fn rows(&self) -> usize {
        self.values.first().map_or(0, Vec::len)
    }

    /// The time of the next sample.
    fn to(&self) -> f64 {
        self.from + self.interval * self.rows() as f64
    }
}

/// The curve of one channel: segments without a gap.
pub(super) type Segments = Vec<Vec<[f64; 2]>>;

/// Statistics of one channel over a time range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Summary {
    pub(super) low: f64,
    pub(super) mean: f64,
    pub(super) high: f64,
    pub(super) last: f64,
}

/// The samples of one board.
#[derive(Debug, Default)]
pub(super) struct Store {
    described: Option<Arc<Telemetry>>,
    blocks: VecDeque<Block>,
    values: usize,
}

impl Store {
    /// Adds what arrived.
    pub(super) fn put(&mut self, item: Item) {
        match item {
            Item::Described(described) => {
                let differs = self.described.as_ref().is_none_or(|before| {
                    before.channels != described.channels || before.epoch != described.epoch
                });
                if differs {
                    // Other channels, or the board has restarted.
                    self.blocks.clear();
                    self.values = 0;
                }
                self.described = Some(described);
            }
            Item::Frame(received) => self.frame(&received),
        }
    }

    fn frame(&mut self, ReceivedFrame { frame, lost }: &ReceivedFrame) {
        let Some(described) = &self.described else {
            return;
        };
        let channels = usize::from(frame.channels);
        if channels != described.channels.len() {
            return;
        }
        let scaled = |at: usize, scale: f64| {
            frame
                .samples
                .get(at)
                .map_or(f32::NAN, |sample| single(sample * scale))
        };
        let mut values = Vec::with_capacity(channels);
        for (channel, Channel { scale, .. }) in described.channels.iter().enumerate() {
            values.push(
                (0..frame.rows())
                    .map(|row| scaled(row * channels + channel, *scale))
                    .collect::<Vec<f32>>(),
            );
        }
        let edge = |values: &Vec<f32>| {
            let known = values.iter().copied().filter(|value| value.is_finite());
            known.fold([f32::INFINITY, f32::NEG_INFINITY], |[low, high], value| {
                [low.min(value), high.max(value)]
            })
        };
        let extremes = values.iter().map(edge).collect();
        let from = frame.time_us as f64 * 1e-6;
        let interval = f64::from(frame.interval_us) * 1e-6;
        let after = self.blocks.back().map(Block::to);
        // Time goes back if the board restarted, or if its clock is faulty.
        if after.is_some_and(|after| from < after - 1.5 * interval) {
            self.blocks.clear();
            self.values = 0;
        }
        let has_gap = frame.gap
            || *lost > 0
            || after.is_some_and(|after| (from - after).abs() > 1.5 * interval);
        let block = Block {
            from,
            interval,
            has_gap,
            lost: *lost > 0,
            values,
            extremes,
        };
        self.values += block.rows() * channels;
        let end = block.to();
        self.blocks.push_back(block);
        while self.values > MAX_VALUES
            || self
                .blocks
                .front()
                .is_some_and(|oldest| oldest.to() < end - KEPT)
        {
            let Some(oldest) = self.blocks.pop_front() else {
                break;
            };
            self.values -= oldest.rows() * channels;
        }
    }

    pub(super) fn channels(&self) -> &[Channel] {
        self.described
            .as_ref()
            .map_or(&[], |described| &described.channels)
    }

    /// The end of the samples.
    pub(super) fn end(&self) -> Option<f64> {
        self.blocks.back().map(Block::to)
    }

    fn between(&self, from: f64, to: f64) -> impl Iterator<Item = &Block> {
        self.blocks
            .iter()
            .filter(move |block| block.to() > from && block.from < to)
    }

    /// The times at which frames were lost.
    pub(super) fn losses(&self, from: f64, to: f64) -> Vec<f64> {
        self.between(from, to)
            .filter(|block| block.lost)
            .map(|block| block.from)
            .collect()
    }

    /// Statistics of one channel over a time range.
    pub(super) fn summary(&self, channel: usize, from: f64, to: f64) -> Option<Summary> {
        let (mut low, mut high, mut sum, mut count, mut last) =
            (f64::INFINITY, f64::NEG_INFINITY, 0.0, 0_u32, f64::NAN);
        for block in self.between(from, to) {
            let (Some(values), Some([lowest, highest])) =
                (block.values.get(channel), block.extremes.get(channel))
            else {
                continue;
            };
            low = low.min(f64::from(*lowest));
            high = high.max(f64::from(*highest));
            for value in values.iter().filter(|value| value.is_finite()) {
                last = f64::from(*value);
                sum += last;
                count += 1;
            }
        }
        (count > 0).then(|| Summary {
            low,
            mean: sum / f64::from(count),
            high,
            last,
        })
    }

    /// The curve of a channel over a time range: all samples if they are few,
    /// otherwise the minimum and maximum of each pixel column. Times are
    /// relative to `to`, which preserves precision.
    pub(super) fn segments(&self, channel: usize, from: f64, to: f64, columns: usize) -> Segments {
        let width = (to - from) / columns.max(1) as f64;
        let mut segments = vec![Vec::new()];
        let mut column = Column::default();
        for block in self.between(from, to) {
            let (Some(values), Some(extremes)) =
                (block.values.get(channel), block.extremes.get(channel))
            else {
                continue;
            };
            if block.has_gap {
                column.end(&mut segments);
                segments.push(Vec::new());
            }
            if block.interval * 2.0 > width {
                for (row, value) in values
                    .iter()
                    .enumerate()
                    .filter(|(_, value)| value.is_finite())
                {
                    let at = block.from + row as f64 * block.interval - to;
                    if let Some(segment) = segments.last_mut() {
                        segment.push([at, f64::from(*value)]);
                    }
                }
                continue;
            }
            // Rounding errors must not move a sample at the edge of a column to
            // the previous one.
            let column_of = |at: f64| ((at - from) / width + 1e-6).floor();
            if block.to() - block.from <= width {
                // At one or two columns wide it does not matter which of them
                // has the extremes.
                column.add(
                    column_of(block.from),
                    from - to,
                    width,
                    *extremes,
                    &mut segments,
                );
                continue;
            }
            for (row, value) in values
                .iter()
                .enumerate()
                .filter(|(_, value)| value.is_finite())
            {
                let at = block.from + row as f64 * block.interval;
                column.add(
                    column_of(at),
                    from - to,
                    width,
                    [*value, *value],
                    &mut segments,
                );
            }
        }
        column.end(&mut segments);
        segments.retain(|segment| !segment.is_empty());
        segments
    }

    /// The samples of a time range, to be saved.
    pub(super) fn table(&self, from: f64, to: f64) -> SampleTable {
        let title = |channel: &Channel| match &channel.unit_of_measurement {
            Some(unit) => format!("{} ({unit})", channel.name),
            None => channel.name.clone(),
        };
        SampleTable {
            header: self.channels().iter().map(title).collect(),
            blocks: self.between(from, to).cloned().collect(),
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "f32 is precise enough for drawing; larger values become infinite"
)]
fn single(value: f64) -> f32 {
    value as f32
}

/// The column that is being filled.
#[derive(Default)]
struct Column {
    open: Option<(f64, f64, [f32; 2])>,
}

impl Column {
    fn add(
        &mut self,
        number: f64,
        origin: f64,
        width: f64,
        [low, high]: [f32; 2],
        segments: &mut Segments,
    ) {
        match &mut self.open {
            Some((open, _, extremes)) if *open == number => {
                *extremes = [extremes[0].min(low), extremes[1].max(high)];
            }
            _ => {
                self.end(segments);
                self.open = Some((number, origin + (number + 0.5) * width, [low, high]));
            }
        }
    }

    fn end(&mut self, segments: &mut Segments) {
        let Some((_, at, [low, high])) = self.open.take() else {
            return;
        };
        if let Some(segment) = segments.last_mut()
            && low <= high
        {
            segment.extend([[at, f64::from(low)], [at, f64::from(high)]]);
        }
    }
}

/// Samples as a CSV table (RFC 4180): one row per time, one column per channel.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SampleTable {
    header: Vec<String>,
    blocks: Vec<Block>,
}

impl WriteFile for SampleTable {
    /// Writes the table with a header. Times are in seconds since the board
    /// booted; lost samples have no row.
    fn write(&self, file: &mut dyn Write) -> io::Result<()> {
        let mut file = csv::Writer::from_writer(file);
        let header: Vec<_> = self.header.iter().map(|name| cell(name)).collect();
        file.write_record(std::iter::once("seconds").chain(header.iter().map(AsRef::as_ref)))?;
        for block in &self.blocks {
            for row in 0..block.rows() {
                let at = block.from + row as f64 * block.interval;
                let values = block.values.iter().map(|values| {
                    values
                        .get(row)
                        .map_or_else(String::new, |value| text::sample((*value).into()))
                });
                file.write_record(std::iter::once(format!("{at:.6}")).chain(values))?;
            }
        }
        file.flush()
    }
}

#[cfg(test)]
mod tests {
    use protocol::{
        Epoch, Object,
        telemetry::{Frame, Samples, VERSION},
    };

    use super::*;

    fn described(epoch: u32) -> Item {
        let channel = |name: &str, scale| Channel {
            name: name.to_owned(),
            unit_of_measurement: Some("V".to_owned()),
            scale,
            accuracy_decimals: None,
            extra: Object::new(),
        };
        Item::Described(Arc::new(Telemetry {
            telemetry: VERSION,
            epoch: Epoch(epoch),
            uptime_ms: 0,
            interval_us: 1_000,
            channels: vec![channel("Ramp", 1.0), channel("Half", 0.5)],
            extra: Object::new(),
        }))
    }

    /// 50 ms of both channels, whose values are the milliseconds of the second.
    fn frame(number: u32, lost: u32) -> Item {
        let first = u64::from(number) * 50;
        let row = |ms: u64| {
            let value = i16::try_from((first + ms) % 1_000).expect("below 1,000");
            [value, value]
        };
        let samples = Samples::I16((0..50).flat_map(row).collect());
        let frame = Frame {
            gap: false,
            sequence: number,
            time_us: first * 1_000,
            interval_us: 1_000,
            channels: 2,
            samples,
        };
        Item::Frame(ReceivedFrame { frame, lost })
    }

    fn store(frames: impl IntoIterator<Item = (u32, u32)>) -> Store {
        let mut store = Store::default();
        store.put(described(1));
        frames
            .into_iter()
            .for_each(|(number, lost)| store.put(frame(number, lost)));
        store
    }

    #[test]
    fn one_minute_is_kept() {
        let store = store((0..2_000).map(|number| (number, 0)));
        assert!(
            store.end().is_some_and(|end| (end - 100.0).abs() < 1e-6),
            "{:?}",
            store.end()
        );
        assert!(
            (1_200..=1_202).contains(&store.blocks.len()),
            "{}",
            store.blocks.len()
        );
    }

    #[test]
    fn few_samples_are_all_drawn_and_many_as_extremes_per_column() {
        let store = store((0..40).map(|number| (number, 0)));
        let each = store.segments(0, 1.9, 2.0, 800);
        assert_eq!((each.len(), each[0].len()), (1, 100));
        let column = store.segments(1, 0.0, 2.0, 100);
        assert_eq!((column.len(), column[0].len()), (1, 200));
        // The eleventh column: 200 to 219 of the first second, halved.
        assert_eq!((column[0][20][1], column[0][21][1]), (100.0, 109.5));
        let coarse = store.segments(0, 0.0, 2.0, 4);
        let (lows, highs): (Vec<f64>, Vec<f64>) = coarse[0]
            .chunks(2)
            .map(|pair| (pair[0][1], pair[1][1]))
            .unzip();
        assert_eq!(
            (lows, highs),
            (
                vec![0.0, 500.0, 0.0, 500.0],
                vec![499.0, 999.0, 499.0, 999.0]
            )
        );
    }

    #[test]
    fn a_line_never_crosses_a_loss() {
        let store = store([(0, 0), (1, 0), (5, 3), (6, 0)]);
        for columns in [10, 1_000] {
            assert_eq!(store.segments(0, 0.0, 0.35, columns).len(), 2, "{columns}");
        }
        assert_eq!(store.losses(0.0, 1.0), [0.25]);
    }

    #[test]
    fn samples_before_a_restart_are_dropped() {
        let mut store = store([(0, 0), (1, 0)]);
        store.put(described(2));
        assert_eq!(store.end(), None);
        store.put(frame(0, 0));
        assert_eq!(store.end(), Some(0.05));
    }

    #[test]
    fn samples_are_summarized_and_saved() -> io::Result<()> {
        let store = store([(0, 0)]);
        let summary = store.summary(1, 0.0, 1.0).expect("a summary");
        assert_eq!(
            summary,
            Summary {
                low: 0.0,
                mean: 12.25,
                high: 24.5,
                last: 24.5
            }
        );
        let mut table = Vec::new();
        store.table(0.0, 1.0).write(&mut table)?;
        let table = String::from_utf8(table).map_err(io::Error::other)?;
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(
            (lines.len(), lines[0], lines[50]),
            (51, "seconds,Ramp (V),Half (V)", "0.049000,49,24.5")
        );
        Ok(())
    }
}

//! The samples of the last minute, as they came, and what of them is drawn: the
//! lowest and the highest of each column of pixels. Owns no connection and
//! reads no clock; time is the board's own.

use std::{collections::VecDeque, io, path::Path, sync::Arc};

use files::{Access, Draft};
use protocol::telemetry::{Channel, Telemetry};

use crate::{
    plain::cell,
    telemetry::{Item, ReceivedFrame},
    words,
};

/// So much is kept, in seconds.
pub(super) const KEPT: f64 = 60.0;

/// And at most so many values, of all channels together, however fast they
/// come.
const MOST_VALUES: usize = 500_000;

/// The samples of one frame.
#[derive(Debug, Clone, PartialEq)]
struct Block {
    /// When the first was taken, in seconds since the board booted.
    from: f64,
    interval: f64,
    /// Something is missing before it.
    has_gap: bool,
    /// Frames are missing before it that the board had.
    lost: bool,
    /// Channel after channel: a row of values each.
    values: Vec<Vec<f32>>,
    /// Of each channel, the lowest and the highest.
    edges: Vec<[f32; 2]>,
}

impl Block {
    fn rows(&self) -> usize {
        self.values.first().map_or(0, Vec::len)
    }

    /// When the next sample would be taken.
    fn to(&self) -> f64 {
        self.from + self.interval * self.rows() as f64
    }
}

/// What is drawn of one channel: parts without a gap, each a line.
pub(super) type Parts = Vec<Vec<[f64; 2]>>;

/// What one channel was in a time.
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
    /// Takes over what arrived.
    pub(super) fn put(&mut self, item: Item) {
        match item {
            Item::Described(described) => {
                let differs = self.described.as_ref().is_none_or(|before| {
                    before.channels != described.channels || before.epoch != described.epoch
                });
                if differs {
                    // Other channels, or time that began anew.
                    self.blocks.clear();
                    self.values = 0;
                }
                self.described = Some(described);
            }
            Item::Frame(arrived) => self.frame(&arrived),
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
        let edges = values.iter().map(edge).collect();
        let from = frame.time_us as f64 * 1e-6;
        let interval = f64::from(frame.interval_us) * 1e-6;
        let after = self.blocks.back().map(Block::to);
        // Time that goes back is another run, or a board that cannot count.
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
            edges,
        };
        self.values += block.rows() * channels;
        let end = block.to();
        self.blocks.push_back(block);
        while self.values > MOST_VALUES
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

    /// Until when samples are there.
    pub(super) fn end(&self) -> Option<f64> {
        self.blocks.back().map(Block::to)
    }

    fn between(&self, from: f64, to: f64) -> impl Iterator<Item = &Block> {
        self.blocks
            .iter()
            .filter(move |block| block.to() > from && block.from < to)
    }

    /// Where frames were lost.
    pub(super) fn losses(&self, from: f64, to: f64) -> Vec<f64> {
        self.between(from, to)
            .filter(|block| block.lost)
            .map(|block| block.from)
            .collect()
    }

    /// What one channel was between two times.
    pub(super) fn summary(&self, channel: usize, from: f64, to: f64) -> Option<Summary> {
        let (mut low, mut high, mut sum, mut count, mut last) =
            (f64::INFINITY, f64::NEG_INFINITY, 0.0, 0_u32, f64::NAN);
        for block in self.between(from, to) {
            let (Some(values), Some([lowest, highest])) =
                (block.values.get(channel), block.edges.get(channel))
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

    /// What is drawn of a channel between two times on so many columns: all
    /// samples where they are few, and otherwise the lowest and the highest of
    /// each column. Times are reckoned from `to`, so that they keep their
    /// digits.
    pub(super) fn parts(&self, channel: usize, from: f64, to: f64, columns: usize) -> Parts {
        let width = (to - from) / columns.max(1) as f64;
        let mut parts = vec![Vec::new()];
        let mut column = Column::default();
        for block in self.between(from, to) {
            let (Some(values), Some(edges)) = (block.values.get(channel), block.edges.get(channel))
            else {
                continue;
            };
            if block.has_gap {
                column.end(&mut parts);
                parts.push(Vec::new());
            }
            if block.interval * 2.0 > width {
                for (row, value) in values
                    .iter()
                    .enumerate()
                    .filter(|(_, value)| value.is_finite())
                {
                    let at = block.from + row as f64 * block.interval - to;
                    if let Some(part) = parts.last_mut() {
                        part.push([at, f64::from(*value)]);
                    }
                }
                continue;
            }
            // A sample at the edge of a column belongs to it, whatever the last
            // digit says.
            let place = |at: f64| ((at - from) / width + 1e-6).floor();
            if block.to() - block.from <= width {
                // It is one or two columns wide: which of them has its extremes
                // is not seen.
                column.add(place(block.from), from - to, width, *edges, &mut parts);
                continue;
            }
            for (row, value) in values
                .iter()
                .enumerate()
                .filter(|(_, value)| value.is_finite())
            {
                let at = block.from + row as f64 * block.interval;
                column.add(place(at), from - to, width, [*value, *value], &mut parts);
            }
        }
        column.end(&mut parts);
        parts.retain(|part| !part.is_empty());
        parts
    }

    /// The samples between two times, to be saved.
    pub(super) fn table(&self, from: f64, to: f64) -> SampleTable {
        let head = |channel: &Channel| match &channel.unit_of_measurement {
            Some(unit) => format!("{} ({unit})", channel.name),
            None => channel.name.clone(),
        };
        SampleTable {
            head: self.channels().iter().map(head).collect(),
            blocks: self.between(from, to).cloned().collect(),
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a picture needs no more digits; what is too large is infinite"
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
        place: f64,
        origin: f64,
        width: f64,
        [low, high]: [f32; 2],
        parts: &mut Parts,
    ) {
        match &mut self.open {
            Some((open, _, edges)) if *open == place => {
                *edges = [edges[0].min(low), edges[1].max(high)]
            }
            _ => {
                self.end(parts);
                self.open = Some((place, origin + (place + 0.5) * width, [low, high]));
            }
        }
    }

    fn end(&mut self, parts: &mut Parts) {
        let Some((_, at, [low, high])) = self.open.take() else {
            return;
        };
        if let Some(part) = parts.last_mut()
            && low <= high
        {
            part.extend([[at, f64::from(low)], [at, f64::from(high)]]);
        }
    }
}

/// Samples as a table (RFC 4180): a row for each moment, a column for each
/// channel.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleTable {
    head: Vec<String>,
    blocks: Vec<Block>,
}

impl SampleTable {
    /// Writes them with a head. Times are in seconds since the board booted;
    /// what was lost has no row.
    pub(in crate::ui) fn write(&self, path: &Path) -> io::Result<()> {
        let mut file = csv::Writer::from_writer(Draft::create(path, Access::AsBefore)?);
        let head: Vec<_> = self.head.iter().map(|name| cell(name)).collect();
        file.write_record(std::iter::once("seconds").chain(head.iter().map(AsRef::as_ref)))?;
        for block in &self.blocks {
            for row in 0..block.rows() {
                let at = block.from + row as f64 * block.interval;
                let values = block.values.iter().map(|values| {
                    values
                        .get(row)
                        .map_or_else(String::new, |value| words::sample((*value).into()))
                });
                file.write_record(std::iter::once(format!("{at:.6}")).chain(values))?;
            }
        }
        file.into_inner()
            .map_err(csv::IntoInnerError::into_error)?
            .finish()
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

    /// Fifty milliseconds of both channels, which count the milliseconds within
    /// the second.
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
    fn a_minute_is_kept_and_no_more() {
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
    fn few_samples_are_drawn_each_and_many_as_the_extremes_of_a_column() {
        let store = store((0..40).map(|number| (number, 0)));
        let each = store.parts(0, 1.9, 2.0, 800);
        assert_eq!((each.len(), each[0].len()), (1, 100));
        let column = store.parts(1, 0.0, 2.0, 100);
        assert_eq!((column.len(), column[0].len()), (1, 200));
        // The eleventh column: 200 to 219 of the first second, halved.
        assert_eq!((column[0][20][1], column[0][21][1]), (100.0, 109.5));
        let coarse = store.parts(0, 0.0, 2.0, 4);
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
    fn a_line_never_crosses_what_was_lost() {
        let store = store([(0, 0), (1, 0), (5, 3), (6, 0)]);
        for columns in [10, 1_000] {
            assert_eq!(store.parts(0, 0.0, 0.35, columns).len(), 2, "{columns}");
        }
        assert_eq!(store.losses(0.0, 1.0), [0.25]);
    }

    #[test]
    fn a_board_that_restarted_begins_anew() {
        let mut store = store([(0, 0), (1, 0)]);
        store.put(described(2));
        assert_eq!(store.end(), None);
        store.put(frame(0, 0));
        assert_eq!(store.end(), Some(0.05));
    }

    #[test]
    fn what_was_measured_is_summed_up_and_saved() -> io::Result<()> {
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
        let path =
            std::env::temp_dir().join(format!("switchboard-samples-{}.csv", std::process::id()));
        store.table(0.0, 1.0).write(&path)?;
        let table = std::fs::read_to_string(&path)?;
        std::fs::remove_file(&path)?;
        let lines: Vec<&str> = table.lines().collect();
        assert_eq!(
            (lines.len(), lines[0], lines[50]),
            (51, "seconds,Ramp (V),Half (V)", "0.049000,49,24.5")
        );
        Ok(())
    }
}

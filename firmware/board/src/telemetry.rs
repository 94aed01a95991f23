//! The board's telemetry: a ring of frames of samples, and the position of each
//! reader. Samples are taken only while there are readers. A slow reader loses
//! whole frames, and notices it by their numbers.

use alloc::{collections::VecDeque, vec::Vec};
use core::time::Duration;

use protocol::{
    Epoch, limits,
    telemetry::{Channel, Frame, MAX_CHANNELS, Samples, Telemetry as Header, VERSION, max_rows},
};

use crate::text;

/// A source of samples, for example an analog-to-digital converter. All its
/// channels are sampled at one rate.
pub trait SampleSource {
    /// The channels, 1 to 16. Always the same.
    fn channels(&self) -> Vec<Channel>;

    /// The time from one sample to the next, in microseconds; at least 1.
    /// Always the same.
    fn interval_us(&self) -> u32;

    /// Starts sampling: the first reader has come.
    fn start(&mut self, now: Duration);

    /// Stops sampling: the last reader is gone.
    fn stop(&mut self);

    /// Appends the new samples that were taken up to `now`, at most `most` of
    /// each channel, interleaved: the first of all channels, then the second of
    /// all channels. `None` if there are no new samples.
    fn take(&mut self, now: Duration, most: usize, samples: &mut Vec<i16>) -> Option<SampleBatch>;
}

/// About samples that [`SampleSource::take`] appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleBatch {
    /// The time of the first of them.
    pub first: Duration,
    /// Samples were lost before these.
    pub gap: bool,
}

/// The last frames, and the schedule of sampling.
#[derive(Default)]
pub(crate) struct Telemetry {
    frames: VecDeque<Vec<u8>>,
    bytes: usize,
    /// The number of frames since boot.
    total: u64,
    readers: usize,
    /// When samples are taken next, while there are readers.
    due: Duration,
}

fn channel_count(source: &dyn SampleSource) -> usize {
    source.channels().len().clamp(1, MAX_CHANNELS)
}

/// The time between two frames: until one is full, and at most
/// [`limits::TELEMETRY_INTERVAL`].
fn frame_interval(source: &dyn SampleSource) -> Duration {
    let rows = u32::try_from(max_rows(channel_count(source), size_of::<i16>())).unwrap_or(u32::MAX);
    let full = Duration::from_micros(source.interval_us().max(1).into()).saturating_mul(rows);
    full.min(limits::TELEMETRY_INTERVAL)
}

/// The position of a reader.
#[derive(Debug)]
pub(crate) struct TelemetryReader {
    /// The number of the next frame.
    next: u64,
    pub(crate) lost: u64,
}

impl Telemetry {
    /// The message before the first frame.
    pub(crate) fn header(source: &dyn SampleSource, now: Duration, epoch: Epoch) -> Header {
        Header {
            telemetry: VERSION,
            epoch,
            uptime_ms: text::millis(now),
            interval_us: source.interval_us(),
            channels: source.channels(),
            extra: protocol::Object::new(),
        }
    }

    /// A reader that begins with the next frame.
    pub(crate) fn open(&mut self, source: &mut dyn SampleSource, now: Duration) -> TelemetryReader {
        if self.readers == 0 {
            source.start(now);
            self.due = now + frame_interval(source);
        }
        self.readers += 1;
        TelemetryReader {
            next: self.total,
            lost: 0,
        }
    }

    /// A reader has ended.
    pub(crate) fn close(&mut self, source: &mut dyn SampleSource) {
        self.readers -= 1;
        if self.readers == 0 {
            source.stop();
            self.frames = VecDeque::new();
            self.bytes = 0;
        }
    }

    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        (self.readers > 0).then_some(self.due)
    }

    /// The number of frames since boot.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// Makes frames of the new samples, when that is due.
    pub(crate) fn take_samples(&mut self, source: &mut dyn SampleSource, now: Duration) {
        if self.readers == 0 || now < self.due {
            return;
        }
        // Relative to the last deadline, so that the rate holds. After a longer
        // delay relative to now, so that readers are served in between.
        let interval = frame_interval(source);
        self.due = if now < self.due + interval {
            self.due + interval
        } else {
            now + interval
        };
        let channels = channel_count(source);
        let most = max_rows(channels, size_of::<i16>());
        // At most as many as the ring holds; the rest is taken the next time.
        for _ in 0..limits::TELEMETRY_KEPT / limits::TELEMETRY_MESSAGE {
            let mut samples = Vec::new();
            let Some(SampleBatch { first, gap }) = source.take(now, most, &mut samples) else {
                return;
            };
            self.add(&Frame {
                gap,
                // Wraps around, as the protocol says.
                sequence: (self.total & u64::from(u32::MAX))
                    .try_into()
                    .unwrap_or_default(),
                time_us: u64::try_from(first.as_micros()).unwrap_or(u64::MAX),
                interval_us: source.interval_us(),
                channels: u8::try_from(channels).unwrap_or(u8::MAX),
                samples: Samples::I16(samples),
            });
        }
    }

    fn add(&mut self, frame: &Frame) {
        // Samples that do not form a frame count as a lost frame, which readers
        // notice.
        self.total += 1;
        let frame = frame.encode().unwrap_or_default();
        self.bytes += frame.len();
        self.frames.push_back(frame);
        while self.bytes > limits::TELEMETRY_KEPT {
            let Some(oldest) = self.frames.pop_front() else {
                break;
            };
            self.bytes -= oldest.len();
        }
    }

    fn oldest(&self) -> u64 {
        self.total - self.frames.len() as u64
    }

    /// The number of unread frames of a reader, and their bytes.
    pub(crate) fn unread_size(&self, reader: &TelemetryReader) -> (usize, usize) {
        let frames = self.unread(reader);
        (frames.len(), frames.map(Vec::len).sum())
    }

    fn unread(&self, reader: &TelemetryReader) -> impl ExactSizeIterator<Item = &Vec<u8>> {
        let seen = usize::try_from(reader.next.saturating_sub(self.oldest())).unwrap_or(usize::MAX);
        self.frames.iter().skip(seen)
    }

    pub(crate) fn has_unread(&self, reader: &TelemetryReader) -> bool {
        reader.next < self.total
    }

    /// The next frame of a reader.
    pub(crate) fn read(&self, reader: &mut TelemetryReader) -> Option<&[u8]> {
        let oldest = self.oldest();
        if reader.next < oldest {
            reader.lost += oldest - reader.next;
            reader.next = oldest;
        }
        let frame = self.unread(reader).next()?;
        reader.next += 1;
        Some(frame)
    }
}

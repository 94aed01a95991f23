//! The board's telemetry: a few frames of samples in a ring, and how far each
//! reader has come. Samples are taken only while somebody reads. Nobody waits
//! for it and it waits for nobody: a reader that comes too late has lost whole
//! frames, and sees it by their numbers.

use alloc::{collections::VecDeque, vec::Vec};
use core::time::Duration;

use protocol::{
    Epoch, limits,
    telemetry::{Channel, Frame, MAX_CHANNELS, Samples, Telemetry as Announced, VERSION, max_rows},
};

use crate::text;

/// What takes samples: a converter, or what stands for one. All its channels
/// are sampled at one rate.
pub trait SampleSource {
    /// What it measures, 1 to 16 channels. Always the same answer.
    fn channels(&self) -> Vec<Channel>;

    /// From one sample to the next, in microseconds; from 1. Always the same
    /// answer.
    fn interval_us(&self) -> u32;

    /// Somebody reads from now on: the first sample is wanted.
    fn start(&mut self, now: Duration);

    /// Nobody reads any more.
    fn stop(&mut self);

    /// Appends the samples that were taken up to `now` and not handed out yet,
    /// at most `most` of each channel: all channels' first, then all channels'
    /// second. `None` where there is none.
    fn take(&mut self, now: Duration, most: usize, samples: &mut Vec<i16>) -> Option<SampleBatch>;
}

/// What a [`SampleSource`] says of the samples that it hands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleBatch {
    /// When the first of them was taken.
    pub first: Duration,
    /// Samples between those handed out before and these were never taken.
    pub gap: bool,
}

/// The last frames.
#[derive(Default)]
pub(crate) struct Telemetry {
    frames: VecDeque<Vec<u8>>,
    bytes: usize,
    /// How many frames there were.
    total: u64,
    readers: usize,
    /// When samples are taken next, while somebody reads.
    due: Duration,
}

fn channels(source: &dyn SampleSource) -> usize {
    source.channels().len().clamp(1, MAX_CHANNELS)
}

/// How often a frame is sent: as often as one is full, and twenty times a
/// second at least.
fn every(source: &dyn SampleSource) -> Duration {
    let rows = u32::try_from(max_rows(channels(source), size_of::<i16>())).unwrap_or(u32::MAX);
    let full = Duration::from_micros(source.interval_us().max(1).into()).saturating_mul(rows);
    full.min(limits::TELEMETRY_INTERVAL)
}

/// Where a reader stands.
#[derive(Debug)]
pub(crate) struct Reader {
    /// The frame that it is to be given next.
    next: u64,
    pub(crate) lost: u64,
}

impl Telemetry {
    /// What is said before the first frame.
    pub(crate) fn announced(source: &dyn SampleSource, now: Duration, epoch: Epoch) -> Announced {
        Announced {
            telemetry: VERSION,
            epoch,
            uptime_ms: text::millis(now),
            interval_us: source.interval_us(),
            channels: source.channels(),
            extra: protocol::Object::new(),
        }
    }

    /// A reader that begins with the next frame.
    pub(crate) fn open(&mut self, source: &mut dyn SampleSource, now: Duration) -> Reader {
        if self.readers == 0 {
            source.start(now);
            self.due = now + every(source);
        }
        self.readers += 1;
        Reader {
            next: self.total,
            lost: 0,
        }
    }

    /// A reader is gone.
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

    /// How many frames there were since the board booted: another number than
    /// before means that there is a new one.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// Makes frames of the samples that there are, when that is due.
    pub(crate) fn gather(&mut self, source: &mut dyn SampleSource, now: Duration) {
        if self.readers == 0 || now < self.due {
            return;
        }
        // From when it was due, so that the rate holds; after a delay from now,
        // so that its readers have their turn.
        let every = every(source);
        self.due = if now < self.due + every {
            self.due + every
        } else {
            now + every
        };
        let channels = channels(source);
        let most = max_rows(channels, size_of::<i16>());
        // As many as the ring holds: what is left comes the next time.
        for _ in 0..limits::TELEMETRY_KEPT / limits::TELEMETRY_MESSAGE {
            let mut samples = Vec::new();
            let Some(SampleBatch { first, gap }) = source.take(now, most, &mut samples) else {
                return;
            };
            self.add(&Frame {
                gap,
                // It begins again at 0, as the wire has it.
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
        // A source that hands out what is no frame has lost one, and its
        // readers see that.
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

    /// How many frames wait for a reader, and their bytes.
    pub(crate) fn waiting(&self, reader: &Reader) -> (usize, usize) {
        let frames = self.unread(reader);
        (frames.len(), frames.map(Vec::len).sum())
    }

    fn unread(&self, reader: &Reader) -> impl ExactSizeIterator<Item = &Vec<u8>> {
        let seen = usize::try_from(reader.next.saturating_sub(self.oldest())).unwrap_or(usize::MAX);
        self.frames.iter().skip(seen)
    }

    pub(crate) fn has_unread(&self, reader: &Reader) -> bool {
        reader.next < self.total
    }

    /// The next frame of a reader.
    pub(crate) fn read(&self, reader: &mut Reader) -> Option<&[u8]> {
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

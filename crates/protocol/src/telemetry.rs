//! The frames of `/telemetry`: samples of one or several channels, taken at one
//! rate, in a binary message that has a number and a time. What the channels
//! are is said in the first message, as text ([`Telemetry`]).
//!
//! All numbers are little-endian, as every chip of ours has them in memory:
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 1 | [`VERSION`] |
//! | 1 | 1 | flags: bit 0 is [`Frame::gap`]; the others are 0 and are passed over |
//! | 2 | 1 | format of a sample: 1 is `i16`, 2 is `f32` (IEEE 754) |
//! | 3 | 1 | channels, 1 to [`MOST_CHANNELS`] |
//! | 4 | 4 | number of the frame |
//! | 8 | 8 | when its first sample was taken, in microseconds since boot |
//! | 16 | 4 | from one sample to the next, in microseconds, from 1 |
//! | 20 | 2 | samples of each channel, from 1 |
//! | 22 | 2 | 0, and is passed over |
//! | 24 | | the samples: all channels' first, then all channels' second, … |

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{Epoch, Object, limits::TELEMETRY_MESSAGE};

/// The version of the frame, its first byte. A frame of another version is
/// passed over.
pub const VERSION: u8 = 1;

/// The bytes before the samples.
pub const HEADER: usize = 24;

/// Channels in a frame.
pub const MOST_CHANNELS: usize = 16;

const GAP: u8 = 1;
const I16: u8 = 1;
const F32: u8 = 2;

/// The first message on `/telemetry`, as JSON: what the frames after it are
/// made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Telemetry {
    /// The version of the frames that follow: [`VERSION`].
    pub telemetry: u8,
    /// The run of the board.
    pub epoch: Epoch,
    /// When this was written, in milliseconds since boot.
    pub uptime_ms: u64,
    /// From one sample to the next, in microseconds: what is meant; each frame
    /// says what it is.
    pub interval_us: u32,
    /// In the order in which they stand in a frame.
    pub channels: Vec<Channel>,
    /// Fields of a newer board, kept as they came.
    #[serde(flatten)]
    pub extra: Object,
}

/// What one channel measures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Channel {
    /// For people.
    pub name: String,
    /// `A`, `V`, `°C`; absent for a mere number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_of_measurement: Option<String>,
    /// The value is the sample times this; default 1.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub scale: f64,
    /// Digits after the point that mean something; absent where that is not
    /// known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy_decimals: Option<u8>,
    /// Fields of a newer board, kept as they came.
    #[serde(flatten)]
    pub extra: Object,
}

fn one() -> f64 {
    1.0
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
fn is_one(scale: &f64) -> bool {
    *scale == 1.0
}

/// The samples of a frame: all channels' first, then all channels' second, and
/// so on.
#[derive(Debug, Clone, PartialEq)]
pub enum Samples {
    /// As most converters give them.
    I16(Vec<i16>),
    /// Reckoned ones. Not a number is a sample that could not be taken.
    F32(Vec<f32>),
}

impl Samples {
    /// How many there are, of all channels together.
    pub fn len(&self) -> usize {
        match self {
            Self::I16(samples) => samples.len(),
            Self::F32(samples) => samples.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The sample at this place, before it is scaled.
    pub fn get(&self, at: usize) -> Option<f64> {
        match self {
            Self::I16(samples) => samples.get(at).map(|sample| f64::from(*sample)),
            Self::F32(samples) => samples.get(at).map(|sample| f64::from(*sample)),
        }
    }

    fn format(&self) -> (u8, usize) {
        match self {
            Self::I16(_) => (I16, 2),
            Self::F32(_) => (F32, 4),
        }
    }
}

/// One binary message.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// Between this frame and the one before, samples were not taken: the time
    /// between the two is longer than the samples say.
    pub gap: bool,
    /// The board counts its frames, whether they reach anybody or not, and
    /// begins again at 0 after 2^32: a number that is left out is a frame that
    /// was lost on the way to this client.
    pub sequence: u32,
    /// When the first sample was taken, in microseconds since boot.
    pub time_us: u64,
    /// From one sample to the next, in microseconds; from 1.
    pub interval_us: u32,
    /// How many channels; 1 to [`MOST_CHANNELS`].
    pub channels: u8,
    /// As many for each channel; at least one.
    pub samples: Samples,
}

/// Why bytes are no frame, or a frame has no bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// It begins with another version.
    #[error("frame version {0}; this program reads version {VERSION}")]
    Version(u8),
    /// The header is not whole.
    #[error("{0} bytes, where a header has {HEADER}")]
    Short(usize),
    /// It is larger than a message may be.
    #[error("{0} bytes, where a message has at most {TELEMETRY_MESSAGE}")]
    Long(usize),
    /// A format that there is not.
    #[error("sample format {0}, where 1 (i16) and 2 (f32) are known")]
    Format(u8),
    /// None, or too many.
    #[error("{0} channels, where a frame has 1 to {MOST_CHANNELS}")]
    Channels(u8),
    /// Samples that take no time.
    #[error("an interval of 0 µs between samples")]
    Interval,
    /// None, or not as many as the header says, or not as many of each channel.
    #[error("{got} bytes of samples, where {expected} were expected")]
    Samples {
        /// What the header says; 0 where it says that there are none.
        expected: usize,
        /// What there is.
        got: usize,
    },
}

/// How many samples of each of so many channels fit into a frame.
pub const fn most_rows(channels: usize, bytes_per_sample: usize) -> usize {
    let row = if channels == 0 { 1 } else { channels } * bytes_per_sample;
    (TELEMETRY_MESSAGE - HEADER) / row
}

impl Frame {
    /// How many samples there are of each channel.
    pub fn rows(&self) -> usize {
        self.samples.len() / usize::from(self.channels.max(1))
    }

    /// Reads a message.
    ///
    /// # Errors
    /// [`FrameError`] where it is no frame of version 1, or larger than
    /// [`TELEMETRY_MESSAGE`]. Nothing is read beyond the bytes, and no more is
    /// kept than they have.
    pub fn decode(bytes: &[u8]) -> Result<Self, FrameError> {
        match bytes.first() {
            Some(&version) if version != VERSION => return Err(FrameError::Version(version)),
            _ => {}
        }
        if bytes.len() > TELEMETRY_MESSAGE {
            return Err(FrameError::Long(bytes.len()));
        }
        let short = FrameError::Short(bytes.len());
        let (header, rest) = bytes.split_first_chunk::<HEADER>().ok_or(short)?;
        let [
            _,
            flags,
            format,
            channels,
            s0,
            s1,
            s2,
            s3,
            t0,
            t1,
            t2,
            t3,
            t4,
            t5,
            t6,
            t7,
            i0,
            i1,
            i2,
            i3,
            n0,
            n1,
            _,
            _,
        ] = *header;
        let size = match format {
            I16 => 2,
            F32 => 4,
            other => return Err(FrameError::Format(other)),
        };
        check_channels(channels)?;
        let interval_us = u32::from_le_bytes([i0, i1, i2, i3]);
        if interval_us == 0 {
            return Err(FrameError::Interval);
        }
        let expected = usize::from(u16::from_le_bytes([n0, n1])) * usize::from(channels) * size;
        if expected != rest.len() || expected == 0 {
            return Err(FrameError::Samples {
                expected,
                got: rest.len(),
            });
        }
        let samples = if format == I16 {
            Samples::I16(
                rest.as_chunks()
                    .0
                    .iter()
                    .map(|bytes| i16::from_le_bytes(*bytes))
                    .collect(),
            )
        } else {
            Samples::F32(
                rest.as_chunks()
                    .0
                    .iter()
                    .map(|bytes| f32::from_le_bytes(*bytes))
                    .collect(),
            )
        };
        Ok(Self {
            gap: flags & GAP != 0,
            sequence: u32::from_le_bytes([s0, s1, s2, s3]),
            time_us: u64::from_le_bytes([t0, t1, t2, t3, t4, t5, t6, t7]),
            interval_us,
            channels,
            samples,
        })
    }

    /// Writes the message.
    ///
    /// # Errors
    /// [`FrameError`] where [`Self::decode`] would refuse it.
    pub fn encode(&self) -> Result<Vec<u8>, FrameError> {
        let (format, size) = self.samples.format();
        check_channels(self.channels)?;
        if self.interval_us == 0 {
            return Err(FrameError::Interval);
        }
        let rows = self.rows();
        let (expected, got) = (
            rows * usize::from(self.channels) * size,
            self.samples.len() * size,
        );
        if expected != got || got == 0 {
            return Err(FrameError::Samples { expected, got });
        }
        let length = HEADER + got;
        let count = u16::try_from(rows).map_err(|_| FrameError::Long(length))?;
        if length > TELEMETRY_MESSAGE {
            return Err(FrameError::Long(length));
        }
        let mut bytes = Vec::with_capacity(length);
        bytes.extend_from_slice(&[
            VERSION,
            if self.gap { GAP } else { 0 },
            format,
            self.channels,
        ]);
        bytes.extend_from_slice(&self.sequence.to_le_bytes());
        bytes.extend_from_slice(&self.time_us.to_le_bytes());
        bytes.extend_from_slice(&self.interval_us.to_le_bytes());
        bytes.extend_from_slice(&count.to_le_bytes());
        bytes.extend_from_slice(&[0, 0]);
        match &self.samples {
            Samples::I16(samples) => samples
                .iter()
                .for_each(|sample| bytes.extend_from_slice(&sample.to_le_bytes())),
            Samples::F32(samples) => samples
                .iter()
                .for_each(|sample| bytes.extend_from_slice(&sample.to_le_bytes())),
        }
        Ok(bytes)
    }
}

fn check_channels(channels: u8) -> Result<(), FrameError> {
    match usize::from(channels) {
        1..=MOST_CHANNELS => Ok(()),
        _ => Err(FrameError::Channels(channels)),
    }
}

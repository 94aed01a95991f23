//! The frames of `/telemetry`: samples of one or more channels, taken at the
//! same rate, in numbered and timestamped binary messages. The first message is
//! text and describes the channels ([`Telemetry`]).
//!
//! All numbers are little-endian, the byte order of all supported chips:
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 1 | [`VERSION`] |
//! | 1 | 1 | flags: bit 0 is [`Frame::gap`]; the others are 0 and ignored |
//! | 2 | 1 | sample format: 1 is `i16`, 2 is `f32` (IEEE 754) |
//! | 3 | 1 | channels, 1 to [`MAX_CHANNELS`] |
//! | 4 | 4 | frame number |
//! | 8 | 8 | when its first sample was taken, in microseconds since boot |
//! | 16 | 4 | interval between samples, in microseconds, from 1 |
//! | 20 | 2 | samples per channel, from 1 |
//! | 22 | 2 | 0, ignored |
//! | 24 | | the samples: the first of each channel, then the second of each, … |

use alloc::{string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use crate::{Epoch, Object, limits::TELEMETRY_MESSAGE};

/// The version of the frame, in its first byte. Frames of other versions are
/// ignored.
pub const VERSION: u8 = 1;

/// Size of the header, in bytes.
pub const HEADER: usize = 24;

/// Maximum number of channels in a frame.
pub const MAX_CHANNELS: usize = 16;

const GAP: u8 = 1;
const I16: u8 = 1;
const F32: u8 = 2;

/// The first message on `/telemetry`, in JSON: describes the frames that
/// follow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Telemetry {
    /// The version of the frames that follow: [`VERSION`].
    pub telemetry: u8,
    /// Identifies the run from boot to reset.
    pub epoch: Epoch,
    /// When this was written, in milliseconds since boot.
    pub uptime_ms: u64,
    /// Nominal interval between samples, in microseconds; each frame gives the
    /// actual one.
    pub interval_us: u32,
    /// In the order of the samples in a frame.
    pub channels: Vec<Channel>,
    /// Unknown fields of a newer board, unchanged.
    #[serde(flatten)]
    pub extra: Object,
}

/// Description of one channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Channel {
    /// For display.
    pub name: String,
    /// `A`, `V`, `°C`; absent for a plain number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_of_measurement: Option<String>,
    /// The value is the sample times this; default 1.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub scale: f64,
    /// Significant digits after the decimal point; absent if unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy_decimals: Option<u8>,
    /// Unknown fields of a newer board, unchanged.
    #[serde(flatten)]
    pub extra: Object,
}

fn one() -> f64 {
    1.0
}

#[cfg_attr(
    target_pointer_width = "64",
    expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "serde hands over a reference"
    )
)]
fn is_one(scale: &f64) -> bool {
    *scale == 1.0
}

/// The samples of a frame: the first of each channel, then the second of each,
/// and so on.
#[derive(Debug, Clone, PartialEq)]
pub enum Samples {
    /// As most converters provide them.
    I16(Vec<i16>),
    /// Computed values. NaN is a sample that could not be taken.
    F32(Vec<f32>),
}

impl Samples {
    /// Number of samples of all channels together.
    pub fn len(&self) -> usize {
        match self {
            Self::I16(samples) => samples.len(),
            Self::F32(samples) => samples.len(),
        }
    }

    /// Whether there are no samples.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The sample at this index, before scaling.
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
    /// Samples were not taken between the previous frame and this one: more
    /// time has passed than the samples account for.
    pub gap: bool,
    /// Counts the frames of the board, whether or not they are received, and
    /// wraps to 0 after 2^32. A missing number is a frame that this client
    /// lost.
    pub sequence: u32,
    /// When the first sample was taken, in microseconds since boot.
    pub time_us: u64,
    /// Interval between samples, in microseconds; from 1.
    pub interval_us: u32,
    /// Number of channels; 1 to [`MAX_CHANNELS`].
    pub channels: u8,
    /// Equally many for each channel; at least one.
    pub samples: Samples,
}

/// Bytes are not a valid frame, or a frame cannot be encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Another version.
    #[error("frame version {0} is not supported; expected {VERSION}")]
    Version(u8),
    /// The header is incomplete.
    #[error("{0} bytes are too short for a header of {HEADER} bytes")]
    Short(usize),
    /// Longer than a message may be.
    #[error("{0} bytes exceed the limit of {TELEMETRY_MESSAGE} bytes")]
    Long(usize),
    /// An unknown format.
    #[error("unknown sample format {0}; expected 1 (i16) or 2 (f32)")]
    Format(u8),
    /// No channels, or too many.
    #[error("{0} channels; expected 1 to {MAX_CHANNELS}")]
    Channels(u8),
    /// The interval is zero.
    #[error("the interval between samples is 0 µs")]
    Interval,
    /// No samples, not as many as the header says, or not equally many per
    /// channel.
    #[error("{got} bytes of samples; expected {expected}")]
    Samples {
        /// Per header; 0 if it says that there are none.
        expected: usize,
        /// Actual number of bytes.
        got: usize,
    },
}

/// How many samples per channel fit into a frame.
pub const fn max_rows(channels: usize, bytes_per_sample: usize) -> usize {
    let row = if channels == 0 { 1 } else { channels } * bytes_per_sample;
    (TELEMETRY_MESSAGE - HEADER) / row
}

impl Frame {
    /// Number of samples per channel.
    pub fn rows(&self) -> usize {
        self.samples.len() / usize::from(self.channels.max(1))
    }

    /// Decodes a message.
    ///
    /// # Errors
    /// [`FrameError`] if it is not a frame of version 1, or larger than
    /// [`TELEMETRY_MESSAGE`]. Reads nothing beyond `bytes` and allocates no
    /// more than their size.
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

    /// Encodes the message.
    ///
    /// # Errors
    /// [`FrameError`] if [`Self::decode`] would refuse the result.
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
        1..=MAX_CHANNELS => Ok(()),
        _ => Err(FrameError::Channels(channels)),
    }
}

//! What arrives from the telemetry of a board.

use std::sync::Arc;

use protocol::telemetry::{Frame, Telemetry};

/// A frame, and the loss before it.
#[derive(Debug, Clone, PartialEq)]
pub struct ReceivedFrame {
    /// The frame.
    pub frame: Frame,
    /// Frames lost between the previous frame and this one.
    pub lost: u32,
}

/// A message of the board.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    /// A description of the frames that follow; the first item of each
    /// connection.
    Described(Arc<Telemetry>),
    /// Samples.
    Frame(ReceivedFrame),
}

/// What arrived and what was lost, since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TelemetryCounts {
    /// Frames received.
    pub frames: u64,
    /// Samples received, per channel.
    pub samples: u64,
    /// The size of their messages, in bytes.
    pub bytes: u64,
    /// Frames that the board skipped because they were not read fast enough;
    /// their sequence numbers are missing.
    pub lost: u64,
    /// How often the board paused sampling.
    pub gaps: u64,
    /// Frames that were received and then dropped here because they were not
    /// read in time.
    pub dropped: u64,
    /// Messages that are not valid frames.
    pub malformed: u64,
    /// Connections, including the first.
    pub connections: u64,
}

/// The state of the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TelemetryState {
    /// The connection is being opened.
    Connecting,
    /// The connection is open.
    Open,
    /// The connection ended or failed; the next attempt follows.
    Waiting {
        /// Why.
        why: String,
    },
    /// The board refused to send samples; there is no further attempt.
    Refused {
        /// The board's reason.
        why: String,
    },
}

/// What arrived since the last read.
#[derive(Debug)]
pub struct TelemetryUpdate {
    /// The state of the connection.
    pub state: TelemetryState,
    /// Descriptions and frames, oldest first.
    pub items: Vec<Item>,
    /// Totals since the start.
    pub counts: TelemetryCounts,
}

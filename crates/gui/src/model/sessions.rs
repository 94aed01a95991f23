//! What the window knows of its recording and of its replay, and who runs the
//! latter.

use std::{
    ops::RangeInclusive,
    path::{Path, PathBuf},
};

use web_time::Instant;

/// A recording and a replay, if there are any.
#[derive(Debug, Default)]
pub struct Sessions {
    /// What is recorded.
    pub recording: RecordingState,
    /// What is replayed.
    pub replay: ReplayState,
}

/// The state of the recording.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum RecordingState {
    /// Nothing is recorded.
    #[default]
    Off,
    /// The file is being created.
    Starting,
    /// Everything is recorded.
    On {
        /// The first file.
        path: PathBuf,
        /// Since when.
        since: Instant,
        /// Why nothing can be written at the moment.
        problem: Option<String>,
    },
    /// The rest is being written.
    Stopping,
}

/// The state of the replay.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum ReplayState {
    /// This program cannot replay.
    #[default]
    Absent,
    /// Nothing is replayed.
    Off,
    /// The recording is being opened, or the boards are ending.
    Busy,
    /// A recording is replayed.
    On {
        /// The name of its file.
        name: String,
        /// How many recorded seconds pass per second.
        speed: f64,
        /// Whether it has ended; its boards stay.
        ended: bool,
    },
}

/// How far a replay is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReplayProgress {
    /// The ids of its boards that are new since the last call.
    pub boards: Vec<String>,
    /// It has ended, and its boards stay.
    pub ended: bool,
    /// What there is to say about it, since the last call.
    pub notes: Vec<String>,
}

/// Replays recordings in this program. Starts and stops on a thread of its own,
/// so that it may take its time.
pub trait Replays: Send {
    /// Replays a recording, in place of another one. `wake` is called when
    /// there is something new.
    ///
    /// # Errors
    /// Why it cannot be replayed.
    fn start(&mut self, path: &Path, speed: f64, wake: Box<dyn Fn() + Send>) -> Result<(), String>;

    /// Ends it and its boards.
    fn stop(&mut self);

    /// How far it is.
    fn progress(&mut self) -> ReplayProgress;
}

/// The speeds of a replay.
const SPEEDS: RangeInclusive<f64> = 0.01..=100_000.0;

/// The speed that a person typed.
///
/// # Errors
/// What is accepted instead.
pub(crate) fn speed(text: &str) -> Result<f64, String> {
    let number = text.trim().trim_end_matches(['x', '×']).trim_end();
    match number.replace(',', ".").parse() {
        Ok(speed) if SPEEDS.contains(&speed) => Ok(speed),
        _ => Err("Enter a factor from 0.01 to 100000, for example 10.".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_speeds_are_those_of_recordings() {
        assert_eq!(SPEEDS, record::Window::SPEEDS);
    }

    #[test]
    fn a_speed_is_a_factor() {
        for (text, factor) in [("1", 1.0), ("10x", 10.0), (" 0,5 × ", 0.5)] {
            assert_eq!(speed(text), Ok(factor), "{text:?}");
        }
        for text in ["", "x", "0", "-1", "fast", "1e9", "NaN"] {
            assert!(speed(text).is_err(), "{text:?}");
        }
    }
}

//! The board's log: a ring of its last lines, and the position of each reader.
//! A new line replaces the oldest ones, and a slow reader is told how many
//! lines it lost.

use alloc::{collections::VecDeque, string::String, vec::Vec};
use core::{fmt, time::Duration};

use protocol::{Epoch, Level, LogLine, NotifyLog, limits, log_message, method};

use crate::text;

/// The memory of a line without its message, in bytes.
const OVERHEAD: usize = size_of::<LogLine>();

/// The most bytes of a `NotifyLog` without its lines: the envelope, two numbers
/// of 20 digits, the brackets.
const ENVELOPE: usize = 192;

/// The last lines, and counters of those that were dropped.
#[derive(Default)]
pub(crate) struct Log {
    lines: VecDeque<LogLine>,
    bytes: usize,
    /// The number of dropped lines of each level.
    dropped: [u64; Level::ALL.len()],
    /// The number of lines since boot.
    total: u64,
    /// The number of readers of debug lines. Without one, none are built.
    debug_readers: usize,
}

/// The position of a reader.
#[derive(Debug)]
pub(crate) struct LogReader {
    level: Level,
    /// The number of lines of its level before its position, read or lost.
    passed: u64,
    /// The number of them that it lost.
    lost: u64,
}

/// Lines that a reader has not seen yet, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unread {
    /// The number of lines for this reader that were lost before these.
    pub lost: u64,
    /// At most as many as were requested.
    pub lines: Vec<LogLine>,
}

impl Log {
    /// Whether a line of this level is recorded.
    pub(crate) fn records(&self, level: Level) -> bool {
        level != Level::Debug || self.debug_readers > 0
    }

    pub(crate) fn add(&mut self, now: Duration, level: Level, message: &fmt::Arguments<'_>) {
        if !self.records(level) {
            return;
        }
        let line = LogLine {
            uptime_ms: text::millis(now),
            level,
            message: log_message(message),
        };
        self.total += 1;
        self.bytes += cost(&line);
        self.lines.push_back(line);
        while self.bytes > limits::LOG_KEPT {
            let Some(oldest) = self.lines.pop_front() else {
                break;
            };
            self.bytes -= cost(&oldest);
            self.dropped[oldest.level as usize] += 1;
        }
    }

    /// A reader that begins with the oldest line in the ring.
    pub(crate) fn open(&mut self, level: Level) -> LogReader {
        self.debug_readers += usize::from(level == Level::Debug);
        LogReader {
            level,
            passed: self.dropped(level),
            lost: 0,
        }
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "a reader that is closed is not used again"
    )]
    pub(crate) fn close(&mut self, reader: LogReader) {
        self.debug_readers -= usize::from(reader.level == Level::Debug);
    }

    /// The number of lines since boot.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// The number of dropped lines up to a level.
    fn dropped(&self, level: Level) -> u64 {
        self.dropped.iter().take(level as usize + 1).sum()
    }

    fn unread(&self, reader: &LogReader) -> impl Iterator<Item = &LogLine> {
        let level = reader.level;
        let seen = reader.passed.saturating_sub(self.dropped(level));
        self.lines
            .iter()
            .filter(move |line| line.level <= level)
            .skip(usize::try_from(seen).unwrap_or(usize::MAX))
    }

    /// The number of unread lines of a reader, and their bytes.
    pub(crate) fn unread_size(&self, reader: &LogReader) -> (usize, usize) {
        self.unread(reader).fold((0, 0), |(lines, bytes), line| {
            (lines + 1, bytes + line.message.len())
        })
    }

    /// The number of lines that a reader has lost.
    pub(crate) fn lost(&self, reader: &LogReader) -> u64 {
        reader.lost + self.dropped(reader.level).saturating_sub(reader.passed)
    }

    pub(crate) fn has_unread(&self, reader: &LogReader) -> bool {
        self.unread(reader).next().is_some()
    }

    /// Reads lines until `fits` returns false, but at least one.
    pub(crate) fn read(
        &self,
        reader: &mut LogReader,
        mut fits: impl FnMut(&LogLine) -> bool,
    ) -> Unread {
        let lost = self.dropped(reader.level).saturating_sub(reader.passed);
        let mut lines = Vec::new();
        for line in self.unread(reader) {
            if !fits(line) && !lines.is_empty() {
                break;
            }
            lines.push(line.clone());
        }
        reader.lost += lost;
        reader.passed += lost + lines.len() as u64;
        Unread { lost, lines }
    }

    /// A message with as many unread lines as fit; `None` if there are none.
    pub(crate) fn notification(
        &self,
        now: Duration,
        epoch: Epoch,
        reader: &mut LogReader,
    ) -> Option<String> {
        if !self.has_unread(reader) {
            return None;
        }
        let mut bytes = ENVELOPE;
        let Unread { lost, lines } = self.read(reader, |line| {
            // One more for the comma.
            bytes += text::json(line).len() + 1;
            bytes <= limits::MESSAGE_OUT_OF_BOARD
        });
        let params = NotifyLog {
            epoch,
            uptime_ms: text::millis(now),
            lost,
            lines,
        };
        Some(text::notification(method::NOTIFY_LOG, &params))
    }
}

fn cost(line: &LogLine) -> usize {
    OVERHEAD + line.message.len()
}

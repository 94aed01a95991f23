//! The board's log: a ring of its last lines, and how far each reader has come.
//! Nobody waits for it and it waits for nobody: what finds no room pushes the
//! oldest line out, and a reader that comes too late is told how many it lost.

use alloc::{collections::VecDeque, string::String, vec::Vec};
use core::{fmt, time::Duration};

use protocol::{Epoch, Level, LogLine, NotifyLog, limits, log_message, method};

use crate::text;

/// What a line costs beside its message, in bytes.
const OVERHEAD: usize = size_of::<LogLine>();

/// What the rest of a `NotifyLog` may need, in bytes: its envelope, two numbers
/// of 20 digits, the brackets.
const ENVELOPE: usize = 192;

/// The last lines, and what is asked of them.
#[derive(Default)]
pub(crate) struct Log {
    lines: VecDeque<LogLine>,
    bytes: usize,
    /// How many lines of each level were forgotten.
    forgotten: [u64; Level::ALL.len()],
    /// How many lines there were.
    total: u64,
    /// Readers of debug lines: while there is none, no such line is made.
    debugging: usize,
}

/// Where a reader of the log stands.
#[derive(Debug)]
pub(crate) struct LogReader {
    level: Level,
    /// How many lines that are for it are behind it, whether it saw them or
    /// not.
    passed: u64,
    /// How many of them it never saw.
    lost: u64,
}

/// What a reader has not seen, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unread {
    /// How many lines that were for the reader were forgotten before these.
    pub lost: u64,
    /// As many as were asked for, at most.
    pub lines: Vec<LogLine>,
}

impl Log {
    /// Whether a line of this level is worth making.
    pub(crate) fn takes(&self, level: Level) -> bool {
        level != Level::Debug || self.debugging > 0
    }

    pub(crate) fn add(&mut self, now: Duration, level: Level, message: &fmt::Arguments<'_>) {
        if !self.takes(level) {
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
            self.forgotten[oldest.level as usize] += 1;
        }
    }

    /// A reader that begins with the oldest line that is kept.
    pub(crate) fn open(&mut self, level: Level) -> LogReader {
        self.debugging += usize::from(level == Level::Debug);
        LogReader {
            level,
            passed: self.forgotten(level),
            lost: 0,
        }
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "a reader that is closed is not used again"
    )]
    pub(crate) fn close(&mut self, reader: LogReader) {
        self.debugging -= usize::from(reader.level == Level::Debug);
    }

    /// How many lines there were since the board booted: another number than
    /// before means that there is a new one.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// Lines up to a level that were forgotten.
    fn forgotten(&self, level: Level) -> u64 {
        self.forgotten.iter().take(level as usize + 1).sum()
    }

    fn unread(&self, reader: &LogReader) -> impl Iterator<Item = &LogLine> {
        let level = reader.level;
        let seen = reader.passed.saturating_sub(self.forgotten(level));
        self.lines
            .iter()
            .filter(move |line| line.level <= level)
            .skip(usize::try_from(seen).unwrap_or(usize::MAX))
    }

    /// How many lines wait for a reader, and their bytes.
    pub(crate) fn waiting(&self, reader: &LogReader) -> (usize, usize) {
        self.unread(reader).fold((0, 0), |(lines, bytes), line| {
            (lines + 1, bytes + line.message.len())
        })
    }

    /// How many lines a reader has lost since it began.
    pub(crate) fn lost(&self, reader: &LogReader) -> u64 {
        reader.lost + self.forgotten(reader.level).saturating_sub(reader.passed)
    }

    pub(crate) fn has_unread(&self, reader: &LogReader) -> bool {
        self.unread(reader).next().is_some()
    }

    /// Hands a reader what it has not seen, as long as `fits` says yes, but one
    /// line at least.
    pub(crate) fn read(
        &self,
        reader: &mut LogReader,
        mut fits: impl FnMut(&LogLine) -> bool,
    ) -> Unread {
        let lost = self.forgotten(reader.level).saturating_sub(reader.passed);
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

    /// The message with what a reader has not seen and fits into it; `None`
    /// where there is nothing.
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
            // And the comma.
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

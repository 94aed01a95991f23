//! The lines of a monitor, bounded in number and in bytes; the oldest are
//! dropped first.

use std::{collections::VecDeque, sync::Arc, time::SystemTime};

use super::meaning::Meaning;

/// The most lines that are kept.
pub const KEPT_LINES: usize = 20_000;

/// The most bytes of text that are kept.
pub const KEPT_BYTES: usize = 4 * 1024 * 1024;

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its number, counted from 0 over everything the monitor has shown.
    pub number: u64,
    /// When its first byte was received.
    pub at: SystemTime,
    /// The text, safe to show.
    pub text: String,
    /// What it means.
    pub meaning: Meaning,
    /// What happened, in words, where the text has a code.
    pub explanation: Option<String>,
    /// Whether it continues the line before.
    pub continues: bool,
}

/// The newest lines.
#[derive(Debug, Clone)]
pub struct History {
    lines: VecDeque<Arc<Line>>,
    bytes: usize,
    dropped: u64,
    most: (usize, usize),
}

impl Default for History {
    fn default() -> Self {
        Self::bounded(KEPT_LINES, KEPT_BYTES)
    }
}

impl History {
    /// Keeps at most this many lines and bytes of text.
    pub fn bounded(lines: usize, bytes: usize) -> Self {
        Self {
            lines: VecDeque::new(),
            bytes: 0,
            dropped: 0,
            most: (lines, bytes),
        }
    }

    /// Adds a line.
    pub fn push(&mut self, line: Arc<Line>) {
        self.bytes += size(&line);
        self.lines.push_back(line);
        while self.lines.len() > 1
            && (self.lines.len() > self.most.0 || self.bytes > self.most.1)
            && let Some(oldest) = self.lines.pop_front()
        {
            self.bytes = self.bytes.saturating_sub(size(&oldest));
            self.dropped += 1;
        }
    }

    /// The lines, oldest first.
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = &Arc<Line>> + ExactSizeIterator {
        self.lines.iter()
    }

    /// The line with this number.
    pub fn get(&self, number: u64) -> Option<&Arc<Line>> {
        let at = self
            .lines
            .binary_search_by_key(&number, |line| line.number)
            .ok()?;
        self.lines.get(at)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// How many were dropped because there was no room.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Takes all lines and the number of dropped ones.
    pub fn take(&mut self) -> (VecDeque<Arc<Line>>, u64) {
        self.bytes = 0;
        (
            std::mem::take(&mut self.lines),
            std::mem::take(&mut self.dropped),
        )
    }
}

/// The bytes of a line, with what it takes itself.
fn size(line: &Line) -> usize {
    line.text.len() + line.explanation.as_ref().map_or(0, String::len) + size_of::<Line>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: u64, text: &str) -> Arc<Line> {
        Arc::new(Line {
            number,
            at: SystemTime::UNIX_EPOCH,
            text: text.to_owned(),
            meaning: Meaning::Output,
            explanation: None,
            continues: false,
        })
    }

    #[test]
    fn the_oldest_lines_are_dropped_by_number_and_by_bytes() {
        let mut history = History::bounded(3, usize::MAX);
        (0..5).for_each(|number| history.push(line(number, "x")));
        assert_eq!((history.len(), history.dropped()), (3, 2));
        assert_eq!(history.lines().next().map(|line| line.number), Some(2));
        assert!(history.get(1).is_none());
        assert_eq!(history.get(4).map(|line| line.number), Some(4));

        let mut history = History::bounded(100, 4 * size_of::<Line>());
        (0..5).for_each(|number| history.push(line(number, &"x".repeat(size_of::<Line>()))));
        assert_eq!((history.len(), history.dropped()), (2, 3));
        // The newest stays, however large.
        history.push(line(9, &"x".repeat(100_000)));
        assert_eq!((history.len(), history.dropped()), (1, 5));
        let (lines, dropped) = history.take();
        assert_eq!((lines.len(), dropped), (1, 5));
        assert!(history.is_empty());
        assert_eq!(history.dropped(), 0);
    }
}

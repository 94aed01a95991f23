//! The rows of the timeline that are shown. Follows it at the cost of what is
//! new.

use std::collections::VecDeque;

use super::rows::Rows;
use fleet::BoardKey;

/// What of the timeline is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Choice {
    /// Only this board.
    pub(crate) board: Option<BoardKey>,
    /// Readings too.
    pub(crate) readings: bool,
}

/// The numbers of the rows that are shown, rising; follows the timeline.
#[derive(Debug, Default)]
struct Numbers {
    numbers: VecDeque<u64>,
    /// Rows before this number were looked at.
    next: u64,
}

impl Numbers {
    fn follow(&mut self, rows: &Rows, board: Option<BoardKey>) {
        let first = rows.0.front().map_or(u64::MAX, |row| row.number);
        while self.numbers.front().is_some_and(|number| *number < first) {
            self.numbers.pop_front();
        }
        for row in rows.0.range(rows.place(self.next)..) {
            if board.is_none_or(|board| row.is_of(board)) {
                self.numbers.push_back(row.number);
            }
            self.next = row.number + 1;
        }
    }

    fn before(&self, end: u64) -> usize {
        self.numbers.partition_point(|number| *number < end)
    }
}

/// The rows that are shown, in the order of their numbers.
#[derive(Debug, Default)]
pub(crate) struct TimelineView {
    choice: Choice,
    acts: Numbers,
    readings: Numbers,
}

impl TimelineView {
    /// Follows the rows; looks only at new ones unless the choice changed.
    pub(super) fn follow(&mut self, acts: &Rows, readings: &Rows, choice: Choice) {
        if choice.board != self.choice.board {
            *self = Self::default();
        }
        self.choice = choice;
        self.acts.follow(acts, choice.board);
        if choice.readings {
            self.readings.follow(readings, choice.board);
        } else {
            self.readings = Numbers::default();
        }
    }

    /// One more than the last number.
    pub(crate) fn end(&self) -> u64 {
        let last = |numbers: &Numbers| numbers.numbers.back().map_or(0, |last| last + 1);
        last(&self.acts).max(last(&self.readings))
    }

    /// How many rows before `end` are shown.
    pub(crate) fn before(&self, end: u64) -> usize {
        self.acts.before(end) + self.readings.before(end)
    }

    /// The row at `index` among those before `end`, newest first.
    pub(crate) fn newest(&self, index: usize, end: u64) -> Option<u64> {
        let (acts, readings) = (self.acts.before(end), self.readings.before(end));
        let back = |numbers: &Numbers, len: usize, at: usize| {
            numbers.numbers.get(len.checked_sub(at + 1)?).copied()
        };
        let (act, reading) = (
            |at| back(&self.acts, acts, at),
            |at| back(&self.readings, readings, at),
        );
        // How many of the newer rows are acts.
        let (mut low, mut high) = (index.saturating_sub(readings), index.min(acts));
        while low < high {
            let middle = usize::midpoint(low, high);
            if act(middle) > reading(index - middle - 1) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        act(low).max(reading(index - low))
    }

    /// The index of a row among those before `end`, newest first.
    pub(crate) fn position(&self, number: u64, end: u64) -> Option<usize> {
        let shown = self.before(number + 1);
        (shown > self.before(number)).then(|| self.before(end).checked_sub(shown))?
    }
}

//! What happened lately, one row per act: a command together with the push that
//! it caused, a change by someone else, an event, a lost link, a batch. Changes
//! that come in quick succession share a row per second. Readings are kept
//! apart, so that no flood of them displaces an act.

mod acts;
mod row;
#[cfg(test)]
mod tests;
mod view;

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use protocol::ComponentKey;

use fleet::{BoardKey, LogEntry, LogEvent};

use self::acts::Expected;
pub(crate) use self::{
    row::{ActRow, Content, EventRow, TimelineRow},
    view::{Choice, TimelineView},
};

/// Rows of acts that are kept.
const ACTS: usize = 10_000;

/// Rows of readings that are kept.
const READINGS: usize = 4_000;

/// Rows in the order of their numbers.
#[derive(Debug, Default)]
struct Rows(VecDeque<TimelineRow>);

impl Rows {
    fn place(&self, number: u64) -> usize {
        self.0.partition_point(|row| row.number < number)
    }

    fn get(&self, number: u64) -> Option<&TimelineRow> {
        self.0
            .get(self.place(number))
            .filter(|row| row.number == number)
    }

    fn get_mut(&mut self, number: u64) -> Option<&mut TimelineRow> {
        let place = self.place(number);
        self.0.get_mut(place).filter(|row| row.number == number)
    }

    fn push(&mut self, row: TimelineRow, most: usize) {
        if self.0.len() == most {
            self.0.pop_front();
        }
        self.0.push_back(row);
    }
}

/// The rows of all boards.
#[derive(Debug, Default)]
pub(crate) struct Timeline {
    acts: Rows,
    readings: Rows,
    /// The number of the next row.
    next: u64,
    /// The newest row of each component.
    newest: HashMap<BoardKey, HashMap<ComponentKey, u64>>,
    /// What the batches that are under way will cause; it needs no row of its
    /// own.
    expected: HashMap<BoardKey, Vec<Expected>>,
    /// The history and the batches up to these numbers have rows.
    next_act: u64,
    next_batch: u64,
}

impl Timeline {
    /// Adds an event.
    pub(crate) fn add(&mut self, entry: &Arc<LogEntry>) {
        if matches!(
            entry.what,
            // The boards' own logs are on the page of all activity.
            LogEvent::Log { .. } | LogEvent::LogLost(_) | LogEvent::NoLog(_)
        ) || self.is_expected(entry)
        {
            return;
        }
        let (LogEvent::Changed { component, .. }
        | LogEvent::Event { component, .. }
        | LogEvent::Command {
            component: Some(component),
            ..
        }) = &entry.what
        else {
            self.push_act(Content::Event(EventRow::new(Arc::clone(entry))));
            return;
        };
        let (rows, most) = match entry.what.is_reading() {
            true => (&mut self.readings, READINGS),
            false => (&mut self.acts, ACTS),
        };
        let known = self.newest.entry(entry.board).or_default();
        let newest = known.get_mut(component);
        let row = newest.as_ref().and_then(|number| rows.get_mut(**number));
        let rest = match row.map(|row| &mut row.content) {
            Some(Content::Event(row)) => row.absorb(Arc::clone(entry)),
            _ => Some(Arc::clone(entry)),
        };
        let Some(rest) = rest else { return };
        let number = self.next;
        self.next += 1;
        match newest {
            Some(newest) => *newest = number,
            None => {
                known.insert(component.clone(), number);
            }
        }
        let content = Content::Event(EventRow::new(rest));
        rows.push(TimelineRow { number, content }, most);
    }

    fn push_act(&mut self, content: Content) {
        let number = self.next;
        self.next += 1;
        self.acts.push(TimelineRow { number, content }, ACTS);
    }

    /// A board is gone: no event of it follows.
    pub(crate) fn forget(&mut self, board: BoardKey) {
        self.newest.remove(&board);
        self.expected.remove(&board);
    }

    /// The row with this number.
    pub(crate) fn row(&self, number: u64) -> Option<&TimelineRow> {
        self.acts.get(number).or_else(|| self.readings.get(number))
    }

    /// The newest act.
    pub(crate) fn newest(&self) -> Option<&TimelineRow> {
        self.acts.0.back()
    }
}

//! What happened lately, one row per act: a command together with the push that
//! it caused, a change by someone else, an event, a lost link, a batch. Changes
//! that come in quick succession share a row per second. Readings are kept
//! apart, so that no flood of them displaces an act.

mod expected;
mod row;
mod rows;
#[cfg(test)]
mod tests;
pub(crate) mod view;

use std::{collections::HashMap, sync::Arc};

use protocol::ComponentKey;
use web_time::SystemTime;

use crate::model::journal::Journal;
use fleet::{BoardKey, LogEntry, LogEvent};

use self::{
    expected::Expected,
    rows::Rows,
    view::{Choice, TimelineView},
};
pub(crate) use self::{
    expected::Target,
    row::{ActRow, Content, EventRow, TimelineRow},
};

/// Rows of acts that are kept.
const ACTS: usize = 10_000;

/// Rows of readings that are kept.
const READINGS: usize = 4_000;

/// How far back in the log readings are looked for once they are wanted.
const LOOK_BACK: usize = 40_000;

/// The numbers of rows leave room for acts between two events of the log, so
/// that readings can be added later. A prime: the remainders of the numbers,
/// which name the widgets of rows, differ too.
const STEP: u64 = 65_537;

/// The rows of all boards.
#[derive(Debug, Default)]
pub(crate) struct Timeline {
    acts: Rows,
    readings: Rows,
    /// Whether readings have rows. A thousand busy boards send 25,000 per
    /// second, which cost nothing while they are hidden.
    with_readings: bool,
    /// The lowest number that the next row can have.
    next: u64,
    /// The newest row of each component.
    newest: HashMap<BoardKey, HashMap<ComponentKey, u64>>,
    expected: Expected,
}

impl Timeline {
    /// Starts or stops to give readings rows. Those of the past are taken from
    /// `journal`.
    pub(crate) fn keep_readings(&mut self, wanted: bool, journal: &Journal) {
        if wanted == self.with_readings {
            return;
        }
        self.with_readings = wanted;
        self.readings = Rows::default();
        if wanted {
            let past = journal.newest_first().take(LOOK_BACK);
            let past: Vec<_> = past.filter(|entry| entry.what.is_reading()).collect();
            for entry in past.into_iter().rev() {
                self.add(entry);
            }
        }
    }

    /// Adds an event.
    pub(crate) fn add(&mut self, entry: &Arc<LogEntry>) {
        let number = entry.number.saturating_add(1).saturating_mul(STEP);
        self.next = self.next.max(number);
        let is_reading = entry.what.is_reading();
        if is_reading && !self.with_readings {
            return;
        }
        if matches!(
            entry.what,
            // The boards' own logs are on the page of all activity.
            LogEvent::Log { .. } | LogEvent::LogLost(_) | LogEvent::NoLog(_)
        ) || self.expected.take(entry)
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
        let (rows, most) = match is_reading {
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
        self.next = self.next.max(number.saturating_add(1));
        match newest {
            Some(newest) => *newest = number,
            None => {
                known.insert(component.clone(), number);
            }
        }
        let content = Content::Event(EventRow::new(rest));
        rows.push(TimelineRow { number, content }, most);
    }

    /// Adds a row about something that a person did, and what the commands of
    /// its batch will cause.
    pub(crate) fn add_act(
        &mut self,
        row: ActRow,
        commands: impl IntoIterator<Item = (BoardKey, Target)>,
        now: SystemTime,
    ) {
        if let Some(batch) = row.batch {
            for (board, target) in commands {
                self.expected.add(batch, board, target, now);
            }
        }
        self.push_act(Content::Act(row));
    }

    /// A command of a batch ends without an event.
    pub(crate) fn expect_no_more(&mut self, batch: u64, board: BoardKey, target: &Target) {
        self.expected.remove(batch, board, target);
    }

    /// The row of a batch.
    pub(crate) fn of_batch(&self, batch: u64) -> Option<u64> {
        let is = |row: &&TimelineRow| match &row.content {
            Content::Act(act) => act.batch == Some(batch),
            Content::Event(_) => false,
        };
        self.acts.0.iter().rev().find(is).map(|row| row.number)
    }

    /// Brings a view up to date; looks only at new rows unless the choice
    /// changed.
    pub(crate) fn show_in(&self, view: &mut TimelineView, choice: Choice) {
        view.follow(&self.acts, &self.readings, choice);
    }

    fn push_act(&mut self, content: Content) {
        let number = self.next;
        self.next += 1;
        self.acts.push(TimelineRow { number, content }, ACTS);
    }

    /// A board is gone: no event of it follows.
    pub(crate) fn forget(&mut self, board: BoardKey) {
        self.newest.remove(&board);
        self.expected.remove_board(board);
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

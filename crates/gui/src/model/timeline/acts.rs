//! Rows about what a person did to several boards at once, or to none: batches,
//! rooms, scenes, dashboards. The events of a batch belong to its row.

use std::time::{Duration, SystemTime};

use protocol::ComponentKey;

use super::{ActRow, Content, Timeline, TimelineRow, row::is_own};
use crate::model::{
    batch::{Batches, Operation, SentBatch},
    history::{Act, History, reversal::Reversal},
};
use fleet::{BoardKey, LogEntry, LogEvent};

/// A command of a batch is expected to end within this time.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a command of a batch will cause.
#[derive(Debug)]
pub(super) struct Expected {
    batch: u64,
    target: Target,
    since: SystemTime,
}

#[derive(Debug, PartialEq)]
enum Target {
    Component(ComponentKey),
    Method(String),
}

impl Timeline {
    /// Adds rows for what is new in the history and the batches.
    pub(crate) fn follow(&mut self, history: &History, batches: &Batches, now: SystemTime) {
        let new = |act: &&Act| act.number >= self.next_act;
        let newest = history.acts().next_back().map(|act| act.number);
        if newest.is_some_and(|newest| newest >= self.next_act) {
            let acts: Vec<&Act> = history.acts().rev().take_while(new).collect();
            for act in acts.into_iter().rev() {
                self.next_act = act.number + 1;
                self.add_act(act);
            }
        }
        for batch in batches.since(self.next_batch) {
            self.next_batch = batch.number + 1;
            // The row of a single command says more.
            if batch.steps.len() + batch.absent.len() != 1 {
                self.add_batch(batch, history.of_batch(batch.number), now);
            }
        }
    }

    fn add_act(&mut self, act: &Act) {
        let has_events = match act.reversal() {
            Reversal::Send { .. } | Reversal::Impossible(_) => true,
            Reversal::Labels(_) | Reversal::Boards(_) | Reversal::Document(_) => false,
        };
        if !has_events {
            self.push_act(Content::Act(ActRow {
                act: Some(act.number),
                batch: None,
                title: act.title.clone(),
                at: act.at.steady,
                boards: act.place.boards.clone(),
            }));
        }
    }

    fn add_batch(&mut self, batch: &SentBatch, act: Option<&Act>, now: SystemTime) {
        let mut boards: Vec<BoardKey> = batch.steps.iter().map(|step| step.step.board).collect();
        boards.sort_unstable();
        boards.dedup();
        for step in &batch.steps {
            let target = match &step.step.what {
                Operation::Set(component, _) | Operation::Press(component) => {
                    Target::Component(component.clone())
                }
                Operation::Call(method, _) => Target::Method(method.clone()),
            };
            let expected = Expected {
                batch: batch.number,
                target,
                since: now,
            };
            let of_board = self.expected.entry(step.step.board).or_default();
            of_board.push(expected);
        }
        self.push_act(Content::Act(ActRow {
            act: act.map(|act| act.number),
            batch: Some(batch.number),
            title: batch.title.clone(),
            at: act.map_or(now, |act| act.at.steady),
            boards,
        }));
    }

    /// The row of a batch.
    pub(crate) fn of_batch(&self, batch: u64) -> Option<u64> {
        let is = |row: &&TimelineRow| matches!(&row.content, Content::Act(act) if act.batch == Some(batch));
        self.acts.0.iter().rev().find(is).map(|row| row.number)
    }

    /// A command of a batch ends without an event.
    pub(crate) fn expect_no_more(&mut self, batch: u64, board: BoardKey, what: &Operation) {
        let of_board = self.expected.get_mut(&board);
        let is = |expected: &Expected| {
            expected.batch == batch
                && match (&expected.target, what) {
                    (
                        Target::Component(one),
                        Operation::Set(other, _) | Operation::Press(other),
                    ) => one == other,
                    (Target::Method(one), Operation::Call(other, _)) => one == other,
                    _ => false,
                }
        };
        if let Some(of_board) = of_board {
            of_board.retain(|expected| !is(expected));
        }
    }

    /// Whether a batch caused this event.
    pub(super) fn is_expected(&mut self, entry: &LogEntry) -> bool {
        if self.expected.is_empty() {
            return false;
        }
        let Some(of_board) = self.expected.get_mut(&entry.board) else {
            return false;
        };
        let is = |expected: &Expected| match (&entry.what, &expected.target) {
            (
                LogEvent::Command {
                    component: Some(component),
                    ..
                }
                | LogEvent::Changed { component, .. }
                | LogEvent::Event { component, .. },
                Target::Component(target),
            ) => component == target,
            (LogEvent::Command { method, .. }, Target::Method(target)) => method == target,
            _ => false,
        };
        let age = |expected: &Expected| entry.steady.duration_since(expected.since);
        of_board.retain(|expected| age(expected).map_or(true, |age| age < PATIENCE));
        let found = match &entry.what {
            LogEvent::Command { .. } => of_board
                .iter()
                .position(is)
                .map(|at| of_board.remove(at))
                .is_some(),
            _ => is_own(entry) && of_board.iter().any(is),
        };
        if of_board.is_empty() {
            self.expected.remove(&entry.board);
        }
        found
    }
}

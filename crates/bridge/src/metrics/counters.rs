//! What has to be counted over time: losses of links by cause, and commands by
//! outcome. As large as the fleet: a board that is forgotten is forgotten here.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use fleet::{BoardKey, BoardView, LogEntry, LogEvent, Outcome};

use super::cause::{cause, outcome};

/// Counts of all boards since the bridge started.
#[derive(Debug, Clone, Default)]
pub struct Counters {
    boards: HashMap<BoardKey, OfBoard>,
    missed: u64,
}

/// Counts of one board.
#[derive(Debug, Clone, Default)]
pub(super) struct OfBoard {
    /// How many losses were counted.
    drops: u32,
    /// By cause.
    pub(super) losses: BTreeMap<&'static str, u64>,
    /// By outcome.
    pub(super) commands: BTreeMap<&'static str, u64>,
    /// From sending to confirmation, of all confirmed commands together.
    pub(super) took: Duration,
}

impl Counters {
    /// A board changed: counts the losses of its link since the last call.
    pub fn board(&mut self, view: &BoardView) {
        let drops = view.health.drops();
        let board = self.boards.entry(view.key).or_default();
        let new = drops.saturating_sub(board.drops);
        board.drops = drops;
        let mut left = u64::from(new);
        for end in view.health.ends().rev().take(new as usize) {
            *board.losses.entry(cause(&end.problem)).or_default() += 1;
            left -= 1;
        }
        // More losses than the fleet remembers the causes of.
        if left > 0 {
            *board.losses.entry("unknown").or_default() += left;
        }
    }

    /// An entry of the log: counts outcomes of commands.
    pub fn log(&mut self, entry: &LogEntry) {
        let LogEvent::Command { outcome: done, .. } = &entry.what else {
            return;
        };
        let board = self.boards.entry(entry.board).or_default();
        *board.commands.entry(outcome(done)).or_default() += 1;
        if let Outcome::Done { took, .. } = done {
            board.took = board.took.saturating_add(*took);
        }
    }

    /// This many entries of the log were dropped before they could be counted.
    pub fn missed(&mut self, entries: u64) {
        self.missed = self.missed.saturating_add(entries);
    }

    /// A board was removed from the fleet.
    pub fn forget(&mut self, board: BoardKey) {
        self.boards.remove(&board);
    }

    pub(super) fn of(&self, board: BoardKey) -> Option<&OfBoard> {
        self.boards.get(&board)
    }

    pub(super) fn missed_entries(&self) -> u64 {
        self.missed
    }
}

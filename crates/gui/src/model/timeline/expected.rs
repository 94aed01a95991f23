//! What the batches that are under way will cause: it needs no row of its own.

use std::{collections::HashMap, time::Duration};

use protocol::ComponentKey;
use web_time::SystemTime;

use fleet::{BoardKey, LogEntry, LogEvent};

/// A command of a batch is expected to end within this time.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a command of a batch is for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Target {
    Component(ComponentKey),
    Method(String),
}

#[derive(Debug)]
struct Command {
    batch: u64,
    target: Target,
    since: SystemTime,
}

/// The commands of batches that are under way.
#[derive(Debug, Default)]
pub(super) struct Expected(HashMap<BoardKey, Vec<Command>>);

impl Expected {
    pub(super) fn add(&mut self, batch: u64, board: BoardKey, target: Target, since: SystemTime) {
        self.0.entry(board).or_default().push(Command {
            batch,
            target,
            since,
        });
    }

    pub(super) fn remove_board(&mut self, board: BoardKey) {
        self.0.remove(&board);
    }

    /// A command ends without an event.
    pub(super) fn remove(&mut self, batch: u64, board: BoardKey, target: &Target) {
        if let Some(commands) = self.0.get_mut(&board) {
            commands.retain(|command| command.batch != batch || command.target != *target);
        }
    }

    /// Whether a batch caused this event.
    pub(super) fn take(&mut self, entry: &LogEntry) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let Some(commands) = self.0.get_mut(&entry.board) else {
            return false;
        };
        let is = |command: &Command| match (&entry.what, &command.target) {
            (LogEvent::Command { method, .. }, Target::Method(target)) => method == target,
            (what, Target::Component(target)) => what.component() == Some(target),
            _ => false,
        };
        let age = |command: &Command| entry.steady.duration_since(command.since);
        commands.retain(|command| age(command).map_or(true, |age| age < PATIENCE));
        let found = match &entry.what {
            LogEvent::Command { .. } => commands
                .iter()
                .position(is)
                .map(|at| commands.remove(at))
                .is_some(),
            _ => entry.what.is_own() && commands.iter().any(is),
        };
        if commands.is_empty() {
            self.0.remove(&entry.board);
        }
        found
    }
}

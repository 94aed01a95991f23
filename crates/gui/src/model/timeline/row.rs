//! A row of the timeline, and which events share one.

use std::{sync::Arc, time::Duration};

use protocol::State;
use web_time::SystemTime;

use fleet::{BoardKey, LogEntry, LogEvent, Origin, Outcome};

/// A command and its push are at most this far apart.
const APART: Duration = Duration::from_secs(10);

/// A row.
#[derive(Debug)]
pub(crate) struct TimelineRow {
    /// Identifies it; newer rows have higher numbers.
    pub(crate) number: u64,
    pub(crate) content: Content,
}

/// What a row is about.
#[derive(Debug)]
pub(crate) enum Content {
    /// An event of a board, or several that belong together.
    Event(EventRow),
    /// Something that a person did to several boards, or to none.
    Act(ActRow),
}

impl TimelineRow {
    /// Whether it is about this board.
    pub(crate) fn is_of(&self, board: BoardKey) -> bool {
        match &self.content {
            Content::Event(row) => row.entry.board == board,
            Content::Act(row) => row.boards.contains(&board),
        }
    }
}

/// Something that a person did.
#[derive(Debug)]
pub(crate) struct ActRow {
    /// Its number in the history; `None` if it undoes another one.
    pub(crate) act: Option<u64>,
    /// The batch that carries it out.
    pub(crate) batch: Option<u64>,
    pub(crate) title: String,
    /// On the fleet's clock.
    pub(crate) at: SystemTime,
    pub(crate) boards: Vec<BoardKey>,
}

/// An event, or several that belong together.
#[derive(Debug)]
pub(crate) struct EventRow {
    /// Its newest event, or the command.
    pub(crate) entry: Arc<LogEntry>,
    /// The push that the command caused.
    pub(crate) effect: Option<Arc<LogEntry>>,
    /// How many changes it stands for.
    pub(crate) changes: u32,
    /// All fields that were changed, if there were several changes.
    pub(crate) merged: Option<State>,
}

impl EventRow {
    pub(super) fn new(entry: Arc<LogEntry>) -> Self {
        Self {
            entry,
            effect: None,
            changes: 1,
            merged: None,
        }
    }

    /// Its newest event, command or push.
    fn newest(&self) -> &Arc<LogEntry> {
        self.effect
            .as_ref()
            .filter(|effect| effect.number > self.entry.number)
            .unwrap_or(&self.entry)
    }

    /// Adds an event of the same component, or gives it back.
    pub(super) fn absorb(&mut self, entry: Arc<LogEntry>) -> Option<Arc<LogEntry>> {
        match (&self.entry.what, &entry.what) {
            (
                LogEvent::Command { outcome, .. },
                LogEvent::Changed { .. } | LogEvent::Event { .. },
            ) if entry.what.is_own() && matches!(outcome, Outcome::Done { .. }) => {
                let first = self.effect.is_none() && near(&self.entry, &entry);
                if !first && !repeats(self.newest(), &entry) {
                    return Some(entry);
                }
                self.changes += u32::from(!first);
                self.merge(&entry);
                self.effect = Some(entry);
            }
            (LogEvent::Command { .. }, LogEvent::Command { .. })
                if is_done(&entry)
                    && self.newest().number > self.entry.number
                    && repeats(&self.entry, &entry) =>
            {
                self.entry = entry;
            }
            (LogEvent::Changed { .. } | LogEvent::Event { .. }, LogEvent::Command { .. })
                if is_done(&entry) && self.entry.what.is_own() && near(&self.entry, &entry) =>
            {
                self.effect = Some(std::mem::replace(&mut self.entry, entry));
            }
            (LogEvent::Changed { origin, .. }, LogEvent::Changed { origin: other, .. })
                if origin == other && repeats(&self.entry, &entry) =>
            {
                self.changes += 1;
                self.merge(&entry);
                self.entry = entry;
            }
            _ => return Some(entry),
        }
        None
    }

    fn merge(&mut self, entry: &LogEntry) {
        let before = self.effect.as_ref().unwrap_or(&self.entry);
        if let (LogEvent::Changed { change: older, .. }, LogEvent::Changed { change, .. }) =
            (&before.what, &entry.what)
            && older.0.keys().ne(change.0.keys())
        {
            self.merged
                .get_or_insert_with(|| older.clone())
                .merge(change);
        } else if let (Some(merged), LogEvent::Changed { change, .. }) =
            (&mut self.merged, &entry.what)
        {
            merged.merge(change);
        }
    }
}

pub(super) fn is_done(entry: &LogEntry) -> bool {
    matches!(
        entry.what,
        LogEvent::Command {
            outcome: Outcome::Done { .. },
            ..
        }
    )
}

fn near(one: &LogEntry, other: &LogEntry) -> bool {
    let between = other
        .steady
        .duration_since(one.steady)
        .unwrap_or_else(|error| error.duration());
    between <= APART
}

/// Whether an event continues the previous one: in the same second, and nothing
/// was turned on or off, unless the board does that itself.
fn repeats(before: &LogEntry, entry: &LogEntry) -> bool {
    let second = |at: SystemTime| {
        at.duration_since(SystemTime::UNIX_EPOCH)
            .map(|since| since.as_secs())
            .ok()
    };
    let continues = match &entry.what {
        LogEvent::Changed { change, origin, .. } => {
            *origin == Origin::Board || entry.what.is_reading() || !change.0.contains_key("on")
        }
        LogEvent::Command { params, .. } => !params.is_empty() && !params.contains_key("on"),
        _ => false,
    };
    continues && second(before.steady) == second(entry.steady)
}

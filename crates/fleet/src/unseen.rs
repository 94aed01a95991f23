//! What one watch shows and has not seen yet, and which changes wake it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use protocol::ComponentKey;

use super::{BoardKey, BoardView};

/// How many boards that are not shown a drain returns, in turn. With a thousand
/// boards that push all the time they would otherwise be half the work of a
/// frame, and be replaced before they are looked at.
pub(super) const OTHERS: usize = 128;

/// What a watch shows. Other changes do not wake it, but are part of the next
/// drain. A changed link, name or list of components wakes every watch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    /// Boards whose components are shown.
    pub boards: BTreeSet<BoardKey>,
    /// Boards whose round trips are shown.
    pub round_trips: BTreeSet<BoardKey>,
    /// Components that are shown without the rest of their board, as in a list.
    pub parts: BTreeMap<BoardKey, Vec<ComponentKey>>,
    /// The log of all boards is shown.
    pub log: bool,
    /// The log of all boards is shown, without readings.
    pub news: bool,
}

/// How much of a board changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ChangeScope {
    /// Only its round trip.
    RoundTrip,
    /// What its components report, or the state of a command.
    Components,
    /// Its link, its name, its components: that is shown everywhere.
    Board,
}

/// A change of a board.
#[derive(Clone, Copy)]
pub(super) struct BoardChange<'a> {
    /// The board after it.
    pub(super) board: &'a Arc<BoardView>,
    pub(super) scope: ChangeScope,
    /// Which of its components changed, by their indices; with
    /// [`ChangeScope::Board`], any may have.
    pub(super) components: &'a [usize],
}

impl BoardChange<'_> {
    /// Whether any of these components changed.
    fn has_any(&self, components: &[ComponentKey]) -> bool {
        let changed = |at: &usize| self.board.components.get(*at);
        let mut changed = self.components.iter().filter_map(changed);
        changed.any(|component| components.contains(&component.descriptor.key))
    }
}

/// What kinds of events a change consists of.
#[derive(Debug, Clone, Copy)]
pub(super) struct EventScope {
    pub(super) any: bool,
    /// Events other than readings.
    pub(super) news: bool,
}

/// What one watch has not seen.
pub(super) struct Unseen {
    /// Boards that changed, and whether the change is shown.
    pub(super) dirty: BTreeMap<BoardKey, bool>,
    /// The next one among those that are not shown.
    pub(super) turn: BoardKey,
    /// Boards that the watch has seen and that still exist. It is told only of
    /// the removal of these, which bounds what waits for a watch that never
    /// drains.
    pub(super) given: BTreeSet<BoardKey>,
    pub(super) forgotten: Vec<BoardKey>,
    /// The number of the next log entry to be seen.
    pub(super) next_entry: u64,
    pub(super) status: bool,
    pub(super) woken: bool,
    /// What is shown; everything until it is set.
    pub(super) shown: Option<Shown>,
    pub(super) wake: Arc<dyn Fn() + Send + Sync>,
}

impl Unseen {
    /// Whether the changed part of a board is shown.
    pub(super) fn shows(&self, change: &BoardChange<'_>) -> bool {
        let Some(shown) = &self.shown else {
            return true;
        };
        let board = change.board.key;
        match change.scope {
            ChangeScope::Board => true,
            ChangeScope::Components => {
                shown.boards.contains(&board)
                    || shown
                        .parts
                        .get(&board)
                        .is_some_and(|parts| change.has_any(parts))
            }
            ChangeScope::RoundTrip => {
                shown.boards.contains(&board) || shown.round_trips.contains(&board)
            }
        }
    }

    /// Whether the log entries are shown.
    pub(super) fn sees(&self, events: EventScope) -> bool {
        let seen = |shown: &Shown| (events.any && shown.log) || (events.news && shown.news);
        self.shown.as_ref().map_or(events.any, seen)
    }

    /// The boards of this drain; others wait for the next.
    pub(super) fn take_boards(&mut self) -> Vec<BoardKey> {
        let (mut others, mut turn) = (0, self.turn);
        let mut takes = |key: &BoardKey, shown: &mut bool| {
            if !*shown && others < OTHERS {
                (others, turn) = (others + 1, *key);
                return true;
            }
            *shown
        };
        let mut taken: Vec<_> = self
            .dirty
            .extract_if(self.turn.., &mut takes)
            .map(|(key, _)| key)
            .collect();
        taken.extend(
            self.dirty
                .extract_if(..self.turn, takes)
                .map(|(key, _)| key),
        );
        self.turn = turn;
        taken
    }

    /// Wakes the watch, unless it was woken since its last drain.
    pub(super) fn wake_once(&mut self) -> Option<Arc<dyn Fn() + Send + Sync>> {
        (!std::mem::replace(&mut self.woken, true)).then(|| Arc::clone(&self.wake))
    }
}

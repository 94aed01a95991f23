//! What one watch shows and has not seen yet, and which changes wake it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use protocol::{ComponentKey, Kind};

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

/// How soon a watch should be drained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// A measured value, a round trip or a line of a log, which keep coming.
    Reading,
    /// Anything else.
    Prompt,
}

/// Wakes the user of a watch.
pub(super) type Wake = Arc<dyn Fn(Urgency) + Send + Sync>;

/// How much of a board changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeScope {
    /// Only its round trip.
    RoundTrip,
    /// What its components report, or the state of a command.
    Components,
    /// Its link, its name, its components: that is shown everywhere.
    Board,
}

/// A change of a board.
#[derive(Clone, Copy)]
pub struct BoardChange<'a> {
    /// The board after it.
    pub board: &'a Arc<BoardView>,
    /// How much of it changed.
    pub scope: ChangeScope,
    /// Which of its components changed, by their indices; with
    /// [`ChangeScope::Board`], any may have.
    pub components: &'a [usize],
}

impl BoardChange<'_> {
    /// How urgent the changes of the components are for which `shown` returns
    /// true; `None` without any.
    fn urgency(&self, shown: impl Fn(&ComponentKey) -> bool) -> Option<Urgency> {
        let changed = |at: &usize| Some(&self.board.components.get(*at)?.descriptor.key);
        let changed = self.components.iter().filter_map(changed);
        changed
            .filter(|key| shown(key))
            .map(|key| match key.kind {
                Kind::Sensor | Kind::TextSensor => Urgency::Reading,
                _ => Urgency::Prompt,
            })
            .max()
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
    /// The most urgent change that it was woken for since its last drain.
    pub(super) woken: Option<Urgency>,
    /// What is shown; everything until it is set.
    pub(super) shown: Option<Shown>,
    pub(super) wake: Wake,
}

impl Unseen {
    /// How urgent it is to show a change of a board; `None` if what changed is
    /// not shown.
    pub(super) fn shows(&self, change: &BoardChange<'_>) -> Option<Urgency> {
        let Some(shown) = &self.shown else {
            return Some(Urgency::Prompt);
        };
        let board = change.board.key;
        let is_shown = shown.boards.contains(&board);
        match change.scope {
            ChangeScope::Board => Some(Urgency::Prompt),
            ChangeScope::Components if is_shown => {
                change.urgency(|_| true).max(Some(Urgency::Reading))
            }
            ChangeScope::Components => {
                let parts = shown.parts.get(&board)?;
                change.urgency(|key| parts.contains(key))
            }
            ChangeScope::RoundTrip => {
                (is_shown || shown.round_trips.contains(&board)).then_some(Urgency::Reading)
            }
        }
    }

    /// How urgent it is to show log entries; `None` if they are not shown.
    pub(super) fn sees(&self, events: EventScope) -> Option<Urgency> {
        let Some(shown) = &self.shown else {
            return events.any.then_some(Urgency::Prompt);
        };
        if events.news && (shown.news || shown.log) {
            return Some(Urgency::Prompt);
        }
        (events.any && shown.log).then_some(Urgency::Reading)
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

    /// Wakes the watch, unless it was woken for something as urgent since its
    /// last drain.
    pub(super) fn wake_once(&mut self, urgency: Urgency) -> Option<(Wake, Urgency)> {
        if self.woken >= Some(urgency) {
            return None;
        }
        self.woken = Some(urgency);
        Some((Arc::clone(&self.wake), urgency))
    }
}

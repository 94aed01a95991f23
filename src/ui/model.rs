//! What the window knows: every board as the fleet last described it, in order, and the latest happenings. It is fed with
//! [`Changes`] and needs no fleet; one board's change costs no work in proportion to all boards.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use protocol::ComponentKey;

use super::journal::Journal;
use crate::fleet::{BoardKey, BoardView, Changes, FleetStatus, Happening, LinkState, LogEntry};

/// Pushes are remembered for lighting their cards; beyond this many the old ones are thrown out.
const LIT: usize = 256;

/// How many boards are in each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Links that are alive.
    pub connected: usize,
    /// Links on the way.
    pub connecting: usize,
    /// Links that are silent.
    pub stale: usize,
    /// Boards without a link.
    pub unreachable: usize,
    /// Boards only heard of.
    pub announced: usize,
}

impl Counts {
    fn of(&mut self, link: &LinkState) -> &mut usize {
        match link {
            LinkState::Announced => &mut self.announced,
            LinkState::Connecting => &mut self.connecting,
            LinkState::Connected => &mut self.connected,
            LinkState::Stale => &mut self.stale,
            LinkState::Unreachable { .. } => &mut self.unreachable,
        }
    }
}

/// By name as people sort (`Bench 2` before `Bench 10`), then by id, then by key.
type Place = (String, Option<String>, BoardKey);

struct Known {
    view: Arc<BoardView>,
    place: Place,
    /// What the find box looks in: name, address and id in lower case.
    haystack: String,
}

/// The window's knowledge.
#[derive(Default)]
pub struct Model {
    boards: HashMap<BoardKey, Known>,
    order: Vec<Place>,
    namesakes: HashMap<String, usize>,
    counts: Counts,
    find: String,
    /// The boards that the find box leaves; `None` while it is empty or has to be looked through anew.
    found: Option<Vec<BoardKey>>,
    selected: Option<BoardKey>,
    /// By the person, or as the board of the last run.
    chosen: bool,
    /// Which board to choose once it turns up: its id or address.
    wanted: Option<String>,
    journal: Journal,
    missed: u64,
    status: FleetStatus,
    lit: HashMap<(BoardKey, ComponentKey), Instant>,
}

impl Model {
    /// An empty model that will choose the board with this id or address once there is one.
    pub fn new(wanted: Option<String>) -> Self {
        Self { wanted, ..Self::default() }
    }

    /// Takes over what changed.
    pub fn apply(&mut self, changes: Changes, now: Instant) {
        for board in changes.boards {
            self.put(board);
        }
        for board in changes.forgotten {
            self.remove(board);
        }
        for entry in changes.log {
            self.happened(entry, now);
        }
        self.missed += changes.missed;
        if let Some(status) = changes.status {
            self.status = status;
        }
    }

    /// Takes over one board.
    pub fn put(&mut self, view: Arc<BoardView>) {
        let key = view.key;
        let name = view.name.clone();
        let place = (natural(&name), view.id.clone(), key);
        let haystack = format!("{name}\n{}\n{}", view.address, view.id.as_deref().unwrap_or_default()).to_lowercase();
        *self.counts.of(&view.link) += 1;
        let old = self.boards.insert(key, Known { view, place: place.clone(), haystack });
        match old {
            Some(old) => {
                *self.counts.of(&old.view.link) -= 1;
                if old.place != place {
                    self.unplace(&old.place);
                    self.place(place);
                }
            }
            None => self.place(place),
        }
        self.choose_wanted(key);
    }

    fn choose_wanted(&mut self, key: BoardKey) {
        let Some(known) = self.boards.get(&key) else { return };
        let is = |wanted: &str| known.view.id.as_deref() == Some(wanted) || known.view.address == wanted;
        if self.wanted.as_deref().is_some_and(is) {
            self.select(key);
        }
    }

    fn place(&mut self, place: Place) {
        *self.namesakes.entry(place.0.clone()).or_default() += 1;
        let at = self.order.binary_search(&place).unwrap_or_else(|at| at);
        self.order.insert(at, place);
        self.found = None;
    }

    fn unplace(&mut self, place: &Place) {
        if let Ok(at) = self.order.binary_search(place) {
            self.order.remove(at);
        }
        if let Some(count) = self.namesakes.get_mut(&place.0) {
            *count -= 1;
            if *count == 0 {
                self.namesakes.remove(&place.0);
            }
        }
        self.found = None;
    }

    /// Takes a board off the list.
    pub fn remove(&mut self, key: BoardKey) {
        let Some(known) = self.boards.remove(&key) else { return };
        *self.counts.of(&known.view.link) -= 1;
        self.unplace(&known.place);
        self.lit.retain(|(board, _), _| *board != key);
        if self.selected == Some(key) {
            self.selected = None;
        }
    }

    /// Takes over one happening.
    pub fn happened(&mut self, entry: Arc<LogEntry>, now: Instant) {
        if let Happening::Changed { component, .. } | Happening::Event { component, .. } = &entry.what {
            if self.lit.len() >= LIT {
                self.lit.retain(|_, at| now.saturating_duration_since(*at) < Duration::from_secs(1));
            }
            self.lit.insert((entry.board, component.clone()), now);
        }
        self.journal.add(entry);
    }

    /// The name, with the id (or else the address) where another board has the same.
    pub fn title(&self, view: &BoardView) -> String {
        let name = view.name.clone();
        if self.namesakes.get(&natural(&name)).is_some_and(|count| *count > 1) {
            let apart = view.id.as_deref().unwrap_or(&view.address);
            format!("{name} ({apart})")
        } else {
            name
        }
    }

    /// A board.
    pub fn board(&self, key: BoardKey) -> Option<&Arc<BoardView>> {
        self.boards.get(&key).map(|known| &known.view)
    }

    /// Every board, in no order.
    pub fn boards(&self) -> impl Iterator<Item = &Arc<BoardView>> {
        self.boards.values().map(|known| &known.view)
    }

    /// Every board, by name.
    pub fn in_order(&self) -> impl Iterator<Item = &Arc<BoardView>> {
        self.order.iter().filter_map(|place| self.board(place.2))
    }

    /// How many boards there are.
    pub fn len(&self) -> usize {
        self.boards.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.boards.is_empty()
    }

    /// How many are in each state.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Looks for boards by a part of their name, address or id.
    pub fn find(&mut self, text: &str) {
        let text = text.trim().to_lowercase();
        if text != self.find {
            self.find = text;
            self.found = None;
        }
    }

    /// Looks the boards through where anything changed since; cheap otherwise.
    pub(super) fn refresh_found(&mut self) {
        if self.found.is_none() && !self.find.is_empty() {
            let matches = |place: &&Place| self.boards.get(&place.2).is_some_and(|b| b.haystack.contains(&self.find));
            self.found = Some(self.order.iter().filter(matches).map(|place| place.2).collect());
        }
    }

    /// How many boards the list shows.
    pub fn listed(&self) -> usize {
        self.found.as_ref().map_or(self.order.len(), Vec::len)
    }

    /// The board in a place of the list.
    pub fn listed_at(&self, index: usize) -> Option<BoardKey> {
        match &self.found {
            Some(found) => found.get(index).copied(),
            None => self.order.get(index).map(|place| place.2),
        }
    }

    /// The place of a board in the list.
    pub fn position(&self, key: BoardKey) -> Option<usize> {
        match &self.found {
            Some(found) => found.iter().position(|found| *found == key),
            None => self.order.binary_search(&self.boards.get(&key)?.place).ok(),
        }
    }

    /// The board that is shown.
    pub fn selected(&self) -> Option<&Arc<BoardView>> {
        self.board(self.selected?)
    }

    /// Shows a board.
    pub fn select(&mut self, key: BoardKey) {
        self.wanted = None;
        self.selected = Some(key);
        self.chosen = true;
    }

    /// Shows the first board where nobody chose one and none is waited for. While boards are `still_coming` it may be another
    /// one the next time; after that it stays.
    pub(super) fn select_something(&mut self, still_coming: bool) {
        if self.wanted.is_none() && (self.selected.is_none() || (still_coming && !self.chosen)) {
            self.selected = self.listed_at(0);
        }
    }

    /// Gives up waiting for the board of the last run.
    pub(super) fn stop_waiting(&mut self) {
        self.wanted = None;
    }

    /// Whether the board of the last run is still waited for.
    pub(super) fn is_waiting(&self) -> bool {
        self.wanted.is_some() && self.selected.is_none()
    }

    /// When a component's card was lit by a push.
    pub fn lit(&self, board: BoardKey, component: &ComponentKey) -> Option<Instant> {
        self.lit.get(&(board, component.clone())).copied()
    }

    /// What happened.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// How many happenings were lost because the window did not keep up.
    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// How discovery does.
    pub fn status(&self) -> &FleetStatus {
        &self.status
    }
}

/// A text that sorts numbers by their size and letters without case.
fn natural(text: &str) -> String {
    let mut key = String::with_capacity(text.len() + 8);
    let mut digits = String::new();
    for c in text.chars() {
        if c.is_ascii_digit() {
            digits.push(c);
        } else {
            flush(&mut key, &mut digits);
            key.extend(c.to_lowercase());
        }
    }
    flush(&mut key, &mut digits);
    key
}

fn flush(key: &mut String, digits: &mut String) {
    if !digits.is_empty() {
        // The number of digits before the digits: 2 before 10, and names that differ stay different.
        key.push_str(&format!("{:03}", digits.len()));
        key.push_str(digits);
        digits.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::natural;

    #[test]
    fn names_sort_as_people_sort_them() {
        let mut names = ["bench 10", "Bench 2", "bench 2b", "Atelier"];
        names.sort_by_key(|name| natural(name));
        assert_eq!(names, ["Atelier", "Bench 2", "bench 2b", "bench 10"]);
        assert_ne!(natural("lamp 1"), natural("lamp 01"));
    }
}

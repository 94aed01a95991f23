//! What the window knows: every board as the fleet last described it, in order,
//! and the latest events. It is fed with [`Changes`] and needs no fleet;
//! one board's change costs no work in proportion to all boards.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use protocol::ComponentKey;

use super::{
    arrangement::{self, Arranged, Arrangement, Grouping, Labels, LabelsChange, Sorting},
    journal::Journal,
};
use crate::fleet::{BoardKey, BoardView, Changes, FleetStatus, LinkState, LogEntry, LogEvent};

/// Pushes are remembered for lighting their cards; beyond this many the old
/// ones are thrown out, once a second.
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

/// By name as people sort (`Bench 2` before `Bench 10`), then by id, then by
/// key.
type Page = (String, Option<String>, BoardKey);

struct Known {
    view: Arc<BoardView>,
    place: Page,
    /// What the find box looks in.
    haystack: String,
}

/// What the person's documents are called, in their order: for menus that offer
/// them.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) dashboards: Vec<String>,
    pub(super) scenes: Vec<String>,
}

/// The window's knowledge.
#[derive(Default)]
pub struct Model {
    pub(super) documents: Names,
    boards: HashMap<BoardKey, Known>,
    /// How often a board came, went, or was known otherwise than before.
    roster: u64,
    /// Boards by their ids and addresses.
    names: HashMap<String, BoardKey>,
    order: Vec<Page>,
    namesakes: HashMap<String, usize>,
    counts: Counts,
    find: String,
    arrangement: Arrangement,
    notes: BTreeMap<String, Labels>,
    /// The list; `None` while it has to be arranged anew.
    arranged: Option<Arranged>,
    /// Chosen together; empty where only one is.
    marked: BTreeSet<BoardKey>,
    selected: Option<BoardKey>,
    /// By the person, or as the board of the last run.
    chosen: bool,
    /// Which board to choose once it turns up: its id or address.
    wanted: Option<String>,
    journal: Journal,
    missed: u64,
    status: FleetStatus,
    lit: HashMap<(BoardKey, ComponentKey), Instant>,
    /// When the old ones of these were thrown out.
    swept: Option<Instant>,
}

impl Model {
    /// An empty model that will choose the board with this id or address once
    /// there is one.
    pub fn new(wanted: Option<String>) -> Self {
        Self {
            wanted,
            ..Self::default()
        }
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
        *self.counts.of(&view.link) += 1;
        let old = self.boards.get(&key).map(|known| Arc::clone(&known.view));
        if let Some(old) = &old {
            *self.counts.of(&old.link) -= 1;
        }
        // Under load that is every board in every frame, and nothing of it but
        // what its components report.
        let same = old.as_ref().is_some_and(|old| {
            old.name == view.name
                && old.id == view.id
                && (old.by_hand, old.inbound_only) == (view.by_hand, view.inbound_only)
                && !self.arrangement_differs(old, &view)
        });
        match self.boards.get_mut(&key).filter(|_| same) {
            Some(known) => known.view = view,
            None => self.put_anew(view, old.as_deref()),
        }
        self.choose_wanted(key);
    }

    /// Takes over a board that is new, or whose place in the list or what finds
    /// it may be another.
    fn put_anew(&mut self, view: Arc<BoardView>, old: Option<&BoardView>) {
        let place = (natural(&view.name), view.id.clone(), view.key);
        let haystack = haystack(&view, self.note(&view));
        self.arranged = None;
        self.roster += 1;
        self.name(&view, old);
        let old = self.boards.insert(
            view.key,
            Known {
                view,
                place: place.clone(),
                haystack,
            },
        );
        match old {
            Some(old) if old.place == place => {}
            Some(old) => {
                self.unplace(&old.place);
                self.place(place);
            }
            None => self.place(place),
        }
    }

    /// Takes over what a board is known as.
    fn name(&mut self, view: &BoardView, old: Option<&BoardView>) {
        if let Some(old) = old {
            self.unname(old);
        }
        for name in view.id.iter().chain([&view.address]) {
            self.names.insert(name.clone(), view.key);
        }
    }

    fn unname(&mut self, view: &BoardView) {
        for name in view.id.iter().chain([&view.address]) {
            if self.names.get(name) == Some(&view.key) {
                self.names.remove(name);
            }
        }
    }

    /// The board with this id or address.
    pub(super) fn known_as(&self, name: &str) -> Option<BoardKey> {
        self.names.get(name).copied()
    }

    /// Whether a board's place in the list, or what finds it, may have changed;
    /// what its components report does neither.
    fn arrangement_differs(&self, old: &BoardView, new: &BoardView) -> bool {
        let by_state = self.arrangement.grouping == Grouping::State
            || self.arrangement.sorting == Sorting::Attention;
        (by_state && std::mem::discriminant(&old.link) != std::mem::discriminant(&new.link))
            || old.address != new.address
            || old.components.len() != new.components.len()
    }

    /// What the person noted of a board.
    pub fn note(&self, board: &BoardView) -> Option<&Labels> {
        self.notes.get(board.id.as_ref()?)
    }

    /// Notes something of boards; one whose id is not known has no notes. How
    /// many were left out.
    pub(super) fn make_note(&mut self, boards: &[BoardKey], change: &LabelsChange) -> usize {
        let mut left_out = 0;
        for key in boards {
            let Some(id) = self.board(*key).and_then(|board| board.id.clone()) else {
                left_out += 1;
                continue;
            };
            let note = self.notes.entry(id.clone()).or_default();
            change.apply(note);
            if note.is_empty() {
                self.notes.remove(&id);
            }
            let note = self.notes.get(&id);
            if let Some(known) = self.boards.get_mut(key) {
                known.haystack = haystack(&known.view, note);
            }
        }
        self.arranged = None;
        left_out
    }

    /// All notes, by the boards' ids.
    pub(super) fn notes(&self) -> &BTreeMap<String, Labels> {
        &self.notes
    }

    /// Takes over what an earlier run noted, and how its list was arranged.
    pub(super) fn recall(&mut self, arrangement: Arrangement, notes: BTreeMap<String, Labels>) {
        (self.arrangement, self.notes, self.arranged) = (arrangement, notes, None);
    }

    /// How the list is arranged.
    pub(super) fn arrangement(&self) -> &Arrangement {
        &self.arrangement
    }

    /// Arranges the list so.
    pub(super) fn arrange_as(&mut self, arrangement: Arrangement) {
        if arrangement != self.arrangement {
            self.arrangement = arrangement;
            self.arranged = None;
        }
    }

    fn choose_wanted(&mut self, key: BoardKey) {
        let Some(known) = self.boards.get(&key) else {
            return;
        };
        let view = &known.view;
        let is = |wanted: &str| {
            view.id.as_deref() == Some(wanted)
                || view.address == wanted
                || view.addresses.have(wanted)
        };
        if self.wanted.as_deref().is_some_and(is) {
            self.select(key);
        }
    }

    fn place(&mut self, place: Page) {
        *self.namesakes.entry(place.0.clone()).or_default() += 1;
        let at = self.order.binary_search(&place).unwrap_or_else(|at| at);
        self.order.insert(at, place);
        self.arranged = None;
    }

    fn unplace(&mut self, place: &Page) {
        if let Ok(at) = self.order.binary_search(place) {
            self.order.remove(at);
        }
        if let Some(count) = self.namesakes.get_mut(&place.0) {
            *count -= 1;
            if *count == 0 {
                self.namesakes.remove(&place.0);
            }
        }
        self.arranged = None;
    }

    /// Takes a board off the list.
    pub fn remove(&mut self, key: BoardKey) {
        let Some(known) = self.boards.remove(&key) else {
            return;
        };
        *self.counts.of(&known.view.link) -= 1;
        self.roster += 1;
        self.unname(&known.view);
        self.unplace(&known.place);
        self.lit.retain(|(board, _), _| *board != key);
        self.marked.remove(&key);
        if self.selected == Some(key) {
            self.selected = None;
        }
    }

    /// Takes over one event.
    pub fn happened(&mut self, entry: Arc<LogEntry>, now: Instant) {
        if let LogEvent::Changed { component, .. } | LogEvent::Event { component, .. } = &entry.what
        {
            let faded = |at: &Instant| now.saturating_duration_since(*at) >= Duration::from_secs(1);
            if self.lit.len() >= LIT && self.swept.as_ref().is_none_or(faded) {
                self.lit.retain(|_, at| !faded(at));
                self.swept = Some(now);
            }
            self.lit.insert((entry.board, component.clone()), now);
        }
        self.journal.add(entry);
    }

    /// The name, with the id (or else the address) where another board has the
    /// same.
    pub fn title(&self, view: &BoardView) -> String {
        let name = view.name.clone();
        if self
            .namesakes
            .get(&natural(&name))
            .is_some_and(|count| *count > 1)
        {
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

    /// Another number than before where a board came, went, or is known
    /// otherwise: by another name, id or address.
    pub(super) fn roster(&self) -> u64 {
        self.roster
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

    /// What is looked for, in lower case.
    pub(super) fn query(&self) -> &str {
        &self.find
    }

    /// Looks for boards by words in their name, address, id, kinds of
    /// components, room and tags; all of them have to be there.
    pub fn find(&mut self, text: &str) {
        let text = text.trim().to_lowercase();
        if text != self.find {
            self.find = text;
            self.arranged = None;
        }
    }

    /// Arranges the list where anything changed since; cheap otherwise.
    pub(super) fn refresh_list(&mut self) {
        if self.arranged.is_none() {
            let matches = |known: &&Known| {
                self.find.is_empty()
                    || self
                        .find
                        .split_whitespace()
                        .all(|part| known.haystack.contains(part))
            };
            let boards = self
                .order
                .iter()
                .filter_map(|place| self.boards.get(&place.2))
                .filter(matches);
            let boards = boards.map(|known| (known.view.as_ref(), self.note(&known.view)));
            self.arranged = Some(arrangement::arrange(boards, &self.arrangement));
        }
    }

    /// The list as it was arranged last.
    pub(super) fn list(&self) -> &Arranged {
        static NOTHING: Arranged = Arranged::NOTHING;
        self.arranged.as_ref().unwrap_or(&NOTHING)
    }

    /// How many boards the list shows.
    pub fn listed(&self) -> usize {
        self.list().boards.len()
    }

    /// The board in a place of the list.
    pub fn listed_at(&self, index: usize) -> Option<BoardKey> {
        self.list().boards.get(index).copied()
    }

    /// The place of a board in the list.
    pub fn position(&self, key: BoardKey) -> Option<usize> {
        self.list().boards.iter().position(|listed| *listed == key)
    }

    /// The boards that are chosen together: none, or at least two.
    pub fn marked(&self) -> impl Iterator<Item = BoardKey> {
        let many = self.marked.len() > 1;
        self.marked.iter().copied().filter(move |_| many)
    }

    /// Whether a board is shown or chosen together with others.
    pub fn is_chosen(&self, key: BoardKey) -> bool {
        match self.marked.is_empty() {
            true => self.selected == Some(key),
            false => self.marked.contains(&key),
        }
    }

    /// Chooses a board beside those that are chosen, or no more.
    pub(super) fn mark(&mut self, key: BoardKey) {
        if self.marked.is_empty() {
            self.marked.extend(self.selected);
        }
        if !self.marked.remove(&key) {
            self.marked.insert(key);
            self.show(key);
        }
        // The one that is left is simply shown.
        if let (Some(only), None) = (self.marked.first().copied(), self.marked.iter().nth(1)) {
            self.select(only);
        }
    }

    /// Chooses every board from the shown one to this.
    pub(super) fn mark_to(&mut self, key: BoardKey) {
        let from = self.selected.and_then(|selected| self.position(selected));
        let (Some(from), Some(to)) = (from, self.position(key)) else {
            return self.select(key);
        };
        let range = from.min(to)..=from.max(to);
        self.marked = range.filter_map(|at| self.listed_at(at)).collect();
    }

    /// Chooses every board of the list.
    pub(super) fn mark_all(&mut self) {
        self.marked = self.list().boards.iter().copied().collect();
    }

    /// Chooses only the one that is shown.
    pub(super) fn mark_none(&mut self) {
        self.marked.clear();
    }

    /// The board that is shown.
    pub fn selected(&self) -> Option<&Arc<BoardView>> {
        self.board(self.selected?)
    }

    /// Shows a board, and chooses no other beside it.
    pub fn select(&mut self, key: BoardKey) {
        self.marked.clear();
        self.show(key);
    }

    fn show(&mut self, key: BoardKey) {
        self.wanted = None;
        self.selected = Some(key);
        self.chosen = true;
    }

    /// Shows the first board where nobody chose one and none is waited for.
    /// While boards are `still_coming` it may be another one the next time;
    /// after that it stays.
    pub(super) fn select_something(&mut self, still_coming: bool) {
        if self.wanted.is_none() && (self.selected.is_none() || (still_coming && !self.chosen)) {
            self.refresh_list();
            self.selected = self
                .listed_at(0)
                .or_else(|| self.order.first().map(|place| place.2));
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

    /// How many events were lost because the window did not keep up.
    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// How discovery does.
    pub fn status(&self) -> &FleetStatus {
        &self.status
    }
}

/// What the find box looks in: name, address, id, kinds of components, room and
/// tags, in lower case.
fn haystack(view: &BoardView, note: Option<&Labels>) -> String {
    let mut words = vec![
        view.name.as_str(),
        &view.address,
        view.id.as_deref().unwrap_or_default(),
    ];
    let kinds: BTreeSet<String> = view
        .components
        .iter()
        .map(|view| view.descriptor.kind.to_string())
        .collect();
    words.extend(kinds.iter().map(String::as_str));
    if let Some(note) = note {
        words.push(&note.room);
        words.extend(note.tags.iter().map(String::as_str));
    }
    words.join("\n").to_lowercase()
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
        // The number of digits before the digits: 2 before 10, and names that
        // differ stay different.
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

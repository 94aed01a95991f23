//! What the window knows: every board as the fleet last described it, in order,
//! and the latest events. It is fed with [`Changes`] and needs no fleet. The
//! cost of one board's change does not depend on the number of boards.

mod counts;
mod labels;
mod listing;
mod search;
mod selection;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use disk::settings::{ForgottenBoard, RememberedBoard};
use protocol::ComponentKey;
use web_time::Instant;

pub use self::counts::Counts;
use self::search::{haystack, natural_sort_key};
use crate::model::{
    abilities::Abilities,
    arrangement::{self, Arranged, Arrangement, Grouping, Labels, Sorting},
    journal::Journal,
    link_kind::LinkKind,
    own_clients::OwnClients,
    sessions::Sessions,
    timeline::Timeline,
    virtual_boards::Samples,
};
use fleet::{BoardKey, BoardView, Changes, FleetStatus, LogEntry, LogEvent};

/// Pushes are remembered to light their cards; beyond this many, old ones are
/// dropped once a second.
const LIT: usize = 256;
const LIT_FOR: Duration = Duration::from_secs(1);

/// Sorts by name as people do (`Bench 2` before `Bench 10`), then by id, then
/// by key.
type SortKey = (String, Option<Arc<str>>, BoardKey);

/// A component's card, lit by a push.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lit {
    pub(crate) at: Instant,
    /// Whether the push before was less than [`LIT_FOR`] earlier.
    pub(crate) again: bool,
}

struct ListedBoard {
    view: Arc<BoardView>,
    sort_key: SortKey,
    /// The text that the search box searches.
    haystack: String,
}

/// The names of the person's documents, in order, for menus.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub(crate) dashboards: Vec<String>,
    pub(crate) scenes: Vec<String>,
}

/// The window's knowledge.
#[derive(Default)]
pub struct Model {
    /// What this window can do.
    pub abilities: Abilities,
    pub(crate) documents: Names,
    /// Boards that run in this program.
    pub samples: Samples,
    /// The recording and the replay of this window.
    pub sessions: Sessions,
    pub(crate) own_clients: OwnClients,
    boards: HashMap<BoardKey, ListedBoard>,
    /// Counts additions, removals and changes of name, id or address.
    roster_version: u64,
    /// Boards by their ids and addresses.
    names: HashMap<Arc<str>, BoardKey>,
    order: BTreeSet<SortKey>,
    name_counts: HashMap<String, usize>,
    counts: Counts,
    find: String,
    /// Only boards in this state are listed.
    filter: Option<LinkKind>,
    arrangement: Arrangement,
    labels: BTreeMap<String, Labels>,
    /// Boards that were forgotten, the newest last.
    pub(super) forgotten: Vec<ForgottenBoard>,
    /// The keys that forgotten boards had: the fleet may still report them.
    pub(super) gone: HashSet<BoardKey>,
    /// The boards that had these keys.
    pub(super) left: Vec<(BoardKey, RememberedBoard)>,
    /// The list; `None` when it has to be rebuilt.
    arranged: Option<Arranged>,
    /// The boards selected together; empty if only one is selected.
    selection: BTreeSet<BoardKey>,
    selected: Option<BoardKey>,
    /// Whether the person, or the last run, chose the selected board.
    chosen: bool,
    /// The board to select once it appears: its id or address.
    wanted: Option<String>,
    /// The board to select as soon as it is back: its id or address.
    pub(super) expected: Option<String>,
    /// Whether nothing is selected on purpose, until a person selects a board.
    left_empty: bool,
    journal: Journal,
    timeline: Timeline,
    missed: u64,
    status: FleetStatus,
    lit: HashMap<(BoardKey, ComponentKey), Lit>,
    /// When old entries of `lit` were last dropped.
    swept: Option<Instant>,
}

impl Model {
    /// An empty model that selects the board with this id or address once it
    /// appears.
    pub fn new(wanted: Option<String>) -> Self {
        Self {
            wanted,
            ..Self::default()
        }
    }

    /// Applies changes.
    pub fn apply(&mut self, changes: Changes, now: Instant) {
        for board in changes.boards {
            self.put(board);
        }
        for board in changes.forgotten {
            self.remove(board);
        }
        for entry in changes.log {
            self.add_event(entry, now);
        }
        self.missed += changes.missed;
        if let Some(status) = changes.status {
            self.status = status;
        }
    }

    /// Applies one board.
    pub fn put(&mut self, view: Arc<BoardView>) {
        let key = view.key;
        *self.counts.of(&view.link) += 1;
        let old = self.boards.get(&key).map(|known| Arc::clone(&known.view));
        if let Some(old) = &old {
            *self.counts.of(&old.link) -= 1;
        }
        // Under load every board changes in every frame, usually only the
        // values of its components.
        let same = old.as_ref().is_some_and(|old| {
            old.name == view.name
                && old.id == view.id
                && (old.by_hand, old.inbound_only) == (view.by_hand, view.inbound_only)
                && !self.arrangement_differs(old, &view)
        });
        if let (Some(old), Some(arranged)) = (&old, &mut self.arranged)
            && !arranged.groups.is_empty()
        {
            let (was, is) = (arrangement::is_on(old), arrangement::is_on(&view));
            if was != is {
                arranged.switched(key, is);
            }
        }
        match self.boards.get_mut(&key).filter(|_| same) {
            Some(known) => known.view = view,
            None => self.put_changed(view, old.as_deref()),
        }
        self.select_wanted(key);
    }

    /// Applies a board that is new, or whose position in the list or search
    /// text may have changed.
    fn put_changed(&mut self, view: Arc<BoardView>, old: Option<&BoardView>) {
        let sort_key = (natural_sort_key(&view.name), view.id.clone(), view.key);
        let haystack = haystack(&view, self.labels_of(&view));
        self.arranged = None;
        self.roster_version += 1;
        self.name(&view, old);
        let old = self.boards.insert(
            view.key,
            ListedBoard {
                view,
                sort_key: sort_key.clone(),
                haystack,
            },
        );
        match old {
            Some(old) if old.sort_key == sort_key => {}
            Some(old) => {
                self.remove_sort_key(&old.sort_key);
                self.insert_sort_key(sort_key);
            }
            None => self.insert_sort_key(sort_key),
        }
    }

    /// Indexes a board by its id and address.
    fn name(&mut self, view: &BoardView, old: Option<&BoardView>) {
        if let Some(old) = old {
            self.unname(old);
        }
        for name in view.id.iter().chain([&view.address]) {
            self.names.insert(Arc::clone(name), view.key);
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
    pub(crate) fn known_as(&self, name: &str) -> Option<BoardKey> {
        self.names.get(name).copied()
    }

    /// Whether a board's position in the list, or its search text, may have
    /// changed; values of components change neither.
    fn arrangement_differs(&self, old: &BoardView, new: &BoardView) -> bool {
        let by_state = self.arrangement.grouping == Grouping::State
            || self.arrangement.sorting == Sorting::Attention
            || self.filter.is_some();
        (by_state && text::link(&old.link) != text::link(&new.link))
            || old.address != new.address
            || old.components.len() != new.components.len()
    }

    fn select_wanted(&mut self, key: BoardKey) {
        if self.wanted.is_none() && self.expected.is_none() {
            return;
        }
        let Some(known) = self.boards.get(&key) else {
            return;
        };
        let view = &known.view;
        let is = |wanted: &str| {
            view.id.as_deref() == Some(wanted)
                || *view.address == *wanted
                || view.addresses.have(wanted)
        };
        if self.wanted.as_deref().is_some_and(is) || self.expected.as_deref().is_some_and(is) {
            self.select(key);
        }
    }

    fn insert_sort_key(&mut self, sort_key: SortKey) {
        *self.name_counts.entry(sort_key.0.clone()).or_default() += 1;
        self.order.insert(sort_key);
        self.arranged = None;
    }

    fn remove_sort_key(&mut self, sort_key: &SortKey) {
        self.order.remove(sort_key);
        if let Some(count) = self.name_counts.get_mut(&sort_key.0) {
            *count -= 1;
            if *count == 0 {
                self.name_counts.remove(&sort_key.0);
            }
        }
        self.arranged = None;
    }

    /// Removes a board.
    pub fn remove(&mut self, key: BoardKey) {
        let Some(known) = self.boards.remove(&key) else {
            return;
        };
        *self.counts.of(&known.view.link) -= 1;
        self.roster_version += 1;
        self.unname(&known.view);
        self.remove_sort_key(&known.sort_key);
        self.lit.retain(|(board, _), _| *board != key);
        self.timeline.forget(key);
        self.selection.remove(&key);
        if self.selected == Some(key) {
            self.selected = None;
        }
        self.left_empty &= !self.boards.is_empty();
    }

    /// Applies one event.
    pub fn add_event(&mut self, entry: Arc<LogEntry>, now: Instant) {
        if let LogEvent::Changed { component, .. } | LogEvent::Event { component, .. } = &entry.what
        {
            let faded = |at: &Instant| now.saturating_duration_since(*at) >= LIT_FOR;
            if self.lit.len() >= LIT && self.swept.as_ref().is_none_or(faded) {
                self.lit.retain(|_, lit| !faded(&lit.at));
                self.swept = Some(now);
            }
            let lit = Lit {
                at: now,
                again: false,
            };
            let again = |lit: &mut Lit| {
                *lit = Lit {
                    at: now,
                    again: !faded(&lit.at),
                }
            };
            self.lit
                .entry((entry.board, component.clone()))
                .and_modify(again)
                .or_insert(lit);
        }
        self.own_clients.notice(&entry);
        self.timeline.add(&entry);
        self.journal.add(entry);
    }

    /// The name, with the id (or else the address) if another board has the
    /// same name.
    pub fn title(&self, view: &BoardView) -> String {
        let known = self.boards.get(&view.key);
        let count = match known.filter(|known| known.view.name == view.name) {
            Some(known) => self.name_counts.get(&known.sort_key.0),
            None => self.name_counts.get(&natural_sort_key(&view.name)),
        };
        if count.is_some_and(|count| *count > 1) {
            let apart = view.id.as_deref().unwrap_or(&view.address);
            format!("{} ({apart})", view.name)
        } else {
            view.name.to_string()
        }
    }

    /// The title of the board with this key; empty if it is not known.
    pub(crate) fn title_of(&self, board: BoardKey) -> String {
        self.board(board)
            .map(|view| self.title(view))
            .unwrap_or_default()
    }

    /// A board.
    pub fn board(&self, key: BoardKey) -> Option<&Arc<BoardView>> {
        self.boards.get(&key).map(|known| &known.view)
    }

    /// All boards, in no particular order.
    pub fn boards(&self) -> impl Iterator<Item = &Arc<BoardView>> {
        self.boards.values().map(|known| &known.view)
    }

    /// All boards, by name.
    pub fn in_order(&self) -> impl Iterator<Item = &Arc<BoardView>> {
        self.order
            .iter()
            .filter_map(|sort_key| self.board(sort_key.2))
    }

    /// A number that changes when a board is added, removed, or changes its
    /// name, id or address.
    pub(crate) fn roster_version(&self) -> u64 {
        self.roster_version
    }

    /// How many boards there are.
    pub fn len(&self) -> usize {
        self.boards.len()
    }

    /// Whether there are no boards.
    pub fn is_empty(&self) -> bool {
        self.boards.is_empty()
    }

    /// How many are in each state.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Whether a component's card was lit by a push.
    pub(crate) fn lit(&self, board: BoardKey, component: &ComponentKey) -> Option<Lit> {
        self.lit.get(&(board, component.clone())).copied()
    }

    /// The log of events.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// Sets whether the timeline has rows of readings.
    pub(crate) fn keep_readings(&mut self, wanted: bool) {
        self.timeline.keep_readings(wanted, &self.journal);
    }

    /// What happened lately, to be changed.
    pub(crate) fn timeline_mut(&mut self) -> &mut Timeline {
        &mut self.timeline
    }

    /// What happened lately, one row per act.
    pub(crate) fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// How many events were lost because the window did not keep up.
    pub fn missed(&self) -> u64 {
        self.missed
    }

    /// The status of discovery and inbound connections.
    pub fn status(&self) -> &FleetStatus {
        &self.status
    }
}

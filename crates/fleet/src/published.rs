//! What is published to the fleet's users: every board as it is now, the log,
//! and what each user has not seen yet. Decides nothing about boards.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

use web_time::SystemTime;

use super::{
    BoardKey, BoardView, Changes, Clock, FleetStatus, LogEntry, LogEvent, Shown, Watch,
    unseen::{BoardChange, EventScope, Unseen, Urgency, Wake},
};

/// Log entries that are kept for watches that have not seen them. A watch that
/// drains once per second misses none below 10,000 events per second; what all
/// have seen is dropped.
const LOG: usize = 10_000;

/// A watch that shows none of the changes is woken once it has not seen this
/// many entries, before they are dropped.
const UNSEEN: u64 = 2_000;

/// Told what a watch shows from now on.
type OnShown = Arc<dyn Fn(&Shown) + Send + Sync>;

/// Shared by the I/O thread, which writes, and the fleet's users.
#[derive(Clone, Default)]
pub struct Published {
    shared: Arc<Shared>,
    clock: Arc<Clock>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// No board is withheld any more.
    complete: Condvar,
}

#[derive(Default)]
struct State {
    /// `None` for the board that is withheld.
    boards: BTreeMap<BoardKey, Option<Arc<BoardView>>>,
    /// The board that the I/O thread changes at this moment.
    withheld: Option<BoardKey>,
    /// How many users wait until no board is withheld.
    waiting: u32,
    /// Entries that not every watch has seen.
    log: VecDeque<Arc<LogEntry>>,
    logged: u64,
    status: FleetStatus,
    watches: BTreeMap<u64, Unseen>,
    watched: u64,
    next_board: u32,
    /// Told what a watch shows from now on.
    on_shown: Option<OnShown>,
    /// Boards that the user added and did not remove, by the address that was
    /// typed.
    given: HashMap<String, BoardKey>,
}

impl Published {
    /// The clock of everything that is kept.
    pub fn clock(&self) -> &Arc<Clock> {
        &self.clock
    }

    /// A new key.
    pub fn new_key(&self) -> BoardKey {
        self.lock().new_key()
    }

    /// The key of a board that the user adds, and whether the address is new. A
    /// board whose link already goes there keeps its key.
    pub(super) fn key_for(&self, address: &str) -> (BoardKey, bool) {
        let mut state = self.complete();
        if let Some(key) = state.given.get(address) {
            return (*key, false);
        }
        let is_there =
            |board: &&Arc<BoardView>| *board.address == *address || board.addresses.have(address);
        let mut boards = state.boards.values().flatten();
        let there = boards.find(is_there).map(|board| board.key);
        let key = there.unwrap_or_else(|| state.new_key());
        state.given.insert(address.to_owned(), key);
        (key, true)
    }

    /// The board `from` goes on as `to`.
    pub fn merge(&self, from: BoardKey, to: BoardKey) {
        for key in self.lock().given.values_mut().filter(|key| **key == from) {
            *key = to;
        }
    }

    /// Takes back the view of a board that the I/O thread is about to change,
    /// so that the view need not be copied unless a user has it. Users that ask
    /// for it wait, a few microseconds, until the thread publishes or
    /// [restores](Self::restore) it.
    pub fn withhold(&self, key: BoardKey) {
        let mut state = self.lock();
        if state.boards.get_mut(&key).and_then(Option::take).is_some() {
            state.withheld = Some(key);
        }
    }

    /// Nothing is to be published of a board that may be withheld.
    pub fn restore(&self, view: &Arc<BoardView>) {
        let mut state = self.lock();
        if state.withheld == Some(view.key) {
            self.put(&mut state, view);
        }
    }

    fn put(&self, state: &mut State, view: &Arc<BoardView>) {
        state.boards.insert(view.key, Some(Arc::clone(view)));
        if state.withheld.take_if(|key| *key == view.key).is_some() && state.waiting > 0 {
            self.shared.complete.notify_all();
        }
    }

    /// Publishes a board, what of it changed, and its events.
    pub fn board(&self, change: BoardChange<'_>, events: Vec<(SystemTime, LogEvent)>) {
        let view = change.board;
        let wakes = {
            let mut state = self.lock();
            self.put(&mut state, view);
            let events_are = EventScope {
                any: !events.is_empty(),
                news: events.iter().any(|(_, what)| !what.is_reading()),
            };
            if events_are.any && !state.watches.is_empty() {
                // Those of one message have the same time.
                let mut last = None;
                for (steady, what) in events {
                    let at = match last {
                        Some((of, at)) if of == steady => at,
                        _ => self.clock.shown(steady),
                    };
                    last = Some((steady, at));
                    state.log(LogEntry {
                        number: 0,
                        at,
                        steady,
                        board: view.key,
                        board_name: Arc::clone(&view.name),
                        what,
                    });
                }
            }
            let State {
                watches, logged, ..
            } = &mut *state;
            let mut wakes = Vec::new();
            for unseen in watches.values_mut() {
                let shown = unseen.shows(&change);
                *unseen.dirty.entry(view.key).or_default() |= shown.is_some();
                let full = logged.saturating_sub(unseen.next_entry) >= UNSEEN;
                let full = full.then_some(Urgency::Reading);
                if let Some(urgency) = shown.max(unseen.sees(events_are)).max(full) {
                    wakes.extend(unseen.wake_once(urgency));
                }
            }
            wakes
        };
        wake(wakes);
    }

    /// Adds entries that were logged elsewhere, with their times, oldest first.
    pub fn log(&self, entries: Vec<LogEntry>) {
        let wakes = {
            let mut state = self.lock();
            let events_are = EventScope {
                any: !entries.is_empty(),
                news: entries.iter().any(|entry| !entry.what.is_reading()),
            };
            if !state.watches.is_empty() {
                entries.into_iter().for_each(|entry| state.log(entry));
            }
            let mut wakes = Vec::new();
            for unseen in state.watches.values_mut() {
                let seen = unseen.sees(events_are);
                wakes.extend(seen.and_then(|urgency| unseen.wake_once(urgency)));
            }
            wakes
        };
        wake(wakes);
    }

    /// Calls `on_shown` when a watch says what it shows. It must not block.
    pub fn on_shown(&self, on_shown: impl Fn(&Shown) + Send + Sync + 'static) {
        self.lock().on_shown = Some(Arc::new(on_shown));
    }

    /// A board was removed.
    pub fn forget(&self, key: BoardKey) {
        let wakes = {
            let mut state = self.lock();
            state.given.retain(|_, given| *given != key);
            if state.boards.remove(&key).is_none() {
                return;
            }
            state.mark(|unseen| {
                unseen.dirty.remove(&key);
                if unseen.given.remove(&key) {
                    unseen.forgotten.push(key);
                }
            })
        };
        wake(wakes);
    }

    /// Publishes the state of discovery and listening.
    pub fn status(&self, status: FleetStatus) {
        let wakes = {
            let mut state = self.lock();
            if state.status == status {
                return;
            }
            state.status = status;
            state.mark(|unseen| unseen.status = true)
        };
        wake(wakes);
    }

    pub(super) fn current_status(&self) -> FleetStatus {
        self.lock().status.clone()
    }

    pub(super) fn get(&self, key: BoardKey) -> Option<Arc<BoardView>> {
        self.complete().boards.get(&key)?.clone()
    }

    pub(super) fn watch(&self, wake: Wake) -> Watch {
        let mut state = self.lock();
        let id = state.watched;
        state.watched += 1;
        let unseen = Unseen {
            dirty: state.boards.keys().map(|key| (*key, true)).collect(),
            turn: BoardKey(0),
            given: BTreeSet::new(),
            forgotten: Vec::new(),
            next_entry: state.logged,
            status: true,
            woken: None,
            shown: None,
            wake,
        };
        state.watches.insert(id, unseen);
        drop(state);
        Watch {
            id,
            published: self.clone(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic leaves nothing half done: every change is one insertion or
        // removal.
        let state = self.shared.state.lock();
        state.unwrap_or_else(PoisonError::into_inner)
    }

    /// The state with every board. The I/O thread must not call it while it
    /// withholds one.
    fn complete(&self) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        if state.withheld.is_some() {
            state.waiting += 1;
            state = self
                .shared
                .complete
                .wait_while(state, |state| state.withheld.is_some())
                .unwrap_or_else(PoisonError::into_inner);
            state.waiting -= 1;
        }
        state
    }
}

impl State {
    fn new_key(&mut self) -> BoardKey {
        self.next_board += 1;
        BoardKey(self.next_board)
    }

    fn log(&mut self, mut entry: LogEntry) {
        entry.number = self.logged;
        self.logged += 1;
        if self.log.len() == LOG {
            self.log.pop_front();
        }
        self.log.push_back(Arc::new(entry));
    }

    /// Drops what every watch has seen.
    fn trim(&mut self) {
        let unseen = self
            .watches
            .values()
            .map(|unseen| unseen.next_entry)
            .min()
            .unwrap_or(self.logged);
        while self
            .log
            .pop_front_if(|entry| entry.number < unseen)
            .is_some()
        {}
    }

    /// Marks something in every watch; returns what wakes them.
    fn mark(&mut self, mark: impl Fn(&mut Unseen)) -> Vec<(Wake, Urgency)> {
        let mut wakes = Vec::new();
        for unseen in self.watches.values_mut() {
            mark(unseen);
            wakes.extend(unseen.wake_once(Urgency::Prompt));
        }
        wakes
    }
}

/// Called without the lock, because a watch may drain at once.
fn wake(wakes: Vec<(Wake, Urgency)>) {
    for (wake, urgency) in wakes {
        wake(urgency);
    }
}

impl Watch {
    /// Sets what is shown from now on.
    pub fn shows(&self, shown: Shown) {
        let on_shown = self.published.lock().on_shown.clone();
        if let Some(on_shown) = on_shown {
            on_shown(&shown);
        }
        let missed = {
            let mut state = self.published.lock();
            let logged = state.logged;
            let Some(unseen) = state.watches.get_mut(&self.id) else {
                return;
            };
            // Changes since the last drain are not drawn yet.
            let mut missed = (shown.log || shown.news) && unseen.next_entry < logged;
            let boards = shown.boards.union(&shown.round_trips);
            for board in boards.chain(shown.parts.keys()) {
                if let Some(shown) = unseen.dirty.get_mut(board) {
                    (*shown, missed) = (true, true);
                }
            }
            unseen.shown = Some(shown);
            missed.then(|| unseen.wake_once(Urgency::Prompt)).flatten()
        };
        wake(missed.into_iter().collect());
    }

    /// Takes the changes. If many boards that are not shown changed, some of
    /// them wait for the next drain. Never blocks for longer than it takes to
    /// move some pointers.
    pub fn drain(&mut self) -> Changes {
        let mut state = self.published.complete();
        let State {
            boards,
            log,
            logged,
            status,
            watches,
            ..
        } = &mut *state;
        let Some(unseen) = watches.get_mut(&self.id) else {
            return Changes::default();
        };
        unseen.woken = None;
        let oldest = log.front().map_or(*logged, |entry| entry.number);
        let missed = oldest.saturating_sub(unseen.next_entry);
        let skip = usize::try_from(unseen.next_entry.saturating_sub(oldest)).unwrap_or(usize::MAX);
        unseen.next_entry = *logged;
        let taken = unseen.take_boards();
        unseen.given.extend(&taken);
        let changes = Changes {
            boards: taken
                .iter()
                .filter_map(|key| boards.get(key)?.clone())
                .collect(),
            forgotten: std::mem::take(&mut unseen.forgotten),
            log: log.iter().skip(skip).cloned().collect(),
            missed,
            status: std::mem::take(&mut unseen.status).then(|| status.clone()),
        };
        state.trim();
        changes
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut state = self.published.lock();
        state.watches.remove(&self.id);
        state.trim();
    }
}

//! What is published to the fleet's users: every board as it is now, the log,
//! and what each user has not seen yet. Decides nothing about boards.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::SystemTime,
};

use super::{
    BoardKey, BoardView, Changes, Clock, FleetStatus, LogEntry, LogEvent, Shown, Watch,
    unseen::{BoardChange, EventScope, Unseen},
};

/// Log entries that are kept for watches that have not seen them. A watch that
/// drains once per second misses none below 10,000 events per second; what all
/// have seen is dropped.
const LOG: usize = 10_000;

/// A watch that shows none of the changes is woken once it has not seen this
/// many entries, before they are dropped.
const UNSEEN: u64 = 2_000;

/// Shared by the I/O thread, which writes, and the fleet's users.
#[derive(Clone, Default)]
pub(super) struct Published {
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
    /// Boards that the user added and did not remove, by the address that was
    /// typed.
    given: HashMap<String, BoardKey>,
}

impl Published {
    /// The clock of everything that is kept.
    pub(super) fn clock(&self) -> &Arc<Clock> {
        &self.clock
    }

    /// A new key.
    pub(super) fn new_key(&self) -> BoardKey {
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
    pub(super) fn merge(&self, from: BoardKey, to: BoardKey) {
        for key in self.lock().given.values_mut().filter(|key| **key == from) {
            *key = to;
        }
    }

    /// Takes back the view of a board that the I/O thread is about to change,
    /// so that the view need not be copied unless a user has it. Users that ask
    /// for it wait, a few microseconds, until the thread publishes or
    /// [restores](Self::restore) it.
    pub(super) fn withhold(&self, key: BoardKey) {
        let mut state = self.lock();
        if state.boards.get_mut(&key).and_then(Option::take).is_some() {
            state.withheld = Some(key);
        }
    }

    /// Nothing is to be published of a board that may be withheld.
    pub(super) fn restore(&self, view: &Arc<BoardView>) {
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
    pub(super) fn board(&self, change: BoardChange<'_>, events: Vec<(SystemTime, LogEvent)>) {
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
                *unseen.dirty.entry(view.key).or_default() |= shown;
                let full = logged.saturating_sub(unseen.next_entry) >= UNSEEN;
                if shown || full || unseen.sees(events_are) {
                    wakes.extend(unseen.wake_once());
                }
            }
            wakes
        };
        wake(wakes);
    }

    /// A board was removed.
    pub(super) fn forget(&self, key: BoardKey) {
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
    pub(super) fn status(&self, status: FleetStatus) {
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

    pub(super) fn get(&self, key: BoardKey) -> Option<Arc<BoardView>> {
        self.complete().boards.get(&key)?.clone()
    }

    pub(super) fn watch(&self, on_change: Arc<dyn Fn() + Send + Sync>) -> Watch {
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
            woken: false,
            shown: None,
            wake: on_change,
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
    fn mark(&mut self, mark: impl Fn(&mut Unseen)) -> Vec<Arc<dyn Fn() + Send + Sync>> {
        let mut wakes = Vec::new();
        for unseen in self.watches.values_mut() {
            mark(unseen);
            wakes.extend(unseen.wake_once());
        }
        wakes
    }
}

/// Called without the lock, because a watch may drain at once.
fn wake(wakes: Vec<Arc<dyn Fn() + Send + Sync>>) {
    for wake in wakes {
        wake();
    }
}

impl Watch {
    /// Sets what is shown from now on.
    pub fn shows(&self, shown: Shown) {
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
            missed.then(|| unseen.wake_once()).flatten()
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
        unseen.woken = false;
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

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        thread,
        time::Instant,
    };

    use super::{
        super::{
            board_state::BoardState,
            unseen::{ChangeScope, OTHERS},
        },
        *,
    };
    use crate::{CommandState, ComponentView};
    use address::Candidates;
    use protocol::{ComponentKey, Descriptor};

    fn publish(published: &Published, board: &Arc<BoardView>, components: &[usize]) {
        let change = BoardChange {
            board,
            scope: ChangeScope::Components,
            components,
        };
        published.board(change, Vec::new());
    }

    fn push(published: &Published, board: u32) {
        let state = state_of(board);
        publish(published, state.view(), &[]);
    }

    fn state_of(board: u32) -> BoardState {
        let address = format!("192.0.2.1:{board}").parse().expect("an address");
        BoardState::new(
            Instant::now(),
            BoardKey(board),
            Candidates::given(address),
            true,
        )
    }

    fn drained(watch: &mut Watch) -> Vec<u32> {
        watch
            .drain()
            .boards
            .iter()
            .map(|board| board.key.0)
            .collect()
    }

    #[test]
    fn boards_that_come_and_go_between_two_drains_are_not_reported() {
        let published = Published::default();
        let mut watch = published.watch(Arc::new(|| ()));
        push(&published, 1);
        assert_eq!(drained(&mut watch), [1]);
        (2..=5_000).for_each(|board| {
            push(&published, board);
            published.forget(BoardKey(board));
        });
        published.forget(BoardKey(1));
        let changes = watch.drain();
        assert_eq!(
            (changes.boards.len(), changes.forgotten),
            (0, vec![BoardKey(1)])
        );
    }

    #[test]
    fn a_withheld_board_is_not_copied_and_its_users_wait_for_it() {
        let published = Published::default();
        let mut state = state_of(1);
        publish(&published, state.view(), &[]);
        let before = Arc::as_ptr(state.view());

        published.withhold(BoardKey(1));
        let later = Instant::now();
        state.heard(later);
        let reader = published.clone();
        let read = thread::spawn(move || reader.get(BoardKey(1)));
        while published.lock().waiting == 0 {
            thread::yield_now();
        }
        published.restore(state.view());
        let seen = read.join().expect("no panic").expect("a board");
        assert_eq!((Arc::as_ptr(&seen), seen.last_heard), (before, Some(later)));

        // A reader keeps what it has.
        published.withhold(BoardKey(1));
        state.heard(Instant::now());
        publish(&published, state.view(), &[]);
        assert_eq!(seen.last_heard, Some(later));
        assert_ne!(Arc::as_ptr(state.view()), before);
        assert_eq!(drained(&mut published.watch(Arc::new(|| ()))), [1]);
    }

    #[test]
    fn shown_boards_are_drained_at_once_and_the_others_in_turn() {
        let published = Published::default();
        let mut watch = published.watch(Arc::new(|| ()));
        (1..=1_000).for_each(|board| push(&published, board));
        assert_eq!(
            drained(&mut watch).len(),
            1_000,
            "everything is shown until it is set"
        );

        watch.shows(Shown {
            boards: BTreeSet::from([BoardKey(900)]),
            ..Shown::default()
        });
        let mut seen = BTreeSet::new();
        for _ in 0..8 {
            (1..=1_000).for_each(|board| push(&published, board));
            let boards = drained(&mut watch);
            assert!(
                boards.contains(&900) && boards.len() <= OTHERS + 1,
                "{boards:?}"
            );
            seen.extend(boards);
        }
        assert_eq!(seen.len(), 1_000, "none waits for good");

        // A board that is shown from now on does not wait.
        (1..=1_000).for_each(|board| push(&published, board));
        let taken = drained(&mut watch);
        let waiting: Vec<u32> = (1..=1_000).filter(|board| !taken.contains(board)).collect();
        watch.shows(Shown {
            boards: waiting
                .last()
                .map(|board| BoardKey(*board))
                .into_iter()
                .collect(),
            ..Shown::default()
        });
        assert!(
            waiting
                .last()
                .is_some_and(|board| drained(&mut watch).contains(board))
        );
    }

    #[test]
    fn a_watch_that_shows_a_part_of_a_board_is_woken_only_for_that_part() {
        let published = Published::default();
        let woken = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&woken);
        let mut watch = published.watch(Arc::new(move || {
            counter.fetch_add(1, Ordering::Relaxed);
        }));
        let address = "192.0.2.1:1".parse().expect("an address");
        let candidates = Candidates::given(address);
        let state = BoardState::new(Instant::now(), BoardKey(1), candidates, true);
        let mut view = BoardView::clone(state.view());
        let key = |text: &str| text.parse::<ComponentKey>().expect("a key");
        let component = |key: ComponentKey| {
            Arc::new(ComponentView {
                descriptor: Arc::new(Descriptor::new(key.kind, key.id, "")),
                reported: protocol::State::new(),
                wanted: None,
                command: CommandState::Idle,
                changed: None,
                last_event: None,
                history: Arc::default(),
            })
        };
        let mut push = |text: &str| {
            let key = key(text);
            view.components.retain(|view| view.descriptor.key != key);
            view.components.push(component(key));
            let view = Arc::new(view.clone());
            publish(&published, &view, &[view.components.len() - 1]);
        };
        push("light:0");
        push("sensor:0");
        watch.drain();
        let parts = BTreeMap::from([(BoardKey(1), vec![key("light:0")])]);
        watch.shows(Shown {
            parts,
            ..Shown::default()
        });
        let before = woken.load(Ordering::Relaxed);
        push("sensor:0");
        assert_eq!(woken.load(Ordering::Relaxed), before);
        push("light:0");
        assert_eq!(woken.load(Ordering::Relaxed), before + 1);
        assert_eq!(drained(&mut watch), [1]);
    }
}

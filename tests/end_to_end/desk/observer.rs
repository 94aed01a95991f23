//! An observer with a fleet of its own, which waits for what a test expects.
//! Shared with `tests/boards`.

use std::{
    collections::BTreeMap,
    sync::{Arc, Condvar, Mutex, PoisonError, mpsc},
    time::{Duration, Instant},
};

use engine::{Interfaces, Lookout, Settings, Transport};
use fleet::{
    BoardKey, BoardView, CommandState, ComponentView, Fleet, FleetStatus, LinkState, LogEntry,
    LogEvent, Origin, Outcome, Reply, Watch,
};
use protocol::{ComponentKey, State};

use super::{
    SOON,
    served::{Keeper, start},
};

/// The transport of these tests, from `SWITCHBOARD_TRANSPORT`, which the
/// programs that they start read too.
pub(crate) fn transport() -> Transport {
    let wanted = std::env::var("SWITCHBOARD_TRANSPORT")
        .map(|name| name.parse::<Transport>().expect("a transport"));
    let wanted = wanted.unwrap_or(Transport::Tungstenite);
    wanted.choose();
    wanted
}

/// The key `light:0`.
pub(crate) fn key(text: &str) -> ComponentKey {
    text.parse().expect("a component's key")
}

/// Watches boards through its own fleet.
pub(crate) struct Observer {
    pub(crate) fleet: Fleet,
    watch: Watch,
    woken: Arc<(Mutex<bool>, Condvar)>,
    pub(crate) boards: BTreeMap<BoardKey, Arc<BoardView>>,
    pub(crate) log: Vec<Arc<LogEntry>>,
    pub(crate) status: FleetStatus,
    /// Dropped after the fleet.
    _keeper: Keeper,
}

impl Observer {
    pub(crate) fn new(settings: Settings) -> Self {
        let (fleet, keeper) = start(Settings {
            transport: transport(),
            ..settings
        });
        let woken = Arc::new((Mutex::new(true), Condvar::new()));
        let waker = Arc::clone(&woken);
        let watch = fleet.watch(move |_| {
            *waker.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
            waker.1.notify_all();
        });
        Self {
            fleet,
            watch,
            woken,
            boards: BTreeMap::new(),
            log: Vec::new(),
            status: FleetStatus::default(),
            _keeper: keeper,
        }
    }

    /// An observer without mDNS, with addresses only.
    pub(crate) fn of(addresses: &[&str]) -> Self {
        let addresses = addresses
            .iter()
            .map(|address| (*address).to_owned())
            .collect();
        Self::new(Settings {
            discovery: None,
            addresses,
            ..Settings::default()
        })
    }

    /// An observer with mDNS on loopback.
    pub(crate) fn finding(service: &str) -> Self {
        let lookout = Lookout::only(service, Interfaces::Loopback);
        Self::new(Settings {
            discovery: Some(lookout),
            ..Settings::default()
        })
    }

    /// Polls until `find` returns a value; if it never does, fails with
    /// everything that was seen.
    pub(crate) fn until<T>(
        &mut self,
        what: &str,
        within: Duration,
        mut find: impl FnMut(&Self) -> Option<T>,
    ) -> T {
        let deadline = Instant::now() + within;
        loop {
            let changes = self.watch.drain();
            for board in changes.boards {
                self.boards.insert(board.key, board);
            }
            for gone in changes.forgotten {
                self.boards.remove(&gone);
            }
            self.log.extend(changes.log);
            self.status = changes.status.unwrap_or_else(|| self.status.clone());
            if let Some(found) = find(self) {
                return found;
            }
            let mut woken = self.woken.0.lock().unwrap_or_else(PoisonError::into_inner);
            while !*woken {
                let left = deadline.saturating_duration_since(Instant::now());
                assert!(
                    !left.is_zero(),
                    "not within {within:?}: {what}; {}",
                    self.seen()
                );
                woken = self
                    .woken
                    .1
                    .wait_timeout(woken, left)
                    .unwrap_or_else(PoisonError::into_inner)
                    .0;
            }
            *woken = false;
        }
    }

    fn seen(&self) -> String {
        let boards: Vec<_> = self
            .boards
            .values()
            .map(|b| format!("{} at {}: {:?}", b.name, b.address, b.link))
            .collect();
        let log: Vec<_> = self
            .log
            .iter()
            .rev()
            .take(20)
            .map(|entry| format!("{:?}", entry.what))
            .collect();
        format!("boards: {boards:#?}; newest first: {log:#?}")
    }

    /// The board with this name or id.
    pub(crate) fn board(&self, name: &str) -> Option<&Arc<BoardView>> {
        self.boards
            .values()
            .find(|board| *board.name == *name || board.id.as_deref() == Some(name))
    }

    /// Waits until the board is connected and has listed its components.
    pub(crate) fn connected(&mut self, name: &str) -> Arc<BoardView> {
        self.until(&format!("{name} is connected"), SOON, |seen| {
            seen.board(name)
                .filter(|board| board.link == LinkState::Connected && !board.components.is_empty())
                .cloned()
        })
    }

    /// Waits until the component's shown state passes.
    pub(crate) fn shows(
        &mut self,
        name: &str,
        component: &str,
        pass: impl Fn(&State) -> bool,
    ) -> Arc<BoardView> {
        self.until(
            &format!("{component} of {name} shows what was expected"),
            SOON,
            |seen| {
                let board = seen.board(name)?;
                component_of(board, component)
                    .is_some_and(|view| pass(&view.shown()))
                    .then(|| Arc::clone(board))
            },
        )
    }

    /// Waits until the component's command has finished.
    pub(crate) fn settled(&mut self, name: &str, component: &str) -> CommandState {
        self.until(
            &format!("the command of {component} of {name} has ended"),
            SOON,
            |seen| {
                let view = component_of(seen.board(name)?, component)?;
                let ended = !matches!(
                    view.command,
                    CommandState::Idle | CommandState::Pending { .. }
                );
                ended.then(|| view.command.clone())
            },
        )
    }

    /// Waits until a press of the component is in the log; returns its origin.
    pub(crate) fn pressed(&mut self, button: &str) -> Origin {
        self.until("the press is in the log", SOON, |seen| {
            seen.log.iter().find_map(|entry| match &entry.what {
                LogEvent::Event {
                    component,
                    event,
                    origin,
                    ..
                } if *component == key(button) && event == "press" => Some(origin.clone()),
                _ => None,
            })
        })
    }
}

/// A component of a board.
pub(crate) fn component_of<'a>(
    board: &'a BoardView,
    component: &str,
) -> Option<&'a Arc<ComponentView>> {
    board
        .components
        .iter()
        .find(|view| view.descriptor.key == key(component))
}

/// A reply callback, and the receiver of its outcome.
pub(crate) fn reply() -> (Reply, mpsc::Receiver<Outcome>) {
    let (sender, receiver) = mpsc::channel();
    (
        Some(Box::new(move |outcome| drop(sender.send(outcome)))),
        receiver,
    )
}

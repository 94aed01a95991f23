//! A fleet that is recorded, and the boards that it is connected to.

use std::{
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, channel},
    time::{Duration, Instant},
};

use engine::Settings;
use fleet::{BoardKey, BoardView, Fleet, LinkState, LogEvent, Watch};
use protocol::{ComponentKey, State};
use record::{Destination, FileSettings, Item, Reader, Record, Recorded, Recording, Selection};
use serde_json::Value;
use switchboard::playback::{Event, Playback, Settings as PlaySettings};
use virtual_board::{Options, Profile, VirtualBoards, replay::ReplayOptions};

/// How long anything may take on a slow computer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A fleet, and everything that its log said.
pub(crate) struct Bench {
    pub(crate) fleet: Fleet,
    watch: Watch,
    woken: Receiver<()>,
    pub(crate) log: Vec<LogEvent>,
}

impl Bench {
    /// A fleet that finds no boards.
    pub(crate) fn new() -> Self {
        let settings = Settings {
            discovery: None,
            ..Settings::default()
        };
        let fleet = engine::start(settings).expect("a fleet");
        let (wake, woken) = channel();
        let watch = fleet.watch(move |_| {
            let _ = wake.send(());
        });
        let log = Vec::new();
        Self {
            fleet,
            watch,
            woken,
            log,
        }
    }

    /// Adds a board and waits until it is connected.
    pub(crate) fn add(&mut self, address: &str) -> BoardKey {
        let key = self.fleet.add_address(address).expect("an address");
        self.until(address, |bench| {
            bench.view(key).is_some_and(|view| {
                view.link == LinkState::Connected && !view.components.is_empty()
            })
        });
        key
    }

    pub(crate) fn view(&self, key: BoardKey) -> Option<std::sync::Arc<BoardView>> {
        self.fleet.board(key)
    }

    pub(crate) fn state(&self, key: BoardKey, component: &str) -> State {
        let component: ComponentKey = component.parse().expect("a component");
        let view = self.view(key).expect("the board");
        let view = view.component(&component).expect("the component");
        view.reported.clone()
    }

    /// Waits until something is so.
    pub(crate) fn until(&mut self, what: &str, mut is_so: impl FnMut(&Self) -> bool) {
        let end = Instant::now() + PATIENCE;
        loop {
            let changes = self.watch.drain();
            self.log
                .extend(changes.log.iter().map(|entry| entry.what.clone()));
            if is_so(self) {
                return;
            }
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "not in time: {what}");
            let _ = self.woken.recv_timeout(left);
        }
    }

    /// Records every board from now on.
    pub(crate) fn record(&self, path: &Path) -> Recording {
        let to = Destination::Files(path.to_owned());
        let settings = FileSettings::default();
        let prepared = Recording::prepare(&self.fleet, Selection::all());
        prepared.start(&to, settings, |_| ()).expect("a recording")
    }
}

/// A virtual board that is not announced, and its address.
pub(crate) fn board(profile: Profile) -> (VirtualBoards, String) {
    let boards = VirtualBoards::start(Options {
        profile,
        seed: Some(7),
        mdns: false,
        ..Options::default()
    })
    .expect("a board");
    let list = boards.list();
    let address = list.first().expect("a board").address.to_string();
    (boards, address)
}

/// A replay that begins once a controller is connected, and its events.
pub(crate) fn replay(path: &Path, settings: PlaySettings) -> (Playback, Receiver<Event>) {
    let (events, received) = channel();
    let settings = PlaySettings {
        boards: ReplayOptions {
            mdns: false,
            ..ReplayOptions::default()
        },
        ..settings
    };
    let playback = Playback::start(path, settings, move |event| {
        let _ = events.send(event);
    })
    .expect("a replay");
    (playback, received)
}

/// The address of the next replayed board.
pub(crate) fn next_board(events: &Receiver<Event>) -> String {
    loop {
        match events.recv_timeout(PATIENCE).expect("a board") {
            Event::Board(board) => return board.address.to_string(),
            Event::Ended(why) => panic!("the replay has ended: {why:?}"),
            _ => {}
        }
    }
}

/// Waits until the replay has ended.
pub(crate) fn wait_for_end(events: &Receiver<Event>) {
    loop {
        match events.recv_timeout(PATIENCE).expect("the end") {
            Event::Ended(None) => return,
            Event::Ended(Some(why)) => panic!("{why}"),
            _ => {}
        }
    }
}

/// All records of a recording.
pub(crate) fn records(path: &Path) -> Vec<Record> {
    Reader::open(path)
        .expect("a recording")
        .filter_map(|item| match item.expect("an item") {
            Item::Record(record) => Some(*record),
            Item::Header(_) | Item::Note(_) => None,
        })
        .collect()
}

/// A change or an event, and when it was pushed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pushed {
    pub(crate) t: f64,
    pub(crate) component: String,
    pub(crate) what: Value,
}

/// What was pushed, component by component.
pub(crate) fn pushes(records: &[Record]) -> Vec<Pushed> {
    let mut pushes = Vec::new();
    for record in records {
        match &record.what {
            Recorded::Push { components, .. } => {
                pushes.extend(components.iter().map(|(key, change)| Pushed {
                    t: record.t,
                    component: key.to_string(),
                    what: serde_json::to_value(change).expect("JSON"),
                }));
            }
            Recorded::Event {
                component, event, ..
            } => pushes.push(Pushed {
                t: record.t,
                component: component.to_string(),
                what: event.clone().into(),
            }),
            _ => {}
        }
    }
    pushes
}

/// A path in a new folder.
pub(crate) fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("lab.jsonl.gz");
    (folder, path)
}

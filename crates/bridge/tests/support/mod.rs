//! Boards for tests, as JSON: what they state about themselves, their
//! descriptions and their states.

#![allow(
    clippy::allow_attributes,
    dead_code,
    reason = "each test and example uses a part of this"
)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use address::Candidates;
use bridge::Context;
use fleet::{
    BoardKey, BoardView, CommandState, ComponentView, Health, LinkProblem, LinkState, LogEntry,
    LogEvent, Outcome, board_state::BoardState,
};
use protocol::{ComponentKey, Descriptor, DeviceInfo, State};
use serde::Deserialize;
use serde_json::{Value, json};

/// A board as JSON.
#[derive(Deserialize)]
pub(crate) struct Board {
    id: String,
    name: String,
    #[serde(default = "mac")]
    mac: String,
    components: Vec<Descriptor>,
    states: BTreeMap<ComponentKey, State>,
}

fn mac() -> String {
    "02:00:00:0a:1b:2c".to_owned()
}

/// A connected board.
pub(crate) fn board(board: Value) -> BoardView {
    view(serde_json::from_value(board).unwrap())
}

/// A connected board.
pub(crate) fn view(board: Board) -> BoardView {
    let address = Candidates::given("192.0.2.7:80".parse().unwrap());
    let state = BoardState::new(Instant::now(), BoardKey(1), address, true);
    let mut view = BoardView::clone(state.view());
    let info = json!({
        "id": board.id, "name": board.name, "mac": board.mac, "version": "1.2.3",
        "platform": "virtual", "board": "test board", "proto": 1, "features": ["transition"],
        "epoch": "5f3a91c2", "uptime_ms": 1,
    });
    view.id = Some(board.id);
    view.name = board.name;
    view.info = Some(Arc::new(
        serde_json::from_value::<DeviceInfo>(info).unwrap(),
    ));
    view.locked = Some(false);
    view.link = LinkState::Connected;
    view.components = board
        .components
        .into_iter()
        .map(|descriptor| {
            let reported = board.states.get(&descriptor.key).cloned();
            Arc::new(ComponentView {
                reported: reported.unwrap_or_default(),
                descriptor: Arc::new(descriptor),
                wanted: None,
                command: CommandState::Idle,
                changed: None,
                last_event: None,
                history: Arc::default(),
            })
        })
        .collect();
    view
}

/// The bridge of these tests.
pub(crate) fn context() -> Context {
    Context {
        prefix: "switchboard".to_owned(),
        site: "home".to_owned(),
        bridge: "attic".to_owned(),
        discovery_prefix: "homeassistant".to_owned(),
        version: "0.1.0".to_owned(),
    }
}

/// A board with every kind of component, as JSON.
pub(crate) fn everything() -> Value {
    serde_json::from_str(include_str!("everything.json")).unwrap()
}

/// The outcome of a command, in the log of the board.
pub(crate) fn command(outcome: Outcome) -> LogEntry {
    LogEntry {
        number: 0,
        at: SystemTime::UNIX_EPOCH,
        steady: SystemTime::UNIX_EPOCH,
        board: BoardKey(1),
        board_name: "Bench".into(),
        what: LogEvent::Command {
            component: None,
            method: "Switch.Set".to_owned(),
            params: serde_json::Map::new(),
            outcome,
            trail: Box::default(),
        },
    }
}

/// A link that was lost for these reasons.
pub(crate) fn health(problems: impl IntoIterator<Item = LinkProblem>) -> Arc<Health> {
    let mut health = Health::default();
    let at = SystemTime::UNIX_EPOCH;
    health.round_trip(at, Duration::from_millis(8));
    for problem in problems {
        health.link(at, &LinkState::Connected);
        let retry_at = None;
        health.link(at, &LinkState::Unreachable { problem, retry_at });
    }
    Arc::new(health)
}

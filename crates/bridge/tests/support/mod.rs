//! Boards for tests, as JSON: what they state about themselves, their
//! descriptions and their states.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use address::Candidates;
use bridge::Context;
use fleet::{BoardKey, BoardView, CommandState, ComponentView, LinkState};
use protocol::{ComponentKey, Descriptor, DeviceInfo, State};
use serde::Deserialize;
use serde_json::{Value, json};

/// A board as JSON.
#[derive(Deserialize)]
struct Board {
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
    let board: Board = serde_json::from_value(board).unwrap();
    let address = Candidates::given("192.0.2.7:80".parse().unwrap());
    let mut view = BoardView::new(Instant::now(), BoardKey(1), address, true);
    let info = json!({
        "id": board.id, "name": board.name, "mac": board.mac, "version": "1.2.3",
        "platform": "virtual", "board": "test board", "proto": 1, "features": ["transition"],
        "epoch": "5f3a91c2", "uptime_ms": 1,
    });
    view.id = Some(board.id.into());
    view.name = board.name.into();
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

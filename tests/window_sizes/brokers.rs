//! What concerns brokers and recordings, at the sizes that people have.

use std::sync::Arc;

use eframe::egui::{accesskit::Role, vec2};
use egui_kittest::kittest::Queryable;
use fleet::{Bridge, BrokerState, BrokerStatus, Changes, FleetStatus, Via};
use gui::{DialogKind, RecordingState, ReplayState};
use serde_json::json;

use super::{
    Bench, BoardView, Harness, open,
    pages::{Case, ask, found, none},
    plain,
    scenes::{self, Now},
};

/// A board with so many facts that they do not fit into a line.
fn bridged(at: Now) -> Vec<BoardView> {
    let mut board = scenes::updatable(1, at);
    board.via = Some(Arc::new(Via {
        broker: "mqtt://broker.lan".into(),
        bridge: Some(Bridge {
            site: "laboratory".to_owned(),
            name: "bridge-2".to_owned(),
        }),
    }));
    let firmware = Arc::make_mut(board.components.last_mut().unwrap());
    let change = json!({"signature_required": false, "signing_key": "a1b2c3d4"});
    let change = serde_json::from_value(change).unwrap();
    firmware.reported.merge(&change);
    vec![board]
}

#[test]
fn the_facts_of_a_board_wrap_and_its_button_does_not() {
    let at = Now::read();
    let mut harness = open(bridged(at), at, "channels");
    harness.state_mut().window.model.select(fleet::BoardKey(1));
    for width in (450..1100_u16).step_by(10).map(f32::from) {
        harness.set_size(vec2(width, 700.0));
        harness.run_steps(3);
        let button = harness.get_by_role_and_label(Role::Button, "Firmware: update firmware");
        let place = button.rect();
        assert!(place.height() < 24.0, "at {width}: {place:?}");
        assert!(place.right() <= width, "at {width}: {place:?}");
    }
}

/// Brokers in each state.
fn brokers() -> FleetStatus {
    let failed = |problem: &str, refuses_login| BrokerState::Failed {
        problem: problem.to_owned(),
        refuses_login,
    };
    let long = format!("mqtts://user@{}.example.com:18883", "broker".repeat(9));
    let states = [
        ("mqtt://broker.lan", BrokerState::Connected, &[][..]),
        (&long, BrokerState::Connecting, &[]),
        ("mqtt://10.0.0.1", failed("connection refused", false), &[]),
        (
            "mqtt://anna@10.0.0.2",
            failed("the user name or the password is wrong", true),
            &[],
        ),
        (
            "mqtt://10.0.0.3",
            BrokerState::Connected,
            &["tasmota/discovery/#", "homie/5/#"],
        ),
    ];
    let brokers = states.map(|(address, state, refused)| BrokerStatus {
        address: address.parse().unwrap(),
        state,
        boards: 3,
        refused: refused.iter().map(|&filter| filter.to_owned()).collect(),
    });
    FleetStatus {
        brokers: brokers.to_vec(),
        ..FleetStatus::default()
    }
}

fn with_brokers(harness: &mut Harness<'static, Bench>) {
    let changes = Changes {
        status: Some(brokers()),
        ..Changes::default()
    };
    let bench = harness.state_mut();
    bench.window.model.apply(changes, bench.at.now);
}

fn sessions(harness: &mut Harness<'static, Bench>, problem: Option<String>) {
    let bench = harness.state_mut();
    bench.window.model.sessions.recording = RecordingState::On {
        path: "/recordings/lab.jsonl.gz".into(),
        since: bench.at.now - scenes::seconds(45_000.0),
        problem,
    };
    bench.window.model.sessions.replay = ReplayState::On {
        name: "lab.jsonl.gz".to_owned(),
        speed: 10.0,
        ended: false,
    };
}

#[test]
fn brokers_and_recordings_can_be_used_at_every_size() {
    let case = |name, boards, go| Case {
        name,
        boards,
        exercise: "channels",
        go,
    };
    none(&found(
        &[
            case("board of a bridge", bridged, |harness| {
                harness.state_mut().window.model.select(fleet::BoardKey(1));
            }),
            case("recording", bridged, |harness| sessions(harness, None)),
            case("no room", plain, |harness| {
                sessions(harness, Some("the disk is full".to_owned()));
            }),
            case("add broker", plain, |harness| {
                ask(harness, DialogKind::Broker);
            }),
            case("brokers", plain, |harness| {
                with_brokers(harness);
                ask(harness, DialogKind::Broker);
            }),
            case("password of a broker", plain, |harness| {
                let broker = "mqtt://anna@10.0.0.2".to_owned();
                ask(harness, DialogKind::BrokerPassword(broker));
            }),
            case("replay", plain, |harness| {
                ask(
                    harness,
                    DialogKind::Replay("/recordings/lab.jsonl.gz".into()),
                );
            }),
        ],
        true,
        &[],
    ));
}

//! The dialect of ESPHome against the real ESPHome, built for this computer.
//! `ESPHOME_HOST` is its program, which `scripts/esphome-host` builds from
//! `tests/esphome/board.yaml`. `tests/esphome/run` does both.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that fails panics"
)]

mod peer;

use std::time::Duration;

use families::{Credential, Problem};
use peer::{Client, Program};
use protocol::{Descriptor, Level};
use serde_json::{Value, json};
use zeroize::Zeroizing;

/// Every component with its kind and name, sorted.
const COMPONENTS: &[(&str, &str)] = &[
    ("binary_sensor", "Window Closed"),
    ("button", "Flip"),
    ("button", "Restart"),
    ("button", "Ring"),
    ("cover", "Blind"),
    ("date", "Day"),
    ("event", "Bell"),
    ("fan", "Fan"),
    ("light", "Ceiling"),
    ("light", "Lamp"),
    ("lock", "Bolt"),
    ("number", "Level"),
    ("select", "Mode"),
    ("sensor", "Humidity"),
    ("sensor", "Temperature"),
    ("switch", "Relay"),
    ("text", "Label"),
    ("text_sensor", "Status"),
    ("valve", "Tap"),
];

#[test]
#[ignore = "needs the real ESPHome: tests/esphome/run"]
fn a_board_is_read_with_all_of_its_entities() {
    let program = Program::start();
    let mut client = program.connect();
    let info = client.result("Device.GetInfo", &json!({}));
    assert_eq!(info["id"], "esphome-0200000a1b2c");
    assert_eq!(info["mac"], "02:00:00:0a:1b:2c");
    assert_eq!(info["name"], "Desk");
    assert_eq!(info["platform"], "esphome");
    let listed = client.components();
    let mut found: Vec<_> = listed
        .iter()
        .map(|one| (one.kind.as_str(), one.name.as_str()))
        .collect();
    found.sort_unstable();
    assert_eq!(found, COMPONENTS);
    let temperature = client.component("Temperature");
    assert_eq!(temperature.unit_of_measurement.as_deref(), Some("°C"));
    assert_eq!(temperature.accuracy_decimals, Some(1));
    assert_eq!(temperature.device_class.as_deref(), Some("temperature"));
    let lamp = client.component("Lamp");
    assert_eq!(
        json!(lamp.caps),
        json!({"brightness": true, "rgb": true, "effects": ["None", "Random"]})
    );
    assert_eq!(
        json!(client.component("Ceiling").caps.ct_k),
        json!([2200, 6500])
    );
    assert_eq!(client.component("Bell").event_types, ["ring"]);
    client.subscribe();
    client.wait_for("Temperature", |state| state["value"] == json!(21.6));
    assert_eq!(client.state("Humidity")["value"], Value::Null);
    client.wait_for("Status", |state| state["value"] == "ready");
    let level = client.state("Level");
    assert_eq!(
        level,
        json!({"value": 2.5, "min": 0.0, "max": 10.0, "step": 0.1})
    );
    assert_eq!(client.state("Mode")["options"], json!(["Eco", "Boost"]));
    assert_eq!(client.state("Day")["value"], "2026-01-02");
}

#[test]
#[ignore = "needs the real ESPHome: tests/esphome/run"]
fn every_command_is_confirmed_by_the_value_that_the_board_reports() {
    let program = Program::start();
    let mut client = program.connect();
    client.subscribe();
    for (method, name, params, state) in [
        (
            "Switch.Set",
            "Relay",
            json!({"on": true}),
            json!({"on": true}),
        ),
        // It changes nothing, which the board does not report.
        (
            "Switch.Set",
            "Relay",
            json!({"on": true}),
            json!({"on": true}),
        ),
        ("Switch.Toggle", "Relay", json!({}), json!({"on": false})),
        (
            "Number.Set",
            "Level",
            json!({"value": 7.31}),
            json!({"value": 7.3}),
        ),
        (
            "Select.Set",
            "Mode",
            json!({"value": "Boost"}),
            json!({"value": "Boost"}),
        ),
        (
            "Text.Set",
            "Label",
            json!({"value": "Büro"}),
            json!({"value": "Büro"}),
        ),
        (
            "Light.Set",
            "Lamp",
            json!({"on": true, "brightness": 33, "rgb": [17, 200, 99]}),
            json!({"on": true, "brightness": 33, "rgb": [17, 200, 99]}),
        ),
        (
            "Light.Set",
            "Lamp",
            json!({"rgb": [0, 0, 0], "transition_ms": 200}),
            json!({"rgb": [0, 0, 0], "brightness": 33}),
        ),
        (
            "Light.Set",
            "Lamp",
            json!({"effect": "Random"}),
            json!({"effect": "Random"}),
        ),
        (
            "Light.Set",
            "Lamp",
            json!({"on": false}),
            json!({"on": false}),
        ),
        (
            "Light.Set",
            "Ceiling",
            json!({"on": true, "ct_k": 2700}),
            json!({"on": true, "ct_k": 2700}),
        ),
        (
            "Light.Set",
            "Ceiling",
            json!({"ct_k": 6500}),
            json!({"ct_k": 6500}),
        ),
        (
            "Light.Set",
            "Ceiling",
            json!({"brightness": 1}),
            json!({"brightness": 1}),
        ),
        ("Lock.Lock", "Bolt", json!({}), json!({"state": "locked"})),
        (
            "Lock.Unlock",
            "Bolt",
            json!({}),
            json!({"state": "unlocked"}),
        ),
        (
            "Cover.Close",
            "Blind",
            json!({}),
            json!({"state": "closing"}),
        ),
        (
            "Cover.Stop",
            "Blind",
            json!({}),
            json!({"state": "stopped"}),
        ),
        (
            "Cover.Open",
            "Blind",
            json!({}),
            json!({"state": "opening"}),
        ),
        ("Button.Press", "Ring", json!({}), json!({})),
    ] {
        client.command(method, name, params.clone());
        client.wait_for(name, |found| contains(found, &state));
    }
    client.wait_for("Blind", |state| state["state"] == "open");
    client.command("Cover.Set", "Blind", json!({"position": 50}));
    // The cover estimates its position by time, so it stops late on a busy
    // computer.
    client.wait_for("Blind", |state| {
        let position = state["position"].as_i64();
        position.is_some_and(|position| (30..=55).contains(&position))
            && state["state"] == "stopped"
    });
}

/// Whether a state has these fields.
fn contains(state: &Value, fields: &Value) -> bool {
    let mut fields = fields.as_object().expect("fields").iter();
    fields.all(|(name, value)| state[name] == *value)
}

#[test]
#[ignore = "needs the real ESPHome: tests/esphome/run"]
fn a_change_at_the_board_arrives_unasked() {
    let program = Program::start();
    let mut client = program.connect();
    client.subscribe();
    let mut other = program.connect();
    other.command("Button.Press", "Flip", json!({}));
    client.wait_for("Relay", |state| state["on"] == true);
    client.wait_for("Window Closed", |state| state["on"] == true);
    other.command("Button.Press", "Ring", json!({}));
    client.wait_for_event("Bell", "ring");
}

#[test]
#[ignore = "needs the real ESPHome: tests/esphome/run"]
fn the_log_has_no_colors_and_the_right_levels() {
    let program = Program::start();
    let mut client = program.connect();
    client.subscribe();
    client.result("Log.Subscribe", &json!({"level": "debug"}));
    // The board logs that another client connects, and its name.
    let _other = program.connect();
    let line = client.wait_for_log("Switchboard");
    assert_eq!(line.level, Level::Debug);
    assert!(!line.message.contains('\u{1b}'), "{line:?}");
}

#[test]
#[ignore = "needs the real ESPHome: tests/esphome/run"]
fn a_ping_is_answered_by_the_board() {
    let program = Program::start();
    let mut client = program.connect();
    client.subscribe();
    assert_eq!(client.result("Sys.Ping", &json!({})), json!({}));
}

#[test]
#[ignore = "needs the real ESPHome: tests/esphome/run"]
fn a_key_that_the_board_does_not_ask_for_is_reported() {
    let program = Program::start();
    let key = Credential::Key(Zeroizing::new([7; 32]));
    let mut client = program.connect_with(Some(key));
    assert_eq!(client.wait_for_end(), Some(Problem::NotProtected));
}

/// ESPHome on this platform has room for eight.
#[test]
#[ignore = "needs the real ESPHome: tests/esphome/run"]
fn one_connection_too_many_does_not_disturb_the_others() {
    let program = Program::start();
    let mut clients: Vec<Client> = (0..8).map(|_| program.connect()).collect();
    for client in &mut clients {
        client.subscribe();
    }
    let mut ninth = program.connect();
    assert_eq!(ninth.wait_for_end(), None, "it is closed without a word");
    if let Some(first) = clients.first_mut() {
        first.command("Switch.Set", "Relay", json!({"on": true}));
    }
    for client in &mut clients {
        client.wait_for("Relay", |state| state["on"] == true);
    }
}

#[test]
#[ignore = "needs the real ESPHome: tests/esphome/run"]
fn a_board_that_is_restarted_says_so() {
    let program = Program::start();
    let mut client = program.connect();
    client.subscribe();
    client.result("Device.Reboot", &json!({}));
    assert_eq!(client.wait_for_end(), Some(Problem::Closed));
}

/// What these tests read a component's description as.
type Components = Vec<Descriptor>;

/// How long anything may take: far longer than it takes.
const PATIENCE: Duration = Duration::from_secs(10);

//! A controller that reaches boards only through the broker: what a bridge
//! forwards is listed, shown and commanded like any board.

use std::process::Output;

use protocol::{ComponentKey, Kind, State};
use serde_json::{Value, json};

use super::{
    lab::{Bridge, boards},
    mosquitto::{Broker, OPEN},
    program::switchboard,
};

/// Runs a command of a controller at this broker. It has no other way to a
/// board: virtual boards are not announced here.
fn controller(broker: &Broker, words: &[&str]) -> Output {
    let mut command = switchboard();
    command.args(["--mqtt", &broker.url()]).args(words);
    command.output().expect("the program")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The board as `show` prints it.
fn shown(broker: &Broker, id: &str) -> Value {
    let output = controller(broker, &["show", id, "--json"]);
    assert!(output.status.success(), "{}", said(&output));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// A field of the light of a board that `show` printed.
fn of_light<'a>(board: &'a Value, field: &str) -> &'a Value {
    let components = board["components"].as_array().expect("components");
    let is_light = |one: &&Value| one["descriptor"]["key"] == json!("light:0");
    &components.iter().find(is_light).expect("a light")["state"][field]
}

#[test]
fn a_controller_at_the_broker_shows_and_commands_the_boards_of_a_bridge() {
    let Some(broker) = Broker::start("controller", OPEN) else {
        return;
    };
    let boards = boards(2, 41);
    let ids: Vec<_> = boards.list().into_iter().map(|board| board.id).collect();
    let bridge = Bridge::start(&broker.url(), &boards, &["--name", "one"]);
    bridge.says("Active");
    let seen = broker.subscribe("switchboard/lab/#");
    for id in &ids {
        let availability = format!("switchboard/lab/{id}/$availability");
        let seen = broker.subscribe(&availability);
        seen.with(&availability, "state", &json!("online"));
    }
    let listed = controller(&broker, &["list", "--json"]);
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    for id in &ids {
        assert!(listed.contains(id.as_str()), "{id} in {listed}");
    }
    let id = ids[0].as_str();
    let board = shown(&broker, id);
    assert_eq!(board["id"], json!(id));
    assert_eq!(board["family"], json!("switchboard"));
    let at = format!("127.0.0.1:{}", broker.port);
    assert_eq!(board["address"], json!(at), "the broker is the way to it");
    // A command passes the broker, and the bridge confirms it.
    let target = format!("{id}/light:0");
    let output = controller(&broker, &["set", &target, "on=true", "brightness=33"]);
    assert!(output.status.success(), "{}", said(&output));
    let command = seen.on(&format!("switchboard/lab/{id}/$command"));
    assert!(!command.retained);
    assert_eq!(command.json()["params"]["brightness"], json!(33));
    assert_eq!(of_light(&shown(&broker, id), "brightness"), &json!(33));
    // What the board refuses is refused with its reason.
    let bad = r#"{"id":0,"brightness":400}"#;
    let output = controller(&broker, &["call", id, "Light.Set", bad]);
    assert!(!output.status.success());
    assert!(said(&output).contains("brightness"), "{}", said(&output));
    // What happens at the board is seen.
    let light = ComponentKey::new(Kind::Light, 0);
    let change = State::new().with("on", true).with("brightness", 77);
    boards.set(id, &light, change).expect("a light");
    let topic = format!("switchboard/lab/{id}/light:0");
    seen.with(&topic, "brightness", &json!(77));
    assert_eq!(of_light(&shown(&broker, id), "brightness"), &json!(77));
    // Without its bridge, the broker reports the board offline.
    bridge.kill();
    seen.with("switchboard/lab/$bridge/one", "state", &json!("offline"));
    let output = controller(&broker, &["set", &target, "on=false"]);
    assert!(!output.status.success());
    assert!(said(&output).contains("offline"), "{}", said(&output));
}

//! Boards of a bridge, with messages as `docs/mqtt.md` has them.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::time::Duration;

use protocol::{FromBoard, method};
use serde_json::{Value, json};

use super::{Bridged, bridged_boards};
use crate::{Bridge, Change, Directory, Family, Found, Problem};

const TOPIC: &str = "switchboard/lab/sb-7e7291";
const REPLIES: &str = "switchboard/lab/$replies/me/sb-7e7291";

fn description() -> Value {
    json!({
        "id": "sb-7e7291", "name": "Desk lamp", "family": "shelly", "bridge": "one",
        "address": "192.168.1.17:80",
        "info": {
            "id": "sb-7e7291", "name": "Desk lamp", "mac": "aa:bb:cc:00:ee:01",
            "version": "1.2.3", "platform": "esp32c3", "board": "Lamp", "proto": 1,
            "epoch": "5f3a91c2", "uptime_ms": 10,
        },
        "components": [
            { "key": "light:0", "kind": "light", "name": "Light", "caps": { "brightness": true } },
            { "key": "button:0", "kind": "button", "name": "Button" },
        ],
    })
}

type Rig = crate::rig::Rig<Bridged>;

fn live() -> Rig {
    let mut rig = Rig::open(Bridged::new, "");
    rig.request(method::DEVICE_SUBSCRIBE, json!({}));
    rig.retained(&format!("{TOPIC}/$availability"), r#"{"state":"online"}"#);
    rig.retained(REPLIES, "");
    rig.retained(&format!("{TOPIC}/$description"), &description().to_string());
    rig.retained(
        &format!("{TOPIC}/light:0"),
        r#"{"on":false,"brightness":40}"#,
    );
    rig.advance(Duration::from_secs(1));
    rig
}

#[test]
fn a_board_is_read_from_what_is_retained() {
    let mut rig = live();
    let number = rig.request(method::DEVICE_GET_STATUS, json!({}));
    let status = rig.answer(number).unwrap().outcome.clone().unwrap();
    assert_eq!(status["light:0"], json!({ "on": false, "brightness": 40 }));
    let number = rig.request(method::DEVICE_GET_INFO, json!({}));
    let info = rig.answer(number).unwrap().outcome.clone().unwrap();
    assert_eq!(
        (&info["id"], &info["version"]),
        (&json!("sb-7e7291"), &json!("1.2.3"))
    );
    rig.messages.clear();
    rig.hear(
        &format!("{TOPIC}/light:0"),
        r#"{"on":true,"brightness":40}"#,
    );
    assert!(matches!(rig.messages[0], FromBoard::Status(_)));
    rig.hear(&format!("{TOPIC}/button:0/event"), r#"{"event":"press"}"#);
    rig.retained(&format!("{TOPIC}/button:0/event"), r#"{"event":"press"}"#);
    let events = rig
        .messages
        .iter()
        .filter(|one| matches!(one, FromBoard::Event(_)));
    assert_eq!(events.count(), 1);
}

#[test]
fn a_command_is_confirmed_refused_or_unconfirmed_as_the_bridge_says() {
    let mut rig = live();
    let first = rig.request("Light.Set", json!({ "id": 0, "on": true }));
    let (topic, message) = rig.sent[0].clone();
    let message: Value = serde_json::from_str(&message).unwrap();
    assert_eq!(topic, format!("{TOPIC}/$command"));
    assert_eq!(message["method"], "Light.Set");
    assert_eq!(message["params"], json!({ "id": 0, "on": true }));
    assert_eq!(message["reply_to"], REPLIES);
    let second = rig.request("Light.Set", json!({ "id": 0, "on": true }));
    let third = rig.request("Light.Set", json!({ "id": 0, "on": true }));
    rig.hear(
        REPLIES,
        &json!({ "id": second, "result": { "seq": 9 } }).to_string(),
    );
    let error = json!({ "code": -32602, "message": "no", "data": { "reason": "bad_params" } });
    rig.hear(REPLIES, &json!({ "id": first, "error": error }).to_string());
    rig.hear(
        REPLIES,
        &json!({ "id": third, "unconfirmed": true }).to_string(),
    );
    rig.hear(REPLIES, &json!({ "id": 77, "result": {} }).to_string());
    assert!(rig.answer(second).unwrap().outcome.is_ok());
    let refusal = rig.answer(first).unwrap().outcome.clone().unwrap_err();
    assert_eq!(refusal.message, "no");
    assert!(rig.answer(third).is_none());
}

#[test]
fn a_board_is_offline_if_it_or_its_bridge_is() {
    for topic in [
        format!("{TOPIC}/$availability"),
        "switchboard/lab/$bridge/one".to_owned(),
    ] {
        let mut rig = live();
        rig.hear(&topic, r#"{"state":"offline"}"#);
        assert_eq!(rig.ended, Some(Problem::Offline), "{topic}");
    }
}

fn found(changes: &[Change]) -> Option<&Found> {
    changes.iter().find_map(|change| match change {
        Change::Found(found) => Some(&**found),
        _ => None,
    })
}

fn boards() -> Box<dyn Directory> {
    bridged_boards("switchboard", "me")
}

#[test]
fn a_board_has_its_own_family_and_names_its_site_and_bridge() {
    let mut boards = boards();
    let payload = description().to_string();
    let changes = boards.message(&format!("{TOPIC}/$description"), payload.as_bytes());
    let found = found(&changes).unwrap();
    assert_eq!(found.family, Family::Shelly);
    let bridge = Bridge {
        site: "lab".to_owned(),
        name: "one".to_owned(),
    };
    assert_eq!(found.bridge, Some(bridge));
    assert!(found.filters.contains(&REPLIES.to_owned()));
    let topics: Vec<_> = boards
        .known("sb-7e7291")
        .into_iter()
        .map(|(topic, _)| topic)
        .collect();
    assert_eq!(
        topics,
        [REPLIES.to_owned(), format!("{TOPIC}/$description")]
    );
    // Its bridge dies, and comes back.
    let bridge = "switchboard/lab/$bridge/one";
    let changes = boards.message(bridge, br#"{"state":"offline"}"#);
    assert_eq!(changes, [Change::Forward("sb-7e7291".to_owned())]);
    let changes = boards.message(bridge, br#"{"state":"online"}"#);
    assert!(changes.contains(&Change::Online("sb-7e7291".to_owned())));
    let changes = boards.message(&format!("{TOPIC}/$description"), b"");
    assert_eq!(changes, [Change::Gone("sb-7e7291".to_owned())]);
}

#[test]
fn a_board_that_two_sites_forward_is_that_of_the_first() {
    let mut boards = boards();
    let payload = description().to_string();
    boards.message(&format!("{TOPIC}/$description"), payload.as_bytes());
    let other = TOPIC.replace("lab", "attic");
    let changes = boards.message(&format!("{other}/$description"), payload.as_bytes());
    assert!(changes.is_empty());
    let changes = boards.message(&format!("{other}/$description"), b"");
    assert!(changes.is_empty());
    assert!(!boards.known("sb-7e7291").is_empty());
}

#[test]
fn a_description_of_another_board_is_ignored() {
    let mut boards = boards();
    let payload = description().to_string();
    for topic in [
        "switchboard/lab/sb-other/$description",
        "switchboard/lab/SB/$description",
        "other/lab/sb-7e7291/$description",
        "switchboard/lab/sb-7e7291/x/$description",
    ] {
        assert!(
            boards.message(topic, payload.as_bytes()).is_empty(),
            "{topic}"
        );
    }
}

#[test]
fn a_board_that_a_site_no_longer_describes_may_come_from_another() {
    for availability in ["", r#"{"state":"offline"}"#] {
        let mut boards = boards();
        let payload = description().to_string();
        boards.message(&format!("{TOPIC}/$description"), payload.as_bytes());
        boards.message(&format!("{TOPIC}/$description"), b"");
        let topic = format!("{TOPIC}/$availability");
        boards.message(&topic, availability.as_bytes());
        let other = TOPIC.replace("lab", "attic");
        let changes = boards.message(&format!("{other}/$description"), payload.as_bytes());
        assert!(found(&changes).is_some(), "after {availability:?}");
        let known = boards.known("sb-7e7291");
        assert!(known.iter().all(|(topic, _)| !topic.contains("/lab/")));
    }
}

#[test]
fn bridges_that_are_gone_make_room_for_others() {
    let board = format!("{TOPIC}/$description");
    let payload = description().to_string();
    let bridge = "switchboard/lab/$bridge/one";
    let is_followed = |boards: &mut Box<dyn Directory>| {
        boards.message(&board, payload.as_bytes());
        let changes = boards.message(bridge, br#"{"state":"offline"}"#);
        !changes.is_empty()
    };
    // Cleared one by one, forgotten with the connection, with too long a name.
    let mut all = boards();
    for number in 0..2_000 {
        all.message(&format!("switchboard/lab/$bridge/{number}"), b"");
        let topic = format!("switchboard/lab/$bridge/{number}-{}", "x".repeat(200));
        all.message(&topic, br#"{"state":"online"}"#);
    }
    assert!(is_followed(&mut all));
    let mut all = boards();
    for number in 0..2_000 {
        let topic = format!("switchboard/lab/$bridge/{number}");
        all.message(&topic, br#"{"state":"online"}"#);
    }
    all.disconnected();
    assert!(is_followed(&mut all));
    // A bridge without boards is forgotten with its state.
    let mut all = boards();
    for number in 0..2_000 {
        let bridge = format!("bridge-{number}");
        let mut one = description();
        one["bridge"] = bridge.into();
        all.message(&board, one.to_string().as_bytes());
        all.message(&board, b"");
    }
    assert!(is_followed(&mut all));
}

//! Boards of a bridge, with messages as `docs/mqtt.md` has them.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::time::{Duration, Instant};

use protocol::{FromBoard, Id, Object, Request, Response, method};
use serde_json::{Value, json};

use super::{Bridged, bridged_boards};
use crate::{
    Action, Actions, Bridge, Change, Dialect, Directory, Family, Found, Payload, Problem, Received,
};

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

struct Rig {
    dialect: Bridged,
    now: Instant,
    sent: Vec<(String, Value)>,
    messages: Vec<FromBoard>,
    ended: Option<Problem>,
    requests: i64,
}

impl Rig {
    fn live() -> Self {
        let now = Instant::now();
        let mut rig = Self {
            dialect: Bridged::new(now),
            now,
            sent: Vec::new(),
            messages: Vec::new(),
            ended: None,
            requests: 0,
        };
        rig.request(method::DEVICE_SUBSCRIBE, json!({}));
        rig.retained(&format!("{TOPIC}/$availability"), r#"{"state":"online"}"#);
        rig.retained(REPLIES, "");
        rig.retained(&format!("{TOPIC}/$description"), &description().to_string());
        rig.retained(
            &format!("{TOPIC}/light:0"),
            r#"{"on":false,"brightness":40}"#,
        );
        rig.now += Duration::from_secs(1);
        rig.act(|dialect, now, out| dialect.tick(now, out));
        rig
    }

    fn act(&mut self, act: impl FnOnce(&mut Bridged, Instant, &mut Actions)) {
        let mut actions = Actions::default();
        act(&mut self.dialect, self.now, &mut actions);
        for action in actions.take() {
            match action {
                Action::Send {
                    payload:
                        Payload::Mqtt {
                            topic,
                            payload,
                            retain,
                        },
                    ..
                } => {
                    assert!(!retain, "a command is never retained");
                    self.sent
                        .push((topic, serde_json::from_slice(&payload).unwrap()));
                }
                Action::Message(message) => self.messages.push(message),
                Action::End(problem) => self.ended = Some(problem),
                _ => {}
            }
        }
    }

    fn message(&mut self, topic: &str, payload: &str, retained: bool) {
        self.act(|dialect, now, out| {
            let payload = payload.as_bytes();
            dialect.received(
                now,
                Received::Mqtt {
                    topic,
                    payload,
                    retained,
                },
                out,
            );
        });
    }

    fn hear(&mut self, topic: &str, payload: &str) {
        self.message(topic, payload, false);
    }

    fn retained(&mut self, topic: &str, payload: &str) {
        self.message(topic, payload, true);
    }

    fn request(&mut self, method: &str, params: Value) -> i64 {
        self.requests += 1;
        let params: Object = serde_json::from_value(params).unwrap();
        let request = Request {
            id: Some(Id::Number(self.requests)),
            method: method.to_owned(),
            params,
        };
        self.act(|dialect, now, out| dialect.request(now, &request, out));
        self.requests
    }

    fn answer(&self, number: i64) -> Option<&Response> {
        self.messages.iter().find_map(|message| match message {
            FromBoard::Response(response) if response.id == Some(Id::Number(number)) => {
                Some(response)
            }
            _ => None,
        })
    }
}

#[test]
fn a_board_is_read_from_what_is_retained() {
    let mut rig = Rig::live();
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
    let mut rig = Rig::live();
    let first = rig.request("Light.Set", json!({ "id": 0, "on": true }));
    let (topic, message) = rig.sent[0].clone();
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
        let mut rig = Rig::live();
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

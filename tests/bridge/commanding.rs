//! Commands over MQTT and their replies.

use std::time::Instant;

use serde_json::{Value, json};
use virtual_board::VirtualBoards;

use super::{
    lab::{Bridge, boards, measured},
    mosquitto::{Broker, OPEN, Subscriber},
};

struct Lab {
    broker: Broker,
    boards: VirtualBoards,
    bridge: Bridge,
    seen: Subscriber,
    id: String,
}

impl Lab {
    fn start(test: &str, seed: u64) -> Option<Self> {
        let broker = Broker::start(test, OPEN)?;
        let boards = boards(1, seed);
        let id = boards.list()[0].id.clone();
        let bridge = Bridge::start(&broker.url(), &boards, &[]);
        bridge.says("Active");
        let seen = broker.subscribe("switchboard/lab/#");
        let availability = format!("switchboard/lab/{id}/$availability");
        seen.with(&availability, "state", &json!("online"));
        Some(Self {
            broker,
            boards,
            bridge,
            seen,
            id,
        })
    }

    fn topic(&self, last: &str) -> String {
        format!("switchboard/lab/{}/{last}", self.id)
    }

    /// The reply to a command.
    fn call(&self, id: u32, method: &str, params: &Value) -> Value {
        let reply_to = format!("switchboard/lab/$replies/test/{id}");
        let request = json!({ "id": id, "method": method, "params": params, "reply_to": reply_to });
        let command = self.topic("$command");
        self.broker.publish(&command, &request.to_string(), &[]);
        let reply = self.seen.on(&reply_to);
        assert!(!reply.retained);
        let reply = reply.json();
        assert_eq!(reply["id"], json!(id));
        reply
    }
}

#[test]
fn a_command_is_answered_and_its_effect_is_published_first() {
    let Some(lab) = Lab::start("commands", 11) else {
        return;
    };
    for (id, on) in [(1, true), (2, false)] {
        let reply = lab.call(id, "Light.Set", &json!({ "id": 0, "on": on }));
        assert!(reply["result"].is_object(), "{reply}");
        let later = lab.broker.subscribe(&lab.topic("light:0"));
        assert_eq!(later.on(&lab.topic("light:0")).json()["on"], json!(on));
    }
    let info = lab.call(3, "Device.GetInfo", &json!({}));
    assert_eq!(info["result"]["id"], json!(lab.id));
}

#[test]
fn a_command_that_is_refused_says_why() {
    let Some(lab) = Lab::start("refusals", 12) else {
        return;
    };
    let reply = lab.call(1, "Light.Set", &json!({ "id": 0, "brightness": 400 }));
    assert_eq!(reply["error"]["data"]["reason"], json!("out_of_range"));
    let reply = lab.call(2, "No.Such", &json!({}));
    assert_eq!(reply["error"]["code"], json!(-32601));
    let reply = lab.call(3, "Keys.List", &json!({}));
    assert_eq!(reply["error"]["data"]["reason"], json!("not_over_mqtt"));
    let reply_to = "switchboard/lab/$replies/test/other";
    let request = json!({ "id": 4, "method": "Sys.Ping", "reply_to": reply_to }).to_string();
    lab.broker
        .publish("switchboard/lab/sb-none/$command", &request, &[]);
    let reply = lab.seen.on(reply_to).json();
    assert_eq!(reply["error"]["data"]["reason"], json!("no_such_board"));
}

#[test]
fn fields_can_be_set_and_what_is_refused_without_a_reply_topic_is_published() {
    let Some(lab) = Lab::start("set", 13) else {
        return;
    };
    let set = lab.topic("light:0/set");
    for on in [true, false] {
        lab.broker
            .publish(&set, &json!({ "on": on }).to_string(), &[]);
        lab.seen.with(&lab.topic("light:0"), "on", &json!(on));
    }
    lab.broker.publish(&set, r#"{"brightness":400}"#, &[]);
    let refused = lab
        .seen
        .with(&lab.topic("$refused"), "command", &json!("light:0/set"));
    assert_eq!(
        refused.json()["error"]["data"]["reason"],
        json!("out_of_range")
    );
    lab.broker.publish(&set, "ON", &[]);
    let refused = lab.seen.on(&lab.topic("$refused")).json();
    assert_eq!(refused["error"]["data"]["reason"], json!("not_json"));
}

#[test]
fn a_retained_command_is_not_carried_out() {
    let Some(lab) = Lab::start("retained", 14) else {
        return;
    };
    let Lab {
        broker,
        boards,
        bridge,
        seen,
        id,
    } = lab;
    let before = broker.subscribe(&format!("switchboard/lab/{id}/light:0"));
    let before = before.on(&format!("switchboard/lab/{id}/light:0")).json()["on"].clone();
    bridge.kill();
    seen.find("the end of the claim", |message| {
        message.topic.contains("$claim") && message.payload.is_empty()
    });
    let set = format!("switchboard/lab/{id}/light:0/set");
    let other = json!({ "on": before != json!(true) }).to_string();
    broker.publish(&set, &other, &["-r"]);
    let bridge = Bridge::start(&broker.url(), &boards, &[]);
    bridge.says("A retained command on");
    // The next command is carried out, and the light was not switched before.
    let reply_to = "switchboard/lab/$replies/test/status";
    let request = json!({ "method": "Device.GetStatus", "reply_to": reply_to }).to_string();
    broker.publish(&format!("switchboard/lab/{id}/$command"), &request, &[]);
    let status = seen.on(reply_to).json();
    assert_eq!(status["result"]["light:0"]["on"], before, "{status}");
}

#[test]
fn a_board_that_does_not_answer_leaves_the_command_unconfirmed() {
    let Some(lab) = Lab::start("unconfirmed", 15) else {
        return;
    };
    lab.boards.hold(&lab.id).expect("held");
    let reply = lab.call(1, "Light.Set", &json!({ "id": 0, "on": true }));
    assert_eq!(reply["unconfirmed"], json!(true), "{reply}");
    lab.boards.release(&lab.id).expect("released");
}

#[test]
fn an_unplugged_board_is_offline_and_refuses_commands() {
    let Some(lab) = Lab::start("unplugged", 16) else {
        return;
    };
    let stopped = Instant::now();
    lab.boards.stop(&lab.id).expect("stopped");
    let availability = lab.topic("$availability");
    let offline = lab.seen.with(&availability, "state", &json!("offline"));
    let noticed = offline.at.saturating_duration_since(stopped);
    let offline = offline.json();
    assert!(
        offline["problem"].is_string() || offline["link"] == json!("connecting"),
        "{offline}"
    );
    let reply = lab.call(1, "Light.Set", &json!({ "id": 0, "on": true }));
    assert_eq!(reply["error"]["data"]["reason"], json!("not_connected"));
    let started = Instant::now();
    lab.boards.start_again(&lab.id).expect("started");
    let online = lab.seen.with(&availability, "state", &json!("online"));
    let back = online.at.saturating_duration_since(started);
    measured(
        "board without power",
        &[("offline after", noticed), ("online again after", back)],
    );
    let reply = lab.call(2, "Light.Set", &json!({ "id": 0, "on": true }));
    assert!(reply["result"].is_object(), "{reply}");
}

//! A broker that is restarted or away, and a bridge that is killed.

use std::time::{Duration, Instant};

use protocol::{ComponentKey, Kind, State};
use serde_json::json;

use super::{
    lab::{Bridge, PATIENCE, boards, measured},
    mosquitto::{Broker, OPEN},
};

/// The longest wait between two attempts, and the claim.
const ACTIVE_WITHIN: Duration = Duration::from_secs(15 + 2);

#[test]
fn a_broker_that_restarts_empty_gets_everything_again() {
    let Some(mut broker) = Broker::start("empty store", OPEN) else {
        return;
    };
    let boards = boards(3, 21);
    let bridge = Bridge::start(&broker.url(), &boards, &["--name", "one"]);
    bridge.says("Active");
    let ids: Vec<_> = boards.list().into_iter().map(|board| board.id).collect();
    let seen = broker.subscribe("switchboard/lab/#");
    for id in &ids {
        let topic = format!("switchboard/lab/{id}/$availability");
        seen.find(&topic, |message| message.topic == topic);
    }
    broker.stop();
    bridge.says("Waiting for the broker");
    // The latest state is not lost, although there was no receiver.
    let light = ComponentKey::new(Kind::Light, 0);
    for brightness in [10, 20, 77] {
        let change = State::new().with("on", true).with("brightness", brightness);
        boards.set(&ids[0], &light, change).expect("a light");
    }
    broker.start_again();
    let began = Instant::now();
    bridge.says("Connected");
    let (active, _) = bridge.says_within(PATIENCE, "Active");
    for id in &ids {
        let seen = broker.subscribe("switchboard/lab/#");
        let topic = format!("switchboard/lab/{id}/$availability");
        seen.with(&topic, "state", &json!("online"));
        let seen = broker.subscribe("switchboard/lab/#");
        seen.on(&format!("switchboard/lab/{id}/$description"));
    }
    let seen = broker.subscribe(&format!("switchboard/lab/{}/light:0", ids[0]));
    let topic = format!("switchboard/lab/{}/light:0", ids[0]);
    let shown = seen.with(&topic, "brightness", &json!(77)).at;
    let claim = broker.subscribe("switchboard/lab/$claim/+");
    let claim = claim.find("the claim", |message| !message.payload.is_empty());
    assert_eq!(claim.json()["bridge"], json!("one"));
    let reply_to = "switchboard/lab/$replies/test/1";
    let replies = broker.subscribe(reply_to);
    let request = json!({ "method": "Sys.Ping", "reply_to": reply_to }).to_string();
    broker.publish(
        &format!("switchboard/lab/{}/$command", ids[0]),
        &request,
        &[],
    );
    let reply = replies.on(reply_to);
    assert!(reply.json()["result"].is_object(), "{reply:?}");
    measured(
        "broker restarted with an empty store",
        &[
            ("active after", active - began),
            ("everything read after", shown - began),
        ],
    );
    assert!(active - began < ACTIVE_WITHIN, "{:?}", active - began);
}

#[test]
fn the_broker_reports_a_bridge_that_is_killed() {
    let Some(broker) = Broker::start("killed", OPEN) else {
        return;
    };
    let boards = boards(1, 22);
    let bridge = Bridge::start(&broker.url(), &boards, &["--name", "one"]);
    bridge.says("Active");
    let seen = broker.subscribe("switchboard/lab/+/+");
    seen.with("switchboard/lab/$bridge/one", "active", &json!(true));
    let killed = Instant::now();
    bridge.kill();
    // Two connections, so in any order.
    let bridge_topic = "switchboard/lab/$bridge/one";
    let (mut offline, mut withdrawn) = (None, None);
    while offline.is_none() || withdrawn.is_none() {
        let message = seen.find("the wills", |message| {
            message.topic == bridge_topic || message.topic.contains("$claim")
        });
        if message.topic.contains("$claim") {
            withdrawn = withdrawn.or(message.payload.is_empty().then_some(message.at));
        } else if message.json()["state"] == json!("offline") {
            offline = Some(message.at);
        }
    }
    let after = |time: Option<Instant>| time.expect("seen").saturating_duration_since(killed);
    let (offline, withdrawn) = (after(offline), after(withdrawn));
    measured(
        "bridge killed",
        &[
            ("offline after", offline),
            ("claim withdrawn after", withdrawn),
        ],
    );
    assert!(offline.max(withdrawn) < Duration::from_secs(2));
    // Both are retained: who comes later learns it too.
    let later = broker
        .subscribe("switchboard/lab/$bridge/+")
        .on(bridge_topic);
    assert_eq!(later.json()["state"], json!("offline"));
    let claims = broker.retained("switchboard/lab/$claim");
    assert!(claims.is_empty(), "the claim is still retained: {claims:?}");
}

#[test]
fn a_bridge_waits_for_a_broker_and_says_what_for() {
    let Some(mut broker) = Broker::start("waiting", OPEN) else {
        return;
    };
    broker.stop();
    let boards = boards(1, 23);
    let bridge = Bridge::start(&broker.url(), &boards, &[]);
    let said = bridge.says("Waiting");
    let expected = format!(
        "Waiting for the broker at {}: connection refused.",
        broker.url()
    );
    assert!(said.contains(&expected), "{said}");
    broker.start_again();
    bridge.says("Active");
}

#[test]
fn a_broker_that_cannot_be_reached_for_a_while_gets_the_latest_states() {
    let Some(broker) = Broker::start("cut", OPEN) else {
        return;
    };
    let boards = boards(1, 24);
    let id = boards.list()[0].id.clone();
    let bridge = Bridge::start(&broker.url(), &boards, &["--name", "one"]);
    bridge.says("Active");
    let topic = format!("switchboard/lab/{id}/light:0");
    broker.subscribe(&topic).on(&topic);
    broker.signal("STOP");
    let light = ComponentKey::new(Kind::Light, 0);
    for brightness in [11, 22, 33] {
        let change = State::new().with("on", true).with("brightness", brightness);
        boards.set(&id, &light, change).expect("a light");
    }
    bridge.says("it does not respond");
    let change = State::new().with("brightness", 44);
    boards.set(&id, &light, change).expect("a light");
    broker.signal("CONT");
    bridge.says("Active");
    broker
        .subscribe(&topic)
        .with(&topic, "brightness", &json!(44));
    // The wills of the lost connections, which came late, do not last.
    let status = broker.subscribe("switchboard/lab/$bridge/one");
    let seen = status.find("online", |message| {
        message.json()["state"] == json!("online")
    });
    assert_eq!(seen.json()["active"], json!(true));
    let claim = broker.subscribe("switchboard/lab/$claim/+");
    let claim = claim.find("the claim", |message| !message.payload.is_empty());
    assert_eq!(claim.json()["bridge"], json!("one"));
}

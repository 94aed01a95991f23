//! What a bridge publishes.

use protocol::{ComponentKey, Kind, State};
use serde_json::json;

use super::{
    lab::{Bridge, PATIENCE, boards},
    mosquitto::{Broker, OPEN},
};

#[test]
fn a_board_has_a_description_its_availability_and_a_state_per_component() {
    let Some(broker) = Broker::start("publishing", OPEN) else {
        return;
    };
    let boards = boards(1, 1);
    let id = boards.list()[0].id.clone();
    let bridge = Bridge::start(&broker.url(), &boards, &["--name", "one"]);
    bridge.says("Active: this bridge publishes the boards of shard 1/1 below switchboard/lab/");
    let seen = broker.subscribe("switchboard/lab/#");
    let online = format!("switchboard/lab/{id}/$availability");
    seen.with(&online, "state", &json!("online"));
    // A later subscriber gets everything from the broker.
    let seen = broker.subscribe("switchboard/lab/#");
    let availability = seen.with(&online, "link", &json!("connected"));
    assert!(availability.retained);
    assert_eq!(availability.json()["bridge"], json!("one"));
    let seen = broker.subscribe("switchboard/lab/#");
    let description = seen.on(&format!("switchboard/lab/{id}/$description"));
    let described = description.json();
    assert!(description.retained);
    assert_eq!(described["family"], json!("switchboard"));
    let components = described["components"].as_array().expect("a list");
    assert!(
        components.iter().any(|it| it["key"] == json!("light:0")),
        "{described}"
    );
    let light = seen.on(&format!("switchboard/lab/{id}/light:0"));
    assert!(
        light.retained && light.json()["on"].is_boolean(),
        "{light:?}"
    );
    let status = broker.subscribe("switchboard/lab/$bridge/+");
    let status = status
        .with("switchboard/lab/$bridge/one", "active", &json!(true))
        .json();
    assert_eq!(
        (&status["state"], &status["shard"]),
        (&json!("online"), &json!("1/1"))
    );
}

#[test]
fn a_change_at_the_board_and_an_event_arrive() {
    let Some(broker) = Broker::start("changes", OPEN) else {
        return;
    };
    let boards = boards(1, 2);
    let id = boards.list()[0].id.clone();
    let bridge = Bridge::start(&broker.url(), &boards, &[]);
    bridge.says("Active");
    let seen = broker.subscribe(&format!("switchboard/lab/{id}/#"));
    let topic = |last: &str| format!("switchboard/lab/{id}/{last}");
    seen.with(&topic("$availability"), "state", &json!("online"));
    for on in [true, false, true] {
        let light = ComponentKey::new(Kind::Light, 0);
        let change = State::new().with("on", on).with("brightness", 42);
        boards.set(&id, &light, change).expect("a light");
        seen.with(&topic("light:0"), "on", &json!(on));
    }
    let button = ComponentKey::new(Kind::Button, 0);
    boards.press(&id, &button, "press").expect("a button");
    let event = seen.on(&topic("button:0/event"));
    assert!(!event.retained);
    assert_eq!(event.json()["event"], json!("press"));
    // Events are not retained.
    let later = broker.subscribe(&format!("switchboard/lab/{id}/#"));
    later.on(&topic("light:0"));
    let events = later.drain();
    assert!(
        events.iter().all(|it| !it.topic.ends_with("/event")),
        "{events:?}"
    );
}

#[test]
fn a_bridge_that_is_told_to_end_says_so_at_the_broker() {
    let Some(broker) = Broker::start("ending", OPEN) else {
        return;
    };
    let boards = boards(1, 3);
    let bridge = Bridge::start(&broker.url(), &boards, &["--name", "one"]);
    bridge.says("Active");
    let seen = broker.subscribe("switchboard/lab/+/+");
    seen.with("switchboard/lab/$bridge/one", "state", &json!("online"));
    assert!(bridge.terminate());
    seen.with("switchboard/lab/$bridge/one", "state", &json!("offline"));
    let claims = broker.retained("switchboard/lab/$claim");
    assert!(claims.is_empty(), "the claim was not withdrawn: {claims:?}");
}

#[test]
fn what_an_earlier_run_published_of_a_board_that_is_gone_becomes_offline() {
    let Some(broker) = Broker::start("gone", OPEN) else {
        return;
    };
    let gone = "switchboard/lab/sb-gone/$availability";
    broker.publish(
        gone,
        r#"{"state":"online","link":"connected","bridge":"one"}"#,
        &["-r"],
    );
    let boards = boards(1, 4);
    let bridge = Bridge::start(&broker.url(), &boards, &["--name", "one"]);
    bridge.says("Active");
    let seen = broker.subscribe("switchboard/lab/#");
    seen.with(gone, "link", &json!("unknown"));
}

#[test]
fn home_assistant_and_prometheus_are_served() {
    let Some(broker) = Broker::start("home assistant", OPEN) else {
        return;
    };
    let boards = boards(1, 5);
    let id = boards.list()[0].id.clone();
    let more = ["--home-assistant", "--metrics", "127.0.0.1:0"];
    let bridge = Bridge::start(&broker.url(), &boards, &more);
    let line = bridge.says("Prometheus can read metrics at http://");
    let address = line.split("http://").nth(1).expect("an address");
    let address = address.trim_end_matches("/metrics.");
    bridge.says("Active");
    let seen = broker.subscribe("homeassistant/#");
    let config = seen.on(&format!("homeassistant/device/{id}/config"));
    assert!(
        config.json()["components"]["light_0"].is_object(),
        "{}",
        config.payload
    );
    // Home Assistant's way to switch a light.
    let states = broker.subscribe(&format!("switchboard/lab/{id}/light:0/#"));
    for state in ["ON", "OFF"] {
        let payload = json!({ "state": state }).to_string();
        broker.publish(
            &format!("switchboard/lab/{id}/light:0/ha/set"),
            &payload,
            &[],
        );
        let topic = format!("switchboard/lab/{id}/light:0/ha");
        states.with(&topic, "state", &json!(state));
    }
    let mut stream = std::net::TcpStream::connect(address).expect("a connection");
    std::io::Write::write_all(
        &mut stream,
        b"GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    )
    .expect("sent");
    let mut text = String::new();
    std::io::Read::read_to_string(&mut stream, &mut text).expect("an answer");
    assert!(text.contains(&id) && text.contains("# EOF"), "{text}");
}

#[test]
fn the_server_of_a_window_publishes_its_boards_too() {
    let Some(broker) = Broker::start("of-a-server", OPEN) else {
        return;
    };
    let boards = boards(1, 1);
    let id = boards.list()[0].id.clone();
    let server = Bridge::of_server(&broker.url(), &boards);
    let line = server.says("http://127.0.0.1:");
    let url = line
        .split_whitespace()
        .find(|word| word.starts_with("http"));
    let seen = broker.subscribe("switchboard/lab/#");
    let availability = format!("switchboard/lab/{id}/$availability");
    seen.with(&availability, "link", &json!("connected"));
    // What a window switches is published: it is the same fleet.
    let at = remote::Server::at(url.expect("an address")).expect("an address");
    let fleet = remote::connect(at).expect("a fleet");
    let (woken, wakes) = std::sync::mpsc::channel();
    let mut watch = fleet.watch(move |_| {
        let _ = woken.send(());
    });
    let board = loop {
        wakes.recv_timeout(PATIENCE).expect("a board");
        if let Some(board) = watch.drain().boards.first() {
            break board.key;
        }
    };
    let light: ComponentKey = "light:0".parse().expect("a component");
    fleet.set(board, &light, State::new().with("brightness", 77), None);
    let topic = format!("switchboard/lab/{id}/light:0");
    seen.with(&topic, "brightness", &json!(77));
}

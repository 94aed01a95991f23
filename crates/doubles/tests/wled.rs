//! A WLED as its clients see it.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod client;

use std::time::{Duration, Instant};

use client::{Client, http};
use doubles::{
    Wled, WledOptions,
    wled::{Chip, Palettes},
};
use serde_json::{Value, json};
use tungstenite::{
    Message,
    protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    },
};

fn start(options: WledOptions) -> Wled {
    Wled::start(options).unwrap()
}

/// A client that has read its first push.
fn open(wled: &Wled) -> Client {
    let mut client = Client::open(wled.address(), "/ws");
    assert!(client.next().unwrap()["info"].is_object());
    client
}

fn brightness(push: &Value) -> Option<i64> {
    push["state"]["bri"].as_i64()
}

#[test]
fn a_command_is_pushed_to_all_clients_with_the_whole_state() {
    let wled = start(WledOptions::default());
    let mut client = open(&wled);
    let mut other = open(&wled);
    client.send(&json!({ "on": false, "bri": 200 }));
    for client in [&mut client, &mut other] {
        let push = client.next().unwrap();
        assert_eq!(push["state"]["on"], false);
        assert_eq!(brightness(&push), Some(200));
        assert_eq!(push["info"]["mac"], wled.mac());
        assert_eq!(push["info"]["ws"], 2);
    }
    client.send(&json!({ "on": false }));
    assert_eq!(client.next().unwrap(), json!({ "success": true }));
    wled.press();
    assert_eq!(other.next().unwrap()["state"]["on"], true);
    client.0.send(Message::Text("ping".into())).unwrap();
    client.until(|frame| frame["state"]["on"] == true);
    assert_eq!(client.0.read().unwrap(), Message::Text("pong".into()));
    client.send(&json!({ "v": true }));
    assert!(client.next().unwrap()["state"].is_object());
    assert_eq!(wled.counts().http_requests, 0);
}

#[test]
fn many_changes_are_pushed_at_most_once_a_second() {
    let wled = start(WledOptions::default());
    let mut client = open(&wled);
    let began = Instant::now();
    let mut pushes = 0;
    let mut sent = 0;
    loop {
        sent += 1;
        wled.set(&json!({ "bri": sent }));
        client.wait_at_most(Duration::from_millis(20));
        if client.next().is_some_and(|push| {
            pushes += 1;
            brightness(&push).is_some_and(|seen| seen > 40)
        }) || sent == 250
        {
            break;
        }
    }
    let seconds = began.elapsed().as_secs();
    assert!(pushes >= 2, "{pushes}");
    assert!(pushes <= seconds + 2, "{pushes} pushes in {seconds} s");
}

#[test]
fn a_message_has_to_be_one_short_frame() {
    for (chip, limit) in [(Chip::Esp32, 1_428), (Chip::Esp8266, 528)] {
        let wled = start(WledOptions {
            chip,
            ..WledOptions::default()
        });
        let mut client = open(&wled);
        let long = |length: usize| {
            let frame = json!({ "on": true, "x": "" });
            let padding = "x".repeat(length - frame.to_string().len());
            json!({ "on": true, "x": padding })
        };
        client.send(&long(limit));
        assert_eq!(client.next().unwrap(), json!({ "success": true }));
        client.send(&long(limit + 1));
        assert_eq!(client.next().unwrap(), json!({ "error": 9 }));
        let part = |text: &[u8], kind, last| {
            Message::Frame(Frame::message(text.to_vec(), OpCode::Data(kind), last))
        };
        client.0.send(part(b"{\"on\":", Data::Text, false)).unwrap();
        assert_eq!(client.next().unwrap(), json!({ "error": 9 }));
        client
            .0
            .send(part(b"false}        ", Data::Continue, true))
            .unwrap();
        assert_eq!(client.next().unwrap(), json!({ "error": 9 }));
        assert_eq!(wled.state()["on"], true);
        client
            .0
            .send(Message::Text("no JSON at all".into()))
            .unwrap();
        assert_eq!(client.next().unwrap(), json!({ "error": 9 }));
    }
}

#[test]
fn one_client_more_evicts_the_oldest() {
    for (chip, slots) in [(Chip::Esp32, 4), (Chip::Esp8266, 3)] {
        let wled = start(WledOptions {
            chip,
            ..WledOptions::default()
        });
        let mut first = open(&wled);
        let rest: Vec<Client> = (1..slots).map(|_| open(&wled)).collect();
        first.send(&json!({ "v": true }));
        assert!(first.next().is_some());
        let _one_more = open(&wled);
        assert!(matches!(first.0.read(), Ok(Message::Close(None))));
        assert_eq!(rest.len(), slots - 1);
    }
}

#[test]
fn a_busy_device_says_so_and_recovers() {
    let wled = start(WledOptions::default());
    let mut client = open(&wled);
    wled.refuse(2);
    client.send(&json!({ "on": false }));
    assert_eq!(client.next().unwrap(), json!({ "error": 3 }));
    let (status, _, body) = http(wled.address(), "GET", "/json/eff", "", "");
    assert_eq!((status, body), (503, json!({ "error": 3 })));
    client.send(&json!({ "on": false }));
    assert_eq!(client.next().unwrap()["state"]["on"], false);
}

#[test]
fn a_client_can_reboot_it() {
    let wled = start(WledOptions::default());
    let reboot = json!({ "rb": true });
    let mut client = open(&wled);
    client.send(&reboot);
    assert_eq!(client.next().unwrap(), json!({ "success": true }));
    assert!(client.ends());
    let mut client = open(&wled);
    let body = reboot.to_string();
    let (status, ..) = http(wled.address(), "POST", "/json/state", "", &body);
    assert_eq!(status, 200);
    assert!(client.ends());
}

#[test]
fn a_reboot_ends_with_the_power() {
    let wled = start(WledOptions::default());
    let mut client = open(&wled);
    client.send(&json!({ "rb": true }));
    assert_eq!(client.next().unwrap(), json!({ "success": true }));
    wled.power_off();
    wled.power_on().unwrap();
    let mut client = open(&wled);
    client.wait_at_most(Duration::from_millis(800));
    assert!(!client.ends());
}

#[test]
fn segments_come_and_go() {
    let wled = start(WledOptions {
        segments: 2,
        ..WledOptions::default()
    });
    let mut client = open(&wled);
    let segments = |push: &Value| push["state"]["seg"].as_array().map(Vec::len);
    wled.remove_segment(0);
    let push = client.until(|push| segments(push) == Some(1));
    assert_eq!(push["state"]["seg"][0]["id"], 1);
    wled.add_segment(2, 0, 10);
    client.until(|push| segments(push) == Some(2));
}

#[test]
fn only_the_last_who_asked_sees_the_leds() {
    let wled = start(WledOptions::default());
    let mut first = open(&wled);
    let mut second = open(&wled);
    for client in [&mut first, &mut second] {
        client.send(&json!({ "lv": true }));
        let Ok(Message::Binary(frame)) = client.0.read() else {
            panic!("no live frame");
        };
        assert_eq!(frame[..2], [b'L', 1]);
        assert_eq!(frame.len(), 2 + 3 * 60);
    }
    // What was on its way to the first one ends.
    first.wait_at_most(Duration::from_millis(300));
    let frames = std::iter::from_fn(|| first.0.read().ok()).take(100).count();
    assert!(frames < 20, "{frames}");
    second.send(&json!({ "lv": false }));
}

#[test]
fn it_answers_by_http() {
    let wled = start(WledOptions::default());
    let get = |path: &str| http(wled.address(), "GET", path, "", "");
    let (status, _, all) = get("/json");
    assert_eq!(status, 200);
    assert_eq!(all["effects"], get("/json/eff").2);
    assert_eq!(all["palettes"], get("/json/pal").2);
    assert_eq!(
        all["info"]["fxcount"],
        get("/json/fxdata").2.as_array().unwrap().len()
    );
    assert_eq!(get("/presets.json").2["1"]["n"], "Evening");
    assert_eq!(get("/json/nothing").0, 404);
    let change = json!({ "bri": 7, "v": true }).to_string();
    let (_, _, state) = http(wled.address(), "POST", "/json/state", "", &change);
    assert_eq!(state["bri"], 7);
    assert_eq!(wled.state()["bri"], 7);
    let name = json!({ "id": { "name": "Porch" } }).to_string();
    http(wled.address(), "POST", "/json/cfg", "", &name);
    assert_eq!(wled.info()["name"], "Porch");
    let requests = wled.http_requests();
    assert_eq!(requests.first().map(String::as_str), Some("GET /json"));
    assert_eq!(requests.last().map(String::as_str), Some("POST /json/cfg"));
    let without = start(WledOptions {
        palettes: Palettes::Missing,
        ..WledOptions::default()
    });
    let (_, _, all) = http(without.address(), "GET", "/json", "", "");
    assert!(all.get("palettes").is_none());
}

//! What answers as a Shelly.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::Duration,
};

use fleet::Family;
use serde_json::{Value, json};

use super::{Peer, Promise, assert_names_are_short, attack, drip, huge, is_given_up, nested};
use crate::{pretender::Wire, to_the_app::fragments};

const ID: &str = "shellyplus1-a8032ab12345";

fn peer(does: impl Fn(&mut Wire) -> Option<()> + Send + Sync + 'static) -> Peer {
    Peer::socket(Family::Shelly, does)
}

fn identity(name: &str) -> Value {
    json!({
        "id": ID, "mac": "A8032AB12345", "name": name, "model": "SNSW-001X16EU", "gen": 2,
        "ver": "1.4.4", "app": "Plus1", "fw_id": "20241011-114455/1.4.4-g6d2a586",
        "auth_en": false,
    })
}

/// What an honest one answers.
fn honest(method: &str) -> Value {
    match method {
        "Shelly.GetDeviceInfo" => identity("Kitchen"),
        "Shelly.GetConfig" => json!({ "switch:0": { "id": 0, "name": "Kettle" } }),
        "Shelly.GetStatus" => json!({ "switch:0": { "id": 0, "output": false } }),
        _ => json!({ "components": [], "offset": 0, "total": 0 }),
    }
}

fn answer(wire: &mut Wire, request: &Value, result: &Value) -> Option<()> {
    let frame = json!({ "id": request["id"], "src": ID, "dst": request["src"], "result": result });
    wire.text(frame.to_string())
}

/// The most pages of components that are read.
const PAGES: u32 = 32;

/// Answers until the components were read.
fn introduce(wire: &mut Wire, result: impl Fn(&str, &Value) -> Value) -> Option<()> {
    let mut pages = 0;
    loop {
        let request = wire.request()?;
        let method = request["method"].as_str().unwrap_or_default().to_owned();
        let result = result(&method, &request["params"]);
        answer(wire, &request, &result)?;
        if method == "Shelly.GetComponents" {
            let (from, total) = (result["offset"].as_u64(), result["total"].as_u64());
            let here = result["components"].as_array().map_or(0, Vec::len);
            pages += 1;
            if here == 0 || pages == PAGES || from.map(|from| from + here as u64) >= total {
                return Some(());
            }
        }
    }
}

fn push(wire: &mut Wire, method: &str, params: &Value) -> Option<()> {
    let frame = json!({ "src": ID, "dst": "switchboard", "method": method, "params": params });
    wire.text(frame.to_string())
}

#[test]
fn a_message_of_a_hundred_megabytes_in_one_frame() {
    attack(
        "100 MB in one frame",
        &peer(huge),
        Promise(8, "too long"),
        |_| true,
    );
}

#[test]
fn a_message_in_fragments_without_end() {
    attack(
        "endless fragments",
        &peer(fragments),
        Promise(8, "too long"),
        |_| true,
    );
}

#[test]
fn a_message_that_drips() {
    is_given_up(&peer(drip), "a message byte by byte");
}

#[test]
fn json_nested_thousands_deep() {
    attack(
        "JSON nested 30,000 deep as an answer",
        &peer(|wire| {
            wire.request()?;
            wire.text(format!(r#"{{"id":1,"result":{}}}"#, nested(30_000)))?;
            wire.stay()
        }),
        Promise(8, "Shelly"),
        |_| true,
    );
    attack(
        "JSON nested 100 and 30,000 deep, endless",
        &peer(|wire| {
            introduce(wire, |method, _| honest(method))?;
            loop {
                for depth in [100, 30_000] {
                    let lists = nested(depth);
                    wire.text(format!(
                        r#"{{"src":"{ID}","method":"NotifyStatus","params":{{"switch:0":{{"x":{lists}}}}}}}"#
                    ))?;
                }
            }
        }),
        Promise(8, ""),
        |shown| shown["link"] == "connected",
    );
}

/// As many switches as fit into a message, from this number on.
fn switches(from: u32) -> Value {
    let one = |number: u32| {
        let state = json!({ "output": true, "apower": 1.5, "source": "x".repeat(40) });
        (format!("switch:{}", number % 65_536), state)
    };
    Value::Object((from..from + 500).map(one).collect())
}

#[test]
fn a_million_components() {
    let shown = attack(
        "a million components, answered and pushed",
        &peer(|wire| {
            introduce(wire, |method, params| match method {
                "Shelly.GetStatus" | "Shelly.GetConfig" => switches(0),
                "Shelly.GetComponents" => {
                    let offset = params["offset"].as_u64().unwrap_or_default();
                    let one = |number: u64| {
                        let key = format!("number:{}", 200 + number % 60_000);
                        let name = "x".repeat(200);
                        json!({ "key": key, "status": { "value": 1 }, "config": { "name": name } })
                    };
                    let page: Vec<_> = (offset..offset + 150).map(one).collect();
                    json!({ "components": page, "offset": offset, "total": 1_000_000 })
                }
                _ => honest(method),
            })?;
            for from in (0_u32..).step_by(500) {
                push(wire, "NotifyStatus", &switches(from))?;
            }
            None
        }),
        Promise(24, ""),
        |shown| shown["components"].as_u64() > Some(100),
    );
    assert!(shown["components"].as_u64() <= Some(512), "{shown}");
}

#[test]
fn components_of_the_largest_size() {
    attack(
        "components with thousands of fields each",
        &peer(|wire| {
            introduce(wire, |method, _| honest(method))?;
            for number in 0_u32.. {
                let fields = (0..2_000).map(|field| (format!("f{}", field + number % 7), json!(0)));
                let fields = Value::Object(fields.collect());
                let name = format!("switch:{}", number % 1_000);
                push(wire, "NotifyStatus", &json!({ name: fields }))?;
            }
            None
        }),
        Promise(24, ""),
        |shown| shown["link"] == "connected",
    );
}

#[test]
fn names_of_megabytes() {
    let attempts = AtomicU32::new(0);
    let shown = attack(
        "a name of 2 MB, then names of 60 kB",
        &peer(move |wire| {
            let size = match attempts.fetch_add(1, Ordering::Relaxed) {
                0 => 2_000_000,
                _ => 60_000,
            };
            introduce(wire, |method, _| match method {
                "Shelly.GetDeviceInfo" => identity(&"x".repeat(size)),
                "Shelly.GetConfig" => json!({
                    "sys": { "device": { "name": "x".repeat(size / 3) } },
                    "switch:0": { "name": "x".repeat(12_000) },
                    "input:0": { "name": "x".repeat(size / 3) },
                }),
                _ => honest(method),
            });
            wire.stay()
        }),
        Promise(8, ""),
        |shown| shown["link"] == "connected",
    );
    assert_names_are_short(&shown);
}

#[test]
fn events_without_end() {
    attack(
        "events as fast as possible",
        &peer(|wire| {
            introduce(wire, |method, _| match method {
                "Shelly.GetConfig" => json!({ "input:0": { "type": "button" } }),
                "Shelly.GetStatus" => json!({ "input:0": { "id": 0, "state": null } }),
                _ => honest(method),
            })?;
            let event = json!({ "component": "input:0", "event": "x".repeat(400), "ts": 1.5 });
            let events = json!({ "events": vec![event; 100] });
            loop {
                push(wire, "NotifyEvent", &events)?;
            }
        }),
        Promise(24, ""),
        |shown| shown["link"] == "connected",
    );
}

#[test]
fn pushes_without_end() {
    attack(
        "pushes as fast as possible",
        &peer(|wire| {
            introduce(wire, |method, _| honest(method))?;
            for number in 0_u32.. {
                let on = number % 2 == 0;
                push(
                    wire,
                    "NotifyStatus",
                    &json!({ "switch:0": { "output": on } }),
                )?;
            }
            None
        }),
        Promise(24, ""),
        |shown| shown["link"] == "connected",
    );
}

#[test]
fn restarts_and_revisions_without_end() {
    attack(
        "another uptime and revision in each push",
        &peer(|wire| {
            introduce(wire, |method, _| honest(method))?;
            for number in (0_u32..1_000_000).rev() {
                let sys = json!({ "uptime": number, "cfg_rev": number });
                push(wire, "NotifyStatus", &json!({ "sys": sys }))?;
                if number % 100 == 0 {
                    thread::sleep(Duration::from_millis(1));
                }
            }
            None
        }),
        Promise(24, ""),
        |shown| shown["link"] == "connected",
    );
}

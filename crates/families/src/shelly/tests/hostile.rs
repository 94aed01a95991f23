//! What a board could send to do harm: nothing panics, and what is stored is
//! bounded.

use std::time::Duration;

use protocol::FromBoard;
use sanitize::bounds;
use serde_json::json;

use super::{device::Device, rig::Rig};

fn components(rig: &mut Rig) -> usize {
    let list = rig.request("Device.GetComponents", json!({}));
    rig.result(list)["components"].as_array().unwrap().len()
}

#[test]
fn any_text_is_survived_before_and_after_the_board_is_known() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let nested = |levels: usize| {
        let open = r#"{"switch:0":"#.repeat(levels);
        format!(
            r#"{{"method":"NotifyStatus","params":{open}1{}}}"#,
            "}".repeat(levels)
        )
    };
    let long = "x".repeat(60_000);
    let status = |params: &str| format!(r#"{{"method":"NotifyStatus","params":{params}}}"#);
    let events = r#"[1,null,{"component":"sys"},{"component":"sys","event":""}]"#;
    let texts = [
        String::new(),
        "\u{feff}".to_owned(),
        "NaN".to_owned(),
        "1e999".to_owned(),
        deep,
        nested(100),
        nested(10_000),
        r#"{"id":1e300}"#.to_owned(),
        r#"{"id":-9223372036854775808,"result":null}"#.to_owned(),
        status(r#"{"sys":{"uptime":18446744073709551615}}"#),
        status(r#"{"sys":{"uptime":-1},"wifi":7,"switch:0":[1]}"#),
        status(r#"{"switch:65535":{},"switch:65536":{},"sys:1":{}}"#),
        status(r#"{"switch:0":{"output":{"output":[]},"aenergy":3}}"#),
        status(&format!(r#"{{"text:200":{{"value":"{long}"}}}}"#)),
        format!(r#"{{"method":"NotifyEvent","params":{{"events":{events}}}}}"#),
        r#"{"method":"NotifyFullStatus","src":"","params":{}}"#.to_owned(),
    ];
    for text in &texts {
        for silent in [
            vec!["Shelly.GetDeviceInfo"],
            vec!["Shelly.GetStatus"],
            Vec::new(),
        ] {
            let mut device = Device::plus_1pm();
            device.silent = silent;
            let mut rig = Rig::new(device, None);
            rig.receive(text);
            rig.request("Switch.Set", json!({ "id": 0, "on": true }));
            rig.pass(Duration::from_secs(20));
        }
    }
}

#[test]
fn answers_of_any_shape_are_survived() {
    let shapes = [
        json!(null),
        json!([]),
        json!("text"),
        json!(-1.5),
        json!({ "sys": [], "switch:0": null, "light:0": { "rgb": 1 }, "id": {} }),
        json!({ "components": {}, "total": u64::MAX }),
        json!({ "components": [null, 1, { "key": 1 }, { "key": "text:200" }], "total": u64::MAX }),
    ];
    for method in [
        "Shelly.GetDeviceInfo",
        "Shelly.GetConfig",
        "Shelly.GetStatus",
        "Shelly.GetComponents",
    ] {
        for shape in &shapes {
            let mut device = Device::plus_1pm();
            device.silent = vec![method];
            let mut rig = Rig::new(device, None);
            let asked = rig.device.received.iter();
            let asked = asked.filter(|frame| frame["method"] == method);
            let asked: Vec<_> = asked.map(|frame| frame["id"].clone()).collect();
            for id in asked {
                rig.receive(&json!({ "id": id, "result": shape }).to_string());
            }
            rig.pass(Duration::from_secs(120));
        }
    }
}

#[test]
fn a_million_components_are_bounded() {
    let mut rig = Rig::new(Device::plus_1pm(), None);
    // As many as fit into messages of 64 KiB.
    for message in 0..200_u32 {
        let kind = ["switch", "cover", "em", "input"][(message % 4) as usize];
        let ids = (0..5_000).map(|number| (message * 5_000 + number) % 65_536);
        let states: Vec<_> = ids.map(|id| format!(r#""{kind}:{id}":{{}}"#)).collect();
        let states = states.join(",");
        let change = format!(r#"{{"output":true,"a_voltage":{message}}}"#);
        rig.receive(&format!(
            r#"{{"method":"NotifyStatus","params":{{"{kind}:1":{change},{states}}}}}"#
        ));
    }
    assert!(components(&mut rig) <= bounds::COMPONENTS);
    rig.messages.clear();
    rig.pass(Duration::from_secs(2));
    assert!(components(&mut rig) <= bounds::COMPONENTS);
}

#[test]
fn pages_without_end_are_read_to_a_bound() {
    let mut device = Device::plus_1pm();
    device.page = 1;
    device.dynamic = (0..10_000)
        .map(|id| json!({ "key": format!("text:{}", 200 + id % 300), "config": {}, "status": {} }))
        .collect();
    let rig = Rig::new(device, None);
    assert!(rig.outcome(3).is_some_and(Result::is_ok));
    assert!(rig.device.received.len() < 50);
}

#[test]
fn names_are_cut_and_made_visible() {
    let mut device = Device::plus_1pm();
    device.info["name"] = json!(format!("a\u{202e}b{}", "x".repeat(5_000)));
    device.config["sys"]["device"]["name"] = device.info["name"].clone();
    device.config["switch:0"]["name"] = json!("y".repeat(5_000));
    let rig = Rig::new(device, None);
    let name = rig.result(1)["name"].as_str().unwrap();
    assert!(name.len() < 600 && name.starts_with("a\u{fffd}b"));
    let described = rig.result(2)["components"][0]["name"].as_str().unwrap();
    assert!(described.len() < 600);
}

#[test]
fn a_flood_of_events_leads_to_few_frames() {
    let mut rig = Rig::new(Device::plus_1pm(), None);
    let before = rig.device.received.len();
    for revision in 0..5_000 {
        let event = json!({ "component": "sys", "event": "config_changed", "cfg_rev": revision });
        let frame = json!({ "method": "NotifyEvent", "params": { "events": [event] } });
        rig.receive(&frame.to_string());
        rig.pass(Duration::from_millis(1));
    }
    let frames = rig.device.received.len() - before;
    assert!(frames <= 60, "{frames} frames in 5 s");
}

#[test]
fn requests_that_wait_are_bounded() {
    let mut device = Device::plus_1pm();
    device.silent = vec!["Switch.Set"];
    let mut rig = Rig::new(device, None);
    for _ in 0..10_000 {
        rig.request("Switch.Set", json!({ "id": 0, "on": true }));
    }
    let refused = rig.messages.iter().filter(
        |message| matches!(message, FromBoard::Response(response) if response.outcome.is_err()),
    );
    assert!(refused.count() > 9_900);
    assert!(rig.device.received.len() < 20);
    rig.pass(Duration::from_secs(60));
}

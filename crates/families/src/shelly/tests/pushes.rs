//! What pushes and events of a board become.

use serde_json::{Value, json};

use super::{components::described, device::Device, rig::Rig};

#[test]
fn a_push_changes_what_it_names_and_a_removed_value_is_unknown() {
    let mut rig = Rig::new(Device::plus_1pm(), None);
    let change =
        json!({ "switch:0": { "id": 0, "output": true, "apower": 8.5, "source": "button" } });
    rig.push(change.clone());
    let pushed = rig.pushed();
    assert_eq!(pushed["switch:0"], json!({ "on": true }));
    assert_eq!(pushed["sensor:0"], json!({ "value": 8.5 }));
    assert_eq!(pushed.get("sensor:1"), None, "the voltage did not change");
    assert_eq!(pushed["source"], "physical");

    let pushes = rig.pushes();
    rig.push(change);
    assert_eq!(rig.pushes(), pushes, "nothing changed");

    rig.push(json!({ "switch:0": { "current": null, "temperature": { "tC": null } } }));
    assert_eq!(rig.pushed()["sensor:2"], json!({ "value": null }));
    assert_eq!(rig.pushed()["sensor:6"], json!({ "value": null }));
    assert_eq!(
        rig.pushed()["epoch"],
        "00000001",
        "the components are the same"
    );

    rig.push(json!({ "switch:0": { "ret_aenergy": { "total": 1.0 } } }));
    assert_eq!(rig.pushed()["epoch"], "00000002", "a sensor has appeared");
    let components = rig.request("Device.GetComponents", json!({}));
    described(&rig.result(components)["components"], "sensor:7");
    described(&rig.result(components)["components"], "sensor:2");
}

#[test]
fn a_change_says_who_caused_it() {
    for (source, expected) in [
        (json!("button"), json!("physical")),
        (json!("input"), json!("physical")),
        (json!("timer"), json!("timer")),
        (json!("init"), json!("boot")),
        (json!("SHC"), json!("SHC")),
        (json!("WS_in"), json!("WS_in")),
        // The same as before.
        (Value::Null, json!("boot")),
    ] {
        let mut rig = Rig::new(Device::plus_1pm(), None);
        rig.push(json!({ "switch:0": { "output": true, "source": source } }));
        assert_eq!(rig.pushed()["source"], expected, "{source}");
    }
    let mut rig = Rig::new(Device::plus_1pm(), None);
    rig.push(json!({ "input:0": { "state": true } }));
    assert_eq!(rig.pushed()["source"], "physical");
    rig.push(json!({ "switch:0": { "apower": 3.5 } }));
    assert_eq!(rig.pushed()["source"], "physical");
    rig.push(json!({ "wifi": { "rssi": -80 } }));
    assert_eq!(rig.pushed().get("source"), None);
}

#[test]
fn events_keep_the_names_of_the_board_and_buttons_those_of_ours() {
    let mut device = Device::plus_1pm();
    device.config["input:0"]["type"] = json!("button");
    device.dynamic = vec![json!({ "key": "button:200", "config": {}, "status": {} })];
    let mut rig = Rig::new(device, None);
    let event = |component: &str, name: &str| {
        json!({ "method": "NotifyEvent", "params": { "ts": 1.5, "events": [
            { "component": component, "id": 0, "event": name, "ts": 1.5 },
        ] } })
        .to_string()
    };
    for (component, name, key, expected) in [
        ("input:0", "single_push", "event:0", "single_push"),
        ("input:0", "btn_down", "event:0", "btn_down"),
        ("button:200", "single_push", "button:200", "press"),
        ("button:200", "triple_push", "button:200", "triple_push"),
        ("sys", "scheduled_restart", "sys:0", "rebooting"),
    ] {
        rig.receive(&event(component, name));
        let Some(protocol::FromBoard::Event(pushed)) = rig.messages.last() else {
            unreachable!("no event for {name}");
        };
        assert_eq!(pushed.events[0].component.to_string(), key);
        assert_eq!(pushed.events[0].event, expected);
    }
    let before = rig.messages.len();
    rig.receive(&event("script:1", "done"));
    rig.receive(&event("input:7", "single_push"));
    assert_eq!(rig.messages.len(), before, "no such component");
}

#[test]
fn an_update_reports_its_progress() {
    let mut rig = Rig::new(Device::plus_1pm(), None);
    for (event, expected) in [
        (
            json!({ "event": "ota_begin", "msg": "Begin" }),
            json!({ "in_progress": true, "update_percentage": 0 }),
        ),
        (
            json!({ "event": "ota_progress", "progress_percent": 45 }),
            json!({ "update_percentage": 45 }),
        ),
        (
            json!({ "event": "ota_error", "msg": "no route" }),
            json!({ "in_progress": false, "update_percentage": null, "last_error": "no route" }),
        ),
    ] {
        let mut event = event;
        event["component"] = json!("sys");
        let frame = json!({ "method": "NotifyEvent", "params": { "events": [event] } });
        rig.receive(&frame.to_string());
        assert_eq!(rig.pushed()["update:0"], expected);
    }
}

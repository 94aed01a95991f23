//! What commands become, and how they end.

use std::time::Duration;

use serde_json::{Value, json};

use super::{device::Device, rig::Rig};

fn board(status: Value, dynamic: &[&str]) -> Rig {
    let mut device = Device::plus_1pm();
    let Value::Object(status) = status else {
        unreachable!("{status}");
    };
    for (name, part) in status {
        device.status[name] = part;
    }
    let part = |key: &&str| json!({ "key": key, "config": {}, "status": { "value": null } });
    device.dynamic = dynamic.iter().map(part).collect();
    Rig::new(device, None)
}

#[test]
fn commands_become_methods_of_the_board() {
    let mut rig = board(
        json!({
            "light:0": { "output": false, "brightness": 5 },
            "rgb:0": { "output": false }, "rgbw:0": {}, "cct:0": {}, "rgbcct:0": {},
            "cover:0": { "state": "open", "pos_control": true },
        }),
        &[
            "boolean:200",
            "number:200",
            "text:200",
            "enum:200",
            "button:200",
        ],
    );
    for (method, params, theirs, their_params) in [
        (
            "Switch.Set",
            json!({ "id": 0, "on": true }),
            "Switch.Set",
            json!({ "id": 0, "on": true }),
        ),
        (
            "Switch.Toggle",
            json!({ "id": 0 }),
            "Switch.Toggle",
            json!({ "id": 0 }),
        ),
        (
            "Switch.Set",
            json!({ "id": 1224, "on": false }),
            "Boolean.Set",
            json!({ "id": 200, "value": false }),
        ),
        (
            "Switch.Toggle",
            json!({ "id": 1224 }),
            "Boolean.Set",
            json!({ "id": 200, "value": true }),
        ),
        (
            "Light.Set",
            json!({ "id": 0, "on": true, "brightness": 60, "transition_ms": 3000 }),
            "Light.Set",
            json!({ "id": 0, "on": true, "brightness": 60, "transition_duration": 3.0 }),
        ),
        (
            "Light.Set",
            json!({ "id": 1024, "rgb": [255, 160, 0], "ct_k": 3000, "transition_ms": 0 }),
            "RGB.Set",
            json!({ "id": 0, "rgb": [255, 160, 0], "transition_duration": 0.5 }),
        ),
        (
            "Light.Set",
            json!({ "id": 2048, "white": 9 }),
            "RGBW.Set",
            json!({ "id": 0, "white": 9 }),
        ),
        (
            "Light.Set",
            json!({ "id": 3072, "ct_k": 3000 }),
            "CCT.Set",
            json!({ "id": 0, "ct": 3000 }),
        ),
        (
            "Light.Set",
            json!({ "id": 4096, "ct_k": 3000 }),
            "RGBCCT.Set",
            json!({ "id": 0, "ct": 3000, "mode": "cct" }),
        ),
        (
            "Light.Set",
            json!({ "id": 4096, "rgb": [1, 2, 3] }),
            "RGBCCT.Set",
            json!({ "id": 0, "rgb": [1, 2, 3], "mode": "rgb" }),
        ),
        (
            "Cover.Open",
            json!({ "id": 0 }),
            "Cover.Open",
            json!({ "id": 0 }),
        ),
        (
            "Cover.Close",
            json!({ "id": 0 }),
            "Cover.Close",
            json!({ "id": 0 }),
        ),
        (
            "Cover.Stop",
            json!({ "id": 0 }),
            "Cover.Stop",
            json!({ "id": 0 }),
        ),
        (
            "Cover.Set",
            json!({ "id": 0, "position": 30 }),
            "Cover.GoToPosition",
            json!({ "id": 0, "pos": 30 }),
        ),
        (
            "Number.Set",
            json!({ "id": 200, "value": 3.5 }),
            "Number.Set",
            json!({ "id": 200, "value": 3.5 }),
        ),
        (
            "Text.Set",
            json!({ "id": 200, "value": "a" }),
            "Text.Set",
            json!({ "id": 200, "value": "a" }),
        ),
        (
            "Select.Set",
            json!({ "id": 200, "value": "a" }),
            "Enum.Set",
            json!({ "id": 200, "value": "a" }),
        ),
        (
            "Button.Press",
            json!({ "id": 200 }),
            "Button.Trigger",
            json!({ "id": 200, "event": "single_push" }),
        ),
        (
            "Button.Press",
            json!({ "id": 200, "event": "long_press" }),
            "Button.Trigger",
            json!({ "id": 200, "event": "long_push" }),
        ),
        (
            "Update.Install",
            json!({ "id": 0 }),
            "Shelly.Update",
            json!({ "stage": "stable" }),
        ),
        ("Device.Reboot", json!({}), "Shelly.Reboot", Value::Null),
        (
            "Device.SetName",
            json!({ "name": "Desk" }),
            "Sys.SetConfig",
            json!({ "config": { "device": { "name": "Desk" } } }),
        ),
    ] {
        let request = rig.request(method, params.clone());
        let sent = rig.device.received.last().unwrap();
        assert_eq!(
            (&sent["method"], &sent["params"]),
            (&json!(theirs), &their_params),
            "{params}"
        );
        rig.pass(Duration::from_millis(400));
        assert!(rig.result(request)["seq"].is_u64(), "{method} {params}");
    }
    let info = rig.request("Device.GetInfo", json!({}));
    assert_eq!(rig.result(info)["name"], "Desk");
}

#[test]
fn what_cannot_be_done_is_refused_without_a_frame() {
    let mut rig = board(json!({ "light:0": { "output": true } }), &["number:200"]);
    let before = rig.device.received.len();
    for (method, params, reason) in [
        ("Switch.Set", json!({ "id": 7, "on": true }), "not_found"),
        ("Switch.Set", json!({ "id": 0 }), "bad_params"),
        ("Switch.Set", json!({ "on": true }), "bad_params"),
        ("Light.Set", json!({ "id": 0 }), "nothing_to_set"),
        (
            "Light.Set",
            json!({ "id": 0, "brightness": 300 }),
            "bad_params",
        ),
        (
            "Light.Set",
            json!({ "id": 0, "brightness": 101 }),
            "out_of_range",
        ),
        (
            "Light.Set",
            json!({ "id": 0, "on": true, "transition_ms": 10_001 }),
            "out_of_range",
        ),
        (
            "Light.Set",
            json!({ "id": 0, "rgb": [1, 2, 3] }),
            "not_supported",
        ),
        (
            "Light.Set",
            json!({ "id": 0, "ct_k": 3000 }),
            "not_supported",
        ),
        ("Light.Set", json!({ "id": 0, "white": 1 }), "not_supported"),
        (
            "Light.Set",
            json!({ "id": 0, "effect": "x" }),
            "not_supported",
        ),
        (
            "Number.Set",
            json!({ "id": 200, "value": "x" }),
            "bad_params",
        ),
        ("Cover.Set", json!({ "id": 0, "position": 1 }), "not_found"),
        ("Device.SetName", json!({ "name": "" }), "bad_params"),
        ("Device.Identify", json!({}), "no_such_method"),
        ("Ota.Begin", json!({}), "no_such_method"),
    ] {
        let request = rig.request(method, params.clone());
        let Some(Err(error)) = rig.outcome(request) else {
            unreachable!("{method} {params} was not refused");
        };
        assert_eq!(error.data.reason, reason, "{method} {params}");
    }
    assert_eq!(rig.device.received.len(), before);
}

#[test]
fn a_command_is_confirmed_after_the_push_with_its_effect() {
    let mut rig = Rig::new(Device::plus_1pm(), None);
    let request = rig.request("Switch.Set", json!({ "id": 0, "on": true }));
    assert_eq!(rig.pushed()["switch:0"], json!({ "on": true }));
    assert_eq!(rig.pushed()["source"], "client:1");
    assert_eq!(rig.result(request)["seq"], rig.pushed()["seq"]);

    // It changes nothing, so nothing is pushed.
    let (pushes, request) = (
        rig.pushes(),
        rig.request("Switch.Set", json!({ "id": 0, "on": true })),
    );
    assert!(rig.outcome(request).is_some_and(Result::is_ok));
    assert_eq!(rig.pushes(), pushes);
}

#[test]
fn a_board_that_pushes_nothing_is_believed_by_its_answer() {
    for (method, params) in [
        ("Switch.Set", json!({ "id": 0, "on": true })),
        ("Switch.Toggle", json!({ "id": 0 })),
    ] {
        let mut device = Device::plus_1pm();
        device.pushes = false;
        let mut rig = Rig::new(device, None);
        let request = rig.request(method, params);
        assert!(rig.outcome(request).is_none(), "{method}");
        rig.pass(Duration::from_millis(300));
        assert!(rig.result(request)["seq"].is_u64());
    }
}

#[test]
fn a_refusal_is_in_the_boards_own_words() {
    let mut device = Device::plus_1pm();
    let message = "Overtemperature protection is active";
    device.refusals.insert("Switch.Set", (-109, message));
    let mut rig = Rig::new(device, None);
    let request = rig.request("Switch.Set", json!({ "id": 0, "on": true }));
    let Some(Err(error)) = rig.outcome(request) else {
        unreachable!("it was not refused");
    };
    assert_eq!(error.message, message);
    assert_eq!(error.data.reason, "failed_precondition");
    assert_eq!(rig.ended, None);
}

#[test]
fn a_command_without_an_answer_stays_without_one() {
    let mut device = Device::plus_1pm();
    device.silent = vec!["Switch.Set"];
    let mut rig = Rig::new(device, None);
    let request = rig.request("Switch.Set", json!({ "id": 0, "on": true }));
    rig.pass(Duration::from_secs(20));
    assert!(rig.outcome(request).is_none());
    let sent = rig
        .methods(0)
        .iter()
        .filter(|name| **name == "Switch.Set")
        .count();
    assert_eq!(sent, 1, "a command is never sent twice");

    // It does not keep others from being sent.
    let ping = rig.request("Sys.Ping", json!({}));
    assert!(rig.outcome(ping).is_some());
}

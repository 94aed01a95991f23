//! How a board is read, pinged, polled and read again.

use std::time::Duration;

use protocol::FromBoard;
use serde_json::json;
use web_time::Instant;

use super::{device::Device, rig::Rig};
use crate::{Dialect as _, Problem, Received, shelly::Shelly, shelly_inbound_id};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn the_first_frame_names_this_program_and_asks_which_board_answers() {
    let mut device = Device::plus_1pm();
    device.silent = vec!["Shelly.GetDeviceInfo"];
    let rig = Rig::new(device, None);
    let first = &rig.device.received[0];
    assert_eq!(
        *first,
        json!({ "id": 1, "method": "Shelly.GetDeviceInfo", "src": "switchboard-07070707" })
    );
    assert_eq!(rig.device.received.len(), 1, "nothing before the identity");
}

#[test]
fn the_identity_is_reported_before_anything_else_is_read() {
    let mut device = Device::plus_1pm();
    device.silent = vec!["Shelly.GetConfig"];
    let rig = Rig::new(device, None);
    let info = rig.result(1);
    assert_eq!(info["id"], "shellyplus1pm-a8032abcdef0");
    assert_eq!(info["mac"], "a8:03:2a:bc:de:f0");
    assert_eq!(
        (&info["name"], &info["version"]),
        (&json!("Bench"), &json!("1.4.4"))
    );
    assert_eq!(
        (&info["platform"], &info["board"], &info["proto"]),
        (
            &json!("shelly"),
            &json!("Plus1PM (SNSW-001P16EU)"),
            &json!(1)
        )
    );
    assert!(rig.outcome(2).is_none() && rig.outcome(3).is_none());
    assert_eq!(rig.methods(0), ["Shelly.GetDeviceInfo", "Shelly.GetConfig"]);
}

#[test]
fn an_id_is_compared_in_lower_case_and_a_board_of_generation_1_is_refused() {
    let mut device = Device::plus_1pm();
    device.info["id"] = json!("ShellyPlus1PM-A8032ABCDEF0");
    assert_eq!(
        Rig::new(device, None).result(1)["id"],
        "shellyplus1pm-a8032abcdef0"
    );

    for (field, value) in [
        ("gen", json!(1)),
        ("gen", json!(null)),
        ("id", json!(null)),
        ("id", json!("../etc")),
    ] {
        let mut device = Device::plus_1pm();
        device.info[field] = value;
        let rig = Rig::new(device, None);
        assert!(matches!(rig.ended, Some(Problem::NotABoard(_))), "{field}");
        assert!(rig.messages.is_empty());
    }
}

#[test]
fn something_that_sends_no_frames_is_no_board() {
    let mut device = Device::plus_1pm();
    device.silent = vec!["Shelly.GetDeviceInfo"];
    let mut rig = Rig::new(device, None);
    rig.receive("hello");
    assert!(matches!(rig.ended, Some(Problem::NotABoard(_))));
}

#[test]
fn components_that_users_created_are_read_page_by_page() {
    let mut device = Device::plus_1pm();
    device.page = 2;
    device.dynamic = (200..205)
        .map(|id| {
            json!({
                "key": format!("boolean:{id}"),
                "config": { "id": id, "name": format!("Flag {id}") },
                "status": { "value": id % 2 == 0 },
            })
        })
        .collect();
    let rig = Rig::new(device, None);
    assert_eq!(rig.result(3)["switch:1224"], json!({ "on": true }));
    assert_eq!(rig.result(3)["switch:1228"], json!({ "on": true }));
    let asked = rig
        .methods(0)
        .iter()
        .filter(|name| name.ends_with("GetComponents"))
        .count();
    assert_eq!(asked, 3);
}

#[test]
fn firmware_without_such_components_is_not_asked_for_them() {
    let mut device = Device::plus_1pm();
    device.info["fw_id"] = json!("20230912-082358/1.0.3-g6176478");
    let rig = Rig::new(device, None);
    assert!(rig.outcome(3).is_some());
    assert!(!rig.methods(0).contains(&"Shelly.GetComponents"));

    let mut device = Device::plus_1pm();
    device
        .refusals
        .insert("Shelly.GetComponents", (404, "No handler"));
    assert!(Rig::new(device, None).outcome(3).is_some());
}

#[test]
fn a_ping_is_answered_only_when_the_board_answers() {
    let mut rig = Rig::new(Device::plus_1pm(), None);
    let ping = rig.request("Sys.Ping", json!({}));
    assert_eq!(rig.result(ping)["uptime_ms"], 4_321_000);
    assert_eq!(rig.methods(0).last(), Some(&"Shelly.GetDeviceInfo"));

    rig.device.silent = vec!["Shelly.GetDeviceInfo"];
    let ping = rig.request("Sys.Ping", json!({}));
    rig.pass(20 * SECOND);
    assert!(rig.outcome(ping).is_none());
}

#[test]
fn another_board_behind_the_same_connection_ends_it() {
    let mut rig = Rig::new(Device::plus_1pm(), None);
    rig.device.info["id"] = json!("shellyplus1pm-000000000001");
    let ping = rig.request("Sys.Ping", json!({}));
    assert!(rig.outcome(ping).is_none());
    assert!(matches!(rig.ended, Some(Problem::NotABoard(_))));
}

#[test]
fn what_is_not_pushed_is_polled() {
    let mut rig = Rig::new(Device::plus_1pm(), None);
    rig.device.status["wifi"]["rssi"] = json!(-71);
    rig.device.status["sys"]["uptime"] = json!(4_381);
    rig.pass(60 * SECOND);
    assert_eq!(rig.pushed()["sensor:65296"], json!({ "value": -71 }));
}

#[test]
fn a_changed_configuration_is_read_again_once() {
    for change in [
        json!({ "method": "NotifyEvent", "params": { "events": [
            { "component": "sys", "event": "config_changed", "cfg_rev": 8 },
            { "component": "sys", "event": "config_changed", "cfg_rev": 9 },
        ] } }),
        json!({ "method": "NotifyStatus", "params": { "sys": { "cfg_rev": 9 } } }),
    ] {
        let mut rig = Rig::new(Device::plus_1pm(), None);
        rig.device.config["switch:0"]["name"] = json!("Heater");
        for sys in [&mut rig.device.config["sys"], &mut rig.device.status["sys"]] {
            sys["cfg_rev"] = json!(9);
        }
        let before = rig.device.received.len();
        rig.receive(&change.to_string());
        rig.pass(SECOND);
        assert_eq!(
            rig.methods(before),
            [
                "Shelly.GetConfig",
                "Shelly.GetStatus",
                "Shelly.GetComponents"
            ]
        );
        // Another epoch makes the session read the components again.
        assert_eq!(rig.pushed()["epoch"], "00000002");
        let components = rig.request("Device.GetComponents", json!({}));
        let names: Vec<_> = rig.result(components)["components"]
            .as_array()
            .unwrap()
            .iter()
            .map(|component| component["name"].as_str().unwrap())
            .collect();
        assert!(
            names.contains(&"Heater") && names.contains(&"Heater power"),
            "{names:?}"
        );
    }
}

#[test]
fn a_push_while_the_board_is_read_does_not_make_it_read_twice() {
    let mut device = Device::plus_1pm();
    device.silent = vec!["Shelly.GetStatus"];
    let mut rig = Rig::new(device, None);
    rig.push(json!({ "switch:0": { "id": 0, "output": true } }));
    let asked = rig.device.received.last().unwrap()["id"].clone();
    rig.receive(&json!({ "id": asked, "result": rig.device.status }).to_string());
    assert!(rig.outcome(3).is_some_and(Result::is_ok));
    let before = rig.device.received.len();
    rig.pass(SECOND);
    assert_eq!(rig.device.received.len(), before);
}

#[test]
fn a_profile_that_turns_switches_into_a_cover_changes_the_components() {
    let mut rig = Rig::new(Device::plus_1pm(), None);
    let status = rig.device.status.as_object_mut().unwrap();
    status.remove("switch:0");
    status.insert(
        "cover:0".to_owned(),
        json!({ "id": 0, "state": "stopped", "current_pos": 40, "pos_control": true }),
    );
    rig.push(json!({ "switch:0": null, "cover:0": { "id": 0, "state": "stopped" } }));
    rig.pass(SECOND);
    let states = rig.request("Device.GetStatus", json!({}));
    let states = rig.result(states);
    assert_eq!(
        states["cover:0"],
        json!({ "state": "stopped", "position": 40 })
    );
    assert_eq!(states.get("switch:0"), None);
}

#[test]
fn the_time_since_boot_does_not_go_back_within_a_run() {
    let mut rig = Rig::new(Device::plus_1pm(), None);
    let mut last = 0;
    let late = json!({ "sys": { "uptime": 4_350 } });
    let others = json!({ "sys": { "ram_free": 7 } });
    for change in [&others, &late, &others, &late] {
        rig.pass(10 * SECOND);
        rig.push(change.clone());
        let uptime = rig.pushed()["uptime_ms"].as_u64().unwrap();
        assert!(uptime >= last, "{uptime} after {last}");
        last = uptime;
    }
    assert_eq!(rig.pushed()["epoch"], "00000001");
}

#[test]
fn a_restart_shows_as_an_uptime_that_goes_back() {
    let mut rig = Rig::new(Device::plus_1pm(), None);
    rig.push(json!({ "sys": { "uptime": 4_400 } }));
    assert_eq!(rig.pushed()["epoch"], "00000001");
    rig.device.status["sys"]["uptime"] = json!(3);
    let before = rig.device.received.len();
    rig.push(json!({ "sys": { "uptime": 3 } }));
    let is_new = |message: &FromBoard| match message {
        FromBoard::Status(status) => status.epoch.0 == 2,
        _ => false,
    };
    assert!(rig.messages.iter().any(is_new));
    rig.pass(SECOND);
    assert!(rig.methods(before).contains(&"Shelly.GetConfig"));
}

#[test]
fn a_board_with_a_battery_says_who_it_is_and_is_read_while_it_is_awake() {
    let frame = json!({
        "src": "shellyht-a8032abcdef1", "dst": "ws", "method": "NotifyFullStatus",
        "params": {
            "ts": 1.0,
            "temperature:0": { "id": 0, "tC": 21.5, "tF": 70.7 },
            "humidity:0": { "id": 0, "rh": 41.0 },
            "devicepower:0": {
                "id": 0, "battery": { "V": 5.3, "percent": 88 }, "external": { "present": false },
            },
            "sys": { "mac": "A8032ABCDEF1", "uptime": 3, "wakeup_period": 7200 },
        },
    })
    .to_string();
    assert_eq!(
        shelly_inbound_id(&frame).as_deref(),
        Some("shellyht-a8032abcdef1")
    );
    assert_eq!(shelly_inbound_id(r#"{"id":1,"result":{}}"#), None);

    for asleep in [false, true] {
        let mut device = Device::plus_1pm();
        device.info["id"] = json!("shellyht-a8032abcdef1");
        device.info["name"] = json!("Cellar");
        device.config = json!({});
        device.silent = match asleep {
            true => vec![
                "Shelly.GetDeviceInfo",
                "Shelly.GetConfig",
                "Shelly.GetStatus",
            ],
            false => vec!["Shelly.GetStatus"],
        };
        let now = Instant::now();
        let mut rig = Rig::with(Shelly::inbound(now, [7; 32]), device, now);
        rig.read();
        assert!(rig.device.received.is_empty(), "the board speaks first");
        rig.receive(&frame);
        rig.pass(4 * SECOND);
        let info = rig.result(1);
        assert_eq!(info["id"], "shellyht-a8032abcdef1");
        let name = if asleep {
            "shellyht-a8032abcdef1"
        } else {
            "Cellar"
        };
        assert_eq!(info["name"], name);
        let states = rig.result(3);
        assert_eq!(states["sensor:53248"], json!({ "value": 21.5 }));
        assert_eq!(states["sensor:40960"], json!({ "value": 88 }));
        assert_eq!(states["binary_sensor:3072"], json!({ "on": false }));
        assert_eq!(rig.ended, None);
    }
}

#[test]
fn a_board_that_does_not_answer_a_read_is_given_up() {
    let mut device = Device::plus_1pm();
    device.silent = vec!["Shelly.GetStatus"];
    let mut rig = Rig::new(device, None);
    rig.pass(20 * SECOND);
    assert!(matches!(&rig.ended, Some(Problem::NotABoard(why)) if why.contains("GetStatus")));
}

#[test]
fn a_board_that_refuses_to_say_what_it_is_is_given_up_with_its_words() {
    let mut device = Device::plus_1pm();
    let refusal = (-114, "Service unavailable");
    device.refusals.insert("Shelly.GetDeviceInfo", refusal);
    let rig = Rig::new(device, None);
    let why = "it refuses Shelly.GetDeviceInfo: Service unavailable";
    assert_eq!(rig.ended, Some(Problem::NotABoard(why.to_owned())));
}

#[test]
fn an_answer_that_is_too_late_is_ignored() {
    let mut rig = Rig::new(Device::plus_1pm(), None);
    let messages = rig.messages.len();
    rig.receive(r#"{"id":1,"src":"x","result":{"id":"other"}}"#);
    rig.receive(r#"{"id":99999,"error":{"code":401,"message":"{}"}}"#);
    rig.dialect.received(
        rig.now,
        Received::Binary(&[0; 4]),
        &mut crate::Actions::default(),
    );
    assert_eq!((rig.messages.len(), &rig.ended), (messages, &None));
}

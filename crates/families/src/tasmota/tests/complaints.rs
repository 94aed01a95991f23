//! What users of other clients complained about.

use std::time::Duration;

use protocol::method;
use serde_json::json;

use super::rig::{Rig, config, config_with, state_report};
use crate::Problem;

/// HA core#91462, #105846: after a restart of the program, what is retained is
/// all that comes without being asked for.
#[test]
fn retained_discovery_alone_makes_a_board_live() {
    let mut rig = Rig::new();
    let info = rig.request(method::DEVICE_GET_INFO, json!({}));
    let subscribe = rig.request(method::DEVICE_SUBSCRIBE, json!({}));
    rig.retained("tele/kitchen_plug/LWT", "Online");
    rig.retained(
        "tasmota/discovery/AABBCC00EE01/config",
        &config().to_string(),
    );
    let answer = rig.answer(info).unwrap().outcome.clone().unwrap();
    assert_eq!(answer["id"], "tasmota-aabbcc00ee01");
    assert_eq!(answer["version"], "14.1.0");
    assert!(rig.answer(subscribe).is_none());
    // It is asked for everything else, without waiting for its next report.
    let asked: Vec<_> = rig.sent.iter().map(|(topic, _)| topic.as_str()).collect();
    assert!(asked.contains(&"cmnd/kitchen_plug/STATE"), "{asked:?}");
    rig.hear("stat/kitchen_plug/RESULT", &state_report());
    assert!(rig.is_confirmed(subscribe));
}

/// Sensors that are listed and not reported do not hold up everything else.
#[test]
fn a_board_whose_sensors_do_not_answer_is_live_all_the_same() {
    let mut rig = Rig::new();
    let subscribe = rig.request(method::DEVICE_SUBSCRIBE, json!({}));
    let sensors = json!({ "sn": { "BME280": { "Humidity": 1 } }, "ver": 1 });
    rig.retained(
        "tasmota/discovery/AABBCC00EE01/sensors",
        &sensors.to_string(),
    );
    rig.retained(
        "tasmota/discovery/AABBCC00EE01/config",
        &config().to_string(),
    );
    rig.hear("stat/kitchen_plug/RESULT", &state_report());
    assert!(rig.answer(subscribe).is_none());
    rig.advance(Duration::from_secs(1));
    assert!(rig.is_confirmed(subscribe));
}

/// The broker's word counts, before and after.
#[test]
fn a_board_that_the_broker_reports_offline_is_not_waited_for() {
    let mut rig = Rig::new();
    rig.retained("tele/kitchen_plug/LWT", "Offline");
    rig.retained(
        "tasmota/discovery/AABBCC00EE01/config",
        &config().to_string(),
    );
    assert_eq!(rig.ended, Some(Problem::Offline));
    assert!(
        rig.sent.is_empty(),
        "nothing is sent to a board that is off"
    );
    let mut rig = Rig::live(&config());
    rig.hear("tele/kitchen_plug/LWT", "Offline");
    assert_eq!(rig.ended, Some(Problem::Offline));
    // A board that sleeps is offline most of the time.
    let mut rig = Rig::live(&config_with(&json!({ "dslp": 1 })));
    rig.hear("tele/kitchen_plug/LWT", "Offline");
    assert_eq!(rig.ended, None);
}

/// HA core#106698: the board moves to other topics.
#[test]
fn a_changed_full_topic_is_followed_at_once() {
    let mut rig = Rig::live(&config());
    let moved = config_with(&json!({ "ft": "attic/%topic%/%prefix%/" }));
    rig.retained("tasmota/discovery/AABBCC00EE01/config", &moved.to_string());
    let asked: Vec<_> = rig.sent.iter().map(|(topic, _)| topic.as_str()).collect();
    assert!(
        asked.contains(&"attic/kitchen_plug/cmnd/STATE"),
        "{asked:?}"
    );
    rig.sent.clear();
    let number = rig.request("Switch.Set", json!({ "id": 0, "on": true }));
    assert_eq!(rig.sent[0].0, "attic/kitchen_plug/cmnd/POWER1");
    rig.hear("stat/kitchen_plug/RESULT", r#"{"POWER1":"ON"}"#);
    assert!(rig.answer(number).is_none(), "not its topic any more");
    rig.hear("attic/kitchen_plug/stat/RESULT", r#"{"POWER1":"ON"}"#);
    assert!(rig.is_confirmed(number));
}

/// A relay that becomes a light is described again, and keeps what is known of
/// the others.
#[test]
fn a_changed_configuration_is_read_again() {
    let mut rig = Rig::live(&config());
    let changed = config_with(&json!({ "rl": [2, 1], "lt_st": 1, "lk": 1 }));
    rig.retained(
        "tasmota/discovery/AABBCC00EE01/config",
        &changed.to_string(),
    );
    let keys: Vec<_> = rig.components().into_iter().map(|(key, _)| key).collect();
    assert_eq!(&keys[..2], ["switch:1", "light:0"]);
    assert_eq!(rig.state("switch:1").on(), Some(true));
    assert_eq!(rig.state("light:0").on(), None);
    assert!(!rig.changes().is_empty(), "the session is told");
}

/// A restart shows in the uptime, if the broker did not notice.
#[test]
fn a_restart_that_the_broker_did_not_notice_is_noticed() {
    let mut rig = Rig::live(&config());
    rig.hear(
        "tele/kitchen_plug/STATE",
        r#"{"Uptime":"0T00:00:09","UptimeSec":9,"POWER1":"OFF"}"#,
    );
    let epochs: Vec<_> = rig.changes().iter().map(|change| change.epoch).collect();
    assert!(epochs.iter().any(|epoch| epoch.0 == 2), "{epochs:?}");
}

/// With `StateRetain 1` the broker has a report of an earlier time.
#[test]
fn a_retained_report_is_no_restart() {
    let mut rig = Rig::live(&config());
    let report = r#"{"Uptime":"0T00:00:09","UptimeSec":9,"POWER1":"ON"}"#;
    rig.retained("tele/kitchen_plug/STATE", report);
    let epochs: Vec<_> = rig.changes().iter().map(|change| change.epoch.0).collect();
    assert!(!epochs.is_empty(), "its state counts");
    assert!(epochs.iter().all(|epoch| *epoch == 1), "{epochs:?}");
    // Nor is the next report, which is not retained.
    rig.hear("tele/kitchen_plug/STATE", &state_report());
    assert!(rig.changes().iter().all(|change| change.epoch.0 == 1));
}

/// A ping costs the board half a kilobyte, so most are answered by the broker's
/// word.
#[test]
fn a_ping_is_an_exchange_once_a_minute() {
    let mut rig = Rig::live(&config());
    rig.request(method::SYS_PING, json!({}));
    assert_eq!((rig.alive, rig.sent.len()), (1, 0), "it has just answered");
    rig.advance(Duration::from_secs(61));
    let ping = rig.request(method::SYS_PING, json!({}));
    let asked = ("cmnd/kitchen_plug/STATE".to_owned(), String::new());
    assert_eq!(rig.sent, [asked]);
    // While it does not answer, the broker does not vouch for it.
    rig.advance(Duration::from_secs(10));
    rig.request(method::SYS_PING, json!({}));
    assert_eq!((rig.alive, rig.sent.len()), (1, 2));
    rig.hear("stat/kitchen_plug/RESULT", &state_report());
    let answer = rig.answer(ping).unwrap().outcome.clone().unwrap();
    assert!(answer["uptime_ms"].as_u64().unwrap() >= 3_600_000);
}

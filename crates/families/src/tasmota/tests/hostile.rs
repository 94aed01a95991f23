//! Messages that no board sends.

use proptest::prelude::*;
use serde_json::json;

use super::rig::{Rig, config, config_with};
use crate::{Directory, directory::BOARDS, tasmota::Boards};

#[test]
fn what_cannot_be_read_is_skipped() {
    let mut rig = Rig::live(&config());
    for payload in [
        "",
        "{",
        "[]",
        "null",
        "{\"POWER1\":7}",
        "{\"POWER1\":null}",
        "\u{0}",
    ] {
        rig.hear("stat/kitchen_plug/RESULT", payload);
    }
    let deep = "{\"a\":".repeat(500);
    rig.hear("tele/kitchen_plug/SENSOR", &deep);
    let large = format!("{{\"POWER1\":\"{}\"}}", "x".repeat(100_000));
    rig.hear("stat/kitchen_plug/RESULT", &large);
    assert_eq!(rig.ended, None);
    assert_eq!(rig.state("switch:0").on(), Some(false));
}

#[test]
fn a_board_has_only_so_many_components() {
    let many = vec![1; 10_000];
    let fields = json!({ "rl": many, "swc": many, "btn": many, "fn": vec!["x".repeat(9_000); 99] });
    let mut rig = Rig::new();
    let message = config_with(&fields).to_string();
    rig.retained("tasmota/discovery/AABBCC00EE01/config", &message);
    let branch: serde_json::Map<_, _> = (0..9_000)
        .map(|number| (number.to_string(), json!([1, 2, 3])))
        .collect();
    let sensors = json!({ "sn": { "X": branch }, "ver": 1 }).to_string();
    rig.retained("tasmota/discovery/AABBCC00EE01/sensors", &sensors);
    rig.hear("stat/kitchen_plug/RESULT", r#"{"Uptime":"1"}"#);
    rig.advance(std::time::Duration::from_secs(2));
    let components = rig.components();
    assert!(components.len() > 256, "{}", components.len());
    assert!(components.len() <= sanitize::bounds::COMPONENTS);
    assert!(components.iter().all(|(_, name)| name.len() < 600));
}

#[test]
fn a_broker_fills_only_so_much_memory() {
    let mut boards = Boards::default();
    let padding = "x".repeat(20_000);
    let mut listed = 0;
    for number in 0..BOARDS + 5 {
        let mac = format!("{number:012X}");
        let message = config_with(&json!({ "mac": mac, "t": mac, "pad": padding })).to_string();
        let topic = format!("tasmota/discovery/{mac}/config");
        listed += usize::from(!boards.message(&topic, message.as_bytes()).is_empty());
    }
    assert!(listed < 3_500, "64 MiB are 3,200 boards of 20 kB: {listed}");
    // One that is there may still change, and make room.
    let topic = "tasmota/discovery/000000000001/config";
    let message = config_with(&json!({ "mac": "000000000001", "t": "a" })).to_string();
    boards.message(topic, b"");
    assert!(!boards.message(topic, message.as_bytes()).is_empty());
}

proptest! {
    #[test]
    fn nothing_that_is_sent_does_harm(
        messages in prop::collection::vec((0_usize..6, ".{0,60}"), 0..40)
    ) {
        let topics = [
            "stat/kitchen_plug/RESULT", "tele/kitchen_plug/SENSOR", "tele/kitchen_plug/LWT",
            "tasmota/discovery/AABBCC00EE01/config", "tasmota/discovery/AABBCC00EE01/sensors",
            "stat/kitchen_plug/STATUS10",
        ];
        let mut rig = Rig::live(&config());
        let mut boards = Boards::default();
        for (at, payload) in messages {
            rig.message(topics[at], payload.as_bytes(), false);
            boards.message(topics[at], payload.as_bytes());
        }
    }
}

//! What properties are, and how they are set.

use std::time::Duration;

use proptest::prelude::*;
use protocol::method;
use serde_json::json;

use super::rig::{Rig, TOPIC, description};
use crate::Problem;

#[test]
fn properties_are_what_their_types_say() {
    let mut rig = Rig::live();
    for (name, kind) in [
        ("Lamp Power", "switch"),
        ("Lamp color", "light"),
        ("Lamp speed", "number"),
        ("Lamp mode", "select"),
        ("Lamp label", "text"),
        ("Lamp dim", "button"),
        ("Climate temperature", "sensor"),
        ("Climate window", "binary_sensor"),
        ("Climate since", "text_sensor"),
        ("Climate pressed", "event"),
    ] {
        assert_eq!(rig.named(name)["kind"], kind, "{name}");
    }
    assert_eq!(
        rig.named("Climate temperature")["device_class"],
        "temperature"
    );
    assert_eq!(rig.state("Lamp speed").range(), Some([1.0, 10.0, 2.0]));
    assert_eq!(rig.named("Climate pressed")["event_types"][1], "long_press");
}

#[test]
fn retained_values_are_the_first_states() {
    let mut rig = Rig::live();
    assert_eq!(rig.state("Lamp Power").on(), Some(true));
    let light = rig.state("Lamp color");
    assert_eq!((light.on(), light.rgb()), (Some(true), Some([255, 0, 0])));
    assert_eq!(light.brightness(), Some(50));
    assert_eq!(rig.state("Climate temperature").number(), Some(21.5));
    assert_eq!(rig.state("Lamp mode").text(), None, "never reported");
}

/// A hub has only devices below it.
#[test]
fn a_device_without_properties_is_connected_too() {
    let mut rig = Rig::new();
    let subscribe = rig.request(method::DEVICE_SUBSCRIBE, json!({}));
    let hub = r#"{"homie":"5.0","name":"Hub","nodes":{}}"#;
    rig.retained("$description", hub);
    rig.retained("$state", "ready");
    rig.advance(Duration::from_secs(1));
    assert!(rig.is_confirmed(subscribe));
}

#[test]
fn a_number_follows_from_the_path_and_stays_when_others_come() {
    let mut rig = Rig::live();
    let before = rig.id("Lamp speed");
    let mut more = description();
    more["nodes"]["lamp"]["properties"]["aaa"] = json!({ "datatype": "float" });
    rig.retained("$description", &more.to_string());
    assert_eq!(rig.id("Lamp speed"), before);
    assert_eq!(
        rig.state("Lamp Power").on(),
        Some(true),
        "its state is kept"
    );
}

#[test]
fn a_value_is_set_below_set_and_confirmed_by_the_device() {
    let mut rig = Rig::live();
    let id = rig.id("Lamp Power");
    let number = rig.request("Switch.Set", json!({ "id": id, "on": false }));
    assert_eq!(
        rig.sent,
        [(format!("{TOPIC}/lamp/power/set"), "false".to_owned())]
    );
    assert!(rig.answer(number).is_none());
    rig.hear("lamp/power", "false");
    assert!(rig.is_confirmed(number));
    // A change that takes time is confirmed by where it will end.
    let id = rig.id("Lamp speed");
    let number = rig.request("Number.Set", json!({ "id": id, "value": 7 }));
    rig.hear("lamp/speed", "4");
    assert!(rig.answer(number).is_none());
    rig.hear("lamp/speed/$target", "7");
    assert!(rig.is_confirmed(number));
}

#[test]
fn a_value_that_is_so_already_is_confirmed_after_a_moment() {
    let mut rig = Rig::live();
    let id = rig.id("Lamp Power");
    let number = rig.request("Switch.Set", json!({ "id": id, "on": true }));
    assert!(rig.answer(number).is_none());
    rig.advance(Duration::from_secs(1));
    assert!(rig.is_confirmed(number));
    // Not if it changed in that moment.
    let number = rig.request("Switch.Set", json!({ "id": id, "on": true }));
    rig.hear("lamp/power", "false");
    rig.advance(Duration::from_secs(1));
    assert!(rig.answer(number).is_none());
}

#[test]
fn a_light_keeps_what_is_not_set() {
    let mut rig = Rig::live();
    let id = rig.id("Lamp color");
    let mut set = |params: serde_json::Value| {
        rig.sent.clear();
        rig.request("Light.Set", params);
        rig.sent[0].1.clone()
    };
    assert_eq!(set(json!({ "id": id, "brightness": 100 })), "rgb,255,0,0");
    assert_eq!(set(json!({ "id": id, "rgb": [0, 255, 0] })), "rgb,0,128,0");
    assert_eq!(set(json!({ "id": id, "on": false })), "rgb,0,0,0");
    rig.hear("lamp/color", "rgb,0,0,0");
    let state = rig.state("Lamp color");
    assert_eq!(state.on(), Some(false));
    assert_eq!(state.rgb(), Some([255, 0, 0]), "what it was lit in");
}

#[test]
fn what_a_property_does_not_accept_is_refused() {
    let mut rig = Rig::live();
    let (speed, mode) = (rig.id("Lamp speed"), rig.id("Lamp mode"));
    for (method, params, why) in [
        ("Number.Set", json!({ "id": speed, "value": 11 }), "1 to 10"),
        (
            "Select.Set",
            json!({ "id": mode, "value": "wild" }),
            "calm, busy",
        ),
        ("Switch.Set", json!({ "id": 1, "on": true }), "no switch:1"),
        ("Device.Reboot", json!({}), "no such command"),
    ] {
        let number = rig.request(method, params);
        let refusal = rig.refusal(number);
        assert!(refusal.contains(why), "{refusal}");
    }
    assert!(rig.sent.is_empty());
    // A number is rounded to a step from the minimum.
    rig.request("Number.Set", json!({ "id": speed, "value": 4.2 }));
    assert_eq!(rig.sent[0].1, "5");
}

#[test]
fn an_empty_text_is_a_zero_byte_and_never_clears_the_topic() {
    let mut rig = Rig::live();
    let id = rig.id("Lamp label");
    let number = rig.request("Text.Set", json!({ "id": id, "value": "" }));
    assert_eq!(rig.sent[0].1, "\0");
    rig.message(&format!("{TOPIC}/lamp/label"), &[0], false);
    assert!(rig.is_confirmed(number));
    assert_eq!(rig.state("Lamp label").text(), Some(""));
}

#[test]
fn an_event_happens_once() {
    let mut rig = Rig::live();
    rig.retained("climate/pressed", "press");
    assert!(rig.events().is_empty());
    rig.hear("climate/pressed", "long_press");
    rig.hear("climate/pressed", "unheard of");
    let events = rig.events();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].1, "long_press");
}

#[test]
fn a_device_that_is_lost_or_whose_root_is_lost_is_offline() {
    for (topic, state) in [
        (format!("{TOPIC}/$state"), "lost"),
        (format!("{TOPIC}/$state"), "disconnected"),
        ("homie/5/root/$state".to_owned(), "lost"),
    ] {
        let mut rig = Rig::live();
        rig.message(&topic, state.as_bytes(), false);
        assert_eq!(rig.ended, Some(Problem::Offline), "{topic} {state}");
    }
    let mut rig = Rig::live();
    rig.hear("$state", "sleeping");
    assert_eq!(rig.ended, None, "it wakes up");
    rig.request(method::SYS_PING, json!({}));
    assert_eq!(rig.alive, 1);
}

#[test]
fn a_description_that_cannot_be_read_says_why() {
    let mut rig = Rig::new();
    rig.retained("$description", r#"{"homie":"4.0"}"#);
    let Some(Problem::NotABoard(why)) = rig.ended else {
        unreachable!("it was accepted")
    };
    assert!(why.contains("version 5 is supported"), "{why}");
}

proptest! {
    #[test]
    fn nothing_that_is_sent_does_harm(
        messages in prop::collection::vec((0_usize..6, ".{0,60}"), 0..40)
    ) {
        let paths = [
            "$state", "$description", "lamp/color", "lamp/speed", "lamp/mode/$target",
            "climate/pressed",
        ];
        let mut rig = Rig::live();
        for (at, payload) in messages {
            rig.hear(paths[at], &payload);
        }
    }
}

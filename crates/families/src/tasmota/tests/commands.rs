//! Commands: what is sent, and what confirms it.

use std::time::Duration;

use serde_json::{Value, json};

use super::rig::{Rig, config, config_with};

fn rgbcw() -> Rig {
    let mut rig = Rig::live(&config_with(&json!({ "rl": [2], "lt_st": 5, "lk": 1 })));
    let report =
        r#"{"POWER":"ON","Dimmer":50,"HSBColor":"0,100,50","White":0,"CT":250,"Scheme":0}"#;
    rig.hear("tele/kitchen_plug/STATE", report);
    rig
}

fn sent(rig: &mut Rig, method: &str, params: Value) -> (String, String) {
    rig.sent.clear();
    rig.request(method, params);
    assert_eq!(rig.sent.len(), 1, "one message per command: {:?}", rig.sent);
    let (topic, payload) = rig.sent[0].clone();
    let command = topic.strip_prefix("cmnd/kitchen_plug/").unwrap().to_owned();
    (command, payload)
}

fn pair(command: &str, payload: &str) -> (String, String) {
    (command.to_owned(), payload.to_owned())
}

#[test]
fn a_switch_is_confirmed_once_the_board_reports_the_state() {
    let mut rig = Rig::live(&config());
    let number = rig.request("Switch.Set", json!({ "id": 0, "on": true }));
    assert!(rig.answer(number).is_none());
    rig.hear("stat/kitchen_plug/RESULT", r#"{"POWER2":"OFF"}"#);
    assert!(rig.answer(number).is_none(), "another one");
    rig.hear("stat/kitchen_plug/RESULT", r#"{"POWER1":"ON"}"#);
    assert!(rig.is_confirmed(number));
}

#[test]
fn a_command_that_changes_nothing_is_confirmed_by_the_next_report_of_its_component() {
    let mut rig = Rig::live(&config());
    let number = rig.request("Switch.Set", json!({ "id": 1, "on": true }));
    assert!(
        rig.answer(number).is_none(),
        "the board has not said anything"
    );
    rig.hear("stat/kitchen_plug/RESULT", r#"{"POWER1":"OFF"}"#);
    assert!(rig.answer(number).is_none(), "another one");
    rig.hear("stat/kitchen_plug/RESULT", r#"{"POWER2":"ON"}"#);
    assert!(rig.is_confirmed(number));
    // If it was switched off meanwhile, it is not.
    let number = rig.request("Switch.Set", json!({ "id": 1, "on": true }));
    rig.hear("stat/kitchen_plug/RESULT", r#"{"POWER2":"OFF"}"#);
    assert!(rig.answer(number).is_none());
}

#[test]
fn an_answer_that_comes_after_the_timeout_confirms_nothing() {
    let mut rig = Rig::live(&config());
    let number = rig.request("Device.Reboot", json!({}));
    rig.advance(Duration::from_secs(6));
    rig.hear("stat/kitchen_plug/RESULT", r#"{"Restart":"Restarting"}"#);
    assert!(rig.answer(number).is_none());
}

#[test]
fn a_toggle_is_the_opposite_of_what_was_reported() {
    let mut rig = Rig::live(&config());
    let toggle = |rig: &mut Rig| sent(rig, "Switch.Toggle", json!({ "id": 1 }));
    assert_eq!(toggle(&mut rig), pair("POWER2", "OFF"));
}

#[test]
fn a_light_is_set_in_one_message() {
    let mut rig = rgbcw();
    let mut set = |params: Value| sent(&mut rig, "Light.Set", params);
    assert_eq!(
        set(json!({ "id": 0, "brightness": 60 })),
        pair("Dimmer", "60")
    );
    assert_eq!(set(json!({ "id": 0, "on": false })), pair("POWER1", "OFF"));
    assert_eq!(set(json!({ "id": 0, "ct_k": 4000 })), pair("CT", "250"));
    assert_eq!(
        set(json!({ "id": 0, "effect": "Random" })),
        pair("Scheme", "4")
    );
    // Dimming switches on, unless SetOption20 says otherwise.
    let both = json!({ "id": 0, "on": true, "brightness": 60 });
    assert_eq!(set(both.clone()), pair("Dimmer", "60"));
    let rgb = json!({ "id": 0, "rgb": [255, 136, 0] });
    let backlog = "NoDelay;HSBColor1 32;NoDelay;HSBColor2 100";
    assert_eq!(set(rgb), pair("Backlog", backlog));
    let fields = json!({ "rl": [2], "lt_st": 1, "lk": 1, "so": { "20": 1 } });
    let mut rig = Rig::live(&config_with(&fields));
    let backlog = "NoDelay;Dimmer 60;NoDelay;POWER1 ON";
    assert_eq!(sent(&mut rig, "Light.Set", both), pair("Backlog", backlog));
}

#[test]
fn a_fade_is_for_one_command_and_as_long_as_it_is_asked_for() {
    let mut rig = rgbcw();
    // From 50 to 60 %: a whole fade would take ten times as long.
    let fade = json!({ "id": 0, "brightness": 60, "transition_ms": 2_000 });
    let (_, payload) = sent(&mut rig, "Light.Set", fade);
    assert_eq!(
        payload,
        "NoDelay;Fade2 1;NoDelay;Speed2 40;NoDelay;Dimmer 60"
    );
    let fields = json!({ "rl": [2], "lt_st": 1, "lk": 1, "so": { "117": 1 } });
    let mut rig = Rig::live(&config_with(&fields));
    let fade = json!({ "id": 0, "brightness": 60, "transition_ms": 2_000 });
    let (_, payload) = sent(&mut rig, "Light.Set", fade);
    assert_eq!(
        payload,
        "NoDelay;Fade2 1;NoDelay;Speed2 4;NoDelay;Dimmer 60"
    );
    let none = json!({ "id": 0, "brightness": 60, "transition_ms": 0 });
    let (_, payload) = sent(&mut rig, "Light.Set", none);
    assert_eq!(payload, "NoDelay;Fade2 0;NoDelay;Dimmer 60");
}

#[test]
fn a_color_is_confirmed_by_the_hue_and_saturation_that_the_board_reports() {
    let mut rig = rgbcw();
    let number = rig.request("Light.Set", json!({ "id": 0, "rgb": [10, 200, 33] }));
    let (_, payload) = rig.sent.last().cloned().unwrap();
    assert_eq!(payload, "NoDelay;HSBColor1 127;NoDelay;HSBColor2 95");
    let report = r#"{"POWER":"ON","Dimmer":50,"HSBColor":"127,95,50","White":0}"#;
    rig.hear("stat/kitchen_plug/RESULT", report);
    assert!(rig.is_confirmed(number));
}

#[test]
fn what_a_light_cannot_do_is_refused_and_nothing_is_sent() {
    let mut rig = rgbcw();
    rig.sent.clear();
    for (params, why) in [
        (json!({ "id": 0, "white": 9 }), "no white"),
        (json!({ "id": 0, "palette": "x" }), "no palette"),
        (json!({ "id": 0, "ct_k": 1500 }), "2000 to 6536"),
        (json!({ "id": 0, "effect": "Disco" }), "Cycle up"),
        (json!({ "id": 0, "brightness": 101 }), "0 to 100"),
        (
            json!({ "id": 0, "on": false, "brightness": 9 }),
            "a command of its own",
        ),
        (json!({ "id": 0 }), "needs on"),
        (json!({ "id": 7, "on": true }), "no light:7"),
    ] {
        let number = rig.request("Light.Set", params);
        let refusal = rig.refusal(number);
        assert!(refusal.contains(why), "{refusal}");
    }
    assert!(rig.sent.is_empty());
}

#[test]
fn a_shutter_moves_and_stops() {
    let mut rig = Rig::live(&config_with(&json!({ "rl": [3, 3], "sho": [1] })));
    let id = json!({ "id": 0 });
    assert_eq!(
        sent(&mut rig, "Cover.Open", id.clone()),
        pair("ShutterOpen1", "")
    );
    let to = json!({ "id": 0, "position": 30 });
    assert_eq!(
        sent(&mut rig, "Cover.Set", to),
        pair("ShutterPosition1", "70")
    );
    let number = rig.request("Cover.Close", id);
    let report = r#"{"Shutter1":{"Position":30,"Direction":1,"Target":100}}"#;
    rig.hear("stat/kitchen_plug/RESULT", report);
    assert!(rig.is_confirmed(number), "it closes");
}

#[test]
fn the_board_itself_is_renamed_restarted_and_updated() {
    let mut rig = Rig::live(&config());
    let rename = rig.request("Device.SetName", json!({ "name": "Pantry" }));
    let restart = rig.request("Device.Reboot", json!({}));
    let install = rig.request("Update.Install", json!({ "id": 0 }));
    let expected = [("DeviceName", "Pantry"), ("Restart", "1"), ("Upgrade", "1")];
    let expected = expected
        .map(|(command, payload)| (format!("cmnd/kitchen_plug/{command}"), payload.to_owned()));
    assert_eq!(rig.sent, expected);
    rig.hear("stat/kitchen_plug/RESULT", r#"{"DeviceName":"Pantry"}"#);
    let Some(protocol::FromBoard::Event(pushed)) = rig.messages.first() else {
        unreachable!("no event");
    };
    let event = &pushed.events[0];
    assert_eq!(
        (&*event.event, &event.extra["name"]),
        ("renamed", &json!("Pantry"))
    );
    rig.hear("stat/kitchen_plug/RESULT", r#"{"Restart":"Restarting"}"#);
    rig.hear(
        "stat/kitchen_plug/RESULT",
        r#"{"Upgrade":"Version 14.1.0 from http://x"}"#,
    );
    for number in [rename, restart, install] {
        assert!(rig.is_confirmed(number));
    }
    assert_eq!(rig.state("update:0").in_progress(), Some(true));
    let number = rig.request("Device.Identify", json!({}));
    assert!(rig.refusal(number).contains("cannot identify itself"));
    let number = rig.request("Device.SetName", json!({ "name": "" }));
    assert!(rig.refusal(number).contains("1 to 63"));
}

//! States in Home Assistant's shape, and its commands as methods of boards.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/everything.rs"]
mod everything;
mod support;

use bridge::home_assistant::{Command, Refusal, command, state, states};
use everything::everything;
use protocol::ComponentKey;
use serde_json::{Value, json};
use support::{board, context};

fn key(text: &str) -> ComponentKey {
    text.parse().unwrap()
}

fn state_of(component: &str) -> Value {
    let message = state(&board(everything()), &key(component), &context()).unwrap();
    assert_eq!(
        message.topic,
        format!("switchboard/home/sb-0a1b2c/{component}/ha")
    );
    serde_json::from_str(&message.payload).unwrap()
}

fn run(component: &str, payload: &str) -> Result<Command, Refusal> {
    command(&board(everything()), &key(component), payload.as_bytes())
}

fn accepted(component: &str, payload: &str) -> (&'static str, Value) {
    let Command { method, params } = run(component, payload).unwrap();
    (method, Value::Object(params))
}

#[test]
fn lights_are_reported_in_color_modes_kelvin_and_per_cent() {
    assert_eq!(
        state_of("light:0"),
        json!({
            "state": "ON", "brightness": 60, "color_mode": "rgb",
            "color": { "r": 255, "g": 120, "b": 40 }, "effect": "none",
        })
    );
    // There is no brightness of zero.
    assert_eq!(
        state_of("light:1"),
        json!({
            "state": "ON", "color_mode": "rgbw", "color": { "r": 255, "g": 120, "b": 40, "w": 7 },
        })
    );
    assert_eq!(
        state_of("light:2"),
        json!({
            "state": "OFF", "brightness": 40, "color_mode": "color_temp", "color_temp": 3000,
        })
    );
    assert_eq!(
        state_of("light:3"),
        json!({ "state": null, "brightness": 40, "color_mode": "brightness" })
    );
    assert_eq!(
        state_of("light:4"),
        json!({ "state": "OFF", "color_mode": "onoff" })
    );
}

#[test]
fn an_update_without_a_newer_version_is_up_to_date() {
    assert_eq!(
        state_of("update:0"),
        json!({
            "installed_version": "1.2.3", "latest_version": "1.3.0", "in_progress": false,
            "update_percentage": null,
        })
    );
    assert_eq!(
        state_of("update:1"),
        json!({
            "installed_version": "1.2.3", "latest_version": "1.2.3", "in_progress": true,
            "update_percentage": 40,
        })
    );
}

#[test]
fn only_lights_and_updates_have_states_of_their_own() {
    assert_eq!(states(&board(everything()), &context()).len(), 8);
    assert_eq!(
        state(&board(everything()), &key("switch:0"), &context()),
        None
    );
}

#[test]
fn a_light_is_set_as_home_assistant_sets_it() {
    assert_eq!(
        accepted(
            "light:1",
            r#"{"state":"ON","brightness":60,"color":{"r":1,"g":2,"b":3,"w":4},"transition":1.5}"#
        ),
        (
            "Light.Set",
            json!({
                "id": 1, "on": true, "brightness": 60, "rgb": [1, 2, 3], "white": 4,
                "transition_ms": 1500,
            })
        )
    );
    assert_eq!(
        accepted(
            "light:0",
            r#"{"state":"ON","color_temp":2700,"effect":"candle"}"#
        ),
        (
            "Light.Set",
            json!({ "id": 0, "on": true, "ct_k": 2700, "effect": "candle" })
        )
    );
    // Home Assistant allows up to 6,553 s.
    let (_, long) = accepted("light:0", r#"{"state":"OFF","transition":60}"#);
    assert_eq!(
        long,
        json!({ "id": 0, "on": false, "transition_ms": 10_000 })
    );
}

#[test]
fn words_become_methods() {
    for (component, payload, method) in [
        ("cover:0", "OPEN", "Cover.Open"),
        ("cover:1", "CLOSE", "Cover.Close"),
        ("cover:0", "STOP", "Cover.Stop"),
        ("button:0", "press", "Button.Press"),
        ("update:0", "install", "Update.Install"),
    ] {
        let id = key(component).id;
        assert_eq!(accepted(component, payload), (method, json!({ "id": id })));
    }
}

#[test]
fn what_cannot_be_read_is_refused_with_what_is_accepted() {
    for (component, payload, says) in [
        ("light:0", "ON", "a JSON object"),
        ("light:0", r#"{"state":"on"}"#, "state must be ON or OFF"),
        ("light:0", r#"{"brightness":101}"#, "from 0 to 100"),
        ("light:0", r#"{"brightness":"60"}"#, "from 0 to 100"),
        ("light:0", r#"{"color":{"r":1,"g":2}}"#, "r, g and b"),
        (
            "light:0",
            r#"{"color":{"r":1,"g":2,"b":256}}"#,
            "r, g and b",
        ),
        (
            "light:1",
            r#"{"color":{"r":1,"g":2,"b":3,"w":256}}"#,
            "and w of a light",
        ),
        ("light:0", r#"{"state":"ON","flash":2}"#, "accepted: state"),
        ("light:0", r#"{"transition":null}"#, "a time in seconds"),
        ("light:9", "{}", "the board has no light:9"),
        ("cover:0", "open", "OPEN, CLOSE or STOP"),
        ("button:0", "\u{202e}", "press"),
        ("switch:0", "ON", "switch:0/set"),
    ] {
        let refusal = run(component, payload).unwrap_err().to_string();
        assert!(refusal.contains(says), "{component} {payload}: {refusal}");
    }
    let long = run("cover:0", &"x".repeat(100_000))
        .unwrap_err()
        .to_string();
    assert!(long.len() < 700, "{}", long.len());
}

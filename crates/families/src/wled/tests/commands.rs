//! Commands as messages of the JSON API, and the states that confirm them.

use super::*;

/// Applies a message as WLED does, as far as these tests need it
/// (`deserializeState` and `deserializeSegment` in its `json.cpp`).
fn carried_out(before: &Value, message: &Value) -> Value {
    let mut after = before.clone();
    let state = &mut after["state"];
    if let Some(bri) = message.get("bri") {
        state["on"] = json!(*bri != json!(0));
        if *bri != json!(0) {
            state["bri"] = bri.clone();
        }
    }
    if let Some(on) = message.get("on") {
        state["on"] = on.clone();
    }
    for change in message["seg"].as_array().into_iter().flatten() {
        let segments = state["seg"].as_array_mut().expect("segments");
        let known = segments
            .iter_mut()
            .find(|segment| segment["id"] == change["id"]);
        let segment = known.expect("the segment exists");
        for (field, value) in change.as_object().expect("an object") {
            match field.as_str() {
                "id" => {}
                "bri" => {
                    segment["on"] = json!(*value != json!(0));
                    segment["bri"] = value.clone();
                }
                "col" => segment["col"][0] = value[0].clone(),
                other => segment[other] = value.clone(),
            }
        }
        if let Some(on) = change.get("on") {
            segment["on"] = on.clone();
        }
    }
    after
}

/// Gives a command to a board that carries it out, and checks that this
/// confirms it. Returns the message, and the board afterwards.
#[expect(
    clippy::needless_pass_by_value,
    reason = "written as json! in each call"
)]
fn confirmed(before: &Value, method: &str, params: Value) -> (Value, Bench) {
    let mut bench = Bench::ready(before);
    let sent = bench.command(method, params.clone());
    let command = bench.requests;
    let taken = bench.text("pong");
    let pushed = bench.receive(&carried_out(before, &sent));
    assert!(
        taken.is_confirmed(command) || pushed.is_confirmed(command),
        "{params} became {sent}, and the board {:?}",
        bench.state("light:0")
    );
    (sent, bench)
}

fn light(before: &Value, params: Value) -> (Value, Bench) {
    confirmed(before, method::LIGHT_SET, params)
}

/// A board with one segment of these capabilities and this color.
pub(super) fn strip(capabilities: u8, color: &[u8]) -> Value {
    let mut one = segment(0);
    one["col"][0] = json!(color);
    let mut board = report(&[one]);
    board["info"]["leds"]["seglc"] = json!([capabilities]);
    board
}

#[test]
fn every_brightness_of_a_single_segment_is_confirmed_and_shown() {
    let mut dimmed = segment(0);
    dimmed["bri"] = json!(100);
    let before = report(&[dimmed]);
    for percent in 1..=100 {
        let (sent, bench) = light(&before, json!({ "id": 0, "brightness": percent }));
        assert_eq!(bench.field("light:0", "brightness"), json!(percent));
        assert_eq!(sent["seg"], json!([{ "id": 0, "bri": 255, "on": true }]));
    }
    let (sent, bench) = light(&before, json!({ "id": 0, "brightness": 0 }));
    assert_eq!(
        (sent, bench.field("light:0", "on")),
        (json!({ "on": false }), json!(false))
    );
}

#[test]
fn every_brightness_of_one_of_several_lights_is_confirmed_and_shown() {
    let before = report(&[segment(0), segment(1)]);
    for percent in 0..=100 {
        for id in [1, 1000] {
            let (_, bench) = light(&before, json!({ "id": id, "brightness": percent }));
            let key = format!("light:{id}");
            assert_eq!(bench.field(&key, "on"), json!(percent > 0));
            if percent > 0 {
                assert_eq!(bench.field(&key, "brightness"), json!(percent));
            }
        }
    }
}

#[test]
fn a_single_segment_is_switched_with_the_whole_strip() {
    let before = report(&[segment(0)]);
    let (sent, bench) = light(
        &before,
        json!({ "id": 0, "on": false, "transition_ms": 1_500 }),
    );
    assert_eq!(sent, json!({ "on": false, "tt": 15 }));
    assert_eq!(bench.field("light:0", "on"), json!(false));
    // Both its own switch and the whole strip's are off.
    let mut off = segment(0);
    off["on"] = json!(false);
    let mut before = report(&[off]);
    before["state"]["on"] = json!(false);
    let (sent, _) = light(&before, json!({ "id": 0, "on": true, "brightness": 100 }));
    assert_eq!(
        sent,
        json!({ "on": true, "bri": 255, "seg": [{ "id": 0, "on": true }] })
    );
}

#[test]
fn a_brightness_alone_does_not_switch_on() {
    let mut off = report(&[segment(0)]);
    off["state"]["on"] = json!(false);
    let (sent, bench) = light(&off, json!({ "id": 0, "brightness": 20 }));
    assert_eq!(sent, json!({ "bri": 51, "on": false }));
    assert_eq!(bench.field("light:0", "on"), json!(false));

    let mut dark = segment(1);
    dark["on"] = json!(false);
    let (sent, _) = light(
        &report(&[segment(0), dark]),
        json!({ "id": 1, "brightness": 20 }),
    );
    assert_eq!(
        sent,
        json!({ "seg": [{ "id": 1, "bri": 51, "on": false }] })
    );
}

#[test]
fn a_segment_that_is_switched_on_in_the_dark_is_the_only_one_that_lights_up() {
    let mut dark = report(&[segment(0), segment(1), segment(2)]);
    dark["state"]["on"] = json!(false);
    dark["state"]["seg"][2]["on"] = json!(false);
    let (sent, bench) = light(&dark, json!({ "id": 1, "on": true }));
    assert_eq!(
        sent,
        json!({ "on": true, "seg": [{ "id": 1, "on": true }, { "id": 0, "on": false }] })
    );
    let on = ["light:0", "light:1", "light:2"].map(|key| bench.field(key, "on"));
    assert_eq!(on, [false, true, false]);
    // Anything else leaves the whole strip off.
    let (sent, bench) = light(&dark, json!({ "id": 0, "rgb": [1, 2, 3] }));
    assert_eq!(sent, json!({ "seg": [{ "id": 0, "col": [[1, 2, 3]] }] }));
    assert_eq!(bench.field("light:0", "on"), json!(false));
    let (sent, _) = light(&dark, json!({ "id": 1000, "on": true }));
    assert_eq!(sent, json!({ "on": true }));
    // With the whole strip on, the others are not touched.
    let lit = report(&[segment(0), segment(1), segment(2)]);
    let (sent, _) = light(&lit, json!({ "id": 1, "on": true }));
    assert_eq!(sent, json!({ "seg": [{ "id": 1, "on": true }] }));
}

#[test]
fn colors_are_passed_on_unchanged() {
    let before = strip(1, &[255, 160, 0]);
    for rgb in [[0, 0, 0], [1, 2, 3], [255, 255, 255], [128, 0, 255]] {
        let (sent, bench) = light(&before, json!({ "id": 0, "rgb": rgb }));
        assert_eq!(sent, json!({ "seg": [{ "id": 0, "col": [rgb] }] }));
        assert_eq!(bench.field("light:0", "rgb"), json!(rgb));
    }
}

#[test]
fn the_white_channel_is_kept_and_set() {
    let before = strip(3, &[255, 160, 0, 40]);
    let (sent, _) = light(&before, json!({ "id": 0, "rgb": [1, 2, 3] }));
    assert_eq!(
        sent,
        json!({ "seg": [{ "id": 0, "col": [[1, 2, 3, 40]] }] })
    );
    let (sent, bench) = light(&before, json!({ "id": 0, "white": 200 }));
    assert_eq!(
        sent,
        json!({ "seg": [{ "id": 0, "col": [[255, 160, 0, 200]] }] })
    );
    assert_eq!(bench.field("light:0", "white"), json!(200));
}

#[test]
fn a_light_shows_a_color_or_a_color_temperature() {
    // Colors and a white channel whose temperature can be set.
    let before = strip(7, &[255, 160, 0, 0]);
    let (sent, bench) = light(&before, json!({ "id": 0, "ct_k": 3_000 }));
    assert_eq!(
        sent,
        json!({ "seg": [{ "id": 0, "cct": 34, "col": [[0, 0, 0, 255]] }] })
    );
    assert_eq!(bench.field("light:0", "ct_k"), json!(2_988));
    assert_eq!(bench.field("light:0", "rgb"), json!(null));
    let (sent, bench) = light(
        &strip(7, &[0, 0, 0, 90]),
        json!({ "id": 0, "rgb": [9, 8, 7] }),
    );
    assert_eq!(sent, json!({ "seg": [{ "id": 0, "col": [[9, 8, 7, 0]] }] }));
    assert_eq!(bench.field("light:0", "ct_k"), json!(null));
    // The white balance of a strip without a white channel.
    let (sent, bench) = light(&strip(5, &[255, 160, 0]), json!({ "id": 0, "ct_k": 1_900 }));
    assert_eq!(
        sent,
        json!({ "seg": [{ "id": 0, "cct": 0, "col": [[255, 255, 255]] }] })
    );
    assert_eq!(bench.field("light:0", "ct_k"), json!(1_900));
    // No colors at all.
    let (sent, bench) = light(
        &strip(6, &[0, 0, 0, 80]),
        json!({ "id": 0, "ct_k": 10_060 }),
    );
    assert_eq!(sent, json!({ "seg": [{ "id": 0, "cct": 255 }] }));
    assert_eq!(bench.field("light:0", "rgb"), json!("absent"));
    // Given both, the color takes precedence.
    let both = json!({ "id": 0, "ct_k": 3_000, "rgb": [9, 8, 7] });
    let (sent, _) = light(&strip(7, &[0, 0, 0, 90]), both);
    assert_eq!(sent, json!({ "seg": [{ "id": 0, "col": [[9, 8, 7, 0]] }] }));
}

#[test]
fn what_a_light_can_do_follows_from_its_capabilities() {
    let cases: [(u8, &[&str]); 6] = [
        (0, &[]),
        (1, &["brightness", "palettes", "rgb"]),
        (2, &["brightness", "white"]),
        (3, &["brightness", "palettes", "rgb", "white"]),
        (6, &["brightness", "ct_k", "white"]),
        (7, &["brightness", "ct_k", "palettes", "rgb", "white"]),
    ];
    for (bits, expected) in cases {
        let mut bench = Bench::ready(&strip(bits, &[0, 0, 0, 0]));
        let light = bench.components().swap_remove(0);
        let caps = serde_json::to_value(&light.caps).expect("JSON");
        let caps = caps.as_object().cloned().unwrap_or_default();
        let mut found: Vec<String> = caps.into_iter().map(|(field, _)| field).collect();
        found.retain(|field| field != "effects");
        found.sort();
        assert_eq!(found, expected, "{bits}");
        let state = bench.state("light:0");
        for field in ["brightness", "rgb", "white", "ct_k"] {
            assert_eq!(
                state.get(field).is_some(),
                expected.contains(&field),
                "{bits} {field}"
            );
        }
    }
}

#[test]
fn effects_and_palettes_are_called_by_name() {
    let before = report(&[segment(0)]);
    let (sent, bench) = light(
        &before,
        json!({ "id": 0, "effect": "Fire 2012", "palette": "Party" }),
    );
    assert_eq!(sent, json!({ "seg": [{ "id": 0, "fx": 5, "pal": 2 }] }));
    assert_eq!(bench.field("light:0", "effect"), json!("Fire 2012"));
    let (sent, _) = light(&before, json!({ "id": 0, "effect": "3" }));
    assert_eq!(sent, json!({ "seg": [{ "id": 0, "fx": 3 }] }));
    let mut bench = Bench::ready(&before);
    for effect in ["Nothing", "RSVD", "-", "2", "4", "99", "256", ""] {
        let refused = bench.request(method::LIGHT_SET, json!({ "id": 0, "effect": effect }));
        assert_eq!(
            refused.reason(bench.requests),
            Some("out_of_range"),
            "{effect}"
        );
    }
}

#[test]
fn other_components_have_commands_too() {
    let before = report(&[segment(0), segment(3)]);
    for (method, params, expected) in [
        (
            method::NUMBER_SET,
            json!({ "id": 48, "value": 200.4 }),
            json!({ "seg": [{ "id": 3, "sx": 200 }] }),
        ),
        (
            method::NUMBER_SET,
            json!({ "id": 49, "value": 0 }),
            json!({ "seg": [{ "id": 3, "ix": 0 }] }),
        ),
        (
            method::SWITCH_TOGGLE,
            json!({ "id": 0 }),
            json!({ "nl": { "on": true } }),
        ),
        (
            method::SWITCH_SET,
            json!({ "id": 1, "on": true }),
            json!({ "udpn": { "send": true } }),
        ),
        (
            method::SWITCH_SET,
            json!({ "id": 2, "on": false }),
            json!({ "udpn": { "recv": false, "rgrp": 0 } }),
        ),
        (
            method::SELECT_SET,
            json!({ "id": 0, "value": "Movie" }),
            json!({ "ps": 2 }),
        ),
        (
            method::SELECT_SET,
            json!({ "id": 0, "value": "9" }),
            json!({ "ps": 9 }),
        ),
        (method::DEVICE_REBOOT, json!({}), json!({ "rb": true })),
    ] {
        let mut bench = Bench::ready(&before);
        assert_eq!(bench.command(method, params), expected);
    }
    let mut playing = before.clone();
    playing["state"]["pl"] = json!(7);
    let mut bench = Bench::ready(&before);
    let sent = bench.command(
        method::SELECT_SET,
        json!({ "id": 1, "value": "Party loop" }),
    );
    assert_eq!(sent, json!({ "ps": 7 }));
    let command = bench.requests;
    bench.text(r#"{"success":true}"#);
    assert!(bench.receive(&playing).is_confirmed(command));
    assert_eq!(bench.field("select:1", "value"), json!("Party loop"));
}

#[test]
fn a_restart_is_confirmed_when_the_board_took_it() {
    let mut bench = Bench::ready(&report(&[segment(0)]));
    bench.command(method::DEVICE_REBOOT, json!({}));
    let command = bench.requests;
    assert!(bench.text(r#"{"success":true}"#).is_confirmed(command));
}

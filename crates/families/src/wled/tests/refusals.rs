//! Commands that are refused, and why.

use super::{commands::strip, *};

#[test]
fn what_wled_cannot_do_is_refused_with_a_reason() {
    let mut bench = Bench::ready(&report(&[segment(0), segment(1)]));
    for (method, params, reason) in [
        (
            method::DEVICE_SET_NAME,
            json!({ "name": "x" }),
            "no_such_method",
        ),
        (method::DEVICE_IDENTIFY, json!({}), "no_such_method"),
        (method::BUTTON_PRESS, json!({ "id": 0 }), "no_such_method"),
        (method::OTA_BEGIN, json!({}), "no_such_method"),
        (method::LIGHT_SET, json!({ "id": 0 }), "missing"),
        (
            method::LIGHT_SET,
            json!({ "id": 0, "transition_ms": 5 }),
            "missing",
        ),
        (method::LIGHT_SET, json!({ "on": true }), "bad_params"),
        (
            method::LIGHT_SET,
            json!({ "id": 0, "white": 256 }),
            "bad_params",
        ),
        (
            method::LIGHT_SET,
            json!({ "id": 0, "brightness": 101 }),
            "out_of_range",
        ),
        (
            method::LIGHT_SET,
            json!({ "id": 0, "on": true, "transition_ms": 10_001 }),
            "out_of_range",
        ),
        (
            method::LIGHT_SET,
            json!({ "id": 0, "ct_k": 3_000 }),
            "not_supported",
        ),
        (
            method::LIGHT_SET,
            json!({ "id": 0, "white": 1 }),
            "not_supported",
        ),
        (
            method::LIGHT_SET,
            json!({ "id": 1000, "rgb": [1, 2, 3] }),
            "not_supported",
        ),
        (
            method::LIGHT_SET,
            json!({ "id": 2, "on": true }),
            "not_found",
        ),
        (
            method::NUMBER_SET,
            json!({ "id": 2, "value": 1 }),
            "not_found",
        ),
        (
            method::NUMBER_SET,
            json!({ "id": 32, "value": 1 }),
            "not_found",
        ),
        (
            method::NUMBER_SET,
            json!({ "id": 0, "value": 255.6 }),
            "out_of_range",
        ),
        (
            method::NUMBER_SET,
            json!({ "id": 0, "value": -1 }),
            "out_of_range",
        ),
        (
            method::SELECT_SET,
            json!({ "id": 0, "value": "251" }),
            "out_of_range",
        ),
        (
            method::SELECT_SET,
            json!({ "id": 0, "value": "Nothing" }),
            "out_of_range",
        ),
        (
            method::SELECT_SET,
            json!({ "id": 2, "value": "Movie" }),
            "not_found",
        ),
        (
            method::SWITCH_SET,
            json!({ "id": 3, "on": true }),
            "not_found",
        ),
    ] {
        let done = bench.request(method, params.clone());
        assert_eq!(
            done.reason(bench.requests),
            Some(reason),
            "{method} {params}"
        );
        assert_eq!((done.sent.len(), done.pings), (0, 0), "{method} {params}");
    }
    let mut white = Bench::ready(&strip(2, &[0, 0, 0, 9]));
    for params in [
        json!({ "id": 0, "rgb": [1, 2, 3] }),
        json!({ "id": 0, "palette": "Party" }),
    ] {
        let done = white.request(method::LIGHT_SET, params);
        assert_eq!(done.reason(white.requests), Some("not_supported"));
    }
}

#[test]
fn a_command_that_does_not_fit_into_one_segment_of_tcp_is_refused() {
    let segments: Vec<Value> = (0..32).map(|at| segment(900 + at)).collect();
    let mut dark = report(&segments);
    dark["state"]["on"] = json!(false);
    // On an ESP32 it fits.
    Bench::ready(&dark).command(method::LIGHT_SET, json!({ "id": 900, "on": true }));
    dark["info"]["arch"] = json!("esp8266");
    let mut bench = Bench::ready(&dark);
    let done = bench.request(method::LIGHT_SET, json!({ "id": 900, "on": true }));
    let Some(Err(error)) = done.outcome(bench.requests) else {
        unreachable!("it is refused")
    };
    assert_eq!(error.data.reason, "too_large");
    assert!(error.message.contains("at most 500"), "{}", error.message);
    assert_eq!(done.sent, [json!(null); 0]);
}

#[test]
fn too_many_commands_are_refused() {
    let segments: Vec<Value> = (0..64).map(segment).collect();
    let mut bench = Bench::ready(&report(&segments));
    let mut refused = 0;
    for id in (0..64).chain(0..64) {
        let done = bench.request(method::LIGHT_SET, json!({ "id": id, "on": false }));
        refused += usize::from(done.reason(bench.requests) == Some("too_many_commands"));
    }
    assert_eq!(refused, 128 - 65, "one is on its way and 64 wait");
}

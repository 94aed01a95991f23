//! What is not done, and that the refusal says what would be.

use std::time::Duration;

use protocol::{Code, FromBoard, Id, Response, RpcError, limits, method};
use serde_json::{Value, json};
use switchboard_board::Outgoing;

use crate::fixtures::{
    Received, answer, board, connected, everything, key, ms, state, subscriber, take,
};

const T0: Duration = Duration::ZERO;

/// The refusal of one request, on a board with one of each kind where nothing
/// may have changed.
fn refusal(method: &str, params: Value) -> RpcError {
    let mut board = board(everything());
    let (client, before) = subscriber(&mut board);
    let settings = board.hardware().outputs.len();
    let error = answer(&mut board, T0, client, method, params).error();
    let after = answer(&mut board, T0, client, method::DEVICE_GET_STATUS, json!({})).result();
    assert_eq!(
        after["seq"],
        json!(before.seq),
        "a refused command changed something"
    );
    assert_eq!(
        board.hardware().outputs.len(),
        settings,
        "a refused command reached the hardware"
    );
    error
}

fn assert_refused(method: &str, params: Value, code: Code, reason: &str, message: &str) {
    let error = refusal(method, params);
    assert_eq!(
        (
            error.code,
            error.data.reason.as_str(),
            error.message.as_str()
        ),
        (code, reason, message)
    );
}

#[test]
fn a_value_out_of_range_is_refused_with_the_range() {
    use Code::InvalidParams as Bad;
    let refused =
        |params, message| assert_refused(method::LIGHT_SET, params, Bad, "out_of_range", message);
    refused(
        json!({ "id": 0, "brightness": 150 }),
        "brightness is 0 to 100 %, not 150",
    );
    refused(
        json!({ "id": 0, "brightness": -1 }),
        "brightness is 0 to 100 %, not -1",
    );
    refused(
        json!({ "id": 0, "brightness": 1e300 }),
        "brightness is 0 to 100 %, not 1e+300",
    );
    refused(
        json!({ "id": 0, "ct_k": 2199 }),
        "ct_k is 2200 to 6500 K, not 2199",
    );
    refused(
        json!({ "id": 0, "on": true, "transition_ms": 10_001 }),
        "transition_ms is 0 to 10000 ms, not 10001",
    );
    let rgb = "rgb is a list of red, green and blue, 0 to 255 each, for example [255,120,0]; it \
         cannot have 256";
    refused(json!({ "id": 0, "rgb": [0, 256, 0] }), rgb);
    refused(
        json!({ "id": 0, "rgb": [0, 0] }),
        "rgb is a list of red, green and blue, 0 to 255 each, for example [255,120,0], not [0,0]",
    );
    let brightness = "brightness is a whole number from 0 to 100, not 0.5";
    refused(json!({ "id": 0, "brightness": 0.5 }), brightness);
    let number = "value is 0 to 10, not 10.5";
    assert_refused(
        method::NUMBER_SET,
        json!({ "id": 0, "value": 10.5 }),
        Bad,
        "out_of_range",
        number,
    );
}

#[test]
fn a_value_of_the_wrong_type_is_refused_with_the_right_one() {
    use Code::InvalidParams as Bad;
    let refused =
        |method, params, message| assert_refused(method, params, Bad, "wrong_type", message);
    refused(
        method::SWITCH_SET,
        json!({ "id": 0, "on": "yes" }),
        "on is true or false, not \"yes\"",
    );
    refused(
        method::SWITCH_SET,
        json!({ "id": 0, "on": 1 }),
        "on is true or false, not 1",
    );
    let brightness = "brightness is a whole number from 0 to 100, not \"60\"";
    refused(
        method::LIGHT_SET,
        json!({ "id": 0, "brightness": "60" }),
        brightness,
    );
    refused(
        method::NUMBER_SET,
        json!({ "id": 0, "value": "5" }),
        "value is a number, not \"5\"",
    );
    refused(
        method::TEXT_SET,
        json!({ "id": 0, "value": 5 }),
        "value is a text, not 5",
    );
    let id = "id is the number in the component's key, a whole number, not \"light:0\"";
    refused(
        method::LIGHT_SET,
        json!({ "id": "light:0", "on": true }),
        id,
    );
}

#[test]
fn a_missing_parameter_is_named() {
    use Code::InvalidParams as Bad;
    let refused = |method, params, message| assert_refused(method, params, Bad, "missing", message);
    let id = "Switch.Set needs id: the number in the component's key, a whole number";
    refused(method::SWITCH_SET, json!({ "on": true }), id);
    refused(
        method::SWITCH_SET,
        json!({ "id": 0 }),
        "Switch.Set needs on: true or false",
    );
    let light = "Light.Set needs something to change: on, brightness, rgb, ct_k or effect";
    refused(
        method::LIGHT_SET,
        json!({ "id": 0, "transition_ms": 100 }),
        light,
    );
    refused(method::LIGHT_SET, json!({ "id": 0, "on": null }), light);
    refused(
        method::DEVICE_SET_NAME,
        json!({}),
        "Device.SetName needs name: 1 to 63 bytes of UTF-8",
    );
}

#[test]
fn an_unknown_component_is_refused_with_the_known_ones() {
    use Code::NotFound;
    let refused =
        |method, params, message| assert_refused(method, params, NotFound, "not_found", message);
    refused(
        method::LIGHT_SET,
        json!({ "id": 3, "on": true }),
        "no light:3; this board has light:0",
    );
    refused(
        method::SWITCH_TOGGLE,
        json!({ "id": 7 }),
        "no switch:7; this board has switch:0, switch:1",
    );
    let far = "no switch:18446744073709551615; this board has switch:0, switch:1";
    refused(method::SWITCH_TOGGLE, json!({ "id": u64::MAX }), far);
}

#[test]
fn a_light_refuses_what_it_does_not_support() {
    let mut plan = everything();
    for component in &mut plan.components {
        if component.descriptor.key == key("light:0") {
            component.descriptor.caps = protocol::Caps::default();
            component.state = state(json!({ "on": false }));
        }
    }
    let mut board = board(plan);
    let client = connected(&mut board);
    let error = answer(
        &mut board,
        T0,
        client,
        method::LIGHT_SET,
        json!({ "id": 0, "brightness": 5 }),
    )
    .error();
    assert_eq!(
        (error.code, error.data.reason.as_str()),
        (Code::InvalidParams, "not_supported")
    );
    assert_eq!(error.message, "light:0 has no brightness; it has on");
}

#[test]
fn an_unknown_option_is_refused_with_the_options() {
    let options = "value is one of \"slow\", \"fast\", not \"Fast\"";
    let params = json!({ "id": 0, "value": "Fast" });
    assert_refused(
        method::SELECT_SET,
        params,
        Code::InvalidParams,
        "not_an_option",
        options,
    );
    let effects = "effect is one of \"none\", \"candle\", not \"disco\"";
    let params = json!({ "id": 0, "effect": "disco" });
    assert_refused(
        method::LIGHT_SET,
        params,
        Code::InvalidParams,
        "not_an_option",
        effects,
    );
    let events = "event is one of \"press\", \"double_press\", \"long_press\", not \"hug\"";
    let params = json!({ "id": 0, "event": "hug" });
    assert_refused(
        method::BUTTON_PRESS,
        params,
        Code::InvalidParams,
        "not_an_option",
        events,
    );
}

#[test]
fn a_value_other_than_text_has_the_wrong_type() {
    let options = "value is one of \"slow\", \"fast\", not 0";
    let params = json!({ "id": 0, "value": 0 });
    assert_refused(
        method::SELECT_SET,
        params,
        Code::InvalidParams,
        "wrong_type",
        options,
    );
    let effects = "effect is one of \"none\", \"candle\", not true";
    let params = json!({ "id": 0, "effect": true });
    assert_refused(
        method::LIGHT_SET,
        params,
        Code::InvalidParams,
        "wrong_type",
        effects,
    );
}

#[test]
fn a_text_is_one_line_of_at_most_255_bytes() {
    let refused = |value: String, reason| {
        let error = refusal(method::TEXT_SET, json!({ "id": 0, "value": value }));
        assert_eq!(
            (error.code, error.data.reason.as_str()),
            (Code::InvalidParams, reason)
        );
    };
    refused("ä".repeat(128), "out_of_range");
    refused("two\nlines".into(), "control_character");
}

#[test]
fn a_name_has_1_to_63_bytes_and_no_control_characters() {
    let refused = |name: String, reason| {
        let error = refusal(method::DEVICE_SET_NAME, json!({ "name": name }));
        assert_eq!(
            (error.code, error.data.reason.as_str()),
            (Code::InvalidParams, reason)
        );
    };
    refused(String::new(), "out_of_range");
    refused("x".repeat(64), "out_of_range");
    refused("bell\u{7}".into(), "control_character");
}

#[test]
fn an_unknown_method_is_refused_with_those_of_its_namespace() {
    use Code::MethodNotFound;
    let message = "no method Switch.Flip; this board has Switch.Set, Switch.Toggle";
    assert_refused(
        "Switch.Flip",
        json!({}),
        MethodNotFound,
        "no_such_method",
        message,
    );
    let error = refusal("Disco.Start", json!({}));
    assert!(
        error
            .message
            .ends_with("Select.…, Text.…, Button.…, Ota.…, Log.…, Clients.…, Keys.…, Outbound.…"),
        "{}",
        error.message
    );
}

#[test]
fn an_output_that_the_hardware_refuses_keeps_its_state() {
    let mut board = board(everything());
    let (client, _) = subscriber(&mut board);
    board.hardware_mut().stuck = vec![key("switch:1"), key("light:0")];
    let error = answer(
        &mut board,
        T0,
        client,
        method::SWITCH_SET,
        json!({ "id": 1, "on": true }),
    )
    .error();
    assert_eq!(
        (error.code, error.message.as_str()),
        (Code::FailedPrecondition, "switch:1 is locked by hand")
    );
    let fade = json!({ "id": 0, "on": true, "transition_ms": 500 });
    assert_eq!(
        answer(&mut board, T0, client, method::LIGHT_SET, fade)
            .error()
            .data
            .reason,
        "interlock"
    );
    assert_eq!(
        board.next_deadline(),
        Some(limits::BOARD_PINGS_AFTER),
        "no fade began"
    );
    let status = answer(&mut board, T0, client, method::DEVICE_GET_STATUS, json!({})).result();
    assert_eq!(
        (&status["switch:1"]["on"], &status["light:0"]["on"]),
        (&json!(false), &json!(false))
    );
    assert!(
        board
            .observe(
                T0,
                &key("switch:1"),
                state(json!({ "on": true })),
                protocol::Source::Physical
            )
            .is_err()
    );
}

#[test]
fn changes_at_the_board_are_checked_too() {
    let mut board = board(everything());
    let mut refused = |component: &str, change| {
        board
            .observe(
                T0,
                &key(component),
                state(change),
                protocol::Source::Physical,
            )
            .unwrap_err()
            .data
            .reason
    };
    assert_eq!(refused("switch:9", json!({ "on": true })), "not_found");
    assert_eq!(refused("switch:0", json!({ "value": 1 })), "not_supported");
    assert_eq!(refused("number:0", json!({ "min": -5 })), "not_supported");
    assert_eq!(refused("button:0", json!({ "on": true })), "not_supported");
    assert_eq!(
        refused("sensor:0", json!({ "value": "warm" })),
        "wrong_type"
    );
    assert_eq!(
        refused("valve:0", json!({ "note": "x".repeat(300) })),
        "too_large"
    );
    assert_eq!(
        board
            .press(T0, &key("button:3"), "press")
            .unwrap_err()
            .message,
        "no button:3; this board has button:0"
    );
    assert_eq!(
        board
            .press(T0, &key("switch:0"), "press")
            .unwrap_err()
            .data
            .reason,
        "not_found"
    );
    assert_eq!(
        board
            .press(T0, &key("button:0"), "hug")
            .unwrap_err()
            .data
            .reason,
        "not_an_option"
    );
    assert_eq!(board.next_deadline(), None, "nothing was gathered");
}

#[test]
fn a_malformed_message_gets_an_error_and_the_client_stays_connected() {
    let nested = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"Sys.Ping\",\"params\":{}{}}}",
        "[".repeat(40),
        "]".repeat(40)
    );
    let large = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"Sys.Ping\",\"params\":{{\"x\":\"{}\"}}}}",
        "y".repeat(3000)
    );
    let long_id = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":\"{}\",\"method\":\"Sys.Ping\"}}",
        "\\u0000".repeat(300)
    );
    let messages = [
        ("", -32700, "not_json"),
        ("{", -32700, "not_json"),
        ("\u{0}", -32700, "not_json"),
        (nested.as_str(), -32700, "nested_too_deeply"),
        ("[]", -32600, "batch"),
        (
            "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"Sys.Ping\"}]",
            -32600,
            "batch",
        ),
        ("null", -32600, "not_an_object"),
        ("{\"id\":1,\"method\":\"Sys.Ping\"}", -32600, "not_json_rpc"),
        ("{\"jsonrpc\":\"2.0\",\"id\":1}", -32600, "no_method"),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"Sys.Ping\"}",
            -32600,
            "bad_id",
        ),
        (long_id.as_str(), -32600, "bad_id"),
        (large.as_str(), -32600, "too_large"),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"Sys.Ping\",\"params\":[1]}",
            -32602,
            "params_not_by_name",
        ),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"sys.ping\"}",
            -32601,
            "no_such_method",
        ),
    ];
    let mut board = board(everything());
    let client = connected(&mut board);
    for (message, code, reason) in messages {
        board.receive(T0, client, message);
        let Some(Received::Answer(Response {
            outcome: Err(error),
            ..
        })) = take(&mut board, T0, client).pop()
        else {
            panic!("no error for {message}")
        };
        assert_eq!(
            (i32::from(error.code), error.data.reason.as_str()),
            (code, reason),
            "{message}"
        );
        let by_post = board.call(T0, message).unwrap();
        assert!(by_post.len() <= limits::MESSAGE_OUT_OF_BOARD);
        assert!(by_post.contains(reason), "{by_post}");
    }
    assert!(matches!(
        answer(&mut board, T0, client, method::SYS_PING, json!({})),
        Received::Answer(_)
    ));
}

#[test]
fn a_notification_is_carried_out_without_a_response() {
    let mut board = board(everything());
    let client = connected(&mut board);
    board.receive(
        T0,
        client,
        "{\"jsonrpc\":\"2.0\",\"method\":\"Switch.Set\",\"params\":{\"id\":0,\"on\":true}}",
    );
    board.receive(T0, client, "{\"jsonrpc\":\"2.0\",\"method\":\"No.Such\"}");
    board.receive(
        T0,
        client,
        "{\"jsonrpc\":\"2.0\",\"method\":\"Switch.Set\",\"params\":[0,true]}",
    );
    assert_eq!(take(&mut board, T0, client), []);
    assert_eq!(
        board.call(T0, "{\"jsonrpc\":\"2.0\",\"method\":\"Sys.Ping\"}"),
        None
    );
    let status = answer(&mut board, T0, client, method::DEVICE_GET_STATUS, json!({})).result();
    assert_eq!(status["switch:0"]["on"], json!(true));
}

#[test]
fn null_parameters_count_as_none() {
    let mut board = board(everything());
    let client = connected(&mut board);
    board.receive(
        ms(1234),
        client,
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"Sys.Ping\",\"params\":[]}",
    );
    assert_eq!(
        take(&mut board, ms(1234), client).pop().unwrap().result(),
        json!({ "uptime_ms": 1234 })
    );
}

#[test]
fn a_response_repeats_the_id_unchanged() {
    let mut board = board(everything());
    let client = connected(&mut board);
    for (id, expected) in [
        ("7", Id::Number(7)),
        ("-1", Id::Number(-1)),
        ("\"seven\"", Id::Text("seven".into())),
    ] {
        board.receive(
            T0,
            client,
            &format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"Sys.Ping\"}}"),
        );
        let Some(Outgoing::Text(text)) = board.next_outgoing(T0, client) else {
            panic!("no answer")
        };
        let FromBoard::Response(response) = FromBoard::parse(&text).unwrap() else {
            panic!("no answer: {text}")
        };
        assert_eq!(response.id, Some(expected));
    }
}

#[test]
fn a_fifth_controller_is_refused_and_four_stay_connected() {
    let mut board = board(everything());
    let four: Vec<_> = (0..4).map(|_| subscriber(&mut board).0).collect();
    let error = board.connect(T0).unwrap_err();
    assert_eq!(
        (error.code, error.data.reason.as_str()),
        (Code::ResourceExhausted, "all_places_taken")
    );
    assert!(
        error
            .message
            .starts_with("all 4 places for controllers are taken"),
        "{}",
        error.message
    );
    answer(
        &mut board,
        T0,
        four[0],
        method::SWITCH_TOGGLE,
        json!({ "id": 0 }),
    );
    for client in &four[1..] {
        assert_eq!(take(&mut board, T0, *client).len(), 1);
    }
    board.disconnect(ms(0), four[2]);
    let fifth = board.connect(T0).unwrap();
    assert!(!four.contains(&fifth), "numbers are not used again");
}

#[test]
fn subscribing_over_post_is_refused_with_an_alternative() {
    let mut board = board(everything());
    let answer = board
        .call(
            T0,
            &crate::fixtures::request(method::DEVICE_SUBSCRIBE, &json!({})),
        )
        .unwrap();
    assert!(answer.contains("needs_a_websocket"), "{answer}");
}

/// docs/protocol.md, "Errors", for every parameter that there is and every kind
/// of value: what counts is the type of JSON first, then whether the value is
/// accepted.
#[test]
fn each_parameter_is_refused_with_the_specified_reason() {
    const TEXTS: [&str; 2] = ["\"60\"", "\"\""];
    const OTHERS: [&str; 4] = ["true", "[]", "{}", "[60]"];
    let fraction = ["0.5", "1e-9", "-0.5"];
    let number = |method: &str, base: &str, name: &str, refused: &[&str], reason: &str| {
        let mut all = Vec::new();
        let mut push = |value: &str, reason: &str| {
            all.push((
                method.to_owned(),
                base.to_owned(),
                name.to_owned(),
                value.to_owned(),
                reason.to_owned(),
            ));
        };
        TEXTS
            .iter()
            .chain(&OTHERS)
            .for_each(|value| push(value, "wrong_type"));
        fraction
            .iter()
            .for_each(|value| push(value, "out_of_range"));
        refused.iter().for_each(|value| push(value, reason));
        all
    };
    let mut all = Vec::new();
    for (method, base) in [
        (method::SWITCH_SET, r#""on":true"#),
        (method::SWITCH_TOGGLE, r#""x":1"#),
        (method::LIGHT_SET, r#""on":true"#),
        (method::NUMBER_SET, r#""value":5"#),
        (method::SELECT_SET, r#""value":"slow""#),
        (method::TEXT_SET, r#""value":"a""#),
        (method::BUTTON_PRESS, r#""event":"press""#),
    ] {
        all.extend(number(
            method,
            base,
            "id",
            &["-1", "9", "65536", "1e300", "-1e300"],
            "not_found",
        ));
    }
    let light = |name, refused: &[&str]| {
        number(
            method::LIGHT_SET,
            r#""id":0"#,
            name,
            refused,
            "out_of_range",
        )
    };
    all.extend(light("brightness", &["-1", "101", "60.5", "1e300"]));
    all.extend(light("ct_k", &["0", "2199", "6501", "3000.5"]));
    all.extend(number(
        method::LIGHT_SET,
        r#""id":0,"on":true"#,
        "transition_ms",
        &["-1", "10001", "100.5"],
        "out_of_range",
    ));
    all.extend(number(
        method::DEVICE_GET_COMPONENTS,
        r#""x":1"#,
        "offset",
        &["-1"],
        "out_of_range",
    ));
    all.extend(number(
        method::DEVICE_GET_COMPONENTS,
        r#""x":1"#,
        "limit",
        &["0", "-1"],
        "out_of_range",
    ));
    all.extend(number(
        method::CLIENTS_LIST,
        r#""x":1"#,
        "offset",
        &["-1"],
        "out_of_range",
    ));
    all.extend(number(
        method::CLIENTS_LIST,
        r#""x":1"#,
        "limit",
        &["0", "-1"],
        "out_of_range",
    ));
    all.extend(number(
        method::CLIENTS_CLOSE,
        r#""x":1"#,
        "id",
        &["9", "5000000000", "1e300"],
        "not_found",
    ));
    let mut texts = |method: &str, base: &str, name: &str, refused: &[(&str, &str)]| {
        let refused = refused.iter().copied();
        for (value, reason) in ["1", "0.5", "true", "[]", "{}"]
            .map(|value| (value, "wrong_type"))
            .into_iter()
            .chain(refused)
        {
            all.push((
                method.to_owned(),
                base.to_owned(),
                name.to_owned(),
                value.to_owned(),
                reason.to_owned(),
            ));
        }
    };
    let long = format!("\"{}\"", "x".repeat(256));
    texts(
        method::LIGHT_SET,
        r#""id":0"#,
        "effect",
        &[("\"disco\"", "not_an_option"), ("\"\"", "not_an_option")],
    );
    texts(
        method::SELECT_SET,
        r#""id":0"#,
        "value",
        &[("\"fas\"", "not_an_option")],
    );
    texts(
        method::TEXT_SET,
        r#""id":0"#,
        "value",
        &[(&long, "out_of_range"), (r#""a\nb""#, "control_character")],
    );
    texts(
        method::BUTTON_PRESS,
        r#""id":0"#,
        "event",
        &[("\"hug\"", "not_an_option")],
    );
    texts(
        method::LOG_SUBSCRIBE,
        r#""x":1"#,
        "level",
        &[("\"loud\"", "not_an_option")],
    );
    let name = [
        ("\"\"", "out_of_range"),
        (long.as_str(), "out_of_range"),
        (r#""a\u0007""#, "control_character"),
    ];
    texts(method::DEVICE_SET_NAME, r#""x":1"#, "name", &name);
    let mut others = |method: &str, base: &str, name: &str, refused: &[(&str, &str)]| {
        for (value, reason) in refused {
            all.push((
                method.to_owned(),
                base.to_owned(),
                name.to_owned(),
                (*value).to_owned(),
                (*reason).to_owned(),
            ));
        }
    };
    for (method, base) in [
        (method::SWITCH_SET, r#""id":0"#),
        (method::LIGHT_SET, r#""id":0"#),
    ] {
        others(
            method,
            base,
            "on",
            &[
                ("0", "wrong_type"),
                ("\"on\"", "wrong_type"),
                ("[]", "wrong_type"),
                ("1.5", "wrong_type"),
            ],
        );
    }
    let wrong = [
        "[1,2,\"3\"]",
        "\"#ff0000\"",
        "{}",
        "7",
        "[null,0,0]",
        "[300,\"x\"]",
    ]
    .map(|value| (value, "wrong_type"));
    others(method::LIGHT_SET, r#""id":0"#, "rgb", &wrong);
    let range = [
        "[1,2]",
        "[]",
        "[1,2,3,4]",
        "[0,0,256]",
        "[0,-1,0]",
        "[1,2.5,3]",
    ]
    .map(|value| (value, "out_of_range"));
    others(method::LIGHT_SET, r#""id":0"#, "rgb", &range);
    let value = [
        ("\"5\"", "wrong_type"),
        ("true", "wrong_type"),
        ("10.5", "out_of_range"),
        ("-1", "out_of_range"),
        ("1e300", "out_of_range"),
    ];
    others(method::NUMBER_SET, r#""id":0"#, "value", &value);
    // What is needed and not there, or null.
    for (method, base, name) in [
        (method::SWITCH_SET, r#""on":true"#, "id"),
        (method::SWITCH_SET, r#""id":0"#, "on"),
        (method::LIGHT_SET, r#""id":0"#, "on"),
        (method::NUMBER_SET, r#""id":0"#, "value"),
        (method::SELECT_SET, r#""id":0"#, "value"),
        (method::TEXT_SET, r#""id":0"#, "value"),
        (method::DEVICE_SET_NAME, r#""x":1"#, "name"),
        (method::CLIENTS_CLOSE, r#""x":1"#, "id"),
    ] {
        others(method, base, name, &[("null", "missing")]);
    }
    let mut board = board(everything());
    let client = connected(&mut board);
    for (method, base, name, value, reason) in all {
        let request = format!(
            r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{{{base},"{name}":{value}}}}}"#
        );
        board.receive(T0, client, &request);
        let got = take(&mut board, T0, client);
        let [Received::Answer(response)] = got.as_slice() else {
            panic!("{request}: {got:?}")
        };
        let error = response.outcome.clone().expect_err(&request);
        let code = if reason == "not_found" {
            Code::NotFound
        } else {
            Code::InvalidParams
        };
        assert_eq!(
            (error.code, error.data.reason.as_str()),
            (code, reason.as_str()),
            "{request}"
        );
    }
}

#[test]
fn the_type_of_a_field_that_a_light_lacks_is_checked_first() {
    let mut plan = everything();
    for component in &mut plan.components {
        if component.descriptor.key == key("light:0") {
            component.descriptor.caps = protocol::Caps::default();
            component.state = state(json!({ "on": false }));
        }
    }
    let mut board = board(plan);
    let client = connected(&mut board);
    for (field, value, reason) in [
        ("brightness", json!(5), "not_supported"),
        ("brightness", json!(500.5), "not_supported"),
        ("brightness", json!("5"), "wrong_type"),
        ("ct_k", json!(3_000), "not_supported"),
        ("ct_k", json!([3_000]), "wrong_type"),
        ("rgb", json!([0, 0, 0]), "not_supported"),
        ("rgb", json!("red"), "wrong_type"),
        ("effect", json!("candle"), "not_supported"),
        ("effect", json!(1), "wrong_type"),
    ] {
        let params = json!({ "id": 0, field: value });
        let error = answer(&mut board, T0, client, method::LIGHT_SET, params.clone()).error();
        assert_eq!(
            (error.code, error.data.reason.as_str()),
            (Code::InvalidParams, reason),
            "{params}"
        );
    }
}

#[test]
fn a_page_beyond_the_end_is_empty() {
    let mut board = board(everything());
    let client = connected(&mut board);
    for offset in [
        json!(1_000),
        json!(5_000_000_000_u64),
        json!(u64::MAX),
        json!(1e300),
    ] {
        for method in [method::DEVICE_GET_COMPONENTS, method::CLIENTS_LIST] {
            let page = answer(&mut board, T0, client, method, json!({ "offset": offset })).result();
            let list = page.get("components").or(page.get("clients"));
            assert_eq!(list, Some(&json!([])), "{method} {offset}");
        }
    }
}

//! Every parameter and type of value, as docs/protocol.md specifies them.

use protocol::{Code, method};
use serde_json::json;

use super::T0;
use crate::fixtures::{Received, answer, board, connected, everything, key, state, take};

/// docs/protocol.md, "Errors", for every parameter and every type of value: the
/// JSON type is checked first, then the value.
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
        (method::COVER_OPEN, r#""x":1"#),
        (method::COVER_CLOSE, r#""x":1"#),
        (method::COVER_STOP, r#""x":1"#),
        (method::COVER_SET, r#""position":50"#),
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
        method::COVER_SET,
        r#""id":0"#,
        "position",
        &["-1", "101", "60.5", "1e300"],
        "out_of_range",
    ));
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
    // Required parameters that are missing or null.
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
        let [Received::Response(response)] = got.as_slice() else {
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

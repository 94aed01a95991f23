//! Commands with invalid parameters: each must be refused with the right reason
//! and change nothing. Runs only if the user allows changes, because a
//! nonconforming board might carry them out.

use serde_json::{Value, json};

use super::{
    exchanges,
    finding::{Point, Report},
    queries::BoardFacts,
    session::{RpcSession, request},
};

const PARAMETERS: Point = Point {
    section: "Commands",
    name: "parameters that a component does not accept",
    expected: "-32602 with missing, wrong_type, out_of_range (fractions too), not_an_option, \
         not_supported or control_character",
};

/// All points of this module.
pub(super) const POINTS: &[Point] = &[PARAMETERS];

/// The commands that a component of this kind must refuse, and the reasons
/// (docs/protocol.md, "Errors"): for each parameter another JSON type, then
/// values out of range. `id` defaults to the component's.
fn wrong(
    kind: &str,
    description: &Value,
    state: &Value,
) -> Vec<(&'static str, Value, &'static str)> {
    let caps = &description["caps"];
    match kind {
        "switch" => vec![
            ("Switch.Set", json!({}), "missing"),
            ("Switch.Set", json!({ "on": null }), "missing"),
            ("Switch.Set", json!({ "on": "true" }), "wrong_type"),
            ("Switch.Set", json!({ "on": 1 }), "wrong_type"),
            ("Switch.Set", json!({ "on": [] }), "wrong_type"),
            ("Switch.Set", json!({ "on": true, "id": "0" }), "wrong_type"),
            (
                "Switch.Set",
                json!({ "on": true, "id": 0.5 }),
                "out_of_range",
            ),
            ("Switch.Set", json!({ "on": true, "id": -1 }), "not_found"),
            ("Switch.Toggle", json!({ "id": 0.5 }), "out_of_range"),
            ("Switch.Toggle", json!({ "id": null }), "missing"),
        ],
        "light" => light(caps),
        "number" => {
            let mut all = vec![
                ("Number.Set", json!({}), "missing"),
                ("Number.Set", json!({ "value": "5" }), "wrong_type"),
                ("Number.Set", json!({ "value": true }), "wrong_type"),
                (
                    "Number.Set",
                    json!({ "value": state["value"], "id": 0.5 }),
                    "out_of_range",
                ),
            ];
            if let Some(most) = state["max"].as_f64() {
                all.push(("Number.Set", json!({ "value": most + 1.0 }), "out_of_range"));
            }
            if let Some(least) = state["min"].as_f64() {
                all.push((
                    "Number.Set",
                    json!({ "value": least - 0.5 }),
                    "out_of_range",
                ));
            }
            all
        }
        "select" => vec![
            ("Select.Set", json!({}), "missing"),
            ("Select.Set", json!({ "value": 0 }), "wrong_type"),
            ("Select.Set", json!({ "value": [] }), "wrong_type"),
            (
                "Select.Set",
                json!({ "value": "no such option" }),
                "not_an_option",
            ),
            (
                "Select.Set",
                json!({ "value": state["value"], "id": 0.5 }),
                "out_of_range",
            ),
        ],
        "text" => vec![
            ("Text.Set", json!({}), "missing"),
            ("Text.Set", json!({ "value": 1 }), "wrong_type"),
            ("Text.Set", json!({ "value": true }), "wrong_type"),
            (
                "Text.Set",
                json!({ "value": "x".repeat(256) }),
                "out_of_range",
            ),
            (
                "Text.Set",
                json!({ "value": "two\nlines" }),
                "control_character",
            ),
            (
                "Text.Set",
                json!({ "value": state["value"], "id": 0.5 }),
                "out_of_range",
            ),
        ],
        "cover" => cover(caps),
        "button" => vec![
            (
                "Button.Press",
                json!({ "event": "no such event" }),
                "not_an_option",
            ),
            ("Button.Press", json!({ "event": 1 }), "wrong_type"),
            ("Button.Press", json!({ "event": [] }), "wrong_type"),
            ("Button.Press", json!({ "id": 0.5 }), "out_of_range"),
        ],
        _ => Vec::new(),
    }
}

/// [`wrong`] for a cover. None of these moves it.
fn cover(caps: &Value) -> Vec<(&'static str, Value, &'static str)> {
    let mut all = vec![
        ("Cover.Open", json!({ "id": 0.5 }), "out_of_range"),
        ("Cover.Close", json!({ "id": "0" }), "wrong_type"),
        ("Cover.Stop", json!({ "id": null }), "missing"),
        ("Cover.Set", json!({}), "missing"),
        ("Cover.Set", json!({ "position": null }), "missing"),
        ("Cover.Set", json!({ "position": "50" }), "wrong_type"),
        ("Cover.Set", json!({ "position": [50] }), "wrong_type"),
        ("Cover.Set", json!({ "position": 101 }), "out_of_range"),
        ("Cover.Set", json!({ "position": -1 }), "out_of_range"),
        ("Cover.Set", json!({ "position": 60.5 }), "out_of_range"),
    ];
    if caps["position"] != true {
        all.push(("Cover.Set", json!({ "position": 50 }), "not_supported"));
    }
    all
}

/// [`wrong`] for a light.
fn light(caps: &Value) -> Vec<(&'static str, Value, &'static str)> {
    let mut all = vec![
        (json!({}), "missing"),
        (json!({ "transition_ms": 0 }), "missing"),
        (json!({ "on": null }), "missing"),
        (json!({ "on": 0 }), "wrong_type"),
        (json!({ "on": "on" }), "wrong_type"),
        (
            json!({ "on": true, "transition_ms": 10_001 }),
            "out_of_range",
        ),
        (json!({ "on": true, "transition_ms": -1 }), "out_of_range"),
        (
            json!({ "on": true, "transition_ms": 100.5 }),
            "out_of_range",
        ),
        (json!({ "on": true, "transition_ms": "100" }), "wrong_type"),
        (json!({ "on": true, "id": "0" }), "wrong_type"),
        (json!({ "on": true, "id": true }), "wrong_type"),
        (json!({ "on": true, "id": 0.5 }), "out_of_range"),
        (json!({ "on": true, "id": -1 }), "not_found"),
        // The wrong JSON type takes precedence over other errors.
        (json!({ "brightness": "60" }), "wrong_type"),
        (json!({ "brightness": [60] }), "wrong_type"),
        (json!({ "rgb": "#ff0000" }), "wrong_type"),
        (json!({ "rgb": ["0", 0, 0] }), "wrong_type"),
        (json!({ "ct_k": "3000" }), "wrong_type"),
        (json!({ "effect": 1 }), "wrong_type"),
    ];
    match caps["brightness"] == true {
        true => all.extend(
            [json!(101), json!(-1), json!(60.5)]
                .map(|value| (json!({ "brightness": value }), "out_of_range")),
        ),
        false => all.push((json!({ "brightness": 50 }), "not_supported")),
    }
    match caps["rgb"] == true {
        true => all.extend(
            [
                json!([0, 0, 256]),
                json!([0, -1, 0]),
                json!([1, 2.5, 3]),
                json!([0, 0]),
                json!([0, 0, 0, 0]),
            ]
            .map(|value| (json!({ "rgb": value }), "out_of_range")),
        ),
        false => all.push((json!({ "rgb": [0, 0, 0] }), "not_supported")),
    }
    match (
        caps["ct_k"].get(0).and_then(Value::as_u64),
        caps["ct_k"].get(1).and_then(Value::as_u64),
    ) {
        (Some(warmest), Some(coldest)) => all.extend(
            [
                json!(coldest + 1),
                json!(warmest.saturating_sub(1)),
                json!(warmest as f64 + 0.5),
            ]
            .map(|value| (json!({ "ct_k": value }), "out_of_range")),
        ),
        _ => all.push((json!({ "ct_k": 3_000 }), "not_supported")),
    }
    // A board of the time before white and palettes ignores both.
    if caps["white"] == true {
        all.extend(
            [json!(256), json!(-1), json!(60.5)]
                .map(|value| (json!({ "white": value }), "out_of_range")),
        );
        all.push((json!({ "white": "full" }), "wrong_type"));
    }
    if caps["palettes"].get(0).is_some() {
        all.push((json!({ "palette": "no such palette" }), "not_an_option"));
        all.push((json!({ "palette": 1 }), "wrong_type"));
    }
    match caps["effects"]
        .as_array()
        .is_some_and(|effects| !effects.is_empty())
    {
        true => all.push((json!({ "effect": "no such effect" }), "not_an_option")),
        false => all.push((json!({ "effect": "none" }), "not_supported")),
    }
    all.into_iter()
        .map(|(params, reason)| ("Light.Set", params, reason))
        .collect()
}

/// Sends all of them. The state of all outputs must be unchanged afterwards.
pub(super) async fn check(session: &mut RpcSession, facts: &BoardFacts, report: &mut Report<'_>) {
    let before = session
        .call("Device.GetStatus", json!({}))
        .await
        .unwrap_or_default();
    let (mut sent, mut last, mut outcome) = (0, (String::new(), String::new()), Ok(()));
    let mut tried = Vec::new();
    'all: for (key, description) in &facts.components {
        let kind = description["kind"].as_str().unwrap_or_default();
        let Some(number) = key
            .split_once(':')
            .and_then(|(_, number)| number.parse::<u16>().ok())
        else {
            continue;
        };
        for (method, mut params, reason) in wrong(kind, description, &before[key]) {
            if params.get("id").is_none() {
                params["id"] = number.into();
            }
            let code = if reason == "not_found" {
                -32001
            } else {
                -32602
            };
            let request = request(method, &params);
            let received = session.ask(&request).await;
            let checked = match &received {
                Ok(text) => exchanges::envelope(text)
                    .and_then(|answer| exchanges::error(&answer, code, &[reason])),
                Err(_) => Err("no answer".to_owned()),
            };
            sent += 1;
            last = (request, received.unwrap_or_else(|instead| instead));
            if checked.is_err() {
                outcome = checked;
                break 'all;
            }
        }
        tried.push(key);
    }
    if sent == 0 {
        return report.skip(
            PARAMETERS,
            "the board has no component that accepts commands",
        );
    }
    if outcome.is_ok() {
        let after = session
            .call("Device.GetStatus", json!({}))
            .await
            .unwrap_or_default();
        last = (format!("{sent} commands"), last.1);
        let changed = tried
            .iter()
            .find(|key| is_output(key) && before[key.as_str()] != after[key.as_str()]);
        if let Some(key) = changed {
            outcome = Err(format!(
                "{key} was {}, but is {} now",
                before[key.as_str()],
                after[key.as_str()]
            ));
        }
    }
    report.record(PARAMETERS, &last.0, &last.1, outcome);
}

/// Whether only commands change this component; sensors change on their own.
fn is_output(key: &str) -> bool {
    ["switch:", "light:", "number:", "select:", "text:"]
        .iter()
        .any(|kind| key.starts_with(kind))
}

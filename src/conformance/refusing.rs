//! Commands with parameters that no component may take: each must be refused, with the word for it, and change nothing. Only where the
//! person has allowed changes, for a board that is wrong would carry them out.

use serde_json::{Value, json};

use super::{
    asking::Learnt,
    finding::{Point, Report},
    messages,
    talk::{Talk, request},
};

const PARAMETERS: Point = Point {
    section: "Commands",
    name: "parameters that a component cannot take",
    expected: "-32602 with missing, wrong_type, out_of_range, not_an_option, not_supported or control_character",
};

/// Every point.
pub(super) const POINTS: &[Point] = &[PARAMETERS];

/// What must be refused of a component of this kind, each with the word for it.
fn wrong(kind: &str, description: &Value, state: &Value) -> Vec<(&'static str, Value, &'static str)> {
    let caps = &description["caps"];
    match kind {
        "switch" => vec![
            ("Switch.Set", json!({}), "missing"),
            ("Switch.Set", json!({ "on": null }), "missing"),
            ("Switch.Set", json!({ "on": "true" }), "wrong_type"),
            ("Switch.Set", json!({ "on": 1 }), "wrong_type"),
        ],
        "light" => {
            let mut all = vec![
                ("Light.Set", json!({}), "missing"),
                ("Light.Set", json!({ "transition_ms": 0 }), "missing"),
                ("Light.Set", json!({ "on": 0 }), "wrong_type"),
                ("Light.Set", json!({ "on": true, "transition_ms": 10_001 }), "out_of_range"),
                ("Light.Set", json!({ "on": true, "transition_ms": -1 }), "out_of_range"),
            ];
            match caps["brightness"] == true {
                true => all.extend([
                    ("Light.Set", json!({ "brightness": 101 }), "out_of_range"),
                    ("Light.Set", json!({ "brightness": -1 }), "out_of_range"),
                    ("Light.Set", json!({ "brightness": "60" }), "wrong_type"),
                ]),
                false => all.push(("Light.Set", json!({ "brightness": 50 }), "not_supported")),
            }
            match caps["rgb"] == true {
                true => all.extend([
                    ("Light.Set", json!({ "rgb": [0, 0, 256] }), "out_of_range"),
                    ("Light.Set", json!({ "rgb": [0, 0] }), "wrong_type"),
                    ("Light.Set", json!({ "rgb": "#ff0000" }), "wrong_type"),
                ]),
                false => all.push(("Light.Set", json!({ "rgb": [0, 0, 0] }), "not_supported")),
            }
            match caps["ct_k"].get(1).and_then(Value::as_u64) {
                Some(coldest) => all.push(("Light.Set", json!({ "ct_k": coldest + 1 }), "out_of_range")),
                None => all.push(("Light.Set", json!({ "ct_k": 3_000 }), "not_supported")),
            }
            match caps["effects"].as_array().is_some_and(|effects| !effects.is_empty()) {
                true => all.extend([
                    ("Light.Set", json!({ "effect": "no such effect" }), "not_an_option"),
                    ("Light.Set", json!({ "effect": 1 }), "wrong_type"),
                ]),
                false => all.push(("Light.Set", json!({ "effect": "none" }), "not_supported")),
            }
            all
        }
        "number" => {
            let mut all =
                vec![("Number.Set", json!({}), "missing"), ("Number.Set", json!({ "value": "5" }), "wrong_type")];
            if let Some(most) = state["max"].as_f64() {
                all.push(("Number.Set", json!({ "value": most + 1.0 }), "out_of_range"));
            }
            all
        }
        "select" => vec![
            ("Select.Set", json!({}), "missing"),
            ("Select.Set", json!({ "value": 0 }), "wrong_type"),
            ("Select.Set", json!({ "value": "no such option" }), "not_an_option"),
        ],
        "text" => vec![
            ("Text.Set", json!({}), "missing"),
            ("Text.Set", json!({ "value": 1 }), "wrong_type"),
            ("Text.Set", json!({ "value": "x".repeat(256) }), "out_of_range"),
            ("Text.Set", json!({ "value": "two\nlines" }), "control_character"),
        ],
        "button" => vec![
            ("Button.Press", json!({ "event": "no such event" }), "not_an_option"),
            ("Button.Press", json!({ "event": 1 }), "wrong_type"),
        ],
        _ => Vec::new(),
    }
}

/// Sends them all. The state of what can be commanded must be the same afterwards.
pub(super) async fn check(talk: &mut Talk, learnt: &Learnt, report: &mut Report<'_>) {
    let before = talk.call("Device.GetStatus", json!({})).await.unwrap_or_default();
    let (mut sent, mut last, mut thought) = (0, (String::new(), String::new()), Ok(()));
    let mut tried = Vec::new();
    'all: for (key, description) in &learnt.components {
        let kind = description["kind"].as_str().unwrap_or_default();
        let Some(number) = key.split_once(':').and_then(|(_, number)| number.parse::<u16>().ok()) else { continue };
        for (method, mut params, reason) in wrong(kind, description, &before[key]) {
            params["id"] = number.into();
            let request = request(method, &params);
            let came = talk.ask(&request).await;
            let judged = match &came {
                Ok(text) => messages::envelope(text).and_then(|answer| messages::error(&answer, -32602, &[reason])),
                Err(_) => Err("there is no answer".to_owned()),
            };
            sent += 1;
            last = (request, came.unwrap_or_else(|instead| instead));
            if judged.is_err() {
                thought = judged;
                break 'all;
            }
        }
        tried.push(key);
    }
    if sent == 0 {
        return report.skipped(PARAMETERS, "nothing on the board can be commanded");
    }
    if thought.is_ok() {
        let after = talk.call("Device.GetStatus", json!({})).await.unwrap_or_default();
        last = (format!("{sent} commands"), last.1);
        let changed = tried.iter().find(|key| is_output(key) && before[key.as_str()] != after[key.as_str()]);
        if let Some(key) = changed {
            thought = Err(format!("{key} was {}, and is {}", before[key.as_str()], after[key.as_str()]));
        }
    }
    report.judged(PARAMETERS, &last.0, &last.1, thought);
}

/// What only commands change; sensors speak of themselves.
fn is_output(key: &str) -> bool {
    ["switch:", "light:", "number:", "select:", "text:"].iter().any(|kind| key.starts_with(kind))
}

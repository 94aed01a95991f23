//! Whatever a board states and whatever a broker delivers: payloads stay valid,
//! and nothing panics.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeSet;

use bridge::{
    home_assistant::{Announcer, PAYLOAD, command, discovery, states},
    metrics::{Counters, render},
};
use proptest::{collection::vec, option, prelude::*};
use serde_json::{Value, json};
use support::{board, context};

const KINDS: [&str; 13] = [
    "switch",
    "binary_sensor",
    "light",
    "cover",
    "sensor",
    "number",
    "select",
    "text",
    "text_sensor",
    "button",
    "event",
    "update",
    "valve",
];

/// Words that mean something somewhere, and any others.
fn word() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "temperature",
            "energy",
            "firmware",
            "°C",
            "kWh",
            "total_increasing",
            "measurement",
            "mdi:lamp",
            "config",
            "None",
            "Bench",
            "",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e6..1e6).prop_map(Value::from),
        word().prop_map(Value::from),
        vec(word(), 0..4).prop_map(Value::from),
        vec(any::<u8>(), 3).prop_map(Value::from),
    ]
}

prop_compose! {
    fn component()(
        kind in prop::sample::select(KINDS.to_vec()),
        id in 0u16..3,
        name in word(),
        texts in vec(option::of(word()), 4),
        category in option::of(prop::sample::select(vec!["config", "diagnostic", "other"])),
        decimals in option::of(any::<u8>()),
        flags in vec(any::<bool>(), 5),
        kelvin in option::of(any::<[u16; 2]>()),
        words in vec(vec(word(), 0..3), 3),
        fields in vec((prop::sample::select(vec![
            "on", "value", "brightness", "rgb", "ct_k", "white", "effect", "palette", "position",
            "state", "min", "max", "step", "options", "installed_version", "latest_version",
            "in_progress", "update_percentage",
        ]), value()), 0..8),
    ) -> (String, Value, Value) {
        let key = format!("{kind}:{id}");
        let mut descriptor = json!({
            "key": key, "kind": kind, "name": name, "can_install": flags[0],
            "event_types": words[0],
            "caps": {
                "brightness": flags[1], "rgb": flags[2], "white": flags[3], "position": flags[4],
                "effects": words[1], "palettes": words[2], "ct_k": kelvin,
            },
        });
        let optional = ["device_class", "unit_of_measurement", "state_class", "icon"];
        for (field, text) in optional.into_iter().zip(texts) {
            descriptor[field] = text.into();
        }
        descriptor["entity_category"] = category.into();
        descriptor["accuracy_decimals"] = decimals.into();
        let fields: serde_json::Map<_, _> =
            fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        (key, descriptor, Value::Object(fields))
    }
}

prop_compose! {
    fn any_board()(name in word(), mac in word(), parts in vec(component(), 0..12)) -> Value {
        let mut board = json!({
            "id": "sb-1", "name": name, "mac": mac, "components": [], "states": {},
        });
        let mut seen = BTreeSet::new();
        for (key, descriptor, state) in parts {
            if seen.insert(key.clone()) {
                board["components"].as_array_mut().unwrap().push(descriptor);
                board["states"][key] = state;
            }
        }
        board
    }
}

/// A line of OpenMetrics: a comment, or a name, labels and a number.
fn is_line(line: &str) -> bool {
    if line.starts_with("# ") {
        return true;
    }
    let Some((sample, value)) = line.rsplit_once(' ') else {
        return false;
    };
    let name = sample.split('{').next().unwrap_or_default();
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let closed = !sample.contains('{') || sample.ends_with("\"}");
    value.parse::<f64>().is_ok_and(f64::is_finite) && name.chars().all(plain) && closed
}

proptest! {
    #[test]
    fn a_payload_is_valid_whatever_a_board_states(stated in any_board()) {
        let view = board(stated);
        let message = discovery(&view, &context()).unwrap();
        prop_assert!(message.payload.len() <= PAYLOAD);
        let payload: Value = serde_json::from_str(&message.payload).unwrap();
        let mut names = BTreeSet::new();
        for (key, config) in payload["components"].as_object().unwrap() {
            prop_assert!(key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'), "{}", key);
            let name = (config["platform"].to_string(), config["name"].to_string());
            prop_assert!(names.insert(name), "{} has the name of another", config);
            if config["platform"] == "number" {
                prop_assert!(config["min"].as_f64() < config["max"].as_f64());
                prop_assert!(config["step"].as_f64() >= Some(1e-3));
            }
            for list in ["options", "event_types", "supported_color_modes"] {
                let empty = config[list].as_array().is_some_and(Vec::is_empty);
                prop_assert!(!empty || list == "event_types", "{}", config);
            }
        }
        for state in states(&view, &context()) {
            let state: Value = serde_json::from_str(&state.payload).unwrap();
            prop_assert!(state["brightness"] != 0);
            prop_assert!(state.is_object());
        }
    }

    #[test]
    fn metrics_are_lines_whatever_a_board_states(stated in any_board()) {
        let view = board(stated);
        let text = render([&view], &Counters::default(), &context());
        for line in text.split_terminator('\n') {
            prop_assert!(is_line(line), "{}", line);
        }
    }

    #[test]
    fn commands_are_accepted_or_refused(
        stated in any_board(),
        payload in prop_oneof![
            vec(any::<u8>(), 0..64),
            vec((word(), value()), 0..4).prop_map(|fields| {
                Value::Object(fields.into_iter().collect()).to_string().into_bytes()
            }),
        ],
        retained in any::<bool>(),
    ) {
        let view = board(stated);
        for component in &view.components {
            if let Err(refusal) = command(&view, &component.descriptor.key, &payload) {
                prop_assert!(refusal.to_string().len() < 2_000);
            }
        }
        let mut announcer = Announcer::new(context());
        let now = std::time::Instant::now();
        for topic in ["homeassistant/status", "homeassistant/device/sb-1/config", "a/b"] {
            announcer.message(now, topic, &payload, retained, 0.5);
        }
        let _ = announcer.board(now, &view);
    }
}

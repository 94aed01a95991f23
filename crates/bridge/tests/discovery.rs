//! Discovery payloads, key by key, against what Home Assistant accepts.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(clippy::panic, reason = "a test fails by panicking")]

#[path = "support/everything.rs"]
mod everything;
mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use bridge::home_assistant::{PAYLOAD, discovery, forget};
use everything::everything;
use serde_json::{Value, json};
use support::{board, context};

/// The keys of each platform, of the payload and of its parts: collected and
/// compared by `tests/home_assistant`.
fn accepted() -> BTreeMap<String, BTreeSet<String>> {
    serde_json::from_str(include_str!("accepted_keys.json")).unwrap()
}

fn payload_of(view: &fleet::BoardView) -> Value {
    let message = discovery(view, &context()).unwrap();
    serde_json::from_str(&message.payload).unwrap()
}

fn payload() -> Value {
    payload_of(&board(everything()))
}

fn keys(object: &Value) -> BTreeSet<String> {
    object.as_object().unwrap().keys().cloned().collect()
}

#[test]
fn home_assistant_knows_every_key() {
    let (payload, accepted) = (payload(), accepted());
    let check = |what: &str, object: &Value| {
        let unknown: Vec<_> = keys(object).difference(&accepted[what]).cloned().collect();
        assert!(unknown.is_empty(), "{what}: {unknown:?} in {object}");
    };
    check("payload", &payload);
    check("device", &payload["device"]);
    check("origin", &payload["origin"]);
    for entry in payload["availability"].as_array().unwrap() {
        check("availability", entry);
    }
    let mut platforms = BTreeSet::new();
    for config in payload["components"].as_object().unwrap().values() {
        let platform = config["platform"].as_str().unwrap();
        let mut config = config.clone();
        config.as_object_mut().unwrap().remove("platform");
        // Names which schema of lights applies.
        if platform == "light" {
            assert_eq!(config["schema"], "json");
        }
        check(platform, &config);
        platforms.insert(platform.to_owned());
    }
    let all = [
        "binary_sensor",
        "button",
        "cover",
        "event",
        "light",
        "number",
        "select",
        "sensor",
        "switch",
        "text",
        "update",
    ];
    assert_eq!(platforms, all.map(str::to_owned).into());
}

#[test]
fn every_component_has_one_entity_and_some_have_two() {
    let keys = keys(&payload()["components"]);
    let expected = [
        "binary_sensor_0",
        "button_0",
        "button_0_event",
        "cover_0",
        "cover_1",
        "event_0",
        "identify",
        "light_0",
        "light_1",
        "light_1_palette",
        "light_2",
        "light_2_white",
        "light_3",
        "light_4",
        "light_5",
        "number_0",
        "restart",
        "select_0",
        "sensor_0",
        "sensor_1",
        "sensor_2",
        "sensor_3",
        "switch_0",
        "text_0",
        "text_sensor_0",
        "update_0",
        "update_1",
    ];
    assert_eq!(keys, expected.map(str::to_owned).into());
}

#[test]
fn ids_are_unique_and_topics_and_keys_are_plain() {
    let message = discovery(&board(everything()), &context()).unwrap();
    assert_eq!(message.topic, "homeassistant/device/sb-0a1b2c/config");
    let payload = payload();
    let mut seen = BTreeSet::new();
    for (key, config) in payload["components"].as_object().unwrap() {
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
        assert!(key.chars().all(plain), "{key}");
        let id = config["unique_id"].as_str().unwrap();
        assert_eq!(id, format!("switchboard_sb-0a1b2c_{key}"));
        assert!(seen.insert(id.to_owned()), "{id} twice");
    }
}

#[test]
fn names_do_not_repeat_the_board() {
    let components = &payload()["components"];
    assert_eq!(components["switch_0"]["name"], Value::Null);
    assert_eq!(components["binary_sensor_0"]["name"], "motion");
    assert_eq!(components["light_1_palette"]["name"], "Strip palette");
    assert_eq!(components["button_0"]["name"], "Bell");
    assert_eq!(components["button_0_event"]["name"], "Bell");
}

#[test]
fn both_the_bridge_and_the_board_have_to_be_available() {
    let payload = payload();
    assert_eq!(payload["availability_mode"], "all");
    let topics: Vec<_> = payload["availability"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["topic"].as_str().unwrap())
        .collect();
    assert_eq!(
        topics,
        [
            "switchboard/home/$bridge/attic",
            "switchboard/home/sb-0a1b2c/$availability"
        ]
    );
}

#[test]
fn a_light_has_the_color_modes_of_its_capabilities() {
    let components = &payload()["components"];
    for (light, modes) in [
        ("light_0", json!(["rgb", "color_temp"])),
        ("light_1", json!(["rgbw"])),
        ("light_2", json!(["color_temp"])),
        ("light_3", json!(["brightness"])),
        ("light_4", json!(["onoff"])),
        ("light_5", json!(["rgb"])),
    ] {
        assert_eq!(components[light]["supported_color_modes"], modes, "{light}");
        assert_eq!(components[light]["brightness_scale"], 100);
    }
    let lamp = &components["light_0"];
    assert_eq!(lamp["color_temp_kelvin"], true);
    assert_eq!(
        (&lamp["min_kelvin"], &lamp["max_kelvin"]),
        (&json!(2200), &json!(6500))
    );
    assert_eq!(lamp["effect_list"], json!(["none", "candle"]));
    assert_eq!(components["light_5"]["brightness"], false);
}

#[test]
fn a_sensor_states_what_home_assistant_accepts_and_nothing_else() {
    let components = &payload()["components"];
    let temperature = &components["sensor_0"];
    assert_eq!(temperature["device_class"], "temperature");
    assert_eq!(temperature["unit_of_measurement"], "°C");
    assert_eq!(temperature["state_class"], "measurement");
    assert_eq!(temperature["suggested_display_precision"], 1);
    let mood = &components["sensor_2"];
    assert_eq!(mood["device_class"], Value::Null);
    assert_eq!(mood["unit_of_measurement"], "smileys");
    // What cannot be set is no configuration.
    assert_eq!(
        components["binary_sensor_0"]["entity_category"],
        "diagnostic"
    );
    assert_eq!(components["number_0"]["entity_category"], "config");
    assert_eq!(components["number_0"]["step"], 0.001);
    let text = &components["text_sensor_0"];
    assert_eq!(
        (&text["device_class"], &text["icon"]),
        (&Value::Null, &Value::Null)
    );
}

#[test]
fn a_number_and_a_select_wait_for_their_ranges_and_options() {
    let mut unknown = everything();
    for component in ["number:0", "select:0"] {
        unknown["states"][component] = json!({ "value": null });
    }
    let components = payload_of(&board(unknown))["components"].clone();
    assert_eq!(components.get("number_0"), None);
    assert_eq!(components.get("select_0"), None);
    assert!(components.get("text_0").is_some());
}

#[test]
fn only_updates_that_the_board_installs_have_a_command() {
    let components = &payload()["components"];
    assert_eq!(components["update_0"]["payload_install"], "install");
    assert_eq!(components["update_1"].get("command_topic"), None);
}

#[test]
fn a_board_without_an_id_or_information_is_not_announced() {
    let mut view = board(everything());
    view.info = None;
    assert_eq!(discovery(&view, &context()), None);
    let mut view = board(everything());
    view.id = None;
    assert_eq!(discovery(&view, &context()), None);
}

#[test]
fn a_board_is_removed_with_an_empty_payload() {
    let message = forget("sb-0a1b2c", &context());
    assert_eq!(message.topic, "homeassistant/device/sb-0a1b2c/config");
    assert_eq!(message.payload, "");
}

#[test]
fn a_payload_is_bounded_however_much_a_board_states() {
    let mut view = board(everything());
    let lamp = view.components[2].clone();
    view.components = (0..512)
        .map(|id| {
            let mut light = fleet::ComponentView::clone(&lamp);
            let mut descriptor = protocol::Descriptor::clone(&light.descriptor);
            descriptor.key.id = id;
            descriptor.caps.effects = vec!["x".repeat(500); 256];
            light.descriptor = Arc::new(descriptor);
            Arc::new(light)
        })
        .collect();
    let message = discovery(&view, &context()).unwrap();
    assert!(
        message.payload.len() <= PAYLOAD,
        "{}",
        message.payload.len()
    );
    let payload: Value = serde_json::from_str(&message.payload).unwrap();
    let Some(components) = payload["components"].as_object() else {
        panic!("no components");
    };
    assert!(!components.is_empty());
}

//! Entities and their states as components.

use protocol::{ComponentKey, EntityCategory, FromBoard, Kind};
use serde_json::{Value, json};

use super::{
    board::Bench,
    vectors::{self, Vector},
};
use crate::{
    Family,
    esphome::{
        entity::{Entity, numbered},
        kinds::Layout,
        wire::{Fields, Message},
    },
};

/// The state of the only component of a kind, after these messages.
fn state_after(kind: &str, vectors: &[Vector]) -> Value {
    let mut bench = Bench::ready();
    for vector in vectors {
        bench.say_vector(*vector);
    }
    let states = bench.states();
    let prefix = format!("{kind}:");
    let mut found = states.iter().filter(|(key, _)| key.starts_with(&prefix));
    let state = json!(found.next().expect("a component of that kind").1);
    assert_eq!(found.next(), None, "there is only one");
    state
}

#[test]
fn states_are_those_that_the_board_reports() {
    for (kind, vectors, state) in [
        ("switch", &[vectors::RELAY_ON][..], json!({"on": true})),
        ("binary_sensor", &[vectors::DOOR_STATE], json!({"on": true})),
        ("text_sensor", &[], json!({"value": "ready"})),
        (
            "number",
            &[],
            json!({"value": 2.5, "min": 0.0, "max": 10.0, "step": 0.1}),
        ),
        (
            "select",
            &[],
            json!({"value": "Eco", "options": ["Eco", "Boost"]}),
        ),
        ("text", &[], json!({"value": "hello"})),
        (
            "light",
            &[],
            json!({"on": true, "brightness": 60, "rgb": [200, 100, 0], "ct_k": null,
                   "effect": "None"}),
        ),
        (
            "light",
            &[vectors::LAMP_WHITE],
            json!({"on": true, "brightness": 60, "rgb": null, "ct_k": 2700,
                   "effect": "Rainbow"}),
        ),
        (
            "cover",
            &[],
            json!({"state": "stopped", "position": 25, "tilt": 50}),
        ),
        (
            "cover",
            &[vectors::BLIND_OPENING],
            json!({"state": "opening", "position": 30, "tilt": 50}),
        ),
        ("lock", &[], json!({"state": "locked"})),
        ("fan", &[], json!({"on": true, "speed_level": 2})),
        (
            "climate",
            &[],
            json!({"mode": "heat", "action": "heating", "current_temperature": 19.5,
                   "temperature": 21.0, "target_temp_low": null, "target_temp_high": null,
                   "current_humidity": 40.0, "humidity": null, "fan_mode": "auto",
                   "swing_mode": "vertical", "preset_mode": "eco"}),
        ),
        (
            "update",
            &[],
            json!({"installed_version": "1.0", "latest_version": "1.1", "in_progress": false,
                   "update_percentage": null, "title": "Desk", "release_url": null}),
        ),
        ("valve", &[], json!({"state": "open", "position": 100})),
    ] {
        assert_eq!(
            state_after(kind, vectors),
            state,
            "{kind} after {vectors:?}"
        );
    }
}

#[test]
fn what_a_board_does_not_know_is_null() {
    let mut bench = Bench::ready();
    assert_eq!(json!(bench.states()["sensor:2"]), json!({"value": 21.6}));
    assert_eq!(
        json!(bench.states()["sensor:1"]),
        json!({"value": null}),
        "it is not a number"
    );
    bench.say_vector(vectors::TEMPERATURE_MISSING);
    assert_eq!(json!(bench.states()["sensor:2"]), json!({"value": null}));
}

#[test]
fn descriptions_have_the_attributes_of_the_board() {
    let mut bench = Bench::ready();
    let sensor = bench.component("sensor:2");
    assert_eq!(sensor.name, "Temperature");
    assert_eq!(sensor.unit_of_measurement.as_deref(), Some("°C"));
    assert_eq!(sensor.accuracy_decimals, Some(1));
    assert_eq!(sensor.device_class.as_deref(), Some("temperature"));
    assert_eq!(sensor.state_class.as_deref(), Some("measurement"));
    assert_eq!(sensor.entity_category, None);
    let signal = bench.component("sensor:1");
    assert_eq!(signal.entity_category, Some(EntityCategory::Diagnostic));
    let relay = bench.component("switch:3");
    assert_eq!(relay.icon.as_deref(), Some("mdi:power"));
    assert_eq!(relay.device_class.as_deref(), Some("outlet"));
    let level = bench.component("number:7");
    assert_eq!(level.entity_category, Some(EntityCategory::Config));
    assert_eq!(level.unit_of_measurement.as_deref(), Some("V"));
    assert_eq!(
        bench.component("event:10").event_types,
        ["single", "double"]
    );
    assert!(bench.component("cover:11").caps.position);
    assert!(bench.component("update:14").can_install);
    let light = bench.component("light:13107");
    assert_eq!(light.icon.as_deref(), Some("mdi:lamp"));
    assert_eq!(
        json!(light.caps),
        json!({"brightness": true, "rgb": true, "ct_k": [2000, 6536],
               "effects": ["None", "Rainbow"]})
    );
    let climate = bench.component("climate:15");
    assert_eq!(climate.icon.as_deref(), Some("mdi:radiator"));
    assert_eq!(climate.entity_category, Some(EntityCategory::Config));
}

#[test]
fn an_entity_is_named_after_its_device_if_it_has_one() {
    let mut bench = Bench::ready();
    let door = bench.components().into_iter();
    let door = door
        .filter(|one| one.kind == Kind::BinarySensor)
        .collect::<Vec<_>>();
    assert_eq!(door.len(), 1);
    assert_eq!(door[0].name, "Window Open");
    // The main entity of the board has no name.
    assert_eq!(bench.component("lock:13").name, "Desk");
}

#[test]
fn an_event_is_passed_on_and_is_no_state() {
    let mut bench = Bench::ready();
    assert!(!bench.states().contains_key("event:10"));
    bench.forget();
    bench.say_vector(vectors::REMOTE_EVENT);
    let [FromBoard::Event(push)] = bench.said.as_slice() else {
        panic!("{:?}", bench.said);
    };
    assert_eq!(push.events.len(), 1);
    assert_eq!(push.events[0].component.to_string(), "event:10");
    assert_eq!(push.events[0].event, "double");
}

fn entity(list: u32, key: u32, device: u64) -> Entity {
    let layout = Layout::listed_by(list).expect("a kind");
    let message = Message::new().fixed(2, key).number(layout.device, device);
    let bytes = message.into_bytes();
    Entity::parse(layout, Fields::parse(&bytes).expect("a message"))
}

fn keys(entities: Vec<Entity>) -> Vec<(String, u32, u32)> {
    let of = |(key, entity): (ComponentKey, Entity)| (key.to_string(), entity.device, entity.key);
    numbered(entities).into_iter().map(of).collect()
}

#[test]
fn numbers_depend_on_neither_the_order_nor_entities_with_others() {
    let entities = vec![
        entity(17, 0x1234_5678, 0),
        entity(17, 0x0000_4444, 0),
        // Folded, it has the number of the one before.
        entity(17, 0x4444_0000, 0),
        entity(16, 0x0000_4444, 0),
        // The same entity of a device behind the board.
        entity(17, 0x1234_5678, 0x0100),
    ];
    let of = |key: &str, device, entity| (key.to_owned(), device, entity);
    let expected = [
        of("switch:17476", 0, 0x0000_4444),
        of("switch:17477", 0, 0x4444_0000),
        of("switch:17484", 0, 0x1234_5678),
        of("switch:17740", 0x0100, 0x1234_5678),
        of("sensor:17476", 0, 0x0000_4444),
    ];
    assert_eq!(keys(entities.clone()), expected);
    let mut reversed = entities;
    reversed.reverse();
    assert_eq!(keys(reversed.clone()), expected);
    reversed.retain(|entity| entity.key != 0x1234_5678);
    for key in keys(reversed) {
        assert!(expected.contains(&key), "{key:?}");
    }
}

#[test]
fn an_entity_that_is_listed_twice_is_one_component() {
    assert_eq!(keys(vec![entity(17, 5, 0), entity(17, 5, 0)]).len(), 1);
}

#[test]
fn an_announcement_has_the_identity_of_the_board() {
    let txt = [
        ("friendly_name", "Desk"),
        ("version", "2026.6.5"),
        ("mac", "0200000a1b2c"),
        ("platform", "ESP32"),
        ("board", "esp32dev"),
        ("network", "wifi"),
        ("api_encryption", "Noise_NNpsk0_25519_ChaChaPoly_SHA256"),
    ];
    let announced = Family::Esphome.announcement("desk", txt).expect("a board");
    let mut bench = Bench::ready();
    let info: protocol::DeviceInfo = bench.result("Device.GetInfo");
    assert_eq!(announced.id, info.id);
    assert_eq!(announced.mac, info.mac);
    assert_eq!(announced.friendly_name, info.name);
    assert_eq!(announced.version, info.version);
    assert_eq!(announced.platform, info.platform);
    assert_eq!(announced.board, info.board);
    assert_eq!(announced.proto, info.proto);
    assert!(announced.api_encryption.is_some());

    let open = Family::Esphome.announcement("desk", [("mac", "0200000A1B2C")]);
    let open = open.expect("a board");
    assert_eq!(
        (open.friendly_name.as_str(), open.api_encryption),
        ("desk", None)
    );
    for txt in [("version", "2026.6.5"), ("mac", "02"), ("mac", "")] {
        assert!(
            Family::Esphome.announcement("desk", [txt]).is_err(),
            "{txt:?}"
        );
    }
}

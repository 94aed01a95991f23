//! Which components of ours a board's components become.

use serde_json::{Value, json};

use super::{device::Device, rig::Rig};

/// The descriptions and states that a board with one component has.
fn read(name: &str, config: Value, status: Value) -> (Value, Value) {
    let mut device = Device::plus_1pm();
    device.config = json!({ "sys": { "device": {} } });
    device.status = json!({});
    if name.ends_with(":200") {
        device.dynamic = vec![json!({ "key": name, "config": config, "status": status })];
    } else {
        device.config[name] = config;
        device.status[name] = status;
    }
    let rig = Rig::new(device, None);
    (rig.result(2)["components"].clone(), rig.result(3).clone())
}

#[track_caller]
pub(super) fn described(components: &Value, key: &str) -> Value {
    let components = components.as_array().unwrap();
    let found = components.iter().find(|component| component["key"] == key);
    found
        .cloned()
        .unwrap_or_else(|| unreachable!("no {key} in {components:?}"))
}

#[test]
fn a_metered_switch_is_a_switch_and_seven_sensors() {
    let rig = Rig::new(Device::plus_1pm(), None);
    let components = &rig.result(2)["components"];
    let keys: Vec<_> = components
        .as_array()
        .unwrap()
        .iter()
        .map(|component| component["key"].as_str().unwrap())
        .collect();
    assert_eq!(
        keys,
        [
            "switch:0",
            "sensor:0",
            "sensor:1",
            "sensor:2",
            "sensor:3",
            "sensor:4",
            "sensor:5",
            "sensor:6",
            "binary_sensor:0",
            "update:0",
            "sensor:65280",
            "sensor:65281",
            "sensor:65296",
        ]
    );
    for (key, name, class, unit, state_class, value) in [
        (
            "sensor:0",
            "Lamp power",
            json!("power"),
            json!("W"),
            "measurement",
            json!(0.0),
        ),
        (
            "sensor:1",
            "Lamp voltage",
            json!("voltage"),
            json!("V"),
            "measurement",
            json!(230.1),
        ),
        (
            "sensor:2",
            "Lamp current",
            json!("current"),
            json!("A"),
            "measurement",
            json!(0.0),
        ),
        (
            "sensor:3",
            "Lamp frequency",
            json!("frequency"),
            json!("Hz"),
            "measurement",
            json!(50.0),
        ),
        (
            "sensor:4",
            "Lamp power factor",
            json!("power_factor"),
            Value::Null,
            "measurement",
            json!(0.0),
        ),
        (
            "sensor:5",
            "Lamp energy",
            json!("energy"),
            json!("Wh"),
            "total_increasing",
            json!(11.679),
        ),
        (
            "sensor:6",
            "Lamp temperature",
            json!("temperature"),
            json!("°C"),
            "measurement",
            json!(46.4),
        ),
    ] {
        let found = described(components, key);
        let fields = ["name", "device_class", "unit_of_measurement", "state_class"];
        assert_eq!(
            fields.map(|field| found.get(field).cloned().unwrap_or_default()),
            [json!(name), class, unit, json!(state_class)]
        );
        assert_eq!(rig.result(3)[key], json!({ "value": value }), "{key}");
    }
    assert_eq!(rig.result(3)["binary_sensor:0"], json!({ "on": false }));
    assert_eq!(
        rig.result(3)["update:0"],
        json!({
            "installed_version": "1.4.4", "latest_version": "1.5.0", "in_progress": false,
            "update_percentage": null, "last_error": null,
        })
    );
    assert_eq!(described(components, "update:0")["can_install"], true);
    let memory = described(components, "sensor:65281");
    assert_eq!(memory["entity_category"], "diagnostic");
    assert_eq!(rig.result(3)["sensor:65296"], json!({ "value": -52 }));
}

#[test]
fn a_switch_without_a_meter_has_no_sensors_until_it_reports_one() {
    let (components, _) = read("switch:0", json!({}), json!({ "output": true }));
    assert_eq!(components.as_array().unwrap().len(), 1);
    assert_eq!(components[0]["name"], "Switch");
}

#[test]
fn lights_have_what_their_type_has() {
    for (name, config, status, key, caps, state) in [
        (
            "light:0",
            json!({}),
            json!({ "output": true, "brightness": 60.0 }),
            "light:0",
            json!({ "brightness": true }),
            json!({ "on": true, "brightness": 60 }),
        ),
        (
            "rgb:0",
            json!({}),
            json!({ "output": false, "brightness": 7, "rgb": [1, 2, 255] }),
            "light:1024",
            json!({ "brightness": true, "rgb": true }),
            json!({ "on": false, "brightness": 7, "rgb": [1, 2, 255] }),
        ),
        (
            "rgbw:0",
            json!({}),
            json!({ "output": true, "brightness": 7, "rgb": [1, 2], "white": 9 }),
            "light:2048",
            json!({ "brightness": true, "rgb": true, "white": true }),
            json!({ "on": true, "brightness": 7, "rgb": null, "white": 9 }),
        ),
        (
            "cct:1",
            json!({ "ct_range": [3000, 5000] }),
            json!({ "output": true, "brightness": 7, "ct": 4000 }),
            "light:3073",
            json!({ "brightness": true, "ct_k": [3000, 5000] }),
            json!({ "on": true, "brightness": 7, "ct_k": 4000 }),
        ),
        (
            "rgbcct:0",
            json!({ "ct_range": "all" }),
            json!({ "output": true, "brightness": 7, "mode": "cct", "ct": 3000, "rgb": [1, 2, 3] }),
            "light:4096",
            json!({ "brightness": true, "rgb": true, "ct_k": [2700, 6500] }),
            json!({ "on": true, "brightness": 7, "ct_k": 3000, "rgb": null }),
        ),
    ] {
        let (components, states) = read(name, config, status);
        assert_eq!(described(&components, key)["caps"], caps, "{name}");
        assert_eq!(states[key], state, "{name}");
    }
}

#[test]
fn a_cover_has_a_position_if_it_was_calibrated() {
    let open = json!({ "state": "opening", "current_pos": 39.5, "pos_control": true });
    let (components, states) = read("cover:0", json!({ "name": "Blind" }), open);
    let cover = described(&components, "cover:0");
    assert_eq!(
        (&cover["kind"], &cover["name"]),
        (&json!("cover"), &json!("Blind"))
    );
    assert_eq!(cover["caps"], json!({ "position": true }));
    assert_eq!(
        states["cover:0"],
        json!({ "state": "opening", "position": 40 })
    );

    let moving = json!({ "state": "calibrating", "current_pos": null, "pos_control": false });
    let (components, states) = read("cover:0", json!({}), moving);
    assert_eq!(described(&components, "cover:0").get("caps"), None);
    assert_eq!(
        states["cover:0"],
        json!({ "state": null, "position": null })
    );
}

#[test]
fn an_input_is_what_it_is_configured_as() {
    let (components, states) = read(
        "input:0",
        json!({ "type": "button" }),
        json!({ "state": null }),
    );
    let event = described(&components, "event:0");
    assert_eq!(event["event_types"][2], "single_push");
    assert_eq!(event["event_types"].as_array().unwrap().len(), 6);
    assert_eq!(states.get("event:0"), None);

    let (_, states) = read(
        "input:1",
        json!({ "type": "switch" }),
        json!({ "state": true }),
    );
    assert_eq!(states["binary_sensor:1"], json!({ "on": true }));

    let (_, states) = read(
        "input:100",
        json!({ "type": "analog" }),
        json!({ "percent": 12.5 }),
    );
    assert_eq!(states["sensor:38464"], json!({ "value": 12.5 }));
    assert_eq!(states.get("binary_sensor:100"), None);
}

#[test]
fn sensors_and_alarms_keep_home_assistants_names() {
    for (name, status, key, class, state) in [
        (
            "temperature:100",
            json!({ "tC": null }),
            "sensor:53348",
            "temperature",
            json!({ "value": null }),
        ),
        (
            "humidity:0",
            json!({ "rh": 41.5 }),
            "sensor:53760",
            "humidity",
            json!({ "value": 41.5 }),
        ),
        (
            "illuminance:0",
            json!({ "lux": 120 }),
            "sensor:54272",
            "illuminance",
            json!({ "value": 120 }),
        ),
        (
            "voltmeter:100",
            json!({ "voltage": 4.2 }),
            "sensor:46656",
            "voltage",
            json!({ "value": 4.2 }),
        ),
        (
            "smoke:0",
            json!({ "alarm": true }),
            "binary_sensor:1024",
            "smoke",
            json!({ "on": true }),
        ),
        (
            "flood:0",
            json!({ "alarm": false }),
            "binary_sensor:2048",
            "moisture",
            json!({ "on": false }),
        ),
        (
            "pm1:0",
            json!({ "apower": 5.5 }),
            "sensor:28672",
            "power",
            json!({ "value": 5.5 }),
        ),
        (
            "em1:1",
            json!({ "act_power": 9.5 }),
            "sensor:32784",
            "power",
            json!({ "value": 9.5 }),
        ),
        (
            "em1data:1",
            json!({ "total_act_energy": 7.5 }),
            "sensor:32792",
            "energy",
            json!({ "value": 7.5 }),
        ),
        (
            "em:0",
            json!({ "c_voltage": 229.2 }),
            "sensor:49165",
            "voltage",
            json!({ "value": 229.2 }),
        ),
        (
            "em:0",
            json!({ "total_act_power": 558.9 }),
            "sensor:49172",
            "power",
            json!({ "value": 558.9 }),
        ),
        (
            "emdata:0",
            json!({ "total_act": 2_589_773.39 }),
            "sensor:49190",
            "energy",
            json!({ "value": 2_589_773.39 }),
        ),
    ] {
        let (components, states) = read(name, json!({}), status);
        assert_eq!(described(&components, key)["device_class"], class, "{name}");
        assert_eq!(states[key], state, "{name}");
    }
}

#[test]
fn components_that_users_created_have_their_limits_in_the_configuration() {
    let ui =
        |view: &str| json!({ "name": "Mine", "meta": { "ui": { "view": view, "unit": "l" } } });
    let mut number = ui("field");
    (number["min"], number["max"]) = (json!(0), json!(30));
    number["meta"]["ui"]["step"] = json!(0.5);
    let mut choice = ui("dropdown");
    choice["options"] = json!(["low", "high", 3]);
    for (name, config, status, key, state) in [
        (
            "number:200",
            number,
            json!({ "value": 12.5 }),
            "number:200",
            json!({ "value": 12.5, "min": 0, "max": 30, "step": 0.5 }),
        ),
        (
            "number:200",
            ui("label"),
            json!({ "value": 1 }),
            "sensor:54984",
            json!({ "value": 1 }),
        ),
        (
            "text:200",
            ui("field"),
            json!({ "value": "a" }),
            "text:200",
            json!({ "value": "a" }),
        ),
        (
            "text:200",
            ui("label"),
            json!({ "value": "a" }),
            "text_sensor:200",
            json!({ "value": "a" }),
        ),
        (
            "enum:200",
            choice,
            json!({ "value": null }),
            "select:200",
            json!({ "value": null, "options": ["low", "high"] }),
        ),
        (
            "boolean:200",
            ui("toggle"),
            json!({ "value": true }),
            "switch:1224",
            json!({ "on": true }),
        ),
        (
            "boolean:200",
            ui("label"),
            json!({ "value": true }),
            "binary_sensor:4296",
            json!({ "on": true }),
        ),
        (
            "button:200",
            ui("button"),
            json!({}),
            "button:200",
            Value::Null,
        ),
    ] {
        let (components, states) = read(name, config, status);
        assert_eq!(described(&components, key)["name"], "Mine", "{name}");
        assert_eq!(
            states.get(key).cloned().unwrap_or_default(),
            state,
            "{name}"
        );
    }
}

#[test]
fn a_thermostat_is_shown_with_its_values() {
    let status = json!({ "current_C": 20.5, "target_C": 21, "output": true, "enable": true });
    let (components, states) = read("thermostat:0", json!({ "type": "heating" }), status);
    assert_eq!(described(&components, "climate:0")["kind"], "climate");
    assert_eq!(
        states["climate:0"],
        json!({ "current_temperature": 20.5, "temperature": 21, "hvac_action": "heating" })
    );

    let status = json!({ "current_C": 19.5, "target_C": 18, "battery": 80, "rssi": -60 });
    let (_, states) = read("blutrv:200", json!({}), status);
    assert_eq!(
        states["climate:1224"],
        json!({ "current_temperature": 19.5, "temperature": 18 })
    );
    assert_eq!(states["sensor:59008"], json!({ "value": 80 }));
}

#[test]
fn options_are_cut_to_what_a_session_keeps() {
    let options: Vec<_> = (0..250).map(|number| format!("option {number}")).collect();
    let (_, states) = read("enum:200", json!({ "options": options }), json!({}));
    let kept = states["select:200"]["options"].as_array().unwrap();
    assert!((100..250).contains(&kept.len()), "{}", kept.len());
}

#[test]
fn numbers_stay_when_others_come_and_go() {
    let (alone, _) = read(
        "switch:3",
        json!({ "name": "Pump" }),
        json!({ "output": true, "apower": 1 }),
    );
    let mut device = Device::plus_1pm();
    device.config["switch:3"] = json!({ "name": "Pump" });
    device.status["switch:3"] = json!({ "output": true, "apower": 1 });
    let rig = Rig::new(device, None);
    for key in ["switch:3", "sensor:48"] {
        assert_eq!(
            described(&alone, key),
            described(&rig.result(2)["components"], key)
        );
    }
}

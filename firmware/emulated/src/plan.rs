//! The components of this board: one of each kind, a switch that can be
//! refused, and a kind that no controller knows.

use alloc::{borrow::ToOwned, string::String, vec, vec::Vec};

use board::{Component, Identity, InputSource, Plan};
use embedded::identity;
use protocol::{Caps, ComponentKey, Descriptor, EntityCategory, Kind, State, limits};
use serde_json::{Value, json};

/// The interlocked switches: a motor's directions.
pub(crate) const INTERLOCKED: [u16; 2] = [0, 1];
/// The sensor of the motor's power.
pub(crate) const MOTOR_POWER: u16 = 1;

/// The plan of the board with this network address, running this version.
pub(crate) fn plan(mac: [u8; 6], version: &str) -> Plan {
    Plan {
        identity: Identity {
            id: identity::id(mac),
            name: "Emulated board".to_owned(),
            mac: identity::mac(mac),
            version: version.to_owned(),
            platform: "qemu-riscv32".to_owned(),
            board: "QEMU virt".to_owned(),
        },
        components: components(),
        bindings: vec![(
            ComponentKey::new(Kind::Button, 0),
            ComponentKey::new(Kind::Light, 0),
        )],
        controllers: limits::CONTROLLERS,
    }
}

fn components() -> Vec<Component> {
    let mut light = component(
        Kind::Light,
        0,
        "Light",
        json!({ "on": false, "brightness": 60, "rgb": null, "ct_k": 3000, "effect": "none" }),
    );
    light.descriptor.caps = Caps {
        brightness: true,
        rgb: true,
        ct_k: Some([2200, 6500]),
        effects: ["none", "candle"].map(str::to_owned).into(),
        ..Caps::default()
    };
    let mut motion = component(Kind::BinarySensor, 0, "Motion", json!({ "on": false }))
        .with_input(InputSource::Reported);
    motion.descriptor.device_class = Some("motion".to_owned());
    let mut speed = component(
        Kind::Number,
        0,
        "Speed",
        json!({ "value": 50, "min": 0, "max": 100, "step": 5 }),
    );
    speed.descriptor.unit_of_measurement = Some("%".to_owned());
    let mut mode = component(
        Kind::Select,
        0,
        "Mode",
        json!({ "value": "auto", "options": ["auto", "day", "night"] }),
    );
    mode.descriptor.entity_category = Some(EntityCategory::Config);
    let [forward, backward] = INTERLOCKED;
    vec![
        component(
            Kind::Switch,
            forward,
            "Motor forward",
            json!({ "on": false }),
        ),
        component(
            Kind::Switch,
            backward,
            "Motor backward",
            json!({ "on": false }),
        ),
        light,
        component(Kind::Button, 0, "Button", json!({})),
        motion,
        sensor(0, "Temperature", "temperature", "°C", 1, &json!(22.5)),
        sensor(MOTOR_POWER, "Motor power", "power", "W", 1, &json!(0)),
        speed,
        mode,
        component(Kind::Text, 0, "Label", json!({ "value": "Hello" })),
        component(
            Kind::from("valve"),
            0,
            "Valve",
            json!({ "position": 40, "moving": false }),
        ),
        diagnostic(2, "Uptime", "duration", "s", InputSource::Uptime),
        diagnostic(3, "Free memory", "data_size", "B", InputSource::FreeMemory),
    ]
}

fn component(kind: Kind, id: u16, name: &str, state: Value) -> Component {
    let state = match state {
        Value::Object(fields) => State::from(fields),
        _ => State::new(),
    };
    let component = Component::new(Descriptor::new(kind, id, name), state);
    // Values that a person sets are retained; measured values are not.
    match component.descriptor.kind {
        Kind::Switch | Kind::Light | Kind::Number | Kind::Select | Kind::Text => {
            component.retained()
        }
        _ => component,
    }
}

fn sensor(id: u16, name: &str, class: &str, unit: &str, decimals: u8, first: &Value) -> Component {
    let mut sensor = component(Kind::Sensor, id, name, json!({ "value": first }));
    let text = |text: &str| Some(String::from(text));
    sensor.descriptor.device_class = text(class);
    sensor.descriptor.unit_of_measurement = text(unit);
    sensor.descriptor.accuracy_decimals = Some(decimals);
    sensor.descriptor.state_class = text("measurement");
    sensor
}

fn diagnostic(id: u16, name: &str, class: &str, unit: &str, input: InputSource) -> Component {
    let mut sensor = sensor(id, name, class, unit, 0, &Value::Null).with_input(input);
    sensor.descriptor.entity_category = Some(EntityCategory::Diagnostic);
    sensor
}

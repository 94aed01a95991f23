//! The board's identity and components.

use alloc::{borrow::ToOwned, string::String, vec};
use core::time::Duration;

use board::{Component, Identity, InputSource, Plan};
use embedded::identity;
use protocol::{Caps, ComponentKey, Descriptor, EntityCategory, Kind, State, limits};
use serde_json::{Value, json};

use crate::pins;

/// The sensor of the chip's temperature.
const TEMPERATURE: u16 = 0;
/// The sensor of the unused stack.
pub(crate) const FREE_STACK: u16 = 4;

/// The plan of the board with this network address.
pub(crate) fn plan(mac: [u8; 6]) -> Plan {
    let mut light = component(
        Kind::Light,
        0,
        "Light",
        json!({ "on": false, "brightness": 60, "rgb": null, "ct_k": 3000 }),
    );
    light.descriptor.caps = Caps {
        brightness: true,
        rgb: true,
        ct_k: Some([2200, 6500]),
        ..Caps::default()
    };
    let mut relay = component(Kind::Switch, 0, "Relay", json!({ "on": false }));
    relay.descriptor.device_class = Some("outlet".to_owned());
    let read = |seconds| InputSource::Read {
        every: Duration::from_secs(seconds),
    };
    let mut components = vec![
        light,
        component(Kind::Button, 0, "BOOT", json!({})),
        relay,
        diagnostic(1, "Signal", ["signal_strength", "dBm"], InputSource::Rssi),
        diagnostic(2, "Uptime", ["duration", "s"], InputSource::Uptime),
        diagnostic(
            3,
            "Free memory",
            ["data_size", "B"],
            InputSource::FreeMemory,
        ),
        diagnostic(FREE_STACK, "Free stack", ["data_size", "B"], read(60)),
    ];
    if cfg!(feature = "thermometer") {
        components.insert(
            3,
            diagnostic(
                TEMPERATURE,
                "Chip temperature",
                ["temperature", "°C"],
                read(10),
            ),
        );
    }
    Plan {
        identity: Identity {
            id: identity::id(mac),
            name: pins::BOARD.to_owned(),
            mac: identity::mac(mac),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            platform: pins::PLATFORM.to_owned(),
            board: pins::BOARD.to_owned(),
        },
        components,
        bindings: vec![(
            ComponentKey::new(Kind::Button, 0),
            ComponentKey::new(Kind::Light, 0),
        )],
        controllers: limits::CONTROLLERS,
    }
}

fn component(kind: Kind, id: u16, name: &str, state: Value) -> Component {
    let state = match state {
        Value::Object(fields) => State::from(fields),
        _ => State::new(),
    };
    Component::new(Descriptor::new(kind, id, name), state)
}

/// A sensor in whole units.
fn diagnostic(id: u16, name: &str, [class, unit]: [&str; 2], input: InputSource) -> Component {
    let mut sensor = component(Kind::Sensor, id, name, json!({ "value": null })).with_input(input);
    let text = |text: &str| Some(String::from(text));
    sensor.descriptor.device_class = text(class);
    sensor.descriptor.unit_of_measurement = text(unit);
    sensor.descriptor.accuracy_decimals = Some(0);
    sensor.descriptor.state_class = text("measurement");
    sensor.descriptor.entity_category = Some(EntityCategory::Diagnostic);
    sensor
}

//! The usual components, in one line each.

use std::time::Duration;

use ::board::{Component, InputSource};
use ::protocol::{ComponentKey, Descriptor, Kind, State};
use serde_json::{Value, json};

/// How often covers, events and texts are read.
const OFTEN: Duration = Duration::from_millis(500);

fn component(kind: Kind, number: u16, name: &str, state: Value) -> Component {
    let state = match state {
        Value::Object(fields) => State::from(fields),
        _ => State::new(),
    };
    Component::new(Descriptor::new(kind, number, name), state)
}

/// The same component with a device class; an empty one counts as absent.
fn of_class(mut component: Component, class: &str) -> Component {
    component.descriptor.device_class = Some(class.to_owned()).filter(|class| !class.is_empty());
    component
}

/// An output that is on or off; off when new. Classes are those of Home
/// Assistant, here `outlet`; an empty one counts as absent.
#[must_use]
pub fn switch(number: u16, name: &str, class: &str) -> Component {
    let switch = component(Kind::Switch, number, name, json!({ "on": false }));
    of_class(switch.retained(), class)
}

/// A light that can be dimmed; off when new.
#[must_use]
pub fn light(number: u16, name: &str) -> Component {
    let first = json!({ "on": false, "brightness": 100 });
    let mut light = component(Kind::Light, number, name, first).retained();
    light.descriptor.caps.brightness = true;
    light
}

/// A button with the events `press`, `double_press` and `long_press`.
#[must_use]
pub fn button(number: u16, name: &str) -> Component {
    component(Kind::Button, number, name, json!({}))
}

/// A measured number, read once per second: its class, such as `temperature`,
/// its unit, and the digits after the decimal point that are significant.
#[must_use]
pub fn sensor(number: u16, name: &str, class: &str, unit: &str, decimals: u8) -> Component {
    let sensor = component(Kind::Sensor, number, name, json!({ "value": null }));
    let mut sensor = of_class(sensor, class);
    sensor.descriptor.unit_of_measurement = Some(unit.to_owned()).filter(|unit| !unit.is_empty());
    sensor.descriptor.accuracy_decimals = Some(decimals);
    sensor.descriptor.state_class = Some("measurement".to_owned());
    sensor
}

/// A measured on or off, read once per second; a class is for example `motion`.
#[must_use]
pub fn binary_sensor(number: u16, name: &str, class: &str) -> Component {
    let sensor = component(Kind::BinarySensor, number, name, json!({ "on": null }));
    of_class(sensor, class)
}

/// A measured line of text.
#[must_use]
pub fn text_sensor(number: u16, name: &str) -> Component {
    component(Kind::TextSensor, number, name, json!({ "value": null }))
        .with_input(InputSource::Read { every: OFTEN })
}

/// A number from `min` to `max` in multiples of `step`; `min` when new.
#[must_use]
pub fn number(number: u16, name: &str, [min, max, step]: [f64; 3]) -> Component {
    let first = json!({ "value": min, "min": min, "max": max, "step": step });
    component(Kind::Number, number, name, first).retained()
}

/// One of several options; the first when new.
#[must_use]
pub fn select(number: u16, name: &str, options: &[&str]) -> Component {
    let first = json!({ "value": options.first(), "options": options });
    component(Kind::Select, number, name, first).retained()
}

/// A line of text that can be set; empty when new.
#[must_use]
pub fn text(number: u16, name: &str) -> Component {
    component(Kind::Text, number, name, json!({ "value": "" })).retained()
}

/// A cover whose position can be set; closed when new. A class is for example
/// `blind`.
#[must_use]
pub fn cover(number: u16, name: &str, class: &str) -> Component {
    let first = json!({ "state": "closed", "position": 0 });
    let mut cover =
        component(Kind::Cover, number, name, first).with_input(InputSource::Read { every: OFTEN });
    cover.descriptor.caps.position = true;
    of_class(cover, class)
}

/// What occurs at the board, in these words. A class is for example
/// `doorbell`.
#[must_use]
pub fn event(number: u16, name: &str, class: &str, words: &[&str]) -> Component {
    let mut event = component(Kind::Event, number, name, json!({}))
        .with_input(InputSource::Read { every: OFTEN });
    event.descriptor.event_types = words.iter().map(|word| (*word).to_owned()).collect();
    of_class(event, class)
}

/// Buttons and what a press of each toggles, for [`board::Plan::bindings`]:
/// `[("button:0", "light:0")]`.
#[must_use]
pub fn bindings(pairs: &[(&str, &str)]) -> Vec<(ComponentKey, ComponentKey)> {
    // The plan refuses a key that is not one, and names it.
    let key = |text: &str| {
        text.parse()
            .unwrap_or_else(|_| ComponentKey::new(Kind::Unknown(text.to_owned()), 0))
    };
    pairs
        .iter()
        .map(|(button, target)| (key(button), key(target)))
        .collect()
}

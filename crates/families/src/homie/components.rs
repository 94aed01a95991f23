//! Properties as components. The number of one follows from its path,
//! `node/property`.

use std::collections::BTreeMap;

use protocol::{
    Caps, ComponentKey, Descriptor, DeviceInfo, EntityCategory, Epoch, Event, Kind, Object,
    PROTOCOL_MAJOR, State,
};
use sanitize::bounds;
use serde_json::{Value, json};

use crate::{Family, numbering::numbered};

use super::{
    color::Color,
    description::{ColorForm, Datatype, Description, Property},
};

/// The range of a number whose format names none.
const UNLIMITED: f64 = 1e9;

/// What an event without a list of values is called.
const EVENT: &str = "event";

/// A property, and the component that it is.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) key: ComponentKey,
    /// `node/property`.
    pub(super) path: String,
    pub(super) property: Property,
}

/// The components of a device.
#[derive(Debug, Clone, Default)]
pub(super) struct Parts {
    parts: Vec<Part>,
    by_path: BTreeMap<String, usize>,
    by_key: BTreeMap<ComponentKey, usize>,
}

impl Parts {
    pub(super) fn new(description: &Description) -> Self {
        let paths = description.properties.keys().map(String::as_str);
        let numbers = numbered(paths, u16::MAX);
        let part = |(path, property): (&String, &Property)| {
            let number = *numbers.get(path)?;
            Some(Part {
                key: ComponentKey::new(kind(property), number),
                path: path.clone(),
                property: property.clone(),
            })
        };
        let parts: Vec<_> = description.properties.iter().filter_map(part).collect();
        let paths = parts.iter().enumerate();
        let keys = parts.iter().enumerate();
        Self {
            by_path: paths.map(|(at, part)| (part.path.clone(), at)).collect(),
            by_key: keys.map(|(at, part)| (part.key.clone(), at)).collect(),
            parts,
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter()
    }

    pub(super) fn at(&self, path: &str) -> Option<&Part> {
        self.parts.get(*self.by_path.get(path)?)
    }

    pub(super) fn with(&self, key: &ComponentKey) -> Option<&Part> {
        self.parts.get(*self.by_key.get(key)?)
    }
}

/// What a property is.
fn kind(property: &Property) -> Kind {
    let settable = property.settable;
    match &property.datatype {
        Datatype::Enumeration(options) if !property.retained && settable && options.len() == 1 => {
            Kind::Button
        }
        Datatype::Boolean if !property.retained && settable => Kind::Button,
        _ if !property.retained && !settable => Kind::Event,
        Datatype::Boolean if settable => Kind::Switch,
        Datatype::Boolean => Kind::BinarySensor,
        Datatype::Number { .. } if settable => Kind::Number,
        Datatype::Number { .. } => Kind::Sensor,
        Datatype::Enumeration(options) if settable && !options.is_empty() => Kind::Select,
        Datatype::Color(forms) if settable && !forms.is_empty() => Kind::Light,
        _ if settable => Kind::Text,
        _ => Kind::TextSensor,
    }
}

impl Part {
    pub(super) fn descriptor(&self) -> Descriptor {
        let name = &self.property.name;
        let mut descriptor = Descriptor::new(self.key.kind.clone(), self.key.id, name);
        match (&self.key.kind, &self.property.datatype) {
            (Kind::Sensor, Datatype::Number { whole, .. }) => {
                let (class, state_class) = class(&self.property.unit);
                descriptor.device_class = class.map(str::to_owned);
                descriptor.state_class = Some(state_class.to_owned());
                descriptor.accuracy_decimals = whole.then_some(0);
            }
            (Kind::Event, Datatype::Enumeration(options)) if !options.is_empty() => {
                descriptor.event_types = options.iter().cloned().map(bounds::text).collect();
            }
            (Kind::Event, Datatype::Boolean) => {
                descriptor.event_types = ["true", "false"].map(str::to_owned).to_vec();
            }
            (Kind::Event, _) => descriptor.event_types = vec![EVENT.to_owned()],
            (Kind::Light, _) => {
                descriptor.caps = Caps {
                    brightness: true,
                    rgb: true,
                    ..Caps::default()
                };
            }
            (Kind::TextSensor, _) => {
                descriptor.entity_category = Some(EntityCategory::Diagnostic);
            }
            _ => {}
        }
        let unit = &self.property.unit;
        let has_unit = matches!(self.key.kind, Kind::Sensor | Kind::Number) && !unit.is_empty();
        descriptor.unit_of_measurement = has_unit.then(|| unit_of(unit));
        descriptor
    }

    /// A state in which nothing is known.
    pub(super) fn unknown(&self) -> State {
        let value = State::new().with("value", Value::Null);
        match (&self.key.kind, &self.property.datatype) {
            (Kind::Switch | Kind::BinarySensor, _) => State::new().with("on", Value::Null),
            (Kind::Light, _) => State::new()
                .with("on", Value::Null)
                .with("brightness", Value::Null)
                .with("rgb", Value::Null),
            (
                Kind::Number,
                Datatype::Number {
                    whole,
                    min,
                    max,
                    step,
                },
            ) => {
                let usual = if *whole { 1.0 } else { 0.01 };
                value
                    .with("min", min.unwrap_or(-UNLIMITED))
                    .with("max", max.unwrap_or(UNLIMITED))
                    .with("step", step.unwrap_or(usual))
            }
            (Kind::Select, Datatype::Enumeration(options)) => {
                let mut left = 3_500_usize;
                let fitting = options.iter().map_while(|option| {
                    left = left.checked_sub(option.len() + 3)?;
                    Some(bounds::text(option.clone()))
                });
                value.with("options", fitting.collect::<Vec<_>>())
            }
            (Kind::Button | Kind::Event, _) => State::new(),
            _ => value,
        }
    }

    /// The state that a value is; `None` if it is not one of this property.
    pub(super) fn state(&self, payload: &[u8]) -> Option<State> {
        let text = text_of(payload)?;
        Some(match (&self.key.kind, &self.property.datatype) {
            (Kind::Switch | Kind::BinarySensor, _) => State::new().with("on", boolean(&text)?),
            (Kind::Sensor | Kind::Number, Datatype::Number { whole, .. }) => {
                State::new().with("value", number(&text, *whole)?)
            }
            (Kind::Light, _) => {
                let Color { rgb, brightness } = Color::parse(&text)?;
                let state = State::new().with("on", brightness > 0);
                // Black has no color, and off is no brightness.
                match brightness {
                    0 => state,
                    _ => state.with("brightness", brightness).with("rgb", json!(rgb)),
                }
            }
            (Kind::Button | Kind::Event, _) => return None,
            _ => State::new().with("value", bounds::text(text)),
        })
    }

    /// The event that a value is.
    pub(super) fn event(&self, payload: &[u8]) -> Option<Event> {
        if self.key.kind != Kind::Event {
            return None;
        }
        let text = text_of(payload)?;
        let (event, value) = match &self.property.datatype {
            Datatype::Enumeration(options) if !options.is_empty() => {
                let known = options.contains(&text);
                (known.then_some(text)?, None)
            }
            Datatype::Boolean => (boolean(&text)?.to_string(), None),
            _ => (EVENT.to_owned(), Some(bounds::text(text))),
        };
        let value = value.map(|value| ("value".to_owned(), Value::from(value)));
        Some(Event {
            component: self.key.clone(),
            event: bounds::text(event),
            extra: Object::from_iter(value),
        })
    }

    /// The form in which a light's color is written.
    pub(super) fn color_form(&self) -> Option<ColorForm> {
        match &self.property.datatype {
            Datatype::Color(forms) => forms.first().copied(),
            _ => None,
        }
    }
}

/// What a device is.
pub(super) fn info(id: String, description: &Description) -> DeviceInfo {
    DeviceInfo {
        name: match description.name.is_empty() {
            true => id.clone(),
            false => description.name.clone(),
        },
        id,
        mac: String::new(),
        version: String::new(),
        platform: Family::Homie.as_str().to_owned(),
        board: "Homie 5".to_owned(),
        proto: PROTOCOL_MAJOR,
        features: Vec::new(),
        epoch: Epoch(1),
        uptime_ms: 0,
        reset_reason: None,
        extra: Object::new(),
    }
}

/// A value as text. Homie writes an empty text as one zero byte, because an
/// empty payload clears what is retained.
fn text_of(payload: &[u8]) -> Option<String> {
    match payload {
        [] => None,
        [0] => Some(String::new()),
        bytes => std::str::from_utf8(bytes).ok().map(str::to_owned),
    }
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

fn number(text: &str, whole: bool) -> Option<Value> {
    if whole && let Ok(number) = text.parse::<i64>() {
        return Some(number.into());
    }
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    number.map(Value::from)
}

/// Device class and state class of a unit that Homie recommends.
fn class(unit: &str) -> (Option<&'static str>, &'static str) {
    let now = "measurement";
    match unit {
        "°C" | "°F" => (Some("temperature"), now),
        "V" => (Some("voltage"), now),
        "W" | "kW" => (Some("power"), now),
        "A" => (Some("current"), now),
        "Hz" => (Some("frequency"), now),
        "kWh" => (Some("energy"), "total_increasing"),
        "Pa" | "psi" => (Some("pressure"), now),
        "ppm" => (None, now),
        _ => (None, now),
    }
}

/// Homie's `#` stands for a count, which has no unit.
fn unit_of(unit: &str) -> String {
    match unit {
        "#" => String::new(),
        unit => unit.to_owned(),
    }
}

//! Entities as a board lists them, as components.

use std::collections::BTreeMap;

use protocol::{ComponentKey, Descriptor, EntityCategory, Kind, State};
use sanitize::bounds;
use serde_json::{Value, json};

use super::{
    kinds::Layout,
    light::Light,
    text::{MOST_TEXTS, bounded, decimal},
    wire::Fields,
};

/// An entity.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entity {
    pub(super) layout: &'static Layout,
    /// A hash of its name, unique within its kind and device.
    pub(super) key: u32,
    /// A device that is connected through the board; 0 for the board.
    pub(super) device: u32,
    name: String,
    icon: String,
    class: String,
    category: u64,
    pub(super) detail: Detail,
}

/// What only some kinds have.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Detail {
    /// Nothing.
    None,
    Light(Light),
    Sensor {
        unit: String,
        decimals: i64,
        state_class: u64,
    },
    Number {
        unit: String,
        min: f32,
        max: f32,
        step: f32,
    },
    Select {
        options: Vec<String>,
    },
    Text {
        least: u64,
        most: u64,
    },
    /// A cover or a valve.
    Cover {
        position: bool,
        tilt: bool,
        stop: bool,
    },
    Event {
        types: Vec<String>,
    },
    Lock {
        open: bool,
    },
    Fan {
        oscillates: bool,
        has_speed: bool,
        has_direction: bool,
        has_presets: bool,
    },
}

impl Detail {
    fn parse(kind: &str, fields: Fields<'_>) -> Self {
        match kind {
            "light" => Self::Light(Light::parse(fields)),
            "sensor" => Self::Sensor {
                unit: bounds::text(fields.text(6)),
                decimals: fields.signed(7),
                state_class: fields.number(10),
            },
            "number" => Self::Number {
                unit: bounds::text(fields.text(11)),
                min: fields.float(6),
                max: fields.float(7),
                step: fields.float(8),
            },
            "select" => Self::Select {
                options: bounded(fields.texts(6, MOST_TEXTS)),
            },
            "text" => Self::Text {
                least: fields.number(8),
                most: fields.number(9),
            },
            "cover" => Self::Cover {
                position: fields.flag(6),
                tilt: fields.flag(7),
                stop: fields.flag(12),
            },
            "valve" => Self::Cover {
                position: fields.flag(10),
                tilt: false,
                stop: fields.flag(11),
            },
            "event" => Self::Event {
                types: bounded(fields.texts(9, MOST_TEXTS)),
            },
            "lock" => Self::Lock {
                open: fields.flag(9),
            },
            "fan" => Self::Fan {
                oscillates: fields.flag(5),
                has_speed: fields.flag(6),
                has_direction: fields.flag(7),
                has_presets: fields.bytes(12).next().is_some(),
            },
            _ => Self::None,
        }
    }
}

impl Entity {
    /// Reads a message that lists an entity.
    pub(super) fn parse(layout: &'static Layout, fields: Fields<'_>) -> Self {
        let class = match layout.class {
            0 => String::new(),
            class => bounds::text(fields.text(class)),
        };
        Self {
            layout,
            key: fields.fixed(2),
            device: narrow(fields.number(layout.device)),
            name: bounds::name(&fields.text(3)),
            icon: bounds::text(fields.text(layout.icon)),
            class,
            category: fields.number(layout.category),
            detail: Detail::parse(layout.kind, fields),
        }
    }

    /// What the board's messages about this entity have in common.
    pub(super) fn address(&self) -> Address {
        (self.layout.state, self.device, self.key)
    }

    /// The device class.
    pub(super) fn class(&self) -> &str {
        &self.class
    }

    /// The description of the component. `owner` is the name of the board, or
    /// of the device behind it.
    pub(super) fn descriptor(&self, id: u16, owner: &str) -> Descriptor {
        // The entity that is the device's main one has no name of its own.
        let name = match (self.name.is_empty(), self.device) {
            (true, _) => owner.to_owned(),
            (false, 0) => self.name.clone(),
            (false, _) => format!("{owner} {}", self.name),
        };
        let mut descriptor = Descriptor::new(Kind::from(self.layout.kind), id, &name);
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        descriptor.icon = some(&self.icon);
        descriptor.device_class = some(&self.class);
        descriptor.entity_category = match self.category {
            0 => None,
            1 => Some(EntityCategory::Config),
            2 => Some(EntityCategory::Diagnostic),
            _ => Some(EntityCategory::Other),
        };
        match &self.detail {
            Detail::Light(light) => descriptor.caps = light.caps(),
            Detail::Sensor {
                unit,
                decimals,
                state_class,
            } => {
                descriptor.unit_of_measurement = some(unit);
                descriptor.accuracy_decimals = u8::try_from(*decimals).ok();
                descriptor.state_class = state_class_name(*state_class).map(str::to_owned);
            }
            Detail::Number { unit, .. } => descriptor.unit_of_measurement = some(unit),
            Detail::Cover { position: true, .. } => {
                descriptor.caps.position = true;
            }
            Detail::Event { types } => descriptor.event_types.clone_from(types),
            Detail::None
            | Detail::Select { .. }
            | Detail::Text { .. }
            | Detail::Cover { .. }
            | Detail::Lock { .. }
            | Detail::Fan { .. } => {}
        }
        descriptor.can_install = self.layout.kind == "update";
        descriptor
    }

    /// The parts of its state that are in its description.
    pub(super) fn fixed_state(&self) -> State {
        match &self.detail {
            Detail::Number { min, max, step, .. } => State::new()
                .with("min", decimal(*min))
                .with("max", decimal(*max))
                .with("step", decimal(*step)),
            Detail::Select { options } => State::new().with("options", json!(options)),
            _ => State::new(),
        }
    }

    /// Its state before the board reported one; `None` if it has none.
    pub(super) fn unknown_state(&self) -> Option<State> {
        let unknown = |field| State::new().with(field, Value::Null);
        let mut state = match (self.layout.kind, &self.detail) {
            _ if !self.layout.has_state() => return None,
            (_, Detail::Light(light)) => light.unknown(),
            ("switch" | "binary_sensor" | "fan" | "siren", _) => unknown("on"),
            ("cover" | "valve", _) => unknown("state").with("position", Value::Null),
            ("lock" | "alarm_control_panel" | "media_player", _) => unknown("state"),
            ("climate" | "water_heater", _) => unknown("mode"),
            ("update", _) => unknown("installed_version").with("latest_version", Value::Null),
            ("datetime", _) => unknown("epoch_seconds"),
            _ => unknown("value"),
        };
        state.merge(&self.fixed_state());
        Some(state)
    }
}

/// What identifies an entity in the messages about it: the message with its
/// state, the device and the key.
pub(super) type Address = (u32, u32, u32);

/// A `uint32`; 0 if it is too large.
pub(super) fn narrow(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

/// `SensorStateClass`, in Home Assistant's words.
const fn state_class_name(number: u64) -> Option<&'static str> {
    match number {
        1 => Some("measurement"),
        2 => Some("total_increasing"),
        3 => Some("total"),
        4 => Some("measurement_angle"),
        _ => None,
    }
}

/// Numbers the entities of a board. The number of a component is its key, of
/// 32 bits, folded to 16; if another entity of the kind has that number, the
/// next free one. Entities are numbered in the order of device and key, so the
/// numbers do not depend on the order in which the board lists them.
pub(super) fn numbered(mut entities: Vec<Entity>) -> BTreeMap<ComponentKey, Entity> {
    entities.sort_by_key(|entity| (entity.layout.list, entity.device, entity.key));
    entities.dedup_by_key(|entity| (entity.layout.list, entity.device, entity.key));
    let mut numbered = BTreeMap::new();
    for entity in entities {
        let kind = Kind::from(entity.layout.kind);
        let mut key = ComponentKey::new(kind, folded(entity.key ^ entity.device));
        // Ends: there are far fewer entities than numbers.
        while numbered.contains_key(&key) {
            key.id = key.id.wrapping_add(1);
        }
        numbered.insert(key, entity);
    }
    numbered
}

/// 32 bits folded to 16.
fn folded(key: u32) -> u16 {
    let [a, b, c, d] = key.to_be_bytes();
    u16::from_be_bytes([a ^ c, b ^ d])
}

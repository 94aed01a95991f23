//! Components: keys, kinds and descriptions. Attribute names are those of Home
//! Assistant and ESPHome.

use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{Object, Quoted};

/// The kind of a component. An unknown kind is kept by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// On or off; `Switch.Set` and `Switch.Toggle`.
    Switch,
    /// On or off, read-only.
    BinarySensor,
    /// On or off, with brightness, color, color temperature, white, effects and
    /// palettes depending on its [`Caps`]; `Light.Set`.
    Light,
    /// A blind, shutter, awning or garage door; `Cover.Open`, `Cover.Close`,
    /// `Cover.Stop` and, depending on its [`Caps`], `Cover.Set`.
    Cover,
    /// A number, read-only.
    Sensor,
    /// A number within a range; `Number.Set`.
    Number,
    /// One of several options; `Select.Set`.
    Select,
    /// A line of text; `Text.Set`.
    Text,
    /// A line of text, read-only.
    TextSensor,
    /// No state; `Button.Press`, and events when it is pressed physically.
    Button,
    /// No state and no commands; the events in its
    /// [`Descriptor::event_types`].
    Event,
    /// The board's firmware; the `Ota` methods, or `Update.Install` if
    /// [`Descriptor::can_install`].
    Update,
    /// The name of a newer board's kind.
    Unknown(String),
}

impl Kind {
    /// The name on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Switch => "switch",
            Self::BinarySensor => "binary_sensor",
            Self::Light => "light",
            Self::Cover => "cover",
            Self::Sensor => "sensor",
            Self::Number => "number",
            Self::Select => "select",
            Self::Text => "text",
            Self::TextSensor => "text_sensor",
            Self::Button => "button",
            Self::Event => "event",
            Self::Update => "update",
            Self::Unknown(name) => name,
        }
    }
}

impl From<&str> for Kind {
    fn from(name: &str) -> Self {
        match name {
            "switch" => Self::Switch,
            "binary_sensor" => Self::BinarySensor,
            "light" => Self::Light,
            "cover" => Self::Cover,
            "sensor" => Self::Sensor,
            "number" => Self::Number,
            "select" => Self::Select,
            "text" => Self::Text,
            "text_sensor" => Self::TextSensor,
            "button" => Self::Button,
            "event" => Self::Event,
            "update" => Self::Update,
            other => Self::Unknown(other.to_owned()),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|name| Self::from(name.as_str()))
    }
}

/// The key of a component: `light:0`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ComponentKey {
    /// The part before the colon.
    pub kind: Kind,
    /// The part after it; numbered from 0 within the kind.
    pub id: u16,
}

impl ComponentKey {
    /// The key `kind:id`.
    pub const fn new(kind: Kind, id: u16) -> Self {
        Self { kind, id }
    }
}

/// A text is not a [`ComponentKey`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a component as kind:number, for example light:0; got {}", Quoted(.0))]
pub struct KeyError(pub String);

impl FromStr for ComponentKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let refuse = || KeyError(text.to_owned());
        let (kind, id) = text.split_once(':').ok_or_else(refuse)?;
        // Each component has exactly one key: `light:0`, never `light:00` or
        // `light:+0`.
        let canonical =
            id.bytes().all(|b| b.is_ascii_digit()) && (id == "0" || !id.starts_with('0'));
        if kind.is_empty() || !canonical {
            return Err(refuse());
        }
        Ok(Self {
            kind: Kind::from(kind),
            id: id.parse().map_err(|_| refuse())?,
        })
    }
}

impl fmt::Display for ComponentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.id)
    }
}

impl Serialize for ComponentKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ComponentKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

/// The category of a component that is not a primary one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntityCategory {
    /// Configures the board.
    Config,
    /// Reports on the board itself: signal strength, memory, uptime.
    Diagnostic,
    /// A newer board's category; shown like any other component.
    #[serde(other)]
    Other,
}

/// Description of a component, as listed by `Device.GetComponents`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Descriptor {
    /// Identifies the component in all messages.
    pub key: ComponentKey,
    /// The kind in the key.
    pub kind: Kind,
    /// For display; not unique.
    pub name: String,
    /// What it measures or does, in Home Assistant's terms: `temperature`,
    /// `outlet`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_class: Option<String>,
    /// The unit of its value: `°C`, `dBm`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_of_measurement: Option<String>,
    /// Significant digits after the decimal point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy_decimals: Option<u8>,
    /// `measurement`, `total` or `total_increasing`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_class: Option<String>,
    /// Absent for primary components.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity_category: Option<EntityCategory>,
    /// A Material Design icon: `mdi:lamp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// Of an event: the events that it can report, in Home Assistant's term.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub event_types: Vec<String>,
    /// Of an update: whether the board downloads its images, and installs the
    /// latest one by `Update.Install`.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub can_install: bool,
    /// Capabilities of a light or a cover; empty for other kinds.
    #[serde(default, skip_serializing_if = "Caps::is_empty")]
    pub caps: Caps,
    /// Unknown fields of a newer board, unchanged.
    #[serde(flatten)]
    pub extra: Object,
}

impl Descriptor {
    /// A description with only a key and a name.
    pub fn new(kind: Kind, id: u16, name: &str) -> Self {
        Self {
            key: ComponentKey::new(kind.clone(), id),
            kind,
            name: name.to_owned(),
            device_class: None,
            unit_of_measurement: None,
            accuracy_decimals: None,
            state_class: None,
            entity_category: None,
            icon: None,
            event_types: Vec::new(),
            can_install: false,
            caps: Caps::default(),
            extra: Object::new(),
        }
    }
}

/// The fields of the state of a light. Which of them it has is in its
/// [`Caps`].
pub const LIGHT_FIELDS: [&str; 7] = [
    "on",
    "brightness",
    "rgb",
    "ct_k",
    "white",
    "effect",
    "palette",
];

/// Capabilities of a light or a cover. Every light has `on`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Caps {
    /// Whether it has `brightness`.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub brightness: bool,
    /// Whether it has `rgb`.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub rgb: bool,
    /// The range of `ct_k` in kelvin, `[warmest, coldest]`, for example `[2200,
    /// 6500]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ct_k: Option<[u16; 2]>,
    /// Whether it has `white`, a separate white channel.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub white: bool,
    /// The values that `effect` accepts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<String>,
    /// The values that `palette` accepts: the colors of an effect.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub palettes: Vec<String>,
    /// Whether the `position` of a cover can be set.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub position: bool,
    /// Unknown fields of a newer board, unchanged.
    #[serde(flatten)]
    pub extra: Object,
}

impl Caps {
    /// Whether there are no capabilities.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

//! What a component is: its key, its kind and how it describes itself.
//! Attribute names are Home Assistant's and ESPHome's.

use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::Object;

/// What sort of component it is. A kind that this program does not know is kept
/// by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// On or off, commanded with `Switch.Set` and `Switch.Toggle`.
    Switch,
    /// On or off, only read.
    BinarySensor,
    /// On or off with brightness, colour, temperature and effects as its
    /// [`Caps`] say; `Light.Set`.
    Light,
    /// A number, only read.
    Sensor,
    /// A number within a range; `Number.Set`.
    Number,
    /// One of several words; `Select.Set`.
    Select,
    /// A line of text; `Text.Set`.
    Text,
    /// No state; `Button.Press`, and events when a hand presses it.
    Button,
    /// The board's own firmware; `Ota.Begin` and the methods after it.
    Update,
    /// A kind of a newer board, by its name.
    Unknown(String),
}

impl Kind {
    /// The name on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Switch => "switch",
            Self::BinarySensor => "binary_sensor",
            Self::Light => "light",
            Self::Sensor => "sensor",
            Self::Number => "number",
            Self::Select => "select",
            Self::Text => "text",
            Self::Button => "button",
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
            "sensor" => Self::Sensor,
            "number" => Self::Number,
            "select" => Self::Select,
            "text" => Self::Text,
            "button" => Self::Button,
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

/// Names one component of a board: `light:0`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ComponentKey {
    /// The part before the colon.
    pub kind: Kind,
    /// The part after it: counts from 0 within the kind.
    pub id: u16,
}

impl ComponentKey {
    /// The key `kind:id`.
    pub const fn new(kind: Kind, id: u16) -> Self {
        Self { kind, id }
    }
}

/// Why a text is no [`ComponentKey`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a component is named kind:number, for example light:0; this is {0:?}")]
pub struct KeyError(pub String);

impl FromStr for ComponentKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let refuse = || KeyError(text.to_owned());
        let (kind, id) = text.split_once(':').ok_or_else(refuse)?;
        // Each component has one name: `light:0`, never `light:00` or
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

/// Whether a component is what the board is for, or tells about the board
/// itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntityCategory {
    /// Changes how the board works.
    Config,
    /// Tells how the board is: signal, memory, uptime.
    Diagnostic,
    /// A category of a newer board; shown like any other component.
    #[serde(other)]
    Other,
}

/// How a component describes itself; what `Device.GetComponents` lists.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Descriptor {
    /// Names it in every other message.
    pub key: ComponentKey,
    /// Repeats the kind of the key.
    pub kind: Kind,
    /// For people; not unique.
    pub name: String,
    /// What it measures or does, in Home Assistant's words: `temperature`,
    /// `outlet`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_class: Option<String>,
    /// The unit of its value: `°C`, `dBm`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_of_measurement: Option<String>,
    /// Digits after the point that mean something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy_decimals: Option<u8>,
    /// `measurement`, `total` or `total_increasing`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_class: Option<String>,
    /// Absent for what the board is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity_category: Option<EntityCategory>,
    /// A Material Design icon: `mdi:lamp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icon: Option<String>,
    /// What a light can do; empty for every other kind.
    #[serde(default, skip_serializing_if = "Caps::is_empty")]
    pub caps: Caps,
    /// Fields of a newer board, kept as they came.
    #[serde(flatten)]
    pub extra: Object,
}

impl Descriptor {
    /// A descriptor with a key and a name and nothing else.
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
            caps: Caps::default(),
            extra: Object::new(),
        }
    }
}

/// What of a light's state it has. `on` every light has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Caps {
    /// It can be dimmed: `brightness`.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub brightness: bool,
    /// It has colour: `rgb`.
    #[serde(skip_serializing_if = "core::ops::Not::not")]
    pub rgb: bool,
    /// It has whites: the coldest and warmest `ct_k`, in kelvin, as `[warmest,
    /// coldest]`, for example `[2200, 6500]`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ct_k: Option<[u16; 2]>,
    /// The words that `effect` may take.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<String>,
    /// Fields of a newer board, kept as they came.
    #[serde(flatten)]
    pub extra: Object,
}

impl Caps {
    /// Nothing is said.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

//! The components of a Shelly, as it names them: `switch:0`, `sys`.

/// The type of a component that is translated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Type {
    Switch,
    Light,
    Rgb,
    Rgbw,
    Cct,
    Rgbcct,
    Cover,
    Pm1,
    Em,
    EmData,
    Em1,
    Em1Data,
    Input,
    Temperature,
    Humidity,
    Illuminance,
    DevicePower,
    Voltmeter,
    Smoke,
    Flood,
    Number,
    Text,
    Enum,
    Boolean,
    Button,
    Thermostat,
    BluTrv,
    Sys,
    Wifi,
}

/// Every type: its name on the wire, and for people.
const TYPES: [(Type, &str, &str); 29] = [
    (Type::Switch, "switch", "Switch"),
    (Type::Light, "light", "Light"),
    (Type::Rgb, "rgb", "RGB light"),
    (Type::Rgbw, "rgbw", "RGBW light"),
    (Type::Cct, "cct", "White light"),
    (Type::Rgbcct, "rgbcct", "Color light"),
    (Type::Cover, "cover", "Cover"),
    (Type::Pm1, "pm1", "Meter"),
    (Type::Em, "em", "Energy meter"),
    (Type::EmData, "emdata", "Energy meter"),
    (Type::Em1, "em1", "Energy meter"),
    (Type::Em1Data, "em1data", "Energy meter"),
    (Type::Input, "input", "Input"),
    (Type::Temperature, "temperature", "Temperature"),
    (Type::Humidity, "humidity", "Humidity"),
    (Type::Illuminance, "illuminance", "Illuminance"),
    (Type::DevicePower, "devicepower", "Power supply"),
    (Type::Voltmeter, "voltmeter", "Voltmeter"),
    (Type::Smoke, "smoke", "Smoke"),
    (Type::Flood, "flood", "Flood"),
    (Type::Number, "number", "Number"),
    (Type::Text, "text", "Text"),
    (Type::Enum, "enum", "Selection"),
    (Type::Boolean, "boolean", "Boolean"),
    (Type::Button, "button", "Button"),
    (Type::Thermostat, "thermostat", "Thermostat"),
    (Type::BluTrv, "blutrv", "Radiator valve"),
    (Type::Sys, "sys", "System"),
    (Type::Wifi, "wifi", "Wi-Fi"),
];

impl Type {
    fn row(self) -> Option<&'static (Self, &'static str, &'static str)> {
        TYPES.iter().find(|(kind, ..)| *kind == self)
    }

    /// The name for people.
    pub(super) fn title(self) -> &'static str {
        self.row().map_or("", |(_, _, title)| title)
    }

    /// Whether it only reports what it senses.
    pub(super) fn is_sensor(self) -> bool {
        matches!(
            self,
            Self::Pm1
                | Self::Em
                | Self::EmData
                | Self::Em1
                | Self::Em1Data
                | Self::Input
                | Self::Temperature
                | Self::Humidity
                | Self::Illuminance
                | Self::DevicePower
                | Self::Voltmeter
                | Self::Smoke
                | Self::Flood
        )
    }

    /// Every component of the type.
    pub(super) fn sources(self) -> std::ops::RangeInclusive<Source> {
        let source = |id| Source { kind: self, id };
        source(0)..=source(u16::MAX)
    }

    /// The name on the wire.
    pub(super) fn as_str(self) -> &'static str {
        self.row().map_or("", |(_, name, _)| name)
    }
}

/// A component of a Shelly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Source {
    /// Its type.
    pub(super) kind: Type,
    /// Its number within the type; 0 of `sys` and `wifi`.
    pub(super) id: u16,
}

/// The first number of components that a user creates.
const DYNAMIC: u16 = 200;

impl Source {
    /// Reads `switch:0`; `None` if it is not translated.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (name, id) = match text.split_once(':') {
            Some((name, id)) => (name, Some(id)),
            None => (text, None),
        };
        let (kind, ..) = TYPES.iter().find(|(_, known, _)| *known == name)?;
        let alone = matches!(kind, Type::Sys | Type::Wifi);
        let id = match id {
            None if alone => 0,
            Some(id) if !alone && id.bytes().all(|byte| byte.is_ascii_digit()) => {
                id.parse().ok()?
            }
            _ => return None,
        };
        Some(Self { kind: *kind, id })
    }

    /// Where its configuration is: counters have that of their meter.
    pub(super) fn configured_as(self) -> Self {
        let kind = match self.kind {
            Type::EmData => Type::Em,
            Type::Em1Data => Type::Em1,
            other => other,
        };
        Self { kind, ..self }
    }

    /// Whether `Shelly.GetComponents` lists it, and not `Shelly.GetStatus`.
    pub(super) fn is_dynamic(self) -> bool {
        self.id >= DYNAMIC
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.kind {
            Type::Sys | Type::Wifi => formatter.write_str(self.kind.as_str()),
            kind => write!(formatter, "{}:{}", kind.as_str(), self.id),
        }
    }
}

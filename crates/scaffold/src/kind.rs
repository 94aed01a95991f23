//! The kinds of components that a new board can have, and what they measure or
//! do in Home Assistant's terms.

/// A kind of component that firmware can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// On and off.
    Switch,
    /// A dimmable light.
    Light,
    /// A button at the board.
    Button,
    /// A measured number.
    Sensor,
    /// A measured on or off.
    BinarySensor,
    /// A measured line of text.
    TextSensor,
    /// A number that can be set.
    Number,
    /// One of several options.
    Select,
    /// A line of text that can be set.
    Text,
    /// A blind or another cover.
    Cover,
    /// What occurs at the board, in words.
    Event,
}

/// What a component measures or does, and how its value is shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Class {
    /// The name in Home Assistant.
    pub name: &'static str,
    /// The default name of such a component.
    pub title: &'static str,
    /// Of a sensor: its unit; empty without one.
    pub unit: &'static str,
    /// Of a sensor: the significant digits after the decimal point.
    pub decimals: u8,
    /// Of a sensor: the range in which simulated values stay.
    pub range: (f64, f64),
}

impl Kind {
    /// All kinds, in the order in which they are listed for people.
    pub const ALL: [Self; 11] = [
        Self::Light,
        Self::Switch,
        Self::Button,
        Self::Sensor,
        Self::BinarySensor,
        Self::TextSensor,
        Self::Number,
        Self::Select,
        Self::Text,
        Self::Cover,
        Self::Event,
    ];

    /// The name in the protocol.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Switch => "switch",
            Self::Light => "light",
            Self::Button => "button",
            Self::Sensor => "sensor",
            Self::BinarySensor => "binary_sensor",
            Self::TextSensor => "text_sensor",
            Self::Number => "number",
            Self::Select => "select",
            Self::Text => "text",
            Self::Cover => "cover",
            Self::Event => "event",
        }
    }

    /// The kind with this name.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// The device classes that such a component can have.
    pub const fn classes(self) -> &'static [Class] {
        match self {
            Self::Sensor => SENSOR,
            Self::BinarySensor => BINARY_SENSOR,
            Self::Switch => SWITCH,
            Self::Cover => COVER,
            Self::Event => EVENT,
            _ => &[],
        }
    }

    /// A component without a device class.
    pub const fn plain(self) -> Class {
        match self {
            Self::Switch => class("", "Switch"),
            Self::Light => class("", "Light"),
            Self::Button => class("", "Button"),
            Self::Sensor => Class {
                decimals: 1,
                range: (0.0, 100.0),
                ..class("", "Sensor")
            },
            Self::BinarySensor => class("", "Binary sensor"),
            Self::TextSensor => class("", "Text sensor"),
            Self::Number => class("", "Number"),
            Self::Select => class("", "Select"),
            Self::Text => class("", "Text"),
            Self::Cover => class("", "Cover"),
            Self::Event => class("", "Event"),
        }
    }
}

const fn class(name: &'static str, title: &'static str) -> Class {
    Class {
        name,
        title,
        unit: "",
        decimals: 0,
        range: (0.0, 0.0),
    }
}

const fn sensor(
    name: &'static str,
    title: &'static str,
    (unit, decimals): (&'static str, u8),
    range: (f64, f64),
) -> Class {
    Class {
        unit,
        decimals,
        range,
        ..class(name, title)
    }
}

/// Names and units as in Home Assistant's documentation of its sensor
/// integration; the decimals are what is usual for a small sensor.
const SENSOR: &[Class] = &[
    sensor("temperature", "Temperature", ("°C", 1), (18.0, 26.0)),
    sensor("humidity", "Humidity", ("%", 0), (35.0, 65.0)),
    sensor(
        "atmospheric_pressure",
        "Air pressure",
        ("hPa", 1),
        (990.0, 1030.0),
    ),
    sensor("illuminance", "Illuminance", ("lx", 0), (0.0, 800.0)),
    sensor(
        "carbon_dioxide",
        "Carbon dioxide",
        ("ppm", 0),
        (420.0, 1400.0),
    ),
    sensor("pm25", "Particulate matter", ("µg/m³", 0), (2.0, 30.0)),
    sensor("moisture", "Moisture", ("%", 0), (20.0, 60.0)),
    sensor("voltage", "Voltage", ("V", 2), (3.0, 3.4)),
    sensor("current", "Current", ("A", 3), (0.0, 0.5)),
    sensor("power", "Power", ("W", 1), (0.0, 60.0)),
    sensor("battery", "Battery", ("%", 0), (20.0, 100.0)),
    sensor("distance", "Distance", ("cm", 1), (2.0, 200.0)),
    sensor("speed", "Speed", ("m/s", 1), (0.0, 12.0)),
    sensor("weight", "Weight", ("kg", 3), (0.0, 5.0)),
    sensor("frequency", "Frequency", ("Hz", 1), (45.0, 55.0)),
    sensor("sound_pressure", "Sound level", ("dB", 0), (30.0, 80.0)),
    sensor(
        "signal_strength",
        "Signal strength",
        ("dBm", 0),
        (-80.0, -40.0),
    ),
    sensor("duration", "Duration", ("s", 0), (0.0, 3600.0)),
];

const BINARY_SENSOR: &[Class] = &[
    class("motion", "Motion"),
    class("occupancy", "Occupancy"),
    class("door", "Door"),
    class("window", "Window"),
    class("moisture", "Water leak"),
    class("smoke", "Smoke"),
    class("vibration", "Vibration"),
    class("sound", "Sound"),
    class("problem", "Problem"),
];

const SWITCH: &[Class] = &[class("outlet", "Outlet")];

const COVER: &[Class] = &[
    class("blind", "Blind"),
    class("curtain", "Curtain"),
    class("shutter", "Shutter"),
    class("garage", "Garage door"),
];

const EVENT: &[Class] = &[
    class("doorbell", "Doorbell"),
    class("motion", "Motion event"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_listed_once_and_has_a_title() {
        for kind in Kind::ALL {
            assert_eq!(Kind::of(kind.word()), Some(kind));
            let mut names: Vec<_> = kind.classes().iter().map(|class| class.name).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), kind.classes().len(), "{kind:?}");
            for class in kind.classes().iter().chain([&kind.plain()]) {
                assert!(!class.title.is_empty(), "{class:?}");
                let (low, high) = class.range;
                assert!(kind != Kind::Sensor || low < high, "{class:?}");
            }
        }
    }
}

//! Sensors: the tree of values that a board reports in `tele/…/SENSOR`, as
//! components. Each value is one, named and numbered by its path
//! (`ENERGY.Total`), which the message `tasmota/discovery/MAC/sensors` lists in
//! advance.

use std::collections::BTreeMap;

use protocol::{ComponentKey, Descriptor, EntityCategory, Kind, State};
use sanitize::bounds;
use serde_json::{Map, Value};

use crate::numbering::numbered;

use super::config::Config;

/// Sensors with a path have lower numbers than this; [`Fixed`] ones have
/// higher.
pub(super) const FIXED: u16 = 0xF000;

/// The most sensors of a board.
const SENSORS: usize = 256;

/// How deep the tree is read.
const DEPTH: usize = 5;

/// The longest path.
const PATH: usize = 128;

/// Branches of the tree that are not sensors: the time and the units. Inputs
/// and shutters are components of their own.
const OTHERS: [&str; 4] = ["Time", "TempUnit", "PressureUnit", "SpeedUnit"];

/// The sensors of a board.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Sensors {
    /// By path.
    found: BTreeMap<String, Sensor>,
}

#[derive(Debug, Clone, PartialEq)]
struct Sensor {
    key: ComponentKey,
    quantity: Quantity,
}

/// What is measured, in Home Assistant's terms.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Quantity {
    class: &'static str,
    unit: String,
    state_class: &'static str,
    diagnostic: bool,
}

impl Sensors {
    /// Reads a discovery message.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(payload: &[u8], config: &Config) -> Result<Self, String> {
        let message: Value =
            serde_json::from_slice(payload).map_err(|error| format!("it is not JSON: {error}"))?;
        let Some(tree) = message.get("sn").and_then(Value::as_object) else {
            return Err("it lacks sn, the sensors".to_owned());
        };
        Ok(Self::of(tree, config))
    }

    fn of(tree: &Map<String, Value>, config: &Config) -> Self {
        let mut values = Vec::new();
        for (name, branch) in tree {
            if !is_other(name, config) {
                leaves(name, branch, DEPTH, &mut values);
            }
        }
        let is_text = |value: &Value| value.is_string();
        let paths_of = |text: bool| {
            let of_kind = values
                .iter()
                .filter(move |(_, value)| is_text(value) == text);
            numbered(of_kind.map(|(path, _)| path.as_str()), FIXED)
        };
        let (numbers, texts) = (paths_of(false), paths_of(true));
        let found = values.into_iter().filter_map(|(path, value)| {
            let (kind, numbers) = match is_text(value) {
                true => (Kind::TextSensor, &texts),
                false => (Kind::Sensor, &numbers),
            };
            let key = ComponentKey::new(kind, *numbers.get(&path)?);
            let quantity = quantity(&path, tree);
            Some((path, Sensor { key, quantity }))
        });
        Self {
            found: found.collect(),
        }
    }

    /// Their descriptions.
    pub(super) fn descriptors(&self) -> impl Iterator<Item = Descriptor> {
        self.found
            .iter()
            .map(|(path, sensor)| sensor.descriptor(path))
    }

    /// A state in which nothing is known, for each.
    pub(super) fn unknown(&self) -> impl Iterator<Item = (ComponentKey, State)> {
        let unknown = || State::new().with("value", Value::Null);
        self.found
            .values()
            .map(move |sensor| (sensor.key.clone(), unknown()))
    }

    /// The states in a report.
    pub(super) fn states(&self, report: &Map<String, Value>) -> Vec<(ComponentKey, State)> {
        let mut values = Vec::new();
        for (name, branch) in report {
            leaves(name, branch, DEPTH, &mut values);
        }
        let state = |(path, value): (String, &Value)| {
            let sensor = self.found.get(&path)?;
            let value = match (&sensor.key.kind, value) {
                (Kind::Sensor, Value::Number(number)) => Value::Number(number.clone()),
                (Kind::TextSensor, Value::String(text)) => bounds::text(text.clone()).into(),
                _ => Value::Null,
            };
            Some((sensor.key.clone(), State::new().with("value", value)))
        };
        values.into_iter().filter_map(state).collect()
    }
}

impl Sensor {
    fn descriptor(&self, path: &str) -> Descriptor {
        let name = bounds::name(&path.replace('.', " "));
        let mut descriptor = Descriptor::new(self.key.kind.clone(), self.key.id, &name);
        if self.key.kind == Kind::Sensor {
            self.quantity.describe(&mut descriptor);
        } else {
            descriptor.entity_category = Some(EntityCategory::Diagnostic);
        }
        descriptor
    }
}

impl Quantity {
    fn describe(&self, descriptor: &mut Descriptor) {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        descriptor.device_class = some(self.class);
        descriptor.unit_of_measurement = some(&self.unit);
        descriptor.state_class = some(self.state_class);
        if self.diagnostic {
            descriptor.entity_category = Some(EntityCategory::Diagnostic);
        }
    }
}

/// Whether a branch is no sensor.
fn is_other(name: &str, config: &Config) -> bool {
    let numbered = |prefix: &str| {
        let number = name.strip_prefix(prefix);
        number.is_some_and(|number| number.parse::<u16>().is_ok())
    };
    OTHERS.contains(&name)
        || numbered("Switch")
        || numbered("Shutter")
        || numbered("Button")
        || config.switch_names.iter().any(|own| own == name)
}

/// The values of a branch, each with its path. Values of a list are numbered
/// from 0.
fn leaves<'a>(path: &str, value: &'a Value, depth: usize, found: &mut Vec<(String, &'a Value)>) {
    if found.len() >= SENSORS || path.len() > PATH || depth == 0 {
        return;
    }
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                leaves(&format!("{path}.{name}"), value, depth - 1, found);
            }
        }
        Value::Array(values) => {
            for (at, value) in values.iter().enumerate().take(SENSORS) {
                leaves(&format!("{path}.{at}"), value, depth - 1, found);
            }
        }
        Value::Number(_) | Value::String(_) | Value::Null => {
            found.push((path.to_owned(), value));
        }
        Value::Bool(_) => {}
    }
}

/// What the value at a path measures: the last name in it that is known. A
/// sensor at a pin of an ESP32 has the pin's number after its name.
fn quantity(path: &str, tree: &Map<String, Value>) -> Quantity {
    let unit = |key: &str, usual: &str| match tree.get(key).and_then(Value::as_str) {
        Some("C") => "°C".to_owned(),
        Some("F") => "°F".to_owned(),
        Some(unit) => bounds::name(unit),
        None => usual.to_owned(),
    };
    let names = path.split('.').rev();
    let known = names
        .map(|name| name.trim_end_matches(|letter: char| letter.is_ascii_digit()))
        .find_map(|name| KNOWN.iter().find(|known| known.0 == name));
    // Their energy is not electrical.
    let odd = path.starts_with("AS3935.") || path.starts_with("LD2410.");
    let Some((name, class, own_unit, state_class)) = known.filter(|_| !odd) else {
        return Quantity {
            class: "",
            unit: String::new(),
            state_class: "measurement",
            diagnostic: false,
        };
    };
    Quantity {
        class,
        unit: match *name {
            "Temperature" | "DewPoint" => unit("TempUnit", "°C"),
            "Pressure" | "SeaPressure" => unit("PressureUnit", "hPa"),
            "Speed" => unit("SpeedUnit", ""),
            _ => (*own_unit).to_owned(),
        },
        state_class,
        diagnostic: false,
    }
}

const NOW: &str = "measurement";
const SUM: &str = "total_increasing";

/// Names of measured quantities: device class, unit and state class.
const KNOWN: [(&str, &str, &str, &str); 38] = [
    ("Ambient", "illuminance", "lx", NOW),
    ("Illuminance", "illuminance", "lx", NOW),
    ("Battery", "battery", "%", NOW),
    ("CCT", "", "K", NOW),
    ("CarbonDioxide", "carbon_dioxide", "ppm", NOW),
    ("eCO", "carbon_dioxide", "ppm", NOW),
    ("TVOC", "volatile_organic_compounds_parts", "ppb", NOW),
    ("Current", "current", "A", NOW),
    ("CurrentNeutral", "current", "A", NOW),
    ("Voltage", "voltage", "V", NOW),
    ("Power", "power", "W", NOW),
    ("ActivePower", "power", "W", NOW),
    ("ApparentPower", "apparent_power", "VA", NOW),
    ("ReactivePower", "reactive_power", "var", NOW),
    ("Factor", "power_factor", "", NOW),
    ("Frequency", "frequency", "Hz", NOW),
    ("PhaseAngle", "", "°", NOW),
    ("Total", "energy", "kWh", SUM),
    ("TotalTariff", "energy", "kWh", SUM),
    ("Today", "energy", "kWh", SUM),
    ("Yesterday", "energy", "kWh", "total"),
    ("Energy", "energy", "kWh", SUM),
    ("ExportActive", "energy", "kWh", SUM),
    ("ExportTariff", "energy", "kWh", SUM),
    ("ImportActive", "energy", "kWh", SUM),
    ("ExportReactive", "", "kvarh", SUM),
    ("ImportReactive", "", "kvarh", SUM),
    ("Temperature", "temperature", "°C", NOW),
    ("DewPoint", "temperature", "°C", NOW),
    ("Humidity", "humidity", "%", NOW),
    ("Moisture", "moisture", "%", NOW),
    ("Pressure", "atmospheric_pressure", "hPa", NOW),
    ("SeaPressure", "atmospheric_pressure", "hPa", NOW),
    ("Distance", "distance", "cm", NOW),
    ("Weight", "weight", "kg", NOW),
    ("Speed", "wind_speed", "", NOW),
    ("PM", "", "µg/m³", NOW),
    ("PB", "", "", NOW),
];

/// A sensor that every board has, in `tele/…/STATE`.
pub(super) struct Fixed {
    index: u16,
    name: &'static str,
    path: &'static [&'static str],
    class: &'static str,
    unit: &'static str,
    state_class: &'static str,
    /// Only boards with a battery have it.
    battery: bool,
}

/// Never change a number: dashboards and histories name components by it.
pub(super) const ALWAYS: [Fixed; 6] = [
    fixed(
        0,
        "Wi-Fi signal",
        &["Wifi", "Signal"],
        "signal_strength",
        "dBm",
        NOW,
    ),
    fixed(1, "Uptime", &["UptimeSec"], "duration", "s", SUM),
    fixed(2, "Free memory", &["Heap"], "data_size", "kB", NOW),
    fixed(3, "Wi-Fi connections", &["Wifi", "LinkCount"], "", "", SUM),
    fixed(4, "MQTT connections", &["MqttCount"], "", "", SUM),
    Fixed {
        battery: true,
        ..fixed(5, "Battery", &["BatteryPercentage"], "battery", "%", NOW)
    },
];

const fn fixed(
    index: u16,
    name: &'static str,
    path: &'static [&'static str],
    class: &'static str,
    unit: &'static str,
    state_class: &'static str,
) -> Fixed {
    Fixed {
        index,
        name,
        path,
        class,
        unit,
        state_class,
        battery: false,
    }
}

impl Fixed {
    /// Whether a board has it.
    pub(super) fn is_of(&self, config: &Config) -> bool {
        !self.battery || config.battery
    }

    pub(super) fn key(&self) -> ComponentKey {
        ComponentKey::new(Kind::Sensor, FIXED + self.index)
    }

    pub(super) fn descriptor(&self) -> Descriptor {
        let mut descriptor = Descriptor::new(Kind::Sensor, FIXED + self.index, self.name);
        let quantity = Quantity {
            class: self.class,
            unit: self.unit.to_owned(),
            state_class: self.state_class,
            diagnostic: true,
        };
        quantity.describe(&mut descriptor);
        descriptor.accuracy_decimals = Some(0);
        descriptor
    }

    /// Its state in a report; `None` if that does not have it.
    pub(super) fn state(&self, report: &Map<String, Value>) -> Option<State> {
        let (first, rest) = self.path.split_first()?;
        let mut value = report.get(*first)?;
        for name in rest {
            value = value.get(name)?;
        }
        value
            .is_number()
            .then(|| State::new().with("value", value.clone()))
    }
}

//! The components of a board: their descriptions, and what a report says of
//! them.
//!
//! | key | what it is |
//! | -- | -- |
//! | `switch:N` | the relay `N`, from 0 |
//! | `light:N` | the light, or relay shown as one, at output `N` |
//! | `cover:N` | the shutter `N` |
//! | `binary_sensor:N` | the switch input `N` |
//! | `event:N`, `event:(256 + N)` | the button and the switch input `N` |
//! | `select:0` | the speed of a fan |
//! | `number:0` | the telemetry period |
//! | `sensor:…`, `text_sensor:…` | a value of the sensor tree; the number follows from its path |
//! | `sensor:61440` and up | what every board reports of itself |
//! | `update:0` | the firmware |

use std::collections::BTreeMap;

use protocol::{
    ComponentKey, Descriptor, DeviceInfo, EntityCategory, Epoch, Kind, Object, PROTOCOL_MAJOR,
    State,
};
use serde_json::{Map, Value, json};

use crate::{Family, announced::board_id};

use super::{
    config::Config,
    inputs,
    outputs::Light,
    sensors::{ALWAYS, Sensors},
};

/// The speeds of a fan, by their number.
pub(super) const SPEEDS: [&str; 4] = ["off", "low", "medium", "high"];

/// `TelePeriod`: the least seconds but 0, which is never, and the most.
pub(super) const PERIOD: [u32; 2] = [10, 3_600];

/// The speed of a fan.
pub(super) fn fan() -> ComponentKey {
    ComponentKey::new(Kind::Select, 0)
}

/// How often a board reports.
pub(super) fn period() -> ComponentKey {
    ComponentKey::new(Kind::Number, 0)
}

/// The firmware.
pub(super) fn firmware() -> ComponentKey {
    ComponentKey::new(Kind::Update, 0)
}

/// What a board is.
pub(super) fn info(config: &Config) -> DeviceInfo {
    let id = board_id(Family::Tasmota, &config.mac);
    DeviceInfo {
        name: match config.name.is_empty() {
            true => id.clone(),
            false => config.name.clone(),
        },
        id,
        mac: config.mac.clone(),
        version: config.version.clone(),
        platform: Family::Tasmota.as_str().to_owned(),
        board: config.model.clone(),
        proto: PROTOCOL_MAJOR,
        features: vec!["transition".to_owned()],
        epoch: Epoch(1),
        uptime_ms: 0,
        reset_reason: None,
        extra: Object::from_iter([("ip".to_owned(), config.ip.as_str().into())]),
    }
}

/// The descriptions of all components, each with a state in which nothing is
/// known.
pub(super) fn describe(config: &Config, sensors: &Sensors) -> Vec<(Descriptor, State)> {
    let mut all = Vec::new();
    let relays: Vec<_> = config.relays().collect();
    for output in &relays {
        let name = output_name(config, *output, "Switch", relays.len());
        let descriptor = Descriptor::new(Kind::Switch, *output, &name);
        all.push((descriptor, State::new().with("on", Value::Null)));
    }
    let lights: Vec<_> = config.lights().collect();
    for light in &lights {
        let name = output_name(config, light.output, "Light", lights.len());
        let mut descriptor = Descriptor::new(Kind::Light, light.output, &name);
        descriptor.caps = light.caps();
        all.push((descriptor, light.unknown()));
    }
    for shutter in 0..config.shutters() {
        let name = numbered("Shutter", shutter, config.shutters().into());
        let mut descriptor = Descriptor::new(Kind::Cover, shutter, &name);
        descriptor.device_class = Some("shutter".to_owned());
        descriptor.caps.position = true;
        let state = State::new().with("state", Value::Null);
        all.push((descriptor, state.with("position", Value::Null)));
    }
    if config.fan {
        let state = State::new().with("value", Value::Null);
        let descriptor = Descriptor::new(Kind::Select, 0, "Fan speed");
        all.push((descriptor, state.with("options", json!(SPEEDS))));
    }
    all.extend(inputs::describe(config));
    let unknown = sensors.unknown().map(|(_, state)| state);
    all.extend(sensors.descriptors().zip(unknown));
    for fixed in ALWAYS.iter().filter(|fixed| fixed.is_of(config)) {
        all.push((fixed.descriptor(), State::new().with("value", Value::Null)));
    }
    all.push(telemetry_period());
    let mut update = Descriptor::new(Kind::Update, 0, "Firmware");
    update.entity_category = Some(EntityCategory::Config);
    update.device_class = Some("firmware".to_owned());
    update.can_install = true;
    let installed = State::new().with("installed_version", config.version.as_str());
    let installed = installed.with("in_progress", false);
    all.push((update, installed.with("latest_version", Value::Null)));
    all
}

fn telemetry_period() -> (Descriptor, State) {
    let mut descriptor = Descriptor::new(Kind::Number, 0, "Telemetry period");
    descriptor.entity_category = Some(EntityCategory::Config);
    descriptor.device_class = Some("duration".to_owned());
    descriptor.unit_of_measurement = Some("s".to_owned());
    let state = State::new()
        .with("value", Value::Null)
        .with("min", 0)
        .with("max", PERIOD[1])
        .with("step", 1);
    (descriptor, state)
}

/// What a report says.
pub(super) fn states(
    config: &Config,
    sensors: &Sensors,
    report: &Map<String, Value>,
) -> BTreeMap<ComponentKey, State> {
    let mut all = BTreeMap::new();
    let mut add = |key: ComponentKey, state: State| {
        if !state.is_empty() {
            all.insert(key, state);
        }
    };
    for output in config.relays() {
        let fields = Config::power_fields(output);
        let text = fields.iter().find_map(|field| report.get(field)?.as_str());
        if let Some(on) = text.and_then(|text| config.is_on(text)) {
            let key = ComponentKey::new(Kind::Switch, output);
            add(key, State::new().with("on", on));
        }
    }
    for light in config.lights() {
        let key = ComponentKey::new(Kind::Light, light.output);
        add(key, light.state(config, report));
    }
    for shutter in 0..config.shutters() {
        let key = ComponentKey::new(Kind::Cover, shutter);
        add(key, cover(config, shutter, report));
    }
    if let Some(speed) = report.get("FanSpeed").and_then(Value::as_u64) {
        let speed = usize::try_from(speed).ok().and_then(|at| SPEEDS.get(at));
        if let Some(speed) = speed.filter(|_| config.fan) {
            add(fan(), State::new().with("value", *speed));
        }
    }
    if let Some(seconds) = report.get("TelePeriod").and_then(Value::as_u64) {
        add(period(), State::new().with("value", seconds));
    }
    for fixed in ALWAYS.iter().filter(|fixed| fixed.is_of(config)) {
        if let Some(state) = fixed.state(report) {
            add(fixed.key(), state);
        }
    }
    all.extend(inputs::states(config, report));
    all.extend(sensors.states(report));
    all
}

/// The light at an output.
pub(super) fn light(config: &Config, output: u16) -> Option<Light> {
    config.lights().find(|light| light.output == output)
}

/// What a report says of a shutter.
fn cover(config: &Config, shutter: u16, report: &Map<String, Value>) -> State {
    let Some(reading) = report.get(&format!("Shutter{}", shutter + 1)) else {
        return State::new();
    };
    let inverted = config.is_inverted(shutter);
    let position = reading.get("Position").and_then(Value::as_u64);
    let position = position.filter(|position| *position <= 100);
    let position = position.map(|position| match inverted {
        true => 100 - position,
        false => position,
    });
    let direction = reading.get("Direction").and_then(Value::as_i64);
    let direction = direction.map(|direction| match inverted {
        true => direction.saturating_neg(),
        false => direction,
    });
    let mut state = State::new();
    if let Some(position) = position {
        state = state.with("position", position);
    }
    let movement = match (direction, position) {
        (Some(1..), _) => Some("opening"),
        (Some(..=-1), _) => Some("closing"),
        (Some(0), Some(0)) => Some("closed"),
        (Some(0), Some(100)) => Some("open"),
        (Some(0), Some(_)) => Some("stopped"),
        _ => None,
    };
    match movement {
        Some(movement) => state.with("state", movement),
        None => state,
    }
}

/// The name of an output: the one that it was given, unless that is the
/// board's, or what it is.
fn output_name(config: &Config, output: u16, usual: &str, count: usize) -> String {
    let given = config.output_names.get(usize::from(output));
    let given = given.filter(|name| !name.is_empty());
    match given {
        Some(name) if output > 0 || count > 1 || *name != config.name => name.clone(),
        _ => numbered(usual, output, count),
    }
}

fn numbered(name: &str, number: u16, count: usize) -> String {
    match count {
        1 => name.to_owned(),
        _ => format!("{name} {}", number + 1),
    }
}

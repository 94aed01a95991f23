//! The components of virtual boards: plans to choose from, made from a seed.
//! `simulation` decides how they behave.

use std::time::Duration;

use board::{Component, Identity, InputSource, Plan};
use protocol::{Caps, ComponentKey, Descriptor, EntityCategory, Kind, State};
use serde_json::{Value, json};

/// The field of a descriptor that names the switch which must be off before
/// this one may be on.
pub(crate) const INTERLOCKED_BY: &str = "interlocked_by";

/// A type of virtual board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Profile {
    /// A dimmable light with color and color temperature, and a button that
    /// toggles it.
    Lamp,
    /// Four switches with power meters.
    Strip,
    /// Temperature, humidity and air pressure.
    Weather,
    /// Ten faders: numbers from 0 to 100 %.
    Mixer,
    /// Each kind of component, interlocked switches, and a kind that
    /// controllers do not know.
    Everything,
    /// Lamp, strip and weather in turn.
    Mixed,
}

impl Profile {
    /// The profile of the board with this number, and how many boards before it
    /// have that profile.
    fn of(self, index: usize) -> (Self, usize) {
        match (self, index % 3) {
            (Self::Mixed, 0) => (Self::Lamp, index / 3),
            (Self::Mixed, 1) => (Self::Strip, index / 3),
            (Self::Mixed, _) => (Self::Weather, index / 3),
            (one, _) => (one, index),
        }
    }

    /// The default name of such a board.
    fn friendly_name(self) -> &'static str {
        match self {
            Self::Lamp => "Desk lamp",
            Self::Strip => "Power strip",
            Self::Weather => "Weather station",
            Self::Mixer => "Mixing desk",
            Self::Everything | Self::Mixed => "Test bench",
        }
    }
}

/// The plan of the board with this number, counted from 0. The same seed and
/// number make the same board. Boards are named after their profile or
/// `name_prefix`; a number from 2 is added from the second board on.
pub fn plan(
    profile: Profile,
    index: usize,
    seed: u64,
    name_prefix: Option<&str>,
    controllers: usize,
) -> Plan {
    let (profile, earlier) = profile.of(index);
    let (stem, earlier) =
        name_prefix.map_or((profile.friendly_name(), earlier), |prefix| (prefix, index));
    let name = if earlier == 0 {
        stem.to_owned()
    } else {
        format!("{stem} {}", earlier + 1)
    };
    let [a, b, c] = number_of(seed, index);
    let button = || ComponentKey::new(Kind::Button, 0);
    let light = || ComponentKey::new(Kind::Light, 0);
    let (product, mut components, bindings) = match profile {
        Profile::Lamp => ("Virtual lamp", lamp(), vec![(button(), light())]),
        Profile::Strip => ("Virtual power strip", strip(seed, index), vec![]),
        Profile::Weather => ("Virtual weather station", weather(seed, index), vec![]),
        Profile::Mixer => ("Virtual mixing desk", mixer(), vec![]),
        Profile::Everything | Profile::Mixed => (
            "Virtual test bench",
            everything(),
            vec![(button(), light())],
        ),
    };
    components.extend(diagnostics(&components));
    // The plan is kept for the next boot.
    components.shrink_to_fit();
    Plan {
        identity: Identity {
            id: format!("sb-{a:02x}{b:02x}{c:02x}"),
            name,
            // IEEE 802, 8.2.2: the second bit of the first byte marks a locally
            // administered address.
            mac: format!("02:53:42:{a:02x}:{b:02x}:{c:02x}"),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            platform: "virtual".to_owned(),
            board: product.to_owned(),
        },
        components,
        bindings,
        controllers,
    }
}

/// The same plan with sensors that are read this often, to generate load: a
/// [`crate::simulation::Simulation`] with the same rate changes each value at
/// each reading.
#[must_use]
pub fn restless(mut plan: Plan, samples_per_second: f64) -> Plan {
    let every =
        Duration::try_from_secs_f64(1.0 / samples_per_second).unwrap_or(board::SAMPLE_EVERY);
    for component in &mut plan.components {
        if let InputSource::Read { .. } = component.input {
            component.input = InputSource::Read {
                every: every.max(Duration::from_millis(1)),
            };
        }
    }
    plan
}

/// Three bytes that identify a board: they differ between boards of one seed,
/// and most likely between seeds.
fn number_of(seed: u64, index: usize) -> [u8; 3] {
    // An odd factor reaches each of the 2^24 numbers before it repeats.
    let spread = (index as u64).wrapping_mul(0x9e_3779);
    let [_, _, _, _, _, a, b, c] = fastrand::Rng::with_seed(seed)
        .u64(..)
        .wrapping_add(spread)
        .to_be_bytes();
    [a, b, c]
}

/// The random numbers for a board's plan, separate from those of its
/// simulation.
fn chance(seed: u64, index: usize) -> fastrand::Rng {
    let [a, b, c] = number_of(seed, index);
    fastrand::Rng::with_seed(seed ^ u64::from_be_bytes([0, 0, 0, 0, 0, a, b, c]))
}

fn component(kind: Kind, id: u16, name: &str, icon: &str, state: Value) -> Component {
    let mut descriptor = Descriptor::new(kind, id, name);
    descriptor.icon = Some(icon.to_owned());
    let state = match state {
        Value::Object(fields) => State::from(fields),
        _ => State::new(),
    };
    let component = Component::new(descriptor, state);
    // Settings are retained without power; measurements are not.
    match component.descriptor.kind {
        Kind::Switch | Kind::Light | Kind::Number | Kind::Select | Kind::Text => {
            component.retained()
        }
        _ => component,
    }
}

/// A sensor: `class` is its `device_class`, `decimals` its `accuracy_decimals`.
fn sensor(id: u16, name: &str, class: &str, unit: &str, decimals: u8, first: f64) -> Component {
    let icon = match class {
        "temperature" => "mdi:thermometer",
        "humidity" => "mdi:water-percent",
        "atmospheric_pressure" => "mdi:gauge",
        _ => "mdi:flash",
    };
    let mut sensor = component(Kind::Sensor, id, name, icon, json!({ "value": first }));
    sensor.descriptor.device_class = Some(class.to_owned());
    sensor.descriptor.unit_of_measurement = Some(unit.to_owned());
    sensor.descriptor.accuracy_decimals = Some(decimals);
    sensor.descriptor.state_class = Some("measurement".to_owned());
    sensor
}

fn color_light(id: u16, name: &str) -> Component {
    let first =
        json!({ "on": false, "brightness": 60, "rgb": null, "ct_k": 3000, "effect": "none" });
    let mut light = component(Kind::Light, id, name, "mdi:lamp", first);
    light.descriptor.caps = Caps {
        brightness: true,
        rgb: true,
        ct_k: Some([2200, 6500]),
        effects: ["none", "candle", "rainbow"].map(str::to_owned).into(),
        ..Caps::default()
    };
    light
}

fn lamp() -> Vec<Component> {
    vec![
        color_light(0, "Light"),
        component(
            Kind::Button,
            0,
            "Button",
            "mdi:gesture-tap-button",
            json!({}),
        ),
    ]
}

fn strip(seed: u64, index: usize) -> Vec<Component> {
    let mut chance = chance(seed, index);
    let mut components = Vec::new();
    for id in 0..4_u16 {
        let number = id + 1;
        let on = chance.bool();
        let mut outlet = component(
            Kind::Switch,
            id,
            &format!("Outlet {number}"),
            "mdi:power-socket-de",
            json!({ "on": on }),
        );
        outlet.descriptor.device_class = Some("outlet".to_owned());
        components.push(outlet);
        components.push(sensor(id, &format!("Power {number}"), "power", "W", 1, 0.0));
    }
    components
}

fn weather(seed: u64, index: usize) -> Vec<Component> {
    let mut chance = chance(seed, index);
    let mut around = |middle: f64, spread: f64| middle + spread * (2.0 * chance.f64() - 1.0);
    vec![
        sensor(0, "Temperature", "temperature", "°C", 1, around(21.0, 3.0)),
        sensor(1, "Humidity", "humidity", "%", 0, around(48.0, 10.0)),
        sensor(
            2,
            "Air pressure",
            "atmospheric_pressure",
            "hPa",
            1,
            around(1013.0, 8.0),
        ),
    ]
}

fn mixer() -> Vec<Component> {
    let fader = |id: u16| {
        let range = json!({ "value": 0, "min": 0, "max": 100, "step": 1 });
        let mut fader = component(
            Kind::Number,
            id,
            &format!("Fader {}", id + 1),
            "mdi:tune-vertical",
            range,
        );
        fader.descriptor.unit_of_measurement = Some("%".to_owned());
        fader
    };
    (0..10).map(fader).collect()
}

/// A light with a white channel, more effects than fit on a screen, and
/// palettes.
fn light_strip(id: u16) -> Component {
    let first = json!({ "on": true, "brightness": 40, "rgb": [255, 120, 40], "white": 0,
        "effect": "solid", "palette": "default" });
    let mut strip = component(
        Kind::Light,
        id,
        "Light strip",
        "mdi:led-strip-variant",
        first,
    );
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    strip.descriptor.caps = Caps {
        brightness: true,
        rgb: true,
        white: true,
        effects: words(&[
            "solid",
            "aurora",
            "blink",
            "bouncing balls",
            "breathe",
            "candle",
            "chase",
            "color loop",
            "comet",
            "dissolve",
            "fade",
            "fireworks",
            "flow",
            "glitter",
            "lake",
            "meteor",
            "noise",
            "plasma",
            "rainbow",
            "ripple",
            "scan",
            "sinelon",
            "sparkle",
            "sunrise",
            "twinkle",
            "wipe",
        ]),
        palettes: words(&["default", "forest", "lava", "ocean", "party", "sunset"]),
        ..Caps::default()
    };
    strip
}

/// What boards of other families have: a cover, an event and a text sensor.
fn of_other_families() -> Vec<Component> {
    let every = Duration::from_millis(500);
    let first = json!({ "state": "open", "position": 100 });
    let mut blind = component(Kind::Cover, 0, "Blind", "mdi:blinds", first)
        .with_input(InputSource::Read { every });
    blind.descriptor.device_class = Some("blind".to_owned());
    blind.descriptor.caps.position = true;
    let every = board::SAMPLE_EVERY;
    let mut doorbell = component(Kind::Event, 0, "Doorbell", "mdi:doorbell", json!({}))
        .with_input(InputSource::Read { every });
    doorbell.descriptor.device_class = Some("doorbell".to_owned());
    doorbell.descriptor.event_types = ["single_push", "double_push", "long_push"]
        .map(str::to_owned)
        .into();
    let calm = json!({ "value": "calm" });
    let weather = component(Kind::TextSensor, 0, "Weather", "mdi:weather-windy", calm)
        .with_input(InputSource::Read { every });
    vec![blind, doorbell, weather]
}

fn everything() -> Vec<Component> {
    let mut interlocked = component(
        Kind::Switch,
        1,
        "Motor backward",
        "mdi:engine",
        json!({ "on": false }),
    );
    interlocked
        .descriptor
        .extra
        .insert(INTERLOCKED_BY.to_owned(), json!("switch:0"));
    let mut motion = component(
        Kind::BinarySensor,
        0,
        "Motion",
        "mdi:motion-sensor",
        json!({ "on": false }),
    );
    motion.descriptor.device_class = Some("motion".to_owned());
    let range = json!({ "value": 50, "min": 0, "max": 100, "step": 5 });
    let mut speed = component(Kind::Number, 0, "Speed", "mdi:speedometer", range);
    speed.descriptor.unit_of_measurement = Some("%".to_owned());
    let modes = json!({ "value": "auto", "options": ["auto", "day", "night"] });
    let mut mode = component(Kind::Select, 0, "Mode", "mdi:tune", modes);
    mode.descriptor.entity_category = Some(EntityCategory::Config);
    let valve = component(
        Kind::from("valve"),
        0,
        "Valve",
        "mdi:valve",
        json!({ "position": 40, "moving": false }),
    );
    let mut components = vec![
        component(
            Kind::Switch,
            0,
            "Motor forward",
            "mdi:engine",
            json!({ "on": false }),
        ),
        interlocked,
        color_light(0, "Light"),
        component(
            Kind::Light,
            1,
            "Indicator",
            "mdi:led-on",
            json!({ "on": false }),
        ),
        component(
            Kind::Button,
            0,
            "Button",
            "mdi:gesture-tap-button",
            json!({}),
        ),
        motion,
        sensor(0, "Temperature", "temperature", "°C", 1, 22.5),
        sensor(1, "Motor power", "power", "W", 1, 0.0),
        speed,
        mode,
        component(
            Kind::Text,
            0,
            "Label",
            "mdi:form-textbox",
            json!({ "value": "Hello" }),
        ),
        valve,
        light_strip(2),
    ];
    components.extend(of_other_families());
    components
}

/// The diagnostic sensors of every board, numbered after its other sensors.
fn diagnostics(others: &[Component]) -> Vec<Component> {
    let kinds = others.iter().map(|component| &component.descriptor.key);
    let free = kinds
        .filter(|key| key.kind == Kind::Sensor)
        .map(|key| key.id + 1)
        .max()
        .unwrap_or(0);
    let diagnostic = |offset, name, class: &str, unit, icon: &str, input| {
        let mut sensor = sensor(free + offset, name, class, unit, 0, 0.0).with_input(input);
        sensor.state = State::new().with("value", Value::Null);
        sensor.descriptor.icon = Some(icon.to_owned());
        sensor.descriptor.entity_category = Some(EntityCategory::Diagnostic);
        sensor
    };
    vec![
        diagnostic(
            0,
            "Signal",
            "signal_strength",
            "dBm",
            "mdi:wifi",
            InputSource::Rssi,
        ),
        diagnostic(
            1,
            "Uptime",
            "duration",
            "s",
            "mdi:timer-outline",
            InputSource::Uptime,
        ),
        diagnostic(
            2,
            "Free memory",
            "data_size",
            "B",
            "mdi:memory",
            InputSource::FreeMemory,
        ),
    ]
}

//! The components of a WLED board: their numbers, descriptions and states.

use std::collections::BTreeMap;

use protocol::{
    Caps, ComponentKey, Descriptor, DeviceInfo, EntityCategory, Epoch, Kind, Object,
    PROTOCOL_MAJOR, State,
};
use serde_json::{Value, json};

use super::{
    level,
    names::{AllNames, Names},
    report::{Capabilities, Info, Report, Segment},
};

/// The light of the whole strip, on a board with several segments.
pub(super) const WHOLE: u16 = 1_000;

/// The largest number of a segment, which is the number of its light.
pub(super) const LAST_SEGMENT: u16 = WHOLE - 1;

/// Numbers that a segment may use for components of one kind.
const PER_SEGMENT: u16 = 16;

/// A number of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parameter {
    Speed,
    Intensity,
}

impl Parameter {
    const ALL: [Self; 2] = [Self::Speed, Self::Intensity];

    /// Its component: `number:(segment × 16 + index)`.
    pub(super) fn key(self, segment: u16) -> ComponentKey {
        let index = match self {
            Self::Speed => 0,
            Self::Intensity => 1,
        };
        ComponentKey::new(Kind::Number, segment * PER_SEGMENT + index)
    }

    /// The segment and the parameter of a component.
    pub(super) fn of(number: u16) -> Option<(u16, Self)> {
        let parameter = match number % PER_SEGMENT {
            0 => Self::Speed,
            1 => Self::Intensity,
            _ => return None,
        };
        Some((number / PER_SEGMENT, parameter))
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Speed => "Effect speed",
            Self::Intensity => "Effect intensity",
        }
    }

    fn value(self, segment: &Segment) -> Option<u8> {
        match self {
            Self::Speed => segment.speed,
            Self::Intensity => segment.intensity,
        }
    }
}

/// The number of a switch.
pub(super) mod switch {
    pub(in super::super) const NIGHTLIGHT: u16 = 0;
    pub(in super::super) const SYNC_SEND: u16 = 1;
    pub(in super::super) const SYNC_RECEIVE: u16 = 2;
}

/// The number of a select.
pub(super) mod select {
    pub(in super::super) const PRESET: u16 = 0;
    pub(in super::super) const PLAYLIST: u16 = 1;
}

/// The board, its components and their states.
#[derive(Debug)]
pub(super) struct Description {
    pub(super) info: DeviceInfo,
    pub(super) components: Vec<Descriptor>,
    pub(super) states: BTreeMap<ComponentKey, State>,
}

/// Describes everything.
pub(super) fn describe(info: &Info, report: &Report, names: &AllNames) -> Description {
    let mut all = Components(Vec::new());
    let folded = report.segments.len() == 1;
    for segment in &report.segments {
        all.light(info, report, segment, names);
    }
    if !folded {
        all.whole(report);
    }
    for segment in &report.segments {
        for parameter in Parameter::ALL {
            all.parameter(segment, parameter, folded);
        }
    }
    all.choice(select::PRESET, "Preset", report.preset, &names.presets);
    all.choice(
        select::PLAYLIST,
        "Playlist",
        report.playlist,
        &names.playlists,
    );
    all.switch(
        switch::NIGHTLIGHT,
        "Nightlight",
        "mdi:weather-night",
        report.nightlight,
    );
    all.switch(
        switch::SYNC_SEND,
        "Sync send",
        "mdi:upload-network-outline",
        report.sync_send,
    );
    all.switch(
        switch::SYNC_RECEIVE,
        "Sync receive",
        "mdi:download-network-outline",
        report.sync_receive,
    );
    all.diagnostics(info);
    let (components, states): (Vec<_>, Vec<_>) = all.0.into_iter().unzip();
    let keys = components
        .iter()
        .map(|component: &Descriptor| component.key.clone());
    let states = keys.zip(states).collect();
    Description {
        info: device(info),
        components,
        states,
    }
}

/// The state of a light.
pub(super) fn light_state(report: &Report, id: u16, names: &AllNames) -> Option<State> {
    let folded = report.segments.len() == 1;
    if id == WHOLE {
        let state = State::new().with("on", report.on);
        return (!folded).then(|| state.with("brightness", level::percent(report.bri)));
    }
    let segment = report.segments.iter().find(|segment| segment.id == id)?;
    let on = report.on && segment.on;
    let dimmed = level::percent(level::dimmed(segment.bri, report.bri));
    let mut state = State::new().with("on", on);
    if segment.capabilities.dimmable() {
        let own = if folded {
            dimmed
        } else {
            level::percent(segment.bri)
        };
        state = state.with("brightness", own);
        if !folded {
            state = state.with("effective_brightness", if on { dimmed } else { 0 });
        }
    }
    state = with_color(state, segment);
    let effect = segment.effect.map(|number| names.effects.name(number));
    state = state.with("effect", effect);
    if segment.capabilities.rgb() {
        let palette = segment.palette.map(|number| names.palettes.name(number));
        state = state.with("palette", palette);
    }
    Some(state)
}

/// A light shows a color or a color temperature, never both.
fn with_color(mut state: State, segment: &Segment) -> State {
    let capabilities = segment.capabilities;
    let neutral = segment
        .color
        .is_some_and(|color| is_neutral(color, capabilities));
    let shows_temperature = capabilities.cct() && (neutral || !capabilities.rgb());
    if capabilities.rgb() {
        let rgb = segment
            .color
            .map(|[red, green, blue, _]| json!([red, green, blue]));
        state = state.with("rgb", rgb.filter(|_| !shows_temperature));
    }
    if capabilities.cct() {
        let kelvin = segment.cct.map(level::kelvin);
        state = state.with("ct_k", kelvin.filter(|_| shows_temperature));
    }
    if capabilities.white() {
        state = state.with("white", segment.color.map(|[_, _, _, white]| white));
    }
    state
}

/// Whether this is white light without a color: of the white channel, or else
/// of all three others.
pub(super) fn is_neutral(color: [u8; 4], capabilities: Capabilities) -> bool {
    match color {
        [0, 0, 0, white] if capabilities.white() => white > 0,
        [255, 255, 255, _] => !capabilities.white(),
        _ => false,
    }
}

/// The board's information. Its uptime and its run are not in there: they are
/// the shadow's.
fn device(info: &Info) -> DeviceInfo {
    DeviceInfo {
        id: board_id(&info.mac),
        name: info.name.clone(),
        mac: with_colons(&info.mac),
        version: info.version.clone(),
        platform: "wled".to_owned(),
        board: info.board.clone(),
        proto: PROTOCOL_MAJOR,
        features: vec!["transition".to_owned()],
        epoch: Epoch(1),
        uptime_ms: 0,
        reset_reason: None,
        extra: Object::new(),
    }
}

/// The id of the board with this hardware address of twelve digits.
pub(super) fn board_id(mac: &str) -> String {
    format!("wled-{mac}")
}

/// A hardware address of twelve digits, as `docs/protocol.md` writes it.
pub(super) fn with_colons(mac: &str) -> String {
    let octets: Vec<&str> = (0..6)
        .filter_map(|at| mac.get(2 * at..2 * at + 2))
        .collect();
    octets.join(":")
}

/// Components with their states, in the order in which they are listed.
struct Components(Vec<(Descriptor, State)>);

impl Components {
    fn light(&mut self, info: &Info, report: &Report, segment: &Segment, names: &AllNames) {
        let alone = report.segments.len() == 1;
        let name = segment.name.clone().unwrap_or_else(|| match alone {
            true => "Light".to_owned(),
            false => format!("Segment {}", segment.id),
        });
        let mut descriptor = Descriptor::new(Kind::Light, segment.id, &name);
        descriptor.icon = Some("mdi:led-strip-variant".to_owned());
        descriptor.caps = caps(info, segment.capabilities, names);
        let state = light_state(report, segment.id, names).unwrap_or_default();
        self.0.push((descriptor, state));
    }

    fn whole(&mut self, report: &Report) {
        let mut descriptor = Descriptor::new(Kind::Light, WHOLE, "All segments");
        descriptor.icon = Some("mdi:led-strip-variant".to_owned());
        descriptor.caps = Caps {
            brightness: true,
            ..Caps::default()
        };
        let state = light_state(report, WHOLE, &AllNames::default()).unwrap_or_default();
        self.0.push((descriptor, state));
    }

    fn parameter(&mut self, segment: &Segment, parameter: Parameter, alone: bool) {
        let Some(value) = parameter.value(segment) else {
            return;
        };
        let name = match (&segment.name, alone) {
            (_, true) => parameter.name().to_owned(),
            (Some(name), false) => format!("{name}: {}", parameter.name().to_lowercase()),
            (None, false) => {
                format!(
                    "Segment {}: {}",
                    segment.id,
                    parameter.name().to_lowercase()
                )
            }
        };
        let key = parameter.key(segment.id);
        let mut descriptor = Descriptor::new(key.kind, key.id, &name);
        descriptor.entity_category = Some(EntityCategory::Config);
        let range = State::new().with("min", 0).with("max", 255).with("step", 1);
        self.0.push((descriptor, range.with("value", value)));
    }

    /// A preset or a playlist, if the board has any.
    fn choice(&mut self, id: u16, name: &str, active: Option<u8>, names: &Names) {
        if names.is_empty() && active.is_none() {
            return;
        }
        let state = choice_state(active, names).with("options", names.options());
        self.0
            .push((Descriptor::new(Kind::Select, id, name), state));
    }

    fn switch(&mut self, id: u16, name: &str, icon: &str, on: Option<bool>) {
        let Some(on) = on else { return };
        let mut descriptor = Descriptor::new(Kind::Switch, id, name);
        descriptor.icon = Some(icon.to_owned());
        descriptor.entity_category = Some(EntityCategory::Config);
        self.0.push((descriptor, State::new().with("on", on)));
    }

    fn diagnostics(&mut self, info: &Info) {
        let sensors = [
            (
                0,
                "LED current",
                "current",
                "mA",
                info.current.map(Value::from),
            ),
            (
                1,
                "Wi-Fi signal",
                "signal_strength",
                "dBm",
                info.rssi.map(Value::from),
            ),
            (
                2,
                "Free memory",
                "data_size",
                "B",
                info.free_heap.map(Value::from),
            ),
            (3, "Uptime", "duration", "s", info.uptime.map(Value::from)),
        ];
        for (id, name, class, unit, value) in sensors {
            let Some(value) = value else { continue };
            let mut descriptor = Descriptor::new(Kind::Sensor, id, name);
            descriptor.device_class = Some(class.to_owned());
            descriptor.unit_of_measurement = Some(unit.to_owned());
            descriptor.accuracy_decimals = Some(0);
            descriptor.entity_category = Some(EntityCategory::Diagnostic);
            let counts = class == "duration";
            let state_class = if counts {
                "total_increasing"
            } else {
                "measurement"
            };
            descriptor.state_class = Some(state_class.to_owned());
            self.0.push((descriptor, State::new().with("value", value)));
        }
        let mut firmware = Descriptor::new(Kind::Update, 0, "Firmware");
        firmware.device_class = Some("firmware".to_owned());
        firmware.entity_category = Some(EntityCategory::Diagnostic);
        let state = State::new().with("installed_version", info.version.as_str());
        self.0
            .push((firmware, state.with("latest_version", Value::Null)));
    }
}

/// The active one of several choices, without the options.
pub(super) fn choice_state(active: Option<u8>, names: &Names) -> State {
    State::new().with("value", active.map(|number| names.name(number)))
}

fn caps(info: &Info, capabilities: Capabilities, names: &AllNames) -> Caps {
    let mut caps = Caps {
        brightness: capabilities.dimmable(),
        ..Caps::default()
    };
    caps.rgb = capabilities.rgb();
    caps.ct_k = capabilities
        .cct()
        .then_some([level::WARMEST_K, level::COLDEST_K]);
    caps.effects = listed(&names.effects, info.effects);
    if capabilities.white() {
        caps.extra.insert("white".to_owned(), json!(true));
    }
    if capabilities.rgb() {
        let palettes = listed(&names.palettes, info.palettes);
        caps.extra.insert("palettes".to_owned(), json!(palettes));
    }
    caps
}

/// The names, or the numbers while these are unknown.
fn listed(names: &Names, count: Option<u64>) -> Vec<String> {
    if !names.is_empty() {
        return names.all().cloned().collect();
    }
    let count = count.unwrap_or(0).min(256);
    (0..count).map(|number| number.to_string()).collect()
}

//! The components of a WLED board: their numbers and descriptions.

use std::collections::BTreeMap;

use protocol::{
    Caps, ComponentKey, Descriptor, DeviceInfo, EntityCategory, Epoch, Kind, Object,
    PROTOCOL_MAJOR, State,
};

use crate::{Family, announced::board_id};

use super::{
    level,
    names::{AllNames, Names},
    report::{Capabilities, Info, Report, Segment},
    states,
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
    pub(super) const ALL: [Self; 2] = [Self::Speed, Self::Intensity];

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

    pub(super) fn value(self, segment: &Segment) -> Option<u8> {
        match self {
            Self::Speed => segment.speed,
            Self::Intensity => segment.intensity,
        }
    }
}

/// The light that a parameter of its effect belongs to.
pub(crate) fn part_of(component: &ComponentKey) -> Option<ComponentKey> {
    if component.kind != Kind::Number {
        return None;
    }
    let (segment, _) = Parameter::of(component.id)?;
    Some(ComponentKey::new(Kind::Light, segment))
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

/// The number of a sensor.
pub(super) mod sensor {
    pub(in super::super) const CURRENT: u16 = 0;
    pub(in super::super) const RSSI: u16 = 1;
    pub(in super::super) const FREE_HEAP: u16 = 2;
    pub(in super::super) const UPTIME: u16 = 3;
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
    let mut components = Vec::new();
    let mut all = BTreeMap::new();
    for (key, state) in states::states(info, report, names) {
        let segment = |id| report.segments.iter().find(|segment| segment.id == id);
        let alone = report.segments.len() == 1;
        let (descriptor, fixed) = match key.kind {
            Kind::Light => (
                light(key.id, segment(key.id), alone, info, names),
                State::new(),
            ),
            Kind::Number => number(&key, segment, alone),
            Kind::Select => choice(key.id, names),
            Kind::Switch => (switch_of(key.id), State::new()),
            Kind::Sensor => (sensor_of(key.id), State::new()),
            _ => (firmware(), State::new()),
        };
        components.push(descriptor);
        let mut whole = state;
        whole.merge(&fixed);
        all.insert(key, whole);
    }
    Description {
        info: device(info),
        components,
        states: all,
    }
}

/// Whether two reports have the same [`Description`], apart from the states.
pub(super) fn is_alike(before: (&Info, &Report), after: (&Info, &Report)) -> bool {
    let info = |info: &Info| {
        (
            (info.effects, info.palettes),
            [
                info.current.is_some(),
                info.rssi.is_some(),
                info.free_heap.is_some(),
                info.uptime.is_some(),
            ],
        )
    };
    let texts =
        |info: &Info| [&info.mac, &info.name, &info.version, &info.board].map(String::clone);
    let report = |report: &Report| {
        [
            report.preset.is_some(),
            report.playlist.is_some(),
            report.nightlight.is_some(),
            report.sync_send.is_some(),
            report.sync_receive.is_some(),
        ]
    };
    let segment = |segment: &Segment| {
        (
            segment.id,
            segment.capabilities,
            segment.speed.is_some(),
            segment.intensity.is_some(),
        )
    };
    let same = |(one, other): (&Segment, &Segment)| {
        segment(one) == segment(other) && one.name == other.name
    };
    let (old, new) = (&before.1.segments, &after.1.segments);
    info(before.0) == info(after.0)
        && texts(before.0) == texts(after.0)
        && report(before.1) == report(after.1)
        && old.len() == new.len()
        && old.iter().zip(new).all(same)
}

/// The board's information. Its uptime and its run are not in there: they are
/// the shadow's.
pub(super) fn device(info: &Info) -> DeviceInfo {
    DeviceInfo {
        id: board_id(Family::Wled, &info.mac),
        name: info.name.clone(),
        mac: info.mac.clone(),
        version: info.version.clone(),
        platform: Family::Wled.as_str().to_owned(),
        board: info.board.clone(),
        proto: PROTOCOL_MAJOR,
        features: vec!["transition".to_owned()],
        epoch: Epoch(1),
        uptime_ms: 0,
        reset_reason: None,
        extra: Object::new(),
    }
}

/// A segment, or the whole strip.
fn light(
    id: u16,
    segment: Option<&Segment>,
    alone: bool,
    info: &Info,
    names: &AllNames,
) -> Descriptor {
    let (name, caps) = match segment {
        Some(segment) => {
            let name = segment.name.clone().unwrap_or_else(|| match alone {
                true => "Light".to_owned(),
                false => format!("Segment {}", segment.id),
            });
            (name, caps(info, segment.capabilities, names))
        }
        None => {
            let caps = Caps {
                brightness: true,
                ..Caps::default()
            };
            ("All segments".to_owned(), caps)
        }
    };
    let mut descriptor = Descriptor::new(Kind::Light, id, &name);
    descriptor.icon = Some("mdi:led-strip-variant".to_owned());
    descriptor.caps = caps;
    descriptor
}

/// A parameter of a segment's effect, and its range.
fn number<'a>(
    key: &ComponentKey,
    segment: impl Fn(u16) -> Option<&'a Segment>,
    alone: bool,
) -> (Descriptor, State) {
    let target = Parameter::of(key.id);
    let title = target.map_or("", |(_, parameter)| parameter.name());
    let named = target.and_then(|(id, _)| segment(id)?.name.as_ref());
    let name = match (target, named) {
        (Some((id, _)), None) if !alone => format!("Segment {id}: {}", title.to_lowercase()),
        (_, Some(name)) if !alone => format!("{name}: {}", title.to_lowercase()),
        _ => title.to_owned(),
    };
    let mut descriptor = Descriptor::new(Kind::Number, key.id, &name);
    descriptor.entity_category = Some(EntityCategory::Config);
    let range = State::new().with("min", 0).with("max", 255);
    (descriptor, range.with("step", 1))
}

/// Presets or playlists, and their names.
fn choice(id: u16, names: &AllNames) -> (Descriptor, State) {
    let (name, names) = match id {
        select::PRESET => ("Preset", &names.presets),
        _ => ("Playlist", &names.playlists),
    };
    let descriptor = Descriptor::new(Kind::Select, id, name);
    (descriptor, State::new().with("options", names.options()))
}

fn switch_of(id: u16) -> Descriptor {
    let (name, icon) = match id {
        switch::NIGHTLIGHT => ("Nightlight", "mdi:weather-night"),
        switch::SYNC_SEND => ("Sync send", "mdi:upload-network-outline"),
        _ => ("Sync receive", "mdi:download-network-outline"),
    };
    let mut descriptor = Descriptor::new(Kind::Switch, id, name);
    descriptor.icon = Some(icon.to_owned());
    descriptor.entity_category = Some(EntityCategory::Config);
    descriptor
}

fn sensor_of(id: u16) -> Descriptor {
    const NOW: &str = "measurement";
    let (name, class, unit, state_class) = match id {
        sensor::CURRENT => ("LED current", "current", "mA", NOW),
        sensor::RSSI => ("Wi-Fi signal", "signal_strength", "dBm", NOW),
        sensor::FREE_HEAP => ("Free memory", "data_size", "B", NOW),
        _ => ("Uptime", "duration", "s", "total_increasing"),
    };
    let mut descriptor = Descriptor::new(Kind::Sensor, id, name);
    descriptor.device_class = Some(class.to_owned());
    descriptor.unit_of_measurement = Some(unit.to_owned());
    descriptor.state_class = Some(state_class.to_owned());
    descriptor.accuracy_decimals = Some(0);
    descriptor.entity_category = Some(EntityCategory::Diagnostic);
    descriptor
}

fn firmware() -> Descriptor {
    let mut descriptor = Descriptor::new(Kind::Update, 0, "Firmware");
    descriptor.device_class = Some("firmware".to_owned());
    descriptor.entity_category = Some(EntityCategory::Diagnostic);
    descriptor
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
    caps.white = capabilities.white();
    if capabilities.rgb() {
        caps.palettes = listed(&names.palettes, info.palettes);
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

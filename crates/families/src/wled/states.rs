//! The states of a WLED board's components: what changes with each report.

use protocol::{ComponentKey, Kind, State};
use serde_json::{Value, json};

use super::{
    components::{Parameter, WHOLE, select, sensor, switch},
    level,
    names::{AllNames, Names},
    report::{Capabilities, Info, Report, Segment},
};

/// The changing states of all components, in the order in which these are
/// listed.
pub(super) fn states(info: &Info, report: &Report, names: &AllNames) -> Vec<(ComponentKey, State)> {
    let mut all = Vec::new();
    let mut add = |kind, id, state| all.push((ComponentKey::new(kind, id), state));
    let ids = report.segments.iter().map(|segment| segment.id);
    // The whole strip comes first: it is what people switch.
    for id in [WHOLE].into_iter().chain(ids) {
        if let Some(state) = light_state(report, id, names) {
            add(Kind::Light, id, state);
        }
    }
    for segment in &report.segments {
        for parameter in Parameter::ALL {
            if let Some(value) = parameter.value(segment) {
                let key = parameter.key(segment.id);
                add(key.kind, key.id, State::new().with("value", value));
            }
        }
    }
    for (id, active, names) in [
        (select::PRESET, report.preset, &names.presets),
        (select::PLAYLIST, report.playlist, &names.playlists),
    ] {
        if has_choice(active, names) {
            add(Kind::Select, id, choice_state(active, names));
        }
    }
    for (id, on) in [
        (switch::NIGHTLIGHT, report.nightlight),
        (switch::SYNC_SEND, report.sync_send),
        (switch::SYNC_RECEIVE, report.sync_receive),
    ] {
        if let Some(on) = on {
            add(Kind::Switch, id, State::new().with("on", on));
        }
    }
    for (id, value) in [
        (sensor::CURRENT, info.current.map(Value::from)),
        (sensor::RSSI, info.rssi.map(Value::from)),
        (sensor::FREE_HEAP, info.free_heap.map(Value::from)),
        (sensor::UPTIME, info.uptime.map(Value::from)),
    ] {
        if let Some(value) = value {
            add(Kind::Sensor, id, State::new().with("value", value));
        }
    }
    let installed = State::new().with("installed_version", info.version.as_str());
    add(
        Kind::Update,
        0,
        installed.with("latest_version", Value::Null),
    );
    all
}

/// Whether there is anything to choose.
pub(super) fn has_choice(active: Option<u8>, names: &Names) -> bool {
    active.is_some() || !names.is_empty()
}

/// The active one of several choices, without the options.
pub(super) fn choice_state(active: Option<u8>, names: &Names) -> State {
    State::new().with("value", active.map(|number| names.name(number)))
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

//! Translates commands into messages of WLED's JSON API. What the board will
//! report afterwards is predicted with the same rules by which reports are
//! shown, so that roundings cannot keep a command from being confirmed.

use protocol::{
    Code, ComponentKey, Kind, Request, RpcError, State,
    method::{self, LightSet},
};
use serde_json::{Map, Value, json};

use super::{
    components::{Parameter, WHOLE, select, switch},
    level,
    names::{AllNames, Names},
    report::{Report, Segment},
    states::{choice_state, has_choice, is_neutral, light_state},
};
use crate::light::check_light;

/// A command for the board.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Command {
    /// The message, compact.
    pub(super) text: String,
    /// The state that confirms it; `None` if its effect is not visible.
    pub(super) wanted: Option<(ComponentKey, State)>,
}

/// Translates a command; `None` if WLED has nothing like it.
///
/// # Errors
/// Why it is refused.
pub(super) fn translate(
    request: &Request,
    report: &Report,
    names: &AllNames,
) -> Result<Option<Command>, RpcError> {
    let command = match request.method.as_str() {
        method::LIGHT_SET => light(&request.decode()?, report, names)?,
        method::SWITCH_SET => {
            let method::SwitchSet { id, on } = request.decode()?;
            set_switch(id, |_| on, report)?
        }
        method::SWITCH_TOGGLE => {
            let method::Target { id } = request.decode()?;
            set_switch(id, |on| !on, report)?
        }
        method::NUMBER_SET => {
            let method::NumberSet { id, value } = request.decode()?;
            number(id, value, report)?
        }
        method::SELECT_SET => {
            let method::TextSet { id, value } = request.decode()?;
            choose(id, &value, report, names)?
        }
        method::DEVICE_REBOOT => Command {
            text: json!({ "rb": true }).to_string(),
            wanted: None,
        },
        _ => return Ok(None),
    };
    Ok(Some(command))
}

fn light(set: &LightSet, report: &Report, names: &AllNames) -> Result<Command, RpcError> {
    check_light(set)?;
    let mut after = report.clone();
    let mut message = Map::new();
    if set.id == WHOLE && report.segments.len() != 1 {
        whole(set, &mut after, &mut message)?;
    } else {
        segment(set, &mut after, &mut message, names)?;
    }
    if message.is_empty() {
        let message = "Light.Set needs at least one of on, brightness, rgb, ct_k, white, effect, \
                       palette";
        return Err(RpcError::new(Code::InvalidParams, "missing", message));
    }
    if let Some(fade) = set.transition_ms {
        message.insert("tt".to_owned(), json!(level::tenths(fade)));
    }
    let key = ComponentKey::new(Kind::Light, set.id);
    let mut state = light_state(&after, set.id, names).unwrap_or_default();
    let dark = set.brightness == Some(0);
    state.0.retain(|field, _| match field {
        // 0 % is off: the board keeps its brightness.
        "on" => set.on.is_some() || dark,
        "brightness" => set.brightness.is_some() && !dark,
        "rgb" => set.rgb.is_some(),
        "ct_k" => set.ct_k.is_some() && set.rgb.is_none(),
        "white" => set.white.is_some(),
        "effect" => set.effect.is_some(),
        "palette" => set.palette.is_some(),
        _ => false,
    });
    Ok(Command {
        text: Value::Object(message).to_string(),
        wanted: Some((key, state)),
    })
}

/// Changes the whole strip.
fn whole(
    set: &LightSet,
    after: &mut Report,
    message: &mut Map<String, Value>,
) -> Result<(), RpcError> {
    let LightSet {
        rgb,
        ct_k,
        white,
        effect,
        palette,
        ..
    } = set;
    if rgb.is_some() || ct_k.is_some() || white.is_some() || effect.is_some() || palette.is_some() {
        return Err(unsupported(
            "only on and brightness of all segments can be set together",
        ));
    }
    dim_whole(set, after, message);
    Ok(())
}

/// Switches and dims the whole strip. WLED switches on what is given a
/// brightness, so the switch is always sent along.
fn dim_whole(set: &LightSet, after: &mut Report, message: &mut Map<String, Value>) {
    after.on = match set.brightness {
        Some(0) => false,
        _ => set.on.unwrap_or(after.on),
    };
    if let Some(brightness) = set.brightness.filter(|brightness| *brightness > 0) {
        after.bri = level::bri(brightness);
        message.insert("bri".to_owned(), json!(after.bri));
    }
    if set.on.is_some() || set.brightness.is_some() {
        message.insert("on".to_owned(), json!(after.on));
    }
}

/// Changes a segment, and with it the whole strip if it is the only one.
fn segment(
    set: &LightSet,
    after: &mut Report,
    message: &mut Map<String, Value>,
    names: &AllNames,
) -> Result<(), RpcError> {
    let folded = after.segments.len() == 1;
    let was_lit = after.on;
    let whole_bri = set.brightness;
    if folded {
        dim_whole(set, after, message);
    }
    let others: Vec<u16> = after
        .segments
        .iter()
        .filter(|other| other.on && other.id != set.id)
        .map(|other| other.id)
        .collect();
    let segment = after
        .segments
        .iter_mut()
        .find(|segment| segment.id == set.id)
        .ok_or_else(|| no_component(&ComponentKey::new(Kind::Light, set.id)))?;
    let mut fields = Map::new();
    if folded {
        switch_only(set, segment, &mut fields);
    } else {
        dim(set, segment, &mut fields);
    }
    if whole_bri.is_some() && !segment.capabilities.dimmable() {
        return Err(unsupported("this light cannot be dimmed"));
    }
    paint(set, segment, &mut fields)?;
    play(set, segment, &mut fields, names)?;
    let mut changed = Vec::new();
    if !fields.is_empty() {
        fields.insert("id".to_owned(), json!(set.id));
        changed.push(Value::Object(fields));
    }
    let lights_up = set.on == Some(true) && set.brightness != Some(0);
    if lights_up && !folded && !was_lit {
        // The other segments are shown off, so they stay off.
        after.on = true;
        message.insert("on".to_owned(), json!(true));
        changed.extend(others.iter().map(|id| json!({ "id": id, "on": false })));
        for other in after.segments.iter_mut().filter(|other| other.id != set.id) {
            other.on = false;
        }
    }
    if !changed.is_empty() {
        message.insert("seg".to_owned(), Value::Array(changed));
    }
    Ok(())
}

/// The switch of the only segment: the whole strip is switched and dimmed
/// instead of it.
fn switch_only(set: &LightSet, segment: &mut Segment, fields: &mut Map<String, Value>) {
    let full = set.brightness.is_some_and(|brightness| brightness > 0) && segment.bri < u8::MAX;
    if full {
        segment.bri = u8::MAX;
        fields.insert("bri".to_owned(), json!(segment.bri));
    }
    if set.on == Some(true) && set.brightness != Some(0) && !segment.on {
        segment.on = true;
        fields.insert("on".to_owned(), json!(true));
    } else if full {
        fields.insert("on".to_owned(), json!(segment.on));
    }
}

/// Switches and dims one of several segments.
fn dim(set: &LightSet, segment: &mut Segment, fields: &mut Map<String, Value>) {
    segment.on = match set.brightness {
        Some(0) => false,
        _ => set.on.unwrap_or(segment.on),
    };
    if let Some(brightness) = set.brightness.filter(|brightness| *brightness > 0) {
        segment.bri = level::bri(brightness);
        fields.insert("bri".to_owned(), json!(segment.bri));
    }
    if set.on.is_some() || set.brightness.is_some() {
        fields.insert("on".to_owned(), json!(segment.on));
    }
}

/// Sets color, color temperature and white channel.
fn paint(
    set: &LightSet,
    segment: &mut Segment,
    fields: &mut Map<String, Value>,
) -> Result<(), RpcError> {
    let capabilities = segment.capabilities;
    // If a command has both, the color takes precedence.
    let kelvin = set.ct_k.filter(|_| set.rgb.is_none());
    if set.rgb.is_some() && !capabilities.rgb() {
        return Err(unsupported("this light has no colors"));
    }
    if kelvin.is_some() && !capabilities.cct() {
        return Err(unsupported("this light has no color temperature"));
    }
    if set.white.is_some() && !capabilities.white() {
        return Err(unsupported("this light has no white channel"));
    }
    let range = level::WARMEST_K..=level::COLDEST_K;
    if kelvin.is_some_and(|kelvin| !range.contains(&kelvin)) {
        let message = format!("ct_k must be {} to {}", range.start(), range.end());
        return Err(out_of_range(&message));
    }
    let before = segment.color.unwrap_or_default();
    let was_neutral = capabilities.cct() && is_neutral(before, capabilities);
    let mut color = before;
    if let Some([red, green, blue]) = set.rgb {
        let white = if was_neutral { 0 } else { color[3] };
        color = [red, green, blue, white];
    }
    if let Some(kelvin) = kelvin {
        segment.cct = Some(level::cct(kelvin));
        fields.insert("cct".to_owned(), json!(segment.cct));
        if capabilities.rgb() && !was_neutral {
            color = if capabilities.white() {
                [0, 0, 0, 255]
            } else {
                [255, 255, 255, 0]
            };
        }
    }
    if let Some(white) = set.white {
        color[3] = white;
    }
    if set.rgb.is_some() || set.white.is_some() || color != before {
        segment.color = Some(color);
        // Without a fourth number, WLED sets the white channel to 0.
        let channels = if capabilities.white() {
            &color[..]
        } else {
            &color[..3]
        };
        fields.insert("col".to_owned(), json!([channels]));
    }
    Ok(())
}

/// Sets effect and palette.
fn play(
    set: &LightSet,
    segment: &mut Segment,
    fields: &mut Map<String, Value>,
    names: &AllNames,
) -> Result<(), RpcError> {
    if let Some(effect) = &set.effect {
        let number = names
            .effects
            .number(effect)
            .filter(|number| names.is_effect(*number));
        segment.effect = Some(number.ok_or_else(|| no_option("effect", effect))?);
        fields.insert("fx".to_owned(), json!(segment.effect));
    }
    if let Some(palette) = &set.palette {
        if !segment.capabilities.rgb() {
            return Err(unsupported("this light has no palettes"));
        }
        let number = names.palettes.number(palette);
        segment.palette = Some(number.ok_or_else(|| no_option("palette", palette))?);
        fields.insert("pal".to_owned(), json!(segment.palette));
    }
    Ok(())
}

fn set_switch(id: u16, next: impl Fn(bool) -> bool, report: &Report) -> Result<Command, RpcError> {
    let key = ComponentKey::new(Kind::Switch, id);
    let on = match id {
        switch::NIGHTLIGHT => report.nightlight,
        switch::SYNC_SEND => report.sync_send,
        switch::SYNC_RECEIVE => report.sync_receive,
        _ => None,
    };
    let on = next(on.ok_or_else(|| no_component(&key))?);
    let message = match id {
        switch::NIGHTLIGHT => json!({ "nl": { "on": on } }),
        switch::SYNC_SEND => json!({ "udpn": { "send": on } }),
        // Newer boards have only groups, older ones only the flag.
        _ => match report.receive_groups {
            Some(groups) => {
                let groups = if on { groups.max(1) } else { 0 };
                json!({ "udpn": { "recv": on, "rgrp": groups } })
            }
            None => json!({ "udpn": { "recv": on } }),
        },
    };
    Ok(Command {
        text: message.to_string(),
        wanted: Some((key, State::new().with("on", on))),
    })
}

fn number(id: u16, value: f64, report: &Report) -> Result<Command, RpcError> {
    let key = ComponentKey::new(Kind::Number, id);
    let target = Parameter::of(id)
        .filter(|(segment, _)| report.segments.iter().any(|known| known.id == *segment));
    let (segment, parameter) = target.ok_or_else(|| no_component(&key))?;
    if !(0.0..=255.0).contains(&value) {
        return Err(out_of_range("value must be 0 to 255"));
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0 to 255"
    )]
    let value = value.round() as u8;
    let field = match parameter {
        Parameter::Speed => "sx",
        Parameter::Intensity => "ix",
    };
    Ok(Command {
        text: json!({ "seg": [{ "id": segment, field: value }] }).to_string(),
        wanted: Some((key, State::new().with("value", value))),
    })
}

fn choose(id: u16, name: &str, report: &Report, names: &AllNames) -> Result<Command, RpcError> {
    let key = ComponentKey::new(Kind::Select, id);
    let (known, active): (&Names, _) = match id {
        select::PRESET => (&names.presets, report.preset),
        select::PLAYLIST => (&names.playlists, report.playlist),
        _ => return Err(no_component(&key)),
    };
    if !has_choice(active, known) {
        return Err(no_component(&key));
    }
    let number = known
        .number(name)
        .filter(|number| (1..=250).contains(number));
    let number = number.ok_or_else(|| no_option("value", name))?;
    Ok(Command {
        // A playlist is stored as a preset.
        text: json!({ "ps": number }).to_string(),
        wanted: Some((key, choice_state(Some(number), known))),
    })
}

fn no_component(key: &ComponentKey) -> RpcError {
    RpcError::new(Code::NotFound, "not_found", format!("there is no {key}"))
}

fn out_of_range(message: &str) -> RpcError {
    RpcError::new(Code::InvalidParams, "out_of_range", message)
}

fn unsupported(message: &str) -> RpcError {
    RpcError::new(Code::InvalidParams, "not_supported", message)
}

fn no_option(field: &str, value: &str) -> RpcError {
    out_of_range(&format!("{value:?} is no {field} of this board"))
}

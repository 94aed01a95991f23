//! Commands of `docs/protocol.md` as values for `…/set`.

use protocol::{
    Code, ComponentKey, Kind, Request, RpcError, State, limits,
    method::{self, LightSet, NumberSet, SwitchSet, Target, TextSet},
};

use crate::light::check_light;

use super::{
    color::Color,
    components::{Part, Parts},
    description::Datatype,
};

/// A value to set.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) key: ComponentKey,
    /// `node/property`.
    pub(super) path: String,
    pub(super) payload: Vec<u8>,
    /// What the device reports then; `None` if it reports nothing.
    pub(super) wanted: Option<State>,
}

/// Translates a command; `None` if Homie has no such.
///
/// # Errors
/// If the device lacks the component, or a parameter is not accepted.
pub(super) fn translate(
    request: &Request,
    parts: &Parts,
    state: impl Fn(&ComponentKey) -> Option<State>,
) -> Result<Option<Command>, RpcError> {
    let kind = match request.method.as_str() {
        method::SWITCH_SET | method::SWITCH_TOGGLE => Kind::Switch,
        method::LIGHT_SET => Kind::Light,
        method::NUMBER_SET => Kind::Number,
        method::SELECT_SET => Kind::Select,
        method::TEXT_SET => Kind::Text,
        method::BUTTON_PRESS => Kind::Button,
        _ => return Ok(None),
    };
    let key = ComponentKey::new(kind, request.decode::<Target>()?.id);
    let part = parts.with(&key).ok_or_else(|| {
        let message = format!("this device has no {key}");
        RpcError::new(Code::NotFound, "not_found", message)
    })?;
    let payload = match request.method.as_str() {
        method::SWITCH_SET => request.decode::<SwitchSet>()?.on.to_string(),
        method::SWITCH_TOGGLE => {
            let on = state(&key).and_then(|state| state.on());
            (!on.unwrap_or(false)).to_string()
        }
        method::LIGHT_SET => light(part, request, state(&key))?,
        method::NUMBER_SET => number(part, request.decode::<NumberSet>()?.value)?,
        method::SELECT_SET => option(part, request.decode::<TextSet>()?.value)?,
        method::TEXT_SET => text(request.decode::<TextSet>()?.value)?,
        _ => press(part, request)?,
    };
    // An empty payload would clear what is retained.
    let payload = match payload.is_empty() {
        true => vec![0],
        false => payload.into_bytes(),
    };
    Ok(Some(Command {
        wanted: part.state(&payload),
        path: part.path.clone(),
        payload,
        key,
    }))
}

/// The color of a light: what is not set stays as it was.
fn light(part: &Part, request: &Request, now: Option<State>) -> Result<String, RpcError> {
    let set = request.decode::<LightSet>()?;
    check_light(&set)?;
    let lacks = [
        ("ct_k", set.ct_k.is_some()),
        ("white", set.white.is_some()),
        ("effect", set.effect.is_some()),
        ("palette", set.palette.is_some()),
    ];
    if let Some((field, _)) = lacks.into_iter().find(|(_, lacks)| *lacks) {
        let message = format!("this light has no {field}");
        return Err(refused("not_supported", message));
    }
    if set.on.is_none() && set.brightness.is_none() && set.rgb.is_none() {
        let message = "Light.Set needs on, brightness or rgb";
        return Err(refused("bad_params", message));
    }
    let now = now.unwrap_or_default();
    let brightness = set.brightness.or_else(|| now.brightness());
    let color = Color {
        rgb: set.rgb.or_else(|| now.rgb()).unwrap_or([255; 3]),
        brightness: match set.on {
            Some(false) => 0,
            _ => brightness.unwrap_or(100),
        },
    };
    let form = part.color_form();
    let form = form.ok_or_else(|| refused("not_supported", "this light has no color"))?;
    Ok(color.write(form))
}

/// A number, rounded to its step.
fn number(part: &Part, value: f64) -> Result<String, RpcError> {
    let Datatype::Number {
        whole,
        min,
        max,
        step,
    } = part.property.datatype
    else {
        return Err(refused("not_supported", "it is no number"));
    };
    let (least, most) = (min.unwrap_or(f64::MIN), max.unwrap_or(f64::MAX));
    if !(least..=most).contains(&value) {
        let message = format!("value must be {least} to {most}");
        return Err(refused("out_of_range", message));
    }
    let step = step.or(whole.then_some(1.0));
    // The convention counts steps from the minimum, or else from 0.
    let rounded = step.map_or(value, |step| {
        let from = min.unwrap_or(0.0);
        let steps = ((value - from) / step).round();
        (from + steps * step).clamp(least, most)
    });
    Ok(match whole {
        true => format!("{rounded:.0}"),
        // The step is not exact in binary.
        false => {
            let text = format!("{rounded:.9}");
            let text = text.trim_end_matches('0').trim_end_matches('.');
            text.to_owned()
        }
    })
}

fn option(part: &Part, value: String) -> Result<String, RpcError> {
    match &part.property.datatype {
        Datatype::Enumeration(options) if !options.contains(&value) => {
            let message = format!("value must be one of: {}", options.join(", "));
            Err(refused("out_of_range", sanitize::bounds::text(message)))
        }
        _ => Ok(value),
    }
}

fn text(value: String) -> Result<String, RpcError> {
    let fits = value.len() <= limits::TEXT_VALUE && !value.chars().any(char::is_control);
    match fits {
        true => Ok(value),
        false => Err(refused(
            "out_of_range",
            format!(
                "value must be at most {} bytes without control characters",
                limits::TEXT_VALUE
            ),
        )),
    }
}

fn press(part: &Part, request: &Request) -> Result<String, RpcError> {
    let event = request.decode::<method::ButtonPress>()?.event;
    if event.is_some_and(|event| event != "press") {
        let message = "event must be press: Homie has no other";
        return Err(refused("not_supported", message));
    }
    Ok(match &part.property.datatype {
        Datatype::Enumeration(options) => options.first().cloned().unwrap_or_default(),
        _ => "true".to_owned(),
    })
}

fn refused(reason: &'static str, message: impl Into<String>) -> RpcError {
    RpcError::new(Code::InvalidParams, reason, message)
}

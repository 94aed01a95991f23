//! The accepted values of a component's fields, for commands, changes at the
//! board and plans alike.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};

use protocol::{Code, Descriptor, Kind, LIGHT_FIELDS, Quoted, RpcError, State, limits};
use serde_json::{Value, json};

use crate::{number, text};

/// The largest state of a component of an unknown kind, in bytes as JSON.
pub(crate) const MAX_UNKNOWN_STATE: usize = 256;

/// The events of a button.
pub(crate) const BUTTON_EVENTS: [&str; 3] = ["press", "double_press", "long_press"];

/// What a cover can be doing.
const COVER_STATES: [&str; 5] = ["open", "opening", "closed", "closing", "stopped"];

/// The error for a parameter that is not accepted.
pub(crate) fn invalid(reason: &str, message: String) -> RpcError {
    RpcError::new(Code::InvalidParams, reason, message)
}

/// The fields of this kind of component that can change; empty for an unknown
/// kind, which may have any.
pub(crate) fn fields(kind: &Kind) -> &'static [&'static str] {
    match kind {
        Kind::Switch | Kind::BinarySensor => &["on"],
        Kind::Light => &LIGHT_FIELDS,
        Kind::Sensor | Kind::Number | Kind::Select | Kind::Text | Kind::TextSensor => &["value"],
        Kind::Cover => &["state", "position"],
        // An update cannot be changed by a client.
        Kind::Button | Kind::Event | Kind::Update | Kind::Unknown(_) => &[],
    }
}

/// Whether components of this kind have a state.
pub(crate) fn has_state(kind: &Kind) -> bool {
    !matches!(kind, Kind::Button | Kind::Event)
}

/// Normalizes a change, field by field. `null` makes a field unknown.
///
/// # Errors
/// The component lacks a field, or does not accept its value. The error says
/// what would be accepted.
pub(crate) fn accept(
    descriptor: &Descriptor,
    state: &State,
    mut change: State,
) -> Result<State, RpcError> {
    for (field, value) in change.0.iter_mut() {
        match (&descriptor.kind, &*value) {
            (Kind::Unknown(_), _) => {}
            (Kind::Button | Kind::Event, _) => {
                return Err(invalid(
                    "not_supported",
                    format!("{} has no state", descriptor.key),
                ));
            }
            (Kind::Update, _) => {
                return Err(invalid(
                    "not_supported",
                    format!("{} is changed only by an update", descriptor.key),
                ));
            }
            (_, Value::Null) if has_field(descriptor, field) => {}
            _ => *value = field_value(descriptor, state, field, value)?,
        }
    }
    clear_other_color_mode(descriptor, &mut change);
    if matches!(descriptor.kind, Kind::Unknown(_)) {
        let mut whole = state.clone();
        whole.merge(&change);
        if text::json(&whole).len() > MAX_UNKNOWN_STATE.max(text::json(state).len()) {
            let message = format!(
                "the state of {} has at most {MAX_UNKNOWN_STATE} bytes",
                descriptor.key
            );
            return Err(RpcError::new(Code::ResourceExhausted, "too_large", message));
        }
    }
    Ok(change)
}

/// A light shows a color or a color temperature, not both: setting one makes
/// the other unknown, so that the hardware knows which to show. If both are
/// set, the color wins: a controller may have merged two clicks into one
/// command.
fn clear_other_color_mode(descriptor: &Descriptor, change: &mut State) {
    if descriptor.caps.rgb && descriptor.caps.ct_k.is_some() {
        if change.rgb().is_some() {
            change.0.insert("ct_k".into(), Value::Null);
        } else if change.ct_k().is_some() {
            change.0.insert("rgb".into(), Value::Null);
        }
    }
}

/// Whether the component has this field, and it can change.
fn has_field(descriptor: &Descriptor, field: &str) -> bool {
    let caps = &descriptor.caps;
    fields(&descriptor.kind).contains(&field)
        && match field {
            "brightness" => caps.brightness,
            "rgb" => caps.rgb,
            "ct_k" => caps.ct_k.is_some(),
            "white" => caps.white,
            "effect" => !caps.effects.is_empty(),
            "palette" => !caps.palettes.is_empty(),
            _ => true,
        }
}

/// The type of a light's field, if `value` has another type. Only lights may
/// lack some of their fields.
fn light_type_error(field: &str, value: &Value) -> Option<&'static str> {
    let (fits, accepted) = match field {
        "brightness" | "ct_k" | "white" => (value.is_number(), "a whole number"),
        "rgb" => (
            value
                .as_array()
                .is_some_and(|parts| parts.iter().all(Value::is_number)),
            "a list of three numbers",
        ),
        "effect" | "palette" => (value.is_string(), "a text"),
        _ => (true, ""),
    };
    (!fits).then_some(accepted)
}

/// Checks one field that is not `null`.
fn field_value(
    descriptor: &Descriptor,
    state: &State,
    field: &str,
    value: &Value,
) -> Result<Value, RpcError> {
    let key = &descriptor.key;
    if !has_field(descriptor, field) {
        // docs/protocol.md, "Errors": a wrong JSON type takes precedence.
        if let Some(accepted) = light_type_error(field, value) {
            return Err(wrong_type(field, accepted, value));
        }
        let has: Vec<&str> = fields(&descriptor.kind)
            .iter()
            .copied()
            .filter(|f| has_field(descriptor, f))
            .collect();
        let message = format!(
            "{key} has no {}; it has {}",
            text::clipped(field),
            has.join(", ")
        );
        return Err(invalid("not_supported", message));
    }
    match (&descriptor.kind, field) {
        (_, "on") => match value {
            Value::Bool(_) => Ok(value.clone()),
            other => Err(wrong_type("on", "true or false", other)),
        },
        (_, "brightness") => whole_number("brightness", value, 0, 100, " %").map(Value::from),
        (_, "rgb") => color(value),
        (_, "ct_k") => {
            let [warmest, coldest] = descriptor.caps.ct_k.unwrap_or_default();
            whole_number("ct_k", value, warmest.into(), coldest.into(), " K").map(Value::from)
        }
        (_, "effect") => one_of(
            "effect",
            value,
            descriptor.caps.effects.iter().map(String::as_str),
        ),
        (_, "white") => whole_number("white", value, 0, 255, "").map(Value::from),
        (_, "palette") => one_of(
            "palette",
            value,
            descriptor.caps.palettes.iter().map(String::as_str),
        ),
        (Kind::Cover, "state") => one_of("state", value, COVER_STATES.into_iter()),
        (Kind::Cover, _) => whole_number("position", value, 0, 100, " %").map(Value::from),
        (Kind::Sensor, _) => {
            let measured = value
                .as_f64()
                .ok_or_else(|| wrong_type("value", "a number", value))?;
            let decimals = descriptor.accuracy_decimals;
            Ok(number::json(decimals.map_or(measured, |decimals| {
                number::rounded(measured, decimals.into())
            })))
        }
        (Kind::Number, _) => {
            let wanted = value
                .as_f64()
                .ok_or_else(|| wrong_type("value", "a number", value))?;
            let [min, max, step] = state.range().unwrap_or([f64::MIN, f64::MAX, 1.0]);
            if !(min..=max).contains(&wanted) {
                let unit = descriptor
                    .unit_of_measurement
                    .as_deref()
                    .map(|unit| format!(" {unit}"))
                    .unwrap_or_default();
                let [min, max, wanted] = [min, max, wanted].map(number::json);
                return Err(invalid(
                    "out_of_range",
                    format!("value is {min} to {max}{unit}, not {wanted}"),
                ));
            }
            Ok(number::json(number::stepped(wanted, min, max, step)))
        }
        (Kind::Select, _) => one_of("value", value, state.options()),
        (Kind::Text | Kind::TextSensor, _) => {
            let line = value
                .as_str()
                .ok_or_else(|| wrong_type("value", "a text", value))?;
            check_line("value", line, 0, limits::TEXT_VALUE)?;
            Ok(value.clone())
        }
        _ => Ok(value.clone()),
    }
}

/// Checks and normalizes the initial state of a component.
///
/// # Errors
/// A field is missing or does not fit the kind.
pub(crate) fn whole_state(descriptor: &Descriptor, state: &State) -> Result<State, RpcError> {
    let fixed: &[&str] = match descriptor.kind {
        Kind::Number => &["min", "max", "step"],
        Kind::Select => &["options"],
        _ => &[],
    };
    if descriptor.kind == Kind::Number {
        let usable = |[min, max, step]: &[f64; 3]| min < max && *step > 0.0;
        if state.range().filter(usable).is_none() {
            return Err(invalid(
                "out_of_range",
                "a number needs min, max and step, with min < max and step > 0".to_string(),
            ));
        }
    }
    if descriptor.kind == Kind::Select && state.options().next().is_none() {
        return Err(invalid("missing", "a select needs options".to_string()));
    }
    if let Some([warmest, coldest]) = descriptor.caps.ct_k
        && warmest > coldest
    {
        return Err(invalid(
            "out_of_range",
            format!("ct_k is [warmest, coldest], not [{warmest}, {coldest}]"),
        ));
    }
    let (constant, changeable): (State, State) = split(state, fixed);
    let mut whole = accept(descriptor, state, changeable)?;
    if let Some(missing) = fields(&descriptor.kind)
        .iter()
        .find(|field| has_field(descriptor, field) && whole.get(field).is_none())
    {
        return Err(invalid("missing", format!("{missing} is missing at boot")));
    }
    whole.merge(&constant);
    Ok(whole)
}

/// The fields that are in `names`, and the others.
fn split(state: &State, names: &[&str]) -> (State, State) {
    let fields = state.0.iter().map(|(field, value)| (field, value.clone()));
    let (named, others): (Vec<_>, Vec<_>) = fields.partition(|(field, _)| names.contains(field));
    (named.into_iter().collect(), others.into_iter().collect())
}

/// Checks a board's name.
///
/// # Errors
/// It is empty, longer than [`limits::NAME`] bytes, or has a control character.
pub(crate) fn check_name(name: &str) -> Result<(), RpcError> {
    check_line("name", name, 1, limits::NAME)
}

/// Checks the version of an image.
///
/// # Errors
/// It is empty, longer than [`limits::VERSION`] bytes, or has a control
/// character.
pub(crate) fn check_version(version: &str) -> Result<(), RpcError> {
    check_line("version", version, 1, limits::VERSION)
}

/// Checks the name of a button's event.
///
/// # Errors
/// A button has no such event.
pub(crate) fn check_event(event: &str) -> Result<(), RpcError> {
    one_of("event", &Value::from(event), BUTTON_EVENTS.into_iter()).map(|_| ())
}

/// Checks the name of an event component's event.
///
/// # Errors
/// It has no such event.
#[cfg(feature = "all-kinds")]
pub(crate) fn check_event_type(types: &[String], event: &str) -> Result<(), RpcError> {
    one_of(
        "event",
        &Value::from(event),
        types.iter().map(String::as_str),
    )
    .map(|_| ())
}

fn check_line(field: &str, line: &str, min: usize, max: usize) -> Result<(), RpcError> {
    if !(min..=max).contains(&line.len()) {
        let message = format!(
            "{field} has {min} to {max} bytes of UTF-8, not {}",
            line.len()
        );
        return Err(invalid("out_of_range", message));
    }
    if line.chars().any(char::is_control) {
        return Err(invalid(
            "control_character",
            format!("{field} is one line of text without control characters"),
        ));
    }
    Ok(())
}

/// A whole number from `min` to `max`. `unit` begins with a space. A fraction
/// is out of range, not of a wrong type: JSON has one type for all numbers.
pub(crate) fn whole_number(
    field: &str,
    value: &Value,
    min: u64,
    max: u64,
    unit: &str,
) -> Result<u64, RpcError> {
    let accepted = whole_numbers(min, max);
    match number::whole(value) {
        Some(number) if (min..=max).contains(&number) => Ok(number),
        _ if !value.is_number() => Err(wrong_type(field, &accepted, value)),
        None if !number::is_negative_whole(value) => Err(out_of_range(field, &accepted, value)),
        _ if max == u64::MAX => Err(out_of_range(field, &accepted, value)),
        _ => Err(out_of_range(field, &format!("{min} to {max}{unit}"), value)),
    }
}

/// The accepted whole numbers, for an error message.
pub(crate) fn whole_numbers(min: u64, max: u64) -> String {
    match max {
        u64::MAX => format!("a whole number from {min} on"),
        _ => format!("a whole number from {min} to {max}"),
    }
}

fn color(value: &Value) -> Result<Value, RpcError> {
    let accepted = "a list of red, green and blue, 0 to 255 each, for example [255,120,0]";
    let is_numbers = |parts: &&Vec<Value>| parts.iter().all(Value::is_number);
    let parts = value
        .as_array()
        .filter(is_numbers)
        .ok_or_else(|| wrong_type("rgb", accepted, value))?;
    if parts.len() != 3 {
        return Err(out_of_range("rgb", accepted, value));
    }
    let mut color = Vec::new();
    for part in parts {
        let byte = number::whole(part)
            .filter(|byte| *byte <= 255)
            .ok_or_else(|| {
                invalid(
                    "out_of_range",
                    format!("rgb is {accepted}; it cannot have {}", text::excerpt(part)),
                )
            })?;
        color.push(byte);
    }
    Ok(json!(color))
}

fn one_of<'a>(
    field: &str,
    value: &Value,
    words: impl Iterator<Item = &'a str>,
) -> Result<Value, RpcError> {
    let words: Vec<&str> = words.collect();
    let reason = match value.as_str() {
        Some(word) if words.contains(&word) => return Ok(value.clone()),
        Some(_) => "not_an_option",
        None => "wrong_type",
    };
    let words: Vec<String> = words.iter().map(|word| Quoted(word).to_string()).collect();
    Err(invalid(
        reason,
        format!(
            "{field} is one of {}, not {}",
            words.join(", "),
            text::excerpt(value)
        ),
    ))
}

pub(crate) fn out_of_range(field: &str, accepted: &str, value: &Value) -> RpcError {
    invalid(
        "out_of_range",
        format!("{field} is {accepted}, not {}", text::excerpt(value)),
    )
}

pub(crate) fn wrong_type(field: &str, accepted: &str, value: &Value) -> RpcError {
    invalid(
        "wrong_type",
        format!("{field} is {accepted}, not {}", text::excerpt(value)),
    )
}

//! Thermostats and radiator valves. Our protocol has no kind for them: they are
//! shown with their values, in Home Assistant's terms, and take no commands.

use protocol::{Kind, State};
use serde_json::{Value, json};

use super::{Part, Reading, at, number, text};
use crate::shelly::source::Type;

/// Home Assistant's name of the kind.
pub(super) const CLIMATE: &str = "climate";

pub(super) fn parts(reading: &Reading<'_>) -> Vec<Part> {
    let status = reading.status;
    let state = State::new()
        .with("current_temperature", number(status, "current_C"))
        .with("temperature", number(status, "target_C"));
    let state = match reading.source.kind {
        Type::Thermostat => state.with("hvac_action", action(reading)),
        _ => state,
    };
    let part = reading.part(Kind::from(CLIMATE), state);
    part.into_iter().collect()
}

/// What the thermostat does at the moment.
fn action(reading: &Reading<'_>) -> Value {
    let enabled = at(reading.status, "enable").or_else(|| at(reading.config, "enable"));
    match (enabled, at(reading.status, "output")) {
        (Some(Value::Bool(false)), _) => json!("off"),
        (_, Some(Value::Bool(false))) => json!("idle"),
        (_, Some(Value::Bool(true))) => match text(reading.config, "type") {
            Some("cooling") => json!("cooling"),
            _ => json!("heating"),
        },
        _ => Value::Null,
    }
}

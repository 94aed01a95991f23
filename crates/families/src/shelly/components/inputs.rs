//! Inputs, alarms and the power supply.

use protocol::{EntityCategory, Kind, State};
use serde_json::Value;

use super::{Part, Reading, at, boolean, text};
use crate::shelly::source::Type;

/// What an input with a button reports.
pub(in crate::shelly) const EVENTS: [&str; 6] = [
    "btn_down",
    "btn_up",
    "single_push",
    "double_push",
    "triple_push",
    "long_push",
];

/// A switch has a state, and a button has events. Analog inputs and counters
/// are sensors.
pub(super) fn input(reading: &Reading<'_>) -> Vec<Part> {
    let part = match text(reading.config, "type") {
        Some("button") => reading.part(Kind::Event, State::new()).map(|mut part| {
            part.descriptor.event_types = EVENTS.map(str::to_owned).to_vec();
            part
        }),
        Some("analog" | "count") => None,
        // Without a configuration, a state tells a switch.
        None if !matches!(at(reading.status, "state"), Some(Value::Bool(_))) => None,
        _ => {
            let state = State::new().with("on", boolean(reading.status, "state"));
            reading.part(Kind::BinarySensor, state)
        }
    };
    part.into_iter().collect()
}

pub(super) fn alarm(reading: &Reading<'_>) -> Vec<Part> {
    let class = match reading.source.kind {
        Type::Smoke => "smoke",
        _ => "moisture",
    };
    let state = State::new().with("on", boolean(reading.status, "alarm"));
    let part = reading.part(Kind::BinarySensor, state).map(|mut part| {
        part.descriptor.device_class = Some(class.to_owned());
        part
    });
    part.into_iter().collect()
}

/// Whether a board with a battery is also supplied by cable.
pub(super) fn external_power(reading: &Reading<'_>) -> Vec<Part> {
    if at(reading.status, "external.present").is_none() {
        return Vec::new();
    }
    let state = State::new().with("on", boolean(reading.status, "external.present"));
    let part = reading.part(Kind::BinarySensor, state).map(|mut part| {
        part.descriptor.name = "External power".to_owned();
        part.descriptor.device_class = Some("power".to_owned());
        part.descriptor.entity_category = Some(EntityCategory::Diagnostic);
        part
    });
    part.into_iter().collect()
}

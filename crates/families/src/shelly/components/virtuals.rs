//! Components that a user creates for scripts: numbers, texts, selections,
//! booleans and buttons. The view `label` makes one read-only.

use protocol::{Descriptor, Kind, State};
use serde_json::{Value, json};

use super::{Part, Reading, at, boolean, number, numbers, text};
use crate::shelly::source::Type;

/// All options of a selection together, in bytes; further ones are left out,
/// since a session does not keep a state of more than 4 KiB.
const OPTIONS: usize = 3 * 1024;

pub(super) fn parts(reading: &Reading<'_>) -> Vec<Part> {
    let read_only = text(reading.config, "meta.ui.view") == Some("label");
    let value = |state: Value| State::new().with("value", state);
    let words = || match at(reading.status, "value") {
        Some(Value::String(text)) => json!(text),
        _ => Value::Null,
    };
    let part = match reading.source.kind {
        Type::Number if read_only => sensor(reading),
        Type::Number => reading.part(Kind::Number, range(reading)).map(|mut part| {
            part.descriptor.unit_of_measurement = unit(reading);
            part
        }),
        Type::Text | Type::Enum if read_only => reading.part(Kind::TextSensor, value(words())),
        Type::Text => reading.part(Kind::Text, value(words())),
        Type::Enum => {
            let state = value(words()).with("options", options(reading));
            reading.part(Kind::Select, state)
        }
        Type::Boolean => {
            let kind = if read_only {
                Kind::BinarySensor
            } else {
                Kind::Switch
            };
            let state = State::new().with("on", boolean(reading.status, "value"));
            reading.part(kind, state)
        }
        Type::Button => reading.part(Kind::Button, State::new()),
        _ => None,
    };
    part.into_iter().collect()
}

fn unit(reading: &Reading<'_>) -> Option<String> {
    text(reading.config, "meta.ui.unit")
        .filter(|unit| !unit.is_empty())
        .map(|unit| sanitize::bounds::text(unit.to_owned()))
}

fn sensor(reading: &Reading<'_>) -> Option<Part> {
    let number_of_ours = numbers::sensor(reading.source, 0)?;
    let mut descriptor = Descriptor::new(Kind::Sensor, number_of_ours, &reading.name());
    descriptor.unit_of_measurement = unit(reading);
    Some(Part {
        descriptor,
        state: State::new().with("value", number(reading.status, "value")),
    })
}

fn range(reading: &Reading<'_>) -> State {
    let config = reading.config;
    let step = match number(config, "meta.ui.step") {
        Value::Null => json!(1),
        step => step,
    };
    State::new()
        .with("value", number(reading.status, "value"))
        .with("min", number(config, "min"))
        .with("max", number(config, "max"))
        .with("step", step)
}

fn options(reading: &Reading<'_>) -> Value {
    let options = at(reading.config, "options").and_then(Value::as_array);
    let texts = options.into_iter().flatten().filter_map(Value::as_str);
    let mut size = 0;
    let fitting = texts.take_while(|text| {
        size += text.len() + 3;
        size <= OPTIONS
    });
    fitting.collect()
}

//! Translates a Shelly's components into ours. One of theirs becomes one or
//! more of ours: a switch with a meter is a switch and up to nine sensors.
//! [`numbers`] says how ours are numbered.

mod climate;
mod inputs;
mod meters;
pub(super) mod numbers;
mod outputs;
mod quantity;
mod system;
mod virtuals;

use protocol::{ComponentKey, Descriptor, Kind, Object, State};
use serde_json::Value;

use super::source::{Source, Type};

/// A component of ours, and its state.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    pub(super) descriptor: Descriptor,
    pub(super) state: State,
}

/// What a component of theirs is translated from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) source: Source,
    /// Empty if it was not read.
    pub(super) config: &'a Object,
    pub(super) status: &'a Object,
    /// Whether the board has one component of this type.
    pub(super) single: bool,
    /// The firmware's version.
    pub(super) version: &'a str,
    /// How an update proceeds, in the fields of our kind `update`.
    pub(super) update: &'a Object,
    /// Whether names and terms are needed; otherwise a description is only a
    /// key, because a push changes nothing else and arrives often.
    pub(super) is_described: bool,
}

/// Our components for one of theirs.
pub(super) fn parts(reading: &Reading<'_>) -> Vec<Part> {
    let mut parts = match reading.source.kind {
        Type::Switch => outputs::switch(reading),
        Type::Light | Type::Rgb | Type::Rgbw | Type::Cct | Type::Rgbcct => outputs::light(reading),
        Type::Cover => outputs::cover(reading),
        Type::Input => inputs::input(reading),
        Type::Smoke | Type::Flood => inputs::alarm(reading),
        Type::DevicePower => inputs::external_power(reading),
        Type::Number | Type::Text | Type::Enum | Type::Boolean | Type::Button => {
            virtuals::parts(reading)
        }
        Type::Thermostat | Type::BluTrv => climate::parts(reading),
        Type::Sys => system::update(reading),
        _ => Vec::new(),
    };
    parts.extend(meters::parts(reading));
    parts
}

impl Reading<'_> {
    /// The name given by the user, or the type and number.
    fn name(&self) -> String {
        if !self.is_described {
            return String::new();
        }
        let given = text(self.config, "name").map(sanitize::bounds::name);
        given
            .filter(|name| !name.is_empty())
            .unwrap_or_else(|| match self.single {
                true => self.source.kind.title().to_owned(),
                false => format!("{} {}", self.source.kind.title(), self.source.id),
            })
    }

    /// A component with the name and the number of theirs.
    fn part(&self, kind: Kind, state: State) -> Option<Part> {
        let number = numbers::component(&kind, self.source)?;
        Some(Part {
            descriptor: Descriptor::new(kind, number, &self.name()),
            state,
        })
    }
}

impl Part {
    /// Its state if nothing is known any more.
    pub(super) fn unknown(&self) -> (ComponentKey, State) {
        let fields = self.state.0.keys();
        let state = fields.map(|field| (field, Value::Null)).collect();
        (self.descriptor.key.clone(), state)
    }
}

/// A field, by its path: `aenergy.total`.
fn at<'a>(object: &'a Object, path: &str) -> Option<&'a Value> {
    match path.split_once('.') {
        None => object.get(path),
        Some((first, rest)) => at(object.get(first)?.as_object()?, rest),
    }
}

/// A text.
fn text<'a>(object: &'a Object, path: &str) -> Option<&'a str> {
    at(object, path)?.as_str()
}

/// A number, or `null`.
fn number(object: &Object, path: &str) -> Value {
    match at(object, path) {
        Some(number @ Value::Number(_)) => number.clone(),
        _ => Value::Null,
    }
}

/// A number from 0 to `most`, rounded, or `null`.
fn whole(object: &Object, path: &str, most: u16) -> Value {
    let number = at(object, path).and_then(Value::as_f64).map(f64::round);
    let number = number.filter(|number| (0.0..=f64::from(most)).contains(number));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a whole number from 0 to 65535"
    )]
    let whole = number.map(|number| number as u16);
    whole.into()
}

/// A boolean, or `null`.
fn boolean(object: &Object, path: &str) -> Value {
    match at(object, path) {
        Some(boolean @ Value::Bool(_)) => boolean.clone(),
        _ => Value::Null,
    }
}

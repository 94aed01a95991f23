//! The parameters of a request, read one by one so that each refusal says what
//! would be accepted. Unknown ones are passed over.

use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::time::Duration;

use protocol::{Code, ComponentKey, Kind, Request, RpcError, State, limits};
use serde_json::Value;

use crate::{Slot, number, rules, text};

/// The most numbers that are listed for a component that is not there.
const LISTED: usize = 8;

/// The parameters of one request.
pub(crate) struct Params<'a> {
    request: &'a Request,
}

impl<'a> Params<'a> {
    pub(crate) fn of(request: &'a Request) -> Self {
        Self { request }
    }

    /// A parameter that is there and not `null`.
    fn get(&self, name: &str) -> Option<&'a Value> {
        self.request
            .params
            .get(name)
            .filter(|value| !value.is_null())
    }

    /// A parameter as it was written, shortened.
    pub(crate) fn shown(&self, name: &str) -> String {
        self.get(name).map(text::shown).unwrap_or_default()
    }

    fn missing(&self, name: &str, accepted: &str) -> RpcError {
        rules::bad(
            "missing",
            format!("{} needs {name}: {accepted}", self.request.method),
        )
    }

    /// A whole number that may be left out.
    pub(crate) fn whole(
        &self,
        name: &str,
        min: u64,
        max: u64,
        unit: &str,
    ) -> Result<Option<u64>, RpcError> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        rules::whole_number(name, value, min, max, unit).map(Some)
    }

    /// A whole number that must be there.
    pub(crate) fn needed_whole(
        &self,
        name: &str,
        min: u64,
        max: u64,
        unit: &str,
    ) -> Result<u64, RpcError> {
        let missing = || self.missing(name, &rules::whole_numbers(min, max));
        self.whole(name, min, max, unit)?.ok_or_else(missing)
    }

    /// The number by which something is named, in words for people. `None`
    /// where it is below 0: nothing has such a number.
    ///
    /// # Errors
    /// Where it is missing, no number, or a fraction.
    pub(crate) fn needed_number(&self, name: &str, what: &str) -> Result<Option<u64>, RpcError> {
        let accepted = format!("{what}, a whole number");
        match self.get(name) {
            None => Err(self.missing(name, &accepted)),
            Some(value) if number::is_negative_whole(value) => Ok(None),
            Some(value) => match number::whole(value) {
                Some(number) => Ok(Some(number)),
                None if value.is_number() => Err(rules::out_of_range(name, &accepted, value)),
                None => Err(rules::wrong_type(name, &accepted, value)),
            },
        }
    }

    /// A part of a list: `offset` and `limit`.
    pub(crate) fn page(&self) -> Result<(usize, usize), RpcError> {
        let offset = self.whole("offset", 0, u64::MAX, "")?.unwrap_or(0);
        let limit = self.whole("limit", 1, u64::MAX, "")?.unwrap_or(u64::MAX);
        let counted = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        Ok((counted(offset), counted(limit)))
    }

    /// A text that may be left out.
    pub(crate) fn text(&self, name: &str, accepted: &str) -> Result<Option<&'a str>, RpcError> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        value
            .as_str()
            .map(Some)
            .ok_or_else(|| rules::wrong_type(name, accepted, value))
    }

    /// A parameter that must be there, and may be `null`.
    pub(crate) fn needed_or_null(
        &self,
        name: &str,
        accepted: &str,
    ) -> Result<Option<&'a str>, RpcError> {
        if !self.request.params.contains_key(name) {
            return Err(self.missing(name, accepted));
        }
        self.text(name, accepted)
    }

    /// A text that must be there.
    pub(crate) fn needed_text(&self, name: &str, accepted: &str) -> Result<&'a str, RpcError> {
        self.text(name, accepted)?
            .ok_or_else(|| self.missing(name, accepted))
    }

    /// The fade time; none is 0.
    pub(crate) fn transition(&self) -> Result<Duration, RpcError> {
        let millis = self.whole("transition_ms", 0, limits::TRANSITION_MS.into(), " ms")?;
        Ok(Duration::from_millis(millis.unwrap_or(0)))
    }

    /// The component of this kind with the number `id`: its place in the list.
    pub(crate) fn target(&self, kind: &Kind, slots: &[Slot]) -> Result<usize, RpcError> {
        let number = self.needed_number("id", "the number in the component's key")?;
        let at = |slot: &Slot| {
            slot.descriptor.kind == *kind && Some(u64::from(slot.descriptor.key.id)) == number
        };
        slots
            .iter()
            .position(at)
            .ok_or_else(|| not_found(&format!("{kind}:{}", self.shown("id")), kind, slots))
    }

    /// What of a component's fields shall change.
    ///
    /// # Errors
    /// Where none is given, or `on` is missing for a switch.
    pub(crate) fn change(&self, kind: &Kind) -> Result<State, RpcError> {
        let given = rules::fields(kind)
            .iter()
            .filter_map(|field| Some(((*field).to_owned(), self.get(field)?.clone())));
        let change: State = given.collect();
        if change.is_empty() {
            let (name, accepted) = match kind {
                Kind::Switch => ("on", "true or false"),
                Kind::Light => ("something to change", "on, brightness, rgb, ct_k or effect"),
                Kind::Number => ("value", "a number"),
                _ => ("value", "a text"),
            };
            return Err(self.missing(name, accepted));
        }
        Ok(change)
    }
}

/// The refusal of a component that is not there, with those of its kind that
/// are.
pub(crate) fn not_found(asked: &str, kind: &Kind, slots: &[Slot]) -> RpcError {
    let of_kind = slots
        .iter()
        .map(|slot| &slot.descriptor.key)
        .filter(|key| key.kind == *kind);
    let all: Vec<String> = of_kind.map(ComponentKey::to_string).collect();
    let message = match all.len() {
        0 => format!("no {asked}; this board has no {kind}"),
        count if count > LISTED => {
            format!(
                "no {asked}; this board has {} and {} more",
                all.get(..LISTED).unwrap_or(&all).join(", "),
                count - LISTED
            )
        }
        _ => format!("no {asked}; this board has {}", all.join(", ")),
    };
    RpcError::new(Code::NotFound, "not_found", message)
}

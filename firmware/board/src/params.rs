//! The parameters of a request. They are read one by one, so that each error
//! says what would be accepted. Unknown ones are ignored.

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

/// The most components that an error lists.
const MOST_LISTED: usize = 8;

/// The parameters of one request.
pub(crate) struct Params<'a> {
    request: &'a Request,
}

impl<'a> Params<'a> {
    pub(crate) fn of(request: &'a Request) -> Self {
        Self { request }
    }

    /// A parameter that is present and not `null`.
    fn get(&self, name: &str) -> Option<&'a Value> {
        self.request
            .params
            .get(name)
            .filter(|value| !value.is_null())
    }

    /// A parameter as JSON, shortened.
    pub(crate) fn excerpt(&self, name: &str) -> String {
        self.get(name).map(text::excerpt).unwrap_or_default()
    }

    fn missing(&self, name: &str, accepted: &str) -> RpcError {
        rules::invalid(
            "missing",
            format!("{} needs {name}: {accepted}", self.request.method),
        )
    }

    /// An optional whole number.
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

    /// A required whole number.
    pub(crate) fn required_whole(
        &self,
        name: &str,
        min: u64,
        max: u64,
        unit: &str,
    ) -> Result<u64, RpcError> {
        let missing = || self.missing(name, &rules::whole_numbers(min, max));
        self.whole(name, min, max, unit)?.ok_or_else(missing)
    }

    /// A required number that identifies something; `what` describes it. `None`
    /// if it is negative, which identifies nothing.
    ///
    /// # Errors
    /// It is missing, not a number, or a fraction.
    fn required_number(&self, name: &str, what: &str) -> Result<Option<u64>, RpcError> {
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

    /// The range of a list: `offset` and `limit`.
    pub(crate) fn page(&self) -> Result<(usize, usize), RpcError> {
        let offset = self.whole("offset", 0, u64::MAX, "")?.unwrap_or(0);
        let limit = self.whole("limit", 1, u64::MAX, "")?.unwrap_or(u64::MAX);
        let counted = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        Ok((counted(offset), counted(limit)))
    }

    /// An optional text.
    pub(crate) fn text(&self, name: &str, accepted: &str) -> Result<Option<&'a str>, RpcError> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        value
            .as_str()
            .map(Some)
            .ok_or_else(|| rules::wrong_type(name, accepted, value))
    }

    /// A required truth value.
    pub(crate) fn required_bool(&self, name: &str) -> Result<bool, RpcError> {
        let accepted = "true or false";
        let value = self.get(name).ok_or_else(|| self.missing(name, accepted))?;
        value
            .as_bool()
            .ok_or_else(|| rules::wrong_type(name, accepted, value))
    }

    /// A required text that may be `null`.
    pub(crate) fn required_or_null(
        &self,
        name: &str,
        accepted: &str,
    ) -> Result<Option<&'a str>, RpcError> {
        if !self.request.params.contains_key(name) {
            return Err(self.missing(name, accepted));
        }
        self.text(name, accepted)
    }

    /// A required text.
    pub(crate) fn required_text(&self, name: &str, accepted: &str) -> Result<&'a str, RpcError> {
        self.text(name, accepted)?
            .ok_or_else(|| self.missing(name, accepted))
    }

    /// The fade time; 0 by default.
    pub(crate) fn transition(&self) -> Result<Duration, RpcError> {
        let millis = self.whole("transition_ms", 0, limits::TRANSITION_MS.into(), " ms")?;
        Ok(Duration::from_millis(millis.unwrap_or(0)))
    }

    /// The position of the component of this kind with the number `id`.
    pub(crate) fn target(&self, kind: &Kind, slots: &[Slot]) -> Result<usize, RpcError> {
        let number = self.required_number("id", "the number in the component's key")?;
        let at = |slot: &Slot| {
            slot.descriptor.kind == *kind && Some(u64::from(slot.descriptor.key.id)) == number
        };
        slots
            .iter()
            .position(at)
            .ok_or_else(|| not_found(&format!("{kind}:{}", self.excerpt("id")), kind, slots))
    }

    /// The fields of a component to change.
    ///
    /// # Errors
    /// There are none.
    pub(crate) fn change(&self, kind: &Kind) -> Result<State, RpcError> {
        let given = rules::fields(kind)
            .iter()
            .filter_map(|field| Some(((*field).to_owned(), self.get(field)?.clone())));
        let change: State = given.collect();
        if change.is_empty() {
            let (name, accepted) = match kind {
                Kind::Switch => ("on", "true or false"),
                Kind::Light => (
                    "something to change",
                    "on, brightness, rgb, ct_k, white, effect or palette",
                ),
                Kind::Number => ("value", "a number"),
                _ => ("value", "a text"),
            };
            return Err(self.missing(name, accepted));
        }
        Ok(change)
    }
}

/// The error for an unknown component. It lists components of the same kind.
pub(crate) fn not_found(requested: &str, kind: &Kind, slots: &[Slot]) -> RpcError {
    let of_kind = slots
        .iter()
        .map(|slot| &slot.descriptor.key)
        .filter(|key| key.kind == *kind);
    let all: Vec<String> = of_kind.map(ComponentKey::to_string).collect();
    let message = match all.len() {
        0 => format!("no {requested}; this board has no {kind}"),
        count if count > MOST_LISTED => {
            format!(
                "no {requested}; this board has {} and {} more",
                all.get(..MOST_LISTED).unwrap_or(&all).join(", "),
                count - MOST_LISTED
            )
        }
        _ => format!("no {requested}; this board has {}", all.join(", ")),
    };
    RpcError::new(Code::NotFound, "not_found", message)
}

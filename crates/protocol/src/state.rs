//! The state of a component, field by field. `null` means unknown, an absent
//! field means unchanged, and unknown fields are kept.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Fields, Object};

/// The state of a component, or the part of it that changed. An accessor
/// returns `None` if the field is absent, `null` or of an unexpected type, so
/// that a nonconforming board can be shown but is never misread.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct State(pub Fields);

impl State {
    /// A state without fields.
    pub fn new() -> Self {
        Self(Fields::new())
    }

    /// Returns the state with `field` set.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.0.insert(field.into(), value.into());
        self
    }

    /// Applies every field of `change`.
    pub fn merge(&mut self, change: &Self) {
        for (field, value) in &change.0 {
            self.0.set(field, value.clone());
        }
    }

    /// A field, unchanged.
    pub fn get(&self, field: &str) -> Option<&Value> {
        self.0.get(field)
    }

    /// Whether it has no fields.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `on` of a switch, binary sensor or light.
    pub fn on(&self) -> Option<bool> {
        self.get("on")?.as_bool()
    }

    /// `brightness` of a light, 0 to 100 %.
    pub fn brightness(&self) -> Option<u8> {
        whole(self.get("brightness")?)
            .and_then(|percent| u8::try_from(percent).ok())
            .filter(|percent| *percent <= 100)
    }

    /// `rgb` of a light, 0 to 255 each.
    pub fn rgb(&self) -> Option<[u8; 3]> {
        let mut rgb = [0; 3];
        let parts = self
            .get("rgb")?
            .as_array()
            .filter(|parts| parts.len() == 3)?;
        for (channel, part) in rgb.iter_mut().zip(parts) {
            *channel = u8::try_from(whole(part)?).ok()?;
        }
        Some(rgb)
    }

    /// `ct_k` of a light, in kelvin.
    pub fn ct_k(&self) -> Option<u16> {
        whole(self.get("ct_k")?).and_then(|kelvin| u16::try_from(kelvin).ok())
    }

    /// `effect` of a light.
    pub fn effect(&self) -> Option<&str> {
        self.get("effect")?.as_str()
    }

    /// `white` of a light, 0 to 255.
    pub fn white(&self) -> Option<u8> {
        whole(self.get("white")?).and_then(|white| u8::try_from(white).ok())
    }

    /// `palette` of a light.
    pub fn palette(&self) -> Option<&str> {
        self.get("palette")?.as_str()
    }

    /// `position` of a cover, 0 % (closed) to 100 % (open).
    pub fn position(&self) -> Option<u8> {
        whole(self.get("position")?)
            .and_then(|percent| u8::try_from(percent).ok())
            .filter(|percent| *percent <= 100)
    }

    /// `state` of a cover: `open`, `opening`, `closed`, `closing`, `stopped`,
    /// or the word of a newer board.
    pub fn movement(&self) -> Option<&str> {
        self.get("state")?.as_str()
    }

    /// `value` of a sensor or number.
    pub fn number(&self) -> Option<f64> {
        self.get("value")?.as_f64()
    }

    /// `value` of a select, text or text sensor.
    pub fn text(&self) -> Option<&str> {
        self.get("value")?.as_str()
    }

    /// `in_progress` of an update.
    pub fn in_progress(&self) -> Option<bool> {
        self.get("in_progress")?.as_bool()
    }

    /// `update_percentage` of an update, 0 to 100 %.
    pub fn update_percentage(&self) -> Option<u8> {
        whole(self.get("update_percentage")?)
            .and_then(|percent| u8::try_from(percent).ok())
            .filter(|percent| *percent <= 100)
    }

    /// `installed_version` of an update.
    pub fn installed_version(&self) -> Option<&str> {
        self.get("installed_version")?.as_str()
    }

    /// `latest_version` of an update: the version of the update in progress, or
    /// the one that the board can install.
    pub fn latest_version(&self) -> Option<&str> {
        self.get("latest_version")?.as_str()
    }

    /// The version that the board can install, if it differs from the
    /// installed one or that is unknown.
    pub fn newer_version(&self) -> Option<&str> {
        self.latest_version()
            .filter(|latest| self.installed_version() != Some(latest))
    }

    /// `signature_required` of an update: whether the board accepts only signed
    /// images.
    pub fn signature_required(&self) -> Option<bool> {
        self.get("signature_required")?.as_bool()
    }

    /// `signing_key` of an update: the id of the key that images have to be
    /// signed with.
    pub fn signing_key(&self) -> Option<&str> {
        self.get("signing_key")?.as_str()
    }

    /// `signed` of an update: whether the running image is signed with that
    /// key.
    pub fn signed(&self) -> Option<bool> {
        self.get("signed")?.as_bool()
    }

    /// `last_error` of an update.
    pub fn last_error(&self) -> Option<&str> {
        self.get("last_error")?.as_str()
    }

    /// `[min, max, step]` of a number.
    pub fn range(&self) -> Option<[f64; 3]> {
        let field = |name| self.get(name).and_then(Value::as_f64);
        Some([field("min")?, field("max")?, field("step")?])
    }

    /// `options` of a select, without those that are not texts.
    pub fn options(&self) -> impl Iterator<Item = &str> {
        self.get("options")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
    }
}

impl<N: AsRef<str>> FromIterator<(N, Value)> for State {
    fn from_iter<I: IntoIterator<Item = (N, Value)>>(fields: I) -> Self {
        Self(fields.into_iter().collect())
    }
}

impl From<Object> for State {
    fn from(object: Object) -> Self {
        Self(object.into())
    }
}

/// A whole number, even if it is written `60.0`: JSON does not distinguish the
/// two (RFC 8259, section 6).
pub(crate) fn whole(value: &Value) -> Option<i64> {
    /// Beyond this, doubles cannot represent every whole number.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    value.as_i64().or_else(|| {
        let number = value.as_f64().filter(|number| number.abs() <= EXACT)?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "within the whole numbers that a double represents"
        )]
        let whole = number as i64;
        #[expect(
            clippy::cast_precision_loss,
            reason = "within the whole numbers that a double represents"
        )]
        let same = whole as f64 == number;
        same.then_some(whole)
    })
}

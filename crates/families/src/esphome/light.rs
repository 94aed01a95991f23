//! Lights: what one can do, what it reports and how it is set. ESPHome has one
//! brightness for everything, a brightness of the color, and color modes; see
//! `LightStateResponse` and `LightCommandRequest` of `api.proto`.

use protocol::{Caps, Code, RpcError, State, method::LightSet};
use serde_json::{Value, json};

use super::{
    text::{MOST_TEXTS, bounded, or_null, part},
    wire::{Fields, Message},
};

/// The most color modes; ten are defined.
const MOST_MODES: usize = 16;

/// What a color mode can do: bits of its number.
const BRIGHTNESS: u64 = 2;
const WHITE: u64 = 4;
const COLOR_TEMPERATURE: u64 = 8;
const COLD_WARM_WHITE: u64 = 16;
const RGB: u64 = 32;

/// Color temperature in either way.
const TEMPERATURE: u64 = COLOR_TEMPERATURE | COLD_WARM_WHITE;

/// What a light can do.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Light {
    modes: Vec<u64>,
    /// The coldest and the warmest white in mireds.
    mireds: Option<[f32; 2]>,
    effects: Vec<String>,
}

impl Light {
    /// Reads a `ListEntitiesLightResponse`.
    pub(super) fn parse(fields: Fields<'_>) -> Self {
        let mireds = [fields.float(9), fields.float(10)];
        let plausible = mireds[0] >= 1.0 && mireds[0] <= mireds[1] && mireds[1] <= 1e6;
        Self {
            modes: fields.numbers(12, MOST_MODES),
            mireds: plausible.then_some(mireds),
            effects: bounded(fields.texts(11, MOST_TEXTS)),
        }
    }

    fn can(&self, capability: u64) -> bool {
        self.modes.iter().any(|mode| mode & capability != 0)
    }

    /// Whether color and color temperature are lit at the same time, and one
    /// has to be turned off to show the other.
    fn mixes(&self) -> bool {
        let mut with_temperature = self.modes.iter().filter(|mode| *mode & TEMPERATURE != 0);
        self.can(TEMPERATURE) && with_temperature.all(|mode| mode & RGB != 0)
    }

    /// `[warmest, coldest]` in kelvin.
    fn kelvins(&self) -> Option<[u16; 2]> {
        let [coldest, warmest] = self.mireds.filter(|_| self.can(TEMPERATURE))?;
        Some([kelvin(warmest)?, kelvin(coldest)?])
    }

    /// The same in our terms.
    pub(super) fn caps(&self) -> Caps {
        Caps {
            brightness: self.can(BRIGHTNESS),
            rgb: self.can(RGB),
            ct_k: self.kelvins(),
            white: self.can(WHITE),
            effects: self.effects.clone(),
            ..Caps::default()
        }
    }

    /// A state in which nothing is known.
    pub(super) fn unknown(&self) -> State {
        self.shown(Shown::default())
    }

    /// Reads a `LightStateResponse`.
    pub(super) fn state(&self, fields: Fields<'_>) -> State {
        let mode = fields.number(11);
        // No mode is known before the light was set for the first time.
        let has = |capability| mode == 0 || mode & capability != 0;
        let color_brightness = fields.float(10);
        let colored = has(RGB) && !(self.mixes() && has(TEMPERATURE) && color_brightness <= 0.0);
        let tempered = has(TEMPERATURE) && !(has(RGB) && colored);
        let channel = |number| {
            let channel = part(fields.float(number) * color_brightness, 255);
            channel.map_or(Value::Null, Value::from)
        };
        let value = |part: Option<u8>| part.map_or(Value::Null, Value::from);
        let rgb = [channel(4), channel(5), channel(6)];
        self.shown(Shown {
            on: fields.flag(2).into(),
            brightness: value(part(fields.float(3), 100).filter(|_| has(BRIGHTNESS))),
            rgb: if colored { json!(rgb) } else { Value::Null },
            ct_k: self
                .reported_kelvin(fields)
                .filter(|_| tempered)
                .map_or(Value::Null, Value::from),
            white: value(part(fields.float(7), 255).filter(|_| has(WHITE))),
            effect: or_null(fields.text(9)),
        })
    }

    /// The color temperature. A light of cold and warm white that was set by
    /// its channels does not report one.
    fn reported_kelvin(&self, fields: Fields<'_>) -> Option<u16> {
        let mireds = fields.float(8);
        if mireds > 0.0 {
            return kelvin(mireds);
        }
        let (cold, warm) = (fields.float(12), fields.float(13));
        let [coldest, warmest] = self.mireds?;
        let share = warm / (cold + warm);
        kelvin(coldest + share * (warmest - coldest))
    }

    /// The fields that this light has.
    fn shown(&self, shown: Shown) -> State {
        let mut state = State::new().with("on", shown.on);
        let optional = [
            ("brightness", self.can(BRIGHTNESS), shown.brightness),
            ("rgb", self.can(RGB), shown.rgb),
            ("ct_k", self.kelvins().is_some(), shown.ct_k),
            ("white", self.can(WHITE), shown.white),
            ("effect", !self.effects.is_empty(), shown.effect),
        ];
        for (name, has, value) in optional {
            if has {
                state = state.with(name, value);
            }
        }
        state
    }

    /// Adds the fields of a command to a `LightCommandRequest`; returns the
    /// state that the light reports then.
    ///
    /// # Errors
    /// If the light lacks what is set, or the value is out of range.
    pub(super) fn set(
        &self,
        mut message: Message,
        set: &LightSet,
    ) -> Result<(Message, State), RpcError> {
        let mut wanted = State::new();
        if let Some(on) = set.on {
            message = message.flag(2, true).flag(3, on);
            wanted = wanted.with("on", on);
        }
        if let Some(brightness) = set.brightness {
            self.require(self.can(BRIGHTNESS), "brightness")?;
            message = message
                .flag(4, true)
                .float(5, f32::from(brightness) / 100.0);
            // 0 % is off for the board, which sets its brightness to 100 %
            // then.
            wanted = match brightness {
                0 => wanted.with("on", false),
                _ => wanted.with("brightness", brightness),
            };
        }
        if let Some(rgb) = set.rgb {
            self.require(self.can(RGB), "rgb")?;
            message = self.color(message, rgb);
            // Without a color, the state of a light that mixes shows none.
            wanted = match rgb == [0, 0, 0] && self.mixes() {
                true => wanted.with("rgb", Value::Null),
                false => wanted.with("rgb", json!(rgb)),
            };
        } else if let Some(asked) = set.ct_k {
            let (changed, reported) = self.temperature(message, asked)?;
            message = changed;
            wanted = wanted.with("ct_k", reported);
        }
        if let Some(white) = set.white {
            self.require(self.can(WHITE), "white")?;
            message = message.flag(10, true).float(11, f32::from(white) / 255.0);
            wanted = wanted.with("white", white);
        }
        self.require(set.palette.is_none(), "palette")?;
        if let Some(effect) = &set.effect {
            in_range(self.effects.contains(effect), "effect", || {
                format!("one of: {}", self.effects.join(", "))
            })?;
            message = message.flag(18, true).text(19, effect);
            wanted = wanted.with("effect", effect.as_str());
        } else if let Some(transition) = set.transition_ms {
            message = message.flag(14, true).number(15, transition.into());
        }
        if wanted.is_empty() {
            return Err(RpcError::new(
                Code::InvalidParams,
                "bad_params",
                "Light.Set needs on, brightness, rgb, ct_k, white or effect",
            ));
        }
        Ok((message, wanted))
    }

    /// The color, divided into its brightness and a color whose strongest
    /// channel is full: ESPHome normalizes it in this way.
    fn color(&self, message: Message, rgb: [u8; 3]) -> Message {
        let strongest = rgb.into_iter().max().unwrap_or(0);
        let of = |channel: u8| match strongest {
            0 => 1.0,
            strongest => f32::from(channel) / f32::from(strongest),
        };
        let [red, green, blue] = rgb.map(of);
        let message = message
            .flag(20, true)
            .float(21, f32::from(strongest) / 255.0)
            .flag(6, true)
            .float(7, red)
            .float(8, green)
            .float(9, blue);
        match self.mixes() {
            // The white of a light that mixes both goes out.
            true if self.can(COLD_WARM_WHITE) => message
                .flag(24, true)
                .float(25, 0.0)
                .flag(26, true)
                .float(27, 0.0),
            true => message.flag(10, true).float(11, 0.0),
            false => message,
        }
    }

    fn temperature(&self, message: Message, asked: u16) -> Result<(Message, u16), RpcError> {
        let range = self.kelvins().zip(self.mireds);
        self.require(range.is_some(), "ct_k")?;
        let ([warmest, coldest], [least, most]) = range.unwrap_or_default();
        in_range((warmest..=coldest).contains(&asked), "ct_k", || {
            format!("{warmest} to {coldest}")
        })?;
        let mireds = (1e6 / f32::from(asked)).clamp(least, most);
        let message = message.flag(12, true).float(13, mireds);
        let message = match self.mixes() {
            // Its color goes out.
            true => message.flag(20, true).float(21, 0.0),
            false => message,
        };
        let message = match self.mixes() && !self.can(COLD_WARM_WHITE) {
            true => message.flag(10, true).float(11, 1.0),
            false => message,
        };
        Ok((message, kelvin(mireds).unwrap_or(asked)))
    }

    #[expect(clippy::unused_self, reason = "reads as what the light is asked for")]
    fn require(&self, has: bool, field: &str) -> Result<(), RpcError> {
        let error = || {
            let message = format!("this light has no {field}");
            RpcError::new(Code::InvalidParams, "not_supported", message)
        };
        has.then_some(()).ok_or_else(error)
    }
}

/// The values of a state.
#[derive(Default)]
struct Shown {
    on: Value,
    brightness: Value,
    rgb: Value,
    ct_k: Value,
    white: Value,
    effect: Value,
}

/// Mireds as kelvin; `None` if it is not a color temperature.
fn kelvin(mireds: f32) -> Option<u16> {
    let kelvin = (1e6 / mireds).round();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "within the range of the type"
    )]
    (1.0..=f32::from(u16::MAX))
        .contains(&kelvin)
        .then_some(kelvin as u16)
}

fn in_range(valid: bool, field: &str, accepted: impl FnOnce() -> String) -> Result<(), RpcError> {
    let error = || {
        let message = format!("{field} must be {}", accepted());
        RpcError::new(Code::InvalidParams, "out_of_range", message)
    };
    valid.then_some(()).ok_or_else(error)
}

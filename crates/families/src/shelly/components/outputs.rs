//! Switches, lights and covers.

use protocol::{Kind, State};
use serde_json::{Value, json};

use super::{Part, Reading, at, boolean, text, whole};
use crate::shelly::source::Type;

/// The range of color temperatures, in kelvin, if the configuration has none.
const WHITES: [u16; 2] = [2_700, 6_500];

pub(super) fn switch(reading: &Reading<'_>) -> Vec<Part> {
    let state = State::new().with("on", boolean(reading.status, "output"));
    reading.part(Kind::Switch, state).into_iter().collect()
}

pub(super) fn light(reading: &Reading<'_>) -> Vec<Part> {
    let kind = reading.source.kind;
    let has_rgb = matches!(kind, Type::Rgb | Type::Rgbw | Type::Rgbcct);
    let has_whites = matches!(kind, Type::Cct | Type::Rgbcct);
    let has_white = kind == Type::Rgbw;
    // One that has both shows one of them at a time.
    let mode = text(reading.status, "mode");
    let status = reading.status;
    let mut state = State::new()
        .with("on", boolean(status, "output"))
        .with("brightness", whole(status, "brightness", 100));
    if has_rgb {
        let rgb = match mode {
            Some("cct") => Value::Null,
            _ => color(at(status, "rgb")),
        };
        state = state.with("rgb", rgb);
    }
    if has_whites {
        let kelvin = match mode {
            Some("rgb") => Value::Null,
            _ => whole(status, "ct", u16::MAX),
        };
        state = state.with("ct_k", kelvin);
    }
    if has_white {
        state = state.with("white", whole(status, "white", 255));
    }
    let Some(mut part) = reading.part(Kind::Light, state) else {
        return Vec::new();
    };
    let caps = &mut part.descriptor.caps;
    caps.brightness = true;
    caps.rgb = has_rgb;
    caps.ct_k = has_whites.then(|| whites(reading));
    caps.white = has_white;
    vec![part]
}

/// Three numbers from 0 to 255, or `null`.
fn color(value: Option<&Value>) -> Value {
    let parts = value.and_then(Value::as_array);
    let valid = parts.is_some_and(|parts| {
        let byte = |part: &Value| part.as_u64().is_some_and(|part| part <= 255);
        parts.len() == 3 && parts.iter().all(byte)
    });
    match value {
        Some(value) if valid => value.clone(),
        _ => Value::Null,
    }
}

fn whites(reading: &Reading<'_>) -> [u16; 2] {
    let range = at(reading.config, "ct_range").and_then(Value::as_array);
    let bound = |index: usize| {
        let kelvin = range?.get(index)?.as_u64()?;
        u16::try_from(kelvin).ok()
    };
    match (bound(0), bound(1)) {
        (Some(warmest), Some(coldest)) if warmest < coldest => [warmest, coldest],
        _ => WHITES,
    }
}

pub(super) fn cover(reading: &Reading<'_>) -> Vec<Part> {
    let status = reading.status;
    let word = match text(status, "state") {
        Some(word @ ("open" | "opening" | "closed" | "closing" | "stopped")) => json!(word),
        // While it is calibrated, or in a state of a newer firmware.
        _ => Value::Null,
    };
    let state = State::new()
        .with("state", word)
        .with("position", whole(status, "current_pos", 100));
    let Some(mut part) = reading.part(Kind::Cover, state) else {
        return Vec::new();
    };
    part.descriptor.caps.position = at(status, "pos_control") == Some(&Value::Bool(true));
    vec![part]
}

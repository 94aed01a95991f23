//! Lights in the shape of Home Assistant's JSON schema: its color modes, kelvin
//! and seconds.

use protocol::{Caps, Descriptor, Object, State, limits, method::LightSet};
use serde_json::{Value, json};

use super::{Refusal, commands};

/// The configuration of a light, without its topics.
pub(super) fn config(caps: &Caps) -> Object {
    let mut config = Object::new();
    let mut put = |key: &str, value: Value| drop(config.insert(key.to_owned(), value));
    put("schema", "json".into());
    put("supported_color_modes", json!(modes(caps)));
    // Of a light with color but without brightness, Home Assistant then dims
    // the color.
    put("brightness", caps.brightness.into());
    put("brightness_scale", 100.into());
    put("flash", false.into());
    if let Some([warmest, coldest]) = caps.ct_k {
        put("color_temp_kelvin", true.into());
        put("min_kelvin", warmest.min(coldest).into());
        put("max_kelvin", coldest.max(warmest).into());
    }
    if !caps.effects.is_empty() {
        put("effect", true.into());
        put("effect_list", json!(caps.effects));
    }
    config
}

/// The color modes, as Home Assistant combines them: `onoff` and `brightness`
/// only alone.
fn modes(caps: &Caps) -> Vec<&'static str> {
    let mut modes = Vec::new();
    if caps.rgb {
        modes.push(if caps.white { "rgbw" } else { "rgb" });
    }
    if caps.ct_k.is_some() {
        modes.push("color_temp");
    }
    if modes.is_empty() {
        modes.push(if caps.brightness {
            "brightness"
        } else {
            "onoff"
        });
    }
    modes
}

/// The state of a light. What is unknown is left out, except `state`, which has
/// to be there.
pub(super) fn state(descriptor: &Descriptor, state: &State) -> Object {
    let caps = &descriptor.caps;
    let mut fields = Object::new();
    let mut put = |key: &str, value: Value| drop(fields.insert(key.to_owned(), value));
    put(
        "state",
        state
            .on()
            .map_or(Value::Null, |on| if on { "ON" } else { "OFF" }.into()),
    );
    // Home Assistant has no brightness of zero.
    if let Some(brightness) = state.brightness().filter(|it| caps.brightness && *it > 0) {
        put("brightness", brightness.into());
    }
    let color = state.rgb().filter(|_| caps.rgb);
    let white = state.white();
    match (color, state.ct_k().filter(|_| caps.ct_k.is_some())) {
        (Some([r, g, b]), _) if !caps.white => {
            put("color_mode", "rgb".into());
            put("color", json!({ "r": r, "g": g, "b": b }));
        }
        (Some([r, g, b]), _) => {
            if let Some(w) = white {
                put("color_mode", "rgbw".into());
                put("color", json!({ "r": r, "g": g, "b": b, "w": w }));
            }
        }
        (None, Some(kelvin)) => {
            put("color_mode", "color_temp".into());
            put("color_temp", kelvin.into());
        }
        (None, None) => {
            if let [only @ ("onoff" | "brightness")] = modes(caps).as_slice() {
                put("color_mode", (*only).into());
            }
        }
    }
    if !caps.effects.is_empty() {
        put("effect", state.effect().map_or(Value::Null, Value::from));
    }
    fields
}

/// Home Assistant's command as parameters of `Light.Set`.
///
/// # Errors
/// A field cannot be read.
pub(super) fn command(id: u16, fields: &Object) -> Result<LightSet, Refusal> {
    let mut set = LightSet {
        id,
        ..LightSet::default()
    };
    for (field, value) in fields {
        match field.as_str() {
            "state" => {
                set.on = Some(match value.as_str() {
                    Some("ON") => true,
                    Some("OFF") => false,
                    _ => return Err(commands::unreadable("state", "ON or OFF", value)),
                });
            }
            "brightness" => {
                let percent = number(field, value, "a number from 0 to 100")?.round();
                set.brightness =
                    Some(small(percent, 100).ok_or_else(|| {
                        commands::unreadable(field, "a number from 0 to 100", value)
                    })?);
            }
            "color" => {
                let channel = |name: &str| {
                    let channel = value.get(name).and_then(Value::as_f64)?;
                    small(channel.round(), u8::MAX)
                };
                let white = channel("w");
                let is_readable = white.is_some() || value.get("w").is_none();
                match (channel("r"), channel("g"), channel("b")) {
                    (Some(r), Some(g), Some(b)) if is_readable => set.rgb = Some([r, g, b]),
                    _ => {
                        let accepted = "r, g and b, and w of a light with a white channel, from 0 \
                                        to 255 each";
                        return Err(commands::unreadable(field, accepted, value));
                    }
                }
                set.white = white;
            }
            "color_temp" => {
                let kelvin = number(field, value, "a color temperature in kelvin")?.round();
                let kelvin = kelvin.clamp(0.0, f64::from(u16::MAX));
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "clamped to the type"
                )]
                let kelvin = kelvin as u16;
                set.ct_k = Some(kelvin);
            }
            "effect" => {
                let effect = value.as_str();
                let effect = effect
                    .ok_or_else(|| commands::unreadable(field, "the name of an effect", value))?;
                set.effect = Some(effect.to_owned());
            }
            "transition" => {
                let seconds = number(field, value, "a time in seconds")?;
                // A longer fade than a board can do is as long as it can do.
                let millis = (seconds * 1e3)
                    .round()
                    .clamp(0.0, f64::from(limits::TRANSITION_MS));
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "clamped to the type"
                )]
                let millis = millis as u32;
                set.transition_ms = Some(millis);
            }
            other => {
                return Err(Refusal::Unknown {
                    field: sanitize::bounds::name(other),
                    accepted: "state, brightness, color, color_temp, effect and transition",
                });
            }
        }
    }
    Ok(set)
}

fn number(field: &str, value: &Value, accepted: &'static str) -> Result<f64, Refusal> {
    let number = value.as_f64().filter(|number| number.is_finite());
    number.ok_or_else(|| commands::unreadable(field, accepted, value))
}

/// A whole number from 0 to `most`.
fn small(number: f64, most: u8) -> Option<u8> {
    (0.0..=f64::from(most)).contains(&number).then(|| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "within the type"
        )]
        let small = number as u8;
        small
    })
}

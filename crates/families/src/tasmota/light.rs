//! Lights: what one can do, what it reports, and the commands that change it.
//!
//! Colors are set and reported as hue and saturation, which are whole numbers:
//! the red, green and blue here follow from them, so that a color is confirmed
//! by what the board reports.

use protocol::{Caps, Code, RpcError, State, method::LightSet};
use serde_json::{Map, Value, json};

use super::{
    config::{Config, LightType},
    outputs::Light,
};

/// Effects, by their number (`Scheme`).
pub(super) const EFFECTS: [&str; 5] = ["Solid", "Wake up", "Cycle up", "Cycle down", "Random"];

/// Half seconds: the range of `Speed`.
const SPEED: std::ops::RangeInclusive<u32> = 1..=40;

/// The commands of one change, as name and argument, and the state that the
/// board reports then.
#[derive(Debug, PartialEq)]
pub(super) struct Change {
    pub(super) commands: Vec<(String, String)>,
    pub(super) wanted: State,
}

impl Light {
    fn dims(&self) -> bool {
        self.kind != LightType::None
    }

    fn colors(&self) -> bool {
        self.kind >= LightType::Rgb
    }

    fn tempers(&self) -> bool {
        matches!(self.kind, LightType::ColdWarm | LightType::Rgbcw)
    }

    /// A white channel in addition to the color.
    fn has_white(&self) -> bool {
        self.kind == LightType::Rgbw
    }

    /// `[warmest, coldest]`.
    fn kelvins(&self) -> [u16; 2] {
        let [coldest, warmest] = self.mireds;
        [kelvin(warmest), kelvin(coldest)]
    }

    /// What it can do, in our terms.
    pub(super) fn caps(&self) -> Caps {
        let effects = match self.dims() {
            true => EFFECTS.map(str::to_owned).to_vec(),
            false => Vec::new(),
        };
        Caps {
            brightness: self.dims(),
            rgb: self.colors(),
            ct_k: self.tempers().then(|| self.kelvins()),
            white: self.has_white(),
            effects,
            ..Caps::default()
        }
    }

    /// A state in which nothing is known.
    pub(super) fn unknown(&self) -> State {
        let fields = [
            ("on", true),
            ("brightness", self.dims()),
            ("rgb", self.colors()),
            ("ct_k", self.tempers()),
            ("white", self.has_white()),
            ("effect", self.dims()),
        ];
        let has = fields.into_iter().filter(|(_, has)| *has);
        has.map(|(field, _)| (field.to_owned(), Value::Null))
            .collect()
    }

    /// What a report says of it; empty if nothing.
    pub(super) fn state(&self, config: &Config, report: &Map<String, Value>) -> State {
        let mut state = State::new();
        let power = Config::power_fields(self.output);
        let power = power.iter().find_map(|field| report.get(field)?.as_str());
        if let Some(on) = power.and_then(|text| config.is_on(text)) {
            state = state.with("on", on);
        }
        if !self.dims() {
            return state;
        }
        if let Some(brightness) = percent(report.get(&self.dimmer.field())) {
            state = state.with("brightness", brightness);
        }
        let number = report.get("Scheme").and_then(Value::as_u64);
        if let Some(number) = number {
            let name = usize::try_from(number).ok().and_then(|at| EFFECTS.get(at));
            let name = name.map_or_else(|| format!("Scheme {number}"), ToString::to_string);
            state = state.with("effect", name);
        }
        let white = percent(report.get("White"));
        // A light that also has white shows either the white or the color.
        let is_white = white.is_some_and(|white| white > 0);
        if self.has_white()
            && let Some(white) = white
        {
            state = state.with("white", from_percent(white));
        }
        if self.colors()
            && let Some(color) = color(report)
        {
            let shown = match is_white && self.kind >= LightType::Rgbw {
                true => Value::Null,
                false => json!(color),
            };
            state = state.with("rgb", shown);
        }
        let mired = report.get("CT").and_then(Value::as_u64);
        let mired = mired.and_then(|mired| u16::try_from(mired).ok());
        if self.tempers()
            && let Some(mired) = mired.filter(|mired| *mired > 0)
        {
            let shown = match self.colors() && !is_white && white.is_some() {
                true => Value::Null,
                false => kelvin(mired).into(),
            };
            state = state.with("ct_k", shown);
        }
        state
    }

    /// The commands of a change.
    ///
    /// # Errors
    /// If the light lacks what is set, or a value is out of range.
    pub(super) fn set(
        &self,
        set: &LightSet,
        config: &Config,
        now: Option<&State>,
    ) -> Result<Change, RpcError> {
        let mut change = Change {
            commands: Vec::new(),
            wanted: State::new(),
        };
        self.check(set)?;
        if let Some(transition) = set.transition_ms.filter(|_| self.dims() && !config.tuya) {
            change.fade(self.speed(transition, set, config, now));
        }
        let power = format!("POWER{}", self.output + 1);
        if set.on == Some(false) {
            change.set(power, config.power(false), "on", false);
            return Ok(change);
        }
        let mut switched = false;
        if let Some(brightness) = set.brightness {
            change.set(
                self.dimmer.command(),
                brightness.to_string(),
                "brightness",
                brightness,
            );
            switched = !config.options.dims_while_off;
        }
        if let Some(rgb) = set.rgb {
            let (hue, saturation) = hue_of(rgb);
            change.set(
                "HSBColor1".to_owned(),
                hue.to_string(),
                "rgb",
                json!(color_of(hue, saturation)),
            );
            let saturation = ("HSBColor2".to_owned(), saturation.to_string());
            change.commands.push(saturation);
        } else if let Some(asked) = set.ct_k {
            let [coldest, warmest] = self.mireds;
            let mired = mired(asked).clamp(coldest, warmest);
            change.set("CT".to_owned(), mired.to_string(), "ct_k", kelvin(mired));
        }
        if let Some(white) = set.white {
            let percent = to_percent(white);
            change.set(
                "White".to_owned(),
                percent.to_string(),
                "white",
                from_percent(percent),
            );
        }
        if let Some(effect) = &set.effect {
            let number = EFFECTS.iter().position(|name| name == effect);
            let number = number.unwrap_or_default();
            change.set(
                "Scheme".to_owned(),
                number.to_string(),
                "effect",
                effect.as_str(),
            );
        }
        if set.on == Some(true) {
            match switched && set.brightness != Some(0) {
                // Dimming has switched it on.
                true => change.wanted = change.wanted.with("on", true),
                false => change.set(power, config.power(true), "on", true),
            }
        } else if set.brightness == Some(0) {
            // 0 % is off, and the board keeps the brightness of before.
            change.wanted = State::new().with("on", false);
        }
        if change.wanted.is_empty() {
            return Err(refused(
                "bad_params",
                "Light.Set needs on, brightness, rgb, ct_k, white or effect",
            ));
        }
        Ok(change)
    }

    fn check(&self, set: &LightSet) -> Result<(), RpcError> {
        let lacks = [
            ("brightness", set.brightness.is_some() && !self.dims()),
            ("rgb", set.rgb.is_some() && !self.colors()),
            ("ct_k", set.ct_k.is_some() && !self.tempers()),
            ("white", set.white.is_some() && !self.has_white()),
            ("effect", set.effect.is_some() && !self.dims()),
            ("palette", set.palette.is_some()),
        ];
        if let Some((field, _)) = lacks.into_iter().find(|(_, lacks)| *lacks) {
            let message = format!("this light has no {field}");
            return Err(refused("not_supported", message));
        }
        let others = [
            set.brightness.is_some(),
            set.rgb.is_some(),
            set.ct_k.is_some(),
            set.white.is_some(),
            set.effect.is_some(),
        ];
        if set.on == Some(false) && others.contains(&true) {
            let message =
                "a Tasmota light that is set is on; switch it off in a command of its own";
            return Err(refused("not_supported", message));
        }
        let [warmest, coldest] = self.kelvins();
        if set
            .ct_k
            .is_some_and(|ct_k| !(warmest..=coldest).contains(&ct_k))
        {
            let message = format!("ct_k must be {warmest} to {coldest}");
            return Err(refused("out_of_range", message));
        }
        match &set.effect {
            Some(effect) if !EFFECTS.contains(&effect.as_str()) => {
                let message = format!("effect must be one of: {}", EFFECTS.join(", "));
                Err(refused("out_of_range", message))
            }
            _ => Ok(()),
        }
    }

    /// `Speed` for a fade of this length; `None` for none. Unless the board
    /// fades for a fixed time, the speed is that of a fade from 0 to 100 %.
    fn speed(
        &self,
        transition_ms: u32,
        set: &LightSet,
        config: &Config,
        now: Option<&State>,
    ) -> Option<u32> {
        if transition_ms == 0 {
            return None;
        }
        let halves = f64::from(transition_ms) / 500.0;
        let lit = |on: bool, brightness: Option<u8>| match on {
            true => f64::from(brightness.unwrap_or(100)) / 100.0,
            false => 0.0,
        };
        let before = now.and_then(State::brightness);
        let was_on = now.and_then(State::on).unwrap_or(false);
        let from = lit(was_on, before);
        let to = lit(set.on.unwrap_or(true), set.brightness.or(before));
        let way = (to - from).abs();
        // Colors may change by more than the brightness does.
        let is_dimming = set.rgb.is_none() && set.ct_k.is_none() && way > 0.0;
        let halves = match config.options.fixed_fade || !is_dimming {
            true => halves,
            false => halves / way,
        };
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "bounded by the next line"
        )]
        let speed = halves.round().min(1_000.0) as u32;
        Some(speed.clamp(*SPEED.start(), *SPEED.end()))
    }
}

impl Change {
    fn set(
        &mut self,
        command: String,
        argument: impl Into<String>,
        field: &str,
        value: impl Into<Value>,
    ) {
        self.commands.push((command, argument.into()));
        self.wanted.0.set(field, value.into());
    }

    /// The next change fades like this, or does not; it is only for that one.
    fn fade(&mut self, speed: Option<u32>) {
        let mut command = |name: &str, argument: u32| {
            let argument = argument.to_string();
            self.commands.push((name.to_owned(), argument));
        };
        match speed {
            Some(speed) => {
                command("Fade2", 1);
                command("Speed2", speed);
            }
            None => command("Fade2", 0),
        }
    }
}

/// The color of a report, at full brightness.
fn color(report: &Map<String, Value>) -> Option<[u8; 3]> {
    if let Some(text) = report.get("HSBColor").and_then(Value::as_str) {
        let mut parts = text.split(',').map(|part| part.trim().parse::<u16>().ok());
        let (hue, saturation) = (parts.next()??, parts.next()??);
        return (hue <= 360 && saturation <= 100).then(|| color_of(hue, saturation));
    }
    let text = report.get("Color").and_then(Value::as_str)?;
    let rgb: Vec<u8> = match text.contains(',') {
        true => {
            let parts = text.split(',').take(3);
            parts.filter_map(|part| part.trim().parse().ok()).collect()
        }
        false => {
            let digit = |at| {
                text.get(at..at + 2)
                    .and_then(|pair| u8::from_str_radix(pair, 16).ok())
            };
            [0, 2, 4].into_iter().filter_map(digit).collect()
        }
    };
    let rgb: [u8; 3] = rgb.try_into().ok()?;
    let (hue, saturation) = hue_of(rgb);
    Some(color_of(hue, saturation))
}

/// Hue, 0 to 359 degrees, and saturation, 0 to 100 %.
fn hue_of(rgb: [u8; 3]) -> (u16, u16) {
    let [red, green, blue] = rgb.map(f64::from);
    let most = red.max(green).max(blue);
    let span = most - red.min(green).min(blue);
    if span <= 0.0 {
        return (0, 0);
    }
    let sixth = if (most - red).abs() < f64::EPSILON {
        ((green - blue) / span).rem_euclid(6.0)
    } else if (most - green).abs() < f64::EPSILON {
        (blue - red) / span + 2.0
    } else {
        (red - green) / span + 4.0
    };
    (rounded(sixth * 60.0) % 360, rounded(span / most * 100.0))
}

/// The color of a hue and a saturation, at full brightness.
fn color_of(hue: u16, saturation: u16) -> [u8; 3] {
    let (hue, saturation) = (f64::from(hue % 360), f64::from(saturation) / 100.0);
    [5.0, 3.0, 1.0].map(|offset| {
        let at = (offset + hue / 60.0).rem_euclid(6.0);
        let part = 1.0 - saturation * at.min(4.0 - at).clamp(0.0, 1.0);
        u8::try_from(rounded(part * 255.0)).unwrap_or(u8::MAX)
    })
}

/// A number from 0 to 65535, rounded.
fn rounded(number: f64) -> u16 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to the range of the type"
    )]
    let rounded = number.round().clamp(0.0, f64::from(u16::MAX)) as u16;
    rounded
}

fn kelvin(mired: u16) -> u16 {
    rounded(1e6 / f64::from(mired.max(1)))
}

fn mired(kelvin: u16) -> u16 {
    rounded(1e6 / f64::from(kelvin.max(1)))
}

/// A number from 0 to 100.
fn percent(value: Option<&Value>) -> Option<u8> {
    let percent = value?.as_u64()?;
    u8::try_from(percent).ok().filter(|percent| *percent <= 100)
}

/// 0 to 100 % as 0 to 255.
fn from_percent(percent: u8) -> u8 {
    u8::try_from(rounded(f64::from(percent) * 2.55)).unwrap_or(u8::MAX)
}

/// 0 to 255 as 0 to 100 %.
fn to_percent(value: u8) -> u8 {
    u8::try_from(rounded(f64::from(value) / 2.55)).unwrap_or(100)
}

fn refused(reason: &'static str, message: impl Into<String>) -> RpcError {
    RpcError::new(Code::InvalidParams, reason, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_color_that_was_reported_is_set_and_reported_as_the_same() {
        for hue in 0..360 {
            for saturation in [0, 1, 37, 50, 99, 100] {
                let color = color_of(hue, saturation);
                let (again, saturation_again) = hue_of(color);
                let twice = color_of(again, saturation_again);
                let (third, _) = hue_of(twice);
                assert_eq!(
                    color_of(third, saturation_again),
                    twice,
                    "{hue} {saturation}"
                );
            }
        }
        assert_eq!(color_of(0, 100), [255, 0, 0]);
        assert_eq!(color_of(120, 100), [0, 255, 0]);
        assert_eq!(color_of(240, 100), [0, 0, 255]);
        assert_eq!(color_of(0, 0), [255, 255, 255]);
        assert_eq!(hue_of([255, 136, 0]), (32, 100));
    }

    #[test]
    fn mireds_and_kelvins_lead_back_to_each_other() {
        for mireds in 153..=500 {
            assert_eq!(mired(kelvin(mireds)), mireds);
        }
    }

    #[test]
    fn colors_are_read_in_every_form() {
        let read = |report: Value| color(report.as_object()?);
        assert_eq!(
            read(json!({ "HSBColor": "32,100,50" })),
            Some([255, 136, 0])
        );
        assert_eq!(read(json!({ "Color": "FF8800" })), Some([255, 136, 0]));
        assert_eq!(read(json!({ "Color": "7F44000000" })), Some([255, 136, 0]));
        assert_eq!(read(json!({ "Color": "255,136,0" })), Some([255, 136, 0]));
        for wrong in ["", "FF", "red", "1,2", "ääääää"] {
            assert_eq!(read(json!({ "Color": wrong })), None, "{wrong}");
        }
    }
}

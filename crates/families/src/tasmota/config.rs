//! What a board says about itself in its retained discovery message
//! (`tasmota/discovery/MAC/config`): topics, texts, relays, switches, buttons.
//!
//! Source of the keys: the code of Tasmota's discovery and hatasmota 0.9.2,
//! which reads it for Home Assistant.

use sanitize::bounds;
use serde_json::Value;

use crate::{announced, is_plain_topic};

/// The most relays, switches and buttons: Tasmota has up to 32 of each.
const CHANNELS: usize = 32;

/// The longest prefix, state text or name.
const WORD: usize = 128;

/// What an output is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Output {
    None,
    Relay,
    Light,
    Shutter,
}

/// What a light consists of (`lt_st`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum LightType {
    /// On and off.
    None,
    Dimmer,
    /// Cold and warm white.
    ColdWarm,
    Rgb,
    Rgbw,
    /// Color, cold and warm white.
    Rgbcw,
}

/// The options (`so`) that matter here, by number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Options {
    /// 11: the texts of single and double presses are exchanged.
    pub(super) swapped_buttons: bool,
    /// 13: buttons report single presses only, at once.
    pub(super) single_buttons: bool,
    /// 20: dimming does not switch on.
    pub(super) dims_while_off: bool,
    /// 30: relays are lights.
    pub(super) relays_are_lights: bool,
    /// 68: each channel is a light of its own.
    pub(super) channels: bool,
    /// 73: buttons report presses.
    pub(super) reports_buttons: bool,
    /// 82: 200 to 380 mired instead of 153 to 500.
    pub(super) reduced_temperatures: bool,
    /// 117: a fade takes the time that is set, whatever its way.
    pub(super) fixed_fade: bool,
}

/// A board as it describes itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Config {
    /// `aa:bb:cc:dd:ee:ff`.
    pub(super) mac: String,
    pub(super) name: String,
    pub(super) model: String,
    pub(super) version: String,
    pub(super) ip: String,
    /// `cmnd`, `stat` and `tele`, each with everything up to the last slash.
    pub(super) cmnd: String,
    pub(super) stat: String,
    pub(super) tele: String,
    pub(super) online: String,
    pub(super) offline: String,
    /// The texts of off, on, toggle and hold.
    pub(super) states: [String; 4],
    pub(super) outputs: Vec<Output>,
    /// Names of the outputs; empty if none was given.
    pub(super) output_names: Vec<String>,
    pub(super) light_type: LightType,
    /// Color and white are one light.
    pub(super) linked: bool,
    pub(super) options: Options,
    /// Modes of the switch inputs; negative if an input is missing.
    pub(super) switches: Vec<i64>,
    pub(super) switch_names: Vec<String>,
    pub(super) buttons: Vec<bool>,
    /// Whether each shutter counts from the other end.
    pub(super) inverted_shutters: Vec<bool>,
    /// A fan with a light (Sonoff iFan).
    pub(super) fan: bool,
    /// The brightness of a Tuya board has another number.
    pub(super) tuya: bool,
    pub(super) battery: bool,
    /// It sleeps between reports, so being offline means nothing.
    pub(super) sleeps: bool,
}

impl Config {
    /// Reads a discovery message.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(payload: &[u8]) -> Result<Self, String> {
        let message: Value =
            serde_json::from_slice(payload).map_err(|error| format!("it is not JSON: {error}"))?;
        if message.get("ver").and_then(Value::as_i64) != Some(1) {
            return Err("its ver is not 1".to_owned());
        }
        let said = text(&message, "mac").ok_or("it lacks mac")?;
        let mac = announced::mac(said)
            .ok_or_else(|| format!("its mac {:?} is no hardware address", bounds::name(said)))?;
        let topics = Topics::parse(&message, &mac)?;
        let states = texts(&message, "state");
        let state = |at: usize, usual: &str| match states.get(at) {
            Some(text) if !text.is_empty() => text.clone(),
            _ => usual.to_owned(),
        };
        let own = |key: &str, usual: &str| text(&message, key).unwrap_or(usual).to_owned();
        let name = |key: &str| bounds::name(text(&message, key).unwrap_or_default());
        Ok(Self {
            name: name("dn"),
            model: name("md"),
            version: name("sw"),
            ip: name("ip"),
            cmnd: topics.of(0)?,
            stat: topics.of(1)?,
            tele: topics.of(2)?,
            online: own("onln", "Online"),
            offline: own("ofln", "Offline"),
            states: [
                state(0, "OFF"),
                state(1, "ON"),
                state(2, "TOGGLE"),
                state(3, "HOLD"),
            ],
            outputs: numbers(&message, "rl").map(output).collect(),
            output_names: names(&message, "fn"),
            light_type: light_type(number(&message, "lt_st")),
            linked: number(&message, "lk") == 1,
            options: options(&message),
            switches: numbers(&message, "swc").collect(),
            switch_names: names(&message, "swn"),
            buttons: numbers(&message, "btn").map(|number| number != 0).collect(),
            inverted_shutters: numbers(&message, "sho").map(|bits| bits & 1 == 1).collect(),
            fan: number(&message, "if") == 1,
            tuya: number(&message, "ty") == 1,
            battery: number(&message, "bat") == 1,
            sleeps: number(&message, "dslp") == 1,
            mac,
        })
    }

    /// The topic on which the broker says whether the board is connected to it.
    pub(super) fn will(&self) -> String {
        format!("{}LWT", self.tele)
    }

    /// The topic filters of a connection.
    pub(super) fn filters(&self) -> Vec<String> {
        let mut filters = vec![format!("{}+", self.stat), format!("{}+", self.tele)];
        filters.dedup();
        filters
    }

    /// The text that switches an output.
    pub(super) fn power(&self, on: bool) -> &str {
        &self.states[usize::from(on)]
    }

    /// What a text about an output or an input says.
    pub(super) fn is_on(&self, text: &str) -> Option<bool> {
        match text {
            text if text == self.states[1] => Some(true),
            text if text == self.states[0] => Some(false),
            _ => None,
        }
    }
}

/// The topic of a board, with its placeholders.
struct Topics {
    full: String,
    prefixes: Vec<String>,
}

impl Topics {
    fn parse(message: &Value, mac: &str) -> Result<Self, String> {
        let full = text(message, "ft").ok_or("it lacks ft, the full topic")?;
        let topic = text(message, "t").ok_or("it lacks t, the topic")?;
        let prefixes = texts(message, "tp");
        if prefixes.len() < 3 {
            return Err("its tp does not list three prefixes".to_owned());
        }
        let digits = mac.replace(':', "").to_ascii_uppercase();
        let id = digits.get(6..).unwrap_or_default();
        let full = full
            .replace("%topic%", topic)
            .replace("%hostname%", text(message, "hn").unwrap_or_default())
            .replace("%id%", id);
        Ok(Self { full, prefixes })
    }

    /// The full topic with this prefix. Tasmota appends the prefix of commands
    /// if the topic has none, so that it does not hear itself, and ends it with
    /// a slash.
    fn of(&self, prefix: usize) -> Result<String, String> {
        const PREFIX: &str = "%prefix%";
        let mut topic = self.full.clone();
        if prefix == 0 && !topic.contains(PREFIX) {
            topic.push('/');
            topic.push_str(PREFIX);
        }
        let word = self.prefixes.get(prefix).map_or("", String::as_str);
        let mut topic = topic.replace(PREFIX, word).replace("//", "/");
        if !topic.ends_with('/') {
            topic.push('/');
        }
        match is_plain_topic(&topic) {
            true => Ok(topic),
            false => Err(format!(
                "its topic {:?} is empty, too long, reserved, or contains a wildcard",
                bounds::name(&topic)
            )),
        }
    }
}

fn output(number: i64) -> Output {
    match number {
        1 => Output::Relay,
        2 => Output::Light,
        3 => Output::Shutter,
        _ => Output::None,
    }
}

fn light_type(number: i64) -> LightType {
    match number {
        1 => LightType::Dimmer,
        2 => LightType::ColdWarm,
        3 => LightType::Rgb,
        4 => LightType::Rgbw,
        5 => LightType::Rgbcw,
        _ => LightType::None,
    }
}

fn options(message: &Value) -> Options {
    let set = |number: &str| {
        let option = message.get("so").and_then(|options| options.get(number));
        option.and_then(Value::as_i64) == Some(1)
    };
    Options {
        swapped_buttons: set("11"),
        single_buttons: set("13"),
        dims_while_off: set("20"),
        relays_are_lights: set("30"),
        channels: set("68"),
        reports_buttons: set("73"),
        reduced_temperatures: set("82"),
        fixed_fade: set("117"),
    }
}

fn text<'a>(message: &'a Value, key: &str) -> Option<&'a str> {
    let text = message.get(key)?.as_str()?;
    (text.len() <= WORD && !text.chars().any(char::is_control)).then_some(text)
}

fn number(message: &Value, key: &str) -> i64 {
    message.get(key).and_then(Value::as_i64).unwrap_or(0)
}

fn list<'a>(message: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    let list = message.get(key).and_then(Value::as_array);
    list.into_iter().flatten().take(CHANNELS)
}

fn numbers(message: &Value, key: &str) -> impl Iterator<Item = i64> {
    list(message, key).map(|number| number.as_i64().unwrap_or(-1))
}

fn texts(message: &Value, key: &str) -> Vec<String> {
    let text = |value: &Value| {
        let text = value.as_str().filter(|text| text.len() <= WORD);
        text.unwrap_or_default().to_owned()
    };
    list(message, key).map(text).collect()
}

fn names(message: &Value, key: &str) -> Vec<String> {
    let name = |value: &Value| bounds::name(value.as_str().unwrap_or_default());
    list(message, key).map(name).collect()
}

//! The state of a WLED and what a change does to it. A change is an object with
//! the fields to set; unknown fields and wrong types are ignored, as the
//! firmware does.

use serde_json::{Map, Value, json};

/// The most segments.
const SEGMENTS: usize = 32;
/// The longest name of a segment, in characters.
const NAME: usize = 32;

/// Fields of a segment that are numbers, with their greatest value.
const NUMBERS: [(&str, u64); 15] = [
    ("bri", 255),
    ("cct", 255),
    ("set", 3),
    ("fx", 255),
    ("sx", 255),
    ("ix", 255),
    ("pal", 255),
    ("c1", 255),
    ("c2", 255),
    ("c3", 31),
    ("si", 3),
    ("m12", 4),
    ("grp", 255),
    ("spc", 255),
    ("of", 65_535),
];
/// Fields of a segment that are true or false.
const FLAGS: [&str; 8] = ["on", "frz", "sel", "rev", "mi", "o1", "o2", "o3"];

/// A WLED's state.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct State {
    on: bool,
    /// 1 to 255.
    brightness: u64,
    /// In tenths of a second.
    transition: u64,
    preset: i64,
    playlist: i64,
    nightlight: Map<String, Value>,
    sync: Map<String, Value>,
    live_override: u64,
    main_segment: u64,
    segments: Vec<Map<String, Value>>,
    /// The LEDs there are.
    leds: u64,
    /// Whether colors have a fourth channel.
    white: bool,
}

impl State {
    pub(crate) fn new(leds: u64, white: bool, segments: usize) -> Self {
        let mut state = Self {
            on: true,
            brightness: 128,
            transition: 7,
            preset: -1,
            playlist: -1,
            nightlight: object(json!({ "on": false, "dur": 60, "mode": 1, "tbri": 0, "rem": -1 })),
            sync: object(json!({ "send": false, "recv": true, "sgrp": 1, "rgrp": 1 })),
            live_override: 0,
            main_segment: 0,
            segments: Vec::new(),
            leds,
            white,
        };
        let count = segments.clamp(1, SEGMENTS) as u64;
        for id in 0..count {
            state.add_segment(id, id * leds / count, (id + 1) * leds / count);
        }
        state
    }

    /// As the device reports it.
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "on": self.on, "bri": self.brightness, "transition": self.transition,
            "ps": self.preset, "pl": self.playlist, "nl": self.nightlight, "udpn": self.sync,
            "lor": self.live_override, "mainseg": self.main_segment, "seg": self.segments,
        })
    }

    /// The segments, for what their LEDs show.
    pub(crate) fn segments(&self) -> &[Map<String, Value>] {
        &self.segments
    }

    /// The brightness with which the LEDs shine; 0 while it is off.
    pub(crate) fn shown_brightness(&self) -> u64 {
        if self.on { self.brightness } else { 0 }
    }

    pub(crate) fn sync_receive(&self) -> bool {
        self.sync.get("recv").and_then(Value::as_bool) == Some(true)
    }

    /// The light capabilities of each segment: bits 1 RGB, 2 white, 4 color
    /// temperature.
    pub(crate) fn capabilities(&self) -> Vec<u64> {
        let capability = if self.white { 7 } else { 1 };
        self.segments.iter().map(|_| capability).collect()
    }

    /// Applies a change; whether anything differs afterwards.
    pub(crate) fn apply(&mut self, change: &Value) -> bool {
        let before = self.clone();
        let had_preset = self.preset;
        flag(change, "on", &mut self.on);
        if let Some(brightness) = number(change, "bri", self.brightness, 255) {
            // 0 is off, and leaves the brightness as it was.
            self.on = brightness > 0 && (self.on || change.get("on").is_none());
            self.brightness = if brightness > 0 {
                brightness
            } else {
                self.brightness
            };
        }
        if let Some(transition) = number(change, "transition", self.transition, 65_535) {
            self.transition = transition;
        }
        if let Some(over) = number(change, "lor", self.live_override, 2) {
            self.live_override = over;
        }
        if let Some(main) = number(change, "mainseg", self.main_segment, SEGMENTS as u64) {
            self.main_segment = main;
        }
        nested(change.get("nl"), &mut self.nightlight);
        nested(change.get("udpn"), &mut self.sync);
        // Since 0.15 receiving follows from the groups, and is not set itself.
        let groups = self.sync.get("rgrp").and_then(Value::as_u64);
        self.sync.insert("recv".into(), json!(groups != Some(0)));
        let active = self.nightlight.get("on") == Some(&json!(true));
        let length = self
            .nightlight
            .get("dur")
            .and_then(Value::as_i64)
            .unwrap_or(60);
        let remaining = if active { length * 60 } else { -1 };
        self.nightlight.insert("rem".into(), json!(remaining));
        match change.get("seg") {
            Some(Value::Array(segments)) => {
                for (place, segment) in segments.iter().enumerate() {
                    self.apply_segment(segment, Some(place as u64));
                }
            }
            Some(segment @ Value::Object(_)) => self.apply_segment(segment, None),
            _ => {}
        }
        if let Some(preset) = change.get("ps").and_then(Value::as_i64) {
            self.preset = preset;
        } else if *self != before && had_preset == self.preset {
            // What was changed by hand is no preset any more.
            self.preset = -1;
        }
        if let Some(playlist) = change.get("pl").and_then(Value::as_i64) {
            self.playlist = playlist;
        }
        *self != before
    }

    /// A segment without an id is, in a list, the one at its place; alone, it
    /// stands for all that are selected.
    fn apply_segment(&mut self, change: &Value, place: Option<u64>) {
        let id = change.get("id").and_then(Value::as_u64).or(place);
        let Some(id) = id else {
            let selected = |segment: &&Map<_, _>| segment.get("sel") == Some(&json!(true));
            let ids: Vec<u64> = self
                .segments
                .iter()
                .filter(selected)
                .filter_map(id_of)
                .collect();
            for id in ids {
                self.apply_to(id, change);
            }
            return;
        };
        self.apply_to(id, change);
    }

    fn apply_to(&mut self, id: u64, change: &Value) {
        let at = self
            .segments
            .iter()
            .position(|segment| id_of(segment) == Some(id));
        let bound = |name: &str| {
            change
                .get(name)
                .and_then(Value::as_u64)
                .map(|n| n.min(self.leds))
        };
        let (start, stop) = (bound("start"), bound("stop"));
        match at {
            Some(at) => {
                let Some(segment) = self.segments.get_mut(at) else {
                    return;
                };
                let current = |name: &str| segment.get(name).and_then(Value::as_u64).unwrap_or(0);
                let start = start.unwrap_or(current("start"));
                let stop = stop
                    .or(change
                        .get("len")
                        .and_then(Value::as_u64)
                        .map(|length| start + length))
                    .unwrap_or(current("stop"));
                if stop <= start {
                    // The last one stays.
                    if self.segments.len() > 1 {
                        self.segments.remove(at);
                    }
                    return;
                }
                segment.insert("start".into(), json!(start));
                segment.insert("stop".into(), json!(stop));
                segment.insert("len".into(), json!(stop - start));
                change_segment(segment, change, self.white);
            }
            None => {
                let (start, stop) = (start.unwrap_or(0), stop.unwrap_or(0));
                if stop > start && self.segments.len() < SEGMENTS && id < SEGMENTS as u64 {
                    self.add_segment(id, start, stop);
                    self.apply_to(id, change);
                }
            }
        }
    }

    fn add_segment(&mut self, id: u64, start: u64, stop: u64) {
        let color = |rgb: [u64; 3]| {
            let white = self.white.then_some(0);
            rgb.into_iter().chain(white).collect::<Vec<_>>()
        };
        let segment = json!({
            "id": id, "start": start, "stop": stop, "len": stop - start, "grp": 1, "spc": 0,
            "of": 0, "on": true, "frz": false, "bri": 255, "cct": 127, "set": 0,
            "col": [color([255, 160, 0]), color([0, 0, 0]), color([0, 0, 0])],
            "fx": 0, "sx": 128, "ix": 128, "pal": 0, "c1": 128, "c2": 128, "c3": 16,
            "sel": true, "rev": false, "mi": false, "o1": false, "o2": false, "o3": false,
            "si": 0, "m12": 0,
        });
        let place = self
            .segments
            .partition_point(|other| id_of(other) < Some(id));
        self.segments.insert(place, object(segment));
    }
}

fn id_of(segment: &Map<String, Value>) -> Option<u64> {
    segment.get("id")?.as_u64()
}

fn change_segment(segment: &mut Map<String, Value>, change: &Value, white: bool) {
    for (name, greatest) in NUMBERS {
        let current = segment
            .get(name)
            .and_then(Value::as_u64)
            .unwrap_or_default();
        if let Some(value) = number(change, name, current, greatest) {
            segment.insert(name.into(), json!(value));
        }
    }
    for name in FLAGS {
        let mut value = segment.get(name) == Some(&json!(true));
        flag(change, name, &mut value);
        segment.insert(name.into(), json!(value));
    }
    if let Some(name) = change.get("n").and_then(Value::as_str) {
        if name.is_empty() {
            segment.remove("n");
        } else {
            let name: String = name.chars().take(NAME).collect();
            segment.insert("n".into(), json!(name));
        }
    }
    let Some(colors) = change.get("col").and_then(Value::as_array) else {
        return;
    };
    let Some(Value::Array(current)) = segment.get_mut("col") else {
        return;
    };
    for (slot, color) in current.iter_mut().zip(colors) {
        if let Some(channels) = color_of(color, white) {
            *slot = json!(channels);
        }
    }
}

/// The channels of a color: a list of 3 or 4, or a hex text.
fn color_of(color: &Value, white: bool) -> Option<Vec<u64>> {
    let mut channels: Vec<u64> = match color {
        Value::Array(channels) if (3..=4).contains(&channels.len()) => channels
            .iter()
            .map(|channel| channel.as_u64().filter(|&value| value < 256))
            .collect::<Option<_>>()?,
        Value::String(hex) if hex.is_ascii() && matches!(hex.len(), 6 | 8) => (0..hex.len())
            .step_by(2)
            .map(|at| u64::from_str_radix(hex.get(at..at + 2)?, 16).ok())
            .collect::<Option<_>>()?,
        _ => return None,
    };
    channels.resize(if white { 4 } else { 3 }, 0);
    Some(channels)
}

/// A number, or `~N`, `~-N`, `~` and `~-` relative to the current one.
fn number(change: &Value, name: &str, current: u64, greatest: u64) -> Option<u64> {
    match change.get(name)? {
        Value::Number(number) => number.as_u64().map(|number| number.min(greatest)),
        Value::String(text) => {
            let step = match text.strip_prefix('~')? {
                "" => 1,
                "-" => -1,
                step => step.parse::<i64>().ok()?,
            };
            let next = i64::try_from(current).ok()?.checked_add(step)?;
            u64::try_from(next.max(0))
                .ok()
                .map(|next| next.min(greatest))
        }
        _ => None,
    }
}

/// True, false, or `t` for the opposite.
fn flag(change: &Value, name: &str, value: &mut bool) {
    match change.get(name) {
        Some(Value::Bool(wanted)) => *value = *wanted,
        Some(Value::String(text)) if text == "t" => *value = !*value,
        _ => {}
    }
}

/// Sets the fields that exist, if the type is the same.
fn nested(change: Option<&Value>, fields: &mut Map<String, Value>) {
    for (name, value) in change.and_then(Value::as_object).into_iter().flatten() {
        if let Some(current) = fields.get_mut(name)
            && (current.is_boolean() && value.is_boolean() || current.is_i64() && value.is_i64())
        {
            *current = value.clone();
        }
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> State {
        State::new(60, false, 2)
    }

    #[test]
    fn a_change_that_changes_nothing_is_known() {
        let mut state = state();
        assert!(!state.apply(&json!({ "on": true, "bri": 128 })));
        assert!(state.apply(&json!({ "bri": 129 })));
        assert!(!state.apply(&json!({ "nonsense": 1, "bri": "loud", "seg": 5 })));
    }

    #[test]
    fn brightness_0_switches_off_and_keeps_the_brightness() {
        let mut state = state();
        assert!(state.apply(&json!({ "bri": 0 })));
        assert_eq!(state.shown_brightness(), 0);
        assert_eq!(state.to_json()["bri"], 128);
        assert!(state.apply(&json!({ "bri": "~10" })));
        assert_eq!(state.shown_brightness(), 138);
        assert!(state.apply(&json!({ "on": false, "bri": 50 })));
        assert_eq!(state.shown_brightness(), 0);
        assert!(state.apply(&json!({ "on": "t" })));
        assert_eq!(state.shown_brightness(), 50);
    }

    #[test]
    fn segments_are_changed_by_id_added_and_removed() {
        let mut state = state();
        let change = json!({ "seg": [{ "id": 1, "fx": 9, "col": [[1, 2, 3], [], "0a0b0c"] }] });
        assert!(state.apply(&change));
        let segment = &state.to_json()["seg"][1];
        assert_eq!(segment["fx"], 9);
        assert_eq!(segment["col"], json!([[1, 2, 3], [0, 0, 0], [10, 11, 12]]));
        assert!(state.apply(&json!({ "seg": { "id": 2, "start": 10, "stop": 20, "n": "Shelf" } })));
        assert_eq!(state.to_json()["seg"][2]["len"], 10);
        assert_eq!(state.to_json()["seg"][2]["n"], "Shelf");
        assert!(state.apply(&json!({ "seg": [{ "id": 0, "stop": 0 }] })));
        let ids: Vec<_> = state.segments().iter().filter_map(id_of).collect();
        assert_eq!(ids, [1, 2]);
        assert!(
            state.apply(&json!({ "seg": { "sel": false } })),
            "all that are selected"
        );
        assert!(
            !state.apply(&json!({ "seg": { "bri": 1 } })),
            "none is selected"
        );
    }

    #[test]
    fn receiving_follows_from_the_groups() {
        let mut state = state();
        assert!(!state.apply(&json!({ "udpn": { "recv": false } })));
        assert!(state.apply(&json!({ "udpn": { "rgrp": 0 } })));
        assert!(!state.sync_receive());
    }

    #[test]
    fn the_last_segment_cannot_be_removed() {
        let mut state = State::new(60, false, 1);
        assert!(!state.apply(&json!({ "seg": [{ "id": 0, "stop": 0 }] })));
        assert_eq!(state.segments().len(), 1);
    }

    #[test]
    fn a_change_by_hand_is_no_preset_any_more() {
        let mut state = state();
        assert!(state.apply(&json!({ "ps": 3, "bri": 10 })));
        assert_eq!(state.to_json()["ps"], 3);
        assert!(state.apply(&json!({ "bri": 11 })));
        assert_eq!(state.to_json()["ps"], -1);
    }
}

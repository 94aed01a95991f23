//! What a WLED knows and answers: state, info, names, presets. Reads no clock
//! and owns no socket.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Chip, Palettes, WledOptions, names, state::State};

/// The errors of the interface.
pub(crate) const BUSY: u8 = 3;
pub(crate) const NOT_WHOLE: u8 = 9;

pub(crate) struct Core {
    pub(crate) options: WledOptions,
    pub(crate) mac: String,
    pub(crate) state: State,
    presets: Value,
    /// When the presets were changed, as the device reports it.
    presets_changed: u64,
    effects: Vec<String>,
    /// Fields of the info that a test or an owner has set.
    info: Map<String, Value>,
    /// The requests that are still refused as busy.
    busy: usize,
    booted: Duration,
    version: String,
    ip: String,
}

impl Core {
    pub(crate) fn new(options: WledOptions, mac: String, ip: String) -> Self {
        Self {
            state: State::new(options.leds, options.white, options.segments),
            presets: names::presets(),
            presets_changed: 0,
            effects: names::effects(),
            info: Map::new(),
            busy: 0,
            booted: Duration::ZERO,
            version: "0.15.1".to_owned(),
            options,
            mac,
            ip,
        }
    }

    /// Whether this request is refused, as while the JSON buffer is in use.
    pub(crate) fn takes_busy(&mut self) -> bool {
        let busy = self.busy > 0;
        self.busy = self.busy.saturating_sub(1);
        busy
    }

    pub(crate) fn refuse(&mut self, requests: usize) {
        self.busy = requests;
    }

    /// Applies what a client or someone at the device wants; whether anything
    /// changed.
    pub(crate) fn apply(&mut self, change: &Value) -> bool {
        let before = self.state.clone();
        let stored = self.store(change);
        if let Some(preset) = change.get("ps").and_then(Value::as_i64) {
            self.start_preset(preset);
        } else {
            self.state.apply(change);
        }
        self.state != before || stored
    }

    fn start_preset(&mut self, preset: i64) {
        let Some(content) = self.presets.get(preset.to_string()).cloned() else {
            return;
        };
        let entries = content
            .get("playlist")
            .and_then(|list| list.get("ps")?.as_array());
        if let Some(entries) = entries {
            let first = entries.first().and_then(Value::as_i64).unwrap_or_default();
            let first_content = self.presets.get(first.to_string()).cloned();
            self.run(first_content.unwrap_or_default(), first, preset);
        } else {
            self.run(content, preset, -1);
        }
    }

    fn run(&mut self, mut content: Value, preset: i64, playlist: i64) {
        content["ps"] = json!(preset);
        content["pl"] = json!(playlist);
        self.state.apply(&content);
    }

    /// Saves or deletes a preset.
    fn store(&mut self, change: &Value) -> bool {
        if let Some(id) = change
            .get("psave")
            .and_then(Value::as_u64)
            .filter(|&id| id <= 250)
        {
            let mut content = self.state.to_json();
            let name = change.get("n").and_then(Value::as_str);
            content["n"] = json!(name.unwrap_or("Preset"));
            self.presets[id.to_string()] = content;
        } else if let Some(id) = change.get("pdel").and_then(Value::as_u64) {
            if let Some(presets) = self.presets.as_object_mut() {
                presets.remove(&id.to_string());
            }
        } else {
            return false;
        }
        self.presets_changed += 1;
        true
    }

    /// Sets fields of the info.
    pub(crate) fn set_info(&mut self, patch: &Map<String, Value>) {
        self.info.extend(patch.clone());
    }

    pub(crate) fn boot(&mut self, now: Duration) {
        self.booted = now;
    }

    pub(crate) fn presets(&self) -> Value {
        self.presets.clone()
    }

    pub(crate) fn effects(&self) -> Value {
        json!(self.effects)
    }

    pub(crate) fn effect_data(&self) -> Value {
        json!(names::effect_data(self.effects.len()))
    }

    /// `null` and missing occur on small devices.
    pub(crate) fn palettes(&self) -> Option<Value> {
        match self.options.palettes {
            Palettes::Named => Some(json!(names::palettes())),
            Palettes::Null => Some(Value::Null),
            Palettes::Missing => None,
        }
    }

    /// The part of the configuration that describes the LEDs.
    pub(crate) fn config(&self) -> Value {
        let kind = if self.options.white { 32 } else { 22 };
        json!({
            "rev": [1, 0], "vid": 2_501_010, "id": { "name": self.options.name },
            "hw": { "led": {
                "total": self.options.leds, "maxpwr": 850, "cct": false, "cr": false, "cb": 0,
                "rgbwm": 255, "fps": 42,
                "ins": [{
                    "start": 0, "len": self.options.leds, "pin": [2], "order": 0, "rev": false,
                    "type": kind, "rgbwm": 0,
                }],
            } },
        })
    }

    /// State and info, as they are pushed.
    pub(crate) fn snapshot(&self, now: Duration, clients: usize) -> Value {
        json!({ "state": self.state.to_json(), "info": self.info(now, clients) })
    }

    pub(crate) fn info(&self, now: Duration, clients: usize) -> Value {
        let WledOptions {
            leds, white, chip, ..
        } = self.options;
        let esp8266 = chip == Chip::Esp8266;
        let capabilities = self.state.capabilities();
        let palettes = match self.options.palettes {
            Palettes::Named => names::palettes().len(),
            _ => 0,
        };
        let uptime = now.saturating_sub(self.booted).as_secs();
        let mut info = json!({
            "ver": self.version, "vid": 2_501_010,
            "release": if esp8266 { "ESP8266" } else { "ESP32" },
            "leds": {
                "count": leds, "pwr": self.power(), "fps": 42, "maxpwr": 850, "maxseg": 32,
                "bootps": 0, "seglc": capabilities, "lc": capabilities.first(),
                "rgbw": white, "wv": if white { 2 } else { 0 }, "cct": if white { 4 } else { 0 },
            },
            "str": self.state.sync_receive(), "name": self.options.name, "udpport": 21_324,
            "simplifiedui": false, "live": false, "liveseg": -1, "lm": "", "lip": "",
            "ws": clients, "fxcount": self.effects.len(), "palcount": palettes, "cpalcount": 0,
            "maps": [{ "id": 0 }],
            "wifi": {
                "bssid": "02:00:00:00:00:01", "rssi": self.rssi(now), "signal": 84, "channel": 6,
            },
            "fs": { "u": 16, "t": 983, "pmt": self.presets_changed }, "ndc": 0,
            "arch": if esp8266 { "esp8266" } else { "esp32" }, "core": "v4.4.8", "clock": 240,
            "flash": 4, "lwip": 0, "freeheap": if esp8266 { 21_504 } else { 176_128 },
            "uptime": uptime, "time": "2026-11-29, 12:00:00", "opt": 79, "brand": "WLED",
            "product": "FOSS", "mac": self.mac, "ip": self.ip,
        });
        if let Some(fields) = info.as_object_mut() {
            fields.extend(self.info.clone());
        }
        info
    }

    /// The estimated current in mA.
    fn power(&self) -> u64 {
        let lit: u64 = self
            .state
            .segments()
            .iter()
            .filter(|segment| segment.get("on") == Some(&json!(true)))
            .filter_map(|segment| segment.get("len")?.as_u64())
            .sum();
        120 + lit * 20 * self.state.shown_brightness() / 255
    }

    fn rssi(&self, now: Duration) -> i64 {
        if !self.options.world {
            return -57;
        }
        // It swings slowly by 3 dB.
        let phase = now.as_secs() / 5 % 7;
        -57 + i64::try_from(phase).unwrap_or_default() - 3
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn core() -> Core {
        Core::new(
            WledOptions::default(),
            "aabbccddeeff".into(),
            "192.0.2.1".into(),
        )
    }

    #[test]
    fn a_preset_and_a_playlist_are_applied_and_reported() {
        let mut core = core();
        assert!(core.apply(&json!({ "ps": 1 })));
        let state = core.state.to_json();
        assert_eq!(
            (state["ps"].as_i64(), state["pl"].as_i64()),
            (Some(1), Some(-1))
        );
        assert_eq!(state["bri"], 60);
        assert!(core.apply(&json!({ "ps": 3 })));
        assert_eq!(core.state.to_json()["pl"], 3);
        assert!(!core.apply(&json!({ "ps": 99 })), "no such preset");
    }

    #[test]
    fn saving_a_preset_is_visible_in_the_info() {
        let mut core = core();
        let before = core.info(Duration::ZERO, 0)["fs"]["pmt"].clone();
        assert!(core.apply(&json!({ "psave": 7, "n": "Party" })));
        assert_ne!(core.info(Duration::ZERO, 0)["fs"]["pmt"], before);
        assert_eq!(core.presets()["7"]["n"], "Party");
        assert!(core.apply(&json!({ "pdel": 7 })));
        assert_eq!(core.presets().get("7"), None);
    }

    #[test]
    fn state_and_info_fit_the_buffer_of_the_device() {
        let length = core().snapshot(Duration::ZERO, 1).to_string().len();
        assert!((1_000..4_096).contains(&length), "{length}");
    }
}

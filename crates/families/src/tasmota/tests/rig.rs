//! A board as far as a dialect can tell: it is asked and answers by topics.

use protocol::{State, method};
use serde_json::{Value, json};

use crate::tasmota::Tasmota;

/// A discovery message of a board with two relays, a button and a switch.
pub(super) fn config() -> Value {
    json!({
        "ip": "192.168.1.40", "dn": "Kitchen plug", "fn": ["Kitchen plug", "Fan", null],
        "hn": "tasmota-49A3BC-0956", "mac": "AABBCC00EE01", "md": "Sonoff Dual", "ty": 0, "if": 0,
        "ofln": "Offline", "onln": "Online", "state": ["OFF", "ON", "TOGGLE", "HOLD"],
        "sw": "14.1.0", "t": "kitchen_plug", "ft": "%prefix%/%topic%/",
        "tp": ["cmnd", "stat", "tele"], "rl": [1, 1, 0], "swc": [-1, -1], "swn": [null, null],
        "btn": [1, 0], "so": { "4": 0, "11": 0, "13": 0, "17": 0, "20": 0, "30": 0, "68": 0,
        "73": 1, "82": 0, "114": 0, "117": 0 }, "lk": 0, "lt_st": 0, "bat": 0, "dslp": 0,
        "sho": [], "sht": [], "ver": 1,
    })
}

/// The same with these fields.
pub(super) fn config_with(fields: &Value) -> Value {
    let mut config = config();
    for (field, value) in fields.as_object().unwrap() {
        config[field] = value.clone();
    }
    config
}

/// One connection, and what came of it.
pub(super) type Rig = crate::rig::Rig<Tasmota>;

impl Rig {
    pub(super) fn new() -> Self {
        Self::open(Tasmota::new, "")
    }

    /// A board that was read and is subscribed to; without the requests and
    /// answers that led there.
    pub(super) fn live(config: &Value) -> Self {
        let mut rig = Self::new();
        rig.request(method::DEVICE_GET_INFO, json!({}));
        rig.request(method::DEVICE_GET_COMPONENTS, json!({}));
        rig.request(method::DEVICE_SUBSCRIBE, json!({}));
        rig.retained("tele/kitchen_plug/LWT", "Online");
        rig.retained("tasmota/discovery/AABBCC00EE01/config", &config.to_string());
        rig.hear("stat/kitchen_plug/RESULT", &state_report());
        rig.sent.clear();
        rig.messages.clear();
        rig
    }

    pub(super) fn state(&mut self, key: &str) -> State {
        self.state_of(key)
    }

    /// The keys and names of the components.
    pub(super) fn components(&mut self) -> Vec<(String, String)> {
        let listed = self.descriptors().into_iter();
        listed
            .map(|one| {
                let text = |field: &str| one[field].as_str().unwrap().to_owned();
                (text("key"), text("name"))
            })
            .collect()
    }

    pub(super) fn descriptor(&mut self, key: &str) -> Value {
        let mut listed = self.descriptors().into_iter();
        listed.find(|one| one["key"] == key).unwrap()
    }
}

/// What a board says about itself when it is asked for its state.
pub(super) fn state_report() -> String {
    json!({
        "Time": "2026-11-30T10:00:00", "Uptime": "0T01:00:00", "UptimeSec": 3600, "Heap": 25,
        "MqttCount": 1, "POWER1": "OFF", "POWER2": "ON",
        "Wifi": { "AP": 1, "SSId": "Lab", "RSSI": 80, "Signal": -60, "LinkCount": 2 },
    })
    .to_string()
}

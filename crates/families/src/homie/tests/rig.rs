//! A connection to a device, and what came of it.

use std::time::Duration;

use protocol::{State, method};
use serde_json::{Value, json};

use crate::homie::Homie;

pub(super) const TOPIC: &str = "homie/5/bench-1";

pub(super) fn description() -> Value {
    json!({
        "homie": "5.0", "version": 7, "name": "Bench",
        "nodes": {
            "lamp": { "name": "Lamp", "properties": {
                "power": { "name": "Power", "datatype": "boolean", "settable": true },
                "color": { "datatype": "color", "format": "rgb,hsv", "settable": true },
                "speed": { "datatype": "integer", "format": "1:10:2", "settable": true },
                "mode": { "datatype": "enum", "format": "calm,busy", "settable": true },
                "label": { "datatype": "string", "settable": true },
                "dim": { "datatype": "boolean", "settable": true, "retained": false },
            } },
            "climate": { "name": "Climate", "properties": {
                "temperature": { "datatype": "float", "unit": "°C" },
                "window": { "datatype": "boolean" },
                "since": { "datatype": "datetime" },
                "pressed": {
                    "datatype": "enum", "format": "press,long_press", "retained": false,
                },
            } },
        },
    })
}

pub(super) type Rig = crate::rig::Rig<Homie>;

impl Rig {
    pub(super) fn new() -> Self {
        Self::open(Homie::new, "homie/5/bench-1/")
    }

    /// A device that was read and is subscribed to.
    pub(super) fn live() -> Self {
        let mut rig = Self::new();
        rig.request(method::DEVICE_SUBSCRIBE, json!({}));
        rig.retained("$description", &description().to_string());
        rig.retained("$state", "ready");
        for (path, value) in [
            ("lamp/power", "true"),
            ("lamp/color", "rgb,128,0,0"),
            ("lamp/speed", "3"),
            ("climate/temperature", "21.5"),
            ("climate/window", "false"),
        ] {
            rig.retained(path, value);
        }
        rig.advance(Duration::from_secs(1));
        rig.messages.clear();
        rig
    }

    /// The description of the component with this name.
    pub(super) fn named(&mut self, name: &str) -> Value {
        let mut listed = self.descriptors().into_iter();
        listed.find(|one| one["name"] == name).unwrap()
    }

    /// The number of the component with this name.
    pub(super) fn id(&mut self, name: &str) -> u64 {
        let key = self.named(name)["key"].as_str().unwrap().to_owned();
        key.split_once(':').unwrap().1.parse().unwrap()
    }

    pub(super) fn state(&mut self, name: &str) -> State {
        let key = self.named(name)["key"].as_str().unwrap().to_owned();
        self.state_of(&key)
    }
}

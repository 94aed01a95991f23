//! What the methods of components do: outputs, values, buttons.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    core::{Core, Failure},
    methods::{Caller, invalid, missing},
};

impl Core {
    /// Carries out a method that the component has.
    pub(crate) fn command(
        &mut self,
        now: Duration,
        kind: &str,
        key: &str,
        verb: &str,
        params: &Value,
        caller: Caller,
    ) -> Result<Value, Failure> {
        match (kind, verb) {
            ("switch" | "light" | "rgb" | "rgbw" | "cct", "Set" | "Toggle") => {
                self.output(now, key, verb == "Toggle", params, caller)
            }
            ("cover", _) => self.move_cover(now, key, verb, params, caller),
            ("boolean" | "number" | "text" | "enum", _) => self.set_value(now, key, params),
            ("button" | "input", _) => {
                let event = params.get("event").and_then(Value::as_str);
                let event = event.unwrap_or("single_push").to_owned();
                self.press(now, key, &event);
                Ok(Value::Null)
            }
            (_, "ResetCounters") => {
                self.change(now, key, &json!({ "aenergy": { "total": 0.0 } }));
                Ok(json!({ "aenergy": { "total": 0.0 } }))
            }
            _ => {
                self.change(now, key, &json!({ "mute": true }));
                Ok(Value::Null)
            }
        }
    }

    fn output(
        &mut self,
        now: Duration,
        key: &str,
        toggle: bool,
        params: &Value,
        caller: Caller,
    ) -> Result<Value, Failure> {
        let status = self.status_of(key).cloned().unwrap_or_default();
        let was_on = status
            .get("output")
            .and_then(Value::as_bool)
            .unwrap_or_default();
        let mut patch = json!({ "source": caller.source });
        if toggle {
            patch["output"] = json!(!was_on);
        } else if let Some(on) = params.get("on") {
            patch["output"] = json!(on.as_bool().ok_or_else(|| invalid("on", on))?);
        }
        for (name, lowest, highest) in [
            ("brightness", 0.0, 100.0),
            ("white", 0.0, 255.0),
            ("ct", 2_700.0, 6_500.0),
        ] {
            let Some(value) = params.get(name).filter(|_| status.get(name).is_some()) else {
                continue;
            };
            let number = value.as_f64().filter(|n| (lowest..=highest).contains(n));
            number.ok_or_else(|| invalid(name, value))?;
            patch[name] = value.clone();
        }
        if let Some(color) = params.get("rgb").filter(|_| status.get("rgb").is_some()) {
            let channels = color.as_array().filter(|channels| {
                channels.len() == 3 && channels.iter().all(|c| c.as_u64().is_some_and(|c| c < 256))
            });
            patch["rgb"] = json!(channels.ok_or_else(|| invalid("rgb", color))?);
        }
        self.change(now, key, &patch);
        self.load(now, key);
        // Lights answer null; switches with what they were.
        Ok(if key.starts_with("switch:") {
            json!({ "was_on": was_on })
        } else {
            Value::Null
        })
    }

    fn set_value(&mut self, now: Duration, key: &str, params: &Value) -> Result<Value, Failure> {
        let value = params.get("value").ok_or_else(|| missing("value"))?;
        let config = self.config_of(key).cloned().unwrap_or_default();
        let limit = |name: &str| config.get(name).and_then(Value::as_f64);
        let valid = match key.split(':').next() {
            Some("boolean") => value.is_boolean(),
            Some("number") => value.as_f64().is_some_and(|number| {
                number >= limit("min").unwrap_or(f64::MIN)
                    && number <= limit("max").unwrap_or(f64::MAX)
            }),
            Some("enum") => config
                .get("options")
                .and_then(Value::as_array)
                .is_some_and(|options| options.contains(value)),
            _ => value.as_str().is_some_and(|text| {
                text.chars().count() as f64 <= limit("max_len").unwrap_or(f64::MAX)
            }),
        };
        if !valid {
            return Err(invalid("value", value));
        }
        self.change(now, key, &json!({ "value": value, "source": "rpc" }));
        Ok(Value::Null)
    }
}

//! What happens at a Shelly without a client: loads, covers that move, values
//! that drift, and someone who presses a button.

use std::time::Duration;

use serde_json::{Value, json};

use super::core::{Core, Failure};
use super::{components::fahrenheit, methods::Caller};

/// What a room's temperature in °C and humidity in % are drawn to.
const ROOM: (f64, f64) = (21.0, 50.0);

impl Core {
    /// Someone presses an input or a virtual button: `single_push` and the
    /// like. An input of type switch changes its state instead.
    pub(crate) fn press(&mut self, now: Duration, key: &str, event: &str) {
        let config = self.config_of(key).cloned().unwrap_or_default();
        let id = config.get("id").and_then(Value::as_u64);
        if config.get("type").and_then(Value::as_str) == Some("switch") {
            let state = self
                .status_of(key)
                .and_then(|status| status.get("state")?.as_bool());
            self.change(now, key, &json!({ "state": state != Some(true) }));
            return;
        }
        if key.starts_with("input:") && event.ends_with("_push") {
            self.event(now, key, id, "btn_down", &json!({}));
            if event != "long_push" {
                self.event(now, key, id, "btn_up", &json!({}));
            }
        }
        self.event(now, key, id, event, &json!({}));
        if event == "long_push" {
            self.event(now, key, id, "btn_up", &json!({}));
        }
    }

    /// Someone switches an output at the device.
    pub(crate) fn switch_at_device(&mut self, now: Duration, key: &str, on: bool) {
        self.change(now, key, &json!({ "output": on, "source": "button" }));
        self.load(now, key);
    }

    /// What a metered output draws.
    pub(crate) fn load(&mut self, now: Duration, key: &str) {
        let Some(status) = self.status_of(key) else {
            return;
        };
        if status.get("apower").is_none() {
            return;
        }
        let number = |name: &str| status.get(name).and_then(Value::as_f64);
        let on = status.get("output").and_then(Value::as_bool) == Some(true);
        let share = number("brightness").unwrap_or(100.0) / 100.0;
        // Another load for each output.
        let id = status.get("id").and_then(Value::as_f64).unwrap_or_default();
        let watts = if on { (40.0 + 37.5 * id) * share } else { 0.0 };
        let volts = number("voltage").unwrap_or(230.0);
        let power = rounded(watts, 10.0);
        let current = rounded(watts / volts, 1_000.0);
        let factor = if on { 0.97 } else { 0.0 };
        let patch = json!({ "apower": power, "current": current, "pf": factor });
        self.change(now, key, &patch);
    }

    /// Opens, closes or stops a cover.
    pub(crate) fn move_cover(
        &mut self,
        now: Duration,
        key: &str,
        verb: &str,
        params: &Value,
        caller: Caller,
    ) -> Result<Value, Failure> {
        let status = self.status_of(key).cloned().unwrap_or_default();
        let at = status
            .get("current_pos")
            .and_then(Value::as_f64)
            .unwrap_or_default();
        let wanted = params.get("pos").and_then(Value::as_f64);
        let target = match verb {
            "Open" => 100.0,
            "Close" => 0.0,
            "GoToPosition" => wanted
                .filter(|position| (0.0..=100.0).contains(position))
                .ok_or_else(|| Failure::new(-103, "Invalid argument 'pos'!"))?,
            _ => at,
        };
        let state = if target > at {
            "opening"
        } else if target < at {
            "closing"
        } else {
            resting(at)
        };
        let moving = state.ends_with("ing");
        let patch = json!({
            "state": state, "source": caller.source, "apower": if moving { 96.5 } else { 0.0 },
            "current_pos": rounded(at, 1.0), "target_pos": moving.then_some(target),
            "move_started_at": moving.then_some(now.as_secs_f64()),
        });
        self.change(now, key, &patch);
        Ok(Value::Null)
    }

    /// Whether a cover moves.
    pub(crate) fn is_moving(&self) -> bool {
        self.keys("cover")
            .iter()
            .any(|key| self.target(key).is_some())
    }

    fn target(&self, key: &str) -> Option<f64> {
        self.status_of(key)?.get("target_pos")?.as_f64()
    }

    /// Moves covers on.
    pub(crate) fn advance_covers(&mut self, now: Duration, passed: Duration) {
        let step = 100.0 * passed.as_secs_f64() / self.options.cover_travel.as_secs_f64().max(0.01);
        for key in self.keys("cover") {
            let Some(target) = self.target(&key) else {
                continue;
            };
            let at = self
                .status_of(&key)
                .and_then(|status| status.get("current_pos")?.as_f64());
            let at = at.unwrap_or_default();
            let next = if target > at {
                (at + step).min(target)
            } else {
                (at - step).max(target)
            };
            let arrived = (next - target).abs() < 1e-9;
            let mut patch = json!({ "current_pos": next });
            if arrived {
                patch["state"] = json!(resting(next));
                patch["target_pos"] = Value::Null;
                patch["move_started_at"] = Value::Null;
                patch["apower"] = json!(0.0);
                patch["current_pos"] = json!(rounded(next, 1.0));
            }
            self.change(now, &key, &patch);
        }
    }

    /// Lets measured values drift and meters count.
    pub(crate) fn drift(&mut self, now: Duration, passed: Duration, random: &mut fastrand::Rng) {
        let mut swing = || random.f64() * 2.0 - 1.0;
        for kind in ["switch", "light", "rgb", "rgbw", "pm1"] {
            for key in self.keys(kind) {
                let Some(status) = self.status_of(&key) else {
                    continue;
                };
                let (Some(power), Some(total)) = (
                    status.get("apower").and_then(Value::as_f64),
                    status
                        .get("aenergy")
                        .and_then(|energy| energy.get("total")?.as_f64()),
                ) else {
                    continue;
                };
                let volts = rounded(230.0 + 1.5 * swing(), 10.0);
                let mut patch = json!({ "voltage": volts });
                if power > 0.0 {
                    let hours = passed.as_secs_f64() / 3_600.0;
                    let watts = rounded(power * (1.0 + 0.02 * swing()), 10.0);
                    patch["apower"] = json!(watts);
                    patch["current"] = json!(rounded(watts / volts, 1_000.0));
                    let total = rounded(total + power * hours, 1_000.0);
                    patch["aenergy"] = json!({ "total": total });
                }
                self.change(now, &key, &patch);
            }
        }
        for (kind, field, mean, pace) in [
            ("temperature", "tC", ROOM.0, 0.1),
            ("humidity", "rh", ROOM.1, 0.4),
        ] {
            for key in self.keys(kind) {
                let now_at = self
                    .status_of(&key)
                    .and_then(|status| status.get(field)?.as_f64());
                let at = now_at.unwrap_or(mean);
                let next = rounded(at + pace * swing() + (mean - at) * 0.02, 10.0);
                let mut patch = json!({ field: next });
                if field == "tC" {
                    patch["tF"] = json!(fahrenheit(next));
                }
                self.change(now, &key, &patch);
            }
        }
    }

    /// Some outputs are on already.
    pub(crate) fn begin(&mut self, now: Duration, random: &mut fastrand::Rng) {
        for kind in ["switch", "light", "rgb", "rgbw", "cct"] {
            for key in self.keys(kind) {
                self.switch_at_device(now, &key, random.bool());
            }
        }
    }

    /// Someone walks by and presses something.
    pub(crate) fn visit(&mut self, now: Duration, random: &mut fastrand::Rng) {
        let mut keys = self.keys("input");
        keys.extend(self.keys("switch"));
        let Some(key) = random.choice(keys) else {
            return;
        };
        if key.starts_with("switch:") {
            let on = self
                .status_of(&key)
                .and_then(|status| status.get("output")?.as_bool());
            self.switch_at_device(now, &key, on != Some(true));
        } else {
            let events = ["single_push", "double_push", "triple_push", "long_push"];
            self.press(now, &key, random.choice(events).unwrap_or("single_push"));
        }
    }

    /// A value that differs each time, for measurements with many changes.
    pub(crate) fn flicker(&mut self, now: Duration, count: u64) {
        let keys = ["switch", "light", "rgb", "rgbw"]
            .map(|kind| self.keys(kind))
            .concat();
        if let Some(key) = keys.first() {
            let power = 40.0 + (count % 100) as f64 / 10.0;
            self.change(now, key, &json!({ "apower": power }));
        }
    }
}

/// The state of a cover that stands still.
fn resting(position: f64) -> &'static str {
    if position <= 0.0 {
        "closed"
    } else if position >= 100.0 {
        "open"
    } else {
        "stopped"
    }
}

fn rounded(value: f64, parts: f64) -> f64 {
    (value * parts).round() / parts
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::{
        super::{Model, ShellyOptions},
        *,
    };

    #[test]
    fn a_cover_moves_to_its_position_and_rests_there() {
        let options = ShellyOptions {
            model: Model::Plus2PmCover,
            cover_travel: Duration::from_secs(10),
            ..ShellyOptions::default()
        };
        let mut core = Core::new("shelly-x".into(), "X".into(), options, 1);
        let caller = Caller { source: "WS_in" };
        let now = Duration::ZERO;
        let params = json!({ "id": 0, "pos": 75 });
        core.call(now, "Cover.GoToPosition", &params, caller)
            .unwrap();
        assert_eq!(core.status_of("cover:0").unwrap()["state"], "closing");
        let mut seconds = 0;
        while core.is_moving() {
            core.advance_covers(now, Duration::from_secs(1));
            seconds += 1;
        }
        assert_eq!(seconds, 3);
        let cover = core.status_of("cover:0").unwrap();
        assert_eq!(cover["state"], "stopped");
        assert_eq!(cover["current_pos"], 75.0);
        assert_eq!(cover["apower"], 0.0);
    }

    #[test]
    fn a_load_draws_power_only_while_it_is_on() {
        let mut core = Core::new("shelly-x".into(), "X".into(), ShellyOptions::default(), 1);
        let now = Duration::ZERO;
        core.switch_at_device(now, "switch:1", true);
        assert_eq!(core.status_of("switch:1").unwrap()["apower"], 77.5);
        assert_eq!(core.status_of("switch:1").unwrap()["source"], "button");
        core.switch_at_device(now, "switch:1", false);
        assert_eq!(core.status_of("switch:1").unwrap()["apower"], 0.0);
    }
}

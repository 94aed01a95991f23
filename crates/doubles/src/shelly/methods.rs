//! The methods of a Shelly. Each answers with its result, or fails with the
//! device's code.

use std::time::Duration;

use serde_json::{Value, json};

use super::core::{Core, Failure, Later};

/// The components on one page of `Shelly.GetComponents`.
const PAGE: usize = 3;

/// The most keys of `KVS.Set`.
const KEYS: usize = 50;

/// The method that needs no password.
pub(crate) const FREE: &str = "Shelly.GetDeviceInfo";

/// The methods that do not depend on the components.
const COMMON: [&str; 24] = [
    "BLE.GetConfig",
    "BLE.SetConfig",
    "Cloud.GetConfig",
    "KVS.Get",
    "KVS.Set",
    "Schedule.List",
    "Script.GetCode",
    "Script.List",
    "Shelly.CheckForUpdate",
    "Shelly.GetComponents",
    "Shelly.GetConfig",
    FREE,
    "Shelly.GetStatus",
    "Shelly.ListMethods",
    "Shelly.Reboot",
    "Shelly.Update",
    "Sys.GetConfig",
    "Sys.GetStatus",
    "Sys.SetConfig",
    "Webhook.List",
    "Wifi.GetConfig",
    "Wifi.GetStatus",
    "Ws.GetConfig",
    "Ws.SetConfig",
];

/// Kinds of components, as in keys and as in methods, with their methods
/// besides `GetConfig`, `GetStatus` and `SetConfig`.
const KINDS: [(&str, &str, &[&str]); 21] = [
    ("switch", "Switch", &["Set", "Toggle", "ResetCounters"]),
    ("light", "Light", &["Set", "Toggle", "ResetCounters"]),
    ("rgb", "RGB", &["Set", "Toggle"]),
    ("rgbw", "RGBW", &["Set", "Toggle"]),
    ("cct", "CCT", &["Set", "Toggle"]),
    (
        "cover",
        "Cover",
        &["Open", "Close", "Stop", "GoToPosition", "Calibrate"],
    ),
    ("input", "Input", &["Trigger"]),
    ("pm1", "PM1", &["ResetCounters"]),
    ("em", "EM", &[]),
    ("em1", "EM1", &[]),
    ("temperature", "Temperature", &[]),
    ("humidity", "Humidity", &[]),
    ("illuminance", "Illuminance", &[]),
    ("devicepower", "DevicePower", &[]),
    ("smoke", "Smoke", &["Mute"]),
    ("flood", "Flood", &["Mute"]),
    ("boolean", "Boolean", &["Set"]),
    ("number", "Number", &["Set"]),
    ("button", "Button", &["Trigger"]),
    ("text", "Text", &["Set"]),
    ("enum", "Enum", &["Set"]),
];

/// Where a command came from, as the status reports it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Caller {
    pub(crate) source: &'static str,
}

impl Core {
    /// Carries out a method.
    pub(crate) fn call(
        &mut self,
        now: Duration,
        method: &str,
        params: &Value,
        caller: Caller,
    ) -> Result<Value, Failure> {
        if let Some(result) = self.answers.get(method) {
            return Ok(result.clone());
        }
        match method {
            FREE => Ok(self.device_info()),
            "Shelly.GetConfig" => Ok(self.config()),
            "Shelly.GetStatus" => Ok(self.full_status(now)),
            "Shelly.GetComponents" => Ok(self.components(now, params)),
            "Shelly.ListMethods" => Ok(json!({ "methods": self.methods() })),
            "Shelly.CheckForUpdate" => Ok(self.available_updates()),
            "Shelly.Update" => self.update(),
            "Shelly.Reboot" => {
                let delay = params
                    .get("delay_ms")
                    .and_then(Value::as_u64)
                    .unwrap_or(1_000);
                self.later.push(Later::Reboot(Duration::from_millis(delay)));
                Ok(Value::Null)
            }
            "Script.List" => Ok(json!({ "scripts": [] })),
            "Script.GetCode" => Err(not_found("id", params.get("id"))),
            "Schedule.List" => Ok(json!({ "jobs": [], "rev": 0 })),
            "Webhook.List" => Ok(json!({ "hooks": [], "rev": 0 })),
            "KVS.Get" => {
                let key = params
                    .get("key")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                let value = self.key_values.get(key);
                let value = value.ok_or_else(|| not_found("key", params.get("key")))?;
                Ok(json!({ "etag": "0", "value": value }))
            }
            "KVS.Set" => {
                let key = params
                    .get("key")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                let value = params.get("value").cloned().unwrap_or_default();
                if self.key_values.len() >= KEYS && !self.key_values.contains_key(key) {
                    return Err(Failure::new(-108, "Resource exhausted: too many keys"));
                }
                self.key_values.insert(key.to_owned(), value);
                Ok(json!({ "etag": "0", "rev": self.key_values.len() }))
            }
            _ => self.component_call(now, method, params, caller),
        }
    }

    fn component_call(
        &mut self,
        now: Duration,
        method: &str,
        params: &Value,
        caller: Caller,
    ) -> Result<Value, Failure> {
        let unknown = || Failure::new(404, format!("No handler for {method}"));
        let (namespace, verb) = method.split_once('.').ok_or_else(unknown)?;
        let known = KINDS
            .iter()
            .find(|(_, name, _)| name.eq_ignore_ascii_case(namespace))
            .filter(|(kind, ..)| !self.keys(kind).is_empty());
        let key = match known {
            Some((kind, ..)) => {
                let id = params.get("id").and_then(Value::as_u64);
                let id = id.ok_or_else(|| missing("id"))?;
                format!("{kind}:{id}")
            }
            None => namespace.to_ascii_lowercase(),
        };
        if self.status_of(&key).is_none() {
            return Err(match known {
                Some(_) => not_found("id", params.get("id")),
                None => unknown(),
            });
        }
        match verb {
            "GetStatus" => {
                self.full_status(now);
                Ok(self.status_of(&key).cloned().unwrap_or_default())
            }
            "GetConfig" => Ok(self.config_of(&key).cloned().unwrap_or_default()),
            "SetConfig" => {
                let config = params.get("config").ok_or_else(|| missing("config"))?;
                if key == "ws" {
                    self.options.server = config
                        .get("server")
                        .and_then(Value::as_str)
                        .map(str::to_owned);
                }
                self.configure(now, &key, config);
                Ok(json!({ "restart_required": key == "ws" }))
            }
            verb => match known {
                Some((kind, _, verbs)) if verbs.contains(&verb) => {
                    self.command(now, kind, &key, verb, params, caller)
                }
                _ => Err(unknown()),
            },
        }
    }

    fn device_info(&self) -> Value {
        let locked = self.options.password.is_some();
        let mut info = json!({
            "name": self.options.name, "id": self.id, "mac": self.mac, "slot": 0,
            "model": self.options.model.model(), "gen": self.options.model.generation(),
            "fw_id": self.firmware_id(), "ver": self.version,
            "app": self.options.model.app(), "auth_en": locked,
            "auth_domain": locked.then_some(&self.id),
        });
        if let Some(profile) = self.options.model.profile() {
            info["profile"] = json!(profile);
        }
        info
    }

    fn components(&mut self, now: Duration, params: &Value) -> Value {
        self.full_status(now);
        let flag = |name: &str| params.get(name).and_then(Value::as_bool) == Some(true);
        let keys: Vec<String> = if flag("dynamic_only") {
            self.dynamic.clone()
        } else {
            let all = self.config();
            let all = all.as_object();
            all.map(|all| all.keys().cloned().collect())
                .unwrap_or_default()
        };
        let offset = params
            .get("offset")
            .and_then(Value::as_u64)
            .unwrap_or_default();
        let first = usize::try_from(offset).unwrap_or(usize::MAX);
        let page: Vec<Value> = keys
            .iter()
            .skip(first)
            .take(PAGE)
            .map(|key| {
                json!({
                    "key": key, "status": self.status_of(key), "config": self.config_of(key),
                })
            })
            .collect();
        json!({ "components": page, "cfg_rev": 10, "offset": offset, "total": keys.len() })
    }

    fn methods(&self) -> Vec<String> {
        let mut methods: Vec<String> = COMMON.iter().map(|&name| name.to_owned()).collect();
        for (kind, name, verbs) in &KINDS {
            if !self.keys(kind).is_empty() {
                let general = ["GetConfig", "GetStatus", "SetConfig"];
                let all = general.iter().chain(*verbs);
                methods.extend(all.map(|verb| format!("{name}.{verb}")));
            }
        }
        methods
    }

    pub(crate) fn available_updates(&self) -> Value {
        let sys = self.status_of("sys");
        sys.and_then(|sys| sys.get("available_updates").cloned())
            .unwrap_or(json!({}))
    }

    fn update(&mut self) -> Result<Value, Failure> {
        if self.options.update.is_none() {
            return Err(Failure::new(
                -114,
                "Resource unavailable: no update available",
            ));
        }
        self.later.push(Later::Update);
        Ok(Value::Null)
    }
}

pub(crate) fn missing(name: &str) -> Failure {
    Failure::new(-103, format!("Missing required argument '{name}'!"))
}

pub(crate) fn invalid(name: &str, value: &Value) -> Failure {
    Failure::new(-103, format!("Invalid argument '{name}': {value}!"))
}

pub(crate) fn not_found(name: &str, value: Option<&Value>) -> Failure {
    let value = value.cloned().unwrap_or_default();
    Failure::new(-105, format!("Argument '{name}', value {value} not found!"))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::{
        super::{Model, ShellyOptions},
        *,
    };

    const NOW: Duration = Duration::ZERO;
    const CALLER: Caller = Caller { source: "WS_in" };

    fn everything() -> Core {
        let options = ShellyOptions {
            model: Model::Everything,
            ..ShellyOptions::default()
        };
        Core::new("shelly-x".into(), "X".into(), options, 1)
    }

    #[test]
    fn a_switch_answers_with_what_it_was() {
        let mut core = everything();
        for was_on in [false, true] {
            let params = json!({ "id": 0, "on": true });
            let answer = core.call(NOW, "Switch.Set", &params, CALLER);
            assert_eq!(answer, Ok(json!({ "was_on": was_on })));
        }
        assert_eq!(core.status_of("switch:0").unwrap()["output"], true);
        assert_eq!(core.status_of("switch:0").unwrap()["source"], "WS_in");
    }

    #[test]
    fn wrong_requests_fail_with_the_codes_of_the_device() {
        let mut core = everything();
        for (method, params, code) in [
            ("Fan.Set", json!({ "id": 0 }), 404),
            ("Switch.Explode", json!({ "id": 0 }), 404),
            ("Switch.Set", json!({}), -103),
            ("Switch.Set", json!({ "id": 9, "on": true }), -105),
            ("Switch.Set", json!({ "id": 0, "on": "yes" }), -103),
            ("Light.Set", json!({ "id": 0, "brightness": 101 }), -103),
            ("Number.Set", json!({ "id": 200, "value": 31 }), -103),
            ("Enum.Set", json!({ "id": 200, "value": "party" }), -103),
            ("RGBW.Set", json!({ "id": 0, "rgb": [1, 2, 256] }), -103),
            ("Shelly.Update", json!({}), -114),
        ] {
            let failure = core.call(NOW, method, &params, CALLER).unwrap_err();
            assert_eq!(failure.code, code, "{method} {params}");
        }
    }

    #[test]
    fn the_pages_of_components_together_are_all_of_them() {
        let mut core = everything();
        let mut keys = Vec::new();
        loop {
            let params = json!({ "dynamic_only": true, "offset": keys.len() });
            let page = core
                .call(NOW, "Shelly.GetComponents", &params, CALLER)
                .unwrap();
            assert_eq!(page["total"], 5);
            let found = page["components"].as_array().unwrap();
            if found.is_empty() {
                break;
            }
            assert!(found.len() <= PAGE);
            keys.extend(found.iter().map(|component| component["key"].clone()));
        }
        assert_eq!(keys, core.dynamic);
    }

    #[test]
    fn every_listed_method_of_a_component_is_known() {
        let mut core = everything();
        for method in core.methods() {
            let params = json!({ "id": 0, "config": {} });
            if let Err(failure) = core.call(NOW, &method, &params, CALLER) {
                assert_ne!(failure.code, 404, "{method}");
            }
        }
    }
}

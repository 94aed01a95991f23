//! A Shelly as far as a dialect can tell: it answers frames, wants digests and
//! pushes. Frames are made from the documentation.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const HA2: &str = "dummy_method:dummy_uri";

fn sha256(text: &str) -> String {
    crate::hex::hex(&Sha256::digest(text))
}

/// How a board treats nonces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Firmware {
    /// Numbers; any `nc` is accepted.
    One,
    /// Texts; `nc` rises by one from 1.
    Two,
}

#[derive(Debug)]
pub(super) struct Device {
    pub(super) id: String,
    pub(super) info: Value,
    pub(super) config: Value,
    pub(super) status: Value,
    /// Answers to `Shelly.GetComponents`.
    pub(super) dynamic: Vec<Value>,
    pub(super) page: usize,
    pub(super) password: Option<String>,
    pub(super) firmware: Firmware,
    /// How often each nonce was used.
    pub(super) nonces: BTreeMap<String, u64>,
    given: u64,
    /// Whether a frame with `auth`, or one that needs a new nonce, is answered
    /// 429.
    pub(super) throttled: bool,
    /// Errors by method.
    pub(super) refusals: BTreeMap<&'static str, (i64, &'static str)>,
    /// Methods that are not answered.
    pub(super) silent: Vec<&'static str>,
    /// Whether it pushes what commands change.
    pub(super) pushes: bool,
    /// Whether a frame named its sender.
    pub(super) knows_client: bool,
    pub(super) received: Vec<Value>,
}

impl Device {
    pub(super) fn plus_1pm() -> Self {
        Self {
            id: "shellyplus1pm-a8032abcdef0".to_owned(),
            info: json!({
                "id": "shellyplus1pm-a8032abcdef0", "mac": "A8032ABCDEF0", "gen": 2,
                "model": "SNSW-001P16EU", "fw_id": "20241011-114455/1.4.4-g6d2a586",
                "ver": "1.4.4", "app": "Plus1PM", "auth_en": false, "auth_domain": null,
                "name": "Bench",
            }),
            config: json!({
                "input:0": { "id": 0, "name": null, "type": "switch" },
                "switch:0": { "id": 0, "name": "Lamp" },
                "sys": { "device": { "name": "Bench" }, "cfg_rev": 7 },
                "wifi": { "sta": { "ssid": "Lab" } },
            }),
            status: json!({
                "ble": {}, "cloud": { "connected": false },
                "input:0": { "id": 0, "state": false },
                "switch:0": {
                    "id": 0, "source": "init", "output": false, "apower": 0.0,
                    "voltage": 230.1, "current": 0.0, "freq": 50.0, "pf": 0.0,
                    "aenergy": { "total": 11.679, "by_minute": [0, 0, 0] },
                    "temperature": { "tC": 46.4, "tF": 115.5 },
                },
                "sys": {
                    "mac": "A8032ABCDEF0", "uptime": 4321, "ram_free": 150_000, "cfg_rev": 7,
                    "available_updates": { "stable": { "version": "1.5.0" } },
                },
                "wifi": { "rssi": -52 },
            }),
            dynamic: Vec::new(),
            page: 5,
            password: None,
            firmware: Firmware::One,
            nonces: BTreeMap::new(),
            given: 1_725_185_412,
            throttled: false,
            refusals: BTreeMap::new(),
            silent: Vec::new(),
            pushes: true,
            knows_client: false,
            received: Vec::new(),
        }
    }

    pub(super) fn with_password(firmware: Firmware, password: &str) -> Self {
        Self {
            password: Some(password.to_owned()),
            firmware,
            ..Self::plus_1pm()
        }
    }

    /// Answers a frame: the frames that it sends.
    pub(super) fn receive(&mut self, text: &str) -> Vec<String> {
        let frame: Value = serde_json::from_str(text).unwrap();
        assert_eq!(frame.get("jsonrpc"), None, "Shellys do not have it");
        self.received.push(frame.clone());
        self.knows_client |= frame["src"].is_string();
        let method = frame["method"].as_str().unwrap().to_owned();
        if self.silent.iter().any(|silent| *silent == method) {
            return Vec::new();
        }
        let (outcome, push) = match self.check(&method, &frame["auth"]) {
            Err(error) => (json!({ "error": error }), None),
            Ok(()) => match self.refusals.get(method.as_str()) {
                Some((code, message)) => (
                    json!({ "error": { "code": code, "message": message } }),
                    None,
                ),
                None => {
                    let (result, push) = self.obey(&method, &frame["params"]);
                    (json!({ "result": result }), push)
                }
            },
        };
        let mut answer = json!({ "id": frame["id"], "src": self.id, "dst": frame["src"] });
        for (key, value) in outcome.as_object().unwrap() {
            answer[key] = value.clone();
        }
        let push = push.filter(|_| self.pushes);
        let pushed = push.into_iter().flat_map(|push| self.push(push));
        [answer.to_string()].into_iter().chain(pushed).collect()
    }

    /// `NotifyStatus`, if a client has named itself.
    pub(super) fn push(&mut self, change: Value) -> Option<String> {
        let mut frame = json!({
            "src": self.id, "dst": "switchboard", "method": "NotifyStatus",
        });
        frame["params"] = change;
        self.knows_client.then(|| frame.to_string())
    }

    fn check(&mut self, method: &str, auth: &Value) -> Result<(), Value> {
        let Some(password) = self.password.clone() else {
            return Ok(());
        };
        if method == "Shelly.GetDeviceInfo" {
            return Ok(());
        }
        if self.throttled {
            return Err(json!({ "code": 429, "message": "Too Many Requests" }));
        }
        let accepted = auth.is_object() && self.accepts(auth, &password);
        if accepted {
            return Ok(());
        }
        self.given += 1;
        let nonce = match self.firmware {
            Firmware::One => json!(self.given),
            Firmware::Two => json!(format!("q1w2e3{}==", self.given)),
        };
        self.nonces.insert(nonce.to_string(), 0);
        let challenge = json!({
            "auth_type": "digest", "nonce": nonce, "nc": 1, "realm": self.id,
            "algorithm": "SHA-256",
        });
        Err(json!({ "code": 401, "message": challenge.to_string() }))
    }

    fn accepts(&mut self, auth: &Value, password: &str) -> bool {
        let Some(uses) = self.nonces.get_mut(&auth["nonce"].to_string()) else {
            return false;
        };
        let nc = auth["nc"].as_u64().unwrap();
        if self.firmware == Firmware::Two && nc != *uses + 1 {
            return false;
        }
        *uses += 1;
        let nonce = match &auth["nonce"] {
            Value::String(text) => text.clone(),
            number => number.to_string(),
        };
        let ha1 = sha256(&format!("admin:{}:{password}", self.id));
        let cnonce = auth["cnonce"].as_str().unwrap();
        let ha2 = sha256(HA2);
        auth["response"] == sha256(&format!("{ha1}:{nonce}:{nc}:{cnonce}:auth:{ha2}"))
            && auth["username"] == "admin"
            && auth["algorithm"] == "SHA-256"
    }

    fn obey(&mut self, method: &str, params: &Value) -> (Value, Option<Value>) {
        match method {
            "Shelly.GetDeviceInfo" => (self.info.clone(), None),
            "Shelly.GetConfig" => (self.config.clone(), None),
            "Shelly.GetStatus" => (self.status.clone(), None),
            "Shelly.GetComponents" => {
                assert_eq!(params["dynamic_only"], true);
                let offset = params["offset"].as_u64().unwrap_or(0) as usize;
                let all = self.dynamic.iter().skip(offset).take(self.page);
                let components: Vec<_> = all.cloned().collect();
                let total = self.dynamic.len();
                let page = json!({
                    "components": components, "cfg_rev": 7, "offset": offset, "total": total,
                });
                (page, None)
            }
            "Switch.Set" | "Switch.Toggle" => {
                let output = &mut self.status["switch:0"]["output"];
                let was_on = output.as_bool().unwrap();
                let on = params["on"].as_bool().unwrap_or(!was_on);
                *output = json!(on);
                let push = json!({
                    "ts": 1.0, "switch:0": { "id": 0, "output": on, "source": "WS_in" },
                });
                (json!({ "was_on": was_on }), (on != was_on).then_some(push))
            }
            _ => (Value::Null, None),
        }
    }
}

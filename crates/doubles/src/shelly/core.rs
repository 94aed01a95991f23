//! What a Shelly knows: configuration and status, who is notified of changes,
//! and the log of requests. Reads no clock and owns no socket.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use serde_json::{Map, Value, json};
use tokio::sync::mpsc;

use super::{
    ShellyOptions,
    components::{Component, system},
    delta::{difference, merge},
    nonces::{Firmware, Nonces},
};

/// The notifications that wait for one client; more are dropped, as the device
/// does when it has no memory left.
const QUEUE: usize = 64;
/// The requests that are remembered.
const LOG: usize = 1_000;

/// A request that the double has received.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// The time since the start.
    pub at: Duration,
    /// How it arrived.
    pub transport: Transport,
    /// The method.
    pub method: String,
    /// Whether it carried authentication.
    pub authenticated: bool,
    /// The `src` of its frame.
    pub source: Option<String>,
    /// 200, or the code of the error.
    pub code: i64,
}

/// How a request arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// By HTTP.
    Http,
    /// On a WebSocket that a client opened.
    WebSocket,
    /// On the WebSocket that the device opened.
    Outbound,
}

/// Why a method fails.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Failure {
    pub(crate) code: i64,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(code: i64, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}

/// Something that takes time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Later {
    Reboot(Duration),
    Update,
}

/// A client that may be notified.
struct Channel {
    /// The `src` of its frames; `None` until the first.
    source: Option<String>,
    out: mpsc::Sender<String>,
}

pub(crate) struct Core {
    pub(crate) id: String,
    pub(crate) options: ShellyOptions,
    pub(crate) mac: String,
    pub(crate) version: String,
    config: BTreeMap<String, Value>,
    status: BTreeMap<String, Value>,
    /// The keys of components that a user has added.
    pub(crate) dynamic: Vec<String>,
    pub(crate) nonces: Nonces,
    pub(crate) key_values: Map<String, Value>,
    /// The results of methods that a test has set.
    pub(crate) answers: BTreeMap<String, Value>,
    channels: BTreeMap<u64, Channel>,
    next_channel: u64,
    log: VecDeque<Seen>,
    booted: Duration,
    /// Whether it can be connected to; always, unless it runs on a battery.
    pub(crate) awake: bool,
    /// What a method has started and the device carries out.
    pub(crate) later: Vec<Later>,
}

impl Core {
    pub(crate) fn new(id: String, mac: String, options: ShellyOptions, seed: u64) -> Self {
        let version = match options.firmware {
            Firmware::V1 => "1.5.1",
            Firmware::V2 => "2.0.0",
        };
        let mut core = Self {
            nonces: Nonces::new(options.firmware, options.nonces, seed),
            version: version.to_owned(),
            config: BTreeMap::new(),
            status: BTreeMap::new(),
            dynamic: Vec::new(),
            key_values: Map::new(),
            answers: BTreeMap::new(),
            channels: BTreeMap::new(),
            next_channel: 0,
            log: VecDeque::new(),
            booted: Duration::ZERO,
            awake: !options.model.is_battery_powered(),
            later: Vec::new(),
            id,
            mac,
            options,
        };
        for component in system(&core.mac, &core.firmware_id(), core.options.name.as_deref()) {
            core.insert(component);
        }
        for component in core.options.model.components() {
            core.insert(component);
        }
        if core.options.model.is_battery_powered()
            && let Some(status) = core.status.get_mut("sys")
        {
            status["wakeup_period"] = json!(7_200);
            status["wakeup_reason"] = json!({ "boot": "deepsleep_wake", "cause": "periodic" });
        }
        if let Some(latest) = core.options.update.clone() {
            core.patch(
                "sys",
                &json!({ "available_updates": { "stable": { "version": latest } } }),
            );
        }
        core
    }

    pub(crate) fn firmware_id(&self) -> String {
        let built = match self.options.firmware {
            Firmware::V1 => "20250410-120000",
            Firmware::V2 => "20260713-120000",
        };
        format!("{built}/{}-g0123abc", self.version)
    }

    fn insert(&mut self, component: Component) {
        if component.dynamic {
            self.dynamic.push(component.key.clone());
        }
        self.config.insert(component.key.clone(), component.config);
        self.status.insert(component.key, component.status);
    }

    pub(crate) fn config(&self) -> Value {
        json!(self.config)
    }

    pub(crate) fn config_of(&self, key: &str) -> Option<&Value> {
        self.config.get(key)
    }

    pub(crate) fn status_of(&self, key: &str) -> Option<&Value> {
        self.status.get(key)
    }

    /// Everything, as `Shelly.GetStatus` answers.
    pub(crate) fn full_status(&mut self, now: Duration) -> Value {
        let uptime = now.saturating_sub(self.booted).as_secs();
        if let Some(status) = self.status.get_mut("sys") {
            status["uptime"] = json!(uptime);
            status["unixtime"] = json!(timestamp(now).trunc());
        }
        json!(self.status)
    }

    /// The keys of components of a kind.
    pub(crate) fn keys(&self, kind: &str) -> Vec<String> {
        let of_kind = |key: &&String| key.split_once(':').is_some_and(|(found, _)| found == kind);
        self.status.keys().filter(of_kind).cloned().collect()
    }

    /// Changes the configuration of a component, and says so.
    pub(crate) fn configure(&mut self, now: Duration, key: &str, patch: &Value) {
        let Some(config) = self.config.get_mut(key) else {
            return;
        };
        merge(config, patch);
        if let Some(name) = patch.get("device").and_then(|device| device.get("name")) {
            self.options.name = name.as_str().map(str::to_owned);
        }
        let revision = self
            .config
            .get("sys")
            .and_then(|sys| sys.get("cfg_rev")?.as_u64())
            .unwrap_or_default()
            + 1;
        if let Some(sys) = self.config.get_mut("sys") {
            sys["cfg_rev"] = json!(revision);
        }
        let id = key
            .split_once(':')
            .and_then(|(_, id)| id.parse::<u64>().ok());
        self.event(
            now,
            key,
            id,
            "config_changed",
            &json!({ "cfg_rev": revision }),
        );
        self.change(now, "sys", &json!({ "cfg_rev": revision }));
    }

    /// Changes the status of a component; only what differs is pushed.
    pub(crate) fn change(&mut self, now: Duration, key: &str, patch: &Value) {
        let Some(mut delta) = self.patch(key, patch) else {
            return;
        };
        if let Some((_, id)) = key.split_once(':')
            && let Ok(id) = id.parse::<u64>()
        {
            delta["id"] = json!(id);
        }
        let mut params = json!({ "ts": timestamp(now) });
        params[key] = delta;
        self.notify("NotifyStatus", &params);
    }

    /// Merges a patch silently; returns what differs.
    fn patch(&mut self, key: &str, patch: &Value) -> Option<Value> {
        let status = self.status.get_mut(key)?;
        let delta = difference(status, patch)?;
        merge(status, &delta);
        Some(delta)
    }

    /// Reports an event of a component.
    pub(crate) fn event(
        &mut self,
        now: Duration,
        component: &str,
        id: Option<u64>,
        event: &str,
        extra: &Value,
    ) {
        let mut report = json!({ "component": component, "event": event, "ts": timestamp(now) });
        if let Some(id) = id {
            report["id"] = json!(id);
        }
        merge(&mut report, extra);
        let params = json!({ "ts": timestamp(now), "events": [report] });
        self.notify("NotifyEvent", &params);
    }

    /// Adds a component, as a user may on the device's page.
    pub(crate) fn add(&mut self, now: Duration, key: &str, config: Value, status: Value) {
        self.insert(Component {
            key: key.to_owned(),
            config,
            status,
            dynamic: true,
        });
        self.event(
            now,
            "sys",
            None,
            "component_added",
            &json!({ "target": key }),
        );
    }

    /// Removes a component.
    pub(crate) fn remove(&mut self, now: Duration, key: &str) {
        self.config.remove(key);
        self.status.remove(key);
        self.dynamic.retain(|other| other != key);
        self.event(
            now,
            "sys",
            None,
            "component_removed",
            &json!({ "target": key }),
        );
    }

    /// A notification with everything, which an outbound connection begins
    /// with.
    pub(crate) fn full_notification(&mut self, now: Duration) -> String {
        let mut params = self.full_status(now);
        params["ts"] = json!(timestamp(now));
        json!({
            "src": self.id, "dst": "ws", "method": "NotifyFullStatus", "params": params,
        })
        .to_string()
    }

    fn notify(&mut self, method: &str, params: &Value) {
        for channel in self.channels.values() {
            let Some(source) = &channel.source else {
                continue;
            };
            let frame = json!({
                "src": self.id, "dst": source, "method": method, "params": params,
            });
            // A full queue loses it; a closed one is removed soon.
            let _ = channel.out.try_send(frame.to_string());
        }
    }

    /// Sends a text to every client as it is, whatever it is.
    pub(crate) fn send_raw(&mut self, text: &str) {
        for channel in self.channels.values() {
            let _ = channel.out.try_send(text.to_owned());
        }
    }

    pub(crate) fn answer_with(&mut self, method: &str, result: Option<&Value>) {
        match result {
            Some(result) => self.answers.insert(method.to_owned(), result.clone()),
            None => self.answers.remove(method),
        };
    }

    /// Adds a client; it is notified from the start if its `src` is known.
    pub(crate) fn open_channel(&mut self, source: Option<&str>) -> (u64, mpsc::Receiver<String>) {
        let (out, queue) = mpsc::channel(QUEUE);
        self.next_channel += 1;
        let source = source.map(str::to_owned);
        self.channels
            .insert(self.next_channel, Channel { source, out });
        (self.next_channel, queue)
    }

    /// Whether there is a slot for another client.
    pub(crate) fn has_slot(&self) -> bool {
        self.channels.len() < self.options.channels
    }

    pub(crate) fn close_channel(&mut self, number: u64) {
        self.channels.remove(&number);
    }

    /// A frame with a `src` arrived: from now on the client is notified.
    pub(crate) fn identify(&mut self, number: u64, source: &str) {
        if let Some(channel) = self.channels.get_mut(&number) {
            channel.source = Some(source.to_owned());
        }
    }

    pub(crate) fn record(&mut self, seen: Seen) {
        if self.log.len() == LOG {
            self.log.pop_front();
        }
        self.log.push_back(seen);
    }

    pub(crate) fn log(&self) -> Vec<Seen> {
        self.log.iter().cloned().collect()
    }

    /// Starts from the beginning, with the outputs as they were.
    pub(crate) fn boot(&mut self, now: Duration) {
        self.booted = now;
        self.nonces.expire_all();
    }

    /// Another firmware was installed.
    pub(crate) fn installed(&mut self, version: &str) {
        self.version = version.to_owned();
        let id = self.firmware_id();
        if let Some(sys) = self.config.get_mut("sys") {
            sys["device"]["fw_id"] = json!(id);
        }
        if let Some(sys) = self.status.get_mut("sys") {
            sys["available_updates"] = json!({});
        }
    }
}

/// A time as the device writes it, in seconds.
fn timestamp(now: Duration) -> f64 {
    1_790_000_000.0 + (now.as_secs_f64() * 100.0).round() / 100.0
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_notified_only_after_a_frame_with_its_source() {
        let mut core = Core::new("shelly-x".into(), "X".into(), ShellyOptions::default(), 1);
        let (number, mut queue) = core.open_channel(None);
        core.change(Duration::ZERO, "switch:0", &json!({ "output": true }));
        assert!(queue.try_recv().is_err());
        core.identify(number, "me");
        core.change(Duration::ZERO, "switch:0", &json!({ "output": true }));
        assert!(queue.try_recv().is_err(), "nothing changed");
        core.change(Duration::ZERO, "switch:0", &json!({ "output": false }));
        let frame: Value = serde_json::from_str(&queue.try_recv().unwrap()).unwrap();
        assert_eq!(frame["method"], "NotifyStatus");
        assert_eq!(frame["dst"], "me");
        assert_eq!(
            frame["params"]["switch:0"],
            json!({ "id": 0, "output": false })
        );
    }
}

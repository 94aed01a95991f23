//! A board as far as a dialect can tell: it is asked and answers by topics.

use std::time::{Duration, Instant};

use protocol::{
    ComponentKey, FromBoard, Id, NotifyEvent, NotifyStatus, Object, Request, Response, State,
    method,
};
use serde_json::{Value, json};

use crate::{Action, Actions, Dialect, Payload, Problem, Received, tasmota::Tasmota};

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
pub(super) struct Rig {
    pub(super) dialect: Tasmota,
    pub(super) now: Instant,
    pub(super) sent: Vec<(String, String)>,
    pub(super) messages: Vec<FromBoard>,
    pub(super) alive: usize,
    pub(super) ended: Option<Problem>,
    requests: i64,
}

impl Rig {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        let mut rig = Self {
            dialect: Tasmota::new(now),
            now,
            sent: Vec::new(),
            messages: Vec::new(),
            alive: 0,
            ended: None,
            requests: 0,
        };
        rig.act(|dialect, now, out| dialect.opened(now, out));
        rig
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

    fn act(&mut self, act: impl FnOnce(&mut Tasmota, Instant, &mut Actions)) {
        let mut actions = Actions::default();
        act(&mut self.dialect, self.now, &mut actions);
        for action in actions.take() {
            match action {
                Action::Send {
                    payload:
                        Payload::Mqtt {
                            topic,
                            payload,
                            retain,
                        },
                    ..
                } => {
                    assert!(!retain, "a command is never retained");
                    self.sent.push((topic, String::from_utf8(payload).unwrap()));
                }
                Action::Send { .. } => unreachable!("only messages of a broker"),
                Action::Message(message) => self.messages.push(message),
                Action::Alive => self.alive += 1,
                Action::End(problem) => self.ended = Some(problem),
                Action::Decoded(_) | Action::Fetch { .. } => {}
            }
        }
    }

    fn message(&mut self, topic: &str, payload: &[u8], retained: bool) {
        self.act(|dialect, now, out| {
            let received = Received::Mqtt {
                topic,
                payload,
                retained,
            };
            dialect.received(now, received, out);
        });
    }

    pub(super) fn hear(&mut self, topic: &str, payload: &str) {
        self.message(topic, payload.as_bytes(), false);
    }

    pub(super) fn retained(&mut self, topic: &str, payload: &str) {
        self.message(topic, payload.as_bytes(), true);
    }

    pub(super) fn hear_bytes(&mut self, topic: &str, payload: &[u8]) {
        self.message(topic, payload, false);
    }

    /// A request; its number.
    pub(super) fn request(&mut self, method: &str, params: Value) -> i64 {
        self.requests += 1;
        let params: Object = serde_json::from_value(params).unwrap();
        let request = Request {
            id: Some(Id::Number(self.requests)),
            method: method.to_owned(),
            params,
        };
        self.act(|dialect, now, out| dialect.request(now, &request, out));
        self.requests
    }

    pub(super) fn advance(&mut self, by: Duration) {
        self.now += by;
        while self
            .dialect
            .next_deadline()
            .is_some_and(|due| due <= self.now)
        {
            self.act(|dialect, now, out| dialect.tick(now, out));
        }
    }

    /// The answer to a request, if there was one.
    pub(super) fn answer(&self, number: i64) -> Option<&Response> {
        self.messages.iter().find_map(|message| match message {
            FromBoard::Response(response) if response.id == Some(Id::Number(number)) => {
                Some(response)
            }
            _ => None,
        })
    }

    pub(super) fn is_confirmed(&self, number: i64) -> bool {
        self.answer(number)
            .is_some_and(|answer| answer.outcome.is_ok())
    }

    /// Why a request was refused.
    pub(super) fn refusal(&self, number: i64) -> String {
        let answer = self.answer(number).unwrap();
        answer.outcome.clone().unwrap_err().message
    }

    pub(super) fn state(&mut self, key: &str) -> State {
        let number = self.request(method::DEVICE_GET_STATUS, json!({}));
        let answer = self.answer(number).unwrap().outcome.clone().unwrap();
        serde_json::from_value(answer[key].clone()).unwrap_or_default()
    }

    /// The keys and names of the components.
    pub(super) fn components(&mut self) -> Vec<(String, String)> {
        let number = self.request(method::DEVICE_GET_COMPONENTS, json!({}));
        let answer = self.answer(number).unwrap().outcome.clone().unwrap();
        let listed = answer["components"].as_array().unwrap().iter();
        listed
            .map(|one| {
                let text = |field: &str| one[field].as_str().unwrap().to_owned();
                (text("key"), text("name"))
            })
            .collect()
    }

    pub(super) fn descriptor(&mut self, key: &str) -> Value {
        let number = self.request(method::DEVICE_GET_COMPONENTS, json!({}));
        let answer = self.answer(number).unwrap().outcome.clone().unwrap();
        let mut listed = answer["components"].as_array().unwrap().iter();
        listed.find(|one| one["key"] == key).cloned().unwrap()
    }

    pub(super) fn changes(&self) -> Vec<&NotifyStatus> {
        let messages = self.messages.iter();
        messages
            .filter_map(|message| match message {
                FromBoard::Status(status) => Some(status),
                _ => None,
            })
            .collect()
    }

    pub(super) fn events(&self) -> Vec<(ComponentKey, String)> {
        let events = |message| match message {
            &FromBoard::Event(NotifyEvent { ref events, .. }) => Some(events),
            _ => None,
        };
        let all = self.messages.iter().filter_map(events).flatten();
        all.map(|event| (event.component.clone(), event.event.clone()))
            .collect()
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

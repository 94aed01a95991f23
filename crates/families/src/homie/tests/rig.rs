//! A connection to a device, and what came of it.

use std::time::{Duration, Instant};

use protocol::{FromBoard, Id, NotifyEvent, Object, Request, Response, State, method};
use serde_json::{Value, json};

use crate::{Action, Actions, Dialect, Payload, Problem, Received, homie::Homie};

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

pub(super) struct Rig {
    dialect: Homie,
    now: Instant,
    pub(super) sent: Vec<(String, Vec<u8>)>,
    pub(super) messages: Vec<FromBoard>,
    pub(super) alive: usize,
    pub(super) ended: Option<Problem>,
    requests: i64,
}

impl Rig {
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self {
            dialect: Homie::new(now),
            now,
            sent: Vec::new(),
            messages: Vec::new(),
            alive: 0,
            ended: None,
            requests: 0,
        }
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

    fn act(&mut self, act: impl FnOnce(&mut Homie, Instant, &mut Actions)) {
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
                    self.sent.push((topic, payload));
                }
                Action::Message(message) => self.messages.push(message),
                Action::Alive => self.alive += 1,
                Action::End(problem) => self.ended = Some(problem),
                Action::Send { .. } | Action::Decoded(_) | Action::Fetch { .. } => {}
            }
        }
    }

    pub(super) fn message(&mut self, topic: &str, payload: &[u8], retained: bool) {
        self.act(|dialect, now, out| {
            let received = Received::Mqtt {
                topic,
                payload,
                retained,
            };
            dialect.received(now, received, out);
        });
    }

    pub(super) fn hear(&mut self, path: &str, payload: &str) {
        self.message(&format!("{TOPIC}/{path}"), payload.as_bytes(), false);
    }

    pub(super) fn retained(&mut self, path: &str, payload: &str) {
        self.message(&format!("{TOPIC}/{path}"), payload.as_bytes(), true);
    }

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

    pub(super) fn refusal(&self, number: i64) -> String {
        let answer = self.answer(number).unwrap();
        answer.outcome.clone().unwrap_err().message
    }

    /// The description of the component with this name.
    pub(super) fn named(&mut self, name: &str) -> Value {
        let number = self.request(method::DEVICE_GET_COMPONENTS, json!({}));
        let answer = self.answer(number).unwrap().outcome.clone().unwrap();
        let mut listed = answer["components"].as_array().unwrap().iter();
        listed.find(|one| one["name"] == name).cloned().unwrap()
    }

    /// The number of the component with this name.
    pub(super) fn id(&mut self, name: &str) -> u64 {
        let key = self.named(name)["key"].as_str().unwrap().to_owned();
        key.split_once(':').unwrap().1.parse().unwrap()
    }

    pub(super) fn state(&mut self, name: &str) -> State {
        let key = self.named(name)["key"].as_str().unwrap().to_owned();
        let number = self.request(method::DEVICE_GET_STATUS, json!({}));
        let answer = self.answer(number).unwrap().outcome.clone().unwrap();
        serde_json::from_value(answer[&key].clone()).unwrap_or_default()
    }

    pub(super) fn events(&self) -> Vec<String> {
        let events = |message| match message {
            &FromBoard::Event(NotifyEvent { ref events, .. }) => Some(events),
            _ => None,
        };
        let all = self.messages.iter().filter_map(events).flatten();
        all.map(|event| event.event.clone()).collect()
    }
}

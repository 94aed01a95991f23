//! A board made of frames: what goes in, and which actions come out. The
//! fixtures are our own, after the JSON API's documentation.

mod commands;
mod complaints;
mod conversation;
mod hostile;
mod names;
mod preview;
mod refusals;

use std::time::Duration;

use protocol::{
    ComponentKey, Descriptor, FromBoard, Id, NotifyStatus, Request, RpcError, State, method,
};
use serde_json::{Value, json};
use web_time::Instant;

use super::Wled;
use crate::{Action, Actions, Dialect, Payload, Problem, Received};

const EFFECTS: &str = r#"["Solid","Blink","RSVD","Rainbow","-","Fire 2012"]"#;
const PALETTES: &str = r#"["Default","* Color 1","Party"]"#;
const PRESETS: &str = r#"{"0":{},"1":{"n":"Evening","on":true},"2":{"n":"Movie"},
    "7":{"n":"Party loop","playlist":{"ps":[1,2],"dur":[100,100]}}}"#;

/// The lists of names, in the order in which they are read.
const LISTS: [(&str, &str); 3] = [
    ("/json/eff", EFFECTS),
    ("/json/pal", PALETTES),
    ("/presets.json", PRESETS),
];

/// A segment of a strip with colors.
fn segment(id: u16) -> Value {
    json!({ "id": id, "start": 0, "stop": 30, "len": 30, "on": true, "bri": 255, "cct": 127,
        "col": [[255, 160, 0], [0, 0, 0], [0, 0, 0]], "fx": 0, "sx": 128, "ix": 64, "pal": 0 })
}

/// What a board with these segments reports.
fn report(segments: &[Value]) -> Value {
    let capabilities = vec![1; segments.len()];
    json!({
        "state": { "on": true, "bri": 128, "transition": 7, "ps": -1, "pl": -1,
            "nl": { "on": false, "dur": 60, "mode": 1, "tbri": 0, "rem": -1 },
            "udpn": { "send": false, "recv": true, "sgrp": 1, "rgrp": 1 },
            "lor": 0, "mainseg": 0, "seg": segments },
        "info": { "ver": "0.15.0", "vid": 2_410_140, "release": "ESP32", "name": "Shelf",
            "leds": { "count": 30, "pwr": 536, "maxpwr": 850, "seglc": capabilities, "lc": 1 },
            "fxcount": 6, "palcount": 3, "wifi": { "rssi": -44 },
            "fs": { "u": 20, "t": 983, "pmt": 1_721_752_272 }, "arch": "esp32",
            "freeheap": 164_804, "uptime": 79_769, "brand": "WLED", "product": "FOSS",
            "mac": "0200000a1b2c" },
    })
}

/// A dialect with a clock.
struct Bench {
    wled: Wled,
    now: Instant,
    requests: i64,
}

/// What a dialect wanted done.
#[derive(Debug, Default)]
struct Done {
    /// Texts that were sent, without `ping`.
    sent: Vec<Value>,
    pings: usize,
    fetches: Vec<String>,
    decoded: Vec<String>,
    messages: Vec<FromBoard>,
    end: Option<Problem>,
}

impl Done {
    /// The outcome of a request.
    fn outcome(&self, id: i64) -> Option<&Result<Value, RpcError>> {
        self.messages.iter().find_map(|message| match message {
            FromBoard::Response(response) if response.id == Some(Id::Number(id)) => {
                Some(&response.outcome)
            }
            _ => None,
        })
    }

    fn is_confirmed(&self, id: i64) -> bool {
        matches!(self.outcome(id), Some(Ok(_)))
    }

    /// Why a request was refused.
    fn reason(&self, id: i64) -> Option<&str> {
        match self.outcome(id)? {
            Ok(_) => None,
            Err(error) => Some(&error.data.reason),
        }
    }

    fn pushes(&self) -> Vec<&NotifyStatus> {
        let pushes = self.messages.iter().filter_map(|message| match message {
            FromBoard::Status(status) => Some(status),
            _ => None,
        });
        pushes.collect()
    }
}

impl Bench {
    fn new() -> Self {
        let now = Instant::now() + Duration::from_secs(1_000_000);
        let mut bench = Self {
            wled: Wled::new(now),
            now,
            requests: 0,
        };
        bench.act(|wled, now, out| wled.opened(now, out));
        bench
    }

    /// A board whose names were read and that is subscribed to.
    fn ready(report: &Value) -> Self {
        let mut bench = Self::new();
        bench.receive(report);
        bench.names();
        bench.request(method::DEVICE_SUBSCRIBE, json!({}));
        bench
    }

    /// Answers all requests for names.
    fn names(&mut self) {
        for (path, body) in LISTS {
            self.fetched(path, Ok(body));
        }
    }

    fn act(&mut self, act: impl FnOnce(&mut Wled, Instant, &mut Actions)) -> Done {
        let mut actions = Actions::default();
        act(&mut self.wled, self.now, &mut actions);
        let mut done = Done::default();
        for action in actions.take() {
            match action {
                Action::Send {
                    payload: Payload::Text(text),
                    ..
                } if text == "ping" => {
                    done.pings += 1;
                }
                Action::Send {
                    payload: Payload::Text(text),
                    ..
                } => {
                    assert!(text.len() <= 1_400, "{text}");
                    done.sent.push(serde_json::from_str(&text).expect("JSON"));
                }
                Action::Send { .. } => unreachable!("WLED reads only text"),
                Action::Fetch { path } => done.fetches.push(path),
                Action::Decoded(text) => done.decoded.push(text),
                Action::Message(message) => done.messages.push(message),
                Action::Alive => unreachable!("WLED is pinged"),
                Action::End(problem) => done.end = Some(problem),
            }
        }
        done
    }

    fn text(&mut self, text: &str) -> Done {
        self.act(|wled, now, out| wled.received(now, Received::Text(text), out))
    }

    fn receive(&mut self, message: &Value) -> Done {
        self.text(&message.to_string())
    }

    fn binary(&mut self, bytes: &[u8]) -> Done {
        self.act(|wled, now, out| wled.received(now, Received::Binary(bytes), out))
    }

    fn fetched(&mut self, path: &str, body: Result<&str, &str>) -> Done {
        self.act(|wled, now, out| wled.fetched(now, path, body, out))
    }

    /// Sends a request; its number is in [`Self::requests`].
    #[expect(
        clippy::needless_pass_by_value,
        reason = "written as json! in each call"
    )]
    fn request(&mut self, method: &str, params: Value) -> Done {
        self.requests += 1;
        let request = Request::new(self.requests, method, &params);
        self.act(|wled, now, out| wled.request(now, &request, out))
    }

    /// Sends a command that is allowed, and returns its message.
    fn command(&mut self, method: &str, params: Value) -> Value {
        let done = self.request(method, params);
        assert_eq!(
            done.outcome(self.requests),
            None,
            "it is answered once it is carried out"
        );
        let [message] = &done.sent[..] else {
            unreachable!("one message is sent, not {:?}", done.sent)
        };
        message.clone()
    }

    /// Time passes, deadline by deadline.
    fn pass(&mut self, time: Duration) -> Done {
        let end = self.now + time;
        let mut all = Done::default();
        while let Some(due) = self.wled.next_deadline().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            let done = self.act(|wled, now, out| wled.tick(now, out));
            all.sent.extend(done.sent);
            all.pings += done.pings;
            all.fetches.extend(done.fetches);
            all.messages.extend(done.messages);
            assert!(
                self.wled.next_deadline().is_none_or(|next| next > self.now),
                "a deadline that has passed is still due"
            );
        }
        self.now = end;
        all
    }

    fn components(&mut self) -> Vec<Descriptor> {
        let done = self.request(method::DEVICE_GET_COMPONENTS, json!({}));
        let Some(Ok(page)) = done.outcome(self.requests) else {
            return Vec::new();
        };
        serde_json::from_value(page["components"].clone()).expect("descriptions")
    }

    fn keys(&mut self) -> Vec<String> {
        self.components()
            .iter()
            .map(|component| component.key.to_string())
            .collect()
    }

    fn state(&self, key: &str) -> State {
        let key: ComponentKey = key.parse().expect("a key");
        self.wled.shadow.state(&key).cloned().unwrap_or_default()
    }

    fn field(&self, key: &str, field: &str) -> Value {
        self.state(key)
            .get(field)
            .cloned()
            .unwrap_or(json!("absent"))
    }
}

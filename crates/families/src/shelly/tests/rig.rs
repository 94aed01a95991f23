//! A dialect connected to a [`Device`], with a clock of its own.

use std::time::Duration;

use protocol::{FromBoard, Id, Object, Request, Response, RpcError};
use serde_json::Value;
use web_time::Instant;
use zeroize::Zeroizing;

use super::device::Device;
use crate::{Action, Actions, Credential, Dialect, Payload, Problem, Received, shelly::Shelly};

pub(super) struct Rig {
    pub(super) dialect: Shelly,
    pub(super) device: Device,
    pub(super) now: Instant,
    pub(super) messages: Vec<FromBoard>,
    pub(super) ended: Option<Problem>,
    out: Actions,
    last: i64,
}

impl Rig {
    /// Connected, and the session has sent its first requests.
    pub(super) fn new(device: Device, password: Option<&str>) -> Self {
        let now = Instant::now();
        let password = password.map(|text| Credential::Password(Zeroizing::new(text.to_owned())));
        let mut rig = Self::with(Shelly::new(now, password, [7; 32]), device, now);
        rig.dialect.opened(now, &mut rig.out);
        rig.read();
        rig
    }

    pub(super) fn with(dialect: Shelly, device: Device, now: Instant) -> Self {
        Self {
            dialect,
            device,
            now,
            messages: Vec::new(),
            ended: None,
            out: Actions::default(),
            last: 0,
        }
    }

    /// What a session requests first; it subscribes once it has the rest.
    pub(super) fn read(&mut self) {
        self.request("Device.GetInfo", Value::Null);
        self.request("Device.GetComponents", Value::Null);
        self.request("Device.Subscribe", Value::Null);
    }

    /// Sends a request; its number.
    pub(super) fn request(&mut self, method: &str, params: Value) -> i64 {
        self.last += 1;
        let request = Request {
            id: Some(Id::Number(self.last)),
            method: method.to_owned(),
            params: match params {
                Value::Object(params) => params,
                _ => Object::new(),
            },
        };
        self.dialect.request(self.now, &request, &mut self.out);
        self.run();
        self.last
    }

    /// The board sends this.
    pub(super) fn receive(&mut self, text: &str) {
        let received = Received::Text(text);
        self.dialect.received(self.now, received, &mut self.out);
        self.run();
    }

    /// The board pushes this, if it pushes at all.
    pub(super) fn push(&mut self, change: Value) {
        if let Some(text) = self.device.push(change) {
            self.receive(&text);
        }
    }

    /// Time passes; the dialect ticks when it wants to.
    pub(super) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        let mut ticks = 0;
        while let Some(due) = self.dialect.next_deadline().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.dialect.tick(self.now, &mut self.out);
            self.run();
            ticks += 1;
            assert!(ticks < 10_000, "it ticks without end");
        }
        self.now = end;
    }

    fn run(&mut self) {
        loop {
            let actions = self.out.take();
            if actions.is_empty() {
                return;
            }
            for action in actions {
                match action {
                    Action::Send {
                        payload: Payload::Text(text),
                        ..
                    } => {
                        for answer in self.device.receive(&text) {
                            let received = Received::Text(&answer);
                            self.dialect.received(self.now, received, &mut self.out);
                        }
                    }
                    Action::Message(message) => self.messages.push(message),
                    Action::End(problem) => drop(self.ended.get_or_insert(problem)),
                    other => unreachable!("a Shelly needs no {other:?}"),
                }
            }
        }
    }

    /// The outcome of a request, if there is one.
    pub(super) fn outcome(&self, number: i64) -> Option<&Result<Value, RpcError>> {
        self.messages.iter().find_map(|message| match message {
            FromBoard::Response(Response {
                id: Some(Id::Number(id)),
                outcome,
            }) if *id == number => Some(outcome),
            _ => None,
        })
    }

    /// The result of a request.
    pub(super) fn result(&self, number: i64) -> &Value {
        match self.outcome(number) {
            Some(Ok(result)) => result,
            other => unreachable!("request {number}: {other:?}, {:?}", self.ended),
        }
    }

    /// The states that were pushed last, as JSON.
    pub(super) fn pushed(&self) -> Value {
        let last = self
            .messages
            .iter()
            .rev()
            .find_map(|message| match message {
                FromBoard::Status(status) => serde_json::to_value(status).ok(),
                _ => None,
            });
        last.unwrap_or_default()
    }

    pub(super) fn pushes(&self) -> usize {
        let is_push = |message: &&FromBoard| matches!(message, FromBoard::Status(_));
        self.messages.iter().filter(is_push).count()
    }

    /// The methods that the board received since `from`.
    pub(super) fn methods(&self, from: usize) -> Vec<&str> {
        let received = self.device.received.iter().skip(from);
        received
            .filter_map(|frame| frame["method"].as_str())
            .collect()
    }
}

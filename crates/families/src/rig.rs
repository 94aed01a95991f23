//! One connection of a dialect whose board is on a broker, and what came of it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use protocol::{
    ComponentKey, FromBoard, Id, NotifyEvent, NotifyStatus, Object, Request, Response, State,
    method,
};
use serde_json::{Value, json};
use web_time::Instant;

use crate::{Action, Actions, BrokerMessage, Dialect, Payload, Problem, Received};

pub(crate) struct Rig<D> {
    dialect: D,
    now: Instant,
    /// The prefix of the topics that are passed to [`Self::hear`] and
    /// [`Self::retained`].
    base: &'static str,
    pub(crate) sent: Vec<(String, String)>,
    pub(crate) messages: Vec<FromBoard>,
    pub(crate) alive: usize,
    pub(crate) ended: Option<Problem>,
    requests: i64,
}

impl<D: Dialect> Rig<D> {
    pub(crate) fn open(dialect: impl FnOnce(Instant) -> D, base: &'static str) -> Self {
        let now = Instant::now();
        let mut rig = Self {
            dialect: dialect(now),
            now,
            base,
            sent: Vec::new(),
            messages: Vec::new(),
            alive: 0,
            ended: None,
            requests: 0,
        };
        rig.act(|dialect, now, out| dialect.opened(now, out));
        rig
    }

    fn act(&mut self, act: impl FnOnce(&mut D, Instant, &mut Actions)) {
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
                Action::Send { .. } | Action::Fetch { .. } => {
                    unreachable!("only messages of a broker")
                }
                Action::Message(message) => self.messages.push(message),
                Action::Alive => self.alive += 1,
                Action::End(problem) => self.ended = Some(problem),
                Action::Decoded(_) => {}
            }
        }
    }

    /// A message on this whole topic.
    pub(crate) fn message(&mut self, topic: &str, payload: &[u8], retained: bool) {
        let message = BrokerMessage {
            topic,
            payload,
            retained,
        };
        self.act(|dialect, now, out| dialect.received(now, Received::Mqtt(message), out));
    }

    pub(crate) fn hear(&mut self, path: &str, payload: &str) {
        self.message(&format!("{}{path}", self.base), payload.as_bytes(), false);
    }

    pub(crate) fn retained(&mut self, path: &str, payload: &str) {
        self.message(&format!("{}{path}", self.base), payload.as_bytes(), true);
    }

    /// A request; its number.
    pub(crate) fn request(&mut self, method: &str, params: Value) -> i64 {
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

    pub(crate) fn advance(&mut self, by: Duration) {
        self.now += by;
        let is_due = |rig: &Self| {
            let due = rig.dialect.next_deadline();
            due.is_some_and(|due| due <= rig.now)
        };
        while is_due(self) {
            self.act(|dialect, now, out| dialect.tick(now, out));
        }
    }

    /// The answer to a request, if there was one.
    pub(crate) fn answer(&self, number: i64) -> Option<&Response> {
        self.messages.iter().find_map(|message| match message {
            FromBoard::Response(response) if response.id == Some(Id::Number(number)) => {
                Some(response)
            }
            _ => None,
        })
    }

    pub(crate) fn is_confirmed(&self, number: i64) -> bool {
        self.answer(number)
            .is_some_and(|answer| answer.outcome.is_ok())
    }

    /// Why a request was refused.
    pub(crate) fn refusal(&self, number: i64) -> String {
        let answer = self.answer(number).unwrap();
        answer.outcome.clone().unwrap_err().message
    }

    /// The result of a request that is answered at once.
    pub(crate) fn get(&mut self, method: &str) -> Value {
        let number = self.request(method, json!({}));
        self.answer(number).unwrap().outcome.clone().unwrap()
    }

    /// The state of the component with this key.
    pub(crate) fn state_of(&mut self, key: &str) -> State {
        let states = self.get(method::DEVICE_GET_STATUS);
        let state = states.get(key).cloned().unwrap_or_default();
        serde_json::from_value(state).unwrap_or_default()
    }

    /// The descriptions of the components.
    pub(crate) fn descriptors(&mut self) -> Vec<Value> {
        let page = self.get(method::DEVICE_GET_COMPONENTS);
        let listed = page.get("components").and_then(Value::as_array);
        listed.unwrap().clone()
    }

    pub(crate) fn changes(&self) -> Vec<&NotifyStatus> {
        let messages = self.messages.iter();
        messages
            .filter_map(|message| match message {
                FromBoard::Status(status) => Some(status),
                _ => None,
            })
            .collect()
    }

    pub(crate) fn events(&self) -> Vec<(ComponentKey, String)> {
        let events = |message| match message {
            &FromBoard::Event(NotifyEvent { ref events, .. }) => Some(events),
            _ => None,
        };
        let all = self.messages.iter().filter_map(events).flatten();
        all.map(|event| (event.component.clone(), event.event.clone()))
            .collect()
    }
}

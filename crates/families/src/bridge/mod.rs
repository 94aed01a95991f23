//! Boards that a bridge of Switchboard forwards to an MQTT broker
//! (`docs/mqtt.md`). What they say is ours already; only its envelope differs.
//!
//! A command is confirmed by the bridge's reply, which says what the board
//! answered. The broker and the bridge vouch for the board: a ping would only
//! measure the bridge.

mod directory;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, time::Duration};

use protocol::{
    Code, ComponentKey, Descriptor, DeviceInfo, Event, Id, Object, Request, RpcError, State,
    limits, method,
};
use sanitize::bounds;
use serde::Deserialize;
use serde_json::{Value, json};
use web_time::Instant;

use crate::{Actions, BrokerMessage, Dialect, Directory, Problem, Received, Shadow, Waiting};

/// The boards that bridges forward below this prefix. `sender` names this
/// program in the topics of replies; it is one level of a topic.
pub fn bridged_boards(prefix: &str, sender: &str) -> Box<dyn Directory> {
    Box::new(directory::Boards::new(prefix, sender))
}

/// The dialect of a new connection to a board that a bridge forwards.
pub fn bridged(now: Instant) -> Box<dyn Dialect> {
    Box::new(Bridged::new(now))
}

/// How long the retained states may take before the board is described without
/// those that are missing.
const STATES: Duration = Duration::from_millis(500);

/// A board's retained description.
#[derive(Debug, Deserialize)]
struct Description {
    info: DeviceInfo,
    #[serde(default)]
    components: Vec<Descriptor>,
    #[serde(default)]
    family: Option<String>,
    #[serde(default)]
    bridge: String,
}

impl Description {
    fn parse(payload: &[u8]) -> Result<Self, String> {
        let mut description: Self =
            serde_json::from_slice(payload).map_err(|error| error.to_string())?;
        description.info = bounds::info(description.info);
        description.components.truncate(bounds::COMPONENTS);
        let components = std::mem::take(&mut description.components);
        description.components = components.into_iter().map(bounds::descriptor).collect();
        description.bridge = bounds::name(&description.bridge);
        Ok(description)
    }
}

/// Whether `{"state":"online"}`; `None` if it says neither.
fn is_online(payload: &[u8]) -> Option<bool> {
    let message: Value = serde_json::from_slice(payload).ok()?;
    match message.get("state")?.as_str()? {
        "online" => Some(true),
        "offline" => Some(false),
        _ => None,
    }
}

/// One connection to a board.
#[derive(Debug)]
struct Bridged {
    shadow: Shadow,
    /// `PREFIX/SITE/BOARD`, once it is known.
    topic: String,
    /// Where replies go.
    reply_to: String,
    description: Option<(DeviceInfo, Vec<Descriptor>)>,
    early: BTreeMap<ComponentKey, State>,
    describe_by: Option<Instant>,
    waiting: Waiting<Id>,
}

impl Bridged {
    fn new(now: Instant) -> Self {
        Self {
            shadow: Shadow::new(now),
            topic: String::new(),
            reply_to: String::new(),
            description: None,
            early: BTreeMap::new(),
            describe_by: None,
            waiting: Waiting::default(),
        }
    }

    fn message(&mut self, now: Instant, message: BrokerMessage<'_>, out: &mut Actions) {
        let BrokerMessage {
            topic,
            payload,
            retained,
        } = message;
        if topic.contains("/$replies/") {
            return match payload.is_empty() {
                true => topic.clone_into(&mut self.reply_to),
                false => self.replied(now, payload, out),
            };
        }
        if let Some(board) = topic.strip_suffix("/$description") {
            return self.described(now, board, payload, out);
        }
        if topic.ends_with("/$availability") || topic.contains("/$bridge/") {
            if is_online(payload) == Some(false) {
                out.end(Problem::Offline);
            }
            return;
        }
        let inner = topic.strip_prefix(self.topic.as_str());
        let Some(path) = inner.and_then(|inner| inner.strip_prefix('/')) else {
            return;
        };
        if payload.len() > limits::MESSAGE_INTO_CONTROLLER {
            return;
        }
        match path.strip_suffix("/event") {
            Some(key) if !retained => self.event(now, key, payload, out),
            Some(_) => {}
            None => self.state(now, path, payload, out),
        }
    }

    fn described(&mut self, now: Instant, board: &str, payload: &[u8], out: &mut Actions) {
        let description = match Description::parse(payload) {
            Ok(description) => description,
            Err(problem) if self.description.is_none() => {
                let problem = format!("its description cannot be read: {problem}");
                return out.end(Problem::NotABoard(bounds::text(problem)));
            }
            Err(_) => return,
        };
        board.clone_into(&mut self.topic);
        self.shadow.identify(now, description.info.clone(), out);
        self.description = Some((description.info, description.components));
        if self.shadow.is_known() {
            self.describe(now, out);
        } else {
            self.describe_by = Some(now + STATES);
        }
    }

    fn describe(&mut self, now: Instant, out: &mut Actions) {
        self.describe_by = None;
        let Some((info, components)) = &self.description else {
            return;
        };
        let mut states = std::mem::take(&mut self.early);
        for descriptor in components {
            if let Some(known) = self.shadow.state(&descriptor.key) {
                let known = known.clone();
                states.entry(descriptor.key.clone()).or_insert(known);
            }
        }
        states.retain(|key, _| components.iter().any(|one| one.key == *key));
        let (info, components) = (info.clone(), components.clone());
        self.shadow.describe(now, info, components, states, out);
    }

    fn state(&mut self, now: Instant, key: &str, payload: &[u8], out: &mut Actions) {
        let Ok(key) = key.parse::<ComponentKey>() else {
            return;
        };
        let Ok(state) = serde_json::from_slice::<State>(payload) else {
            return;
        };
        if !bounds::fits(&state) {
            return;
        }
        if self.shadow.component(&key).is_some() {
            self.shadow.update(now, [(key, state)], None, out);
        } else if !self.shadow.is_known() && self.early.len() < bounds::COMPONENTS {
            self.early.insert(key, state);
        }
    }

    fn event(&self, now: Instant, key: &str, payload: &[u8], out: &mut Actions) {
        let Ok(component) = key.parse::<ComponentKey>() else {
            return;
        };
        let Ok(message) = serde_json::from_slice::<Value>(payload) else {
            return;
        };
        if let Some(event) = message.get("event").and_then(Value::as_str) {
            let event = Event {
                component,
                event: bounds::text(event.to_owned()),
                extra: Object::new(),
            };
            self.shadow.events(now, vec![event], None, out);
        }
    }

    fn replied(&mut self, now: Instant, payload: &[u8], out: &mut Actions) {
        let Ok(reply) = serde_json::from_slice::<Value>(payload) else {
            return;
        };
        let id = reply.get("id").cloned();
        let Some(id) = id.and_then(|id| serde_json::from_value::<Id>(id).ok()) else {
            return;
        };
        let Some((id, _)) = self.waiting.take(now, |awaited| *awaited == id).pop() else {
            return;
        };
        if let Some(error) = reply.get("error") {
            let error = serde_json::from_value::<RpcError>(error.clone());
            let error = error.unwrap_or_else(|_| {
                let message = "the bridge refuses it without a reason that can be read";
                RpcError::new(Code::InternalError, "refused", message)
            });
            Shadow::refuse(id, bounds::error(error), out);
        } else if reply.get("result").is_some() {
            self.shadow.confirm(id, out);
        }
        // Otherwise it is unconfirmed, which a command without an answer is.
    }

    fn command(&mut self, now: Instant, request: &Request, out: &mut Actions) {
        let Some(id) = request.id.clone() else { return };
        if !self.shadow.is_known() || self.reply_to.is_empty() {
            let message = "the bridge has not described the board yet";
            let error = RpcError::new(Code::FailedPrecondition, "not_ready", message);
            return Shadow::refuse(Some(id), error, out);
        }
        if let Err(error) = self.waiting.check_room(now) {
            return Shadow::refuse(Some(id), error, out);
        }
        let message = json!({
            "id": id, "method": request.method, "params": request.params,
            "reply_to": self.reply_to,
        });
        let topic = format!("{}/$command", self.topic);
        out.send_mqtt(topic, message.to_string());
        self.waiting.add(now, Some(id.clone()), id);
    }
}

impl Dialect for Bridged {
    fn opened(&mut self, _: Instant, _: &mut Actions) {}

    fn request(&mut self, now: Instant, request: &Request, out: &mut Actions) {
        if self.shadow.request(now, request, out) {
            return;
        }
        match request.method.as_str() {
            method::SYS_PING => {
                Shadow::vouched(request.id.clone(), "the bridge vouches for the board", out);
            }
            method::LOG_SUBSCRIBE => {
                let message = "a bridge does not forward the log of a board";
                let error = RpcError::new(Code::MethodNotFound, "no_such_method", message);
                Shadow::refuse(request.id.clone(), error, out);
            }
            _ => self.command(now, request, out),
        }
    }

    fn received(&mut self, now: Instant, received: Received<'_>, out: &mut Actions) {
        if let Received::Mqtt(message) = received {
            self.message(now, message, out);
        }
    }

    fn next_deadline(&self) -> Option<Instant> {
        self.describe_by
    }

    fn tick(&mut self, now: Instant, out: &mut Actions) {
        if self.describe_by.is_some_and(|due| now >= due) {
            self.describe(now, out);
        }
    }
}

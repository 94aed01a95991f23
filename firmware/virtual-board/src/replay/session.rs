//! What a replayed board knows and answers. Owns no socket and reads no clock.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use protocol::{
    Code, ComponentKey, ComponentsPage, DeviceInfo, Epoch, Event, Kind, LogFilter, LogLine,
    NotifyEvent, NotifyLog, NotifyStatus, Object, PROTOCOL_MAJOR, Pong, Request, Response,
    RpcError, Snapshot, Source, State, limits, log_message, mdns::Announcement, method,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Act, Description};

/// The first number of a controller. Recorded pushes name controllers of the
/// recorded board, which have small numbers.
const FIRST_CLIENT: u32 = 1_000;

/// The methods that are answered. All others are refused, and documented as
/// such.
const ANSWERED: [&str; 6] = [
    method::DEVICE_GET_INFO,
    method::DEVICE_GET_COMPONENTS,
    method::DEVICE_GET_STATUS,
    method::DEVICE_SUBSCRIBE,
    method::SYS_PING,
    method::LOG_SUBSCRIBE,
];

/// A controller of a replayed board.
#[derive(Debug)]
struct Client {
    /// The last `seq` that it was sent; `None` before it subscribed.
    seen: Option<u64>,
    log: LogFilter,
}

/// A replayed board.
pub(super) struct Session {
    description: Description,
    epoch: Epoch,
    seq: u64,
    clients: BTreeMap<u32, Client>,
    next_client: u32,
    /// The last lines of its log, at most [`limits::LOG_KEPT`] bytes.
    log: VecDeque<LogLine>,
    kept: usize,
    reachable: bool,
}

/// A message to a controller.
pub(super) type Message = (u32, String);

/// What a new description changes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Nothing.
    Nothing,
    /// The name or something else that is only announced.
    Announcement,
    /// The components: the board restarts.
    Restart,
}

impl Session {
    pub(super) fn new(description: Description, epoch: Epoch) -> Self {
        Self {
            description: replayed(description),
            epoch,
            seq: 0,
            clients: BTreeMap::new(),
            next_client: FIRST_CLIENT,
            log: VecDeque::new(),
            kept: 0,
            reachable: true,
        }
    }

    pub(super) fn info(&self) -> &DeviceInfo {
        &self.description.info
    }

    /// How many controllers are subscribed.
    pub(super) fn subscribers(&self) -> usize {
        let subscribed = |client: &&Client| client.seen.is_some();
        self.clients.values().filter(subscribed).count()
    }

    pub(super) fn is_reachable(&self) -> bool {
        self.reachable
    }

    pub(super) fn announcement(&self) -> Announcement {
        let info = &self.description.info;
        Announcement {
            id: info.id.clone(),
            mac: info.mac.clone(),
            friendly_name: info.name.clone(),
            version: info.version.clone(),
            platform: info.platform.clone(),
            board: info.board.clone(),
            proto: PROTOCOL_MAJOR,
            path: protocol::RPC_PATH.to_owned(),
            api_encryption: None,
        }
    }

    /// A controller has connected; returns its number. `None` if all slots are
    /// in use.
    pub(super) fn connect(&mut self) -> Option<u32> {
        if self.clients.len() >= limits::CONTROLLERS {
            return None;
        }
        let number = self.next_client;
        self.next_client = self.next_client.checked_add(1).unwrap_or(FIRST_CLIENT);
        let log = LogFilter::Off;
        self.clients.insert(number, Client { seen: None, log });
        Some(number)
    }

    pub(super) fn disconnect(&mut self, client: u32) {
        self.clients.remove(&client);
    }

    /// Takes a new description. After a restart, all controllers have to be
    /// disconnected.
    pub(super) fn describe(&mut self, description: Description, epoch: Epoch) -> Change {
        let description = replayed(description);
        let described = |new: &Description| {
            let keys = new.components.iter().map(|(descriptor, _)| descriptor);
            keys.cloned().collect::<Vec<_>>()
        };
        let before = std::mem::replace(&mut self.description, description);
        let after = &self.description;
        if described(&before) != described(after) || before.info.version != after.info.version {
            self.epoch = epoch;
            self.seq = 0;
            return Change::Restart;
        }
        if before.info == after.info {
            return Change::Nothing;
        }
        Change::Announcement
    }

    /// Differences between the present states and those of a description with
    /// the same components.
    pub(super) fn differences(&self, description: &Description) -> BTreeMap<ComponentKey, State> {
        let mut differences = BTreeMap::new();
        for (descriptor, state) in &description.components {
            let present = self.state(&descriptor.key);
            let mut change = state.clone();
            change
                .0
                .retain(|field, value| present.is_none_or(|now| now.get(field) != Some(value)));
            if !change.is_empty() {
                differences.insert(descriptor.key.clone(), change);
            }
        }
        differences
    }

    fn state(&self, key: &ComponentKey) -> Option<&State> {
        let mut components = self.description.components.iter();
        let found = components.find(|(descriptor, _)| descriptor.key == *key);
        found.map(|(_, state)| state)
    }

    /// Does something; returns what is sent.
    pub(super) fn act(&mut self, uptime: Duration, act: Act) -> Vec<Message> {
        match act {
            Act::Push { components, source } => self.push(uptime, components, source),
            Act::Event {
                component,
                event,
                source,
            } => {
                let event = Event {
                    component,
                    event,
                    extra: Object::new(),
                };
                self.event(uptime, event, source)
            }
            Act::Log { level, message } => {
                let line = LogLine {
                    uptime_ms: millis(uptime),
                    level,
                    message: log_message(&format_args!("{message}")),
                };
                self.line(uptime, line)
            }
            Act::Reachable(reachable) => {
                self.reachable = reachable;
                Vec::new()
            }
        }
    }

    fn push(
        &mut self,
        uptime: Duration,
        components: BTreeMap<ComponentKey, State>,
        source: Option<Source>,
    ) -> Vec<Message> {
        for (key, change) in &components {
            let mut slots = self.description.components.iter_mut();
            if let Some((_, state)) = slots.find(|(descriptor, _)| descriptor.key == *key) {
                state.merge(change);
            }
        }
        self.seq += 1;
        let mut status = NotifyStatus {
            epoch: self.epoch,
            prev: 0,
            seq: self.seq,
            uptime_ms: millis(uptime),
            source,
            components,
        };
        let mut messages = Vec::new();
        for (number, client) in &mut self.clients {
            if let Some(seen) = &mut client.seen {
                status.prev = std::mem::replace(seen, self.seq);
                messages.push((*number, notification(method::NOTIFY_STATUS, &status)));
            }
        }
        messages
    }

    pub(super) fn event(
        &mut self,
        uptime: Duration,
        event: Event,
        source: Option<Source>,
    ) -> Vec<Message> {
        let event = NotifyEvent {
            epoch: self.epoch,
            uptime_ms: millis(uptime),
            source,
            events: vec![event],
        };
        let text = notification(method::NOTIFY_EVENT, &event);
        let subscribed = self
            .clients
            .iter()
            .filter(|(_, client)| client.seen.is_some());
        subscribed
            .map(|(number, _)| (*number, text.clone()))
            .collect()
    }

    /// The event of a new name.
    pub(super) fn renamed(&mut self, uptime: Duration) -> Vec<Message> {
        let mut extra = Object::new();
        extra.insert("name".to_owned(), json!(self.description.info.name));
        let event = Event {
            component: ComponentKey::new(Kind::from("sys"), 0),
            event: "renamed".to_owned(),
            extra,
        };
        self.event(uptime, event, None)
    }

    fn line(&mut self, uptime: Duration, line: LogLine) -> Vec<Message> {
        let reads = |client: &Client| match client.log {
            LogFilter::Off => false,
            LogFilter::UpTo(level) => line.level <= level,
        };
        let readers: Vec<u32> = self
            .clients
            .iter()
            .filter_map(|(number, client)| reads(client).then_some(*number))
            .collect();
        let text = notification(method::NOTIFY_LOG, &self.lines(uptime, vec![line.clone()]));
        self.kept += line.message.len();
        self.log.push_back(line);
        while self.kept > limits::LOG_KEPT
            && let Some(oldest) = self.log.pop_front()
        {
            self.kept -= oldest.message.len();
        }
        readers
            .into_iter()
            .map(|number| (number, text.clone()))
            .collect()
    }

    fn lines(&self, uptime: Duration, lines: Vec<LogLine>) -> NotifyLog {
        NotifyLog {
            epoch: self.epoch,
            uptime_ms: millis(uptime),
            lost: 0,
            lines,
        }
    }

    /// Answers a message of a controller; what is sent to it, in order.
    pub(super) fn receive(&mut self, uptime: Duration, client: u32, text: &str) -> Vec<String> {
        let request = match Request::parse(text) {
            Ok(request) => request,
            Err(rejected) => {
                let outcome = Err(rejected.error);
                let id = rejected.id;
                return vec![Response { id, outcome }.to_json()];
            }
        };
        let (outcome, after) = match self.answer(uptime, client, &request) {
            Ok((result, after)) => (Ok(result), after),
            Err(error) => (Err(error), None),
        };
        let Some(id) = request.id else {
            return after.into_iter().collect();
        };
        let id = Some(id);
        let answer = Response { id, outcome }.to_json();
        std::iter::once(answer).chain(after).collect()
    }

    /// The result of a request, and a message that follows it.
    fn answer(
        &mut self,
        uptime: Duration,
        client: u32,
        request: &Request,
    ) -> Result<(Value, Option<String>), RpcError> {
        let result = match request.method.as_str() {
            method::DEVICE_GET_INFO => {
                let mut info = self.description.info.clone();
                info.epoch = self.epoch;
                info.uptime_ms = millis(uptime);
                json!(info)
            }
            method::DEVICE_GET_COMPONENTS => json!(self.page(&request.decode()?)),
            method::DEVICE_GET_STATUS => json!(self.snapshot(uptime, client)),
            method::DEVICE_SUBSCRIBE => {
                let seq = self.seq;
                if let Some(client) = self.clients.get_mut(&client) {
                    client.seen = Some(seq);
                }
                json!(self.snapshot(uptime, client))
            }
            method::SYS_PING => json!(Pong {
                uptime_ms: millis(uptime)
            }),
            method::LOG_SUBSCRIBE => return self.subscribe_log(uptime, client, request),
            other => return Err(refusal(other)),
        };
        Ok((result, None))
    }

    /// As many descriptions as fit into a message, at least one.
    fn page(&self, wanted: &Wanted) -> ComponentsPage {
        let all = &self.description.components;
        let mut page = ComponentsPage {
            offset: wanted.offset,
            total: all.len(),
            components: Vec::new(),
        };
        // The envelope of a response.
        let mut size = 256;
        let rest = all.iter().skip(wanted.offset);
        for (descriptor, _) in rest.take(wanted.limit.unwrap_or(usize::MAX)) {
            size += json!(descriptor).to_string().len() + 1;
            if size > limits::MESSAGE_OUT_OF_BOARD && !page.components.is_empty() {
                break;
            }
            page.components.push(descriptor.clone());
        }
        page
    }

    fn snapshot(&self, uptime: Duration, client: u32) -> Snapshot {
        let states = self.description.components.iter();
        let has_state = |kind: &Kind| !matches!(kind, Kind::Button | Kind::Event);
        Snapshot {
            epoch: self.epoch,
            seq: self.seq,
            uptime_ms: millis(uptime),
            client: Some(client),
            components: states
                .filter(|(descriptor, _)| has_state(&descriptor.key.kind))
                .map(|(descriptor, state)| (descriptor.key.clone(), state.clone()))
                .collect(),
        }
    }

    fn subscribe_log(
        &mut self,
        uptime: Duration,
        client: u32,
        request: &Request,
    ) -> Result<(Value, Option<String>), RpcError> {
        let wanted = match request.params.get("level") {
            None | Some(Value::Null) => LogFilter::default(),
            Some(Value::String(word)) => word.parse().map_err(|_| {
                let message = format!("level is error, warn, info, debug or off, not {word:?}");
                RpcError::new(Code::InvalidParams, "not_an_option", message)
            })?,
            Some(_) => {
                let message = "level is error, warn, info, debug or off";
                return Err(RpcError::new(Code::InvalidParams, "wrong_type", message));
            }
        };
        if let Some(client) = self.clients.get_mut(&client) {
            client.log = wanted;
        }
        let lines: Vec<LogLine> = match wanted {
            LogFilter::Off => Vec::new(),
            LogFilter::UpTo(level) => {
                let read = self.log.iter().filter(|line| line.level <= level);
                read.cloned().collect()
            }
        };
        let kept = (!lines.is_empty())
            .then(|| notification(method::NOTIFY_LOG, &self.lines(uptime, lines)));
        Ok((json!({ "level": wanted }), kept))
    }
}

/// The parameters of `Device.GetComponents`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    offset: usize,
    limit: Option<usize>,
}

/// The description with what a replayed board has.
fn replayed(mut description: Description) -> Description {
    description.info.features = vec!["log".to_owned()];
    description.info.proto = PROTOCOL_MAJOR;
    // Every response has those of the replay.
    (description.info.epoch, description.info.uptime_ms) = (Epoch(0), 0);
    description
}

/// Every command is refused: its effect would contradict what was recorded.
fn refusal(method: &str) -> RpcError {
    let known = method.split_once('.').is_some_and(|(namespace, _)| {
        let kind = namespace.to_ascii_lowercase();
        let of_a_board = ["device", "ota", "keys", "outbound", "clients", "log", "sys"];
        of_a_board.contains(&&*kind) || !matches!(Kind::from(&*kind), Kind::Unknown(_))
    });
    if !known {
        let message = format!(
            "there is no method {method:?}; a replay has {}",
            ANSWERED.join(", ")
        );
        return RpcError::new(Code::MethodNotFound, "no_such_method", message);
    }
    let message = "this is a replay: the board shows what was recorded and cannot be controlled";
    RpcError::new(Code::FailedPrecondition, "replay", message)
}

fn notification(method: &str, params: &impl Serialize) -> String {
    json!({ "jsonrpc": "2.0", "method": method, "params": params }).to_string()
}

fn millis(uptime: Duration) -> u64 {
    u64::try_from(uptime.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_that_differs_only_in_its_uptime_changes_nothing() {
        let described = |uptime_ms: u64, name: &str| Description {
            info: serde_json::from_value(json!({
                "id": "sb-1", "name": name, "mac": "", "version": "1.0.0", "platform": "virtual",
                "board": "", "proto": 1, "epoch": format!("{uptime_ms:08x}"),
                "uptime_ms": uptime_ms,
            }))
            .expect("a description"),
            components: Vec::new(),
        };
        let mut session = Session::new(described(1, "Lamp"), Epoch(1));
        let mut change = |uptime_ms, name| session.describe(described(uptime_ms, name), Epoch(2));
        assert_eq!(change(2, "Lamp"), Change::Nothing);
        assert_eq!(change(2, "Desk"), Change::Announcement);
    }
}

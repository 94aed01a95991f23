//! What a user can ask a board to do, and the queues in which commands wait:
//! one in flight per component, the newest `Set` wins, nothing is sent twice.
//! Knows neither sockets nor what is shown.

use std::collections::{BTreeMap, VecDeque};

use protocol::{
    Code, CommandResult, ComponentKey, Kind, Object, RpcError, State, limits::COMMAND_TIMEOUT,
    method,
};
use sanitize::bounds;
use serde_json::{Value, json};
use web_time::Instant;

use super::{
    connection::Connection,
    output::{Outputs, Report},
    requests::{Purpose, Request},
    state::{Outcome, Trail},
    trigger::Trigger,
};

/// Commands that wait for the one in flight, per component. Further ones are
/// refused.
const QUEUED: usize = 8;

/// Pushes that are remembered while a response is awaited.
const PUSHES: usize = 64;

/// Parameters of a `Set` that are not state.
const NOT_STATE: [&str; 1] = ["transition_ms"];

/// Names a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommandId(pub u64);

/// A command for a board.
#[derive(Debug, Clone, PartialEq)]
pub struct Command {
    /// Names it in [`Report::CommandDone`].
    pub id: CommandId,
    /// Commands for one component are sent in order; those for none have a
    /// queue of their own.
    pub component: Option<ComponentKey>,
    /// Which method.
    pub method: String,
    /// Its parameters.
    pub params: Object,
    /// The requested state, shown until the board reports.
    pub wanted: Option<State>,
    /// A newer one may replace it: a `Set`, not a toggle.
    pub replaceable: bool,
    /// Why it is refused without being sent, if the component's kind has no
    /// such command.
    pub refusal: Option<RpcError>,
}

impl Command {
    /// Sets these fields, by the `Set` method of the component's kind.
    pub fn set(id: CommandId, key: ComponentKey, change: State) -> Self {
        let method = match key.kind {
            Kind::Switch => method::SWITCH_SET,
            Kind::Light => method::LIGHT_SET,
            Kind::Cover => method::COVER_SET,
            Kind::Number => method::NUMBER_SET,
            Kind::Select => method::SELECT_SET,
            Kind::Text => method::TEXT_SET,
            _ => return Self::impossible(id, key, "set"),
        };
        let mut params = Object::from(change.0.clone());
        params.insert("id".to_owned(), json!(key.id));
        let mut wanted = change;
        wanted.0.retain(|field, _| !NOT_STATE.contains(&field));
        Self {
            wanted: Some(wanted),
            replaceable: true,
            ..Self::new(id, Some(key), method, params)
        }
    }

    /// `Switch.Toggle`, or `Light.Set` with the opposite of `on`, which is what
    /// is shown.
    pub fn toggle(id: CommandId, key: ComponentKey, on: Option<bool>) -> Self {
        let opposite = !on.unwrap_or(false);
        let mut params = target(&key);
        let (method, wanted) = match key.kind {
            // Only the board knows what an unknown switch becomes.
            Kind::Switch => (
                method::SWITCH_TOGGLE,
                on.map(|on| State::new().with("on", !on)),
            ),
            Kind::Light => {
                params.insert("on".to_owned(), json!(opposite));
                (method::LIGHT_SET, Some(State::new().with("on", opposite)))
            }
            _ => return Self::impossible(id, key, "toggled"),
        };
        Self {
            wanted,
            ..Self::new(id, Some(key), method, params)
        }
    }

    /// `Button.Press`.
    pub fn press(id: CommandId, key: ComponentKey) -> Self {
        if key.kind != Kind::Button {
            return Self::impossible(id, key, "pressed");
        }
        let params = target(&key);
        Self::new(id, Some(key), method::BUTTON_PRESS, params)
    }

    /// Opens, closes or stops a cover, or installs an update.
    pub fn trigger(id: CommandId, key: ComponentKey, trigger: Trigger) -> Self {
        if key.kind != trigger.kind() {
            return Self::impossible(id, key, trigger.participle());
        }
        let params = target(&key);
        Self::new(id, Some(key), trigger.method(), params)
    }

    /// Any method.
    pub fn call(id: CommandId, method: &str, params: Object) -> Self {
        Self::new(id, component_of(method, &params), method, params)
    }

    fn new(id: CommandId, component: Option<ComponentKey>, method: &str, params: Object) -> Self {
        Self {
            id,
            component,
            method: method.to_owned(),
            params,
            wanted: None,
            replaceable: false,
            refusal: None,
        }
    }

    /// Whether it does not wait for the one in flight: a cover that is to stop
    /// must not move on until an older command is answered.
    fn is_urgent(&self) -> bool {
        self.method == method::COVER_STOP
    }

    /// A command that the component's kind lacks: refused as the board would.
    fn impossible(id: CommandId, key: ComponentKey, done: &str) -> Self {
        let message = format!("a {} cannot be {done}", key.kind);
        Self {
            refusal: Some(RpcError::new(
                Code::MethodNotFound,
                "no_such_command",
                message,
            )),
            ..Self::new(id, Some(key), &format!("({done})"), Object::new())
        }
    }

    /// The report of its outcome, if nothing was sent.
    pub(crate) fn done(self, outcome: Outcome) -> Report {
        self.done_after(outcome, Trail::default())
    }

    fn done_after(self, outcome: Outcome, trail: Trail) -> Report {
        let Self {
            id,
            component,
            method,
            params,
            ..
        } = self;
        Report::CommandDone {
            id,
            component,
            method,
            params,
            outcome,
            trail,
        }
    }
}

fn target(key: &ComponentKey) -> Object {
    Object::from_iter([("id".to_owned(), json!(key.id))])
}

/// A call of `Light.Set` with `id` 0 keeps its order among the other commands
/// for `light:0`.
fn component_of(method: &str, params: &Object) -> Option<ComponentKey> {
    let kind = match method.split_once('.')?.0 {
        "Switch" => Kind::Switch,
        "Light" => Kind::Light,
        "Cover" => Kind::Cover,
        "Number" => Kind::Number,
        "Select" => Kind::Select,
        "Text" => Kind::Text,
        "Button" => Kind::Button,
        "Update" => Kind::Update,
        _ => return None,
    };
    let id = params
        .get("id")?
        .as_u64()
        .and_then(|id| u16::try_from(id).ok())?;
    Some(ComponentKey::new(kind, id))
}

/// What a queue is for: a component, or none. Urgent commands have a queue of
/// their own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct QueueKey {
    component: Option<ComponentKey>,
    urgent: bool,
}

#[derive(Debug)]
struct InFlight {
    request: i64,
    command: Command,
    /// When it was given: its timeout counts from then.
    issued: Instant,
    sent: Instant,
    answered: Option<Instant>,
    /// The response, while its effect has not been seen yet.
    accepted: Option<(u64, Value)>,
    /// The numbers of pushes that arrived before the response, the first
    /// [`PUSHES`] of them: one may be the effect.
    pushes: Vec<(u64, Instant)>,
}

impl InFlight {
    /// The report of its outcome; `seq` is the number of its push, if it has
    /// one.
    fn done(self, outcome: Outcome, seq: Option<u64>) -> Report {
        let after = |at: Instant| at.saturating_duration_since(self.issued);
        let pushed = self
            .pushes
            .iter()
            .find(|(pushed, _)| Some(*pushed) == seq)
            .map(|(_, at)| after(*at));
        let trail = Trail {
            request: Some(self.request),
            sent: Some(after(self.sent)),
            answered: self.answered.map(after),
            pushed,
            seq: seq.filter(|_| pushed.is_some()),
        };
        self.command.done_after(outcome, trail)
    }
}

#[derive(Debug, Default)]
struct Queue {
    in_flight: Option<InFlight>,
    waiting: VecDeque<(Instant, Command)>,
}

impl Queue {
    fn wanted(&self) -> Option<State> {
        let in_flight = self.in_flight.iter().map(|in_flight| &in_flight.command);
        let mut changes = in_flight.chain(self.waiting.iter().map(|(_, command)| command));
        let first = changes.find_map(|command| command.wanted.clone())?;
        let newer = changes.filter_map(|command| command.wanted.as_ref());
        Some(newer.fold(first, merged_state))
    }

    fn pending_since(&self) -> Option<Instant> {
        let waiting = self.waiting.front().map(|(issued, _)| *issued);
        self.in_flight
            .as_ref()
            .map(|in_flight| in_flight.issued)
            .or(waiting)
    }
}

/// The commands of one link, in a queue per component.
#[derive(Debug, Default)]
pub(crate) struct CommandQueues {
    queues: BTreeMap<QueueKey, Queue>,
}

impl CommandQueues {
    /// Sends a command, or queues it behind the one in flight.
    pub(crate) fn submit(
        &mut self,
        now: Instant,
        command: Command,
        connection: &mut Connection,
        out: &mut Outputs,
    ) {
        let key = QueueKey {
            component: command.component.clone(),
            urgent: command.is_urgent(),
        };
        if key.urgent {
            self.supersede_waiting(&key, out);
        }
        let queue = self.queues.entry(key.clone()).or_default();
        let replaces = |last: &&mut (Instant, Command)| {
            last.1.replaceable && command.replaceable && last.1.method == command.method
        };
        if let Some((issued, last)) = queue.waiting.back_mut().filter(replaces) {
            let older = std::mem::replace(last, command);
            *issued = now;
            last.params = merged_params(older.params.clone(), &last.params);
            let newer = last.wanted.take().unwrap_or_default();
            last.wanted = Some(merged_state(
                older.wanted.clone().unwrap_or_default(),
                &newer,
            ));
            out.report(older.done(Outcome::Superseded));
        } else if queue.waiting.len() < QUEUED {
            queue.waiting.push_back((now, command));
        } else {
            let message = format!("{QUEUED} commands are already queued; nothing was sent");
            let error = RpcError::new(Code::Busy, "too_many_waiting", message);
            out.report(command.done(Outcome::Refused(error)));
        }
        self.advance(now, &key, connection, out);
    }

    /// An urgent command replaces those that wait for the same component:
    /// otherwise a cover would move on after it was stopped.
    fn supersede_waiting(&mut self, urgent: &QueueKey, out: &mut Outputs) {
        let key = QueueKey {
            urgent: false,
            ..urgent.clone()
        };
        if let Some(queue) = self.queues.get_mut(&key) {
            for (_, command) in queue.waiting.drain(..) {
                out.report(command.done(Outcome::Superseded));
            }
        }
    }

    /// The board responded to a command; its state is known up to `seen`.
    pub(crate) fn answered(
        &mut self,
        now: Instant,
        request: &Request,
        response: Result<Value, RpcError>,
        seen: u64,
        connection: &mut Connection,
        out: &mut Outputs,
    ) {
        let Purpose::Command(component) = &request.purpose else {
            return;
        };
        let is_of = |(key, _): &(&QueueKey, &mut Queue)| key.component == *component;
        let found = self
            .queues
            .iter_mut()
            .filter(is_of)
            .find_map(|(key, queue)| {
                let in_flight = queue
                    .in_flight
                    .take_if(|in_flight| in_flight.request == request.number)?;
                Some((key.clone(), queue, in_flight))
            });
        let Some((key, queue, mut in_flight)) = found else {
            return;
        };
        in_flight.answered = Some(now);
        let (outcome, seq) = match response {
            Err(error) => (Outcome::Refused(bounds::error(error)), None),
            Ok(result) => {
                let seq = serde_json::from_value::<CommandResult>(result.clone())
                    .map_or(0, |result| result.seq);
                if seq > seen {
                    in_flight.accepted = Some((seq, result));
                    queue.in_flight = Some(in_flight);
                    return;
                }
                (done(now, &in_flight, result), Some(seq))
            }
        };
        out.report(in_flight.done(outcome, seq));
        self.advance(now, &key, connection, out);
    }

    /// The board's state is now known up to `seen`.
    pub(crate) fn seen(
        &mut self,
        now: Instant,
        seen: u64,
        connection: &mut Connection,
        out: &mut Outputs,
    ) {
        for key in self.queues.keys().cloned().collect::<Vec<_>>() {
            let Some(queue) = self.queues.get_mut(&key) else {
                continue;
            };
            let visible = |in_flight: &mut InFlight| {
                let accepted = in_flight.accepted.as_ref();
                if accepted.is_none() && in_flight.pushes.len() < PUSHES {
                    in_flight.pushes.push((seen, now));
                }
                accepted.is_some_and(|(seq, _)| *seq <= seen)
            };
            let Some(mut in_flight) = queue.in_flight.take_if(visible) else {
                continue;
            };
            let (seq, result) = in_flight.accepted.take().unwrap_or_default();
            in_flight.pushes.push((seq, now));
            let outcome = done(now, &in_flight, result);
            out.report(in_flight.done(outcome, Some(seq)));
            self.advance(now, &key, connection, out);
        }
    }

    /// Gives up commands that were not answered in time. The timeout counts
    /// from the click, whether a command was in flight or queued.
    pub(crate) fn expire(&mut self, now: Instant, connection: &mut Connection, out: &mut Outputs) {
        for key in self.queues.keys().cloned().collect::<Vec<_>>() {
            let Some(queue) = self.queues.get_mut(&key) else {
                continue;
            };
            let over = |issued: Instant| now >= issued + COMMAND_TIMEOUT;
            let Some(in_flight) = queue.in_flight.take_if(|in_flight| over(in_flight.issued))
            else {
                continue;
            };
            connection.forget_request(in_flight.request);
            out.report(in_flight.done(Outcome::Unconfirmed, None));
            while let Some((_, command)) = queue.waiting.pop_front_if(|(issued, _)| over(*issued)) {
                out.report(command.done(Outcome::Unconfirmed));
            }
            self.advance(now, &key, connection, out);
        }
    }

    /// The connection is gone, and the commands with it. Those that were queued
    /// were never sent.
    pub(crate) fn lose_all(&mut self, out: &mut Outputs) {
        for (QueueKey { component, .. }, queue) in std::mem::take(&mut self.queues) {
            if let Some(in_flight) = queue.in_flight {
                out.report(in_flight.done(Outcome::LinkLost, None));
            }
            for (_, command) in queue.waiting {
                out.report(command.done(Outcome::NotConnected));
            }
            if let Some(component) = component {
                out.report(Report::Pending {
                    component,
                    wanted: None,
                    since: None,
                });
            }
        }
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let in_flight = self
            .queues
            .values()
            .filter_map(|queue| queue.in_flight.as_ref());
        in_flight
            .map(|in_flight| in_flight.issued + COMMAND_TIMEOUT)
            .min()
    }

    /// Sends the next command if none is in flight, and reports the state that
    /// is wanted of the component.
    fn advance(
        &mut self,
        now: Instant,
        key: &QueueKey,
        connection: &mut Connection,
        out: &mut Outputs,
    ) {
        let Some(queue) = self.queues.get_mut(key) else {
            return;
        };
        if queue.in_flight.is_none()
            && let Some((issued, command)) = queue.waiting.pop_front()
        {
            let purpose = Purpose::Command(key.component.clone());
            let params = command.params.clone();
            let request = connection.request(now, purpose, &command.method, params, out);
            queue.in_flight = Some(InFlight {
                request,
                command,
                issued,
                sent: now,
                answered: None,
                accepted: None,
                pushes: Vec::new(),
            });
        }
        if queue.pending_since().is_none() {
            self.queues.remove(key);
        }
        if let Some(component) = key.component.clone() {
            let queues = [false, true].into_iter().filter_map(|urgent| {
                let component = key.component.clone();
                self.queues.get(&QueueKey { component, urgent })
            });
            let queues: Vec<&Queue> = queues.collect();
            let wanted = queues.iter().find_map(|queue| queue.wanted());
            let since = queues
                .iter()
                .filter_map(|queue| queue.pending_since())
                .min();
            out.report(Report::Pending {
                component,
                wanted,
                since,
            });
        }
    }
}

fn done(now: Instant, in_flight: &InFlight, result: Value) -> Outcome {
    Outcome::Done {
        result,
        took: now.saturating_duration_since(in_flight.issued),
    }
}

/// A light shows either a color or a color temperature (docs/protocol.md,
/// "Components").
const EXCLUSIVE: [(&str, &str); 2] = [("rgb", "ct_k"), ("ct_k", "rgb")];

/// The older of color and color temperature, which a merged command must not
/// contain: given both, the board would take the color.
fn replaced(newer: impl Fn(&str) -> bool) -> Option<&'static str> {
    EXCLUSIVE
        .into_iter()
        .find(|(chosen, other)| newer(chosen) && !newer(other))
        .map(|(_, other)| other)
}

/// Two changes as one, in which the newer wins.
fn merged_state(mut older: State, newer: &State) -> State {
    if let Some(other) = replaced(|field| newer.0.contains_key(field)) {
        older.0.remove(other);
    }
    older.merge(newer);
    older
}

/// The same for parameters.
fn merged_params(mut older: Object, newer: &Object) -> Object {
    if let Some(other) = replaced(|field| newer.contains_key(field)) {
        older.remove(other);
    }
    for (field, value) in newer {
        older.insert(field.clone(), value.clone());
    }
    older
}

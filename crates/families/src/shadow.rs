//! What a dialect knows about its board, in the terms of `docs/protocol.md`:
//! information, components, states, and the requests that wait for them. It
//! numbers the changes, so that a session can tell what it has seen.

use std::collections::BTreeMap;

use protocol::{
    Code, CommandResult, ComponentKey, ComponentsPage, Descriptor, DeviceInfo, Epoch, Event,
    FromBoard, Id, Kind, Level, LogLine, NotifyEvent, NotifyLog, NotifyStatus, Object, Pong,
    Request, Response, RpcError, Snapshot, Source, State, limits,
    method::{self, GetComponents},
};
use serde::Serialize;
use serde_json::{Value, json};
use web_time::Instant;

use crate::{Action, Actions, Family};

/// The number of this program among the board's clients: a board of another
/// family has none.
pub(crate) const OWN_CLIENT: u32 = 1;

/// Requests that wait for the same thing: bounded by the session, which sends
/// few.
const WAITING: usize = 64;

/// The board itself, as the component of an event.
pub(crate) fn system() -> ComponentKey {
    ComponentKey::new(Kind::Unknown("sys".to_owned()), 0)
}

/// A board as a session sees it.
#[derive(Debug)]
pub(crate) struct Shadow {
    epoch: u32,
    seq: u64,
    started: Instant,
    /// When the board booted, if it says so.
    booted: Option<Instant>,
    /// What the board says it is, before it is read.
    identity: Option<DeviceInfo>,
    known: Option<Known>,
    subscribed: bool,
    /// Requests for what is not known yet.
    waiting: Vec<Request>,
    /// Commands that are confirmed once the board reports this state.
    wanted: Vec<Wanted>,
}

#[derive(Debug)]
struct Known {
    info: DeviceInfo,
    components: Vec<Descriptor>,
    states: BTreeMap<ComponentKey, State>,
}

#[derive(Debug)]
struct Wanted {
    id: Option<Id>,
    key: ComponentKey,
    /// One of them is enough.
    states: Vec<State>,
    /// The session has reported it as unconfirmed by then.
    until: Instant,
}

impl Shadow {
    /// Nothing is known yet.
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            epoch: 1,
            seq: 0,
            started: now,
            booted: None,
            identity: None,
            known: None,
            subscribed: false,
            waiting: Vec::new(),
            wanted: Vec::new(),
        }
    }

    /// The board booted then, by its own account.
    pub(crate) fn set_booted(&mut self, booted: Option<Instant>) {
        self.booted = booted;
    }

    /// Whether the board is known.
    pub(crate) fn is_known(&self) -> bool {
        self.known.is_some()
    }

    /// The board's information.
    pub(crate) fn info(&self) -> Option<&DeviceInfo> {
        match &self.known {
            Some(known) => Some(&known.info),
            None => self.identity.as_ref(),
        }
    }

    /// The board says what it is. `Device.GetInfo` is answered now, so that the
    /// session checks the identity before the board is read.
    pub(crate) fn identify(&mut self, now: Instant, info: DeviceInfo, out: &mut Actions) {
        self.identity = Some(info);
        let waiting = std::mem::take(&mut self.waiting);
        let (info, others) = waiting
            .into_iter()
            .partition(|request| request.method == method::DEVICE_GET_INFO);
        self.waiting = others;
        for request in info {
            self.request(now, &request, out);
        }
    }

    /// The board may have another display name.
    pub(crate) fn set_name(&mut self, now: Instant, name: &str, out: &mut Actions) {
        let known = self.known.as_mut().map(|known| &mut known.info);
        let mut renamed = false;
        for info in known.into_iter().chain(&mut self.identity) {
            renamed |= info.name != name;
            name.clone_into(&mut info.name);
        }
        if renamed {
            let mut extra = Object::new();
            extra.insert("name".to_owned(), name.into());
            let event = Event {
                component: system(),
                event: "renamed".to_owned(),
                extra,
            };
            self.events(now, vec![event], None, out);
        }
    }

    /// The board was restarted without closing the connection: another run
    /// begins, and the session reads everything again.
    pub(crate) fn restarted(&mut self, now: Instant, out: &mut Actions) {
        self.epoch += 1;
        self.seq = 0;
        self.push(now, None, BTreeMap::new(), out);
    }

    /// The description of a component.
    pub(crate) fn component(&self, key: &ComponentKey) -> Option<&Descriptor> {
        let known = self.known.as_ref()?;
        known.components.iter().find(|one| one.key == *key)
    }

    /// The state of a component as reported last.
    pub(crate) fn state(&self, key: &ComponentKey) -> Option<&State> {
        self.known.as_ref()?.states.get(key)
    }

    /// Whether the board reports this state of a component, whatever else it
    /// reports.
    pub(crate) fn shows(&self, key: &ComponentKey, wanted: &State) -> bool {
        self.is_any(key, std::slice::from_ref(wanted))
    }

    /// Answers the requests that every board answers in the same way; whether
    /// this was one.
    pub(crate) fn request(&mut self, now: Instant, request: &Request, out: &mut Actions) -> bool {
        self.forget_unconfirmed(now);
        match request.method.as_str() {
            method::DEVICE_GET_INFO
            | method::DEVICE_GET_COMPONENTS
            | method::DEVICE_GET_STATUS
            | method::DEVICE_SUBSCRIBE => {}
            _ => return false,
        }
        let identity = self.info().is_some() && request.method == method::DEVICE_GET_INFO;
        if identity {
            self.answer_info(now, request.id.clone(), out);
        } else if self.known.is_some() {
            self.answer_known(now, request, out);
        } else if self.waiting.len() < WAITING {
            self.waiting.push(request.clone());
        }
        true
    }

    /// The board was read, for the first time or again. If its components
    /// differ from before, the session reads them again; otherwise this is an
    /// [`Self::update`].
    pub(crate) fn describe(
        &mut self,
        now: Instant,
        info: DeviceInfo,
        components: Vec<Descriptor>,
        states: BTreeMap<ComponentKey, State>,
        out: &mut Actions,
    ) {
        let same = self
            .known
            .as_ref()
            .is_some_and(|known| known.components == components && known.info == info);
        if same {
            self.update(now, states, None, out);
            return;
        }
        let again = self.known.is_some();
        self.known = Some(Known {
            info,
            components,
            states,
        });
        for request in std::mem::take(&mut self.waiting) {
            self.request(now, &request, out);
        }
        if again && self.subscribed {
            // Another epoch makes the session read the board again.
            self.restarted(now, out);
        }
        self.confirm_wanted(out);
    }

    /// The board reported these states, or parts of them. What differs from
    /// before is passed on, and commands that wanted it are confirmed.
    pub(crate) fn update(
        &mut self,
        now: Instant,
        reported: impl IntoIterator<Item = (ComponentKey, State)>,
        source: Option<Source>,
        out: &mut Actions,
    ) {
        self.forget_unconfirmed(now);
        let Some(known) = &mut self.known else { return };
        let mut changed = BTreeMap::<ComponentKey, State>::new();
        for (key, state) in reported {
            let before = known.states.entry(key.clone()).or_default();
            let new = state
                .0
                .iter()
                .filter(|(field, value)| before.get(field) != Some(value));
            let new: State = new
                .map(|(field, value)| (field.to_owned(), value.clone()))
                .collect();
            if !new.is_empty() {
                before.merge(&new);
                changed.entry(key).or_default().merge(&new);
            }
        }
        if !changed.is_empty() {
            let own = self
                .wanted
                .iter()
                .any(|wanted| changed.contains_key(&wanted.key));
            let source = source.or_else(|| own.then_some(Source::Client(OWN_CLIENT)));
            self.push(now, source, changed, out);
        }
        self.confirm_wanted(out);
    }

    /// Components reported events.
    pub(crate) fn events(
        &self,
        now: Instant,
        events: Vec<Event>,
        source: Option<Source>,
        out: &mut Actions,
    ) {
        if self.subscribed && !events.is_empty() {
            out.message(FromBoard::Event(NotifyEvent {
                epoch: Epoch(self.epoch),
                uptime_ms: self.uptime_ms(now),
                source,
                events,
            }));
        }
    }

    /// Confirms a command *by value*: once the component has this state, which
    /// may be now.
    pub(crate) fn confirm_when(
        &mut self,
        now: Instant,
        id: Option<Id>,
        key: ComponentKey,
        state: State,
        out: &mut Actions,
    ) {
        self.confirm_when_any(now, id, key, vec![state], out);
    }

    /// The same, for a command that is carried out when the component has one
    /// of several states: a cover that opens, or is open.
    pub(crate) fn confirm_when_any(
        &mut self,
        now: Instant,
        id: Option<Id>,
        key: ComponentKey,
        states: Vec<State>,
        out: &mut Actions,
    ) {
        if self.wanted.len() < WAITING {
            self.wanted.push(Wanted {
                id,
                key,
                states,
                until: now + limits::COMMAND_TIMEOUT,
            });
        }
        self.confirm_wanted(out);
    }

    /// Whether a component has one of several states, as reported last.
    pub(crate) fn is_any(&self, key: &ComponentKey, states: &[State]) -> bool {
        self.state(key)
            .is_some_and(|state| states.iter().any(|wanted| contains(state, wanted)))
    }

    /// The board reported lines of its log, which it does not date.
    pub(crate) fn log(&self, now: Instant, lines: Vec<(Level, String)>, out: &mut Actions) {
        let uptime_ms = self.uptime_ms(now);
        let line = |(level, message)| LogLine {
            uptime_ms,
            level,
            message,
        };
        if !lines.is_empty() {
            out.message(FromBoard::Log(NotifyLog {
                epoch: Epoch(self.epoch),
                uptime_ms,
                lost: 0,
                lines: lines.into_iter().map(line).collect(),
            }));
        }
    }

    /// Confirms a command whose effect is visible now.
    pub(crate) fn confirm(&self, id: Option<Id>, out: &mut Actions) {
        let result = CommandResult {
            seq: self.seq,
            ..CommandResult::default()
        };
        answer(id, &result, out);
    }

    /// Answers `Sys.Ping`. Boards that do not say when they booted get no
    /// `uptime_ms`.
    pub(crate) fn pong(&self, now: Instant, id: Option<Id>, out: &mut Actions) {
        match self.booted {
            Some(_) => answer(
                id,
                &Pong {
                    uptime_ms: self.uptime_ms(now),
                },
                out,
            ),
            None => answer(id, &json!({}), out),
        }
    }

    /// Refuses a request.
    pub(crate) fn refuse(id: Option<Id>, error: RpcError, out: &mut Actions) {
        out.message(FromBoard::Response(Response {
            id,
            outcome: Err(error),
        }));
    }

    /// Answers `Sys.Ping` without an exchange: the broker vouches for the
    /// board, which counts as heard.
    pub(crate) fn vouched(id: Option<Id>, message: &'static str, out: &mut Actions) {
        out.push(Action::Alive);
        let error = RpcError::new(Code::FailedPrecondition, "not_measured", message);
        Self::refuse(id, error, out);
    }

    /// Refuses a request that boards of this family have no counterpart of.
    pub(crate) fn refuse_method(request: &Request, family: Family, out: &mut Actions) {
        let message = match family.lacks(&request.method) {
            Some(why) => why.to_owned(),
            None => format!("{} has nothing like {}", family.title(), request.method),
        };
        let error = RpcError::new(Code::MethodNotFound, "no_such_method", message);
        Self::refuse(request.id.clone(), error, out);
    }

    /// Forgets commands that the session has reported as unconfirmed: a later
    /// change is not theirs.
    fn forget_unconfirmed(&mut self, now: Instant) {
        self.wanted.retain(|wanted| now < wanted.until);
    }

    fn confirm_wanted(&mut self, out: &mut Actions) {
        let wanted = std::mem::take(&mut self.wanted);
        let (reached, others) = wanted
            .into_iter()
            .partition(|wanted| self.is_any(&wanted.key, &wanted.states));
        self.wanted = others;
        for Wanted { id, .. } in reached {
            self.confirm(id, out);
        }
    }

    fn answer_info(&self, now: Instant, id: Option<Id>, out: &mut Actions) {
        if let Some(info) = self.info() {
            let info = DeviceInfo {
                epoch: Epoch(self.epoch),
                uptime_ms: self.uptime_ms(now),
                ..info.clone()
            };
            answer(id, &info, out);
        }
    }

    fn answer_known(&mut self, now: Instant, request: &Request, out: &mut Actions) {
        let Some(known) = &self.known else { return };
        let id = request.id.clone();
        match request.method.as_str() {
            method::DEVICE_GET_COMPONENTS => {
                let GetComponents { offset, limit } = match request.decode() {
                    Ok(page) => page,
                    Err(error) => return Self::refuse(id, error, out),
                };
                let limit = limit.unwrap_or(usize::MAX);
                let total = known.components.len();
                let components = known.components.iter().skip(offset).take(limit);
                let components = components.cloned().collect();
                let page = ComponentsPage {
                    offset: offset.min(total),
                    total,
                    components,
                };
                answer(id, &page, out);
            }
            _ => {
                self.subscribed |= request.method == method::DEVICE_SUBSCRIBE;
                let snapshot = Snapshot {
                    epoch: Epoch(self.epoch),
                    seq: self.seq,
                    uptime_ms: self.uptime_ms(now),
                    client: Some(OWN_CLIENT),
                    components: known.states.clone(),
                };
                answer(id, &snapshot, out);
            }
        }
    }

    fn push(
        &mut self,
        now: Instant,
        source: Option<Source>,
        components: BTreeMap<ComponentKey, State>,
        out: &mut Actions,
    ) {
        let prev = self.seq;
        self.seq += 1;
        if self.subscribed {
            out.message(FromBoard::Status(NotifyStatus {
                epoch: Epoch(self.epoch),
                prev,
                seq: self.seq,
                uptime_ms: self.uptime_ms(now),
                source,
                components,
            }));
        }
    }

    fn uptime_ms(&self, now: Instant) -> u64 {
        let since = self.booted.unwrap_or(self.started);
        let uptime = now.saturating_duration_since(since).as_millis();
        u64::try_from(uptime).unwrap_or(u64::MAX)
    }
}

/// Whether a state has all fields of another, with the same values.
fn contains(state: &State, wanted: &State) -> bool {
    wanted.0.iter().all(|(field, value)| match value {
        // A fade time is no state.
        _ if field == "transition_ms" => true,
        value => state.get(field).is_some_and(|found| is_same(found, value)),
    })
}

/// Whether two values are equal; `60` is `60.0`.
fn is_same(one: &Value, other: &Value) -> bool {
    one == other
        || matches!(
            (one.as_f64(), other.as_f64()),
            (Some(one), Some(other)) if (one - other).abs() <= f64::EPSILON * one.abs().max(1.0)
        )
}

/// Answers a request. Results are plain data, which always serializes.
pub(crate) fn answer(id: Option<Id>, result: &impl Serialize, out: &mut Actions) {
    let outcome = serde_json::to_value(result).unwrap_or(Value::Null);
    out.message(FromBoard::Response(Response {
        id,
        outcome: Ok(outcome),
    }));
}

//! Devices that follow the Homie convention, version 5
//! (<https://homieiot.github.io>), through an MQTT broker.
//!
//! A device describes itself in the retained `homie/5/ID/$description`, and
//! says in `$state` whether it is there; the [directory](Devices) knows both.
//! Its values are retained below `homie/5/ID/NODE/PROPERTY`, so that nothing
//! has to be asked for. A value is set below `…/set`.
//!
//! A command is confirmed by the value that the device reports, or by its
//! `$target`, by which a device says where a change that takes time will end.
//! Homie has no ping: the broker vouches for the device.
//! `docs/guide/mqtt-boards.md` says the same for users.

mod color;
mod commands;
mod components;
mod description;
mod directory;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, time::Duration};

use protocol::{Code, ComponentKey, Event, Kind, Request, RpcError, State, limits, method};
use web_time::Instant;

pub(crate) use directory::Devices;

use crate::{Actions, BrokerMessage, Dialect, Family, Problem, Received, Shadow, Waiting};

use self::{components::Parts, description::Description, directory::id_of};

/// How long the retained values may take before the device is described without
/// those that are missing.
const VALUES: Duration = Duration::from_millis(500);

/// How long a device has to report another value after a command that changes
/// nothing.
const UNCHANGED: Duration = Duration::from_secs(1);

/// One connection to a device.
#[derive(Debug)]
pub(crate) struct Homie {
    shadow: Shadow,
    /// `DOMAIN/5/ID`, once it is known.
    topic: String,
    description: Option<Description>,
    parts: Parts,
    /// `$state`, and that of the root of its tree.
    states: [String; 2],
    /// Values that arrived before the device is described.
    early: BTreeMap<ComponentKey, State>,
    /// The device is described then.
    describe_by: Option<Instant>,
    waiting: Waiting<Awaited>,
}

/// The value that a command waits for.
#[derive(Debug)]
struct Awaited {
    key: ComponentKey,
    wanted: State,
    /// The property has this value already, and a device need not report it
    /// again: the command is confirmed then, if that is still so.
    unchanged: Option<Instant>,
}

impl Homie {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            shadow: Shadow::new(now),
            topic: String::new(),
            description: None,
            parts: Parts::default(),
            states: [const { String::new() }; 2],
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
        if let Some(device) = topic.strip_suffix("/$description") {
            return self.described(now, device, payload, out);
        }
        if let Some(device) = topic.strip_suffix("/$state") {
            let own = device == self.topic;
            let of = self.states.get_mut(usize::from(!own));
            if let (Some(of), Ok(state)) = (of, std::str::from_utf8(payload)) {
                *of = sanitize::bounds::text(state.to_owned());
            }
            self.check_states(out);
            return;
        }
        let inner = topic.strip_prefix(self.topic.as_str());
        let Some(path) = inner.and_then(|inner| inner.strip_prefix('/')) else {
            return;
        };
        if payload.len() > limits::MESSAGE_INTO_CONTROLLER {
            return;
        }
        match path.strip_suffix("/$target") {
            Some(path) => self.target(now, path, payload, out),
            None => self.value(now, path, payload, retained, out),
        }
    }

    fn described(&mut self, now: Instant, device: &str, payload: &[u8], out: &mut Actions) {
        let description = match Description::parse(payload) {
            Ok(description) => description,
            Err(problem) if self.description.is_none() => {
                let problem = format!("its description cannot be read: {problem}");
                return out.end(Problem::NotABoard(problem));
            }
            Err(_) => return,
        };
        let mut levels = device.split('/');
        let ids = (levels.next(), levels.nth(1));
        let id = match ids {
            (Some(domain), Some(device)) => id_of(domain, device),
            _ => None,
        };
        let Some(id) = id else {
            let problem = "its id is not one".to_owned();
            return out.end(Problem::NotABoard(problem));
        };
        device.clone_into(&mut self.topic);
        let info = components::info(id, &description);
        self.shadow.identify(now, info, out);
        self.parts = Parts::new(&description);
        self.description = Some(description);
        if self.shadow.is_known() {
            self.describe(now, out);
        } else {
            self.describe_by.get_or_insert(now + VALUES);
        }
    }

    /// Ends the connection if the device is gone. A device that is part of
    /// another is gone with that.
    fn check_states(&self, out: &mut Actions) {
        let is_gone = |state: &String| matches!(state.as_str(), "disconnected" | "lost");
        if self.states.iter().any(is_gone) {
            out.end(Problem::Offline);
        }
    }

    fn describe(&mut self, now: Instant, out: &mut Actions) {
        self.describe_by = None;
        let Some(info) = self.shadow.info().cloned() else {
            return;
        };
        let mut descriptors = Vec::new();
        let mut states = BTreeMap::new();
        for part in self.parts.iter() {
            let mut state = part.unknown();
            let fixed = ["min", "max", "step", "options"];
            let known = [self.shadow.state(&part.key), self.early.get(&part.key)];
            for known in known.into_iter().flatten() {
                let values = known.0.iter();
                let values = values.filter(|(field, _)| !fixed.contains(field));
                let values: State = values
                    .map(|(field, value)| (field, value.clone()))
                    .collect();
                state.merge(&values);
            }
            descriptors.push(part.descriptor());
            if !matches!(part.key.kind, Kind::Button | Kind::Event) {
                states.insert(part.key.clone(), state);
            }
        }
        self.early.clear();
        self.shadow.describe(now, info, descriptors, states, out);
    }

    fn value(
        &mut self,
        now: Instant,
        path: &str,
        payload: &[u8],
        retained: bool,
        out: &mut Actions,
    ) {
        let Some(part) = self.parts.at(path) else {
            return;
        };
        if let Some(event) = part.event(payload) {
            if !retained {
                self.shadow
                    .events(now, Vec::<Event>::from([event]), None, out);
            }
            return;
        }
        let key = part.key.clone();
        let Some(state) = part.state(payload) else {
            return;
        };
        if self.shadow.is_known() {
            self.shadow
                .update(now, [(key.clone(), state.clone())], None, out);
            self.settle(now, &key, &state, out);
        } else {
            self.early.entry(key).or_default().merge(&state);
        }
    }

    /// The device says where a change will end.
    fn target(&mut self, now: Instant, path: &str, payload: &[u8], out: &mut Actions) {
        if let Some(part) = self.parts.at(path)
            && let Some(state) = part.state(payload)
        {
            let key = part.key.clone();
            self.settle(now, &key, &state, out);
        }
    }

    /// Confirms the commands that wanted this.
    fn settle(&mut self, now: Instant, key: &ComponentKey, state: &State, out: &mut Actions) {
        let is_it = |awaited: &Awaited| awaited.key == *key && awaited.wanted == *state;
        for (id, _) in self.waiting.take(now, is_it) {
            self.shadow.confirm(id, out);
        }
    }

    fn command(&mut self, now: Instant, request: &Request, out: &mut Actions) {
        let id = request.id.clone();
        if !self.shadow.is_known() {
            let message = "the device has not described itself yet";
            let error = RpcError::new(Code::FailedPrecondition, "not_ready", message);
            return Shadow::refuse(id, error, out);
        }
        let shadow = &self.shadow;
        let state = |key: &ComponentKey| shadow.state(key).cloned();
        let command = match commands::translate(request, &self.parts, state) {
            Ok(Some(command)) => command,
            Ok(None) => return Shadow::refuse_method(request, Family::Homie, out),
            Err(error) => return Shadow::refuse(id, error, out),
        };
        if let Err(error) = self.waiting.check_room(now) {
            return Shadow::refuse(id, error, out);
        }
        let topic = format!("{}/{}/set", self.topic, command.path);
        out.send_mqtt(topic, command.payload);
        // Nothing tells whether a button was pressed: such a command stays
        // unconfirmed.
        if let Some(wanted) = command.wanted {
            let is_so = self.shadow.shows(&command.key, &wanted);
            let awaited = Awaited {
                key: command.key,
                wanted,
                unchanged: is_so.then(|| now + UNCHANGED),
            };
            self.waiting.add(now, id, awaited);
        }
    }
}

impl Dialect for Homie {
    fn opened(&mut self, _: Instant, _: &mut Actions) {}

    fn request(&mut self, now: Instant, request: &Request, out: &mut Actions) {
        if self.shadow.request(now, request, out) {
            return;
        }
        if request.method != method::SYS_PING {
            return self.command(now, request, out);
        }
        Shadow::vouched(request.id.clone(), "the broker vouches for the device", out);
    }

    fn received(&mut self, now: Instant, received: Received<'_>, out: &mut Actions) {
        if let Received::Mqtt(message) = received {
            self.message(now, message, out);
        }
    }

    fn next_deadline(&self) -> Option<Instant> {
        let unchanged = self.waiting.awaited().filter_map(|one| one.unchanged);
        unchanged.chain(self.describe_by).min()
    }

    fn tick(&mut self, now: Instant, out: &mut Actions) {
        let is_due = |one: &Awaited| one.unchanged.is_some_and(|due| now >= due);
        let shadow = &self.shadow;
        let is_so = |one: &Awaited| is_due(one) && shadow.shows(&one.key, &one.wanted);
        for (id, _) in self.waiting.take(now, is_so) {
            shadow.confirm(id, out);
        }
        for one in self.waiting.awaited_mut().filter(|one| is_due(one)) {
            one.unchanged = None;
        }
        if self.describe_by.is_some_and(|due| now >= due) {
            self.describe(now, out);
        }
    }
}

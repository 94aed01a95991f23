//! Tasmota (<https://tasmota.github.io>) through an MQTT broker.
//!
//! A board describes itself in two retained messages below
//! `tasmota/discovery`, from which the [directory](Boards) knows it. It obeys
//! messages below `cmnd/TOPIC`, answers below `stat/TOPIC`, reports below
//! `tele/TOPIC` every few minutes, and the broker says in the retained
//! `tele/TOPIC/LWT` whether it is connected.
//!
//! [`Tasmota`] is given what the directory knows, then asks for the states: the
//! retained messages do not have them. Nothing answers a command but a report,
//! so commands are confirmed by value. A command that changes nothing is
//! confirmed by the next report of its component.
//!
//! A ping is an exchange with the board once a minute; otherwise the broker
//! vouches for it, because each answer costs a board half a kilobyte.
//! `docs/guide/mqtt-boards.md` says the same for users.

mod commands;
mod components;
mod config;
mod directory;
mod inputs;
mod light;
mod outputs;
mod sensors;
#[cfg(test)]
mod tests;
mod uptime;

use std::{collections::BTreeMap, time::Duration};

use protocol::{Code, ComponentKey, Id, Request, RpcError, State, limits, method};
use sanitize::bounds;
use serde_json::{Map, Value};
use web_time::Instant;

pub(crate) use directory::Boards;

use crate::{Action, Actions, BrokerMessage, Dialect, Family, Problem, Received, Shadow, Waiting};

use self::{commands::Effect, config::Config, sensors::Sensors, uptime::Uptime};

/// How long the readings of the sensors may take after the state.
const SENSORS: Duration = Duration::from_secs(1);

/// How often a ping is an exchange with the board.
const EXCHANGE: Duration = Duration::from_secs(60);

/// How long a motion detector is shown as on after it reported.
const PULSE: Duration = Duration::from_secs(1);

/// The most pings that wait (the session sends few), and the most pulses of one
/// report.
const WAITING: usize = 64;

/// One connection to a board.
#[derive(Debug)]
pub(crate) struct Tasmota {
    shadow: Shadow,
    config: Option<Config>,
    /// The message `sensors`, and what it says.
    listed: Vec<u8>,
    sensors: Sensors,
    /// What the broker says of the board, in the board's words.
    will: String,
    /// What was reported before the board is described.
    early: BTreeMap<ComponentKey, State>,
    /// The sensors were read before the board is described.
    is_read: bool,
    /// The state was reported: the board is described then at the latest.
    describe_by: Option<Instant>,
    /// Unanswered pings.
    pings: Vec<Option<Id>>,
    /// When the board answered last.
    answered: Option<Instant>,
    waiting: Waiting<Effect>,
    /// Inputs that are on until then.
    pulses: BTreeMap<ComponentKey, Instant>,
    /// When the board booted.
    uptime: Uptime,
    /// Messages that could not be read.
    unreadable: u64,
}

impl Tasmota {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            shadow: Shadow::new(now),
            config: None,
            listed: Vec::new(),
            sensors: Sensors::default(),
            will: String::new(),
            early: BTreeMap::new(),
            is_read: false,
            describe_by: None,
            pings: Vec::new(),
            answered: None,
            waiting: Waiting::default(),
            pulses: BTreeMap::new(),
            uptime: Uptime::default(),
            unreadable: 0,
        }
    }

    /// A message of the broker.
    fn message(&mut self, now: Instant, message: BrokerMessage<'_>, out: &mut Actions) {
        let BrokerMessage {
            topic,
            payload,
            retained,
        } = message;
        let end = |prefix: &str| topic.strip_prefix(prefix);
        if topic.starts_with("tasmota/discovery/") {
            match topic.rsplit_once('/') {
                Some((_, "config")) => self.described(now, payload, out),
                Some((_, "sensors")) => self.lists_sensors(now, payload, out),
                _ => {}
            }
            return;
        }
        let Some(config) = &self.config else {
            // Only the broker's word on the board comes before its description.
            if topic.ends_with("/LWT") {
                self.will = bounds::text(String::from_utf8_lossy(payload).into_owned());
            }
            return;
        };
        let is_answer = end(&config.stat).is_some();
        match end(&config.tele).or_else(|| end(&config.stat)) {
            Some("LWT") => {
                self.will = bounds::text(String::from_utf8_lossy(payload).into_owned());
                self.check_will(out);
            }
            Some(_) if payload.starts_with(b"{") => {
                self.report(now, payload, is_answer, retained, out);
            }
            _ => {}
        }
    }

    /// The board describes itself.
    fn described(&mut self, now: Instant, payload: &[u8], out: &mut Actions) {
        let config = match Config::parse(payload) {
            Ok(config) => config,
            Err(problem) if self.config.is_none() => {
                let problem = format!("its description cannot be read: {problem}");
                return out.end(Problem::NotABoard(problem));
            }
            Err(problem) => return self.skip(&problem, out),
        };
        if self.config.as_ref() == Some(&config) {
            return;
        }
        self.shadow.identify(now, components::info(&config), out);
        self.config = Some(config);
        self.use_sensors();
        if self.check_will(out) {
            return;
        }
        if self.shadow.is_known() {
            self.describe(now, out);
        } else if self.config.as_ref().is_some_and(|config| config.sleeps) {
            // It answers when it wakes up.
            self.describe_by = Some(now + SENSORS);
        }
        self.ask(out);
    }

    fn lists_sensors(&mut self, now: Instant, payload: &[u8], out: &mut Actions) {
        self.listed = payload.to_vec();
        if self.config.is_some() {
            let before = self.sensors.clone();
            self.use_sensors();
            if self.shadow.is_known() && self.sensors != before {
                self.describe(now, out);
                self.send("STATUS", "10", out);
            }
        }
    }

    fn use_sensors(&mut self) {
        if let Some(config) = &self.config {
            self.sensors = Sensors::parse(&self.listed, config).unwrap_or_default();
        }
    }

    /// Ends the connection if the broker says that the board has none; whether
    /// it did.
    fn check_will(&mut self, out: &mut Actions) -> bool {
        let config = self.config.as_ref();
        let is_offline = config.is_some_and(|config| !config.sleeps && self.will == config.offline);
        if is_offline {
            out.end(Problem::Offline);
        }
        is_offline
    }

    /// Asks for everything that is reported only now and then.
    fn ask(&self, out: &mut Actions) {
        // In this order, so that the state comes last.
        self.send("TelePeriod", "", out);
        self.send("STATUS", "10", out);
        self.send("STATE", "", out);
    }

    fn send(&self, command: &str, payload: &str, out: &mut Actions) {
        if let Some(config) = &self.config {
            out.send_mqtt(format!("{}{command}", config.cmnd), payload);
        }
    }

    /// Describes the board with the states that are there.
    fn describe(&mut self, now: Instant, out: &mut Actions) {
        self.describe_by = None;
        let Some(config) = &self.config else { return };
        let mut components = Vec::new();
        let mut states = BTreeMap::new();
        let all = components::describe(config, &self.sensors);
        for (descriptor, mut state) in all.into_iter().take(bounds::COMPONENTS) {
            let key = descriptor.key.clone();
            let known = [self.shadow.state(&key), self.early.get(&key)];
            for known in known.into_iter().flatten() {
                // A field that the component no longer has is dropped.
                let kept = known
                    .0
                    .iter()
                    .filter(|(field, _)| state.0.contains_key(field));
                let kept: State = kept.map(|(field, value)| (field, value.clone())).collect();
                // The installed version is that of the new description.
                if key != components::firmware() {
                    state.merge(&kept);
                }
            }
            states.insert(key, state);
            components.push(descriptor);
        }
        self.early.clear();
        let info = components::info(config);
        self.shadow.describe(now, info, components, states, out);
    }

    /// A report, or an answer.
    fn report(
        &mut self,
        now: Instant,
        payload: &[u8],
        is_answer: bool,
        retained: bool,
        out: &mut Actions,
    ) {
        if payload.len() > limits::MESSAGE_INTO_CONTROLLER {
            return self.skip("it is too large", out);
        }
        let Ok(Value::Object(mut report)) = serde_json::from_slice(payload) else {
            return self.skip("it is not a JSON object", out);
        };
        let mut is_reading = false;
        // The answers to `Status` have the same in an object of its own.
        for (name, sensors) in [("StatusSTS", false), ("StatusSNS", true)] {
            if let Some(Value::Object(inner)) = report.remove(name) {
                report = inner;
                is_reading |= sensors;
                break;
            }
        }
        if is_answer && !retained {
            self.answered(now, &report, out);
        }
        self.reported(now, &report, retained, out);
        let is_state = is_answer && !retained && report.contains_key("Uptime");
        if !self.shadow.is_known() {
            self.is_read |= is_reading;
            let is_complete = self.is_read || self.sensors == Sensors::default();
            match (is_state, is_reading, self.describe_by) {
                (true, ..) if is_complete => self.describe(now, out),
                (true, ..) => {
                    self.describe_by.get_or_insert(now + SENSORS);
                }
                (_, true, Some(_)) => self.describe(now, out),
                _ => {}
            }
        }
    }

    fn reported(
        &mut self,
        now: Instant,
        report: &Map<String, Value>,
        retained: bool,
        out: &mut Actions,
    ) {
        // What is retained is of an earlier time.
        let uptime = report.get("UptimeSec").and_then(Value::as_u64);
        if let Some(seconds) = uptime.filter(|_| !retained) {
            let restarted = self.uptime.reported(now, seconds);
            self.shadow.set_booted(self.uptime.booted());
            if restarted && self.shadow.is_known() {
                self.shadow.restarted(now, out);
            }
        }
        let Some(config) = &self.config else { return };
        let states = components::states(config, &self.sensors, report);
        if !retained {
            for key in inputs::pulses(config, report).take(WAITING) {
                self.pulses.insert(key, now + PULSE);
            }
        }
        if !self.shadow.is_known() {
            for (key, state) in states {
                self.early.entry(key).or_default().merge(&state);
            }
            return;
        }
        let events = match retained {
            true => Vec::new(),
            false => inputs::events(config, report),
        };
        let keys: Vec<_> = states.keys().cloned().collect();
        let known = states
            .into_iter()
            .filter(|(key, _)| self.shadow.component(key).is_some())
            .collect::<Vec<_>>();
        self.shadow.update(now, known, None, out);
        self.shadow.events(now, events, None, out);
        self.settle(
            now,
            |awaited| matches!(awaited, Effect::State(key, _) if keys.contains(key)),
            out,
        );
    }

    /// What an answer of the board ends.
    fn answered(&mut self, now: Instant, answer: &Map<String, Value>, out: &mut Actions) {
        self.answered = Some(now);
        if answer.contains_key("Uptime") {
            for id in std::mem::take(&mut self.pings) {
                self.shadow.pong(now, id, out);
            }
        }
        if answer.contains_key("Upgrade") {
            let started = State::new().with("in_progress", true);
            self.shadow
                .update(now, [(components::firmware(), started)], None, out);
        }
        if let Some(name) = answer.get("DeviceName").and_then(Value::as_str) {
            self.shadow.set_name(now, &bounds::name(name), out);
        }
        self.settle(
            now,
            |awaited| matches!(awaited, Effect::Answer(field) if answer.contains_key(*field)),
            out,
        );
    }

    /// Confirms the commands that waited for this.
    fn settle(&mut self, now: Instant, is_it: impl Fn(&Effect) -> bool, out: &mut Actions) {
        for (id, awaited) in self.waiting.take(now, is_it) {
            match awaited {
                Effect::Answer(_) => self.shadow.confirm(id, out),
                Effect::State(key, wanted) => {
                    self.shadow.confirm_when_any(now, id, key, wanted, out);
                }
            }
        }
    }

    fn command(&mut self, now: Instant, request: &Request, out: &mut Actions) {
        let id = request.id.clone();
        let Some(config) = self.config.as_ref().filter(|_| self.shadow.is_known()) else {
            let message = "the board has not reported its state yet";
            let error = RpcError::new(Code::FailedPrecondition, "not_ready", message);
            return Shadow::refuse(id, error, out);
        };
        let shadow = &self.shadow;
        let has = |key: &ComponentKey| shadow.component(key).is_some();
        let state = |key: &ComponentKey| shadow.state(key).cloned();
        let command = match commands::translate(request, config, has, state) {
            Ok(Some(command)) => command,
            Ok(None) => return Shadow::refuse_method(request, Family::Tasmota, out),
            Err(error) => return Shadow::refuse(id, error, out),
        };
        if let Err(error) = self.waiting.check_room(now) {
            return Shadow::refuse(id, error, out);
        }
        self.send(&command.topic, &command.payload, out);
        match command.effect {
            Effect::State(key, wanted) if !self.shadow.is_any(&key, &wanted) => {
                self.shadow.confirm_when_any(now, id, key, wanted, out);
            }
            // One that changes nothing is confirmed by the next report.
            effect => self.waiting.add(now, id, effect),
        }
    }

    fn ping(&mut self, now: Instant, id: Option<Id>, out: &mut Actions) {
        let sleeps = self.config.as_ref().is_some_and(|config| config.sleeps);
        let recently = |at: Instant| now < at + EXCHANGE;
        if sleeps || (self.pings.is_empty() && self.answered.is_some_and(recently)) {
            return Shadow::vouched(id, "the broker vouches for the board", out);
        }
        if self.pings.len() < WAITING {
            self.pings.push(id);
        }
        self.send("STATE", "", out);
    }

    /// Counts a message that cannot be read.
    fn skip(&mut self, why: &str, out: &mut Actions) {
        self.unreadable += 1;
        out.push(Action::Decoded(format!(
            "skipped: {why} (unreadable messages so far: {})",
            self.unreadable
        )));
    }
}

impl Dialect for Tasmota {
    fn opened(&mut self, _: Instant, _: &mut Actions) {}

    fn request(&mut self, now: Instant, request: &Request, out: &mut Actions) {
        if self.shadow.request(now, request, out) {
            return;
        }
        match request.method.as_str() {
            method::SYS_PING => self.ping(now, request.id.clone(), out),
            _ => self.command(now, request, out),
        }
    }

    fn received(&mut self, now: Instant, received: Received<'_>, out: &mut Actions) {
        if let Received::Mqtt(message) = received {
            self.message(now, message, out);
        }
    }

    fn next_deadline(&self) -> Option<Instant> {
        let pulses = self.pulses.values().copied();
        pulses.chain(self.describe_by).min()
    }

    fn tick(&mut self, now: Instant, out: &mut Actions) {
        if self.describe_by.is_some_and(|due| now >= due) {
            self.describe(now, out);
        }
        let (over, on): (BTreeMap<_, _>, _) = std::mem::take(&mut self.pulses)
            .into_iter()
            .partition(|(_, until)| now >= *until);
        self.pulses = on;
        let off = over
            .into_keys()
            .map(|key| (key, State::new().with("on", false)));
        self.shadow.update(now, off.collect::<Vec<_>>(), None, out);
    }
}

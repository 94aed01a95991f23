//! ESPHome's native API: Protocol Buffers over a TCP stream, in plain text or
//! encrypted with Noise. `docs/guide/esphome.md` says what of it is used
//! and how it is mapped.

mod commands;
mod entity;
mod frames;
mod info;
mod kinds;
mod light;
mod log;
mod messages;
mod opening;
mod states;
mod text;
mod wire;

#[cfg(test)]
mod tests;

pub(crate) use info::announcement;

use std::collections::{BTreeMap, VecDeque};

use protocol::{
    Code, ComponentKey, Event, Id, Kind, Object, Request, RpcError, State,
    method::{self, LogSubscribe, Target},
};
use sanitize::bounds;
use serde_json::json;
use web_time::Instant;

use crate::{
    Action, Actions, Credential, Dialect, Family, Problem, Received, Shadow, shadow::answer,
};

use self::{
    commands::{Command, Effect},
    entity::{Address, Entity, narrow},
    frames::{Frames, Step},
    kinds::Layout,
    opening::Opening,
    wire::{Fields, Message},
};

/// How many pings may be unanswered: bounded by the session, which sends few
/// requests.
const PINGS: usize = 64;

/// One connection to a board.
#[derive(Debug)]
pub(crate) struct Esphome {
    frames: Option<Frames>,
    credential: Option<Credential>,
    random: [u8; 32],
    /// The id of the board that should answer.
    expected: Option<String>,
    phase: Phase,
    shadow: Shadow,
    /// What the answers to our pings are for, oldest first.
    pings: VecDeque<Ping>,
    /// The board waits for the answer to a ping.
    pinged: bool,
}

#[derive(Debug)]
enum Phase {
    /// The board is read.
    Opening(Box<Opening>),
    /// It is known.
    Ready(Entities),
    /// The connection is closed.
    Ended,
}

/// The entities of a board that is known.
#[derive(Debug, Default)]
struct Entities {
    components: BTreeMap<ComponentKey, Entity>,
    addresses: BTreeMap<Address, ComponentKey>,
}

/// What a ping was sent for.
#[derive(Debug)]
enum Ping {
    /// `Sys.Ping`.
    Asked(Option<Id>),
    /// A command without a state is confirmed.
    Command(Option<Id>),
    /// The same; the board may restart instead of answering.
    Restart(Option<Id>),
    /// A command that changes nothing, as far as is known, is confirmed if that
    /// is still so.
    Unchanged {
        id: Option<Id>,
        key: ComponentKey,
        wanted: Vec<State>,
    },
}

impl Esphome {
    /// A connection that is not open yet. `random` is 32 new bytes from a
    /// cryptographic source; they are used once, with a key.
    pub(crate) fn new(now: Instant, credential: Option<Credential>, random: [u8; 32]) -> Self {
        Self {
            frames: None,
            credential,
            random,
            expected: None,
            phase: Phase::Opening(Box::default()),
            shadow: Shadow::new(now),
            pings: VecDeque::new(),
            pinged: false,
        }
    }

    /// Sends a message; whether it can be sent now.
    fn send(&mut self, message: u32, payload: &[u8], out: &mut Actions) -> bool {
        let frames = self.frames.as_mut();
        let bytes = frames.and_then(|frames| frames.message(message, payload));
        let can_be_sent = bytes.is_some();
        if let Some(bytes) = bytes {
            out.send_bytes(bytes, messages::shown(message, payload));
        }
        can_be_sent
    }

    fn end(&mut self, problem: Problem, out: &mut Actions) {
        self.phase = Phase::Ended;
        out.end(problem);
    }

    /// Sends a ping and remembers what for.
    fn ping(&mut self, ping: Ping, out: &mut Actions) {
        if self.pings.len() < PINGS && self.send(messages::PING_REQUEST, &[], out) {
            self.pings.push_back(ping);
        }
    }

    /// Reads the frames that are complete.
    fn read(&mut self, now: Instant, out: &mut Actions) -> Result<(), Problem> {
        while let (false, Some(frames)) = (matches!(self.phase, Phase::Ended), &mut self.frames) {
            match frames.next()? {
                Some(step) => self.step(now, step, out)?,
                None => break,
            }
        }
        Ok(())
    }

    fn step(&mut self, now: Instant, step: Step, out: &mut Actions) -> Result<(), Problem> {
        match step {
            Step::Hello(hello) => {
                // Another board would reject the key, which would look as if
                // the key were wrong.
                if let Some(found) = hello.id()
                    && self.expected.as_ref().is_some_and(|id| *id != found)
                {
                    return Err(Problem::AnotherBoard(found));
                }
                if let Phase::Opening(opening) = &mut self.phase {
                    opening.hello = hello;
                }
            }
            Step::Secured => self.send_hello(out),
            Step::Message { message, payload } => {
                let known = messages::known_name(message);
                out.push(Action::Decoded(messages::shown(message, &payload)));
                let Some(name) = known else {
                    return Ok(());
                };
                let fields = Fields::parse(&payload).map_err(|malformed| {
                    Problem::NotABoard(format!("it sent an invalid {name}: {malformed}"))
                })?;
                self.message(now, message, fields, out)?;
            }
        }
        Ok(())
    }

    fn send_hello(&mut self, out: &mut Actions) {
        let hello = Message::new()
            .text(1, "Switchboard")
            .number(2, opening::API_MAJOR)
            .number(3, opening::API_MINOR);
        self.send(messages::HELLO_REQUEST, &hello.into_bytes(), out);
    }

    fn message(
        &mut self,
        now: Instant,
        message: u32,
        fields: Fields<'_>,
        out: &mut Actions,
    ) -> Result<(), Problem> {
        match message {
            messages::PING_REQUEST => self.pinged = true,
            messages::PING_RESPONSE => self.ponged(now, out),
            messages::DISCONNECT_REQUEST => {
                self.send(messages::DISCONNECT_RESPONSE, &[], out);
                for ping in std::mem::take(&mut self.pings) {
                    if let Ping::Restart(id) = ping {
                        self.shadow.confirm(id, out);
                    }
                }
                return Err(Problem::Closed);
            }
            messages::SUBSCRIBE_LOGS_RESPONSE => {
                self.shadow.log(now, log::lines(fields), out);
            }
            _ if matches!(self.phase, Phase::Opening(_)) => {
                return self.opening_message(now, message, fields, out);
            }
            _ => self.reported(now, message, fields, out),
        }
        Ok(())
    }

    /// A state or an event of a board that is known.
    fn reported(&mut self, now: Instant, message: u32, fields: Fields<'_>, out: &mut Actions) {
        let Phase::Ready(entities) = &self.phase else {
            return;
        };
        let Some((key, entity)) = entities.of(message, fields) else {
            return;
        };
        if entity.layout.has_state() {
            let state = states::state(entity, fields);
            let key = key.clone();
            self.shadow.update(now, [(key, state)], None, out);
        } else {
            let event = Event {
                component: key.clone(),
                event: bounds::text(fields.text(2)),
                extra: Object::new(),
            };
            self.shadow.events(now, vec![event], None, out);
        }
    }

    fn ponged(&mut self, now: Instant, out: &mut Actions) {
        match self.pings.pop_front() {
            Some(Ping::Asked(id)) => self.shadow.pong(now, id, out),
            Some(Ping::Command(id) | Ping::Restart(id)) => self.shadow.confirm(id, out),
            Some(Ping::Unchanged { id, key, wanted }) => {
                self.shadow.confirm_when_any(now, id, key, wanted, out);
            }
            None => {}
        }
    }

    fn subscribe_logs(&mut self, request: &Request, out: &mut Actions) {
        match request.decode::<LogSubscribe>() {
            Ok(LogSubscribe { level }) => {
                let message = Message::new().number(1, log::level_number(level));
                self.send(messages::SUBSCRIBE_LOGS_REQUEST, &message.into_bytes(), out);
                answer(request.id.clone(), &json!({ "level": level }), out);
            }
            Err(error) => Shadow::refuse(request.id.clone(), error, out),
        }
    }

    /// Presses the button of a device class that does what is asked for.
    fn press(&mut self, class: &str, refused: &str, request: &Request, out: &mut Actions) {
        let Phase::Ready(entities) = &self.phase else {
            return;
        };
        let button = entities
            .components
            .values()
            .find(|entity| entity.layout.kind == "button" && entity.class() == class);
        let command = match button {
            Some(button) => commands::press(button, request),
            None => Err(RpcError::new(
                Code::FailedPrecondition,
                "not_supported",
                refused,
            )),
        };
        match command {
            Ok(command) => {
                self.send(command.message, &command.payload, out);
                let id = request.id.clone();
                let ping = match class {
                    "restart" => Ping::Restart(id),
                    _ => Ping::Command(id),
                };
                self.ping(ping, out);
            }
            Err(error) => Shadow::refuse(request.id.clone(), error, out),
        }
    }

    fn command(&mut self, now: Instant, kind: &'static str, request: &Request, out: &mut Actions) {
        match self.translate(kind, request) {
            Ok((key, command)) => self.carry_out(now, key, command, request.id.clone(), out),
            Err(error) => Shadow::refuse(request.id.clone(), error, out),
        }
    }

    fn translate(
        &self,
        kind: &'static str,
        request: &Request,
    ) -> Result<(ComponentKey, Command), RpcError> {
        let key = ComponentKey::new(Kind::from(kind), request.decode::<Target>()?.id);
        let entity = match &self.phase {
            Phase::Ready(entities) => entities.components.get(&key),
            Phase::Opening(_) | Phase::Ended => None,
        };
        let entity = entity.ok_or_else(|| {
            RpcError::new(
                Code::NotFound,
                "not_found",
                format!("this board has no {key}"),
            )
        })?;
        let command = commands::command(entity, self.shadow.state(&key), request)?;
        Ok((key, command))
    }

    fn carry_out(
        &mut self,
        now: Instant,
        key: ComponentKey,
        command: Command,
        id: Option<Id>,
        out: &mut Actions,
    ) {
        self.send(command.message, &command.payload, out);
        match command.effect {
            Effect::Processed => self.ping(Ping::Command(id), out),
            // The board reports what changes, so of a command that changes
            // nothing it reports nothing.
            Effect::Reports(wanted) if self.shadow.is_any(&key, &wanted) => {
                self.ping(Ping::Unchanged { id, key, wanted }, out);
            }
            Effect::Reports(wanted) => self.shadow.confirm_when_any(now, id, key, wanted, out),
        }
    }
}

impl Dialect for Esphome {
    fn expect(&mut self, id: &str) {
        self.expected = Some(id.to_owned());
    }

    fn opened(&mut self, _: Instant, out: &mut Actions) {
        let Some(Credential::Key(key)) = &self.credential else {
            self.frames = Some(Frames::plain());
            self.send_hello(out);
            return;
        };
        match Frames::noise(&noise::Psk::new(**key), self.random) {
            Ok((frames, bytes)) => {
                self.frames = Some(frames);
                out.send_bytes(bytes, "Noise handshake".to_owned());
            }
            Err(problem) => self.end(problem, out),
        }
    }

    fn request(&mut self, now: Instant, request: &Request, out: &mut Actions) {
        if matches!(self.phase, Phase::Ended) || self.shadow.request(now, request, out) {
            return;
        }
        match request.method.as_str() {
            method::SYS_PING => self.ping(Ping::Asked(request.id.clone()), out),
            method::LOG_SUBSCRIBE => self.subscribe_logs(request, out),
            method::DEVICE_IDENTIFY => {
                let refused = "it has no button of the device class identify";
                self.press("identify", refused, request, out);
            }
            method::DEVICE_REBOOT => {
                let refused = "it has no button of the device class restart";
                self.press("restart", refused, request, out);
            }
            other => match commands::commanded(other) {
                Some(kind) => self.command(now, kind, request, out),
                None => Shadow::refuse_method(request, Family::Esphome, out),
            },
        }
    }

    fn received(&mut self, now: Instant, received: Received<'_>, out: &mut Actions) {
        let bytes = match received {
            Received::Binary(bytes) => bytes,
            Received::Text(text) => text.as_bytes(),
            Received::Mqtt { .. } => return,
        };
        if let Some(frames) = &mut self.frames {
            frames.push(bytes);
        }
        if let Err(problem) = self.read(now, out) {
            self.end(problem, out);
        }
        // Once for all that arrived, so that a peer cannot make this side queue
        // more than it sends.
        if std::mem::take(&mut self.pinged) && !matches!(self.phase, Phase::Ended) {
            self.send(messages::PING_RESPONSE, &[], out);
        }
    }

    fn next_deadline(&self) -> Option<Instant> {
        match &self.phase {
            Phase::Opening(opening) => opening.deadline(),
            Phase::Ready(_) | Phase::Ended => None,
        }
    }

    fn tick(&mut self, now: Instant, out: &mut Actions) {
        if self.next_deadline().is_some_and(|deadline| deadline <= now) {
            self.describe(now, out);
        }
    }
}

impl Entities {
    fn new(components: BTreeMap<ComponentKey, Entity>) -> Self {
        let address = |(key, entity): (&ComponentKey, &Entity)| (entity.address(), key.clone());
        Self {
            addresses: components.iter().map(address).collect(),
            components,
        }
    }

    /// The entity that a message is about.
    fn of(&self, message: u32, fields: Fields<'_>) -> Option<(&ComponentKey, &Entity)> {
        let layout = Layout::reported_by(message)?;
        let device = narrow(fields.number(layout.state_device));
        let key = self.addresses.get(&(message, device, fields.fixed(1)))?;
        self.components.get_key_value(key)
    }
}

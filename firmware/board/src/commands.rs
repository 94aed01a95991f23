//! What each method does. Reads requests, answers them; what changes is done in
//! `change`.

use alloc::{borrow::ToOwned, format, string::String, vec::Vec};
use core::time::Duration;

use protocol::{
    Code, CommandResult, ComponentKey, ComponentsPage, DeviceInfo, Id, Kind, Level, LogFilter,
    Object, Pong, Rejected, Request, Response, RpcError, Snapshot, Source, limits,
    method::{self, LogSubscribe},
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    Board, ClientId, Hardware, REBOOT_AFTER, Reboot, Slot, keys::locked, params::Params, rules,
    sizes, text,
};

/// Every method of a board, for who asks for another.
const METHODS: [&str; 27] = [
    method::DEVICE_GET_INFO,
    method::DEVICE_GET_COMPONENTS,
    method::DEVICE_GET_STATUS,
    method::DEVICE_SUBSCRIBE,
    method::DEVICE_SET_NAME,
    method::DEVICE_IDENTIFY,
    method::DEVICE_REBOOT,
    method::SYS_PING,
    method::SWITCH_SET,
    method::SWITCH_TOGGLE,
    method::LIGHT_SET,
    method::NUMBER_SET,
    method::SELECT_SET,
    method::TEXT_SET,
    method::BUTTON_PRESS,
    method::OTA_BEGIN,
    method::OTA_WRITE,
    method::OTA_COMMIT,
    method::OTA_ABORT,
    method::LOG_SUBSCRIBE,
    method::CLIENTS_LIST,
    method::CLIENTS_CLOSE,
    method::KEYS_LIST,
    method::KEYS_ADD,
    method::KEYS_REMOVE,
    method::OUTBOUND_SET,
    method::OUTBOUND_GET,
];

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    /// By WebSocket.
    Client(ClientId),
    /// By `POST`: nothing can be pushed, and there is no number.
    Post,
}

impl Caller {
    /// Commands by `POST` are `client:0`; clients count from 1.
    pub(crate) fn source(self) -> Source {
        match self {
            Self::Client(id) => Source::Client(id.0),
            Self::Post => Source::Client(0),
        }
    }

    /// Whether its connection is seen to end.
    pub(crate) fn is_client(self) -> bool {
        matches!(self, Self::Client(_))
    }

    fn number(self) -> Option<u32> {
        match self {
            Self::Client(id) => Some(id.0),
            Self::Post => None,
        }
    }
}

/// What is answered: the result of a command is written without a detour.
#[derive(Serialize)]
#[serde(untagged)]
enum Answer {
    Done(CommandResult),
    Value(Value),
}

impl<H: Hardware> Board<H> {
    /// Carries a message out. Answers the answer, if it is to be answered.
    pub(crate) fn carry_out(
        &mut self,
        now: Duration,
        caller: Caller,
        message: &str,
    ) -> Option<String> {
        let (id, outcome) = match read(message) {
            // JSON-RPC 2.0, section 4.1: a notification is not answered, not
            // even where its parameters are invalid.
            Err(Rejected { id: None, error }) if error.code == Code::InvalidParams => return None,
            Err(Rejected { id, error }) => (id, Err(error)),
            Ok(request) => {
                let outcome = self.answer(now, caller, &request);
                self.log_request(now, caller, &request, outcome.as_ref().err());
                (Some(request.id?), outcome)
            }
        };
        let answer = |outcome| Response::json(id.as_ref(), outcome);
        let text = answer(outcome.as_ref());
        if text.len() <= limits::MESSAGE_OUT_OF_BOARD {
            return Some(text);
        }
        let message = format!(
            "the answer would have more than {} bytes",
            limits::MESSAGE_OUT_OF_BOARD
        );
        Some(answer(Err(&RpcError::new(
            Code::ResourceExhausted,
            "too_large",
            message,
        ))))
    }

    fn answer(
        &mut self,
        now: Duration,
        caller: Caller,
        request: &Request,
    ) -> Result<Answer, RpcError> {
        if !matches!(self.reboot, Reboot::No) {
            return Err(rebooting());
        }
        if caller == Caller::Post && self.is_locked() {
            return Err(locked());
        }
        self.access(caller).allows(&request.method)?;
        self.reached();
        let params = Params::of(request);
        let was_on = match request.method.as_str() {
            method::SWITCH_SET => self.set(now, caller, &params, &Kind::Switch)?,
            method::LIGHT_SET => self.set(now, caller, &params, &Kind::Light)?,
            method::NUMBER_SET => self.set(now, caller, &params, &Kind::Number)?,
            method::SELECT_SET => self.set(now, caller, &params, &Kind::Select)?,
            method::TEXT_SET => self.set(now, caller, &params, &Kind::Text)?,
            method::SWITCH_TOGGLE => self.toggle(now, caller, &params)?,
            _ => match self.act(now, caller, request, &params)? {
                Some(value) => return Ok(Answer::Value(value)),
                None => None,
            },
        };
        // Its push was queued before this, so `seq` has its effect.
        Ok(Answer::Done(CommandResult {
            seq: self.seq,
            was_on,
            extra: Object::new(),
        }))
    }

    /// What is no command of a state; `None` is answered as one.
    fn act(
        &mut self,
        now: Duration,
        caller: Caller,
        request: &Request,
        params: &Params<'_>,
    ) -> Result<Option<Value>, RpcError> {
        let done = |(): ()| None;
        let answer = match request.method.as_str() {
            method::DEVICE_SET_NAME => return self.set_name(now, caller, params).map(done),
            method::DEVICE_IDENTIFY => {
                self.hardware.identify();
                return Ok(None);
            }
            method::DEVICE_REBOOT => {
                self.reboot = Reboot::Asked {
                    by: caller.source(),
                    when_alone: caller.is_client(),
                };
                return Ok(None);
            }
            method::BUTTON_PRESS => return self.press_from_afar(now, caller, params).map(done),
            method::OTA_COMMIT => return self.commit_update(now, caller).map(done),
            method::OTA_ABORT => return self.abort_update(now, caller).map(done),
            method::DEVICE_GET_INFO => Ok(json!(self.info(now))),
            method::DEVICE_GET_COMPONENTS => self.components_page(params, request.id.as_ref()),
            method::DEVICE_GET_STATUS => Ok(json!(self.snapshot(now, caller))),
            method::DEVICE_SUBSCRIBE => self.subscribe(now, caller),
            method::SYS_PING => Ok(json!(Pong {
                uptime_ms: text::millis(now)
            })),
            method::OTA_BEGIN => self.begin_update(now, caller, params),
            method::OTA_WRITE => self.write_update(now, caller, params),
            method::LOG_SUBSCRIBE => self.subscribe_log(caller, params),
            method::CLIENTS_LIST => self.list_clients(now, caller, params, request.id.as_ref()),
            method::CLIENTS_CLOSE => self.close_client(now, caller, params),
            method::KEYS_LIST => self.list_keys(caller),
            method::KEYS_ADD => self.add_key_from_afar(now, params),
            method::KEYS_REMOVE => self.remove_key(now, params),
            method::OUTBOUND_SET => self.set_outbound(now, params),
            method::OUTBOUND_GET => Ok(json!(self.outbound(now))),
            other => Err(no_such_method(other)),
        };
        answer.map(Some)
    }

    /// Answers `on` as it was before.
    fn set(
        &mut self,
        now: Duration,
        caller: Caller,
        params: &Params<'_>,
        kind: &Kind,
    ) -> Result<Option<bool>, RpcError> {
        let at = params.target(kind, &self.slots)?;
        let change = params.change(kind)?;
        let transition = if *kind == Kind::Light {
            params.transition()?
        } else {
            Duration::ZERO
        };
        let was_on = self.was_on(at);
        self.command(now, at, change, transition, caller.source())?;
        Ok(was_on)
    }

    fn toggle(
        &mut self,
        now: Duration,
        caller: Caller,
        params: &Params<'_>,
    ) -> Result<Option<bool>, RpcError> {
        let at = params.target(&Kind::Switch, &self.slots)?;
        let was_on = self.was_on(at);
        let change = protocol::State::new().with("on", !was_on.unwrap_or(false));
        self.command(now, at, change, Duration::ZERO, caller.source())?;
        Ok(was_on)
    }

    fn press_from_afar(
        &mut self,
        now: Duration,
        caller: Caller,
        params: &Params<'_>,
    ) -> Result<(), RpcError> {
        let at = params.target(&Kind::Button, &self.slots)?;
        let event = params
            .text("event", "press, double_press or long_press")?
            .unwrap_or("press");
        rules::check_event(event)?;
        let Some(key) = self.slots.get(at).map(|slot| slot.descriptor.key.clone()) else {
            return Ok(());
        };
        self.hardware.pressed_from_afar(&key, event)?;
        self.pressed(now, &key, event, &caller.source());
        Ok(())
    }

    /// `on` of a switch or light, before a command.
    fn was_on(&self, at: usize) -> Option<bool> {
        self.slots.get(at)?.state.on()
    }

    fn info(&mut self, now: Duration) -> DeviceInfo {
        let mut info = sizes::info(
            &self.identity,
            self.hardware.reset_reason(),
            self.epoch,
            text::millis(now),
        );
        let (updatable, locked) = (self.hardware.update_slot().is_some(), self.is_locked());
        let callable = self.hardware.can_call();
        let samples = !locked && self.hardware.sample_source().is_some();
        info.features.retain(|feature| match feature.as_str() {
            sizes::OTA => updatable,
            sizes::HTTP_RPC => !locked,
            sizes::KEYS => locked,
            sizes::OUTBOUND => callable,
            sizes::TELEMETRY => samples,
            _ => true,
        });
        info
    }

    fn snapshot(&mut self, now: Duration, caller: Caller) -> Snapshot {
        self.flush(now);
        let has_state = |slot: &&Slot| slot.descriptor.kind != Kind::Button;
        Snapshot {
            epoch: self.epoch,
            seq: self.seq,
            uptime_ms: text::millis(now),
            client: caller.number(),
            components: self
                .slots
                .iter()
                .filter(has_state)
                .map(|slot| (slot.descriptor.key.clone(), slot.state.clone()))
                .collect(),
        }
    }

    /// Refusals for who looks for the reason, the rest for who follows
    /// everything.
    fn log_request(
        &mut self,
        now: Duration,
        caller: Caller,
        request: &Request,
        refusal: Option<&RpcError>,
    ) {
        let by_whom = || (caller.source(), text::clipped(&request.method));
        match refusal {
            Some(RpcError { message, data, .. }) => {
                let (by, method) = by_whom();
                // A message repeats parameters. On a locked board keys of role
                // view read this line too; debug lines they do not.
                let level = if self.is_locked() {
                    self.log(
                        now,
                        Level::Info,
                        format_args!("{by} {method} refused: {}", data.reason),
                    );
                    Level::Debug
                } else {
                    Level::Info
                };
                self.log(now, level, format_args!("{by} {method} refused: {message}"));
            }
            // Nobody wants to read of every sign of life, or of every piece of
            // an image.
            None if matches!(
                request.method.as_str(),
                method::SYS_PING | method::CLIENTS_LIST | method::OTA_WRITE
            ) => {}
            None if self.log.takes(Level::Debug) => {
                let params = text::shown(&Value::Object(request.params.clone()));
                let (by, method) = by_whom();
                self.log(now, Level::Debug, format_args!("{by} {method} {params}"));
            }
            None => {}
        }
    }

    fn subscribe_log(&mut self, caller: Caller, params: &Params<'_>) -> Result<Value, RpcError> {
        const ACCEPTED: &str = "error, warn, info, debug or off";
        let Caller::Client(id) = caller else {
            return Err(needs_a_websocket(
                "GET /log, or Log.Subscribe on a WebSocket at /rpc",
            ));
        };
        let level = match params.text("level", ACCEPTED)? {
            None => LogFilter::default(),
            Some(word) => word.parse().map_err(|_| {
                rules::bad(
                    "not_an_option",
                    format!("level is {ACCEPTED}, not {}", text::clipped(word)),
                )
            })?,
        };
        if level == LogFilter::UpTo(Level::Debug) && self.access(caller).is_view() {
            let message = "debug has the parameters of everyone's commands: a key of role view \
                 reads error, warn and info";
            return Err(RpcError::new(Code::Forbidden, "view_only", message));
        }
        let reader = match level {
            LogFilter::Off => None,
            LogFilter::UpTo(level) => Some(self.log.open(level)),
        };
        if let Some(before) = self.clients.subscribe_log(id, reader) {
            self.log.close(before);
        }
        Ok(json!(LogSubscribe { level }))
    }

    fn subscribe(&mut self, now: Duration, caller: Caller) -> Result<Value, RpcError> {
        let Caller::Client(id) = caller else {
            return Err(needs_a_websocket(
                "use a WebSocket at /rpc, or Device.GetStatus",
            ));
        };
        let snapshot = self.snapshot(now, caller);
        self.clients.subscribe(id, snapshot.seq);
        Ok(json!(snapshot))
    }

    fn set_name(
        &mut self,
        now: Duration,
        caller: Caller,
        params: &Params<'_>,
    ) -> Result<(), RpcError> {
        let name = params.needed_text("name", "1 to 63 bytes of UTF-8")?;
        self.rename(now, name, caller.source())
    }

    /// Names the board, as `Device.SetName` does.
    ///
    /// # Errors
    /// `out_of_range` and `control_character`, with what a name may be.
    pub fn rename(&mut self, now: Duration, name: &str, by: Source) -> Result<(), RpcError> {
        rules::check_name(name)?;
        if name != self.identity.name {
            self.identity.name = name.to_owned();
            self.renamed = true;
            self.note_change(now);
            let mut extra = Object::new();
            extra.insert("name".to_owned(), name.into());
            self.log(now, Level::Info, format_args!("renamed {name:?} by {by}"));
            self.push_event(now, system(), "renamed", extra, Some(by));
        }
        Ok(())
    }

    /// As many descriptors as were asked for and fit.
    fn components_page(&self, params: &Params<'_>, id: Option<&Id>) -> Result<Value, RpcError> {
        let (offset, limit) = params.page()?;
        let mut page = ComponentsPage {
            offset,
            total: self.slots.len(),
            components: Vec::new(),
        };
        let empty = Response {
            id: id.cloned(),
            outcome: Ok(json!(page)),
        };
        let mut bytes = empty.to_json().len();
        for slot in self.slots.iter().skip(page.offset).take(limit) {
            // And the comma before it.
            bytes += text::json(&slot.descriptor).len() + 1;
            if bytes > limits::MESSAGE_OUT_OF_BOARD {
                break;
            }
            page.components.push(slot.descriptor.clone());
        }
        Ok(json!(page))
    }

    /// Says goodbye to everyone, after the answer to whoever asked has been
    /// queued.
    pub(crate) fn announce_reboot(&mut self, now: Duration) {
        let Reboot::Asked { by, when_alone } = &self.reboot else {
            return;
        };
        let (by, when_alone) = (by.clone(), *when_alone);
        self.drop_update();
        self.flush(now);
        self.log(now, Level::Info, format_args!("a restart, by {by}"));
        let event = self.event(now, system(), "rebooting", Object::new(), Some(by));
        self.clients.restart(&event);
        self.reboot = Reboot::Due {
            at: now + REBOOT_AFTER,
            when_alone,
        };
    }
}

/// The refusal of everything that comes after the command to reboot.
pub(crate) fn rebooting() -> RpcError {
    RpcError::new(
        Code::Busy,
        "rebooting",
        "the board is restarting: connect again in some seconds",
    )
}

/// The refusal of what pushes, over `POST`.
fn needs_a_websocket(instead: &str) -> RpcError {
    let message = format!("nothing can be pushed over POST: {instead}");
    RpcError::new(Code::FailedPrecondition, "needs_a_websocket", message)
}

/// The refusal of an unknown method, with those that begin alike, or with what
/// methods begin with.
fn no_such_method(asked: &str) -> RpcError {
    let space = |method: &str| method.split('.').next().unwrap_or_default().to_owned();
    let mut alike: Vec<String> = METHODS
        .iter()
        .filter(|method| space(method) == space(asked))
        .map(|&method| method.to_owned())
        .collect();
    if alike.is_empty() {
        alike = METHODS
            .iter()
            .map(|method| format!("{}.…", space(method)))
            .collect();
        alike.dedup();
    }
    let message = format!(
        "no method {}; this board has {}",
        text::clipped(asked),
        alike.join(", ")
    );
    RpcError::new(Code::MethodNotFound, "no_such_method", message)
}

/// The board itself, in events.
fn system() -> ComponentKey {
    ComponentKey::new(Kind::Unknown("sys".to_owned()), 0)
}

/// Reads a request whose answer is sure to fit into a message.
fn read(message: &str) -> Result<Request, Rejected> {
    let reject = |reason, message| {
        let error = RpcError::new(Code::InvalidRequest, reason, message);
        Rejected { id: None, error }
    };
    if message.len() > limits::MESSAGE_INTO_BOARD {
        let sentence = format!(
            "a message has at most {} bytes, not {}",
            limits::MESSAGE_INTO_BOARD,
            message.len()
        );
        return Err(reject("too_large", sentence));
    }
    // A number is never so long.
    let long =
        |id: &Option<Id>| matches!(id, Some(Id::Text(text)) if json_len(text) > sizes::REQUEST_ID);
    let too_long = || {
        reject(
            "bad_id",
            format!("id has at most {} bytes as JSON", sizes::REQUEST_ID),
        )
    };
    match Request::parse(message) {
        Ok(request) if long(&request.id) => Err(too_long()),
        Err(rejected) if long(&rejected.id) => Err(too_long()),
        read => read,
    }
}

fn json_len(value: &impl Serialize) -> usize {
    text::json(value).len()
}

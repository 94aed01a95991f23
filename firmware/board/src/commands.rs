//! Carries out requests: parses them, calls the method, and makes the response.
//! Also the methods about the device as a whole and its components.

use alloc::{borrow::ToOwned, format, string::String, vec::Vec};
use core::time::Duration;

use protocol::{
    Code, CommandResult, ComponentKey, ComponentsPage, DeviceInfo, Id, Kind, Level, LogFilter,
    Object, Quoted, Rejected, Response, RpcError, Snapshot, Source, State, limits,
    method::LogSubscribe,
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    ClientId, Core, Hardware, Slot,
    keys::locked,
    methods::{Method, Reply, Request},
    params::Params,
    reboot::{Reboot, rebooting},
    rules, sizes, text,
};

/// The sender of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    /// A WebSocket client.
    Client(ClientId),
    /// A client of `POST /rpc`: it has no number and receives no pushes.
    Post,
}

impl Caller {
    /// `client:0` for `POST`; the numbers of clients begin at 1.
    pub(crate) fn source(self) -> Source {
        match self {
            Self::Client(id) => Source::Client(id.0),
            Self::Post => Source::Client(0),
        }
    }

    /// Whether the core is told when its connection ends.
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

/// The result of a method. That of a command is serialized without a detour
/// through a [`Value`].
#[derive(Serialize)]
#[serde(untagged)]
enum Outcome {
    Done(CommandResult),
    Value(Value),
}

impl<H: Hardware> Core<H> {
    /// Carries out the request in `message`. Returns the response, unless it is
    /// a notification.
    pub(crate) fn carry_out(
        &mut self,
        now: Duration,
        caller: Caller,
        message: &str,
    ) -> Option<String> {
        let (id, outcome) = match parse(message) {
            // JSON-RPC 2.0, section 4.1: a notification gets no response, even
            // if its parameters are invalid.
            Err(Rejected { id: None, error }) if error.code == Code::InvalidParams => return None,
            Err(Rejected { id, error }) => (id, Err(error)),
            Ok(request) => {
                let method = Self::method(&request.method);
                let outcome = self.dispatch(now, caller, &request, method);
                if outcome.is_err() || method.is_some_and(|method| method.is_logged) {
                    self.log_request(now, caller, &request, outcome.as_ref().err());
                }
                (Some(request.id?), outcome)
            }
        };
        let response = |outcome| Response::json(id.as_ref(), outcome);
        let text = response(outcome.as_ref());
        if text.len() <= limits::MESSAGE_OUT_OF_BOARD {
            return Some(text);
        }
        let message = format!(
            "the response would have more than {} bytes",
            limits::MESSAGE_OUT_OF_BOARD
        );
        Some(response(Err(&RpcError::new(
            Code::ResourceExhausted,
            "too_large",
            message,
        ))))
    }

    fn dispatch(
        &mut self,
        now: Duration,
        caller: Caller,
        request: &protocol::Request,
        method: Option<&Method<H>>,
    ) -> Result<Outcome, RpcError> {
        if self.reboot.is_requested() {
            return Err(rebooting());
        }
        if caller == Caller::Post && self.is_locked() {
            return Err(locked());
        }
        self.check_role(caller, method)?;
        self.confirm_image();
        let Some(method) = method else {
            return Err(Self::no_such_method(&request.method));
        };
        let request = Request {
            now,
            caller,
            id: request.id.as_ref(),
            params: Params::of(request),
        };
        Ok(match (method.handler)(self, &request)? {
            Reply::Value(value) => Outcome::Value(value),
            // The push of the change was queued before this, so `seq` includes
            // it.
            Reply::Done { was_on } => Outcome::Done(CommandResult {
                seq: self.components.seq,
                was_on,
                extra: Object::new(),
            }),
        })
    }

    /// Sets a component of this kind.
    pub(crate) fn set(&mut self, request: &Request<'_>, kind: &Kind) -> Result<Reply, RpcError> {
        let params = &request.params;
        let at = params.target(kind, &self.components.slots)?;
        let change = params.change(kind)?;
        let transition = if *kind == Kind::Light {
            params.transition()?
        } else {
            Duration::ZERO
        };
        let was_on = self.was_on(at);
        self.command(request.now, at, change, transition, request.caller.source())?;
        Ok(Reply::Done { was_on })
    }

    /// `Switch.Toggle`.
    pub(crate) fn toggle(&mut self, request: &Request<'_>) -> Result<Reply, RpcError> {
        let at = request
            .params
            .target(&Kind::Switch, &self.components.slots)?;
        let was_on = self.was_on(at);
        let change = State::new().with("on", !was_on.unwrap_or(false));
        let source = request.caller.source();
        self.command(request.now, at, change, Duration::ZERO, source)?;
        Ok(Reply::Done { was_on })
    }

    /// `Button.Press`.
    pub(crate) fn press_remotely(&mut self, request: &Request<'_>) -> Result<Reply, RpcError> {
        let params = &request.params;
        let at = params.target(&Kind::Button, &self.components.slots)?;
        let event = params
            .text("event", "press, double_press or long_press")?
            .unwrap_or("press");
        rules::check_event(event)?;
        if let Some(slot) = self.components.slots.get(at) {
            let key = slot.descriptor.key.clone();
            self.hardware.pressed_remotely(&key, event)?;
            self.pressed(request.now, &key, event, &request.caller.source());
        }
        Ok(Reply::DONE)
    }

    /// `Device.Reboot`.
    pub(crate) fn request_reboot(&mut self, request: &Request<'_>) -> Result<Reply, RpcError> {
        self.reboot = Reboot::requested_by(request.caller);
        Ok(Reply::DONE)
    }

    /// `on` of a switch or light before a command.
    fn was_on(&self, at: usize) -> Option<bool> {
        self.components.slots.get(at)?.state.on()
    }

    pub(crate) fn info(&mut self, now: Duration) -> DeviceInfo {
        let mut info = sizes::info(
            &self.identity,
            self.hardware.reset_reason(),
            self.components.epoch,
            text::millis(now),
        );
        let (has_slot, locked) = (self.hardware.update_slot().is_some(), self.is_locked());
        let supports_outbound = self.hardware.supports_outbound();
        let has_samples = !locked && self.hardware.sample_source().is_some();
        info.features.retain(|feature| match feature.as_str() {
            sizes::OTA => has_slot,
            sizes::HTTP_RPC => !locked,
            sizes::KEYS => locked,
            sizes::OUTBOUND => supports_outbound,
            sizes::TELEMETRY => has_samples,
            _ => true,
        });
        info
    }

    pub(crate) fn snapshot(&mut self, request: &Request<'_>) -> Snapshot {
        self.flush(request.now);
        let has_state = |slot: &&Slot| rules::has_state(&slot.descriptor.kind);
        Snapshot {
            epoch: self.components.epoch,
            seq: self.components.seq,
            uptime_ms: text::millis(request.now),
            client: request.caller.number(),
            components: self
                .components
                .slots
                .iter()
                .filter(has_state)
                .map(|slot| (slot.descriptor.key.clone(), slot.state.clone()))
                .collect(),
        }
    }

    /// Logs a failed request, or a successful one at level debug.
    fn log_request(
        &mut self,
        now: Duration,
        caller: Caller,
        request: &protocol::Request,
        error: Option<&RpcError>,
    ) {
        let sender = || (caller.source(), text::clipped(&request.method));
        match error {
            Some(RpcError { message, data, .. }) => {
                let (by, method) = sender();
                // The message repeats parameters, which keys of role view may
                // not read: they have no access to debug lines.
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
            None if self.log.records(Level::Debug) => {
                let params = text::excerpt(&Value::Object(request.params.clone()));
                let (by, method) = sender();
                self.log(now, Level::Debug, format_args!("{by} {method} {params}"));
            }
            None => {}
        }
    }

    /// `Log.Subscribe`.
    pub(crate) fn subscribe_log(&mut self, request: &Request<'_>) -> Result<Reply, RpcError> {
        const ACCEPTED: &str = "error, warn, info, debug or off";
        let Caller::Client(id) = request.caller else {
            return Err(needs_a_websocket(
                "GET /log, or Log.Subscribe on a WebSocket at /rpc",
            ));
        };
        let level = match request.params.text("level", ACCEPTED)? {
            None => LogFilter::default(),
            Some(level) => level.parse().map_err(|_| {
                rules::invalid(
                    "not_an_option",
                    format!("level is {ACCEPTED}, not {}", text::clipped(level)),
                )
            })?,
        };
        if level == LogFilter::UpTo(Level::Debug) && self.access(request.caller).is_view() {
            let message = "debug shows the parameters of all commands: a key of role view reads \
                 error, warn and info";
            return Err(RpcError::new(Code::Forbidden, "view_only", message));
        }
        let reader = match level {
            LogFilter::Off => None,
            LogFilter::UpTo(level) => Some(self.log.open(level)),
        };
        if let Some(previous) = self.connections.clients.subscribe_log(id, reader) {
            self.log.close(previous);
        }
        Ok(Reply::Value(json!(LogSubscribe { level })))
    }

    /// `Device.Subscribe`.
    pub(crate) fn subscribe(&mut self, request: &Request<'_>) -> Result<Reply, RpcError> {
        let Caller::Client(id) = request.caller else {
            return Err(needs_a_websocket(
                "use a WebSocket at /rpc, or Device.GetStatus",
            ));
        };
        let snapshot = self.snapshot(request);
        self.connections.clients.subscribe(id, snapshot.seq);
        Ok(Reply::Value(json!(snapshot)))
    }

    /// `Device.SetName`.
    pub(crate) fn set_name(&mut self, request: &Request<'_>) -> Result<Reply, RpcError> {
        let name = request
            .params
            .required_text("name", "1 to 63 bytes of UTF-8")?;
        self.rename(request.now, name, request.caller.source())?;
        Ok(Reply::DONE)
    }

    /// Sets the board's name, as `Device.SetName` does.
    ///
    /// # Errors
    /// `out_of_range` or `control_character`, with what a name may be.
    pub fn rename(&mut self, now: Duration, name: &str, by: Source) -> Result<(), RpcError> {
        rules::check_name(name)?;
        if name != self.identity.name {
            self.identity.name = name.to_owned();
            self.announcement_changed = true;
            self.schedule_save(now);
            let mut extra = Object::new();
            extra.insert("name".to_owned(), name.into());
            self.log(
                now,
                Level::Info,
                format_args!("renamed {} by {by}", Quoted(name)),
            );
            self.push_event(now, system(), "renamed", extra, Some(by));
        }
        Ok(())
    }

    /// `Device.GetComponents`: as many descriptors as were requested and fit.
    pub(crate) fn components_page(&mut self, request: &Request<'_>) -> Result<Reply, RpcError> {
        let (offset, limit) = request.params.page()?;
        let mut page = ComponentsPage {
            offset,
            total: self.components.slots.len(),
            components: Vec::new(),
        };
        let empty = Response {
            id: request.id.cloned(),
            outcome: Ok(json!(page)),
        };
        let mut bytes = empty.to_json().len();
        for slot in self.components.slots.iter().skip(page.offset).take(limit) {
            // One more for the comma.
            bytes += text::json(&slot.descriptor).len() + 1;
            if bytes > limits::MESSAGE_OUT_OF_BOARD {
                break;
            }
            page.components.push(slot.descriptor.clone());
        }
        Ok(Reply::Value(json!(page)))
    }
}

/// The error for a method that pushes, over `POST`.
fn needs_a_websocket(instead: &str) -> RpcError {
    let message = format!("nothing can be pushed over POST: {instead}");
    RpcError::new(Code::FailedPrecondition, "needs_a_websocket", message)
}

/// The board itself, as the component of an event.
pub(crate) fn system() -> ComponentKey {
    ComponentKey::new(Kind::Unknown("sys".to_owned()), 0)
}

/// Parses a request, and checks that its response can fit into a message.
fn parse(message: &str) -> Result<protocol::Request, Rejected> {
    let reject = |reason, message| {
        let error = RpcError::new(Code::InvalidRequest, reason, message);
        Rejected { id: None, error }
    };
    if message.len() > limits::MESSAGE_INTO_BOARD {
        let description = format!(
            "a message has at most {} bytes, not {}",
            limits::MESSAGE_INTO_BOARD,
            message.len()
        );
        return Err(reject("too_large", description));
    }
    // A number is never this long.
    let is_too_long = |id: &Option<Id>| match id {
        Some(Id::Text(text)) => json_len(text) > sizes::MAX_REQUEST_ID,
        _ => false,
    };
    let too_long = || {
        reject(
            "bad_id",
            format!("id has at most {} bytes as JSON", sizes::MAX_REQUEST_ID),
        )
    };
    match protocol::Request::parse(message) {
        Ok(request) if is_too_long(&request.id) => Err(too_long()),
        Err(rejected) if is_too_long(&rejected.id) => Err(too_long()),
        parsed => parsed,
    }
}

fn json_len(value: &impl Serialize) -> usize {
    text::json(value).len()
}

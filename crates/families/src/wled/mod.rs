//! WLED (<https://kno.wled.ge>): JSON over a WebSocket. Each push replaces the
//! whole state, and nothing confirms a command but a push with the wanted
//! values. `docs/guide/wled.md` says the same for users.
//!
//! # Components
//!
//! | key | what it is |
//! | -- | -- |
//! | `light:S` | the segment `S`, 0 to 999 |
//! | `light:1000` | the whole strip, unless it has exactly one segment |
//! | `number:(S × 16)` | effect speed of the segment `S`, 0 to 255 |
//! | `number:(S × 16 + 1)` | effect intensity of the segment `S`, 0 to 255 |
//! | `select:0`, `select:1` | preset and playlist |
//! | `switch:0`, `switch:1`, `switch:2` | nightlight, sending and following changes of other boards |
//! | `sensor:0` to `sensor:3` | LED current (estimated), Wi-Fi signal, free memory, uptime |
//! | `update:0` | the firmware's version; read-only |
//!
//! # The whole strip and its segments
//!
//! WLED has a switch and a brightness for the whole strip, and another one for
//! each segment. With one segment, both are one light: it is on if both are
//! on, its brightness is their product, and commands switch and dim the whole
//! strip.
//!
//! With several segments, the whole strip is a light of its own. A segment is
//! shown on only if the whole strip is on too. Its `brightness` is its own;
//! `effective_brightness` is what the whole strip leaves of it. Then
//!
//! - a segment that is switched on while the whole strip is off switches the
//!   whole strip on, and the other segments, which were shown off, off;
//! - any other command for a segment changes only that segment, also while the
//!   whole strip is off;
//! - switching the whole strip on lights the segments whose own switch is on.
//!
//! A brightness of 0 % switches off. A brightness alone does not switch on.
//! Without `transition_ms`, the board fades as it is configured.
//!
//! # Limits
//!
//! A board closes the oldest of its WebSockets if there are too many (3 on an
//! ESP8266, 8 on an ESP32), without a code. Two programs can put each other out
//! that way; the session's growing waits keep that slow.

mod announced;
mod command;
mod components;
mod fetching;
mod level;
mod live;
mod names;
mod outbox;
mod outcome;
mod report;
mod states;
#[cfg(test)]
mod tests;

use std::time::Duration;

use protocol::{Code, FromBoard, Request, RpcError, limits, method};
use serde::Deserialize;
use serde_json::{Value, json};
use web_time::Instant;

use crate::{Action, Actions, Dialect, Family, Problem, Received, Shadow, preview, shadow::answer};

use fetching::Fetching;
use live::Preview;
use names::AllNames;
use outbox::{LARGEST, LARGEST_ESP8266, Outbox, PONG, Ponged, Purpose};
use report::{Info, Report};

pub(crate) use announced::announcement;
pub(crate) use components::part_of;

/// How long a board has to send its state unasked after the connection opens.
const FIRST_REPORT: Duration = Duration::from_secs(1);

/// How long names may take before the board is described without them.
const NAMES: Duration = Duration::from_secs(1);

/// A WLED board.
#[derive(Debug)]
pub(crate) struct Wled {
    shadow: Shadow,
    outbox: Outbox,
    fetching: Fetching,
    /// The names in use.
    names: AllNames,
    /// Names that were read, until all of them were.
    new_names: Option<Box<AllNames>>,
    known: Option<(Info, Report)>,
    /// When the state is read.
    read_at: Option<Instant>,
    /// How often it was to be read since the last report.
    reads: u32,
    /// When the board is described, with or without names.
    describe_by: Option<Instant>,
    booted: Option<Instant>,
    /// Whether the live preview is wanted.
    live: bool,
    /// Messages that could not be read.
    unreadable: u64,
}

/// Parameters of [`preview::FOLLOW`].
#[derive(Deserialize)]
struct Follow {
    on: bool,
}

impl Wled {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            shadow: Shadow::new(now),
            outbox: Outbox::default(),
            fetching: Fetching::new(),
            names: AllNames::default(),
            new_names: None,
            known: None,
            read_at: None,
            reads: 0,
            describe_by: None,
            booted: None,
            live: false,
            unreadable: 0,
        }
    }

    fn text(&mut self, now: Instant, text: &str, out: &mut Actions) {
        if text.trim() == PONG {
            match self.outbox.ponged(now, out) {
                Ponged::Request(id) => self.shadow.pong(now, id, out),
                Ponged::Message(settled) => self.settled(now, settled, out),
                Ponged::Nothing => {}
            }
            return;
        }
        if text.len() > limits::MESSAGE_INTO_CONTROLLER {
            return self.skip("it is too large", out);
        }
        let Ok(message) = serde_json::from_str::<Value>(text) else {
            return self.skip("it is not JSON", out);
        };
        if let Some(state) = message.get("state") {
            self.reported(now, state, message.get("info").unwrap_or(&Value::Null), out);
        } else if message.get("success").and_then(Value::as_bool) == Some(true) {
            let settled = self.outbox.unchanged(now, out);
            self.settle(now, settled, out);
        } else if let Some(code) = message.get("error").and_then(Value::as_i64) {
            self.failed(now, code, out);
        } else if self.known.is_none()
            && ["jsonrpc", "v"]
                .iter()
                .any(|field| message.get(field).is_some())
        {
            // The board of another family, or one that sends back what it gets.
            let why = "it does not answer with its state";
            out.end(Problem::NotABoard(why.to_owned()));
        } else {
            self.skip("it is neither a state nor an answer", out);
        }
    }

    /// Counts a message that cannot be read.
    fn skip(&mut self, why: &str, out: &mut Actions) {
        self.unreadable += 1;
        out.push(Action::Decoded(format!(
            "skipped: {why} (unreadable messages so far: {})",
            self.unreadable
        )));
    }

    fn reported(&mut self, now: Instant, state: &Value, info: &Value, out: &mut Actions) {
        let report = report::report(state, info);
        let info = match report::info(info) {
            Ok(info) => info,
            // Nothing tells which board this is.
            Err(missing) if self.known.is_none() => return out.end(Problem::NotABoard(missing)),
            Err(missing) => return self.skip(&missing, out),
        };
        let Some(report) = report else {
            return self.skip("its state is not an object", out);
        };
        self.read_at = None;
        self.reads = 0;
        self.boots(now, &info);
        if !self.shadow.is_known() {
            self.shadow.identify(now, components::device(&info), out);
        }
        self.fetching.reported(now, &info, out);
        let before = self.known.replace((info, report));
        let known = self.shadow.is_known();
        match (before, &self.known) {
            (Some((old_info, old_report)), Some((info, report)))
                if known && components::is_alike((&old_info, &old_report), (info, report)) =>
            {
                let states = states::states(info, report, &self.names);
                self.shadow.update(now, states, None, out);
            }
            _ if known || self.fetching.is_settled() => self.describe(now, out),
            _ => {
                self.describe_by.get_or_insert(now + NAMES);
            }
        }
        let shadow = &self.shadow;
        let settled = self
            .outbox
            .reported(now, |key, state| shadow.shows(key, state), out);
        self.settle(now, settled, out);
    }

    /// The board counts whole seconds: the earliest estimate is the best one.
    fn boots(&mut self, now: Instant, info: &Info) {
        const TOLERANCE: Duration = Duration::from_secs(2);
        let uptime = info.uptime.map(Duration::from_secs);
        let Some(booted) = uptime.and_then(|uptime| now.checked_sub(uptime)) else {
            return;
        };
        self.booted = Some(match self.booted {
            Some(before) if booted < before + TOLERANCE && before < booted + TOLERANCE => {
                booted.min(before)
            }
            _ => booted,
        });
        self.shadow.set_booted(self.booted);
    }

    fn describe(&mut self, now: Instant, out: &mut Actions) {
        self.describe_by = None;
        if let Some((info, report)) = &self.known {
            let all = components::describe(info, report, &self.names);
            self.shadow
                .describe(now, all.info, all.components, all.states, out);
        }
    }

    /// Uses the names that were read, once all of them were: the session reads
    /// the board again because of them.
    fn use_names(&mut self, now: Instant, out: &mut Actions) {
        if !self.fetching.is_settled() {
            return;
        }
        let new = self.new_names.take().filter(|new| **new != self.names);
        let changed = new.is_some();
        if let Some(new) = new {
            self.names = *new;
        }
        if self.describe_by.is_some() || (changed && self.shadow.is_known()) {
            self.describe(now, out);
        }
    }

    fn command(&mut self, now: Instant, request: &Request, out: &mut Actions) {
        let id = request.id.clone();
        let Some((info, report)) = &self.known else {
            let message = "the board has not reported its state yet";
            let error = RpcError::new(Code::FailedPrecondition, "not_ready", message);
            return Shadow::refuse(id, error, out);
        };
        let command = match command::translate(request, report, &self.names) {
            Ok(Some(command)) => command,
            Ok(None) => return Shadow::refuse_method(request, Family::Wled, out),
            Err(error) => return Shadow::refuse(id, error, out),
        };
        let largest = if info.is_esp8266 {
            LARGEST_ESP8266
        } else {
            LARGEST
        };
        let size = command.text.len();
        if size > largest {
            let message = format!(
                "the command takes {size} bytes, and this board reads at most {largest} at once"
            );
            let error = RpcError::new(Code::ResourceExhausted, "too_large", message);
            return Shadow::refuse(id, error, out);
        }
        let purpose = Purpose::Command {
            id: id.clone(),
            wanted: command.wanted,
        };
        if !self.outbox.push(now, command.text, purpose, out) {
            let message = "too many commands wait for the board";
            let error = RpcError::new(Code::ResourceExhausted, "too_many_commands", message);
            Shadow::refuse(id, error, out);
        }
    }

    fn follow(&mut self, now: Instant, request: &Request, out: &mut Actions) {
        match request.decode() {
            Ok(Follow { on }) => {
                self.live = on;
                answer(request.id.clone(), &json!({}), out);
                self.outbox
                    .push(now, json!({ "lv": on }).to_string(), Purpose::Live, out);
            }
            Err(error) => Shadow::refuse(request.id.clone(), error, out),
        }
    }
}

impl Dialect for Wled {
    fn opened(&mut self, now: Instant, _: &mut Actions) {
        self.read_at = Some(now + FIRST_REPORT);
    }

    fn request(&mut self, now: Instant, request: &Request, out: &mut Actions) {
        if self.shadow.request(now, request, out) {
            return;
        }
        match request.method.as_str() {
            method::SYS_PING => self.outbox.ping(now, request.id.clone(), out),
            preview::FOLLOW => self.follow(now, request, out),
            _ => self.command(now, request, out),
        }
    }

    fn received(&mut self, now: Instant, received: Received<'_>, out: &mut Actions) {
        match received {
            Received::Text(text) => self.text(now, text, out),
            Received::Mqtt { .. } => {}
            Received::Binary(bytes) => {
                let fits = bytes.len() <= limits::MESSAGE_INTO_CONTROLLER;
                match fits.then(|| Preview::parse(bytes)).flatten() {
                    Some(live) if self.live => out.message(FromBoard::Other {
                        method: preview::NOTIFY.to_owned(),
                        params: live.params(),
                    }),
                    Some(_) => {}
                    None => self.skip("it is not a live preview", out),
                }
            }
        }
    }

    fn fetched(&mut self, now: Instant, path: &str, body: Result<&str, &str>, out: &mut Actions) {
        let names = self
            .new_names
            .get_or_insert_with(|| Box::new(self.names.clone()));
        self.fetching.fetched(now, path, body, names, out);
        self.use_names(now, out);
    }

    fn next_deadline(&self) -> Option<Instant> {
        let own = self.read_at.into_iter().chain(self.describe_by);
        own.chain(self.outbox.next_deadline())
            .chain(self.fetching.next_deadline())
            .min()
    }

    fn tick(&mut self, now: Instant, out: &mut Actions) {
        if self.read_at.is_some_and(|due| now >= due) {
            self.read_at = None;
            self.read(now, out);
        }
        let settled = self.outbox.tick(now, out);
        self.settle(now, settled, out);
        self.fetching.tick(now, out);
        self.use_names(now, out);
        if self.describe_by.is_some_and(|due| now >= due) {
            self.describe(now, out);
        }
    }
}

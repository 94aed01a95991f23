//! Shelly Gen2 and later: JSON-RPC over a WebSocket at `/rpc`, which pushes
//! deltas.
//!
//! [`Shelly`] is the board's side of one connection. The first frame is
//! `Shelly.GetDeviceInfo`: it names this program, without which a board pushes
//! nothing, and says which board answers before anything else is believed. Then
//! configuration, status and the components that users created are read, and
//! the pushes are laid over them. The board's one connection is used for
//! everything; nothing goes over HTTP.
//!
//! A command is confirmed by the board's answer. It is passed on when the push
//! with the effect has arrived too, or a moment later without one, so that no
//! old state is shown in between.
//!
//! Not tried on a real device. Source: shelly-api-docs.shelly.cloud, and the
//! fixtures of aioshelly (Apache-2.0).

mod announcement;
mod auth;
mod board;
mod calls;
mod commands;
mod components;
mod frames;
mod merge;
mod pushes;
mod reading;
mod running;
mod source;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, time::Duration};

use protocol::{Code, Id, Object, Request, RpcError, method};
use web_time::Instant;
use zeroize::Zeroizing;

pub(crate) use announcement::read as announcement;

use self::{
    auth::Auth,
    board::Board,
    calls::{Call, Calls, GET_DEVICE_INFO},
    frames::Frame,
    reading::Step,
    running::{Answered, Running},
    source::Source,
};
use crate::{Actions, Credential, Dialect, Problem, Received, Shadow, hex::hex};

/// How long the board has to answer a read.
const READ_TIMEOUT: Duration = Duration::from_secs(9);

/// How long a board that connected to this program has to say more about
/// itself, before what it said first is all.
const INBOUND_TIMEOUT: Duration = Duration::from_secs(3);

/// What a request to the board is for.
#[derive(Debug)]
enum Purpose {
    /// Which board is it?
    Identify,
    /// The board is read.
    Read(Step),
    /// Not everything is pushed.
    Poll,
    /// `Sys.Ping`.
    Ping(Option<Id>),
    /// A command.
    Command(Box<Running>),
}

/// One connection to a Shelly.
#[derive(Debug)]
pub(crate) struct Shelly {
    /// The board opened the connection.
    inbound: bool,
    src: String,
    shadow: Shadow,
    calls: Calls<Purpose>,
    board: Option<Board>,
    /// The part of the board that is being read.
    reading: Option<Step>,
    /// When the board is read again.
    read_at: Option<Instant>,
    /// When its status is polled.
    poll_at: Option<Instant>,
    /// The uptime reported last, in seconds.
    uptime: Option<u64>,
    booted: Option<Instant>,
    /// Which components own commands change, and until when their pushes are
    /// taken as effects.
    own: BTreeMap<Source, Instant>,
    /// Commands that were answered and whose effect has not been pushed yet.
    answered: Vec<Answered>,
}

impl Shelly {
    /// A connection that this program opens. `random` is used once.
    pub(crate) fn new(now: Instant, credential: Option<Credential>, random: [u8; 32]) -> Self {
        let password = match credential {
            Some(Credential::Password(password)) => Some(password),
            Some(Credential::Key(_)) | None => None,
        };
        Self::with_password(now, password, random)
    }

    /// A connection that the board opened, as boards with a battery do. It
    /// begins with `NotifyFullStatus`, needs no password, and may be closed by
    /// a board that goes to sleep before it said what it is called:
    /// [`inbound_id`] says which board it is.
    pub(crate) fn inbound(now: Instant, random: [u8; 32]) -> Self {
        Self {
            inbound: true,
            ..Self::with_password(now, None, random)
        }
    }

    fn with_password(now: Instant, password: Option<Zeroizing<String>>, random: [u8; 32]) -> Self {
        let name = hex(random.get(28..).unwrap_or_default());
        let src = format!("switchboard-{name}");
        Self {
            inbound: false,
            shadow: Shadow::new(now),
            calls: Calls::new(src.clone(), Auth::new(password, random)),
            src,
            board: None,
            reading: None,
            read_at: None,
            poll_at: None,
            uptime: None,
            booted: None,
            own: BTreeMap::new(),
            answered: Vec::new(),
        }
    }

    /// Sends a request; whether there was room for it.
    fn call(
        &mut self,
        now: Instant,
        method: &'static str,
        params: Object,
        (purpose, within): (Purpose, Duration),
        out: &mut Actions,
    ) -> bool {
        let call = Call {
            method: method.into(),
            params,
            purpose,
            expires: now + within,
        };
        self.calls.submit(now, call, out).is_ok()
    }

    /// Ends the connection: what answers is no board of this family, or not the
    /// same one as before.
    fn not_a_board(&mut self, why: impl Into<String>, out: &mut Actions) {
        self.calls.close();
        out.end(Problem::NotABoard(sanitize::bounds::text(why.into())));
    }

    fn finished(
        &mut self,
        now: Instant,
        purpose: Purpose,
        outcome: calls::Outcome,
        out: &mut Actions,
    ) {
        match purpose {
            Purpose::Identify => self.identified(now, outcome, out),
            Purpose::Read(step) => self.read(now, step, outcome, out),
            Purpose::Poll => self.polled(now, outcome, out),
            Purpose::Ping(id) => self.pinged(now, id, &outcome, out),
            Purpose::Command(running) => self.ran(now, *running, outcome, out),
        }
    }

    fn frame(&mut self, now: Instant, frame: Frame, out: &mut Actions) {
        match frame {
            Frame::Answer { id, outcome } => {
                if let Some((purpose, outcome)) = self.calls.answered(now, id, outcome, out) {
                    self.finished(now, purpose, outcome, out);
                }
            }
            Frame::Status(params) => self.changed(now, params, out),
            Frame::FullStatus { src, status } => self.full_status(now, &src, status, out),
            Frame::Events(events) => self.events(now, events, out),
            Frame::Other => {}
        }
    }
}

impl Dialect for Shelly {
    fn opened(&mut self, now: Instant, out: &mut Actions) {
        if !self.inbound {
            let identify = (Purpose::Identify, READ_TIMEOUT);
            self.call(now, GET_DEVICE_INFO, Object::new(), identify, out);
        }
    }

    fn request(&mut self, now: Instant, request: &Request, out: &mut Actions) {
        if self.shadow.request(now, request, out) {
            return;
        }
        if request.method == method::SYS_PING {
            let ping = (Purpose::Ping(request.id.clone()), READ_TIMEOUT);
            self.call(now, GET_DEVICE_INFO, Object::new(), ping, out);
        } else if self.shadow.is_known() {
            self.command(now, request, out);
        } else {
            let error = RpcError::new(Code::FailedPrecondition, "not_read", "it is being read");
            Shadow::refuse(request.id.clone(), error, out);
        }
    }

    fn received(&mut self, now: Instant, received: Received<'_>, out: &mut Actions) {
        let Received::Text(text) = received else {
            return;
        };
        match Frame::parse(text) {
            Some(frame) => self.frame(now, frame, out),
            None if self.board.is_none() => {
                self.not_a_board("it sends no frames of a Shelly", out);
            }
            None => {}
        }
    }

    fn next_deadline(&self) -> Option<Instant> {
        let answered = self.answered.iter().map(|answered| answered.until).min();
        let own = [self.calls.next_deadline(), answered, self.read_at];
        own.into_iter().chain([self.poll_at]).flatten().min()
    }

    fn tick(&mut self, now: Instant, out: &mut Actions) {
        for (purpose, outcome) in self.calls.tick(now, out) {
            self.finished(now, purpose, outcome, out);
        }
        self.settle(now, out);
        if self.read_at.take_if(|at| *at <= now).is_some() {
            self.read_again(now, out);
        }
        if self.poll_at.take_if(|at| *at <= now).is_some() {
            self.poll(now, out);
        }
    }
}

/// Which board sent the first frame of a connection that it opened: the id in
/// lower case. `None` if the frame is not that of a Shelly.
pub fn inbound_id(text: &str) -> Option<String> {
    let Some(Frame::FullStatus { src, .. }) = Frame::parse(text) else {
        return None;
    };
    Some(Board::named(&src).ok()?.info.id)
}

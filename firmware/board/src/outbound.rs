//! A board that calls: when it tries to reach the address that it was told, and
//! how that goes. Whoever is called is a controller like others once the call
//! was answered; owns no socket, and knows neither HTTP nor names of hosts.

use alloc::{borrow::ToOwned, string::String, vec::Vec};
use core::time::Duration;

use protocol::{
    Code, Level, Object, RpcError, limits,
    outbound::{Outbound, OutboundFailure, OutboundState, OutboundUrl},
};
use serde_json::json;

use crate::{
    ClientId, Core, Hardware,
    keys::Access,
    methods::{Reply, Request},
    rules, text,
};

/// The longest wait before each attempt after the first, in milliseconds:
/// min(1.8^n, 60) s, as a controller's own.
const WAITS_MS: [u64; 8] = [1_000, 1_800, 3_240, 5_832, 10_498, 18_896, 34_012, 60_000];

/// A call that lasted this long was good, as was one in which a controller
/// subscribed: the next wait is short again.
const GOOD_AFTER: Duration = Duration::from_secs(30);

/// What a URL may be, for errors.
const ACCEPTED: &str = "ws://HOST:PORT/PATH, or null to call nobody";

/// A call to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboundAttempt {
    /// Counts up; to be given back with what becomes of it.
    pub number: u32,
    /// Where.
    pub url: OutboundUrl,
}

/// How the present call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nobody is called.
    Off,
    /// The next is made then.
    Waiting { retry_at: Duration },
    /// To be made now.
    Due,
    /// On its way.
    Connecting,
    /// Whoever was called is this controller.
    Connected { client: ClientId },
}

/// Where a board calls, and how that goes.
pub(crate) struct Calling {
    url: Option<OutboundUrl>,
    state: State,
    since: Duration,
    /// Of the attempt under way: what is told of an older one is passed over.
    number: u32,
    attempts: u32,
    /// Attempts that failed since a call was good.
    failures: usize,
    last_failure: Option<(Duration, String)>,
    /// A connection of before, which is to be ended.
    old: Option<ClientId>,
    /// See [`Self::take_changed`].
    changed: bool,
    /// It is another address than the one that is kept.
    pub(crate) unsaved: bool,
}

impl Calling {
    /// As it was kept; flash may hold anything.
    pub(crate) fn restored(kept: Option<&[u8]>) -> Self {
        let url: Option<OutboundUrl> =
            kept.and_then(|kept| core::str::from_utf8(kept).ok()?.parse().ok());
        Self {
            state: if url.is_some() {
                State::Due
            } else {
                State::Off
            },
            url,
            since: Duration::ZERO,
            number: 0,
            attempts: 0,
            failures: 0,
            last_failure: None,
            old: None,
            changed: true,
            unsaved: false,
        }
    }

    /// What is kept.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        self.url
            .as_ref()
            .map(|url| alloc::string::ToString::to_string(url).into_bytes())
            .unwrap_or_default()
    }

    /// When [`Core::wait_to_call`] is due.
    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        match self.state {
            State::Waiting { retry_at } => Some(retry_at),
            _ => None,
        }
    }

    fn turn(&mut self, now: Duration, state: State) {
        self.state = state;
        self.since = now;
        self.changed = true;
    }

    /// Whether a connection may be due, or one under way no longer wanted,
    /// since this was last called.
    pub(crate) fn take_changed(&mut self) -> bool {
        core::mem::take(&mut self.changed)
    }

    fn told(&self, now: Duration) -> Outbound {
        let millis = text::millis;
        let (state, retry, client) = match self.state {
            State::Off => (OutboundState::Off, None, None),
            State::Waiting { retry_at } => (OutboundState::Waiting, Some(millis(retry_at)), None),
            State::Due | State::Connecting => (OutboundState::Connecting, None, None),
            State::Connected { client } => (OutboundState::Connected, None, Some(client.0)),
        };
        let failure = |(at, message): &(Duration, String)| OutboundFailure {
            uptime_ms: millis(*at),
            message: message.clone(),
        };
        Outbound {
            url: self.url.clone(),
            state,
            since_ms: millis(self.since),
            uptime_ms: millis(now),
            retry_ms: retry,
            client,
            attempts: self.attempts,
            last_failure: self.last_failure.as_ref().map(failure),
            extra: Object::new(),
        }
    }
}

impl<H: Hardware> Core<H> {
    /// Calls there from now on, or nobody; what a hand at the board or a
    /// controller wants. The same address again is called at once.
    ///
    /// # Errors
    /// `not_supported` where the hardware opens no connections of its own, or
    /// has no source of random numbers, which masks need (RFC 6455, section
    /// 10.3).
    pub fn set_outbound_url(
        &mut self,
        now: Duration,
        url: Option<OutboundUrl>,
    ) -> Result<(), RpcError> {
        if !self.hardware.supports_outbound() || self.random::<1>().is_none() {
            let message = "this board cannot be told to call: it only takes connections";
            return Err(RpcError::new(
                Code::FailedPrecondition,
                "not_supported",
                message,
            ));
        }
        if url == self.outbound.url {
            if matches!(self.outbound.state, State::Waiting { .. }) {
                self.outbound.turn(now, State::Due);
            }
            return Ok(());
        }
        match &url {
            Some(url) => self.log(now, Level::Info, format_args!("calls {url} from now on")),
            None => self.log(now, Level::Info, format_args!("calls nobody any more")),
        }
        if let State::Connected { client } = self.outbound.state {
            self.outbound.old = Some(client);
        }
        let state = if url.is_some() {
            State::Due
        } else {
            State::Off
        };
        let calling = &mut self.outbound;
        // Whatever is on its way is not wanted any more.
        calling.number = calling.number.wrapping_add(1);
        calling.url = url;
        calling.attempts = 0;
        calling.failures = 0;
        calling.last_failure = None;
        calling.unsaved = true;
        calling.turn(now, state);
        self.note_change(now);
        Ok(())
    }

    /// How its call is, as `Outbound.Get` answers it.
    pub fn outbound(&self, now: Duration) -> Outbound {
        self.outbound.told(now)
    }

    /// `Outbound.Set`.
    pub(crate) fn set_outbound(&mut self, request: &Request<'_>) -> Result<Reply, RpcError> {
        let url = match request.params.needed_or_null("url", ACCEPTED)? {
            None => None,
            Some(url) => Some(url.parse().map_err(|error| {
                rules::bad(
                    "bad_url",
                    alloc::format!("{} is nothing to call: {error}", text::clipped(url)),
                )
            })?),
        };
        self.set_outbound_url(request.now, url)?;
        Ok(Reply::Value(json!(self.outbound(request.now))))
    }

    /// Ends the connection to the previous address. The response to the request
    /// that replaced it is queued before this.
    pub(crate) fn close_replaced_connection(&mut self) {
        if let Some(client) = self.outbound.old.take() {
            self.connections.clients.let_go_politely(client);
        }
    }

    /// A wait is over.
    pub(crate) fn wait_to_call(&mut self, now: Duration) {
        if self.outbound.next_deadline().is_some_and(|due| due <= now) {
            self.outbound.turn(now, State::Due);
        }
    }

    /// Whether [`Self::begin_outbound`] may have something.
    pub fn is_outbound_due(&self) -> bool {
        self.outbound.state == State::Due && !self.reboot.is_requested()
    }

    /// The call to be made now. Within [`limits::CONNECT_TIMEOUT`] it is
    /// answered, or it has failed: [`Self::outbound_connected`],
    /// [`Self::outbound_ended`]. Where there is no place for another controller
    /// nobody is called, and that counts as a failure.
    pub fn begin_outbound(&mut self, now: Duration) -> Option<OutboundAttempt> {
        if !self.is_outbound_due() {
            return None;
        }
        let url = self.outbound.url.clone()?;
        self.outbound.number = self.outbound.number.wrapping_add(1);
        self.outbound.attempts = self.outbound.attempts.saturating_add(1);
        self.outbound.turn(now, State::Connecting);
        let number = self.outbound.number;
        if let Some(error) = self.connections.clients.no_place_for(Access::Open) {
            self.outbound_ended(now, number, &error.message);
            return None;
        }
        Some(OutboundAttempt { number, url })
    }

    /// Whether the call is still the one that is wanted.
    pub fn is_outbound_wanted(&self, number: u32) -> bool {
        self.outbound.number == number && !self.reboot.is_requested()
    }

    /// A controller goes. One that was called and has subscribed was worth
    /// calling: a command line connects for a moment only.
    pub(crate) fn called_one_goes(&mut self, client: ClientId) {
        if self.outbound.state == (State::Connected { client })
            && self.connections.clients.is_subscribed(client)
        {
            self.outbound.failures = 0;
        }
    }

    /// The call was answered, and who was called is this controller.
    pub fn outbound_connected(&mut self, now: Duration, number: u32, client: ClientId) {
        if self.outbound.number == number {
            self.outbound.turn(now, State::Connected { client });
        } else {
            self.connections.clients.let_go_politely(client);
        }
    }

    /// The call failed, or has ended, and why; the next one is waited for.
    pub fn outbound_ended(&mut self, now: Duration, number: u32, why: &str) {
        if self.outbound.number != number || self.outbound.url.is_none() {
            return;
        }
        let lasted = now.saturating_sub(self.outbound.since);
        if matches!(self.outbound.state, State::Connected { .. }) && lasted >= GOOD_AFTER {
            self.outbound.failures = 0;
        }
        let longest = WAITS_MS
            .get(self.outbound.failures)
            .or(WAITS_MS.last())
            .copied()
            .unwrap_or_default();
        self.outbound.failures = (self.outbound.failures + 1).min(WAITS_MS.len() - 1);
        let chance = self.random().map_or(0, u32::from_le_bytes);
        let wait = Duration::from_millis((longest * u64::from(chance)) >> 32);
        let why = bounded(why);
        if self
            .outbound
            .last_failure
            .as_ref()
            .is_none_or(|(_, before)| *before != why)
        {
            self.log(now, Level::Warn, format_args!("the call is over: {why}"));
        }
        self.outbound.last_failure = Some((now, why));
        self.outbound.turn(
            now,
            State::Waiting {
                retry_at: now + wait,
            },
        );
    }
}

/// As much of a reason as is told.
fn bounded(why: &str) -> String {
    why.get(..why.floor_char_boundary(limits::OUTBOUND_FAILURE))
        .unwrap_or_default()
        .to_owned()
}

//! The outbound connection of a board to a controller at a configured address:
//! when to connect, and the state of the connection. A connected controller is
//! a client like others. Owns no socket, and knows neither HTTP nor host names.

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

/// The longest delay before each attempt after the first, in milliseconds:
/// min(1.8^n, 60) s, as controllers have it too.
const BACKOFF_MS: [u64; 8] = [1_000, 1_800, 3_240, 5_832, 10_498, 18_896, 34_012, 60_000];

/// A connection that lasted this long resets the backoff, as does one in which
/// the controller subscribed.
const STABLE_AFTER: Duration = Duration::from_secs(30);

/// The accepted URLs, for errors.
const ACCEPTED: &str = "ws://HOST:PORT/PATH, or null for no outbound connection";

/// An attempt to connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboundAttempt {
    /// Identifies the attempt when its outcome is reported.
    pub number: u32,
    /// The address.
    pub url: OutboundUrl,
}

/// The stage of the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OutboundStage {
    /// No address is configured.
    Off,
    /// Waiting for the next attempt.
    Waiting { retry_at: Duration },
    /// The next attempt is due.
    Due,
    /// An attempt is running.
    Connecting,
    /// Connected to this controller.
    Connected { client: ClientId },
}

/// The configured address and the connection to it.
pub(crate) struct OutboundConnection {
    url: Option<OutboundUrl>,
    stage: OutboundStage,
    since: Duration,
    /// The number of the current attempt. Outcomes of older ones are ignored.
    number: u32,
    attempts: u32,
    /// Failed attempts since the connection was last stable.
    failures: usize,
    last_failure: Option<(Duration, String)>,
    /// The connection to the previous address, which is to be closed.
    replaced: Option<ClientId>,
    /// See [`Self::take_changed`].
    changed: bool,
    /// The address differs from the retained one.
    pub(crate) unsaved: bool,
}

impl OutboundConnection {
    /// With the retained address. Flash may hold any bytes.
    pub(crate) fn restored(retained: Option<&[u8]>) -> Self {
        let url: Option<OutboundUrl> =
            retained.and_then(|bytes| core::str::from_utf8(bytes).ok()?.parse().ok());
        Self {
            stage: if url.is_some() {
                OutboundStage::Due
            } else {
                OutboundStage::Off
            },
            url,
            since: Duration::ZERO,
            number: 0,
            attempts: 0,
            failures: 0,
            last_failure: None,
            replaced: None,
            changed: true,
            unsaved: false,
        }
    }

    /// The address in the format in which it is retained.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        self.url
            .as_ref()
            .map(|url| alloc::string::ToString::to_string(url).into_bytes())
            .unwrap_or_default()
    }

    /// When [`Core::retry_outbound`] is due.
    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        match self.stage {
            OutboundStage::Waiting { retry_at } => Some(retry_at),
            _ => None,
        }
    }

    fn enter(&mut self, now: Duration, stage: OutboundStage) {
        self.stage = stage;
        self.since = now;
        self.changed = true;
    }

    /// Whether a connection may be due, or one under way no longer wanted,
    /// since this was last called.
    pub(crate) fn take_changed(&mut self) -> bool {
        core::mem::take(&mut self.changed)
    }

    fn report(&self, now: Duration) -> Outbound {
        let millis = text::millis;
        let (state, retry, client) = match self.stage {
            OutboundStage::Off => (OutboundState::Off, None, None),
            OutboundStage::Waiting { retry_at } => {
                (OutboundState::Waiting, Some(millis(retry_at)), None)
            }
            OutboundStage::Due | OutboundStage::Connecting => {
                (OutboundState::Connecting, None, None)
            }
            OutboundStage::Connected { client } => (OutboundState::Connected, None, Some(client.0)),
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
    /// Sets or removes the address of the outbound connection. Setting the same
    /// address again ends the wait for the next attempt.
    ///
    /// # Errors
    /// `not_supported` if the hardware opens no connections, or has no source
    /// of random numbers, which masks need (RFC 6455, section 10.3).
    pub fn set_outbound_url(
        &mut self,
        now: Duration,
        url: Option<OutboundUrl>,
    ) -> Result<(), RpcError> {
        if !self.hardware.supports_outbound() || self.random::<1>().is_none() {
            let message = "this board makes no outbound connections: it only accepts inbound ones";
            return Err(RpcError::new(
                Code::FailedPrecondition,
                "not_supported",
                message,
            ));
        }
        if url == self.outbound.url {
            if matches!(self.outbound.stage, OutboundStage::Waiting { .. }) {
                self.outbound.enter(now, OutboundStage::Due);
            }
            return Ok(());
        }
        match &url {
            Some(url) => self.log(
                now,
                Level::Info,
                format_args!("outbound connection set to {url}"),
            ),
            None => self.log(
                now,
                Level::Info,
                format_args!("outbound connection disabled"),
            ),
        }
        if let OutboundStage::Connected { client } = self.outbound.stage {
            self.outbound.replaced = Some(client);
        }
        let stage = if url.is_some() {
            OutboundStage::Due
        } else {
            OutboundStage::Off
        };
        let outbound = &mut self.outbound;
        // An attempt that is running is no longer wanted.
        outbound.number = outbound.number.wrapping_add(1);
        outbound.url = url;
        outbound.attempts = 0;
        outbound.failures = 0;
        outbound.last_failure = None;
        outbound.unsaved = true;
        outbound.enter(now, stage);
        self.schedule_save(now);
        Ok(())
    }

    /// The state of the connection, as `Outbound.Get` returns it.
    pub fn outbound(&self, now: Duration) -> Outbound {
        self.outbound.report(now)
    }

    /// `Outbound.Set`.
    pub(crate) fn set_outbound(&mut self, request: &Request<'_>) -> Result<Reply, RpcError> {
        let url = match request.params.required_or_null("url", ACCEPTED)? {
            None => None,
            Some(url) => Some(url.parse().map_err(|error| {
                rules::invalid(
                    "bad_url",
                    alloc::format!("{} is not a URL to connect to: {error}", text::clipped(url)),
                )
            })?),
        };
        self.set_outbound_url(request.now, url)?;
        Ok(Reply::Value(json!(self.outbound(request.now))))
    }

    /// Ends the connection to the previous address. The response to the request
    /// that replaced it is queued before this.
    pub(crate) fn close_replaced_connection(&mut self) {
        if let Some(client) = self.outbound.replaced.take() {
            self.connections.clients.close_after_queue(client);
        }
    }

    /// Makes the next attempt due when its delay is over.
    pub(crate) fn retry_outbound(&mut self, now: Duration) {
        if self.outbound.next_deadline().is_some_and(|due| due <= now) {
            self.outbound.enter(now, OutboundStage::Due);
        }
    }

    /// Whether [`Self::begin_outbound`] may return an attempt.
    pub fn is_outbound_due(&self) -> bool {
        self.outbound.stage == OutboundStage::Due && !self.reboot.is_requested()
    }

    /// Begins the attempt that is due. Within [`limits::CONNECT_TIMEOUT`] the
    /// driver reports [`Self::outbound_connected`] or [`Self::outbound_ended`].
    /// If no client slot is free, the attempt fails without being made.
    pub fn begin_outbound(&mut self, now: Duration) -> Option<OutboundAttempt> {
        if !self.is_outbound_due() {
            return None;
        }
        let url = self.outbound.url.clone()?;
        self.outbound.number = self.outbound.number.wrapping_add(1);
        self.outbound.attempts = self.outbound.attempts.saturating_add(1);
        self.outbound.enter(now, OutboundStage::Connecting);
        let number = self.outbound.number;
        if let Some(error) = self.connections.clients.slot_error(Access::Open) {
            self.outbound_ended(now, number, &error.message);
            return None;
        }
        Some(OutboundAttempt { number, url })
    }

    /// Whether this is the current attempt, or connection.
    pub fn is_outbound_wanted(&self, number: u32) -> bool {
        self.outbound.number == number && !self.reboot.is_requested()
    }

    /// A client has disconnected. If it is the outbound connection and has
    /// subscribed, the backoff is reset, however short the connection was.
    pub(crate) fn outbound_client_left(&mut self, client: ClientId) {
        if self.outbound.stage == (OutboundStage::Connected { client })
            && self.connections.clients.is_subscribed(client)
        {
            self.outbound.failures = 0;
        }
    }

    /// The attempt succeeded: the controller is this client.
    pub fn outbound_connected(&mut self, now: Duration, number: u32, client: ClientId) {
        if self.outbound.number == number {
            self.outbound
                .enter(now, OutboundStage::Connected { client });
        } else {
            self.connections.clients.close_after_queue(client);
        }
    }

    /// The attempt failed, or the connection ended. Schedules the next attempt.
    pub fn outbound_ended(&mut self, now: Duration, number: u32, reason: &str) {
        if self.outbound.number != number || self.outbound.url.is_none() {
            return;
        }
        let lasted = now.saturating_sub(self.outbound.since);
        if matches!(self.outbound.stage, OutboundStage::Connected { .. }) && lasted >= STABLE_AFTER
        {
            self.outbound.failures = 0;
        }
        let longest_ms = BACKOFF_MS
            .get(self.outbound.failures)
            .or(BACKOFF_MS.last())
            .copied()
            .unwrap_or_default();
        self.outbound.failures = (self.outbound.failures + 1).min(BACKOFF_MS.len() - 1);
        let random = self.random().map_or(0, u32::from_le_bytes);
        let delay = Duration::from_millis((longest_ms * u64::from(random)) >> 32);
        let reason = truncated(reason);
        if self
            .outbound
            .last_failure
            .as_ref()
            .is_none_or(|(_, before)| *before != reason)
        {
            self.log(
                now,
                Level::Warn,
                format_args!("the outbound connection failed: {reason}"),
            );
        }
        self.outbound.last_failure = Some((now, reason));
        self.outbound.enter(
            now,
            OutboundStage::Waiting {
                retry_at: now + delay,
            },
        );
    }
}

/// A reason, cut to the length that is reported.
fn truncated(reason: &str) -> String {
    reason
        .get(..reason.floor_char_boundary(limits::OUTBOUND_FAILURE))
        .unwrap_or_default()
        .to_owned()
}

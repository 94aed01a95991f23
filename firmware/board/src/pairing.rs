//! Pairing: how a controller without a key gets one. A person opens pairing at
//! the board, requests are served one at a time, people compare a code, and a
//! short press of a button confirms it. Decides which request is served and
//! when it ends; the code comes from the crate `noise`.
//!
//! The key is pending until the controller has proved in a handshake that it
//! has it. Nothing is saved until then, so a controller that vanishes or a
//! power cut leaves the board unchanged.

use alloc::{format, string::String, vec::Vec};
use core::{net::IpAddr, time::Duration};

use noise::{Code as PairingCode, Key, KeyId, Role};
use protocol::{Code, Level, RpcError, limits};

use crate::{Core, Hardware};

/// The turns that count for an address whose request was refused at the board:
/// it is served again only when no other address waits.
const REFUSED_TURNS: u32 = 1_000;

/// The state of pairing as shown to the person at the board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairingDisplay<'a> {
    /// Pairing is closed.
    Nothing,
    /// Controllers may request a key.
    Open,
    /// A controller requests a key: compare this code, six digits in two
    /// groups, with the one that the controller shows.
    Code(&'a str),
    /// The code was confirmed; the controller has not proved its key yet.
    Confirmed,
}

/// Identifies a controller's request for a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PairingId(u32);

/// The state of a request for a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairingState {
    /// Waiting for other requests.
    Queued,
    /// Being served.
    Active,
    /// The code was confirmed at the board.
    Confirmed,
    /// No key: pairing or the time of the request is over, or it was refused at
    /// the board.
    Over,
}

/// Pairing, and the requests for keys.
pub(crate) struct Pairing {
    stage: PairingStage,
    /// The requests that wait.
    queue: Vec<QueuedRequest>,
    /// How many requests of each address were served since pairing was opened.
    /// A refusal counts as [`REFUSED_TURNS`].
    turns: Vec<(IpAddr, u32)>,
    /// How many requests were served since pairing was opened.
    served: u32,
    last_number: u32,
    /// The state of a request may have changed.
    changed: bool,
}

struct QueuedRequest {
    request: PairingId,
    from: IpAddr,
}

enum PairingStage {
    Closed,
    /// No request is served; the next one is after `rests_until`.
    Open {
        until: Duration,
        rests_until: Duration,
    },
    /// A request is served until `by`, even beyond `until`.
    Serving {
        until: Duration,
        request: PairingId,
        from: IpAddr,
        by: Duration,
        step: PairingStep,
    },
}

enum PairingStep {
    /// The controller has not revealed its number yet.
    Requested,
    /// The code has been visible since then.
    Shown {
        since: Duration,
    },
    Confirmed,
    /// The controller was sent this key.
    Pending(Key),
}

impl Default for Pairing {
    fn default() -> Self {
        let stage = PairingStage::Closed;
        Self {
            stage,
            queue: Vec::new(),
            turns: Vec::new(),
            served: 0,
            last_number: 0,
            changed: false,
        }
    }
}

impl Pairing {
    fn step(&self, of: PairingId) -> Option<&PairingStep> {
        match &self.stage {
            PairingStage::Serving { request, step, .. } if *request == of => Some(step),
            _ => None,
        }
    }

    /// Whether the state of a request may have changed since this was last
    /// called.
    pub(crate) fn take_changed(&mut self) -> bool {
        core::mem::take(&mut self.changed)
    }

    /// Goes on to the next step, which ends at `until`.
    fn advance(&mut self, next: PairingStep, until: Duration) {
        self.changed = true;
        if let PairingStage::Serving { by, step, .. } = &mut self.stage {
            (*by, *step) = (until, next);
        }
    }

    pub(crate) fn pending(&self) -> Option<&Key> {
        match &self.stage {
            PairingStage::Serving {
                step: PairingStep::Pending(key),
                ..
            } => Some(key),
            _ => None,
        }
    }

    fn turns_of(&self, from: IpAddr) -> u32 {
        self.turns
            .iter()
            .find(|(address, _)| *address == from)
            .map_or(0, |(_, turns)| *turns)
    }

    fn count(&mut self, from: IpAddr, turns: u32) {
        match self.turns.iter_mut().find(|(address, _)| *address == from) {
            Some((_, counted)) => *counted = counted.saturating_add(turns),
            None => self.turns.push((from, turns)),
        }
    }
}

impl<H: Hardware> Core<H> {
    /// A person at the board opens pairing: controllers may request a key for
    /// [`limits::PAIRING`].
    pub fn open_pairing(&mut self, now: Duration) {
        self.end_pairing(now, None);
        self.pairing.turns.clear();
        self.pairing.served = 0;
        self.pairing.changed = true;
        self.pairing.stage = PairingStage::Open {
            until: now + limits::PAIRING,
            rests_until: now,
        };
        self.hardware.show_pairing(PairingDisplay::Open);
        let seconds = limits::PAIRING.as_secs();
        self.log(
            now,
            Level::Info,
            format_args!("pairing is open for {seconds} s"),
        );
    }

    /// Checks that a controller may request a key now.
    ///
    /// # Errors
    /// `pairing_closed`.
    pub fn check_pairing(&self) -> Result<(), RpcError> {
        match self.pairing.stage {
            PairingStage::Open { .. } | PairingStage::Serving { .. } => Ok(()),
            PairingStage::Closed => {
                let message = "pairing is opened at the board: hold its button until the light \
                     blinks red (5 s), release it before 10 s, then pair within 120 s";
                Err(RpcError::new(Code::Forbidden, "pairing_closed", message))
            }
        }
    }

    /// A controller at this address requests a key. The driver ends the request
    /// with [`Self::cancel_pairing`].
    ///
    /// # Errors
    /// `pairing_closed`; `pairing_busy` if too many requests wait.
    pub fn request_pairing(&mut self, now: Duration, from: IpAddr) -> Result<PairingId, RpcError> {
        self.check_pairing()?;
        if self.pairing.queue.len() >= limits::PAIRING_WAITING {
            let message = "too many controllers wait to be paired: try again in a moment";
            return Err(RpcError::new(
                Code::ResourceExhausted,
                "pairing_busy",
                message,
            ));
        }
        self.pairing.last_number = self.pairing.last_number.wrapping_add(1);
        let request = PairingId(self.pairing.last_number);
        self.pairing.queue.push(QueuedRequest { request, from });
        self.update_pairing(now);
        Ok(request)
    }

    /// The state of a request.
    pub fn pairing_state(&self, request: PairingId) -> PairingState {
        match self.pairing.step(request) {
            Some(PairingStep::Requested | PairingStep::Shown { .. }) => PairingState::Active,
            Some(PairingStep::Confirmed | PairingStep::Pending(_)) => PairingState::Confirmed,
            None if self
                .pairing
                .queue
                .iter()
                .any(|queued| queued.request == request) =>
            {
                PairingState::Queued
            }
            None => PairingState::Over,
        }
    }

    /// Shows the code of a request. A short press of a button that begins after
    /// `now` confirms it.
    pub fn show_pairing_code(&mut self, now: Duration, request: PairingId, code: PairingCode) {
        if !matches!(self.pairing.step(request), Some(PairingStep::Requested)) {
            return;
        }
        self.pairing.advance(
            PairingStep::Shown { since: now },
            now + limits::PAIRING_ANSWER,
        );
        let code: String = format!("{code}");
        self.hardware.show_pairing(PairingDisplay::Code(&code));
        // Never log the code itself: an attacker in the network could replace
        // it.
        self.log(
            now,
            Level::Info,
            format_args!("a controller requests a key: its code is shown at the board"),
        );
    }

    /// Makes the key of a request that was confirmed. The key is pending until
    /// [`Core::connect_with_key`].
    ///
    /// # Errors
    /// `pairing_ended` if it was not confirmed in time; as [`Core::add_key`].
    pub fn take_paired_key(&mut self, now: Duration, request: PairingId) -> Result<Key, RpcError> {
        if !matches!(self.pairing.step(request), Some(PairingStep::Confirmed)) {
            return Err(pairing_ended());
        }
        let key = self.new_key(Role::Control)?;
        self.pairing.advance(
            PairingStep::Pending(key.clone()),
            now + limits::PAIRING_ANSWER,
        );
        Ok(key)
    }

    /// The controller has disconnected, or needs no key any more.
    pub fn cancel_pairing(&mut self, now: Duration, request: PairingId) {
        self.pairing
            .queue
            .retain(|queued| queued.request != request);
        if self.pairing.step(request).is_some() {
            self.end_request(now, "it has disconnected");
        }
    }

    /// Adds the pending key if this is it: it has been proved.
    pub(crate) fn adopt_pending_key(&mut self, now: Duration, kid: KeyId) {
        let Some(key) = self.pairing.pending().filter(|key| key.kid == kid).cloned() else {
            return;
        };
        self.end_pairing(now, Some("a controller was paired"));
        self.adopt_key(now, &key, "paired");
    }

    /// A button was pressed at the board. Returns whether the press was used
    /// for pairing: a short press confirms a code that was visible before the
    /// press began, a double press refuses the request.
    pub(crate) fn use_press_for_pairing(
        &mut self,
        now: Duration,
        began: Duration,
        event: &str,
    ) -> bool {
        let PairingStage::Serving { from, step, .. } = &self.pairing.stage else {
            return false;
        };
        let (from, since) = match step {
            PairingStep::Requested => return false,
            PairingStep::Shown { since } => (*from, Some(*since)),
            PairingStep::Confirmed | PairingStep::Pending(_) => (*from, None),
        };
        match (event, since) {
            ("press", Some(since)) if began >= since => {
                self.pairing
                    .advance(PairingStep::Confirmed, now + limits::PAIRING_ANSWER);
                self.hardware.show_pairing(PairingDisplay::Confirmed);
                self.log(
                    now,
                    Level::Info,
                    format_args!("pairing was confirmed at the board"),
                );
                true
            }
            ("double_press", _) => {
                self.pairing.count(from, REFUSED_TURNS);
                self.end_request(now, "it was refused at the board");
                true
            }
            _ => false,
        }
    }

    /// Ends pairing and the request being served when their time is over, and
    /// serves the next request.
    pub(crate) fn update_pairing(&mut self, now: Duration) {
        if let PairingStage::Serving { by, .. } = self.pairing.stage
            && now >= by
        {
            self.end_request(now, "its time is over");
        }
        match self.pairing.stage {
            PairingStage::Open { until, .. } if now >= until => {
                self.end_pairing(now, Some("its time is over"));
            }
            PairingStage::Open { until, rests_until } if now >= rests_until => {
                self.serve_next(now, until);
            }
            _ => {}
        }
    }

    /// When [`Self::update_pairing`] is due.
    pub(crate) fn pairing_deadline(&self) -> Option<Duration> {
        match self.pairing.stage {
            PairingStage::Closed => None,
            PairingStage::Open { until, rests_until } if !self.pairing.queue.is_empty() => {
                Some(until.min(rests_until))
            }
            PairingStage::Open { until, .. } => Some(until),
            PairingStage::Serving { by, .. } => Some(by),
        }
    }

    /// Serves a random request of the addresses that were served least often,
    /// so that no address can keep others from being served.
    fn serve_next(&mut self, now: Duration, until: Duration) {
        let Some(fewest) = self
            .pairing
            .queue
            .iter()
            .map(|queued| self.pairing.turns_of(queued.from))
            .min()
        else {
            return;
        };
        if self.pairing.served >= limits::PAIRING_TURNS {
            return self.end_pairing(now, Some("too many controllers requested a key"));
        }
        let candidates: Vec<usize> = (self.pairing.queue.iter().enumerate())
            .filter(|(_, queued)| self.pairing.turns_of(queued.from) == fewest)
            .map(|(at, _)| at)
            .collect();
        let random = self.random().map_or(0, u32::from_be_bytes);
        let at = candidates
            .get(random as usize % candidates.len().max(1))
            .copied()
            .unwrap_or_default();
        let QueuedRequest { request, from } = self.pairing.queue.remove(at);
        self.pairing.count(from, 1);
        self.pairing.served += 1;
        self.pairing.stage = PairingStage::Serving {
            until,
            request,
            from,
            by: now + limits::PAIRING_REVEAL,
            step: PairingStep::Requested,
        };
        self.pairing.changed = true;
    }

    /// Ends the request being served. Pairing stays open until its time is
    /// over.
    fn end_request(&mut self, now: Duration, why: &str) {
        let PairingStage::Serving {
            until, ref step, ..
        } = self.pairing.stage
        else {
            return;
        };
        if !matches!(step, PairingStep::Requested) {
            self.hardware.show_pairing(PairingDisplay::Open);
        }
        self.pairing.stage = PairingStage::Open {
            until,
            rests_until: now + limits::PAIRING_PAUSE,
        };
        self.pairing.changed = true;
        self.log(
            now,
            Level::Info,
            format_args!("a controller was not paired: {why}"),
        );
        self.update_pairing(now);
    }

    pub(crate) fn end_pairing(&mut self, now: Duration, why: Option<&str>) {
        if matches!(self.pairing.stage, PairingStage::Closed) {
            return;
        }
        self.pairing.stage = PairingStage::Closed;
        self.pairing.queue.clear();
        self.pairing.changed = true;
        self.hardware.show_pairing(PairingDisplay::Nothing);
        if let Some(why) = why {
            self.log(now, Level::Info, format_args!("pairing is closed: {why}"));
        }
    }
}

fn pairing_ended() -> RpcError {
    let message = "pairing has ended without a key: open it again at the board";
    RpcError::new(Code::Forbidden, "pairing_ended", message)
}

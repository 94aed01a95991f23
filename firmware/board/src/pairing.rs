//! How a controller without a key is given one: pairing is opened at the board,
//! controllers that ask are served one after the other, people compare a code,
//! and a short press of a button confirms it. Decides whose turn it is and when
//! it ends; the code itself is the crate noise's.
//!
//! The key is pending until the controller has proved that it has it, in a
//! handshake. Until then nothing is kept of it, so that a controller that
//! vanishes and a board that loses its power leave the board as it was.

use alloc::{format, string::String, vec::Vec};
use core::{net::IpAddr, time::Duration};

use noise::{Code as PairingCode, Key, KeyId, Role};
use protocol::{Code, Level, RpcError, limits};

use crate::{Core, Hardware};

/// What an address that was refused at the board counts as: it is served again
/// only when no other address waits.
const REFUSED: u32 = 1_000;

/// What a board shows of pairing, where a person at the board can see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairingDisplay<'a> {
    /// Pairing is closed.
    Nothing,
    /// A controller may ask.
    Open,
    /// A controller asks: this code, six digits in two groups, is to be
    /// compared with the one that it shows.
    Code(&'a str),
    /// The code was confirmed; the controller has yet to prove that it stored
    /// its key.
    Confirmed,
}

/// A controller that asks for a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PairingRequest(u32);

/// How far a controller that asks for a key has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairingState {
    /// Others are served first.
    Queued,
    /// It is its turn.
    Active,
    /// The code was confirmed at the board.
    Confirmed,
    /// It gets no key: pairing or its turn is over, or it was refused at the
    /// board.
    Over,
}

/// Pairing, from its opening to its end.
pub(crate) struct Pairing {
    stage: Stage,
    /// Who waits for a turn.
    waiting: Vec<Waiting>,
    /// The turns that each address had since pairing was opened, and what
    /// counts as turns.
    turns: Vec<(IpAddr, u32)>,
    /// All turns since pairing was opened.
    given: u32,
    last: u32,
    /// A controller's turn may have changed.
    changed: bool,
}

struct Waiting {
    asker: PairingRequest,
    from: IpAddr,
}

enum Stage {
    Closed,
    /// No controller is served; the next turn begins after `rests_until`.
    Open {
        until: Duration,
        rests_until: Duration,
    },
    /// One is served until `by`, however long pairing is still open.
    Serving {
        until: Duration,
        asker: PairingRequest,
        from: IpAddr,
        by: Duration,
        step: Step,
    },
}

enum Step {
    /// It has yet to reveal its number.
    Asked,
    /// The code is visible since then.
    Shown {
        since: Duration,
    },
    Confirmed,
    /// It was sent this key.
    Pending(Key),
}

impl Default for Pairing {
    fn default() -> Self {
        let stage = Stage::Closed;
        Self {
            stage,
            waiting: Vec::new(),
            turns: Vec::new(),
            given: 0,
            last: 0,
            changed: false,
        }
    }
}

impl Pairing {
    fn step(&self, of: PairingRequest) -> Option<&Step> {
        match &self.stage {
            Stage::Serving { asker, step, .. } if *asker == of => Some(step),
            _ => None,
        }
    }

    /// Whether a controller's turn may have changed since this was last called.
    pub(crate) fn take_changed(&mut self) -> bool {
        core::mem::take(&mut self.changed)
    }

    /// Goes on to this step, which may take this long.
    fn go_on(&mut self, next: Step, within: Duration) {
        self.changed = true;
        if let Stage::Serving { by, step, .. } = &mut self.stage {
            (*by, *step) = (within, next);
        }
    }

    pub(crate) fn pending(&self) -> Option<&Key> {
        match &self.stage {
            Stage::Serving {
                step: Step::Pending(key),
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
    /// A person at the board wants to pair it with a controller: for
    /// [`limits::PAIRING`] controllers may ask.
    pub fn open_pairing(&mut self, now: Duration) {
        self.end_pairing(now, None);
        self.pairing.turns.clear();
        self.pairing.given = 0;
        self.pairing.changed = true;
        self.pairing.stage = Stage::Open {
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

    /// Whether a controller may ask for a key now.
    ///
    /// # Errors
    /// `pairing_closed`.
    pub fn check_pairing(&self) -> Result<(), RpcError> {
        match self.pairing.stage {
            Stage::Open { .. } | Stage::Serving { .. } => Ok(()),
            Stage::Closed => {
                let message = "pairing is opened at the board: hold its button until the light \
                     blinks red (5 s), release it before 10 s, \
                               then ask within 120 s";
                Err(RpcError::new(Code::Forbidden, "pairing_closed", message))
            }
        }
    }

    /// A controller at this address asks for a key, and waits for its turn. To
    /// be ended with [`Self::cancel_pairing`].
    ///
    /// # Errors
    /// `pairing_closed`; `pairing_busy` where too many wait.
    pub fn request_pairing(
        &mut self,
        now: Duration,
        from: IpAddr,
    ) -> Result<PairingRequest, RpcError> {
        self.check_pairing()?;
        if self.pairing.waiting.len() >= limits::PAIRING_WAITING {
            let message = "other controllers wait to be paired: try again in a moment";
            return Err(RpcError::new(
                Code::ResourceExhausted,
                "pairing_busy",
                message,
            ));
        }
        self.pairing.last = self.pairing.last.wrapping_add(1);
        let asker = PairingRequest(self.pairing.last);
        self.pairing.waiting.push(Waiting { asker, from });
        self.watch_pairing(now);
        Ok(asker)
    }

    /// How far this controller has come.
    pub fn pairing_state(&self, asker: PairingRequest) -> PairingState {
        match self.pairing.step(asker) {
            Some(Step::Asked | Step::Shown { .. }) => PairingState::Active,
            Some(Step::Confirmed | Step::Pending(_)) => PairingState::Confirmed,
            None if self
                .pairing
                .waiting
                .iter()
                .any(|waiting| waiting.asker == asker) =>
            {
                PairingState::Queued
            }
            None => PairingState::Over,
        }
    }

    /// The code is known: it is shown, and a short press of a button that
    /// begins from now on confirms it.
    pub fn show_pairing_code(&mut self, now: Duration, asker: PairingRequest, code: PairingCode) {
        if !matches!(self.pairing.step(asker), Some(Step::Asked)) {
            return;
        }
        self.pairing
            .go_on(Step::Shown { since: now }, now + limits::PAIRING_ANSWER);
        let code: String = format!("{code}");
        self.hardware.show_pairing(PairingDisplay::Code(&code));
        // Never the code itself: an attacker who changes what is read over the
        // network could show another.
        self.log(
            now,
            Level::Info,
            format_args!("a controller asks for a key: its code is shown at the board"),
        );
    }

    /// Makes the key of a controller that was confirmed. The key is pending
    /// until it was proved by [`Core::connect_with_key`].
    ///
    /// # Errors
    /// `pairing_ended` where it was not confirmed in time; as
    /// [`Core::add_key`].
    pub fn take_paired_key(
        &mut self,
        now: Duration,
        asker: PairingRequest,
    ) -> Result<Key, RpcError> {
        if !matches!(self.pairing.step(asker), Some(Step::Confirmed)) {
            return Err(pairing_ended());
        }
        let key = self.new_key(Role::Control)?;
        self.pairing
            .go_on(Step::Pending(key.clone()), now + limits::PAIRING_ANSWER);
        Ok(key)
    }

    /// A controller that asked is gone, or is served no longer.
    pub fn cancel_pairing(&mut self, now: Duration, asker: PairingRequest) {
        self.pairing
            .waiting
            .retain(|waiting| waiting.asker != asker);
        if self.pairing.step(asker).is_some() {
            self.end_turn(now, "the controller that asked is gone");
        }
    }

    /// The pending key was proved: from now on it is one of the board's.
    pub(crate) fn adopt_pending_key(&mut self, now: Duration, kid: KeyId) {
        let Some(key) = self.pairing.pending().filter(|key| key.kid == kid).cloned() else {
            return;
        };
        self.end_pairing(now, Some("a controller was paired"));
        self.adopt_key(now, &key, "paired");
    }

    /// A button was pressed at the board, from `began` on. Whether that was
    /// about pairing, and nothing else: a short press confirms the code that
    /// was visible before it began, a double press refuses the controller that
    /// asks.
    pub(crate) fn pressed_while_pairing(
        &mut self,
        now: Duration,
        began: Duration,
        event: &str,
    ) -> bool {
        let Stage::Serving { from, step, .. } = &self.pairing.stage else {
            return false;
        };
        let (from, since) = match step {
            Step::Asked => return false,
            Step::Shown { since } => (*from, Some(*since)),
            Step::Confirmed | Step::Pending(_) => (*from, None),
        };
        match (event, since) {
            ("press", Some(since)) if began >= since => {
                self.pairing
                    .go_on(Step::Confirmed, now + limits::PAIRING_ANSWER);
                self.hardware.show_pairing(PairingDisplay::Confirmed);
                self.log(
                    now,
                    Level::Info,
                    format_args!("pairing was confirmed at the board"),
                );
                true
            }
            ("double_press", _) => {
                self.pairing.count(from, REFUSED);
                self.end_turn(now, "the controller was refused at the board");
                true
            }
            _ => false,
        }
    }

    /// Ends turns and pairing when their time is over, and begins the next
    /// turn.
    pub(crate) fn watch_pairing(&mut self, now: Duration) {
        if let Stage::Serving { by, .. } = self.pairing.stage
            && now >= by
        {
            self.end_turn(now, "its time is over");
        }
        match self.pairing.stage {
            Stage::Open { until, .. } if now >= until => {
                self.end_pairing(now, Some("its time is over"));
            }
            Stage::Open { until, rests_until } if now >= rests_until => self.begin_turn(now, until),
            _ => {}
        }
    }

    /// When [`Self::watch_pairing`] is due.
    pub(crate) fn pairing_deadline(&self) -> Option<Duration> {
        match self.pairing.stage {
            Stage::Closed => None,
            Stage::Open { until, rests_until } if !self.pairing.waiting.is_empty() => {
                Some(until.min(rests_until))
            }
            Stage::Open { until, .. } => Some(until),
            Stage::Serving { by, .. } => Some(by),
        }
    }

    /// Serves the next: of the addresses that had the fewest turns, at random,
    /// so that one who asks without end cannot keep the others from their turn.
    fn begin_turn(&mut self, now: Duration, until: Duration) {
        let Some(fewest) = self
            .pairing
            .waiting
            .iter()
            .map(|waiting| self.pairing.turns_of(waiting.from))
            .min()
        else {
            return;
        };
        if self.pairing.given >= limits::PAIRING_TURNS {
            return self.end_pairing(now, Some("too many controllers asked"));
        }
        let first: Vec<usize> = (self.pairing.waiting.iter().enumerate())
            .filter(|(_, waiting)| self.pairing.turns_of(waiting.from) == fewest)
            .map(|(at, _)| at)
            .collect();
        let drawn = self.random().map_or(0, u32::from_be_bytes);
        // Fewer than wait, which fits.
        let at = first
            .get(drawn as usize % first.len().max(1))
            .copied()
            .unwrap_or_default();
        let Waiting { asker, from } = self.pairing.waiting.remove(at);
        self.pairing.count(from, 1);
        self.pairing.given += 1;
        self.pairing.stage = Stage::Serving {
            until,
            asker,
            from,
            by: now + limits::PAIRING_REVEAL,
            step: Step::Asked,
        };
        self.pairing.changed = true;
    }

    /// The one who is served is served no longer; pairing goes on while it is
    /// open.
    fn end_turn(&mut self, now: Duration, why: &str) {
        let Stage::Serving {
            until, ref step, ..
        } = self.pairing.stage
        else {
            return;
        };
        if !matches!(step, Step::Asked) {
            self.hardware.show_pairing(PairingDisplay::Open);
        }
        self.pairing.stage = Stage::Open {
            until,
            rests_until: now + limits::PAIRING_PAUSE,
        };
        self.pairing.changed = true;
        self.log(
            now,
            Level::Info,
            format_args!("a controller gets no key: {why}"),
        );
        self.watch_pairing(now);
    }

    pub(crate) fn end_pairing(&mut self, now: Duration, why: Option<&str>) {
        if matches!(self.pairing.stage, Stage::Closed) {
            return;
        }
        self.pairing.stage = Stage::Closed;
        self.pairing.waiting.clear();
        self.pairing.changed = true;
        self.hardware.show_pairing(PairingDisplay::Nothing);
        if let Some(why) = why {
            self.log(now, Level::Info, format_args!("pairing is closed: {why}"));
        }
    }
}

fn pairing_ended() -> RpcError {
    let message = "pairing is over, and no key was made: open it again at the board";
    RpcError::new(Code::Forbidden, "pairing_ended", message)
}

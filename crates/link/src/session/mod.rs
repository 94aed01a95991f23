//! Decides what one link does: when to connect, what to request, when a board
//! is stale, lost or has to be read again, and the outcome of each command.
//! Owns no socket and reads no clock; randomness is passed in.

mod connecting;
mod handshake;
mod inbound;
mod liveness;
mod log;
mod phase;
mod preview;
mod pushes;
mod receiving;
#[cfg(test)]
mod tests;
mod translating;
mod updating;

use std::{sync::Arc, time::Duration};

use backoff::Backoff;
use families::Family;
use keys::Keys;
use protocol::{Epoch, limits::CONNECT_TIMEOUT};
use web_time::Instant;

use super::{
    clock::Clock,
    commands::Command,
    connection::Connection,
    input::{Announced, Input},
    output::{Output, Outputs},
    socket::Priority,
    state::{LinkProblem, Now, Outcome},
    target::{Target, Via},
};

use inbound::{Rival, UnprovenHosts};
use phase::{Live, Phase};
use translating::Guess;
use updating::Updating;

pub(crate) use inbound::Inbound;
pub use inbound::InboundConnection;

/// How long an address that has answered may take until the socket is open, if
/// the board has other addresses.
const ADDRESS_TIMEOUT: Duration = Duration::from_secs(3);

/// A source of 32 random bytes for a handshake.
///
/// # Errors
/// Why the system provides none.
pub type Random = fn() -> Result<[u8; 32], String>;

/// One link to one board.
#[derive(Debug)]
pub struct Session {
    phase: Phase,
    out: Outputs,
    random: Random,
    /// The number of the latest attempt.
    attempt: u64,
    /// The number of the latest request, on any connection.
    last_request: i64,
    target: Target,
    announced: Option<Announced>,
    /// The broker through which the present or last attempt goes.
    via: Option<Arc<Via>>,
    /// The family of the board, as far as known.
    family: Family,
    /// It was announced, named by the user, or known to an earlier run.
    is_family_known: bool,
    /// The family of a typed address is not known yet, and what answers there
    /// is tried as each in turn.
    guess: Option<Guess>,
    /// The address that the user typed.
    typed_address: Option<String>,
    /// The board's id, as it stated last or an earlier run knew it.
    id: Option<String>,
    /// No board with another id is connected to.
    is_id_fixed: bool,
    /// The board was subscribed to in this run: its own word outweighs what is
    /// announced about it.
    was_connected: bool,
    /// `None` while they are being loaded.
    keys: Option<Keys>,
    /// Where the board last answered, and whether it was locked there.
    last_lock: Option<(Option<String>, bool)>,
    /// The board connects to this program.
    connects_inbound: bool,
    /// An inbound connection that claims to be the board while there is a
    /// connection.
    rival: Option<Rival>,
    priority: Priority,
    unproven: UnprovenHosts,
    backoff: Backoff,
    updating: Updating,
    clock: Clock,
    epoch: Option<Epoch>,
    log: log::Following,
    /// Whether the live preview of the board is wanted.
    preview_wanted: bool,
}

impl Session {
    /// A link that is not yet wanted; `seed` spreads its backoff.
    pub fn new(now: Instant, seed: u64, random: Random) -> Self {
        Self {
            phase: Phase::Idle,
            out: Outputs::default(),
            random,
            attempt: 0,
            last_request: 0,
            target: Target::default(),
            announced: None,
            via: None,
            family: Family::default(),
            is_family_known: false,
            guess: None,
            typed_address: None,
            id: None,
            is_id_fixed: false,
            was_connected: false,
            keys: Some(Keys::default()),
            last_lock: None,
            connects_inbound: false,
            rival: None,
            priority: Priority::New,
            unproven: UnprovenHosts::default(),
            backoff: Backoff::new(seed),
            updating: Updating::No,
            clock: Clock::new(now),
            epoch: None,
            log: log::Following::default(),
            preview_wanted: false,
        }
    }

    /// Handles an input. What is to be done is then taken with
    /// [`Self::poll_output`].
    pub fn handle(&mut self, now: Now, input: Input) {
        match input {
            Input::Connect => {
                if matches!(self.phase, Phase::Idle) {
                    self.connect(now.instant);
                }
            }
            Input::Disconnect => {
                self.end_connection();
                self.phase = Phase::Idle;
            }
            Input::RetryNow => self.retry_now(now.instant),
            Input::Addresses(addresses) => {
                self.priority = Priority::Trusted;
                self.target.give(addresses);
                if self.phase.is_waiting() || self.phase.is_stale() {
                    self.connect(now.instant);
                }
            }
            Input::TypedAddress(address) => self.address_typed(address),
            Input::Announced(announced) => self.announced(now.instant, announced),
            Input::UseAnnouncement(announced) => self.use_announcement(now.instant, announced),
            Input::KnownId(id) => self.id = Some(id),
            Input::OnlyId(id) => (self.id, self.is_id_fixed) = (Some(id), true),
            Input::Family(family) => {
                self.guess = None;
                self.is_family_known = true;
                self.set_family(family);
            }
            Input::Fetched {
                attempt,
                path,
                body,
            } => {
                if attempt == self.attempt {
                    self.fetched(now.instant, &path, &body);
                }
            }
            Input::KeysPending => self.keys = None,
            Input::Keys(keys) => self.keys_changed(now.instant, keys),
            Input::Socket(attempt, event) => {
                if attempt == self.attempt {
                    self.socket_event(now, event);
                }
            }
            Input::Command(command) => self.command(now.instant, command),
            Input::FollowLog(wanted) => self.follow_log(now.instant, wanted),
            Input::FollowPreview(wanted) => self.follow_preview(now.instant, wanted),
            Input::UpdateRequested(update) => self.update_requested(update),
            Input::ImageRead {
                update,
                image,
                running,
            } => self.image_read(now.instant, update, image, running),
            Input::CancelUpdate => self.cancel_update(now.instant),
            Input::Inbound(inbound) => self.inbound_connection(now.instant, inbound),
            Input::VerifyLink => self.verify_link(now.instant),
            Input::IdTaken { id, by } => {
                if self.phase.has_socket() {
                    self.fail(now.instant, LinkProblem::IdTaken { id, by });
                }
            }
            Input::ListenerClosed => self.listener_closed(now.instant),
            Input::Tick => self.tick(now.instant),
        }
        self.hear_dialect(now);
        self.settle_rival(now.instant);
    }

    /// The next thing to do, oldest first; `None` until the next input.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.out.pop()
    }

    /// Whether what arrives on the present connection shows only after it was
    /// decrypted or decoded.
    pub fn is_translated(&self) -> bool {
        self.phase
            .connection()
            .is_some_and(Connection::is_translated)
    }

    /// Whether messages on the present connection are encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.phase
            .connection()
            .is_some_and(Connection::is_encrypted)
    }

    /// When [`Input::Tick`] is due next.
    pub fn next_deadline(&self, now: Instant) -> Option<Instant> {
        let phase = match &self.phase {
            Phase::Idle => None,
            Phase::Waiting { retry_at, .. } => *retry_at,
            Phase::Opening { deadline, .. } => *deadline,
            Phase::Handshaking { deadline, .. } => Some(*deadline),
            Phase::Reading { reading, .. } => Some(reading.deadline()),
            Phase::Live(live) => Some(live.next_deadline(now)),
        };
        let rival = self.rival_deadline().filter(|_| self.phase.has_socket());
        let dialect = self
            .phase
            .connection()
            .and_then(Connection::dialect_deadline);
        let others = [self.updating.next_deadline(), rival, dialect];
        phase.into_iter().chain(others.into_iter().flatten()).min()
    }

    /// How many requests are in flight; bounded, whatever the board does.
    pub fn requests_in_flight(&self) -> usize {
        self.phase
            .connection()
            .map_or(0, Connection::requests_in_flight)
    }

    fn command(&mut self, now: Instant, command: Command) {
        match (&mut self.phase, command.refusal.clone()) {
            (_, Some(error)) => self.out.report(command.done(Outcome::Refused(error))),
            (Phase::Live(live), None) => {
                let live = &mut **live;
                live.commands
                    .submit(now, command, &mut live.connection, &mut self.out);
            }
            (_, None) => self.out.report(command.done(Outcome::NotConnected)),
        }
    }

    fn tick(&mut self, now: Instant) {
        if let Phase::Live(live) = &mut self.phase {
            let live = &mut **live;
            live.commands
                .expire(now, &mut live.connection, &mut self.out);
        }
        self.update_tick(now);
        self.tick_dialect(now);
        match &self.phase {
            Phase::Idle => {}
            Phase::Waiting { retry_at, .. } => {
                if retry_at.is_some_and(|at| now >= at) {
                    self.start_attempt(now);
                }
            }
            Phase::Opening { attempt, deadline } => {
                if deadline.is_some_and(|deadline| now >= deadline) {
                    let problem = timed_out(attempt.step_timeout);
                    self.fail(now, problem);
                }
            }
            Phase::Handshaking { deadline, .. } => {
                if now >= *deadline {
                    self.handshake_timed_out(now);
                }
            }
            Phase::Reading {
                connection,
                reading,
            } => {
                if now >= reading.deadline() {
                    let problem = timed_out(connection.attempt.step_timeout);
                    self.fail(now, problem);
                }
            }
            Phase::Live(_) => self.tick_live(now),
        }
    }
}

/// A step of an attempt took too long.
fn timed_out(timeout: Duration) -> LinkProblem {
    match timeout {
        CONNECT_TIMEOUT => LinkProblem::ConnectTimeout,
        shortened => LinkProblem::Connect(format!(
            "no answer within {} s, while many other boards were being connected to",
            shortened.as_secs()
        )),
    }
}

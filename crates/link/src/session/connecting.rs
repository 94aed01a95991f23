//! When a session connects, and what it does when an attempt or a connection
//! has failed.

use std::time::Duration;

use backoff::GOOD_AFTER;
use protocol::{PROTOCOL_MAJOR, limits::CONNECT_TIMEOUT};
use web_time::Instant;

use super::{ADDRESS_TIMEOUT, Phase, Session, handshake::Handshake};
use crate::{
    connection::{Attempt, Connection},
    input::Announced,
    output::{Output, Report},
    reading::Reading,
    socket::{Ending, Priority},
    state::{LinkProblem, LinkState},
};

impl Session {
    pub(super) fn retry_now(&mut self, now: Instant) {
        if let Phase::Waiting {
            problem: LinkProblem::LockChanged { .. },
            ..
        } = self.phase
        {
            // The user accepts what answers there.
            self.last_lock = None;
        }
        self.priority = Priority::Trusted;
        if !self.phase.has_socket() {
            self.connect(now);
        }
    }

    pub(super) fn announced(&mut self, now: Instant, announced: Announced) {
        let via = announced.via.clone();
        let is_direct = via.is_none();
        let new_addresses = self.target.announce(announced.addresses.clone(), via);
        // An attempt goes on at an address that is still announced.
        let stays = self
            .address()
            .is_some_and(|address| announced.addresses.have(address));
        let moved = new_addresses && !stays;
        let changed = self.announced.as_ref() != Some(&announced);
        self.guess = None;
        self.is_family_known = true;
        self.set_family(announced.family);
        self.announced = Some(announced);
        let connect = match &self.phase {
            Phase::Waiting { retry_at: None, .. } => changed,
            // A repeated announcement is no reason to retry earlier.
            Phase::Waiting { problem, .. } if problem.is_settled() => changed,
            // An announcement says nothing about free slots: those are retried
            // at the pace of the backoff.
            Phase::Waiting {
                problem: LinkProblem::AllSlotsTaken,
                ..
            } => moved,
            Phase::Waiting { .. } => true,
            Phase::Opening { .. } | Phase::Handshaking { .. } | Phase::Reading { .. } => moved,
            // The direct way is better than one through a broker.
            Phase::Live(live) => moved && (live.stale || (is_direct && self.via.is_some())),
            Phase::Idle => false,
        };
        if connect {
            self.connect(now);
        }
    }

    /// Uses another announcement, unless it is the turn of a typed address
    /// after an announced one. The problem at the previous address is no reason
    /// to wait longer than usual.
    pub(super) fn use_announcement(&mut self, now: Instant, announced: Announced) {
        let previous = self
            .announced
            .as_ref()
            .map(|announced| &announced.addresses);
        let next = self.target.choice().map(|choice| choice.addresses);
        if previous.is_some() && next.as_ref() != previous {
            return;
        }
        let via = announced.via.clone();
        self.target.announce(announced.addresses.clone(), via);
        self.set_family(announced.family);
        self.announced = Some(announced);
        if let Phase::Waiting {
            problem,
            retry_at: Some(_),
        } = &self.phase
            && problem.is_settled()
        {
            let (problem, retry_at) = (problem.clone(), now + self.backoff.next_wait());
            self.wait(problem, Some(retry_at));
        }
    }

    /// Starts an attempt in place of the present connection, unless it is known
    /// to be pointless.
    pub(super) fn connect(&mut self, now: Instant) {
        if let Some(problem) = self.pointless() {
            self.end_connection();
            let retry_at = problem.retry_after().map(|wait| now + wait);
            return self.wait(problem, retry_at);
        }
        self.start_attempt(now);
    }

    /// Starts an attempt, whatever is announced about the board.
    pub(super) fn start_attempt(&mut self, now: Instant) {
        self.end_connection();
        let Some(to) = self.target.choice() else {
            return self.wait(self.no_address(""), None);
        };
        if to.via.is_none()
            && let Some(problem) = self.expected_key_of_another_family()
        {
            return self.wait(problem, None);
        }
        self.via.clone_from(&to.via);
        self.begin(now, None, None);
        self.out.push(Output::Connect {
            attempt: self.attempt,
            to,
            family: self.family,
            priority: self.priority,
        });
        self.out.report(Report::Link(LinkState::Connecting));
    }

    /// Numbers an attempt, and waits for its socket.
    pub(super) fn begin(
        &mut self,
        now: Instant,
        address: Option<String>,
        inbound: Option<super::Inbound>,
    ) {
        self.attempt += 1;
        self.phase = Phase::Opening {
            attempt: Attempt {
                address,
                inbound,
                step_timeout: CONNECT_TIMEOUT,
            },
            deadline: Some(now + CONNECT_TIMEOUT),
        };
    }

    pub(super) fn queued(&mut self) {
        if let Phase::Opening { deadline, .. } = &mut self.phase {
            *deadline = None;
        }
    }

    pub(super) fn started(&mut self, now: Instant, timeout: Duration) {
        if let Phase::Opening { attempt, deadline } = &mut self.phase {
            attempt.step_timeout = timeout;
            *deadline = Some(now + timeout);
        }
    }

    pub(super) fn reached(&mut self, now: Instant, address: String) {
        if let Phase::Opening { attempt, deadline } = &mut self.phase {
            // A host that accepts the connection and stays silent does not keep
            // the other addresses from being tried.
            if self.target.has_others(&address) {
                let earlier = now + ADDRESS_TIMEOUT;
                *deadline = Some(deadline.map_or(earlier, |deadline| deadline.min(earlier)));
            }
            attempt.address = Some(address);
        }
    }

    /// The socket is open. If a key is held, nothing is sent before the board
    /// has sent its hello.
    pub(super) fn opened(&mut self, now: Instant) {
        // Through a broker, the board is not asked to prove anything.
        let locked = self.key().is_some() && self.via.is_none();
        match std::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Opening { attempt, .. } if locked => {
                self.phase = Phase::Handshaking {
                    deadline: now + attempt.step_timeout,
                    attempt,
                    handshake: Handshake::AwaitingHello,
                };
            }
            Phase::Opening { attempt, .. } if self.is_foreign() => {
                self.start_translated(now, attempt);
            }
            Phase::Opening { attempt, .. } => {
                self.start_reading(now, Connection::plain(now, attempt, self.last_request));
            }
            other => self.phase = other,
        }
    }

    pub(super) fn start_reading(&mut self, now: Instant, connection: Connection) {
        let mut connection = Box::new(connection);
        let timeout = connection.attempt.step_timeout;
        let reading = Box::new(Reading::start(now, timeout, &mut connection, &mut self.out));
        self.phase = Phase::Reading {
            connection,
            reading,
        };
    }

    pub(super) fn socket_ended(&mut self, now: Instant, ending: Ending) {
        if !self.phase.has_socket() {
            return;
        }
        let problem = match LinkProblem::from(ending) {
            LinkProblem::NotABoard(why) if !self.family.is_ours() => LinkProblem::NotThatFamily {
                family: self.family,
                why,
            },
            problem => problem,
        };
        self.fail(now, problem);
    }

    /// The attempt or the connection has failed; decides when to retry.
    pub(super) fn fail(&mut self, now: Instant, problem: LinkProblem) {
        let problem = match problem {
            LinkProblem::NotABoard(why) if self.is_foreign() => LinkProblem::NotThatFamily {
                family: self.family,
                why,
            },
            problem => problem,
        };
        let (was_live, restarts_until) = match &self.phase {
            Phase::Live(live) => {
                if now.saturating_duration_since(live.since) >= GOOD_AFTER {
                    self.backoff.reset();
                }
                (true, live.restarts_until)
            }
            _ => (false, None),
        };
        let inbound = self.inbound().is_some();
        let problem = match self.guess_next(problem) {
            Ok(()) => return self.connect(now),
            Err(problem) => problem,
        };
        // A peer that connected and proved nothing is not believed.
        if inbound && !was_live {
            return self.inbound_failed(now, problem);
        }
        if self.priority == Priority::New {
            self.priority = Priority::Failing;
        }
        let attempt = self.end_connection();
        let reached = attempt
            .and_then(|attempt| attempt.address)
            .filter(|_| !inbound && !was_live);
        if !is_from_the_board(&problem) && !inbound {
            // Something else answered: the board may be at another of its
            // addresses.
            if reached.is_some_and(|address| self.target.spoiled(&address)) {
                return self.connect(now);
            }
            self.target.failed();
        }
        match (problem, restarts_until) {
            (problem, _) if self.target.choice().is_none() => {
                self.wait(self.no_address(&problem.to_string()), None);
            }
            // The peer at that address says so without proof: it is reported,
            // and retried occasionally.
            // A board of another family counts failed attempts, and may refuse
            // the owner's phone after too many.
            (problem @ LinkProblem::WrongKey, _) if self.is_foreign() => self.wait(problem, None),
            (problem, _) if problem.is_settled() => {
                let retry_at = problem.retry_after().map(|wait| now + wait);
                self.wait(problem, retry_at);
            }
            (_, Some(back)) if back > now => self.wait(LinkProblem::Rebooting, Some(back)),
            (problem, _) => {
                let retry_at = now + self.backoff.next_wait();
                self.wait(problem, Some(retry_at));
            }
        }
    }

    pub(super) fn wait(&mut self, problem: LinkProblem, retry_at: Option<Instant>) {
        self.phase = Phase::Waiting {
            problem: problem.clone(),
            retry_at,
        };
        self.out
            .report(Report::Link(LinkState::Unreachable { problem, retry_at }));
    }

    /// Ends the connection, and all that belongs to it; returns its attempt. If
    /// there was one, the phase is [`Phase::Idle`] afterwards.
    pub(super) fn end_connection(&mut self) -> Option<Attempt> {
        if !self.phase.has_socket() {
            return None;
        }
        let attempt = match std::mem::replace(&mut self.phase, Phase::Idle) {
            Phase::Idle | Phase::Waiting { .. } => None,
            Phase::Opening { attempt, .. } | Phase::Handshaking { attempt, .. } => Some(attempt),
            Phase::Reading { connection, .. } => {
                self.last_request = connection.last_request();
                Some(connection.attempt)
            }
            Phase::Live(live) => {
                let mut live = *live;
                self.last_request = live.connection.last_request();
                live.commands.lose_all(&mut self.out);
                Some(live.connection.attempt)
            }
        };
        self.connection_lost();
        self.out.push(Output::Disconnect);
        attempt
    }

    /// The address that answered, or that the inbound connection comes from.
    pub(super) fn address(&self) -> Option<&String> {
        self.phase.attempt()?.address.as_ref()
    }

    /// Why there is no point in trying now.
    fn pointless(&self) -> Option<LinkProblem> {
        if self.keys.is_none() {
            return Some(LinkProblem::KeysPending);
        }
        let is_direct = self.target.choice().is_none_or(|to| to.via.is_none());
        let unavailable = self.key_unavailable().filter(|_| self.key().is_none());
        if let Some(problem) = unavailable.filter(|_| is_direct) {
            return Some(problem);
        }
        // A board that was connected to is asked itself, because anyone can
        // announce anything about it. Whether it is locked shows only on a
        // connection.
        let announced = self.announced.as_ref().filter(|_| !self.was_connected)?;
        (announced.proto != PROTOCOL_MAJOR).then(|| LinkProblem::UnsupportedVersion {
            theirs: announced.proto.to_string(),
        })
    }
}

/// Whether the problem was reported by the board that is meant, as far as can
/// be told: then no other address is tried.
fn is_from_the_board(problem: &LinkProblem) -> bool {
    matches!(
        problem,
        LinkProblem::AllSlotsTaken | LinkProblem::Rebooting | LinkProblem::Locked
    )
}

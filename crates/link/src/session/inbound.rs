//! What a session does when a peer that states to be the board connects to this
//! program: it goes on with that connection, or keeps the one that it has.
//! There is one link per board. A board with a key proves its id; an open one
//! cannot, so a link that works is verified before it is given up for another.
//!
//! Until the peer is subscribed to, nothing it says or does is final: if the
//! connection fails, the session goes on as if it had never been made.

use std::{collections::VecDeque, time::Duration};

use families::Family;
use protocol::{
    Object, method,
    outbound::{Outbound, OutboundState},
};
use serde_json::Value;
use web_time::Instant;

use super::{Phase, Session, liveness::VERIFY_TIMEOUT};
use crate::{
    output::{Output, Report},
    requests::Purpose,
    state::{LinkProblem, LinkState},
};

/// How long an inbound connection has to prove its id while another one waits.
const PROOF_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a host whose connection proved nothing has to wait behind others.
const UNPROVEN_FOR: Duration = Duration::from_secs(60);

/// How many such hosts are remembered.
const UNPROVEN: usize = 16;

/// A connection to this program, by a peer that states to be the board.
#[derive(Debug)]
pub struct InboundConnection {
    /// The id that it states.
    pub id: String,
    /// The family whose handshake it was.
    pub family: Family,
    /// It states that it is locked.
    pub locked: bool,
    /// Its address, `host:port`.
    pub from: String,
}

impl InboundConnection {
    fn host(&self) -> &str {
        host(&self.from)
    }
}

/// An address without its port, which differs for each connection.
fn host(address: &str) -> &str {
    address.rsplit_once(':').map_or(address, |(host, _)| host)
}

/// What is known about the present connection if the peer made it.
#[derive(Debug)]
pub(crate) struct Inbound {
    /// The id that the peer states.
    pub(super) id: String,
    from: String,
    since: Instant,
    /// What the session goes on with if this connection fails.
    before: Before,
}

/// What a session did before an inbound connection.
#[derive(Debug)]
enum Before {
    /// It waited for such a connection, or no link was wanted.
    Nothing,
    /// It was connecting, or had a link that was silent.
    Connecting,
    /// It waited for its next attempt, or until something changes.
    Waiting {
        problem: LinkProblem,
        retry_at: Option<Instant>,
    },
}

/// An inbound connection that waits for the outcome of the present one.
#[derive(Debug)]
pub(super) struct Rival {
    inbound: InboundConnection,
    until: Instant,
    /// The present link is being verified.
    verifying: bool,
}

/// Hosts whose inbound connections proved nothing, the newest last.
#[derive(Debug, Default)]
pub(super) struct UnprovenHosts(VecDeque<(String, Instant)>);

impl UnprovenHosts {
    fn add(&mut self, host: &str, now: Instant) {
        self.0.retain(|(unproven, _)| unproven != host);
        if self.0.len() == UNPROVEN {
            self.0.pop_front();
        }
        self.0.push_back((host.to_owned(), now));
    }

    fn contains(&self, host: &str, now: Instant) -> bool {
        self.0.iter().any(|(unproven, since)| {
            unproven == host && now.saturating_duration_since(*since) < UNPROVEN_FOR
        })
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

impl Session {
    /// A peer that states to be the board has connected. A stale link is
    /// replaced at once; one that works is verified. Of two connections that
    /// have proved nothing yet, the earlier goes on for some seconds, unless
    /// its host failed to prove itself before.
    pub(super) fn inbound_connection(&mut self, now: Instant, inbound: InboundConnection) {
        if self.phase.is_fresh() {
            return self.verify_against(now, inbound);
        }
        if !self.phase.is_connecting() {
            return self.accept(now, inbound);
        }
        let present = self
            .inbound()
            .map(|present| (host(&present.from), present.since + PROOF_TIMEOUT));
        match present {
            Some((present, _)) if present == inbound.host() => self.accept(now, inbound),
            _ if self.unproven.contains(inbound.host(), now) => self.out.push(Output::Decline),
            None => self.accept(now, inbound),
            Some((present, until)) => {
                if self.unproven.contains(present, now) || until <= now {
                    return self.accept(now, inbound);
                }
                self.rival = Some(Rival {
                    inbound,
                    until,
                    verifying: false,
                });
            }
        }
    }

    /// Verifies the link that works. If it is inbound too, it only has to
    /// answer; otherwise its board is asked whether it connects to this
    /// program.
    fn verify_against(&mut self, now: Instant, inbound: InboundConnection) {
        let (purpose, method) = match self.inbound() {
            Some(_) => (Purpose::Ping, method::SYS_PING),
            None => (Purpose::Outbound, method::OUTBOUND_GET),
        };
        if let Some(connection) = self.phase.connection_mut() {
            connection.request(now, purpose, method, Object::new(), &mut self.out);
        }
        self.rival = Some(Rival {
            inbound,
            until: now + VERIFY_TIMEOUT,
            verifying: true,
        });
    }

    /// The board of the present link said whether it connects to this program.
    pub(super) fn outbound_answered(&mut self, now: Instant, answer: Option<Value>) {
        let Some(rival) = self.rival.take() else {
            return;
        };
        let outbound = answer.and_then(|answer| serde_json::from_value::<Outbound>(answer).ok());
        match outbound.map(|outbound| outbound.state) {
            Some(OutboundState::Connecting | OutboundState::Connected) => {
                self.accept(now, rival.inbound);
            }
            _ => self.refute(&rival),
        }
    }

    /// Something arrived on the present link. If it is inbound too, that is all
    /// it has to show.
    pub(super) fn rival_refuted(&mut self) {
        if self.inbound().is_some()
            && let Some(rival) = self.rival.take_if(|rival| rival.verifying)
        {
            self.refute(&rival);
        }
    }

    /// Keeps the link that works, and reports who else claims to be its board.
    fn refute(&mut self, rival: &Rival) {
        self.out.push(Output::Decline);
        self.out
            .report(Report::IdClaimed(rival.inbound.from.clone()));
    }

    pub(super) fn rival_deadline(&self) -> Option<Instant> {
        self.rival.as_ref().map(|rival| rival.until)
    }

    /// A rival does not wait for a connection that has ended, does not answer,
    /// or has proved nothing in time.
    pub(super) fn settle_rival(&mut self, now: Instant) {
        let Some(rival) = &self.rival else { return };
        let in_time = now < rival.until;
        match &self.phase {
            Phase::Live(live) if !live.stale && !rival.verifying => {
                if let Some(rival) = self.rival.take() {
                    self.verify_against(now, rival.inbound);
                }
            }
            Phase::Live(_) if in_time => {}
            Phase::Opening { .. } | Phase::Handshaking { .. } | Phase::Reading { .. }
                if !rival.verifying && in_time => {}
            Phase::Idle => {
                self.rival = None;
                self.out.push(Output::Decline);
            }
            _ => {
                if let Some(rival) = self.rival.take() {
                    self.accept(now, rival.inbound);
                }
            }
        }
    }

    /// Goes on with this connection instead of the present one.
    fn accept(&mut self, now: Instant, inbound: InboundConnection) {
        let InboundConnection {
            id,
            family,
            locked,
            from,
        } = inbound;
        self.set_family(family);
        self.connects_inbound = true;
        if self.keys.is_none() {
            return self.decline(id, LinkProblem::KeysPending);
        }
        if let Some(problem) = self.key_unavailable_for(&id) {
            return self.decline(id, problem);
        }
        if locked && self.key_of(&id).is_none() {
            return self.decline(id, LinkProblem::Locked);
        }
        let connecting = self.phase.is_connecting();
        let before = match &self.phase {
            Phase::Idle
            | Phase::Waiting {
                problem: LinkProblem::AwaitingInbound(_) | LinkProblem::NotListening,
                ..
            } => Before::Nothing,
            Phase::Waiting { problem, retry_at } => Before::Waiting {
                problem: problem.clone(),
                retry_at: *retry_at,
            },
            _ => Before::Connecting,
        };
        let replaced = self.end_connection().and_then(|attempt| attempt.inbound);
        let before = match replaced.filter(|_| connecting) {
            // An inbound connection that has proved nothing either leaves
            // behind what there was before it.
            Some(replaced) => {
                self.unproven.add(host(&replaced.from), now);
                replaced.before
            }
            None => before,
        };
        self.id.get_or_insert_with(|| id.clone());
        let address = Some(from.clone());
        let inbound = Inbound {
            id,
            from,
            since: now,
            before,
        };
        self.via = None;
        self.begin(now, address, Some(inbound));
        self.out.push(Output::Accept {
            attempt: self.attempt,
        });
        self.out.report(Report::Link(LinkState::Connecting));
        self.opened(now);
    }

    /// Declines a connection. That changes nothing, but if nothing else is
    /// known about the board, what it stated is shown.
    fn decline(&mut self, id: String, problem: LinkProblem) {
        self.out.push(Output::Decline);
        let unchanged = matches!(
            &self.phase,
            Phase::Waiting { problem: before, .. } if *before == problem
        );
        if !self.is_known_by_claim_only() || self.phase.has_socket() || unchanged {
            return;
        }
        if problem == LinkProblem::Locked {
            self.out.report(Report::Locked(id));
        }
        self.wait(problem, None);
    }

    /// Whether all that is known was stated by inbound connections: there is no
    /// address, and no link ever worked.
    pub(super) fn is_known_by_claim_only(&self) -> bool {
        self.target.choice().is_none() && !self.was_connected
    }

    /// What is known about the present connection if the peer made it.
    pub(super) fn inbound(&self) -> Option<&Inbound> {
        self.phase.attempt()?.inbound.as_ref()
    }

    /// The present inbound connection ended before it proved anything.
    pub(super) fn inbound_failed(&mut self, now: Instant, problem: LinkProblem) {
        let Some(inbound) = self.end_connection().and_then(|attempt| attempt.inbound) else {
            return;
        };
        self.unproven.add(host(&inbound.from), now);
        match inbound.before {
            Before::Connecting => self.connect(now),
            Before::Waiting { problem, retry_at } => self.wait(problem, retry_at),
            Before::Nothing if self.target.choice().is_some() => {
                let retry_at = now + self.backoff.next_wait();
                self.wait(problem, Some(retry_at));
            }
            Before::Nothing => self.wait(self.no_address(&problem.to_string()), None),
        }
    }

    /// Inbound connections are no longer accepted: a link that is one ends.
    pub(super) fn listener_closed(&mut self, now: Instant) {
        self.connects_inbound = false;
        let inbound = self.inbound().is_some();
        match self.phase {
            _ if inbound && self.target.choice().is_some() => self.connect(now),
            _ if inbound => {
                self.end_connection();
                self.wait(LinkProblem::NotListening, None);
            }
            Phase::Waiting {
                problem: LinkProblem::AwaitingInbound(_),
                ..
            } => self.wait(LinkProblem::NotListening, None),
            _ => {}
        }
    }

    /// The problem that there is no address to connect to: a board that
    /// connects to this program is waited for.
    pub(super) fn no_address(&self, why: &str) -> LinkProblem {
        match self.connects_inbound {
            true => LinkProblem::AwaitingInbound(why.to_owned()),
            false => LinkProblem::Connect("no address is known".to_owned()),
        }
    }
}

//! What a session does when who says to be the board connects to this program:
//! it takes the connection as if it had made it, or keeps the one that it has.
//! There is one link to a board. Such a peer only says whose id it has; a board
//! with a key proves that, of an open one nothing can be known, so that a link
//! that works is asked before it is given up for another.
//!
//! Until the peer is subscribed to, nothing that it says or does settles
//! anything: where it comes to nothing, the session goes on as if it had never
//! connected.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use protocol::{
    Object,
    limits::CONNECT_TIMEOUT,
    method,
    outbound::{Outbound, OutboundState},
};
use serde_json::Value;

use super::{Ephemeral, Live, Output, Phase, Report, Session};
use crate::link::{
    requests::Purpose,
    state::{LinkProblem, LinkState},
};

/// How long a link that works has to answer, once another peer claims to be its
/// board.
pub(super) const ANSWERS_WITHIN: Duration = Duration::from_secs(3);

/// How long an inbound connection has to prove what it says while another one
/// waits.
const PROVES_WITHIN: Duration = Duration::from_secs(3);

/// How long a host whose connection proved nothing has to wait behind others.
const MARKED_FOR: Duration = Duration::from_secs(60);

/// Hosts that are remembered because their connections proved nothing.
const MARKED: usize = 16;

/// A connection that was made to this program by who says to be the board.
#[derive(Debug)]
pub(crate) struct Called {
    /// The id that it says it has.
    pub id: String,
    /// It says that it speaks only encrypted.
    pub locked: bool,
    /// Where it comes from, `host:port`.
    pub from: String,
    /// Random bytes, in case that a handshake is to be made on it.
    pub ephemeral: Ephemeral,
}

impl Called {
    /// Where it comes from, without the port, which is another one each time.
    fn host(&self) -> &str {
        host(&self.from)
    }
}

fn host(address: &str) -> &str {
    address.rsplit_once(':').map_or(address, |(host, _)| host)
}

/// The present connection was made by who says to be the board.
#[derive(Debug)]
pub(super) struct Caller {
    /// The id that it says it has.
    pub(super) id: String,
    from: String,
    since: Instant,
    /// What the session goes on with where this comes to nothing.
    before: Before,
}

/// What a session did before an inbound connection.
#[derive(Debug)]
enum Before {
    /// It waited for such a connection, or no link was wanted.
    Nothing,
    /// It was connecting, or had a link that was silent.
    Trying,
    /// It waited for its next attempt, or until something changes.
    Waiting {
        problem: LinkProblem,
        retry_at: Option<Instant>,
    },
}

/// A connection that waits for what the present one says, or comes to.
#[derive(Debug)]
pub(super) struct Rival {
    called: Called,
    until: Instant,
    /// The present link was asked whether its board connects to this program.
    asked: bool,
}

/// Hosts whose connections proved nothing, the newest last.
#[derive(Debug, Default)]
pub(super) struct Marked(VecDeque<(String, Instant)>);

impl Marked {
    fn add(&mut self, host: &str, now: Instant) {
        self.0.retain(|(marked, _)| marked != host);
        if self.0.len() == MARKED {
            self.0.pop_front();
        }
        self.0.push_back((host.to_owned(), now));
    }

    fn has(&self, host: &str, now: Instant) -> bool {
        self.0.iter().any(|(marked, since)| {
            marked == host && now.saturating_duration_since(*since) < MARKED_FOR
        })
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}

impl Session {
    /// Who says to be the board has connected. A link that is stale gives way
    /// at once, one that works is asked. Of connections that have proved
    /// nothing yet the present one goes on for some seconds, unless its host
    /// has failed to prove itself before.
    pub(super) fn called(&mut self, now: Instant, called: Called, out: &mut Vec<Output>) {
        let marked = self.marked.has(called.host(), now);
        match (&self.phase, &self.caller) {
            (Phase::Live(Live { stale: false, .. }), _) => self.ask_for_rival(now, called, out),
            (Phase::Resting | Phase::Waiting { .. } | Phase::Live(_), _) => {
                self.take_call(now, called, out);
            }
            (_, Some(caller)) if host(&caller.from) == called.host() => {
                self.take_call(now, called, out);
            }
            _ if marked => out.push(Output::Decline),
            (_, None) => self.take_call(now, called, out),
            (_, Some(caller)) => {
                let until = caller.since + PROVES_WITHIN;
                if self.marked.has(host(&caller.from), now) || until <= now {
                    return self.take_call(now, called, out);
                }
                self.rival = Some(Rival {
                    called,
                    until,
                    asked: false,
                });
            }
        }
    }

    /// Asks the link that works. One that is inbound too knows only that it
    /// lives; a board that was connected to knows whether it connects to this
    /// program.
    fn ask_for_rival(&mut self, now: Instant, called: Called, out: &mut Vec<Output>) {
        let (purpose, method) = match self.caller {
            Some(_) => (Purpose::Ping, method::SYS_PING),
            None => (Purpose::Rival, method::OUTBOUND_GET),
        };
        let (_, question) = self.requests.ask(now, purpose, method, Object::new());
        out.push(Output::Send(question));
        self.rival = Some(Rival {
            called,
            until: now + ANSWERS_WITHIN,
            asked: true,
        });
    }

    /// The board that was connected to says whether it connects to this
    /// program.
    pub(super) fn rival_known(
        &mut self,
        now: Instant,
        answer: Option<Value>,
        out: &mut Vec<Output>,
    ) {
        let Some(rival) = self.rival.take() else {
            return;
        };
        let outbound = answer.and_then(|answer| serde_json::from_value::<Outbound>(answer).ok());
        match outbound.map(|outbound| outbound.state) {
            Some(OutboundState::Connecting | OutboundState::Connected) => {
                self.take_call(now, rival.called, out);
            }
            _ => decline_rival(&rival, out),
        }
    }

    /// The present link, which is inbound too, lives.
    pub(super) fn rival_outlived(&mut self, out: &mut Vec<Output>) {
        if self.caller.is_some()
            && let Some(rival) = self.rival.take_if(|rival| rival.asked)
        {
            decline_rival(&rival, out);
        }
    }

    pub(super) fn rival_deadline(&self) -> Option<Instant> {
        self.rival.as_ref().map(|rival| rival.until)
    }

    /// A connection need not wait for one that has ended, does not answer, or
    /// has proved nothing in time.
    pub(super) fn settle_rival(&mut self, now: Instant, out: &mut Vec<Output>) {
        let Some(rival) = &self.rival else { return };
        match self.phase {
            Phase::Live(Live { stale: false, .. }) if !rival.asked => {
                if let Some(rival) = self.rival.take() {
                    self.ask_for_rival(now, rival.called, out);
                }
            }
            Phase::Live(_) if now < rival.until => {}
            Phase::Opening { .. } | Phase::Shaking { .. } | Phase::Reading { .. }
                if !rival.asked && now < rival.until => {}
            Phase::Resting => {
                self.rival = None;
                out.push(Output::Decline);
            }
            _ => {
                if let Some(rival) = self.rival.take() {
                    self.take_call(now, rival.called, out);
                }
            }
        }
    }

    /// Goes on with this connection instead of whatever there was.
    fn take_call(&mut self, now: Instant, called: Called, out: &mut Vec<Output>) {
        let Called {
            id,
            locked,
            from,
            ephemeral,
        } = called;
        self.calls = true;
        if self.keys.is_none() {
            return self.decline(id, LinkProblem::KeysAwaited, out);
        }
        if let Some(problem) = self.key_withheld(&id) {
            return self.decline(id, problem, out);
        }
        if locked && self.key_of(&id).is_none() {
            return self.decline(id, LinkProblem::Locked, out);
        }
        let before = match (&self.phase, self.caller.take()) {
            // One that has proved nothing either leaves behind what there was
            // before it.
            (
                Phase::Opening { .. } | Phase::Shaking { .. } | Phase::Reading { .. },
                Some(caller),
            ) => {
                self.marked.add(host(&caller.from), now);
                caller.before
            }
            (Phase::Resting, _) => Before::Nothing,
            (
                Phase::Waiting {
                    problem: LinkProblem::AwaitsCall(_) | LinkProblem::NotListening,
                    ..
                },
                _,
            ) => Before::Nothing,
            (Phase::Waiting { problem, retry_at }, _) => Before::Waiting {
                problem: problem.clone(),
                retry_at: *retry_at,
            },
            _ => Before::Trying,
        };
        self.end_connection(out);
        self.attempt += 1;
        self.id.get_or_insert_with(|| id.clone());
        self.address = Some(from.clone());
        self.caller = Some(Caller {
            id,
            from,
            since: now,
            before,
        });
        self.within = CONNECT_TIMEOUT;
        self.phase = Phase::Opening {
            deadline: Some(now + self.within),
        };
        out.push(Output::Accept {
            attempt: self.attempt,
        });
        out.push(Output::Report(Report::Link(LinkState::Connecting)));
        self.opened(now, self.attempt, ephemeral, out);
    }

    /// A connection is not taken. That changes nothing, but where nothing at
    /// all is known of the board what it said is shown.
    fn decline(&mut self, id: String, problem: LinkProblem, out: &mut Vec<Output>) {
        out.push(Output::Decline);
        if !self.knows_only_calls() {
            return;
        }
        let problem = match &self.phase {
            Phase::Waiting {
                problem: before, ..
            } if *before == problem => return,
            Phase::Resting | Phase::Waiting { .. } => problem,
            Phase::Opening { .. }
            | Phase::Shaking { .. }
            | Phase::Reading { .. }
            | Phase::Live(_) => return,
        };
        if problem == LinkProblem::Locked {
            out.push(Output::Report(Report::Greeted(id)));
        }
        self.wait(problem, None, out);
    }

    /// Whether there is nothing but what inbound connections said: no address,
    /// and no link that ever worked.
    pub(super) fn knows_only_calls(&self) -> bool {
        self.target.choice().is_none() && !self.spoken
    }

    /// The present connection, which was made to this program, ended before it
    /// proved anything.
    pub(super) fn call_came_to_nothing(
        &mut self,
        now: Instant,
        problem: LinkProblem,
        out: &mut Vec<Output>,
    ) {
        let Some(caller) = self.caller.take() else {
            return;
        };
        self.marked.add(host(&caller.from), now);
        self.end_connection(out);
        match caller.before {
            Before::Trying => self.open(now, out),
            Before::Waiting { problem, retry_at } => self.wait(problem, retry_at, out),
            Before::Nothing if self.target.choice().is_some() => {
                let retry_at = now + self.backoff.next_wait();
                self.wait(problem, Some(retry_at), out);
            }
            Before::Nothing => self.wait(self.nowhere(&problem.to_string()), None, out),
        }
    }

    /// No more inbound connections are taken: a link that is one ends.
    pub(super) fn calls_are_over(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.calls = false;
        match self.phase {
            _ if self.caller.is_some() && self.target.choice().is_some() => self.open(now, out),
            _ if self.caller.is_some() => {
                self.end_connection(out);
                self.wait(LinkProblem::NotListening, None, out);
            }
            Phase::Waiting {
                problem: LinkProblem::AwaitsCall(_),
                ..
            } => {
                self.wait(LinkProblem::NotListening, None, out);
            }
            _ => {}
        }
    }

    /// Why there is no address to connect to: a board that connects to this
    /// program is waited for.
    pub(super) fn nowhere(&self, why: &str) -> LinkProblem {
        match self.calls {
            true => LinkProblem::AwaitsCall(why.to_owned()),
            false => LinkProblem::Connect("no address is known".to_owned()),
        }
    }
}

/// The link that works stays, and the person is told who else says to be its
/// board.
fn decline_rival(rival: &Rival, out: &mut Vec<Output>) {
    out.push(Output::Decline);
    out.push(Output::Report(Report::Claimed(rival.called.from.clone())));
}

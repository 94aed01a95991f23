//! What a session does when the board calls: it takes the connection as if it had made it, or keeps the one that it has. There is one
//! link to a board. Who calls says whose id it has; a board with a key proves that, of an open one nobody can tell, so that a link
//! that works is asked before it is given up for another.

use std::time::{Duration, Instant};

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

/// How long a link that works has to answer, once somebody else says to be its board.
const ANSWERS_WITHIN: Duration = Duration::from_secs(3);

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

/// A call that waits for what the present link says.
#[derive(Debug)]
pub(super) struct Rival {
    called: Called,
    until: Instant,
}

impl Session {
    /// A board calls. A link that is not live, or is stale, gives way at once.
    pub(super) fn called(&mut self, now: Instant, called: Called, out: &mut Vec<Output>) {
        if !matches!(self.phase, Phase::Live(Live { stale: false, .. })) {
            return self.take_call(now, called, out);
        }
        // Whoever was called before it knows only that it lives. A board that was connected to knows whether it calls.
        let (purpose, method) = match self.caller {
            Some(_) => (Purpose::Ping, method::SYS_PING),
            None => (Purpose::Rival, method::OUTBOUND_GET),
        };
        let (_, question) = self.requests.ask(now, purpose, method, Object::new());
        out.push(Output::Send(question));
        self.rival = Some(Rival { called, until: now + ANSWERS_WITHIN });
    }

    /// The board that was connected to says whether it calls.
    pub(super) fn rival_known(&mut self, now: Instant, answer: Option<Value>, out: &mut Vec<Output>) {
        let Some(rival) = self.rival.take() else { return };
        let outbound = answer.and_then(|answer| serde_json::from_value::<Outbound>(answer).ok());
        match outbound.map(|outbound| outbound.state) {
            Some(OutboundState::Connecting | OutboundState::Connected) => self.take_call(now, rival.called, out),
            _ => out.push(Output::Decline),
        }
    }

    /// The present link, which was a call too, lives.
    pub(super) fn rival_outlived(&mut self, out: &mut Vec<Output>) {
        if self.caller.is_some() && self.rival.take().is_some() {
            out.push(Output::Decline);
        }
    }

    pub(super) fn rival_deadline(&self) -> Option<Instant> {
        self.rival.as_ref().map(|rival| rival.until)
    }

    /// A call need not wait for a link that has ended, or does not answer.
    pub(super) fn settle_rival(&mut self, now: Instant, out: &mut Vec<Output>) {
        let Some(rival) = &self.rival else { return };
        match self.phase {
            Phase::Live(_) if now < rival.until => {}
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
        let Called { id, locked, from, ephemeral } = called;
        self.calls = true;
        let refused = match &self.phase {
            _ if self.keys.is_none() => Some(LinkProblem::KeysAwaited),
            // It waits for the person: another key is tried, not another call.
            Phase::Waiting { problem: LinkProblem::WrongKey, .. } => Some(LinkProblem::WrongKey),
            _ if self.key_withheld(&id).is_some() => self.key_withheld(&id),
            _ if locked && self.key_of(&id).is_none() => Some(LinkProblem::Locked),
            _ => None,
        };
        if let Some(problem) = refused {
            return self.decline(id, problem, out);
        }
        self.end_connection(out);
        self.attempt += 1;
        self.id.get_or_insert_with(|| id.clone());
        self.caller = Some(id);
        self.address = Some(from);
        self.phase = Phase::Opening { deadline: now + CONNECT_TIMEOUT };
        out.push(Output::Accept { attempt: self.attempt });
        out.push(Output::Report(Report::Link(LinkState::Connecting)));
        self.opened(now, self.attempt, ephemeral, out);
    }

    fn decline(&mut self, id: String, problem: LinkProblem, out: &mut Vec<Output>) {
        out.push(Output::Decline);
        match &self.phase {
            Phase::Waiting { problem: before, .. } if *before == problem => {}
            // A link that works is not ended for a call that comes to nothing.
            Phase::Live(_) => {}
            _ => {
                if problem == LinkProblem::Locked {
                    out.push(Output::Report(Report::Greeted(id)));
                }
                self.end_connection(out);
                self.wait(problem, None, out);
            }
        }
    }

    /// No more calls are taken: a link that is one ends.
    pub(super) fn calls_are_over(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.calls = false;
        match self.phase {
            _ if self.caller.is_some() && self.target.choice().is_some() => self.open(now, out),
            _ if self.caller.is_some() => self.fail(now, LinkProblem::NotListening, out),
            Phase::Waiting { problem: LinkProblem::AwaitsCall(_), .. } => {
                self.wait(LinkProblem::NotListening, None, out);
            }
            _ => {}
        }
    }

    /// Why there is nobody to connect to: a board that calls is waited for.
    pub(super) fn nowhere(&self, why: &str) -> LinkProblem {
        match self.calls {
            true => LinkProblem::AwaitsCall(why.to_owned()),
            false => LinkProblem::Connect("no address is known".to_owned()),
        }
    }
}

//! How a session tells whether its link still works: signs of life, pings, and
//! what silence means.

use std::time::Duration;

use address::Candidates;
use web_time::Instant;

use super::{Phase, Session};
use crate::{
    heartbeat::Liveness,
    output::Report,
    requests::Purpose,
    state::{LinkProblem, LinkState},
};

/// How long a link that works has to answer after another peer has claimed to
/// be its board.
pub(super) const VERIFY_TIMEOUT: Duration = Duration::from_secs(3);

impl Session {
    /// Something arrived.
    pub(super) fn heard(&mut self, now: Instant) {
        let Some(connection) = self.phase.connection_mut() else {
            return;
        };
        connection.heartbeat.heard(now);
        let Phase::Live(live) = &mut self.phase else {
            return;
        };
        if std::mem::take(&mut live.stale) {
            self.out.report(Report::Link(LinkState::Connected));
        }
        if live.connection.verify_by.take().is_some() {
            self.out.report(Report::Verified);
        }
        self.rival_refuted();
    }

    /// Pings, unless a ping is in flight.
    pub(super) fn ping(&mut self, now: Instant) {
        if let Some(connection) = self.phase.connection_mut()
            && connection.sent_at(&Purpose::Ping).is_none()
        {
            connection.ping(now, &mut self.out);
        }
    }

    /// Another peer claims to be the board: pings it, and the link is stale if
    /// no answer arrives.
    pub(super) fn verify_link(&mut self, now: Instant) {
        if let Phase::Live(live) = &mut self.phase
            && !live.stale
            && live.connection.verify_by.is_none()
        {
            live.connection.ping(now, &mut self.out);
            live.connection.verify_by = Some(now + VERIFY_TIMEOUT);
        }
    }

    pub(super) fn tick_live(&mut self, now: Instant) {
        let Phase::Live(live) = &mut self.phase else {
            return;
        };
        if live.connection.verify_by.take_if(|by| now >= *by).is_some()
            && !std::mem::replace(&mut live.stale, true)
        {
            self.out.report(Report::Link(LinkState::Stale));
        }
        let over = |deadline: Option<Instant>| deadline.is_some_and(|deadline| now >= deadline);
        let reading = live.rereading.as_ref().map(|reading| reading.deadline());
        let unanswered = over(reading) || over(live.status_deadline());
        match live.connection.heartbeat.liveness(now) {
            Liveness::Lost => self.fail(now, LinkProblem::Silent),
            _ if unanswered => self.fail(now, LinkProblem::ConnectTimeout),
            // A board that lost its power while it restarted sends no close
            // frame: do not wait for its silence.
            _ if over(live.restarts_until) => self.connect(now),
            liveness => self.keep_alive(now, liveness),
        }
    }

    fn keep_alive(&mut self, now: Instant, liveness: Liveness) {
        let Phase::Live(live) = &mut self.phase else {
            return;
        };
        let ping_due = live.connection.heartbeat.take_ping(now);
        if liveness == Liveness::Stale && !std::mem::replace(&mut live.stale, true) {
            self.out.report(Report::Link(LinkState::Stale));
            if self.is_announced_elsewhere() {
                return self.connect(now);
            }
        }
        if ping_due {
            self.ping(now);
        }
    }

    /// Whether the board is announced at other addresses than the link's, and
    /// the next attempt goes there.
    fn is_announced_elsewhere(&self) -> bool {
        let elsewhere = |addresses: &Candidates| {
            !self
                .address()
                .is_some_and(|address| addresses.have(address))
        };
        self.announced
            .as_ref()
            .is_some_and(|announced| elsewhere(&announced.addresses))
            && self
                .target
                .choice()
                .is_some_and(|choice| elsewhere(&choice.addresses))
    }
}

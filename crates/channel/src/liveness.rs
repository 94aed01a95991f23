//! Decides when to ping, computes round trips, and decides when a silent
//! connection is abandoned. Owns no socket and reads no clock.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Unanswered pings that are remembered.
const MAX_UNANSWERED: usize = 64;

/// The shortest interval between pings.
const MIN_INTERVAL: Duration = Duration::from_millis(10);

/// What to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NextStep {
    /// Nothing.
    Nothing,
    /// Send a ping.
    Ping,
    /// Abandon the connection.
    Abandon,
}

/// The liveness of one connection.
#[derive(Debug)]
pub(super) struct Liveness {
    interval: Option<Duration>,
    silence: Duration,
    /// When the next ping is due.
    next: Option<Instant>,
    /// When bytes last arrived, and how many had arrived by then.
    heard: (Instant, u64),
    /// Unanswered pings, oldest first: their numbers and when they were sent.
    unanswered: VecDeque<(u64, Instant)>,
    sent: u64,
}

impl Liveness {
    /// For a connection that is open now.
    pub(super) fn new(interval: Option<Duration>, silence: Duration, now: Instant) -> Self {
        let interval = interval.map(|interval| interval.max(MIN_INTERVAL));
        let next = interval.and_then(|interval| now.checked_add(interval));
        Self {
            interval,
            silence,
            next,
            heard: (now, 0),
            unanswered: VecDeque::new(),
            sent: 0,
        }
    }

    /// Takes the total of bytes received; any new byte is a sign of life.
    pub(super) fn received(&mut self, bytes: u64, now: Instant) {
        if bytes != self.heard.1 {
            self.heard = (now, bytes);
        }
    }

    /// Counts as a sign of life.
    pub(super) fn heard(&mut self, now: Instant) {
        self.heard.0 = now;
    }

    /// The payload of a ping that is sent now.
    pub(super) fn ping(&mut self, now: Instant) -> [u8; 8] {
        self.next = self.interval.and_then(|interval| now.checked_add(interval));
        self.sent += 1;
        if self.unanswered.len() == MAX_UNANSWERED {
            self.unanswered.pop_front();
        }
        self.unanswered.push_back((self.sent, now));
        self.sent.to_be_bytes()
    }

    /// The round trip, if this pong answers one of our pings. It also answers
    /// all earlier pings (RFC 6455, 5.5.3).
    pub(super) fn pong(&mut self, payload: &[u8], now: Instant) -> Option<Duration> {
        let number = u64::from_be_bytes(payload.try_into().ok()?);
        let at = self
            .unanswered
            .iter()
            .position(|(sent, _)| *sent == number)?;
        let (_, sent) = self.unanswered.drain(..=at).next_back()?;
        Some(now.saturating_duration_since(sent))
    }

    /// What to do now.
    pub(super) fn next_step(&self, now: Instant) -> NextStep {
        if self.abandoned_at().is_some_and(|at| at <= now) {
            NextStep::Abandon
        } else if self.next.is_some_and(|next| next <= now) {
            NextStep::Ping
        } else {
            NextStep::Nothing
        }
    }

    /// When to ask again.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.abandoned_at().into_iter().chain(self.next).min()
    }

    fn abandoned_at(&self) -> Option<Instant> {
        let (_, oldest) = self.unanswered.front()?;
        self.heard.0.max(*oldest).checked_add(self.silence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn pings_are_due_at_their_interval_and_pongs_give_the_round_trip() {
        let start = Instant::now();
        let mut liveness = Liveness::new(Some(SECOND * 10), SECOND * 30, start);
        assert_eq!(
            (liveness.next_step(start), liveness.next_deadline()),
            (NextStep::Nothing, Some(start + SECOND * 10))
        );
        assert_eq!(liveness.next_step(start + SECOND * 10), NextStep::Ping);
        let payload = liveness.ping(start + SECOND * 10);
        assert_eq!(liveness.next_step(start + SECOND * 10), NextStep::Nothing);
        assert_eq!(liveness.pong(b"of another", start + SECOND * 11), None);
        assert_eq!(liveness.pong(&payload, start + SECOND * 11), Some(SECOND));
        assert_eq!(liveness.pong(&payload, start + SECOND * 12), None);
    }

    #[test]
    fn the_connection_is_abandoned_only_when_nothing_was_received_since_the_ping() {
        let start = Instant::now();
        let mut liveness = Liveness::new(Some(SECOND * 10), SECOND * 30, start);
        assert_eq!(liveness.next_step(start + SECOND * 9), NextStep::Nothing);
        liveness.ping(start + SECOND * 10);
        liveness.received(1, start + SECOND * 35);
        assert_ne!(liveness.next_step(start + SECOND * 64), NextStep::Abandon);
        assert_eq!(liveness.next_step(start + SECOND * 65), NextStep::Abandon);
    }

    #[test]
    fn without_pings_the_connection_is_never_abandoned() {
        let start = Instant::now();
        let liveness = Liveness::new(None, SECOND, start);
        assert_eq!(
            (
                liveness.next_step(start + SECOND * 999),
                liveness.next_deadline()
            ),
            (NextStep::Nothing, None)
        );
    }
}

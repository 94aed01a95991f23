//! Decides when a ping is due, what round trip its answer shows, and when a
//! silent channel is given up. Owns no socket and reads no clock.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// More pings without an answer are not remembered.
const UNANSWERED: usize = 64;

/// Pings follow each other no faster.
const FASTEST: Duration = Duration::from_millis(10);

/// What is to be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// Nothing.
    Nothing,
    /// Send a ping.
    Ping,
    /// Give it up.
    GiveUp,
}

/// The liveness of one connection.
#[derive(Debug)]
pub(super) struct Policy {
    interval: Option<Duration>,
    silence: Duration,
    /// When the next ping is due.
    next: Option<Instant>,
    /// When anything was heard last, and how many bytes had come by then.
    heard: (Instant, u64),
    /// Pings without an answer, the oldest first: their numbers and when they
    /// were sent.
    unanswered: VecDeque<(u64, Instant)>,
    sent: u64,
}

impl Policy {
    /// Of a connection that is open now.
    pub(super) fn new(interval: Option<Duration>, silence: Duration, now: Instant) -> Self {
        let interval = interval.map(|interval| interval.max(FASTEST));
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

    /// So many bytes have come in all; any of them are a sign of life.
    pub(super) fn received(&mut self, bytes: u64, now: Instant) {
        if bytes != self.heard.1 {
            self.heard = (now, bytes);
        }
    }

    /// It counts as heard.
    pub(super) fn heard(&mut self, now: Instant) {
        self.heard.0 = now;
    }

    /// A ping is sent now: its payload.
    pub(super) fn ping(&mut self, now: Instant) -> Vec<u8> {
        self.next = self.interval.and_then(|interval| now.checked_add(interval));
        self.sent += 1;
        if self.unanswered.len() == UNANSWERED {
            self.unanswered.pop_front();
        }
        self.unanswered.push_back((self.sent, now));
        self.sent.to_be_bytes().to_vec()
    }

    /// A pong came: the round trip, if it answers a ping of ours. It answers
    /// the older ones too (RFC 6455, 5.5.3).
    pub(super) fn pong(&mut self, payload: &[u8], now: Instant) -> Option<Duration> {
        let number = u64::from_be_bytes(payload.try_into().ok()?);
        let at = self
            .unanswered
            .iter()
            .position(|(sent, _)| *sent == number)?;
        let (_, sent) = self.unanswered.drain(..=at).next_back()?;
        Some(now.saturating_duration_since(sent))
    }

    /// What is to be done.
    pub(super) fn due(&self, now: Instant) -> Due {
        if self.gives_up().is_some_and(|at| at <= now) {
            Due::GiveUp
        } else if self.next.is_some_and(|next| next <= now) {
            Due::Ping
        } else {
            Due::Nothing
        }
    }

    /// When something may have to be done next.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.gives_up().into_iter().chain(self.next).min()
    }

    fn gives_up(&self) -> Option<Instant> {
        let (_, oldest) = self.unanswered.front()?;
        self.heard.0.max(*oldest).checked_add(self.silence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn pings_are_due_in_their_interval_and_pongs_say_how_long_it_took() {
        let start = Instant::now();
        let mut policy = Policy::new(Some(SECOND * 10), SECOND * 30, start);
        assert_eq!(
            (policy.due(start), policy.next_deadline()),
            (Due::Nothing, Some(start + SECOND * 10))
        );
        assert_eq!(policy.due(start + SECOND * 10), Due::Ping);
        let payload = policy.ping(start + SECOND * 10);
        assert_eq!(policy.due(start + SECOND * 10), Due::Nothing);
        assert_eq!(policy.pong(b"of another", start + SECOND * 11), None);
        assert_eq!(policy.pong(&payload, start + SECOND * 11), Some(SECOND));
        assert_eq!(policy.pong(&payload, start + SECOND * 12), None);
    }

    #[test]
    fn it_is_given_up_only_when_nothing_at_all_was_heard_since_the_ping() {
        let start = Instant::now();
        let mut policy = Policy::new(Some(SECOND * 10), SECOND * 30, start);
        assert_eq!(policy.due(start + SECOND * 9), Due::Nothing);
        policy.ping(start + SECOND * 10);
        policy.received(1, start + SECOND * 35);
        assert_ne!(policy.due(start + SECOND * 64), Due::GiveUp);
        assert_eq!(policy.due(start + SECOND * 65), Due::GiveUp);
    }

    #[test]
    fn without_pings_nothing_is_given_up() {
        let start = Instant::now();
        let policy = Policy::new(None, SECOND, start);
        assert_eq!(
            (policy.due(start + SECOND * 999), policy.next_deadline()),
            (Due::Nothing, None)
        );
    }
}

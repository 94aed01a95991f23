//! Decides when boards are announced again because Home Assistant started.
//! Reads no clock and draws no random number.

use std::time::{Duration, Instant};

/// The longest delay before the discovery payloads. Home Assistant's
/// documentation asks for a random one, so that not every bridge answers at
/// once; the shortest is half a second.
const LONGEST: Duration = Duration::from_secs(5);

/// See [`LONGEST`].
const SHORTEST: Duration = Duration::from_millis(500);

/// From the discovery payloads to the states: Home Assistant ignores a state
/// until it has set up the entity and subscribed. A retained state reaches it
/// then anyway; this one is for brokers that lost it.
const GRACE: Duration = Duration::from_secs(5);

/// What to publish now, of every board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Announce {
    /// The discovery payloads, even if they are unchanged.
    Discovery,
    /// The availability and all states, even if they are unchanged.
    States,
}

/// Follows the birth messages of Home Assistant.
#[derive(Debug, Default)]
pub(super) struct Birth {
    next: Option<(Instant, Announce)>,
}

impl Birth {
    /// A message on [`crate::Context::birth_topic`] arrived. `chance` is a
    /// random number from 0 to 1. A retained birth is old: it says only that
    /// Home Assistant was there when this bridge connected, and that has
    /// published everything anyway.
    pub(super) fn message(&mut self, now: Instant, payload: &[u8], retained: bool, chance: f64) {
        match payload {
            b"online" if !retained => {
                let range = (LONGEST - SHORTEST).as_secs_f64();
                let chance = if chance.is_finite() { chance } else { 0.0 };
                let delay = SHORTEST + Duration::from_secs_f64(range * chance.clamp(0.0, 1.0));
                self.next = Some((now + delay, Announce::Discovery));
            }
            b"offline" => self.next = None,
            _ => {}
        }
    }

    /// When [`Birth::poll`] has something to announce.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.next.map(|(at, _)| at)
    }

    /// What to announce now.
    pub(super) fn poll(&mut self, now: Instant) -> Option<Announce> {
        let (at, announce) = self.next.filter(|(at, _)| *at <= now)?;
        self.next =
            (announce == Announce::Discovery).then(|| (at.max(now) + GRACE, Announce::States));
        Some(announce)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_birth_is_answered_once_after_a_random_delay_and_then_the_states_follow() {
        let (start, mut birth) = (Instant::now(), Birth::default());
        birth.message(start, b"online", false, 1.0);
        // Home Assistant publishes it twice at times.
        birth.message(start, b"online", false, 0.5);
        let discovery = birth.next_deadline().unwrap_or(start);
        assert_eq!(discovery - start, (SHORTEST + LONGEST) / 2);
        assert_eq!(birth.poll(discovery - Duration::from_millis(1)), None);
        assert_eq!(birth.poll(discovery), Some(Announce::Discovery));
        assert_eq!(birth.poll(discovery), None);
        assert_eq!(birth.poll(discovery + GRACE), Some(Announce::States));
        assert_eq!(birth.next_deadline(), None);
    }

    #[test]
    fn an_old_birth_and_other_payloads_are_not_answered() {
        let (now, mut birth) = (Instant::now(), Birth::default());
        birth.message(now, b"online", true, 0.5);
        birth.message(now, b"\xff\x00", false, 0.5);
        assert_eq!(birth.next_deadline(), None);
        birth.message(now, b"online", false, f64::NAN);
        assert!(birth.next_deadline().is_some());
        birth.message(now, b"offline", false, 0.5);
        assert_eq!(birth.next_deadline(), None);
    }
}

//! The nonces of a Shelly: which are accepted, and when there are no new ones.
//! Reads no clock: each call is told the time since the start.
//!
//! Firmware 1 accepts any count with a nonce. Firmware 2 counts per nonce,
//! keeps 32 nonces, and refuses new ones for a while when they are all in use
//! or when too many attempts have failed (the family's documentation on
//! authentication, and home-assistant/core#178327 for what makes room).

use std::{collections::VecDeque, time::Duration};

use serde_json::{Value, json};

/// The firmware's generation, as far as clients notice it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Firmware {
    /// 1.x: a nonce is a number.
    #[default]
    V1,
    /// 2.x: a nonce is an opaque text, and its uses are counted.
    V2,
}

/// The limits of nonces. Firmware 1 has only the lifetime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NonceRules {
    /// How long a nonce is accepted; default 1 h.
    pub lifetime: Duration,
    /// How often a nonce is accepted; default 30,000.
    pub uses: u64,
    /// How many nonces there are at once; default 32.
    pub slots: usize,
    /// How long there is no new nonce after all slots were taken; default 2 s.
    pub full: Duration,
    /// The failed attempts after which there is no new nonce; default 10, which
    /// is not documented.
    pub failures: usize,
    /// The time in which they are counted; default 10 min.
    pub window: Duration,
}

impl Default for NonceRules {
    fn default() -> Self {
        Self {
            lifetime: Duration::from_secs(3_600),
            uses: 30_000,
            slots: 32,
            full: Duration::from_secs(2),
            failures: 10,
            window: Duration::from_secs(600),
        }
    }
}

/// What becomes of a request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Verdict {
    /// It is executed.
    Allowed,
    /// 401 with a new nonce.
    Challenge {
        /// A number or a text.
        nonce: Value,
        /// The nonce was right but is no longer accepted.
        stale: bool,
    },
    /// 429.
    Refused(&'static str),
}

const FAILED: &str = "Too many failed authentication attempts";
const FULL: &str = "Too many requests";

#[derive(Debug)]
struct Entry {
    nonce: Value,
    born: Duration,
    /// The count of its last use.
    count: u64,
}

/// The nonces of one device.
#[derive(Debug)]
pub(crate) struct Nonces {
    firmware: Firmware,
    rules: NonceRules,
    /// The oldest first.
    entries: VecDeque<Entry>,
    /// The times of failed attempts.
    failures: VecDeque<Duration>,
    /// Until when new nonces are refused because all slots are taken. `Some`
    /// in the past: the next request makes room.
    full_until: Option<Duration>,
    /// Until when they are refused because a test wants it.
    throttled_until: Duration,
    random: fastrand::Rng,
    last_number: u64,
}

impl Nonces {
    pub(crate) fn new(firmware: Firmware, rules: NonceRules, seed: u64) -> Self {
        Self {
            firmware,
            rules,
            entries: VecDeque::new(),
            failures: VecDeque::new(),
            full_until: None,
            throttled_until: Duration::ZERO,
            random: fastrand::Rng::with_seed(seed),
            // Like a time in seconds.
            last_number: 1_790_000_000,
        }
    }

    /// A request without authentication.
    pub(crate) fn ask(&mut self, now: Duration) -> Verdict {
        self.challenge(now, false, true)
    }

    /// A request with a nonce, the count of its use, and whether its response
    /// is that of the password.
    pub(crate) fn present(
        &mut self,
        now: Duration,
        nonce: &Value,
        count: Option<u64>,
        correct: bool,
    ) -> Verdict {
        self.expire(now);
        let counted = self.firmware == Firmware::V2;
        let Some(at) = self.entries.iter().position(|entry| entry.nonce == *nonce) else {
            return self.challenge(now, true, false);
        };
        let Some(entry) = self.entries.get_mut(at) else {
            return self.challenge(now, true, false);
        };
        let expected = entry.count + 1;
        if !correct || (counted && count != Some(expected)) {
            self.entries.remove(at);
            if counted {
                self.failures.push_back(now);
            }
            return self.challenge(now, false, false);
        }
        if counted && expected > self.rules.uses {
            self.entries.remove(at);
            return self.challenge(now, true, false);
        }
        entry.count = expected;
        Verdict::Allowed
    }

    /// Forgets all nonces, as when their lifetime is over.
    pub(crate) fn expire_all(&mut self) {
        self.entries.clear();
    }

    /// Gives every slot to other clients.
    pub(crate) fn exhaust(&mut self, now: Duration) {
        self.entries.clear();
        self.full_until = None;
        while self.entries.len() < self.rules.slots {
            let nonce = self.fresh();
            self.add(now, nonce);
        }
    }

    /// Forgets all nonces and gives no new ones for this long.
    pub(crate) fn throttle(&mut self, now: Duration, length: Duration) {
        self.expire_all();
        self.throttled_until = now + length;
    }

    fn expire(&mut self, now: Duration) {
        let rules = self.rules;
        self.entries
            .retain(|entry| now - entry.born < rules.lifetime);
        self.failures.retain(|failed| now - *failed < rules.window);
    }

    /// A new nonce. Only a request without authentication makes room for one
    /// (`may_evict`).
    fn challenge(&mut self, now: Duration, stale: bool, may_evict: bool) -> Verdict {
        self.expire(now);
        if now < self.throttled_until {
            return Verdict::Refused(FAILED);
        }
        if self.firmware == Firmware::V2 {
            if self.failures.len() >= self.rules.failures {
                return Verdict::Refused(FAILED);
            }
            if self.entries.len() >= self.rules.slots {
                match self.full_until {
                    Some(until) if now >= until && may_evict => {
                        self.entries.pop_front();
                        self.full_until = None;
                    }
                    Some(_) => return Verdict::Refused(FULL),
                    None => {
                        self.full_until = Some(now + self.rules.full);
                        return Verdict::Refused(FULL);
                    }
                }
            }
        } else if self.entries.len() >= self.rules.slots {
            self.entries.pop_front();
        }
        let nonce = self.fresh();
        self.add(now, nonce.clone());
        Verdict::Challenge {
            nonce,
            // Firmware 1 does not tell.
            stale: stale && self.firmware == Firmware::V2,
        }
    }

    fn add(&mut self, now: Duration, nonce: Value) {
        self.entries.push_back(Entry {
            nonce,
            born: now,
            count: 0,
        });
    }

    fn fresh(&mut self) -> Value {
        match self.firmware {
            Firmware::V1 => {
                self.last_number += 1;
                json!(self.last_number)
            }
            Firmware::V2 => {
                let letters = (0..22).map(|_| self.random.alphanumeric());
                json!(letters.chain("==".chars()).collect::<String>())
            }
        }
    }
}

#[cfg(test)]
#[expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]
mod tests {
    use super::*;

    const START: Duration = Duration::from_secs(100);

    fn nonces(firmware: Firmware, rules: NonceRules) -> Nonces {
        Nonces::new(firmware, rules, 7)
    }

    fn asked(nonces: &mut Nonces, now: Duration) -> Value {
        match nonces.ask(now) {
            Verdict::Challenge {
                nonce,
                stale: false,
            } => nonce,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_nonce_of_firmware_1_is_a_number_and_takes_any_count() {
        let mut nonces = nonces(Firmware::V1, NonceRules::default());
        let nonce = asked(&mut nonces, START);
        assert!(nonce.is_u64());
        for count in [Some(1), Some(1), Some(9), None] {
            assert_eq!(nonces.present(START, &nonce, count, true), Verdict::Allowed);
        }
    }

    #[test]
    fn a_nonce_of_firmware_2_is_a_text_whose_uses_are_counted_from_1() {
        let mut nonces = nonces(Firmware::V2, NonceRules::default());
        let nonce = asked(&mut nonces, START);
        assert!(nonce.as_str().unwrap().ends_with('='));
        for count in 1..=5 {
            let verdict = nonces.present(START, &nonce, Some(count), true);
            assert_eq!(verdict, Verdict::Allowed);
        }
        // A repeated count is a failed attempt, not a stale nonce.
        let repeated = nonces.present(START, &nonce, Some(5), true);
        assert!(matches!(repeated, Verdict::Challenge { stale: false, .. }));
        let other = asked(&mut nonces, START);
        let skipped = nonces.present(START, &other, Some(2), true);
        assert!(matches!(skipped, Verdict::Challenge { stale: false, .. }));
    }

    #[test]
    fn a_nonce_is_stale_after_its_lifetime_and_after_its_uses() {
        let rules = NonceRules {
            uses: 2,
            ..NonceRules::default()
        };
        let mut nonces = nonces(Firmware::V2, rules);
        let nonce = asked(&mut nonces, START);
        let last = START + rules.lifetime - Duration::from_secs(1);
        assert_eq!(
            nonces.present(START, &nonce, Some(1), true),
            Verdict::Allowed
        );
        assert_eq!(
            nonces.present(last, &nonce, Some(2), true),
            Verdict::Allowed
        );
        let used_up = nonces.present(last, &nonce, Some(3), true);
        let Verdict::Challenge { nonce, stale: true } = used_up else {
            panic!("{used_up:?}");
        };
        let late = nonces.present(last + rules.lifetime, &nonce, Some(1), true);
        assert!(matches!(late, Verdict::Challenge { stale: true, .. }));
    }

    #[test]
    fn the_33rd_nonce_is_refused_for_2_seconds_and_then_takes_the_oldest_slot() {
        let mut nonces = nonces(Firmware::V2, NonceRules::default());
        let first = asked(&mut nonces, START);
        let second = asked(&mut nonces, START);
        for _ in 2..32 {
            asked(&mut nonces, START);
        }
        assert_eq!(nonces.ask(START), Verdict::Refused(FULL));
        let almost = START + Duration::from_millis(1_999);
        assert_eq!(nonces.ask(almost), Verdict::Refused(FULL));
        // A nonce that is known still works.
        assert_eq!(
            nonces.present(almost, &second, Some(1), true),
            Verdict::Allowed
        );
        let after = START + Duration::from_secs(2);
        let fresh = asked(&mut nonces, after);
        assert_eq!(
            nonces.present(after, &fresh, Some(1), true),
            Verdict::Allowed
        );
        // The oldest is unknown now, and asking with it makes no room.
        for later in [0, 5, 50] {
            let now = after + Duration::from_secs(later);
            let evicted = nonces.present(now, &first, Some(1), true);
            assert_eq!(evicted, Verdict::Refused(FULL));
        }
        asked(&mut nonces, after + Duration::from_secs(60));
    }

    #[test]
    fn failed_attempts_turn_401_into_429_until_they_are_10_minutes_old() {
        let rules = NonceRules {
            failures: 3,
            ..NonceRules::default()
        };
        let mut nonces = nonces(Firmware::V2, rules);
        let known = asked(&mut nonces, START);
        let mut nonce = asked(&mut nonces, START);
        for _ in 0..2 {
            match nonces.present(START, &nonce, Some(1), false) {
                Verdict::Challenge {
                    nonce: next,
                    stale: false,
                } => nonce = next,
                other => panic!("{other:?}"),
            }
        }
        let third = nonces.present(START, &nonce, Some(1), false);
        assert_eq!(third, Verdict::Refused(FAILED));
        assert_eq!(nonces.ask(START), Verdict::Refused(FAILED));
        // Who is in stays in.
        assert_eq!(
            nonces.present(START, &known, Some(1), true),
            Verdict::Allowed
        );
        asked(&mut nonces, START + rules.window);
    }

    #[test]
    fn a_throttled_device_gives_no_nonce_until_the_time_is_over() {
        let mut nonces = nonces(Firmware::V2, NonceRules::default());
        let nonce = asked(&mut nonces, START);
        nonces.throttle(START, Duration::from_secs(3));
        let cached = nonces.present(START, &nonce, Some(1), true);
        assert_eq!(cached, Verdict::Refused(FAILED));
        assert_eq!(
            nonces.ask(START + Duration::from_secs(2)),
            Verdict::Refused(FAILED)
        );
        asked(&mut nonces, START + Duration::from_secs(3));
    }

    #[test]
    fn exhausted_nonces_belong_to_other_clients() {
        let mut nonces = nonces(Firmware::V2, NonceRules::default());
        let nonce = asked(&mut nonces, START);
        nonces.exhaust(START);
        let cached = nonces.present(START, &nonce, Some(1), true);
        assert_eq!(cached, Verdict::Refused(FULL));
        asked(&mut nonces, START + Duration::from_secs(2));
    }
}

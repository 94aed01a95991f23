//! The handshake limiter of a locked board: one handshake per key at a time
//! gets an answer to its offer, so that clients of one key never wait for those
//! of another; and a wrong key is refused late, later each time. Owns no socket
//! and reads no clock.

use alloc::vec::Vec;
use core::time::Duration;

use noise::KeyId;

/// The first refusal of a wrong key comes after this time, each further one
/// after twice the time.
const FIRST_DELAY: Duration = Duration::from_millis(250);

/// No refusal comes later.
const LONGEST_DELAY: Duration = Duration::from_secs(8);

/// After so long without a wrong key the delays begin again.
const FORGIVEN_AFTER: Duration = Duration::from_secs(60);

/// The handshakes of a board that are under way beyond the offer.
#[derive(Debug, Default)]
pub(crate) struct Handshakes {
    /// At most one per key, so no more than there are keys.
    pending: Vec<KeyId>,
    failures: u32,
    last_failure: Duration,
}

impl Handshakes {
    /// Begins the one handshake of this key; `false` while another is under
    /// way.
    pub(crate) fn begin(&mut self, kid: KeyId) -> bool {
        let free = self.is_free(kid);
        if free {
            self.pending.push(kid);
        }
        free
    }

    /// It is over, however it went.
    pub(crate) fn end(&mut self, kid: KeyId) {
        self.pending.retain(|pending| *pending != kid);
    }

    /// Whether a handshake of this key may begin.
    pub(crate) fn is_free(&self, kid: KeyId) -> bool {
        !self.pending.contains(&kid)
    }

    /// A key was wrong: how long the refusal has to wait. It delays no other
    /// connection.
    pub(crate) fn failed(&mut self, now: Duration) -> Duration {
        if now.saturating_sub(self.last_failure) >= FORGIVEN_AFTER {
            self.failures = 0;
        }
        self.last_failure = now;
        let delay = FIRST_DELAY
            .saturating_mul(1 << self.failures.min(16))
            .min(LONGEST_DELAY);
        self.failures = self.failures.saturating_add(1);
        delay
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wrong_key_is_refused_later_until_a_minute_has_passed() {
        let mut handshakes = Handshakes::default();
        let now = Duration::from_secs(100);
        let delays: [u128; 8] = core::array::from_fn(|_| handshakes.failed(now).as_millis());
        assert_eq!(delays, [250, 500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
        assert_eq!(handshakes.failed(now + FORGIVEN_AFTER), FIRST_DELAY);
    }

    #[test]
    fn each_key_has_one_handshake_at_a_time_and_waits_for_no_other_key() {
        let mut handshakes = Handshakes::default();
        let [control, view] = [KeyId([1; 4]), KeyId([2; 4])];
        assert!(handshakes.begin(view) && !handshakes.begin(view));
        assert!(handshakes.begin(control) && !handshakes.is_free(control));
        handshakes.end(view);
        assert!(handshakes.begin(view) && !handshakes.begin(control));
    }
}

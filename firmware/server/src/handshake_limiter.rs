//! The handshake limiter of a locked board. Per key, one handshake at a time is
//! answered, so that clients of one key never wait for those of another; and
//! each wrong key is refused after a longer delay. Owns no socket and reads no
//! clock.

use alloc::vec::Vec;
use core::time::Duration;

use noise::KeyId;

/// The delay of the first refusal of a wrong key; it doubles with each further
/// one.
const FIRST_DELAY: Duration = Duration::from_millis(250);

const LONGEST_DELAY: Duration = Duration::from_secs(8);

/// After this time without a wrong key, the delay starts over.
const FORGIVEN_AFTER: Duration = Duration::from_secs(60);

/// The handshakes of a board whose offer was accepted and that have not
/// finished.
#[derive(Debug, Default)]
pub(crate) struct HandshakeLimiter {
    /// At most one entry per key of the board.
    pending: Vec<KeyId>,
    failures: u32,
    last_failure: Duration,
}

impl HandshakeLimiter {
    /// Starts the handshake of this key; `false` while another is in progress.
    pub(crate) fn begin(&mut self, kid: KeyId) -> bool {
        let free = self.is_free(kid);
        if free {
            self.pending.push(kid);
        }
        free
    }

    /// The handshake has finished, successfully or not.
    pub(crate) fn end(&mut self, kid: KeyId) {
        self.pending.retain(|pending| *pending != kid);
    }

    /// Whether a handshake of this key may start.
    pub(crate) fn is_free(&self, kid: KeyId) -> bool {
        !self.pending.contains(&kid)
    }

    /// A key was wrong; returns the delay of its refusal, which holds up no
    /// other connection.
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
    fn each_wrong_key_is_refused_after_a_longer_delay_until_a_minute_has_passed() {
        let mut limiter = HandshakeLimiter::default();
        let now = Duration::from_secs(100);
        let delays: [u128; 8] = core::array::from_fn(|_| limiter.failed(now).as_millis());
        assert_eq!(delays, [250, 500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
        assert_eq!(limiter.failed(now + FORGIVEN_AFTER), FIRST_DELAY);
    }

    #[test]
    fn each_key_has_one_handshake_at_a_time_and_waits_for_no_other_key() {
        let mut limiter = HandshakeLimiter::default();
        let [control, view] = [KeyId([1; 4]), KeyId([2; 4])];
        assert!(limiter.begin(view) && !limiter.begin(view));
        assert!(limiter.begin(control) && !limiter.is_free(control));
        limiter.end(view);
        assert!(limiter.begin(view) && !limiter.begin(control));
    }
}

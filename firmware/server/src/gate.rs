//! Who gets from the greeting of a locked board to its first message: one at a time beyond the offer, and who has the wrong key waits
//! for the answer, longer each time. Owns no socket and reads no clock.

use core::time::Duration;

/// The first answer to a wrong key comes after this, each further one after twice the time.
const FIRST_DELAY: Duration = Duration::from_millis(250);

/// No answer comes later.
const LONGEST_DELAY: Duration = Duration::from_secs(8);

/// After so long without a wrong key all is forgiven.
const FORGIVEN_AFTER: Duration = Duration::from_secs(60);

/// The gate of a board.
#[derive(Debug, Default)]
pub(crate) struct Gate {
    busy: bool,
    failures: u32,
    last_failure: Duration,
}

impl Gate {
    /// Takes the place beyond the offer; `false` while another has it.
    pub(crate) fn enter(&mut self) -> bool {
        !core::mem::replace(&mut self.busy, true)
    }

    /// Gives it back.
    pub(crate) fn leave(&mut self) {
        self.busy = false;
    }

    /// Whether it is free.
    pub(crate) fn is_free(&self) -> bool {
        !self.busy
    }

    /// A key was wrong: how long the answer is to wait. It holds nobody up but who asked.
    pub(crate) fn failed(&mut self, now: Duration) -> Duration {
        if now.saturating_sub(self.last_failure) >= FORGIVEN_AFTER {
            self.failures = 0;
        }
        self.last_failure = now;
        let delay = FIRST_DELAY.saturating_mul(1 << self.failures.min(16)).min(LONGEST_DELAY);
        self.failures = self.failures.saturating_add(1);
        delay
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wrong_key_is_answered_later_until_a_minute_has_passed() {
        let mut gate = Gate::default();
        let now = Duration::from_secs(100);
        let delays: [u128; 8] = core::array::from_fn(|_| gate.failed(now).as_millis());
        assert_eq!(delays, [250, 500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
        assert_eq!(gate.failed(now + FORGIVEN_AFTER), FIRST_DELAY);
    }

    #[test]
    fn one_is_beyond_the_offer_at_a_time() {
        let mut gate = Gate::default();
        assert!(gate.enter() && !gate.enter() && !gate.is_free());
        gate.leave();
        assert!(gate.enter());
    }
}

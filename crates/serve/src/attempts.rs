//! Limits how often a token can be guessed. Reads no clock.

use std::{
    collections::VecDeque,
    net::IpAddr,
    time::{Duration, Instant},
};

/// How long a wrong token counts.
const COUNTS: Duration = Duration::from_secs(60);

/// Wrong tokens per address and minute.
const PER_ADDRESS: usize = 5;

/// Wrong tokens of all addresses per minute. Beyond it, each address has one
/// guess instead of five: an address that guessed nothing still gets in.
const OVERALL: usize = 100;

/// The most wrong tokens that are remembered.
const REMEMBERED: usize = 1_000;

/// The wrong tokens of the last minute.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    wrong: VecDeque<(Instant, IpAddr)>,
}

impl Attempts {
    /// Whether a token from this address may be compared.
    pub(crate) fn may_try(&mut self, now: Instant, from: IpAddr) -> bool {
        while let Some((at, _)) = self.wrong.front()
            && now.saturating_duration_since(*at) >= COUNTS
        {
            self.wrong.pop_front();
        }
        let most = match self.wrong.len() < OVERALL {
            true => PER_ADDRESS,
            false => 1,
        };
        self.wrong.iter().filter(|(_, of)| *of == from).count() < most
    }

    /// A token from this address was wrong.
    pub(crate) fn wrong(&mut self, now: Instant, from: IpAddr) {
        if self.wrong.len() >= REMEMBERED {
            self.wrong.pop_front();
        }
        self.wrong.push_back((now, from));
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn host(number: u8) -> IpAddr {
        Ipv4Addr::new(192, 168, 1, number).into()
    }

    #[test]
    fn an_address_has_five_guesses_a_minute_and_others_are_not_affected() {
        let (mut attempts, start) = (Attempts::default(), Instant::now());
        for guess in 0..5 {
            assert!(attempts.may_try(start, host(1)), "{guess}");
            attempts.wrong(start, host(1));
        }
        assert!(!attempts.may_try(start, host(1)));
        assert!(attempts.may_try(start, host(2)));
        let almost = start + COUNTS - Duration::from_millis(1);
        assert!(!attempts.may_try(almost, host(1)));
        assert!(attempts.may_try(start + COUNTS, host(1)));
    }

    #[test]
    fn a_distributed_guess_is_limited_and_locks_no_new_address_out() {
        let (mut attempts, now) = (Attempts::default(), Instant::now());
        for number in 0..100 {
            attempts.wrong(now, host(number));
        }
        assert!(!attempts.may_try(now, host(7)));
        assert!(attempts.may_try(now, host(200)));
        for _ in 0..10_000 {
            attempts.wrong(now, host(8));
        }
        assert_eq!(attempts.wrong.len(), REMEMBERED);
    }
}

//! Decides which changes a follower saw and which it missed. Owns no socket and
//! reads no clock.
//!
//! Every change of a board has a number, `seq`, and every message to a follower
//! says up to which number it is current. Of the changes between two messages,
//! the follower has seen the last one if the state differs from before, and
//! missed the others. If the state is the same, it has missed all of them: when
//! a light was turned off and on again, a poll notices nothing.

use std::time::Duration;

/// A change caused by the comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Press {
    /// When it was requested, since the start.
    pub at: Duration,
    /// Its number; `None` until the board has answered.
    pub seq: Option<u64>,
}

/// A message that a follower received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observation {
    /// When it arrived, since the start.
    pub at: Duration,
    /// The change up to which it is current.
    pub seq: u64,
    /// Whether the observed state differed from the previous message.
    pub changed: bool,
}

/// Whether a follower noticed a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeOutcome {
    /// It saw the change this long after the request.
    Seen(Duration),
    /// The change was undone or replaced before the follower was informed.
    Missed,
    /// The follower has not been informed since.
    Pending,
}

/// The outcome of each change, in the order of `presses`. Both lists must be in
/// chronological order.
pub(super) fn outcomes(presses: &[Press], observations: &[Observation]) -> Vec<ChangeOutcome> {
    let mut outcomes = vec![ChangeOutcome::Pending; presses.len()];
    let mut next = 0;
    for observation in observations {
        let first = next;
        while presses
            .get(next)
            .and_then(|press| press.seq)
            .is_some_and(|seq| seq <= observation.seq)
        {
            next += 1;
        }
        outcomes[first..next].fill(ChangeOutcome::Missed);
        if let Some(last) = next
            .checked_sub(1)
            .filter(|last| *last >= first && observation.changed)
        {
            outcomes[last] = ChangeOutcome::Seen(observation.at.saturating_sub(presses[last].at));
        }
    }
    outcomes
}

/// The quantile of `values` by nearest rank; `None` if there are no values.
/// `values` must be in ascending order.
pub(super) fn quantile(values: &[Duration], part: f64) -> Option<Duration> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index into a list in memory"
    )]
    let rank = (part.clamp(0.0, 1.0) * values.len() as f64).ceil() as usize;
    values.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn presses(at: &[(u64, u64)]) -> Vec<Press> {
        at.iter()
            .map(|(at, seq)| Press {
                at: ms(*at),
                seq: Some(*seq),
            })
            .collect()
    }

    fn told(at: u64, seq: u64, changed: bool) -> Observation {
        Observation {
            at: ms(at),
            seq,
            changed,
        }
    }

    #[test]
    fn a_follower_of_every_change_sees_every_change() {
        let outcomes = outcomes(
            &presses(&[(10, 5), (20, 7)]),
            &[told(11, 5, true), told(15, 6, false), told(22, 7, true)],
        );
        assert_eq!(
            outcomes,
            [ChangeOutcome::Seen(ms(1)), ChangeOutcome::Seen(ms(2))]
        );
    }

    #[test]
    fn only_the_last_of_three_changes_between_two_polls_is_seen() {
        let outcomes = outcomes(
            &presses(&[(10, 1), (20, 2), (30, 3)]),
            &[told(0, 0, false), told(100, 3, true)],
        );
        assert_eq!(
            outcomes,
            [
                ChangeOutcome::Missed,
                ChangeOutcome::Missed,
                ChangeOutcome::Seen(ms(70))
            ]
        );
    }

    #[test]
    fn changes_undone_between_two_polls_are_missed() {
        let outcomes = outcomes(
            &presses(&[(10, 1), (20, 2)]),
            &[told(0, 0, false), told(100, 2, false)],
        );
        assert_eq!(outcomes, [ChangeOutcome::Missed, ChangeOutcome::Missed]);
    }

    #[test]
    fn a_change_without_a_later_message_is_pending() {
        let mut presses = presses(&[(10, 1)]);
        presses.push(Press {
            at: ms(20),
            seq: None,
        });
        assert_eq!(
            outcomes(&presses, &[told(12, 1, true)]),
            [ChangeOutcome::Seen(ms(2)), ChangeOutcome::Pending]
        );
        assert_eq!(
            outcomes(&presses, &[]),
            [ChangeOutcome::Pending, ChangeOutcome::Pending]
        );
    }

    #[test]
    fn a_quantile_is_the_value_of_its_rank() {
        let values: Vec<_> = (1..=100).map(ms).collect();
        assert_eq!(quantile(&values, 0.5), Some(ms(50)));
        assert_eq!(quantile(&values, 0.99), Some(ms(99)));
        assert_eq!(quantile(&values[..1], 0.99), Some(ms(1)));
        assert_eq!(quantile(&[], 0.5), None);
    }
}

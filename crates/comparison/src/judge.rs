//! Decides which changes a follower saw and which it missed. Owns no socket and
//! reads no clock.
//!
//! Every change of a board has a number, `seq`, and whatever a follower is told
//! says up to which number it tells. Of the changes between two tellings it has
//! seen the last, if what it was told differs from before; those before the
//! last it has missed, and all of them where the state is as it was: of a light
//! that was switched off and on again a poll learns nothing.

use std::time::Duration;

/// A change that was brought about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Press {
    /// When it was asked for, since the beginning.
    pub at: Duration,
    /// Its number; `None` until the board has answered.
    pub seq: Option<u64>,
}

/// What a follower was told once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sighting {
    /// When, since the beginning.
    pub at: Duration,
    /// Up to which change.
    pub seq: u64,
    /// Whether what is followed differed from what it was told before.
    pub changed: bool,
}

/// What came of one change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It was seen so long after it was asked for.
    Seen(Duration),
    /// It was over when the follower was told, and left no trace.
    Missed,
    /// The follower was told nothing since.
    Waiting,
}

/// What came of each change, in the order of `presses`; both lists are in the
/// order of their time.
pub(super) fn fates(presses: &[Press], sightings: &[Sighting]) -> Vec<Fate> {
    let mut fates = vec![Fate::Waiting; presses.len()];
    let mut next = 0;
    for sighting in sightings {
        let first = next;
        while presses
            .get(next)
            .and_then(|press| press.seq)
            .is_some_and(|seq| seq <= sighting.seq)
        {
            next += 1;
        }
        fates[first..next].fill(Fate::Missed);
        if let Some(last) = next
            .checked_sub(1)
            .filter(|last| *last >= first && sighting.changed)
        {
            fates[last] = Fate::Seen(sighting.at.saturating_sub(presses[last].at));
        }
    }
    fates
}

/// The value below which a part of the values lies (nearest rank); `None` of
/// nothing. `values` are in ascending order.
pub(super) fn quantile(values: &[Duration], part: f64) -> Option<Duration> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a place in a list that is in memory"
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

    fn told(at: u64, seq: u64, changed: bool) -> Sighting {
        Sighting {
            at: ms(at),
            seq,
            changed,
        }
    }

    #[test]
    fn who_is_told_each_change_sees_each() {
        let fates = fates(
            &presses(&[(10, 5), (20, 7)]),
            &[told(11, 5, true), told(15, 6, false), told(22, 7, true)],
        );
        assert_eq!(fates, [Fate::Seen(ms(1)), Fate::Seen(ms(2))]);
    }

    #[test]
    fn of_three_changes_between_two_polls_the_last_is_seen() {
        let fates = fates(
            &presses(&[(10, 1), (20, 2), (30, 3)]),
            &[told(0, 0, false), told(100, 3, true)],
        );
        assert_eq!(fates, [Fate::Missed, Fate::Missed, Fate::Seen(ms(70))]);
    }

    #[test]
    fn of_what_was_undone_between_two_polls_nothing_is_seen() {
        let fates = fates(
            &presses(&[(10, 1), (20, 2)]),
            &[told(0, 0, false), told(100, 2, false)],
        );
        assert_eq!(fates, [Fate::Missed, Fate::Missed]);
    }

    #[test]
    fn what_nobody_was_told_of_yet_waits() {
        let mut presses = presses(&[(10, 1)]);
        presses.push(Press {
            at: ms(20),
            seq: None,
        });
        assert_eq!(
            fates(&presses, &[told(12, 1, true)]),
            [Fate::Seen(ms(2)), Fate::Waiting]
        );
        assert_eq!(fates(&presses, &[]), [Fate::Waiting, Fate::Waiting]);
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

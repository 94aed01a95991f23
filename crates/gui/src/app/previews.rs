//! Which live previews are followed: those in sight, and no longer. A board
//! sends its preview to one client at a time, so it is given up soon after its
//! card is out of sight, the page is left or the window is hidden.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use fleet::BoardKey;
use web_time::Instant;

/// How long a preview is still followed after it was in sight last: scrolling
/// past it does not end it.
const KEPT: Duration = Duration::from_secs(1);

/// A window that was to be drawn this many times and was not is hidden.
const UNDRAWN: u32 = 2;

/// The previews that are followed, and when each was in sight last.
#[derive(Debug, Default)]
pub(super) struct Previews {
    followed: BTreeMap<BoardKey, Instant>,
    undrawn: u32,
}

/// What changes.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    pub(super) start: Vec<BoardKey>,
    pub(super) stop: Vec<BoardKey>,
    /// When to look again.
    pub(super) again_in: Option<Duration>,
}

impl Previews {
    /// A frame is about to be drawn, unless the window is hidden.
    pub(super) fn before_frame(&mut self) -> Changes {
        self.undrawn = self.undrawn.saturating_add(1);
        let mut changes = Changes::default();
        if self.undrawn > UNDRAWN {
            changes.stop = std::mem::take(&mut self.followed).into_keys().collect();
        }
        changes
    }

    /// A frame was drawn with these previews in sight.
    pub(super) fn drawn(&mut self, now: Instant, in_sight: &BTreeSet<BoardKey>) -> Changes {
        self.undrawn = 0;
        let mut changes = Changes::default();
        for board in in_sight {
            if self.followed.insert(*board, now).is_none() {
                changes.start.push(*board);
            }
        }
        self.followed.retain(|board, seen| {
            let age = now.saturating_duration_since(*seen);
            let left = KEPT.saturating_sub(age);
            if left.is_zero() {
                changes.stop.push(*board);
            } else if !in_sight.contains(board) {
                changes.again_in = Some(changes.again_in.map_or(left, |soonest| soonest.min(left)));
            }
            !left.is_zero()
        });
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOARD: BoardKey = BoardKey(7);

    #[test]
    fn a_preview_is_followed_while_it_is_in_sight_and_a_second_longer() {
        let mut previews = Previews::default();
        let start = Instant::now();
        let (none, one) = (BTreeSet::new(), BTreeSet::from([BOARD]));
        assert_eq!(previews.drawn(start, &one).start, [BOARD]);
        assert_eq!(previews.drawn(start + KEPT * 9, &one), Changes::default());
        let out = previews.drawn(start + KEPT * 9 + KEPT / 4, &none);
        assert_eq!(out.again_in, Some(KEPT * 3 / 4));
        assert!(out.start.is_empty() && out.stop.is_empty());
        let ended = previews.drawn(start + KEPT * 10, &none);
        assert_eq!(ended.stop, [BOARD]);
        assert_eq!(previews.drawn(start + KEPT * 11, &none), Changes::default());
    }

    #[test]
    fn a_hidden_window_follows_none_and_follows_again_once_it_is_drawn() {
        let mut previews = Previews::default();
        let now = Instant::now();
        let one = BTreeSet::from([BOARD]);
        for _ in 0..9 {
            assert_eq!(previews.before_frame(), Changes::default());
            previews.drawn(now, &one);
        }
        for _ in 0..UNDRAWN {
            assert_eq!(previews.before_frame(), Changes::default());
        }
        assert_eq!(previews.before_frame().stop, [BOARD]);
        assert_eq!(previews.before_frame(), Changes::default());
        assert_eq!(previews.drawn(now, &one).start, [BOARD]);
    }
}

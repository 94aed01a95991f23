//! Decides which notifications to show about watched boards: that they are
//! lost, and that they are back. Shows none itself and reads no clock.

use std::{collections::BTreeMap, time::Duration};

use fleet::{BoardKey, BoardView, LinkState, UpdateState};
use web_time::Instant;

/// How long a link has to be lost, so that a restart or a short gap in the
/// Wi-Fi is no alarm.
pub(crate) const GRACE: Duration = Duration::from_secs(10);

/// How much longer a notification waits for boards that were lost a little
/// later. An idle link is noticed to be lost up to 10 s later than another one
/// ([`protocol::limits::PING_AFTER`]).
const GATHER: Duration = Duration::from_secs(10);

/// A return has to last this long before it is notified.
const RETURN_GRACE: Duration = Duration::from_secs(3);

/// While other boards are still away, a return waits this long for the next
/// one: boards that were lost together are tried again at different times.
const RETURN_GAP: Duration = Duration::from_secs(10);

/// How long a return waits for others at most.
const RETURN_MOST: Duration = Duration::from_secs(30);

/// A link that is lost within this time after a command that restarts its board
/// was lost on purpose.
const PLANNED: Duration = Duration::from_secs(60);

/// A notification names at most this many boards.
const NAMES: usize = 3;

/// What a desktop notification says. Both are plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notification {
    pub(crate) title: String,
    pub(crate) body: String,
}

/// What a notification says of a watched board.
#[derive(Debug, Clone)]
pub(crate) struct WatchedBoard {
    pub(crate) name: String,
    /// Why it is not reachable.
    pub(crate) reason: String,
}

/// A board whose link was lost while it was watched.
#[derive(Debug, Clone, Copy)]
enum Absence {
    /// It is not notified yet.
    Lost { since: Instant },
    /// The user restarted or updated it: it is not notified.
    Planned,
    /// It was notified.
    Notified,
    /// It was notified and is back, which is not notified yet.
    Returned { since: Instant },
}

/// The watched boards whose links are lost.
#[derive(Debug, Default)]
pub(crate) struct LostBoards {
    absent: BTreeMap<BoardKey, Absence>,
    /// When boards were told to restart.
    planned: BTreeMap<BoardKey, Instant>,
}

impl LostBoards {
    /// A board is about to lose its link, because it was told to restart.
    pub(crate) fn expect_loss(&mut self, board: BoardKey, now: Instant) {
        self.planned
            .retain(|_, at| now.saturating_duration_since(*at) < PLANNED);
        self.planned.insert(board, now);
    }

    /// Takes a board as it was and as it is now.
    pub(crate) fn follow(
        &mut self,
        old: Option<&BoardView>,
        new: &BoardView,
        is_watched: bool,
        now: Instant,
    ) {
        let updating = new.update.as_ref().is_some_and(UpdateState::is_under_way);
        let was_up = old.is_some_and(|old| old.link.is_up());
        self.follow_link(
            new.key,
            (was_up, new.link.is_up()),
            is_watched,
            updating,
            now,
        );
    }

    fn follow_link(
        &mut self,
        board: BoardKey,
        (was_up, is_up): (bool, bool),
        is_watched: bool,
        updating: bool,
        now: Instant,
    ) {
        if is_up {
            let returned = match self.absent.remove(&board) {
                Some(Absence::Notified) => Absence::Returned { since: now },
                Some(returned @ Absence::Returned { .. }) => returned,
                _ => return,
            };
            self.absent.insert(board, returned);
        } else if was_up {
            let planned = self.planned.remove(&board);
            let planned = planned.is_some_and(|at| now.saturating_duration_since(at) < PLANNED);
            let absence = match self.absent.remove(&board) {
                _ if !is_watched => return,
                // Lost again before its return was notified.
                Some(Absence::Returned { .. }) => Absence::Notified,
                _ if planned || updating => Absence::Planned,
                _ => Absence::Lost { since: now },
            };
            self.absent.insert(board, absence);
        }
    }

    /// The notifications that are due, and after how long to ask again. A board
    /// that is no longer watched, or was removed from the list, is forgotten.
    /// `describe` is called only for boards that are notified.
    pub(crate) fn due(
        &mut self,
        now: Instant,
        is_watched: impl Fn(BoardKey) -> bool,
        describe: impl Fn(BoardKey) -> Option<WatchedBoard>,
    ) -> (Vec<Notification>, Option<Duration>) {
        self.absent.retain(|board, _| is_watched(*board));
        let described = |boards: &[BoardKey]| {
            boards
                .iter()
                .copied()
                .filter_map(&describe)
                .collect::<Vec<_>>()
        };
        let lost = self.since(|absence| match absence {
            Absence::Lost { since } => Some(*since),
            _ => None,
        });
        let (lost, lost_wait) = ready(&lost, now, GRACE, GRACE, GRACE + GATHER);
        let reason = |board: &WatchedBoard| board.reason.clone();
        let lost_notification = notification(&described(&lost), "not reachable", reason);
        for board in lost {
            self.absent.insert(board, Absence::Notified);
        }
        let mut absences = self.absent.values();
        let gap = match absences.any(|absence| matches!(absence, Absence::Notified)) {
            true => RETURN_GAP,
            false => RETURN_GRACE,
        };
        let back = self.since(|absence| match absence {
            Absence::Returned { since } => Some(*since),
            _ => None,
        });
        let (back, back_wait) = ready(&back, now, RETURN_GRACE, gap, RETURN_MOST);
        let back_notification =
            notification(&described(&back), "reachable again", |_| String::new());
        for board in back {
            self.absent.remove(&board);
        }
        let due = lost_notification.into_iter().chain(back_notification);
        let wait = lost_wait.into_iter().chain(back_wait).min();
        (due.collect(), wait)
    }

    /// The boards for which `of` returns a time, and that time.
    fn since(&self, of: impl Fn(&Absence) -> Option<Instant>) -> Vec<(BoardKey, Instant)> {
        let boards = self.absent.iter();
        boards
            .filter_map(|(board, absence)| Some((*board, of(absence)?)))
            .collect()
    }
}

/// The boards of one notification, if it is due: once the last of them is older
/// than `gap`, at the latest once the first is older than `most`, and then
/// those older than `least`. Otherwise, after how long to ask again.
fn ready(
    boards: &[(BoardKey, Instant)],
    now: Instant,
    least: Duration,
    gap: Duration,
    most: Duration,
) -> (Vec<BoardKey>, Option<Duration>) {
    let times = || boards.iter().map(|(_, since)| *since);
    let (Some(first), Some(last)) = (times().min(), times().max()) else {
        return (Vec::new(), None);
    };
    let age = |since: Instant| now.saturating_duration_since(since);
    let wait = gap
        .saturating_sub(age(last))
        .min(most.saturating_sub(age(first)));
    if !wait.is_zero() {
        return (Vec::new(), Some(wait));
    }
    let (due, rest): (Vec<_>, Vec<_>) = boards.iter().partition(|(_, since)| age(*since) >= least);
    let again = rest
        .iter()
        .map(|(_, since)| gap.saturating_sub(age(*since)))
        .max();
    (due.into_iter().map(|(board, _)| board).collect(), again)
}

/// What is notified of these boards, if there are any; `reason` is said of a
/// single one.
fn notification(
    boards: &[WatchedBoard],
    what: &str,
    reason: impl Fn(&WatchedBoard) -> String,
) -> Option<Notification> {
    Some(match boards {
        [] => return None,
        [one] => Notification {
            title: format!("{} is {what}", one.name),
            body: reason(one),
        },
        many => Notification {
            title: format!("{} boards are {what}", many.len()),
            body: names(many),
        },
    })
}

/// `Desk lamp, Kitchen, Power strip and 17 others`.
fn names(boards: &[WatchedBoard]) -> String {
    let named: Vec<&str> = boards
        .iter()
        .take(NAMES)
        .map(|board| board.name.as_str())
        .collect();
    let named = named.join(", ");
    match boards.len().saturating_sub(NAMES) {
        0 => named,
        1 => format!("{named} and 1 other"),
        others => format!("{named} and {others} others"),
    }
}

/// Why a board is not reachable, as a sentence of the window. While it is tried
/// again, the reason is that of the last lost link.
pub(crate) fn reason(board: &BoardView) -> String {
    let problem = match &board.link {
        LinkState::Unreachable { problem, .. } => Some(problem),
        _ => board.health.ends().next_back().map(|end| &end.problem),
    };
    problem.map_or_else(String::new, |problem| {
        format!("{}.", text::capitalized(&text::problem_of(board, problem)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const UP: (bool, bool) = (false, true);
    const DOWN: (bool, bool) = (true, false);

    /// Boards with explicit times in seconds.
    struct Bench {
        lost: LostBoards,
        start: Instant,
        unwatched: Vec<u32>,
    }

    impl Bench {
        fn new() -> Self {
            Self {
                lost: LostBoards::default(),
                start: Instant::now(),
                unwatched: Vec::new(),
            }
        }

        fn at(&self, seconds: u64) -> Instant {
            self.start + Duration::from_secs(seconds)
        }

        fn link(&mut self, seconds: u64, board: u32, change: (bool, bool)) {
            let (now, watched) = (self.at(seconds), !self.unwatched.contains(&board));
            self.lost
                .follow_link(BoardKey(board), change, watched, false, now);
        }

        fn due(&mut self, seconds: u64) -> Vec<String> {
            self.due_and_wait(seconds).0
        }

        /// The notifications as `TITLE: BODY`, and the seconds until the next.
        fn due_and_wait(&mut self, seconds: u64) -> (Vec<String>, Option<u64>) {
            let (now, unwatched) = (self.at(seconds), self.unwatched.clone());
            let is_watched = |BoardKey(board)| !unwatched.contains(&board);
            let (due, wait) = self.lost.due(now, is_watched, |BoardKey(board)| {
                Some(WatchedBoard {
                    name: format!("Lamp {board}"),
                    reason: "Closed.".to_owned(),
                })
            });
            let texts = due.into_iter();
            (
                texts
                    .map(|due| match due.body.is_empty() {
                        true => due.title,
                        false => format!("{}: {}", due.title, due.body),
                    })
                    .collect(),
                wait.map(|wait| wait.as_secs()),
            )
        }
    }

    const NONE: [&str; 0] = [];

    #[test]
    fn a_loss_is_notified_after_the_grace_period_and_the_return_after_it() {
        let mut bench = Bench::new();
        bench.link(0, 1, DOWN);
        assert_eq!(bench.due_and_wait(4), (Vec::new(), Some(6)));
        assert_eq!(bench.due(10), ["Lamp 1 is not reachable: Closed."]);
        assert_eq!(bench.due_and_wait(11), (Vec::new(), None), "only once");
        bench.link(20, 1, UP);
        assert_eq!(bench.due_and_wait(20), (Vec::new(), Some(3)));
        assert_eq!(bench.due(23), ["Lamp 1 is reachable again"]);
        assert_eq!(bench.due_and_wait(60), (Vec::new(), None));
    }

    #[test]
    fn a_short_gap_is_not_notified() {
        let mut bench = Bench::new();
        bench.link(0, 1, DOWN);
        // Attempts that fail in between change nothing.
        bench.link(3, 1, (false, false));
        bench.link(9, 1, UP);
        assert_eq!(bench.due_and_wait(30), (Vec::new(), None));
        bench.link(40, 1, DOWN);
        assert_eq!(bench.due(49), NONE, "the grace period starts again");
    }

    #[test]
    fn a_board_that_never_had_a_link_is_not_lost() {
        let mut bench = Bench::new();
        bench.link(0, 1, (false, false));
        assert_eq!(bench.due(60), NONE);
    }

    #[test]
    fn boards_lost_together_are_one_notification() {
        let mut bench = Bench::new();
        for board in 0..20 {
            bench.link(u64::from(board) / 2, board, DOWN);
        }
        for second in 10..19 {
            assert_eq!(bench.due(second), NONE, "at {second} s");
        }
        assert_eq!(
            bench.due(19),
            ["20 boards are not reachable: Lamp 0, Lamp 1, Lamp 2 and 17 others"]
        );
        for board in 0..20 {
            bench.link(60 + u64::from(board), board, UP);
            assert_eq!(bench.due(60 + u64::from(board)), NONE);
        }
        // None is away any more.
        assert_eq!(bench.due(81), NONE);
        assert_eq!(
            bench.due(82),
            ["20 boards are reachable again: Lamp 0, Lamp 1, Lamp 2 and 17 others"]
        );
        assert_eq!(bench.due_and_wait(200), (Vec::new(), None));
    }

    #[test]
    fn boards_that_keep_being_lost_do_not_delay_a_notification_forever() {
        let mut bench = Bench::new();
        for board in 0..9 {
            bench.link(u64::from(board) * 5, board, DOWN);
        }
        let (due, wait) = bench.due_and_wait(20);
        assert_eq!(due, ["3 boards are not reachable: Lamp 0, Lamp 1, Lamp 2"]);
        assert!(wait.is_some());
    }

    #[test]
    fn a_return_does_not_wait_long_for_a_board_that_stays_away() {
        let mut bench = Bench::new();
        (1..4).for_each(|board| bench.link(0, board, DOWN));
        assert_eq!(bench.due(10).len(), 1);
        bench.link(20, 1, UP);
        bench.link(28, 2, UP);
        assert_eq!(bench.due_and_wait(30), (Vec::new(), Some(8)));
        assert_eq!(
            bench.due(38),
            ["2 boards are reachable again: Lamp 1, Lamp 2"]
        );
    }

    #[test]
    fn a_return_that_does_not_last_is_not_notified() {
        let mut bench = Bench::new();
        bench.link(0, 1, DOWN);
        assert_eq!(bench.due(10).len(), 1);
        bench.link(20, 1, UP);
        bench.link(22, 1, DOWN);
        assert_eq!(bench.due(60), NONE);
        bench.link(70, 1, UP);
        assert_eq!(bench.due(80), ["Lamp 1 is reachable again"]);
    }

    #[test]
    fn what_the_user_did_is_not_notified() {
        let mut bench = Bench::new();
        // Restarted, and lost later for another reason.
        bench.lost.expect_loss(BoardKey(1), bench.at(0));
        bench.link(1, 1, DOWN);
        // Told to restart, which it did not.
        bench.lost.expect_loss(BoardKey(2), bench.at(0));
        // Updated.
        let now = bench.at(1);
        bench.lost.follow_link(BoardKey(3), DOWN, true, true, now);
        assert_eq!(bench.due_and_wait(50), (Vec::new(), None));
        bench.link(55, 1, UP);
        bench.link(55, 3, UP);
        assert_eq!(bench.due(59), NONE);
        bench.link(70, 1, DOWN);
        bench.link(70, 2, DOWN);
        assert_eq!(
            bench.due(80),
            ["2 boards are not reachable: Lamp 1, Lamp 2"]
        );
    }

    #[test]
    fn only_watched_boards_are_notified() {
        let mut bench = Bench::new();
        bench.unwatched = vec![1];
        bench.link(0, 1, DOWN);
        bench.link(0, 2, DOWN);
        // Removed from the list, or no longer watched.
        bench.unwatched.push(2);
        assert_eq!(bench.due(10), NONE);
        // Watched again while it is away.
        bench.unwatched.clear();
        assert_eq!(bench.due_and_wait(60), (Vec::new(), None));
        bench.link(70, 2, UP);
        bench.link(80, 2, DOWN);
        assert_eq!(bench.due(90), ["Lamp 2 is not reachable: Closed."]);
    }
}

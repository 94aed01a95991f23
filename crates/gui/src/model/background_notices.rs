//! Notices about boards that are not on the screen: links that were lost and
//! restored, updates that ended. Combines them into as few messages as
//! possible; shows none itself.

use std::collections::BTreeSet;

use crate::model::{
    boards::Model,
    notice::{Notice, NoticeTarget},
};
use fleet::{BoardKey, BoardView, LinkState, LogEntry, LogEvent, Shown, UpdateState};

/// Boards whose links were lost while they were not shown.
#[derive(Debug, Default)]
pub(crate) struct BackgroundNotices {
    /// Boards that had a link; a board that never had one cannot lose it.
    connected: BTreeSet<BoardKey>,
    /// Those that lost it, until they are back or the notice was seen.
    lost: BTreeSet<BoardKey>,
    /// Those of `lost` that are connected again.
    back: BTreeSet<BoardKey>,
}

impl BackgroundNotices {
    /// Takes a board: it may have been connected before this window was told of
    /// events.
    pub(crate) fn follow(&mut self, board: &BoardView) {
        if board.link == LinkState::Connected {
            self.connected.insert(board.key);
        }
    }

    /// Takes an event; returns whether the notice about links has changed.
    pub(crate) fn add_event(
        &mut self,
        entry: &LogEntry,
        model: &Model,
        shown: Option<&Shown>,
    ) -> bool {
        let board = entry.board;
        let LogEvent::Link(link) = &entry.what else {
            return false;
        };
        match link {
            LinkState::Connected => {
                self.connected.insert(board);
                self.lost.contains(&board) && self.back.insert(board)
            }
            LinkState::Unreachable { .. } => {
                let had = self.connected.remove(&board);
                // A board disconnects while it is updated; its page shows the
                // progress.
                let updating =
                    |view: &BoardView| view.update.as_ref().is_some_and(UpdateState::is_under_way);
                let expected = model.board(board).is_some_and(|view| updating(view));
                let seen = shown.is_some_and(|shown| shown.boards.contains(&board));
                if self.back.remove(&board) {
                    return true;
                }
                had && !seen && !expected && self.lost.insert(board)
            }
            _ => false,
        }
    }

    /// One notice about all links; `None` if all are back.
    pub(crate) fn links(&mut self, model: &Model) -> Option<(Notice, Option<NoticeTarget>)> {
        self.lost.retain(|board| model.board(*board).is_some());
        let away: Vec<BoardKey> = self.lost.difference(&self.back).copied().collect();
        let name = |board: &BoardKey| model.title_of(*board);
        match away.as_slice() {
            // That a board is back needs no message.
            [] => {
                self.seen();
                None
            }
            [one] => Some((
                Notice::Failed(format!("Lost the connection to {}.", name(one))),
                Some(NoticeTarget::Board(*one)),
            )),
            many => {
                let words = format!(
                    "Lost the connection to {} and {}.",
                    name(&many[0]),
                    count(many.len() - 1)
                );
                Some((Notice::Failed(words), Some(NoticeTarget::Boards)))
            }
        }
    }

    /// The notice was dismissed or followed.
    pub(crate) fn seen(&mut self) {
        self.lost.clear();
        self.back.clear();
    }
}

fn count(boards: usize) -> String {
    text::count(u64::try_from(boards).unwrap_or(u64::MAX), "other board")
}

/// The notice about an update that ended while its board was not shown.
pub(crate) fn update_ended(
    old: &BoardView,
    new: &BoardView,
    shown: Option<&Shown>,
) -> Option<(Notice, Option<NoticeTarget>)> {
    let was = old.update.as_ref().is_some_and(UpdateState::is_under_way);
    let ended = new
        .update
        .as_ref()
        .filter(|update| was && !update.is_under_way())?;
    if shown.is_some_and(|shown| shown.boards.contains(&new.key)) {
        return None;
    }
    let words = format!("{}: {}", new.name, text::update(ended));
    let notice = if matches!(ended, UpdateState::Failed(_)) {
        Notice::Failed(words)
    } else {
        Notice::Done(words)
    };
    Some((notice, Some(NoticeTarget::Board(new.key))))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use web_time::SystemTime;

    use super::*;
    use fleet::LinkProblem;

    fn entry(board: u32, link: LinkState) -> LogEntry {
        let what = LogEvent::Link(link);
        LogEntry {
            number: 0,
            at: SystemTime::UNIX_EPOCH,
            steady: SystemTime::UNIX_EPOCH,
            board: BoardKey(board),
            board_name: Arc::from(""),
            what,
        }
    }

    fn lost() -> LinkState {
        LinkState::Unreachable {
            problem: LinkProblem::Closed,
            retry_at: None,
        }
    }

    #[test]
    fn only_a_link_that_was_there_and_is_not_looked_at_is_lost() {
        let model = Model::default();
        let shown = Shown {
            boards: [BoardKey(2)].into(),
            ..Shown::default()
        };
        let mut background = BackgroundNotices::default();
        let mut news =
            |board, link| background.add_event(&entry(board, link), &model, Some(&shown));
        assert!(!news(1, lost()), "it never had one");
        assert!(!news(1, LinkState::Connected));
        assert!(news(1, lost()));
        assert!(!news(2, LinkState::Connected));
        assert!(!news(2, lost()), "it is on the page");
        assert!(news(1, LinkState::Connected), "it is back");
    }

    #[test]
    fn a_board_that_was_connected_before_the_window_opened_is_lost_too() {
        let model = Model::default();
        let mut background = BackgroundNotices::default();
        let now = web_time::Instant::now();
        let board = |link| BoardView {
            link,
            ..BoardView::new(now, BoardKey(1), fleet::Candidates::default(), false)
        };
        background.follow(&board(LinkState::Connected));
        background.follow(&board(lost()));
        assert!(background.add_event(&entry(1, lost()), &model, None));
    }
}

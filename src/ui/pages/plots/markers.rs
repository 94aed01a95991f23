//! What happened beside the values: events of buttons, lost and regained links.
//! Gathered from the journal once, not each frame.

use std::{collections::VecDeque, time::Duration};

use super::curve::{Curve, Range};
use crate::{
    fleet::{BoardKey, LinkState, LogEvent, Timeline, seconds},
    ui::model::journal::Journal,
    words,
};

/// So many are kept; the oldest go first.
const KEPT: usize = 5_000;

/// So many are drawn at once; more would be a wall.
const DRAWN: usize = 200;

/// Something that is marked on the time axis.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mark {
    pub(super) at: f64,
    /// `None`: it concerns all.
    pub(super) board: Option<BoardKey>,
    pub(super) words: String,
    /// A link was lost.
    pub(super) is_loss: bool,
}

/// Everything that can be marked.
#[derive(Debug, Default)]
pub(super) struct Markers {
    /// The number of the first entry of the journal that was not looked at.
    next: u64,
    marks: VecDeque<Mark>,
}

impl Markers {
    /// Looks at what is new in the journal.
    pub(super) fn take_in(&mut self, journal: &Journal) {
        let next = self.next;
        let new: Vec<_> = journal
            .newest_first()
            .take_while(|entry| entry.number >= next)
            .collect();
        for entry in new.into_iter().rev() {
            let (words, is_loss) = match &entry.what {
                LogEvent::Event {
                    component, event, ..
                } => (format!("{component} {}", event.replace('_', " ")), false),
                LogEvent::Link(LinkState::Connected) => ("connected".to_owned(), false),
                LogEvent::Link(LinkState::Unreachable { problem, .. }) => {
                    (words::problem(problem), true)
                }
                _ => continue,
            };
            if self.marks.len() == KEPT {
                self.marks.pop_front();
            }
            let words = format!("{}: {words}", entry.board_name);
            self.marks.push_back(Mark {
                at: seconds(entry.steady),
                board: Some(entry.board),
                words,
                is_loss,
            });
        }
        self.next = journal.end();
    }

    /// The newest marks of the boards that are plotted, within the time that is
    /// shown, and where the clock was set.
    pub(super) fn of(&self, curves: &[Curve<'_>], range: Range, timeline: &Timeline) -> Vec<Mark> {
        let boards: Vec<BoardKey> = curves
            .iter()
            .filter_map(|curve| Some(curve.view?.0.key))
            .collect();
        let shown = self
            .marks
            .iter()
            .rev()
            .filter(|mark| (range.from..=range.to).contains(&mark.at));
        let of_boards =
            shown.filter(|mark| mark.board.is_some_and(|board| boards.contains(&board)));
        let jumps = timeline
            .jumps()
            .filter(|jump| (range.from..=range.to).contains(&jump.at))
            .map(|jump| {
                let way = if jump.by < 0.0 { "back" } else { "forward" };
                let by = words::length(
                    Duration::try_from_secs_f64(jump.by.abs()).unwrap_or(Duration::MAX),
                );
                let words = format!("the clock of this computer was set {way} by {by}");
                Mark {
                    at: jump.at,
                    board: None,
                    words,
                    is_loss: true,
                }
            });
        jumps.chain(of_boards.cloned()).take(DRAWN).collect()
    }
}

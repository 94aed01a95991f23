//! Markers on the time axis: events of buttons, and lost and restored links.
//! Collected from the journal incrementally, not in each frame.

use std::{collections::VecDeque, time::Duration};

use super::curve::{Curve, Range};
use crate::model::journal::Journal;
use fleet::{BoardKey, LinkState, LogEvent, Timeline, seconds};

/// Markers that are kept; the oldest are dropped.
const MAX_MARKS: usize = 5_000;

/// Markers that are drawn at once; more would hide the curves.
const MAX_DRAWN: usize = 200;

/// A marker on the time axis.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mark {
    pub(super) at: f64,
    /// `None` applies to all boards.
    pub(super) board: Option<BoardKey>,
    pub(super) words: String,
    /// It marks a lost link or a change of the clock.
    pub(super) is_loss: bool,
}

/// All markers.
#[derive(Debug, Default)]
pub(super) struct Markers {
    /// The number of the next journal entry to read.
    next: u64,
    marks: VecDeque<Mark>,
}

impl Markers {
    /// Reads new entries of the journal.
    pub(super) fn update(&mut self, journal: &Journal) {
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
                    (text::problem(problem), true)
                }
                _ => continue,
            };
            if self.marks.len() == MAX_MARKS {
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

    /// The newest markers of the plotted boards within the visible time, and
    /// changes of the clock.
    pub(super) fn of(&self, curves: &[Curve], range: Range, timeline: &Timeline) -> Vec<Mark> {
        let boards: Vec<BoardKey> = curves.iter().filter_map(|curve| curve.board).collect();
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
                let direction = if jump.by < 0.0 { "back" } else { "forward" };
                let by = text::length(
                    Duration::try_from_secs_f64(jump.by.abs()).unwrap_or(Duration::MAX),
                );
                let words = format!("this computer's clock was set {direction} by {by}");
                Mark {
                    at: jump.at,
                    board: None,
                    words,
                    is_loss: true,
                }
            });
        jumps.chain(of_boards.cloned()).take(MAX_DRAWN).collect()
    }
}

//! Undoes acts and does them again. Asks first where that could surprise: when
//! the act is out of sight, when it is old, and when someone else has changed
//! the same thing since.

use std::{collections::BTreeSet, time::Duration};

use super::Window;
use disk::settings::Page;

use crate::model::{
    action::BoardCommand,
    dialog_kind::DialogKind,
    frame_context::FrameContext,
    history::{
        Act, ActState,
        reversal::{LabelsExchange, Reversal, ReversedStep},
        words::{ago, step_title},
    },
    notice::Notice,
};
use fleet::BoardKey;

/// An act that is older is undone only after a question.
const RECENT: Duration = Duration::from_secs(30);

/// How many commands and changes the question lists.
const LISTED: usize = 4;

impl Window {
    /// Undoes an act, or the newest; asks first where that could surprise.
    pub(super) fn undo(&mut self, number: Option<u64>, frame: &FrameContext) {
        let act = match number {
            Some(number) => self.history.get(number),
            None => self.history.newest(),
        };
        let Some(act) = act else {
            return self.notify(Notice::Done("Nothing to undo.".to_owned()));
        };
        match (act.state, act.why_not()) {
            (ActState::Done, None) => {
                let number = act.number;
                self.turn_or_ask(number, frame);
            }
            (ActState::Done, Some(why)) => {
                let words = format!("Cannot undo \"{}\". {why}", act.title);
                self.notify(Notice::Failed(words));
            }
            (ActState::Undone, _) => {
                let words = format!("\"{}\" is undone already.", act.title);
                self.notify(Notice::Done(words));
            }
            (ActState::Undoing | ActState::Redoing, _) => {}
        }
    }

    /// Does again what was undone last; asks first where that could surprise.
    pub(super) fn redo(&mut self, frame: &FrameContext) {
        match self.history.newest_undone() {
            None => self.notify(Notice::Done("Nothing to redo.".to_owned())),
            Some(act) if act.state == ActState::Undone => {
                let number = act.number;
                self.turn_or_ask(number, frame);
            }
            Some(_) => {}
        }
    }

    fn turn_or_ask(&mut self, number: u64, frame: &FrameContext) {
        let Some(act) = self.history.get(number) else {
            return;
        };
        match self.question(act, frame) {
            Some(asks) => self.open_dialog(asks, String::new()),
            None => self.turn(number, true),
        }
    }

    /// What has to be asked before an act is turned, if anything.
    fn question(&self, act: &Act, frame: &FrameContext) -> Option<DialogKind> {
        let age = frame.now.saturating_duration_since(act.turned.now);
        let hidden = !self.is_in_sight(act, frame);
        let mut changed = self.history.changed_since(act, &self.model, frame.wall);
        changed.extend(self.document_changed(act));
        changed.extend(self.plots_changed(act));
        if age <= RECENT && !hidden && changed.is_empty() {
            return None;
        }
        if let Some(more) = changed.len().checked_sub(LISTED).filter(|more| *more > 0) {
            changed.truncate(LISTED);
            changed.push(format!("{more} more were changed since."));
        }
        let undo = act.state == ActState::Done;
        let (word, done) = match undo {
            true => ("Undo", "You did this"),
            false => ("Redo", "You undid this"),
        };
        let place = match hidden {
            true => " It is not on the page that you see.",
            false => "",
        };
        Some(DialogKind::Turn {
            act: act.number,
            undo,
            title: format!("{word} \"{}\"?", act.title),
            age: format!("{done} {}.{place}", ago(age)),
            changed,
            effect: self.effect(act),
        })
    }

    /// What turning an act sends or changes.
    fn effect(&self, act: &Act) -> String {
        let (steps, left_out) = match act.reversal() {
            Reversal::Send { steps, left_out } => (steps, left_out),
            Reversal::Boards(exchange) if exchange.there => {
                return "The board returns to the list and is connected again.".to_owned();
            }
            Reversal::Boards(_) => {
                return "The board is disconnected and removed from the list.".to_owned();
            }
            _ => return "Nothing is sent to a board.".to_owned(),
        };
        let mut sent: Vec<String> = steps
            .iter()
            .take(LISTED)
            .map(|step| step_title(&self.model, &step.to))
            .collect();
        if let Some(more) = steps.len().checked_sub(LISTED).filter(|more| *more > 0) {
            sent.push(format!("and {more} more"));
        }
        let sent = sent.join("; ");
        let left_out = match left_out {
            0 => String::new(),
            count => format!(
                " {} cannot be restored: the state before was unknown.",
                text::count(*count as u64, "component")
            ),
        };
        format!("Will be sent: {sent}.{left_out}{}", self.offline(steps))
    }

    /// Which of the boards cannot be reached now, as a sentence.
    fn offline(&self, steps: &[ReversedStep]) -> String {
        let boards: BTreeSet<BoardKey> = steps.iter().map(|step| step.to.board).collect();
        let is_live = |key: &BoardKey| {
            let view = self.model.board(*key);
            view.is_some_and(|view| view.link.is_up())
        };
        let offline: Vec<BoardKey> = boards.into_iter().filter(|key| !is_live(key)).collect();
        match offline.as_slice() {
            [] => String::new(),
            [one] => match self.model.board(*one) {
                Some(view) => format!(" {} is not connected now.", self.model.title(view)),
                None => " The board is no longer in the list.".to_owned(),
            },
            many => format!(" {} boards are not connected now.", many.len()),
        }
    }

    /// Whether the effect of an act is on the screen.
    fn is_in_sight(&self, act: &Act, frame: &FrameContext) -> bool {
        let place = &act.place;
        let here = self.page == place.page && self.shows_document(act);
        match place.boards.as_slice() {
            [] => here,
            // A board that was hidden is seen to be absent.
            _ if matches!(act.reversal(), Reversal::Labels(_)) => here,
            [board] => (here || self.page == Page::Boards) && frame.is_shown(*board),
            many => here && many.iter().any(|board| frame.is_shown(*board)),
        }
    }

    /// Undoes an act or does it again, without asking.
    pub(super) fn turn(&mut self, number: u64, quiet: bool) {
        let Some(act) = self.history.get(number) else {
            return;
        };
        let word = match act.state {
            ActState::Done => "Undo",
            ActState::Undone => "Redo",
            ActState::Undoing | ActState::Redoing => return,
        };
        let title = format!("{word}: {}", act.title);
        let sent = act.batch.filter(|_| act.state == ActState::Done);
        match act.reversal().clone() {
            Reversal::Send { .. } => {
                self.history.begin(number);
                // What is not sent yet need not be undone.
                self.outbox
                    .extend(sent.map(|batch| BoardCommand::Cancel(batch).into()));
                let act = number;
                self.outbox
                    .push(BoardCommand::Turn { act, title, quiet }.into());
            }
            Reversal::Labels(boards) => {
                for LabelsExchange { id, to, .. } in &boards {
                    self.model.exchange_labels(id, to.clone());
                }
                self.show_again(&boards);
                self.was_turned(number, quiet, &title);
            }
            Reversal::Boards(exchange) => {
                self.exchange_boards(exchange);
                self.was_turned(number, quiet, &title);
            }
            Reversal::Plots(exchange) => {
                self.pages.plots.replace_curves(exchange.to);
                self.was_turned(number, quiet, &title);
            }
            Reversal::Document(exchange) => match self.exchange_document(*exchange) {
                Ok(()) => self.was_turned(number, quiet, &title),
                Err(problem) => self.notify(Notice::Failed(format!("{title}: {problem}"))),
            },
            Reversal::Impossible(_) => {}
        }
    }

    /// An act was turned at once.
    fn was_turned(&mut self, number: u64, quiet: bool, title: &str) {
        if let Some(clock) = self.clock {
            self.history.turned(number, clock);
        }
        self.toasts.withdraw_undo(number);
        if !quiet {
            self.notify(Notice::Done(format!("{title}: done")));
        }
    }
}

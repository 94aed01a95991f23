//! Records what people do, undoes it and does it again. Asks first where
//! undoing could surprise: when the act is out of sight, when it is old, and
//! when someone else has changed the same thing since.

use std::time::Duration;

use super::Window;
use disk::settings::Page;

use crate::model::{
    action::BoardCommand,
    arrangement::LabelsChange,
    batch::{Batch, BatchStep},
    dialog_kind::DialogKind,
    frame_context::FrameContext,
    history::{
        Act, ActState, NewAct, Place,
        recorded::{act_of_batch, act_of_command},
        reversal::{LabelsExchange, Reversal, ReversedStep},
        words::{ago, step_title, title_of_labels},
    },
    notice::Notice,
};
use fleet::{BoardKey, Outcome};

/// An act that is older is undone only after a question.
const RECENT: Duration = Duration::from_secs(30);

/// How many commands the question lists.
const LISTED: usize = 4;

impl Window {
    /// Records a command that is about to be carried out.
    pub(super) fn record_command(&mut self, command: &BoardCommand) {
        if let BoardCommand::Forget(board) = command {
            self.forget(*board);
        } else if let Some(new) = act_of_command(command, &self.model, self.page) {
            self.record(new);
        }
    }

    pub(super) fn record(&mut self, new: NewAct) -> Option<u64> {
        self.clock.map(|clock| self.history.record(new, clock))
    }

    /// Records something that was done to a board and cannot be undone; `why`
    /// not, in a sentence.
    pub(crate) fn record_final(&mut self, board: BoardKey, title: String, why: &str) {
        self.record(NewAct::final_act(
            title,
            Place::board(self.page, board),
            why,
        ));
    }

    /// Records a change of labels that is about to be made.
    pub(super) fn record_labels(
        &mut self,
        boards: &[BoardKey],
        change: &LabelsChange,
    ) -> Option<u64> {
        let views = boards.iter().filter_map(|key| self.model.board(*key));
        let exchanges: Vec<LabelsExchange> = views
            .filter_map(|board| {
                let before = self.model.labels_of(board).cloned().unwrap_or_default();
                let mut after = before.clone();
                change.apply(&mut after);
                (after != before).then(|| LabelsExchange {
                    id: board.id.clone().unwrap_or_default(),
                    to: before,
                    from: after,
                })
            })
            .filter(|exchange| !exchange.id.is_empty())
            .collect();
        if exchanges.is_empty() {
            return None;
        }
        let place = Place {
            page: Page::Boards,
            boards: boards.to_vec(),
            ..Place::default()
        };
        let title = title_of_labels(&self.model, boards, change);
        self.record(NewAct::new(title, place, Reversal::Labels(exchanges)))
    }

    /// Adds a batch and shows its progress; returns its number.
    pub(crate) fn add_batch(&mut self, batch: &Batch) -> u64 {
        let number = self.batches.add(batch, None, &self.model);
        self.record(act_of_batch(batch, number, &self.model, self.page));
        self.toasts.follow(number);
        number
    }

    /// Adds the batch that undoes an act or does it again; returns its number.
    pub(crate) fn add_turn(&mut self, act: u64, batch: &Batch, quiet: bool) -> u64 {
        let number = self.batches.add(batch, Some(act), &self.model);
        if !quiet {
            self.toasts.follow(number);
        }
        number
    }

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
            Some((title, lines)) => {
                let undo = act.state == ActState::Done;
                let asks = DialogKind::Turn {
                    act: number,
                    undo,
                    title,
                    lines,
                };
                self.open_dialog(asks, String::new());
            }
            None => self.turn(number, true),
        }
    }

    /// What has to be asked before an act is turned, if anything: a title and
    /// an explanation.
    fn question(&self, act: &Act, frame: &FrameContext) -> Option<(String, String)> {
        let age = frame.now.saturating_duration_since(act.turned.now);
        let hidden = !self.is_in_sight(act, frame);
        let mut changed = self.history.changed_since(act, &self.model, frame.wall);
        changed.extend(self.document_changed(act));
        changed.extend(self.plots_changed(act));
        if age <= RECENT && !hidden && changed.is_empty() {
            return None;
        }
        let (word, done) = match act.state {
            ActState::Undone => ("Redo", "You undid this"),
            _ => ("Undo", "You did this"),
        };
        let place = match hidden {
            true => " It is not on the page that you see.",
            false => "",
        };
        let mut lines = vec![format!("{done} {}.{place}", ago(age))];
        if let Some(more) = changed.len().checked_sub(LISTED).filter(|more| *more > 0) {
            changed.truncate(LISTED);
            changed.push(format!("{more} more were changed since."));
        }
        lines.append(&mut changed);
        lines.extend(self.what_will_be_done(act));
        Some((format!("{word} \"{}\"?", act.title), lines.join("\n")))
    }

    /// What turning an act sends or changes.
    fn what_will_be_done(&self, act: &Act) -> Vec<String> {
        match act.reversal() {
            Reversal::Send { steps, left_out } => {
                let mut sent: Vec<String> = steps
                    .iter()
                    .take(LISTED)
                    .map(|step| step_title(&self.model, &step.to))
                    .collect();
                if let Some(more) = steps.len().checked_sub(LISTED).filter(|more| *more > 0) {
                    sent.push(format!("and {more} more"));
                }
                let mut lines = vec![format!("Will be sent: {}.", sent.join("; "))];
                if *left_out > 0 {
                    let count = text::count(*left_out as u64, "component");
                    lines.push(format!(
                        "{count} cannot be restored: the state before was unknown."
                    ));
                }
                lines
            }
            _ => vec!["Nothing is sent to a board.".to_owned()],
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
            Reversal::Send { steps, .. } => {
                let steps: Vec<BatchStep> = steps.into_iter().map(|step| step.to).collect();
                let quiet = quiet && steps.len() == 1;
                let batch = Batch::new(title, steps);
                self.history.begin(number);
                // What is not sent yet need not be undone.
                self.outbox
                    .extend(sent.map(|batch| BoardCommand::Cancel(batch).into()));
                let turn = BoardCommand::Turn {
                    act: number,
                    batch,
                    quiet,
                };
                self.outbox.push(turn.into());
            }
            Reversal::Labels(boards) => {
                for LabelsExchange { id, to, .. } in &boards {
                    self.model.exchange_labels(id, to.clone());
                }
                self.show_again(&boards);
                self.was_turned(number, quiet, title);
            }
            Reversal::Boards(exchange) => {
                self.exchange_boards(exchange);
                self.was_turned(number, quiet, title);
            }
            Reversal::Plots(exchange) => {
                self.pages.plots.replace_curves(exchange.to);
                self.was_turned(number, quiet, title);
            }
            Reversal::Document(exchange) => match self.exchange_document(*exchange) {
                Ok(()) => self.was_turned(number, quiet, title),
                Err(problem) => self.notify(Notice::Failed(format!("{title}: {problem}"))),
            },
            Reversal::Impossible(_) => {}
        }
    }

    /// An act was turned at once.
    fn was_turned(&mut self, number: u64, quiet: bool, title: String) {
        if let Some(clock) = self.clock {
            self.history.turned(number, clock);
        }
        self.toasts.withdraw_undo(number);
        if !quiet {
            self.notify(Notice::Done(format!("{title}: done")));
        }
    }

    /// Takes the result of one command of a batch.
    pub(crate) fn step_answered(&mut self, batch: u64, step: usize, outcome: Outcome) {
        let not_done = was_not_done(&outcome);
        self.batches.answered(batch, step, outcome);
        let Some(sent) = self.batches.get(batch) else {
            return;
        };
        if sent.turns.is_some() {
            return self.settle_turn(batch);
        }
        let Some(act) = self.history.of_batch(batch).map(|act| act.number) else {
            return;
        };
        if let Some(step) = sent.steps.get(step).filter(|_| not_done)
            && let Some(component) = step.step.what.component()
        {
            self.history
                .part_was_not_done(act, step.step.board, component);
        }
        let none = |outcome: &Option<Outcome>| outcome.as_ref().is_some_and(was_not_done);
        if not_done && sent.steps.iter().all(|step| none(&step.outcome)) {
            self.history.was_not_done(act);
        }
    }

    /// The act that was recorded last in this frame.
    pub(crate) fn act_of_this_frame(&self) -> Option<u64> {
        self.history.recorded_at(self.clock?.now)
    }

    /// Takes the result of the only command of an act.
    pub(crate) fn act_answered(&mut self, act: u64, outcome: &Outcome) {
        if was_not_done(outcome) {
            self.history.was_not_done(act);
        }
    }

    /// If all results of a batch that turns an act are known: the act is
    /// turned, or it can be tried again.
    pub(crate) fn settle_turn(&mut self, batch: u64) {
        let Some(sent) = self.batches.get(batch) else {
            return;
        };
        let (Some(number), true, Some(clock)) =
            (sent.turns, sent.tally().is_complete(), self.clock)
        else {
            return;
        };
        let failed = |outcome: &Option<Outcome>| {
            !matches!(outcome, Some(Outcome::Done { .. } | Outcome::Superseded))
        };
        let failures: Vec<&BatchStep> = sent
            .steps
            .iter()
            .filter(|step| failed(&step.outcome))
            .map(|step| &step.step)
            .collect();
        if failures.is_empty() {
            return self.history.turned(number, clock);
        }
        let Some(act) = self.history.get(number) else {
            return;
        };
        let Reversal::Send { steps, left_out } = act.reversal() else {
            return;
        };
        let left: Vec<ReversedStep> = steps
            .iter()
            .filter(|step| failures.contains(&&step.to))
            .cloned()
            .collect();
        let left = Reversal::Send {
            steps: left,
            left_out: *left_out,
        };
        let why = sent.steps.iter().find_map(|step| {
            step.outcome
                .as_ref()
                .filter(|outcome| !matches!(outcome, Outcome::Done { .. }))
        });
        let words = format!(
            "{}: {}. You can try it again.",
            sent.title,
            why.map_or_else(|| "canceled".to_owned(), text::answer)
        );
        self.history.failed(number, left);
        if !self.toasts.follows(batch) {
            self.notify(Notice::Failed(words));
        }
    }
}

/// Whether a command certainly had no effect.
fn was_not_done(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Refused(_) | Outcome::NotConnected)
}

//! Records what people do in the history, and what became of it.

use super::{Window, timeline_acts::target};
use disk::settings::Page;
use protocol::ComponentKey;

use crate::model::{
    action::BoardCommand,
    arrangement::LabelsChange,
    batch::{Batch, BatchStep},
    history::{
        NewAct, Place,
        recorded::{act_of_batch, act_of_command},
        reversal::{LabelsExchange, Reversal, ReversedStep},
        words::title_of_labels,
    },
    notice::Notice,
    pin::component_name,
};
use fleet::{BoardKey, Outcome, Shown};

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
                    id: board.id.as_deref().unwrap_or_default().to_owned(),
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
        self.follow_acts();
        number
    }

    /// Adds the batch that undoes an act or does it again; returns it with its
    /// number. If nothing of the act was sent, the act is dropped instead.
    pub(crate) fn add_turn(
        &mut self,
        act: u64,
        title: String,
        quiet: bool,
    ) -> Option<(u64, Batch)> {
        let Reversal::Send { steps, .. } = self.history.get(act)?.reversal() else {
            self.history.was_not_done(act);
            self.notify(Notice::Done(format!("{title}: nothing was sent")));
            return None;
        };
        let steps: Vec<BatchStep> = steps.iter().map(|step| step.to.clone()).collect();
        let quiet = quiet && steps.len() == 1;
        let batch = Batch::new(title, steps);
        let number = self.batches.add(&batch, Some(act), &self.model);
        if !quiet {
            self.toasts.follow(number);
        }
        self.follow_acts();
        Some((number, batch))
    }

    /// A command of a batch was canceled before it was sent.
    pub(crate) fn step_canceled(&mut self, batch: u64, step: usize) {
        self.batches.canceled(batch, step);
        let Some(sent) = self.batches.get(batch) else {
            return;
        };
        let Some(canceled) = sent.steps.get(step) else {
            return;
        };
        let (board, what) = (canceled.step.board, &canceled.step.what);
        let timeline = self.model.timeline_mut();
        timeline.expect_no_more(batch, board, &target(what));
        if sent.turns.is_none()
            && let Some(component) = what.component()
            && let Some(act) = self.history.of_batch(batch).map(|act| act.number)
        {
            self.history.part_was_not_done(act, board, component);
        }
    }

    /// Takes the result of one command of a batch.
    pub(crate) fn step_answered(&mut self, batch: u64, step: usize, outcome: Outcome) {
        let not_done = was_not_done(&outcome);
        // Neither has an event of its own.
        let silent = |board| match &outcome {
            Outcome::Superseded => true,
            Outcome::NotConnected => self.model.board(board).is_none(),
            _ => false,
        };
        let sent = self.batches.get(batch);
        if let Some(step) = sent.and_then(|sent| sent.steps.get(step))
            && silent(step.step.board)
        {
            let timeline = self.model.timeline_mut();
            timeline.expect_no_more(batch, step.step.board, &target(&step.step.what));
        }
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
        let failed = |outcome: &Option<Outcome>| outcome.as_ref().is_some_and(was_not_done);
        if not_done && sent.steps.iter().all(|step| failed(&step.outcome)) {
            self.history.was_not_done(act);
        }
    }

    /// Takes the result of a single command; if it failed and its board is not
    /// shown, a notice says so.
    pub(crate) fn answered(
        &mut self,
        board: BoardKey,
        component: &ComponentKey,
        outcome: &Outcome,
        shown: Option<&Shown>,
    ) {
        let view = self.model.board(board);
        if matches!(outcome, Outcome::Done { .. }) {
            self.toasts.command_done(board, Some(component));
        }
        if matches!(outcome, Outcome::Done { .. } | Outcome::Superseded)
            || shown.is_some_and(|shown| shown.boards.contains(&board))
        {
            return;
        }
        let name = self.model.title_of(board);
        let known = view.and_then(|view| Some((view, view.component(component)?)));
        let what = known.map_or_else(
            || component.to_string(),
            |(view, component)| component_name(view, component),
        );
        let words = format!("{name}, {what}: {}", text::answer(outcome));
        self.toasts
            .command_failed(words, board, Some(component.clone()));
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

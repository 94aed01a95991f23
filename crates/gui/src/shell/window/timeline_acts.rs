//! Shows what a person does to several boards at once, or to none, in the
//! timeline: batches, rooms, scenes, dashboards, forgotten boards.

use web_time::SystemTime;

use super::Window;
use crate::model::{
    batch::{Operation, SentBatch},
    history::{Act, reversal::Reversal},
    timeline::{ActRow, Target, Timeline},
};
use fleet::BoardKey;

impl Window {
    /// Shows acts and batches that are new.
    pub(super) fn follow_acts(&mut self) {
        let Some(now) = self.clock.map(|clock| clock.steady) else {
            return;
        };
        let timeline = self.model.timeline_mut();
        let new = |act: &&Act| act.number >= self.next_act;
        let acts: Vec<&Act> = self.history.acts().rev().take_while(new).collect();
        for act in acts.into_iter().rev() {
            self.next_act = act.number + 1;
            add_act(timeline, act, now);
        }
        for batch in self.batches.since(self.next_batch) {
            self.next_batch = batch.number + 1;
            // The row of a single command says more.
            if batch.steps.len() + batch.absent.len() != 1 {
                add_batch(timeline, batch, self.history.of_batch(batch.number), now);
            }
        }
    }
}

fn add_act(timeline: &mut Timeline, act: &Act, now: SystemTime) {
    // Their commands have rows.
    if matches!(
        act.reversal(),
        Reversal::Send { .. } | Reversal::Impossible(_)
    ) {
        return;
    }
    let row = ActRow {
        act: Some(act.number),
        batch: None,
        title: act.title.clone(),
        at: act.at.steady,
        boards: act.place.boards.clone(),
    };
    timeline.add_act(row, [], now);
}

fn add_batch(timeline: &mut Timeline, batch: &SentBatch, act: Option<&Act>, now: SystemTime) {
    let mut boards: Vec<BoardKey> = batch.steps.iter().map(|step| step.step.board).collect();
    boards.sort_unstable();
    boards.dedup();
    let row = ActRow {
        act: act.map(|act| act.number),
        batch: Some(batch.number),
        title: batch.title.clone(),
        at: act.map_or(now, |act| act.at.steady),
        boards,
    };
    let commands = batch.steps.iter();
    let commands = commands.map(|step| (step.step.board, target(&step.step.what)));
    timeline.add_act(row, commands, now);
}

/// What a command is for.
pub(super) fn target(what: &Operation) -> Target {
    match what {
        Operation::Set(component, _)
        | Operation::Press(component)
        | Operation::Trigger(component, _) => Target::Component(component.clone()),
        Operation::Call(method, _) => Target::Method(method.clone()),
    }
}

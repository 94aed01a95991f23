//! The command that restores what another one is about to change.

use protocol::{Object, State, method};

use super::reversal::ReversedStep;
use crate::model::{
    batch::{BatchStep, Operation},
    boards::Model,
};

/// How to undo a command that is about to be sent, as far as the state before
/// it is known.
pub(super) fn reversed(step: &BatchStep, model: &Model) -> Option<ReversedStep> {
    let board = model.board(step.board)?;
    let what = match &step.what {
        Operation::Set(component, change) => {
            let view = board.component(component)?;
            Operation::Set(component.clone(), before(&view.shown(), change)?)
        }
        Operation::Call(called, _) if called == method::DEVICE_SET_NAME => {
            // Until the board has said its name, its address is shown.
            let name = &board.info.as_ref()?.name;
            let params = Object::from_iter([("name".to_owned(), name.as_str().into())]);
            Operation::Call(called.clone(), params)
        }
        Operation::Call(..) | Operation::Press(_) | Operation::Trigger(..) => return None,
    };
    Some(ReversedStep {
        to: BatchStep {
            board: step.board,
            what,
        },
        from: step.clone(),
    })
}

/// The fields of `change` as they are now.
fn before(now: &State, change: &State) -> Option<State> {
    let mut before = State::new();
    for (field, value) in &change.0 {
        match now.get(field) {
            Some(old) if !old.is_null() => {
                before.0.set(field, old.clone());
            }
            // A transition says how, not what: undoing uses the same one.
            None if field == "transition_ms" => {
                before.0.set(field, value.clone());
            }
            _ => {}
        }
    }
    let anything = before.0.keys().any(|field| field != "transition_ms");
    anything.then_some(before)
}

//! What changed after an act and would be overwritten by undoing it, and who
//! changed it.

use protocol::{Kind, State, method};
use web_time::SystemTime;

use super::{
    Act, History,
    reversal::Reversal,
    words::{ago, component_title},
};
use crate::model::{
    batch::{BatchStep, Operation},
    boards::Model,
};
use fleet::{ComponentView, Origin};

impl History {
    /// What changed since an act was done, undone or redone: a sentence for
    /// each component, board or document, with who changed it.
    pub(crate) fn changed_since(&self, act: &Act, model: &Model, now: SystemTime) -> Vec<String> {
        match act.reversal() {
            Reversal::Send { steps, .. } => steps
                .iter()
                .filter_map(|step| self.step_changed(act, &step.from, model, now))
                .collect(),
            Reversal::Labels(boards) => boards
                .iter()
                .filter_map(|exchange| {
                    let board = model.board(model.known_as(&exchange.id)?)?;
                    let labels = model.labels_of(board).cloned().unwrap_or_default();
                    (labels != exchange.from).then(|| {
                        format!("The labels of {} were changed since.", model.title(board))
                    })
                })
                .collect(),
            // The window compares documents and plots itself.
            Reversal::Document(_)
            | Reversal::Plots(_)
            | Reversal::Boards(_)
            | Reversal::Impossible(_) => Vec::new(),
        }
    }

    fn step_changed(
        &self,
        act: &Act,
        sent: &BatchStep,
        model: &Model,
        now: SystemTime,
    ) -> Option<String> {
        let board = model.board(sent.board)?;
        match &sent.what {
            Operation::Set(component, state) => {
                let name = component_title(model, sent.board, component);
                let view = board.component(component)?;
                match &view.changed {
                    Some((at, origin))
                        if *origin != Origin::ThisProgram && !is_on_its_way(view, state) =>
                    {
                        let later = *at > act.turned.steady;
                        later.then(|| {
                            let ago = ago(now.duration_since(*at).unwrap_or_default());
                            format!("{name} was changed {} {ago}.", by(origin))
                        })
                    }
                    Some(_) => self
                        .later_on(act.number, sent.board, component)
                        .map(|later| format!("You changed it since: {}.", later.title)),
                    // The whole state was read since; it does not say who
                    // changed it.
                    None => {
                        let now = view.shown();
                        let fields = &mut state.0.iter();
                        fields
                            .filter(|(field, _)| *field != "transition_ms")
                            .any(|(field, value)| now.get(field) != Some(value))
                            .then(|| {
                                format!("{name} is not as you left it; who changed it is unknown.")
                            })
                    }
                }
            }
            Operation::Call(called, params) if called == method::DEVICE_SET_NAME => {
                let given = params.get("name").and_then(|name| name.as_str());
                let now = board.info.as_ref().map(|info| info.name.as_str());
                (now.is_some() && given != now)
                    .then(|| format!("The board was renamed to {} since.", model.title(board)))
            }
            Operation::Call(..) | Operation::Press(_) | Operation::Trigger(..) => None,
        }
    }
}

/// Whether a cover moves, or is where it was sent: the board itself reports
/// where it is, which is no change by someone else.
fn is_on_its_way(view: &ComponentView, sent: &State) -> bool {
    let now = &view.reported;
    view.descriptor.kind == Kind::Cover
        && (matches!(now.movement(), Some("opening" | "closing"))
            || (now.position().is_some() && now.position() == sent.position()))
}

/// Who made a change, as the end of "was changed".
fn by(origin: &Origin) -> String {
    match origin {
        Origin::ThisProgram => "by you".to_owned(),
        Origin::OtherController(number) => format!("by client {number}"),
        Origin::Person(name) => format!("by {}", text::plain(name)),
        Origin::Physical => "at the board".to_owned(),
        Origin::Board => "by an automation of the board".to_owned(),
        Origin::Unknown => "by an unknown source".to_owned(),
    }
}

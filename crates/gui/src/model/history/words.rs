//! What acts and commands are called.

use std::time::Duration;

use protocol::{ComponentKey, State, method};

use super::reversal::BoardsExchange;
use crate::model::{
    arrangement::LabelsChange,
    batch::{BatchStep, Operation},
    boards::Model,
    forgotten::forgotten_name,
    pin::component_name,
};
use fleet::{BoardKey, Trigger};

/// A component by the names of its board and its own: `Desk lamp: Light`.
pub(super) fn component_title(model: &Model, board: BoardKey, component: &ComponentKey) -> String {
    let Some(view) = model.board(board) else {
        return component.to_string();
    };
    let name = view.component(component).map_or_else(
        || component.to_string(),
        |known| component_name(view, known),
    );
    format!("{}: {name}", model.title(view))
}

/// Opening a cover, and the like.
pub(super) fn title_of_trigger(
    model: &Model,
    board: BoardKey,
    component: &ComponentKey,
    trigger: Trigger,
) -> String {
    let verb = text::capitalized(trigger.word());
    format!("{verb} {}", component_title(model, board, component))
}

/// Setting these fields of a component.
pub(super) fn title_of_set(
    model: &Model,
    board: BoardKey,
    component: &ComponentKey,
    change: &State,
) -> String {
    let name = component_title(model, board, component);
    let mut what = change.clone();
    what.0.remove("transition_ms");
    if what.0.len() == 1
        && let Some(on) = what.on()
    {
        let word = if on { "on" } else { "off" };
        return format!("Turn {word} {name}");
    }
    let known = model
        .board(board)
        .and_then(|view| view.component(component));
    let descriptor = known.map(|known| known.descriptor.as_ref());
    format!("Set {name} to {}", text::fields(&what, descriptor))
}

/// One command.
pub(crate) fn step_title(model: &Model, BatchStep { board, what }: &BatchStep) -> String {
    match what {
        Operation::Set(component, change) => title_of_set(model, *board, component, change),
        Operation::Press(component) => {
            format!("Press {}", component_title(model, *board, component))
        }
        Operation::Trigger(component, trigger) => {
            title_of_trigger(model, *board, component, *trigger)
        }
        Operation::Call(called, params) => {
            let name = model.title_of(*board);
            let to = params.get("name").and_then(|name| name.as_str());
            match to.filter(|_| called == method::DEVICE_SET_NAME) {
                Some(to) => format!("Rename {name} to {}", text::plain(to)),
                None => format!("Send {} to {name}", text::plain(called)),
            }
        }
    }
}

/// Changing the labels of these boards.
pub(crate) fn title_of_labels(model: &Model, boards: &[BoardKey], change: &LabelsChange) -> String {
    let first = boards.first().and_then(|key| model.board(*key));
    let names = match (boards, first) {
        ([_], Some(board)) => model.title(board),
        _ => text::count(boards.len() as u64, "board"),
    };
    match change {
        LabelsChange::Room(room) if room.is_empty() => format!("Remove {names} from its room"),
        LabelsChange::Room(room) => format!("Move {names} to {}", text::plain(room)),
        LabelsChange::Tags(_) => format!("Change the tags of {names}"),
        LabelsChange::Hidden(true) => format!("Hide {names}"),
        LabelsChange::Hidden(false) => format!("Show {names} in the list"),
        LabelsChange::NotifyWhenLost(true) => format!("Turn on notifications about {names}"),
        LabelsChange::NotifyWhenLost(false) => format!("Turn off notifications about {names}"),
    }
}

/// Forgetting boards, or restoring them; `exchange` is the way back.
pub(crate) fn title_of_boards(exchange: &BoardsExchange) -> String {
    let names = match exchange.boards.as_slice() {
        [board] => forgotten_name(board),
        boards => text::count(boards.len() as u64, "board"),
    };
    match exchange.there {
        true => format!("Forget {names}"),
        false => format!("Restore {names}"),
    }
}

/// An age in the past, never "0 s ago".
pub(crate) fn ago(age: Duration) -> String {
    if age < Duration::from_secs(1) {
        "just now".to_owned()
    } else {
        format!("{} ago", text::length(age))
    }
}

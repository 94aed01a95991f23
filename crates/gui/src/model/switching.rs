//! Commands for the main switches of boards: of one, and of many as one batch.

use protocol::{Kind, State};

use crate::model::{
    action::BoardCommand,
    batch::{Batch, BatchStep, Operation},
    boards::Model,
    main_component::main_switch,
};
use fleet::{BoardKey, BoardView, ComponentView, LinkState};

/// Whether a board's main switch can be operated now.
pub(crate) fn is_operable(model: &Model, board: &BoardView) -> bool {
    board.link == LinkState::Connected && model.why_view_only(board).is_none()
}

/// The command that turns a board's main switch to its other position.
pub(crate) fn toggled(model: &Model, board: &BoardView) -> Option<BoardCommand> {
    let view = main_switch(board).filter(|_| is_operable(model, board))?;
    Some(set_on(board, view, !text::on(view).unwrap_or(false)))
}

/// The command that turns a component on or off.
pub(crate) fn set_on(board: &BoardView, view: &ComponentView, on: bool) -> BoardCommand {
    BoardCommand::Set {
        board: board.key,
        component: view.descriptor.key.clone(),
        change: State::new().with("on", on),
    }
}

/// The lights and switches of a board, without settings.
pub(crate) fn switches(board: &BoardView) -> impl Iterator<Item = &ComponentView> {
    let components = board.components.iter().map(AsRef::as_ref);
    components.filter(|view: &&ComponentView| {
        matches!(view.descriptor.kind, Kind::Light | Kind::Switch)
            && view.descriptor.entity_category.is_none()
    })
}

/// A batch that turns the main switches of these boards on or off; boards that
/// cannot be operated are reported. `None` if there is nothing to do. `place`
/// follows the number of boards in the title: ` in Workshop`.
pub(crate) fn switch_all(
    model: &Model,
    boards: &[BoardKey],
    on: bool,
    place: &str,
) -> Option<Batch> {
    let mut steps = Vec::new();
    let mut absent = Vec::new();
    for board in boards.iter().filter_map(|key| model.board(*key)) {
        let Some(view) = main_switch(board) else {
            continue;
        };
        if !is_operable(model, board) {
            absent.push(model.title(board));
        } else if text::on(view) != Some(on) {
            let change = State::new().with("on", on);
            steps.push(BatchStep {
                board: board.key,
                what: Operation::Set(view.descriptor.key.clone(), change),
            });
        }
    }
    let word = if on { "on" } else { "off" };
    let count = steps.len() + absent.len();
    let boards = text::count(count as u64, "board");
    let title = format!("Turn {word} {boards}{place}");
    (count > 0).then_some(Batch {
        title,
        steps,
        absent,
    })
}

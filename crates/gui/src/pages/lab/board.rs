//! Which board the exercises use, and why an exercise cannot use a board.

use std::sync::Arc;

use crate::model::boards::Model;
use disk::settings::Exercise;
use fleet::{BoardKey, BoardView, Lock};

/// Why an exercise cannot use a board; `None` if it can.
pub(super) fn why_not(exercise: Exercise, board: &BoardView) -> Option<&'static str> {
    let is_connected = board.link.is_up();
    let is_locked = !matches!(board.lock(), Lock::Open | Lock::Unknown);
    // The exercises open connections of their own, without encryption.
    let opens = !matches!(exercise, Exercise::Clients);
    match exercise {
        _ if !is_connected => Some(text::link(&board.link)),
        Exercise::Comparison | Exercise::Echo | Exercise::Telemetry if is_locked => Some("locked"),
        _ if opens && board.inbound_only => Some("inbound connection only"),
        _ => None,
    }
}

/// The board for an exercise: the `chosen` one, else the selected one if the
/// exercise can use it, else the first that it can use.
pub(super) fn pick(
    model: &Model,
    chosen: Option<BoardKey>,
    exercise: Exercise,
) -> Option<&Arc<BoardView>> {
    let usable = |board: &&Arc<BoardView>| why_not(exercise, board).is_none();
    chosen
        .and_then(|key| model.board(key))
        .or_else(|| model.selected().filter(usable))
        .or_else(|| model.in_order().find(usable))
}

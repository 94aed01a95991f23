//! Which board the exercises use, and why an exercise cannot use a board.

use std::sync::Arc;

use crate::model::boards::Model;
use disk::settings::Exercise;
use fleet::{BoardKey, BoardView, LinkProblem, LinkState, Lock};

/// Why an exercise cannot use a board; `None` if it can.
pub(super) fn why_not(exercise: Exercise, board: &BoardView) -> Option<&'static str> {
    let is_connected = board.link.is_up();
    // The exercises open connections of their own, without encryption.
    let opens = !matches!(exercise, Exercise::Clients);
    match exercise {
        _ if !board.family.is_ours() => Some("another family"),
        _ if !is_connected => Some(text::link(&board.link)),
        _ if needs_encryption(exercise, board) => Some("locked"),
        _ if opens && board.inbound_only => Some("inbound connection only"),
        _ => None,
    }
}

/// Whether the board wants encryption of an exercise that does not use it.
fn needs_encryption(exercise: Exercise, board: &BoardView) -> bool {
    let is_plain = matches!(
        exercise,
        Exercise::Comparison | Exercise::Echo | Exercise::Telemetry
    );
    is_plain && !matches!(board.lock(), Lock::Open | Lock::Unknown)
}

/// Why an exercise cannot use a board, as a sentence.
pub(super) fn why_words(exercise: Exercise, board: &BoardView) -> Option<String> {
    let why = why_not(exercise, board)?;
    let is_without_key = matches!(
        board.link,
        LinkState::Unreachable {
            problem: LinkProblem::Locked | LinkProblem::WrongKey,
            ..
        }
    );
    Some(if !board.family.is_ours() {
        "This exercise needs a board with Switchboard's own firmware.".to_owned()
    } else if is_without_key {
        "This board is locked. Enter its key or pair with it first.".to_owned()
    } else if board.link.is_up() && needs_encryption(exercise, board) {
        "This board is locked, and this exercise does not use encryption.".to_owned()
    } else {
        format!("This board cannot be used: {why}.")
    })
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

//! What threads and boards report back to the app.

use std::sync::mpsc;

use crate::{
    fleet::{BoardKey, Outcome},
    ui::model::virtual_boards::StartVirtualBoards,
};

/// Where the hook that starts virtual boards is.
pub(super) enum Starter {
    Absent,
    Ready(StartVirtualBoards),
    /// On a thread, which gives it back.
    Busy(mpsc::Receiver<(StartVirtualBoards, Result<(), String>)>),
}

/// The answer to a command, and what came of it.
pub(super) enum CommandReply {
    /// To one of a batch: the batch's number, and the place in it.
    Step(u64, usize, Outcome),
    /// To a single command of a board: what it was about.
    Single(BoardKey, String, Outcome),
    /// To what was sent from the page of frames.
    Call(Outcome),
    /// To who is connected to a board, or, with a number, to the end of that
    /// connection.
    Clients(BoardKey, Option<u32>, Outcome),
}

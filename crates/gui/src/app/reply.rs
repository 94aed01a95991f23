//! What threads and boards report back to the app.

use std::sync::mpsc;

use protocol::ComponentKey;

use crate::{app::restoring::Reading, model::virtual_boards::SampleBoards};
use fleet::{BoardKey, Outcome};

/// What runs sample boards.
pub(super) enum Starter {
    Absent,
    Ready(Box<dyn SampleBoards>),
    /// In use on a thread, which returns it.
    Busy(mpsc::Receiver<(Box<dyn SampleBoards>, Result<(), String>)>),
}

/// The reply to a command.
pub(super) enum CommandReply {
    /// To a step of a batch: the batch's number and the step's index.
    Step(u64, usize, Outcome),
    /// To a single command of a board, with its component and the act that it
    /// was.
    Single(BoardKey, ComponentKey, Option<u64>, Outcome),
    /// To a request from the frames page.
    Call {
        board: BoardKey,
        /// Its number on the page.
        number: Option<u64>,
        /// The act that it was.
        act: Option<u64>,
        outcome: Outcome,
    },
    /// To listing the clients of a board or, with a number, closing that
    /// client.
    Clients(BoardKey, Option<u32>, Outcome),
    /// To reading back what the batch with this number has restored.
    ReadBack(u64, Reading, Outcome),
}

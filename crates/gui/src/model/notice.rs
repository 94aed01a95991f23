//! Messages to the person at the window.

use fleet::BoardKey;

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// Something was done.
    Done(String),
    /// Something failed.
    Failed(String),
    /// Something was done, and can be undone: the number of the act.
    Undoable(String, u64),
}

/// Where a message leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeTarget {
    /// To a board.
    Board(BoardKey),
    /// To the list of boards.
    Boards,
}

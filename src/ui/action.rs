//! What a person asks for by operating the window. Views only return these; [`super::App`] carries them out.

use std::{path::PathBuf, sync::Arc};

use protocol::{ComponentKey, State};

use super::settings::{Place, ThemeChoice};
use crate::fleet::{BoardKey, LogEntry};

/// Something a person asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Show this board.
    Select(BoardKey),
    /// Change a component.
    Set {
        /// Of which board.
        board: BoardKey,
        /// Which one.
        component: ComponentKey,
        /// The fields to change.
        change: State,
    },
    /// Press a button component.
    Press {
        /// Of which board.
        board: BoardKey,
        /// Which one.
        component: ComponentKey,
    },
    /// Let the board show itself.
    Identify(BoardKey),
    /// Ask which image a board's firmware is updated with.
    AskForImage(BoardKey),
    /// Update a board's firmware with this file.
    Update(BoardKey, PathBuf),
    /// End the update of a board's firmware by this program.
    CancelUpdate(BoardKey),
    /// Connect now instead of after the backoff.
    TryNow(BoardKey),
    /// End the link and take the board off the list.
    Forget(BoardKey),
    /// Open the dialog for an address.
    AskForAddress,
    /// Add a board at this address.
    Add(String),
    /// Start this many virtual boards in this program.
    StartVirtualBoards(usize),
    /// Show this theme.
    Theme(ThemeChoice),
    /// Show a board, and on its page this component.
    Show {
        /// Which board.
        board: BoardKey,
        /// Which of its components.
        component: Option<ComponentKey>,
    },
    /// Show this part of the window.
    Go(Place),
    /// Ask where to save these lines, oldest first.
    Save(Vec<Arc<LogEntry>>),
    /// Save there what was to be saved.
    SaveTo(PathBuf),
    /// Close the dialog without doing anything.
    CloseDialog,
    /// Take the notice away.
    DismissNotice,
}

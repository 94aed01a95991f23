//! What a person asks for by operating the window. Views only return these;
//! [`super::App`] carries them out.

use std::path::PathBuf;

use protocol::{ComponentKey, Object, State};

use super::{
    arrangement::{Arrangement, LabelsChange},
    batch::Batch,
    dialogs::Asks,
    files::Errand,
    pin::Pin,
    settings::{Page, ThemeChoice},
};
use crate::{documents::DocumentKind, fleet::BoardKey};

/// What is laid over the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlay {
    /// The command palette.
    Commands,
    /// The page of keyboard shortcuts.
    Shortcuts,
}

/// Where a component is pinned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Onto {
    /// Onto a dashboard or into a scene.
    pub kind: DocumentKind,
    /// Which one; `None` is a new one.
    pub at: Option<usize>,
}

/// Something a person asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// Show this board.
    Select(BoardKey),
    /// Choose this board beside those that are chosen, or no more.
    Mark(BoardKey),
    /// Choose every board from the shown one to this.
    MarkTo(BoardKey),
    /// Choose every board of the list.
    MarkAll,
    /// Choose only the board that is shown.
    MarkNone,
    /// Note something of these boards.
    SetLabels(Vec<BoardKey>, LabelsChange),
    /// Call a board so, on the board itself.
    Rename(BoardKey, String),
    /// Arrange the list so.
    Arrange(Arrangement),
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
    /// Call any method of a board, for the page of its frames.
    Call(BoardKey, String, Object),
    /// Ask a board who is connected to it, from this place of the list on.
    ListClients(BoardKey, usize),
    /// Have a board end the connection with this number.
    CloseClient(BoardKey, u32),
    /// Show what goes over a board's link.
    ShowFrames(BoardKey),
    /// Let the board show itself.
    Identify(BoardKey),
    /// End the update of a board's firmware by this program.
    CancelUpdate(BoardKey),
    /// Hold this text as the key of a board.
    EnterKey(BoardKey, String),
    /// Ask a board for a key, instead of the one that is held where the person
    /// agreed to that.
    Pair {
        /// Which board.
        board: BoardKey,
        /// The key that is held may be replaced.
        replace: bool,
    },
    /// The board shows the same code as the dialog.
    CodesMatch,
    /// It shows another, or none.
    CodesDiffer,
    /// Delete the key of a board from this computer.
    ForgetKey(BoardKey),
    /// Let boards call there, as typed; `None` is nowhere.
    Listen(Option<String>),
    /// Ask whom this board shall call, beginning with this computer.
    AskCall(BoardKey),
    /// Have a board call there, as typed; an empty text is nobody.
    HaveCall(BoardKey, String),
    /// Connect now instead of after the backoff.
    TryNow(BoardKey),
    /// End the link and take the board off the list.
    Forget(BoardKey),
    /// Give several commands at once.
    Together(Batch),
    /// Send nothing more of the batch with this number.
    Cancel(u64),
    /// Undo the batch with this number, or the newest that can be undone.
    Undo(Option<u64>),
    /// Lay this over the window.
    Open(Overlay),
    /// Open the dialog for this, with this typed already.
    Ask(Asks, String),
    /// Add a board at this address.
    Add(String),
    /// Start this many virtual boards in this program.
    StartVirtualBoards(usize),
    /// Plot this component.
    Plot(Pin),
    /// Put this component onto a dashboard or into a scene.
    Pin(Pin, Onto),
    /// Begin a scene with what these components are now.
    TakeScene(String, Vec<Pin>),
    /// Make everything what the scene in this place wants.
    ApplyScene(usize),
    /// Show the dashboard in this place.
    ShowDashboard(usize),
    /// Call the document in this place so.
    Name(DocumentKind, usize, String),
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
    Go(Page),
    /// Find out why this board is missing, by name, id or address; or, with
    /// none, what is wrong with any.
    Examine(Option<String>),
    /// Stop finding it out.
    StopExamining,
    /// Ask for a file, and do this with it.
    File(Errand),
    /// Do the errand that waits for a file with this one.
    Path(PathBuf),
    /// Close the dialog without doing anything.
    CloseDialog,
    /// Take a toast away.
    Dismiss(u64),
}

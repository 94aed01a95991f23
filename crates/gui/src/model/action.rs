//! What a person asks for by operating the window, split by who carries it
//! out: the window, the fleet, or a task in the background. Pages only report
//! actions; they carry out none.

use std::path::PathBuf;

use backup::Plan;
use protocol::{ComponentKey, Object, State};

use disk::{
    documents::{Dashboard, Document, DocumentKind, Scene},
    settings::{Exercise, MotionChoice, Page, RememberedBoard, ThemeChoice},
};

use crate::model::{
    arrangement::{Arrangement, LabelsChange},
    batch::Batch,
    board_setup::SetupTask,
    credential::Secret,
    dialog_kind::{DialogKind, listen_dialog},
    file_task::FileTask,
    link_kind::LinkKind,
    pin::{ChannelPin, Pin},
};
use fleet::{BoardKey, Listening, Trigger};
use keys::Role;

/// An overlay of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlay {
    /// The command palette.
    Commands,
    /// The page of keyboard shortcuts.
    Shortcuts,
    /// The list of forgotten boards.
    Forgotten,
}

/// The document that a component is added to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PinTarget {
    /// A dashboard or a scene.
    pub kind: DocumentKind,
    /// Its index; `None` for a new one.
    pub at: Option<usize>,
}

/// A step of the zoom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ZoomStep {
    /// Larger.
    In,
    /// Smaller.
    Out,
    /// Back to the usual size.
    Reset,
}

/// Something that is renamed in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RenameTarget {
    /// A board.
    Board(BoardKey),
    /// The document with this index.
    Document(DocumentKind, usize),
}

/// Which of the places that show a name turns into a text field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RenameSpot {
    /// The first that is drawn.
    Anywhere,
    /// The row of a list.
    List,
    /// The heading of a page.
    Heading,
}

/// A changed scene or dashboard.
#[derive(Debug, Clone, PartialEq)]
pub struct DocumentChange {
    /// Its index.
    pub at: usize,
    /// As it is to be.
    pub to: Box<Document>,
    /// What was changed, in the imperative: `Move Desk lamp: Light`.
    pub title: String,
}

impl DocumentChange {
    /// A changed dashboard.
    pub(crate) fn dashboard(at: usize, to: Dashboard, title: impl Into<String>) -> Self {
        Self {
            at,
            to: Box::new(Document::Dashboard(to)),
            title: title.into(),
        }
    }

    /// A changed scene.
    pub(crate) fn scene(at: usize, to: Scene, title: impl Into<String>) -> Self {
        Self {
            at,
            to: Box::new(Document::Scene(to)),
            title: title.into(),
        }
    }
}

/// Something a person asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    /// The window carries it out.
    Window(WindowAction),
    /// The fleet carries it out.
    Board(BoardCommand),
    /// A task in the background carries it out.
    Task(Task),
}

/// An [`Action`] that the window cannot carry out itself.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// The fleet carries it out.
    Board(BoardCommand),
    /// A task in the background carries it out.
    Task(Task),
}

/// Actions that change only the window's state.
#[derive(Debug, Clone, PartialEq)]
pub enum WindowAction {
    /// Show this board.
    Select(BoardKey),
    /// Add this board to the selection, or remove it.
    ToggleSelection(BoardKey),
    /// Select every board from the shown one to this.
    SelectRange(BoardKey),
    /// Select every board of the list.
    SelectAll,
    /// Reduce the selection to the board that is shown.
    ClearSelection,
    /// Change the labels of these boards.
    SetLabels(Vec<BoardKey>, LabelsChange),
    /// Arrange the list of boards.
    Arrange(Arrangement),
    /// List only boards in this state; `None` lists all.
    FilterList(Option<LinkKind>),
    /// Show the frames of a board's link.
    ShowFrames(BoardKey),
    /// Open this overlay.
    OpenOverlay(Overlay),
    /// Open this dialog with an initial text.
    OpenDialog(DialogKind, String),
    /// Open the dialog *Set up a board*.
    OpenSetup,
    /// Close it, and the port.
    CloseSetup,
    /// Plot this component.
    Plot(Pin),
    /// Plot this telemetry channel.
    PlotChannel(ChannelPin),
    /// Add this component to a dashboard or a scene.
    Pin(Pin, PinTarget),
    /// Add these components to a dashboard or a scene.
    PinAll(Vec<Pin>, PinTarget),
    /// Create an empty scene or dashboard.
    NewDocument(DocumentKind),
    /// Change a scene or dashboard.
    ChangeDocument(DocumentChange),
    /// Delete the document with this index.
    DeleteDocument(DocumentKind, usize),
    /// Create a scene from the current state of these components.
    CreateScene(String, Vec<Pin>),
    /// Show the dashboard with this index.
    ShowDashboard(usize),
    /// Turn the name of this into a text field.
    BeginRename(RenameTarget, RenameSpot),
    /// Rename the document with this index.
    RenameDocument(DocumentKind, usize, String),
    /// Copy this text.
    CopyText(String),
    /// Open this address in the browser.
    OpenUrl(String),
    /// Switch to this theme.
    SetTheme(ThemeChoice),
    /// Reduce motion, or not.
    SetMotion(MotionChoice),
    /// Zoom the window.
    Zoom(ZoomStep),
    /// Pause the shown page, or resume it.
    SetPaused(bool),
    /// Remember that this window opened the client of this number at a board,
    /// under this name.
    OwnClient(BoardKey, u32, String),
    /// Show this exercise of the lab.
    ShowExercise(Exercise),
    /// Show a board, scrolled to this component.
    Show {
        /// Which board.
        board: BoardKey,
        /// Which of its components.
        component: Option<ComponentKey>,
    },
    /// Show this page.
    ShowPage(Page),
    /// Show what the board at this serial port prints.
    MonitorPort(String),
    /// Reset the board at the serial port that is monitored.
    ResetMonitored,
    /// Show the list of boards in a window where it is a drawer.
    OpenBoardList,
    /// Show the introduction, or dismiss it.
    ShowIntroduction(bool),
    /// Close the dialog or overlay.
    CloseDialog,
    /// Show the results of this batch in the timeline.
    ShowResults(u64),
    /// Remove this toast.
    Dismiss(u64),
    /// Undo the act with this number, or the newest; asks first where that
    /// could surprise.
    Undo(Option<u64>),
    /// Do again what was undone last.
    Redo,
    /// Bring a forgotten board back.
    Restore(RememberedBoard),
    /// Undo the act with this number, or do it again, without asking.
    Turn(u64),
}

/// Actions that the fleet carries out.
#[derive(Debug, Clone, PartialEq)]
pub enum BoardCommand {
    /// Rename a board, on the board itself.
    Rename(BoardKey, String),
    /// Change a component.
    Set {
        /// The board.
        board: BoardKey,
        /// The component.
        component: ComponentKey,
        /// The fields to change.
        change: State,
    },
    /// Press a button component.
    Press {
        /// The board.
        board: BoardKey,
        /// The component.
        component: ComponentKey,
    },
    /// Open, close or stop a cover, or install an update.
    Trigger {
        /// The board.
        board: BoardKey,
        /// The component.
        component: ComponentKey,
        /// What it has to do.
        trigger: Trigger,
    },
    /// Call any method of a board, for the frames page.
    Call(BoardKey, String, Object),
    /// List the clients of a board, from this offset.
    ListClients(BoardKey, usize),
    /// Close the connection of this client of a board.
    CloseClient(BoardKey, u32),
    /// Let the board identify itself, for example by blinking.
    Identify(BoardKey),
    /// Cancel the firmware update of a board.
    CancelUpdate(BoardKey),
    /// Use this text as the key or the password of a board.
    EnterKey(BoardKey, Secret),
    /// Pair with a board.
    Pair {
        /// The board.
        board: BoardKey,
        /// Whether an existing key may be replaced.
        replace: bool,
    },
    /// The pairing code matches the one that the board shows.
    ConfirmCode,
    /// The pairing code differs.
    RejectCode,
    /// Delete the key of a board from this computer.
    ForgetKey(BoardKey),
    /// Accept inbound connections at this address, as typed; `None` stops.
    Listen(Option<String>),
    /// Ask for the outbound connection of this board, with this computer as
    /// the proposal.
    AskOutbound(BoardKey),
    /// Set the outbound connection of a board, as typed; an empty text
    /// disables it.
    SetOutbound(BoardKey, String),
    /// Connect now instead of after the backoff.
    TryNow(BoardKey),
    /// Close the link and remove the board from the list.
    Forget(BoardKey),
    /// Connect to these forgotten boards again.
    Restore(Vec<RememberedBoard>),
    /// Add a board by this address.
    Add(String),
    /// Take boards from the MQTT broker at this address, as typed.
    AddBroker(String),
    /// Take no more boards from this broker.
    RemoveBroker(String),
    /// Use this text as the password of the user at this broker.
    SetBrokerPassword(String, Secret),
    /// Set what this plan has on a board, and read it back.
    RestoreBackup(BoardKey, Box<Plan>),
    /// Send several commands as one batch.
    Send(Batch),
    /// Stop sending the batch with this number.
    Cancel(u64),
    /// Send the commands that undo an act, or do it again.
    Turn {
        /// The number of the act.
        act: u64,
        /// What is shown: `Undo: Turn off 12 boards`.
        title: String,
        /// Whether only a failure is reported.
        quiet: bool,
    },
    /// Apply the scene with this index.
    ApplyScene(usize),
}

/// Actions that need a file dialog or run in the background.
#[derive(Debug, Clone, PartialEq)]
pub enum Task {
    /// Ask for a file and run this task with it.
    File(FileTask),
    /// Save the document with this index to a file.
    SaveDocument(DocumentKind, usize),
    /// Run the file task that waits for a path with this one.
    UsePath(PathBuf),
    /// Find out why this board is missing, by name, id or address; `None`
    /// examines the network in general.
    Examine(Option<String>),
    /// Stop the examination.
    StopExamining,
    /// Start this many sample boards in this program.
    StartVirtualBoards(usize),
    /// End all sample boards, and remove them from the list.
    StopSampleBoards,
    /// A task of the dialog *Set up a board*.
    Setup(SetupTask),
    /// End the recording of the session.
    StopRecording,
    /// Replay this recording at a speed, as typed.
    StartReplay(PathBuf, String),
    /// End the replay, and remove its boards from the list.
    StopReplay,
    /// Find out whether this desktop shows notifications.
    CheckNotifications,
    /// Connect to the server at once.
    Reconnect,
    /// End a session of the server.
    EndSession(u32),
    /// Let a session of the server do more, or less.
    Grant(u32, Role),
    /// Have every window of the server show what this one shows.
    ShowPage,
}

impl WindowAction {
    /// Open the dialog for inbound connections.
    pub(crate) fn ask_to_listen(listening: &Listening) -> Self {
        let (dialog, address) = listen_dialog(listening);
        Self::OpenDialog(dialog, address)
    }
}

impl From<WindowAction> for Action {
    fn from(action: WindowAction) -> Self {
        Self::Window(action)
    }
}

impl From<BoardCommand> for Action {
    fn from(command: BoardCommand) -> Self {
        Self::Board(command)
    }
}

impl From<Task> for Action {
    fn from(task: Task) -> Self {
        Self::Task(task)
    }
}

impl From<BoardCommand> for Request {
    fn from(command: BoardCommand) -> Self {
        Self::Board(command)
    }
}

impl From<Task> for Request {
    fn from(task: Task) -> Self {
        Self::Task(task)
    }
}

//! The dialog *Set up a board*, as the app drives it.

use std::sync::Arc;

use super::Window;
use disk::settings::Page;

use crate::model::{
    action::{BoardCommand, Request, Task},
    board_setup::{Setup, SetupTask},
    frame_context::FrameContext,
};
use doctor::DoctorProgress;
use fleet::{BoardKey, BoardView, Outcome};

impl Window {
    /// Opens the dialog.
    pub fn open_setup(&mut self) {
        self.setup = Some(Setup::new());
        self.outbox.push(Task::Setup(SetupTask::Begin).into());
    }

    /// Closes the dialog.
    pub(crate) fn close_setup(&mut self) {
        self.setup = None;
    }

    /// Whether the dialog is open.
    pub(crate) fn sets_up(&self) -> bool {
        self.setup.is_some()
    }

    /// The board of the dialog, once it is on the network.
    pub(crate) fn setup_board(&self) -> Option<BoardKey> {
        self.setup.as_ref()?.found
    }

    /// Passes an event of the port to the dialog; returns what is to be done.
    pub fn setup_event(&mut self, event: setup::Event) -> Vec<SetupTask> {
        let view = self.setup_view();
        match &mut self.setup {
            Some(setup) => setup.update(event, view.as_deref()),
            None => Vec::new(),
        }
    }

    /// Passes the board's answer to its new name to the dialog.
    pub fn setup_renamed(&mut self, outcome: &Outcome) -> Vec<SetupTask> {
        match &mut self.setup {
            Some(setup) => setup.renamed(outcome),
            None => Vec::new(),
        }
    }

    /// Passes the doctor's progress to the dialog.
    pub fn setup_examined(&mut self, progress: DoctorProgress) {
        if let Some(setup) = &mut self.setup {
            setup.examined(progress);
        }
    }

    fn setup_view(&self) -> Option<Arc<BoardView>> {
        let found = self.setup_board()?;
        self.model.board(found).cloned()
    }

    /// Looks for the board of the dialog, and shows it behind the dialog once
    /// it is there. Returns what is to be done.
    pub(super) fn follow_setup(&mut self, frame: &FrameContext) -> Vec<Request> {
        let Some(setup) = &mut self.setup else {
            return Vec::new();
        };
        let observed = setup.observe(&self.model, frame);
        if let Some(board) = observed.show {
            self.page = Page::Boards;
            self.model.select(board);
            self.pages.boards.reveal = true;
        }
        let hurry = observed
            .hurry
            .map(|board| BoardCommand::TryNow(board).into());
        let tasks = observed
            .tasks
            .into_iter()
            .map(|task| Task::Setup(task).into());
        hurry.into_iter().chain(tasks).collect()
    }
}

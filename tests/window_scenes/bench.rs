//! A window over simulated boards, without a fleet: what it shows, and what it
//! asks for.

use std::{sync::Arc, time::Duration};

use eframe::{CreationContext, egui};
use fleet::{BoardKey, BoardView, LogEntry};
use gui::{
    Batch, BatchStep, BoardCommand, FrameContext, Operation, Request, Settings, VirtualBoards,
    Window,
};
use jiff::tz::TimeZone;
use protocol::State;

use crate::scenes::{self, Now};

/// The window with a clock that only the test advances.
pub(crate) struct Bench {
    pub(crate) window: Window,
    pub(crate) at: Now,
    /// What the window asked for; it is not carried out.
    pub(crate) asked: Vec<Request>,
    /// When the window wants its next frame.
    pub(crate) next: Option<Duration>,
    /// The number of the next event in the log.
    pub(crate) number: u64,
}

impl Bench {
    /// A window over these boards; it shows none of them yet.
    pub(crate) fn new(
        cc: &CreationContext<'_>,
        settings: &Settings,
        boards: Vec<BoardView>,
        log: Vec<Arc<LogEntry>>,
        at: Now,
    ) -> Self {
        let mut window = Window::new(&cc.egui_ctx, settings);
        window.virtual_boards = VirtualBoards::Ready;
        let number = log.len() as u64;
        window.model.apply(scenes::changes(boards, log), at.now);
        Self {
            window,
            at,
            asked: Vec::new(),
            next: None,
            number,
        }
    }

    /// The same with this board shown.
    pub(crate) fn showing(mut self, board: Option<BoardKey>) -> Self {
        if let Some(board) = board {
            self.window.model.select(board);
        }
        self
    }

    /// Advances the clock.
    pub(crate) fn later(&mut self, seconds: f64) {
        self.at.now += scenes::seconds(seconds);
        self.at.wall += scenes::seconds(seconds);
    }
}

impl eframe::App for Bench {
    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        let frame = FrameContext::new(self.at.now, self.at.wall, TimeZone::UTC);
        self.asked.extend(self.window.show(ui, &frame));
        self.next = frame.next();
    }
}

/// The log of [`scenes::log`] if there are boards.
pub(crate) fn log_of(boards: &[BoardView], at: Now) -> Vec<Arc<LogEntry>> {
    match boards {
        [] => Vec::new(),
        _ => scenes::log(at),
    }
}

/// A step of a batch that sets a component.
pub(crate) fn step(board: u32, component: &str, change: State) -> BatchStep {
    BatchStep {
        board: BoardKey(board),
        what: Operation::Set(scenes::key(component), change),
    }
}

/// The request for these steps as one batch.
pub(crate) fn batch(title: &str, steps: Vec<BatchStep>) -> Request {
    Request::Board(BoardCommand::Send(Batch::new(title, steps)))
}

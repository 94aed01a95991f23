//! The window as an eframe app: hands over changes of the fleet within a time
//! budget per frame, and passes requests on.

use std::{
    collections::VecDeque,
    sync::{Arc, mpsc},
    time::Duration,
};

use web_time::Instant;

use super::{
    previews::{self, Previews},
    reply::{CommandReply, Starter},
    restoring::Restoring,
};
use disk::settings::{RememberedBoard, Settings, SettingsFile};

use crate::{
    app::{
        local::{file_tasks::RunningTask, state::Local},
        wakes::Wakes,
    },
    model::{
        abilities::Abilities,
        action::Request,
        batch::BatchStep,
        forgotten::to_remember,
        frame_context::FrameContext,
        notice::Notice,
        pace::NEXT_FRAME,
        virtual_boards::{SampleBoards, Samples},
    },
    shell::window::Window,
};
use eframe::egui;
use fleet::{BoardView, Changes, Fleet, KnownBoard, Listening, LogEntry};
use jiff::tz::TimeZone;

/// How long a frame may spend on changes of the fleet; the rest waits for the
/// next frame.
const BUDGET: Duration = Duration::from_millis(3);

/// After a frame that left something over, the budget is this fraction of the
/// time since. Where painting is slow, as without a graphics card, there are
/// few frames to catch up in.
const PART: u32 = 6;

/// How long changed settings may wait to be written.
const KEEP_WITHIN: Duration = Duration::from_millis(500);

/// A window that has drawn this many frames over [`STARTS_FOR`] has started:
/// see [`Settings::begin_run`].
const STARTS_WITH: u32 = 3;
const STARTS_FOR: Duration = Duration::from_secs(1);

/// The window as an [`eframe::App`].
pub struct App {
    pub(super) fleet: Fleet,
    pub(super) wakes: Wakes,
    /// Boards that were drained but not applied yet.
    pub(super) backlog: VecDeque<Arc<BoardView>>,
    /// Events that were drained but not applied yet.
    pub(super) events: VecDeque<Arc<LogEntry>>,
    /// When the last frame started, if it left something over.
    pub(super) left_over: Option<Instant>,
    pub(super) window: Window,
    pub(super) settings: Settings,
    pub(super) file: SettingsFile,
    /// The live previews that the fleet follows.
    pub(super) previews: Previews,
    /// The roster version whose boards are in the settings.
    pub(super) remembered: Option<u64>,
    /// When the settings were last checked for changes.
    pub(super) looked: Option<Instant>,
    pub(super) starter: Starter,
    /// Replies to commands.
    pub(super) answers: (mpsc::Sender<CommandReply>, mpsc::Receiver<CommandReply>),
    /// Commands of batches that are not sent yet: the batch's number and the
    /// step's index.
    pub(super) waiting: VecDeque<(u64, usize, BatchStep)>,
    /// How many of them are sent and still unanswered.
    pub(super) underway: usize,
    /// Backups that are being restored.
    pub(super) restoring: Vec<Restoring>,
    /// The current file task; a newer one replaces it.
    pub(super) file_task: Option<RunningTask>,
    pub(super) zone: TimeZone,
    /// What it does with this computer.
    pub(super) local: Local,
    /// How many frames were drawn, and when the first was drawn.
    pub(super) frames: u32,
    pub(super) started: Option<Instant>,
}

impl App {
    /// An app over a running fleet. Boards that an earlier run remembered are
    /// added to it.
    pub fn new(
        cc: &eframe::CreationContext<'_>,
        fleet: Fleet,
        mut file: SettingsFile,
        samples: Option<Box<dyn SampleBoards>>,
    ) -> Self {
        let settings = file.settings().clone();
        let abilities = Abilities::of(fleet.status().server.is_some());
        // A server keeps its own list of boards.
        let is_kept_here = abilities == Abilities::Local;
        for forgotten in settings.forgotten.iter().filter(|_| is_kept_here) {
            if let Some(id) = &forgotten.board.id {
                fleet.ignore(id);
            }
        }
        for board in settings.boards.iter().filter(|_| is_kept_here) {
            // A board whose address cannot be parsed, perhaps one of a newer
            // version, stays in the file but is not shown.
            let _ = fleet.recall(known_board(board.clone()));
        }
        let ctx = cc.egui_ctx.clone();
        file.on_change_of_problem(move || ctx.request_repaint());
        let wakes = Wakes::new(&fleet, &cc.egui_ctx);
        let mut window = Window::new(&cc.egui_ctx, &settings);
        window.model.abilities = abilities;
        if let Some(samples) = &samples {
            window.model.samples = Samples::new(samples.ids());
        }
        let starter = samples.map_or(Starter::Absent, Starter::Ready);
        let (zone, problem) = text::local_zone();
        if let Some(problem) = problem {
            log::warn!("{problem}");
        }
        let mut app = Self {
            fleet,
            wakes,
            backlog: VecDeque::new(),
            events: VecDeque::new(),
            left_over: None,
            window,
            settings,
            file,
            previews: Previews::default(),
            remembered: None,
            looked: None,
            starter,
            answers: mpsc::channel(),
            waiting: VecDeque::new(),
            underway: 0,
            restoring: Vec::new(),
            file_task: None,
            zone,
            local: Local::default(),
            frames: 0,
            started: None,
        };
        app.say_whether_virtual_boards_can_start();
        app
    }

    /// Shows a problem of the start, if there was one.
    pub fn report(&mut self, problem: Option<String>) {
        if let Some(problem) = problem {
            self.window.notify(Notice::Failed(problem));
        }
    }

    /// What the window shows.
    pub fn window(&self) -> &Window {
        &self.window
    }

    /// Makes everything that was done older by this much, for tests.
    #[doc(hidden)]
    pub fn age_history(&mut self, by: Duration) {
        self.window.history.age(by);
    }

    /// The fleet behind the window.
    pub fn fleet(&self) -> &Fleet {
        &self.fleet
    }

    /// Applies changes, within the budget. While some are left, nothing more is
    /// drained: the fleet then keeps the newest state of each board and counts
    /// the events that it drops, so that a slow window falls behind by a
    /// bounded time only.
    fn apply_changes(&mut self, ctx: &egui::Context) {
        let begun = Instant::now();
        let since = self
            .left_over
            .map_or(Duration::ZERO, |then| begun.saturating_duration_since(then));
        if self.backlog.is_empty() && self.events.is_empty() {
            let Changes {
                boards,
                log,
                forgotten,
                missed,
                status,
            } = self.wakes.drain(begun);
            if let Some(Listening::Failed { address, problem }) =
                status.as_ref().map(|status| &status.listening)
                && !matches!(
                    self.window.model.status().listening,
                    Listening::Failed { .. }
                )
            {
                self.window.notify(Notice::Failed(format!(
                    "Cannot accept inbound connections at {address}: {problem}"
                )));
            }
            if let Some(server) = status.as_ref().and_then(|status| status.server.as_ref()) {
                self.window.present(server);
            }
            if let Some(status) = &status {
                self.report_brokers(status);
            }
            let rest = Changes {
                boards: Vec::new(),
                log: Vec::new(),
                forgotten,
                missed,
                status,
            };
            self.window.model.apply(rest, begun);
            self.backlog.extend(boards);
            self.events.extend(log);
        }
        self.apply_backlog(begun, BUDGET.max(since / PART));
        self.left_over = None;
        if !(self.backlog.is_empty() && self.events.is_empty()) {
            self.left_over = Some(begun);
            ctx.request_repaint_after(NEXT_FRAME);
        }
    }

    /// Applies boards before their events.
    fn apply_backlog(&mut self, begun: Instant, budget: Duration) {
        while let Some(board) = self.backlog.pop_front() {
            if self.is_wanted(&board) {
                self.follow_link(&board, begun);
                self.window.put(board, self.wakes.shown());
            }
            if begun.elapsed() > budget {
                return;
            }
        }
        while let Some(entry) = self.events.pop_front() {
            self.window.add_event(entry, self.wakes.shown(), begun);
            if begun.elapsed() > budget {
                return;
            }
        }
    }

    /// Whether a board belongs into the list: unless it was forgotten. One that
    /// was added by its address is no longer forgotten.
    fn is_wanted(&mut self, board: &BoardView) -> bool {
        let model = &mut self.window.model;
        if model.board(board.key).is_some() || model.forgotten().is_empty() {
            return true;
        }
        if model.stays_away(board) {
            return false;
        }
        if model.take_forgotten(&to_remember(board))
            && let Some(id) = &board.id
        {
            self.fleet.stop_ignoring(id);
        }
        true
    }

    /// Polls the background work.
    fn answers(&mut self, ctx: &egui::Context) {
        self.poll_starter();
        self.poll_replies(ctx);
        self.poll_restoring(ctx);
        self.send_waiting(ctx);
        self.poll_file_task(ctx);
        self.poll_local(ctx);
    }

    fn follow_previews(&self, changes: &previews::Changes) {
        for board in &changes.start {
            self.fleet.follow_preview(*board, true);
        }
        for board in &changes.stop {
            self.fleet.follow_preview(*board, false);
        }
    }

    /// Records that the window has started, once it has.
    fn record_start(&mut self, context: &FrameContext) {
        self.frames = self.frames.saturating_add(1);
        let started = *self.started.get_or_insert(context.now);
        let age = context.now.saturating_duration_since(started);
        if self.settings.starting && self.frames >= STARTS_WITH && age >= STARTS_FOR {
            self.settings.starting = false;
        }
        if self.settings.starting {
            context.again_in(STARTS_FOR.saturating_sub(age));
        }
    }

    /// Makes sure that changed settings are on their way to the disk within
    /// [`KEEP_WITHIN`], with one more frame if needed.
    fn save_settings_soon(&mut self, context: &FrameContext) {
        let since = self
            .looked
            .map(|looked| context.now.saturating_duration_since(looked));
        if let Some(left) = since
            .and_then(|since| KEEP_WITHIN.checked_sub(since))
            .filter(|left| !left.is_zero())
        {
            context.again_in(left);
            return;
        }
        self.looked = Some(context.now);
        self.remember();
    }

    fn remember(&mut self) {
        self.window.remember(&mut self.settings);
        // A thousand boards take a millisecond, and rarely change.
        let roster = Some(self.window.model.roster_version());
        // The boards of a server are not this computer's.
        let is_kept_here = self.window.model.abilities == Abilities::Local;
        if is_kept_here && self.remembered != roster {
            self.settings.remember(
                self.window
                    .model
                    .boards()
                    .filter(|view| view.is_worth_remembering())
                    .map(|view| to_remember(view)),
            );
            self.remembered = roster;
        }
        self.file.keep(&self.settings);
    }
}

/// A board of an earlier run, as the fleet takes it.
pub(super) fn known_board(board: RememberedBoard) -> KnownBoard {
    let RememberedBoard {
        id,
        family,
        name,
        address,
        by_hand,
    } = board;
    KnownBoard {
        id,
        family,
        name,
        address,
        by_hand,
        ..KnownBoard::default()
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        let hidden = self.previews.before_frame();
        self.follow_previews(&hidden);
        if let Some(preferences) = self.desktop_preferences() {
            self.window.follow_desktop(ctx, preferences);
        }
        self.apply_changes(ctx);
        self.answers(ctx);
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        log::trace!(
            "a frame is drawn, because of {:?}",
            ui.ctx().repaint_causes()
        );
        let clock = self.fleet.clock();
        let context = FrameContext::new(Instant::now(), clock.now(), self.zone.clone())
            .with_timeline(clock.timeline());
        self.window.unsaved = self.file.problem();
        let requests = self.window.show(ui, &context);
        self.record_start(&context);
        for request in requests {
            match request {
                Request::Board(command) => self.command(command, ui.ctx()),
                Request::Task(task) => self.run_task(task, ui.ctx()),
            }
        }
        self.wakes.shows(context.shown());
        let previews = self.previews.drawn(context.now, &context.previews());
        self.follow_previews(&previews);
        if let Some(delay) = previews.again_in {
            context.again_in(delay);
        }
        self.save_settings_soon(&context);
        context.schedule(ui.ctx());
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        self.settings.starting = false;
        self.remember();
    }
}

impl Drop for App {
    fn drop(&mut self) {
        // A frame panicked, and the next start may draw the same again. The
        // window itself may be inconsistent and is not asked.
        if std::thread::panicking() {
            self.settings.starting = true;
            self.file.keep(&self.settings);
        }
    }
}

//! Joins the window to the fleet: hands over what changed, within a budget of
//! time a frame, and carries out what is asked.

mod aside;
mod calls;
mod commands;
mod keys;

use std::{
    collections::VecDeque,
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use super::{
    Action, Asks, Batch, Moment, Notice, Settings, SettingsFile, StartVirtualBoards, Step, What,
    Window, files::Journey, key_ring::KeyRing, settings::RememberedBoard,
};
use crate::doctor::Examination;
use crate::fleet::{
    BoardView, Changes, Fleet, KnownBoard, LinkProblem, LinkState, Listening, LogEntry, Shown,
    Watch,
};
use crate::keys::Store;
use crate::words;
use aside::Starter;
use commands::Answered;
use eframe::egui;
use jiff::tz::TimeZone;
use protocol::{Object, method};

/// How long a frame may spend on taking over what changed; the rest waits for
/// the next.
const BUDGET: Duration = Duration::from_millis(3);

/// After a frame that left something over it may be this part of the time
/// since: where painting is slow, as without a graphics card, there are few
/// frames to take everything over in.
const PART: u32 = 6;

/// How long a change of what is remembered may wait to be written.
const KEEP_WITHIN: Duration = Duration::from_millis(500);

/// A window that has drawn this many frames over [`STARTS_FOR`] has started:
/// see [`Settings::begin_run`].
const STARTS_WITH: u32 = 3;
const STARTS_FOR: Duration = Duration::from_secs(1);

/// The window as an [`eframe::App`].
pub struct App {
    fleet: Fleet,
    watch: Watch,
    /// Boards that were drained and not yet taken over.
    backlog: VecDeque<Arc<BoardView>>,
    /// Events that were drained and not yet taken over.
    events: VecDeque<Arc<LogEntry>>,
    /// When the last frame began, if it left something over.
    left_over: Option<Instant>,
    window: Window,
    settings: Settings,
    file: SettingsFile,
    /// What was drawn last.
    shown: Option<Shown>,
    /// The roster whose boards are in the settings.
    remembered: Option<u64>,
    /// When it was last looked whether something is to be written.
    looked: Option<Instant>,
    starter: Starter,
    /// Answers to commands: of which batch, to which of its commands.
    answers: (mpsc::Sender<Answered>, mpsc::Receiver<Answered>),
    /// Commands of batches that are not yet sent: their batch's number and
    /// their place in it.
    waiting: VecDeque<(u64, usize, Step)>,
    /// How many of them were sent and are not yet answered.
    underway: usize,
    /// An errand with a file; a newer one takes its place.
    errand: Option<Journey>,
    /// What the doctor is finding out.
    examination: Option<Examination>,
    keys: KeyRing,
    zone: TimeZone,
    /// How many frames were drawn, and when the first was.
    frames: u32,
    started: Option<Instant>,
}

impl App {
    /// An app over a fleet that has been started. Boards that an earlier run
    /// remembered are added to it.
    pub fn new(
        cc: &eframe::CreationContext<'_>,
        fleet: Fleet,
        mut file: SettingsFile,
        virtual_boards: Option<StartVirtualBoards>,
    ) -> Self {
        let settings = file.settings().clone();
        for board in &settings.boards {
            let RememberedBoard {
                id,
                name,
                address,
                by_hand,
            } = board.clone();
            // A board whose address cannot be read, perhaps of a newer version,
            // stays in the file and is not shown.
            let _ = fleet.recall(KnownBoard {
                id,
                name,
                address,
                by_hand,
                ..KnownBoard::default()
            });
        }
        let ctx = cc.egui_ctx.clone();
        file.on_change_of_problem(move || ctx.request_repaint());
        let ctx = cc.egui_ctx.clone();
        let watch = fleet.watch(move || ctx.request_repaint());
        let window = Window::new(&cc.egui_ctx, &settings);
        let starter = virtual_boards.map_or(Starter::Absent, Starter::Ready);
        let (zone, problem) = words::local_zone();
        if let Some(problem) = problem {
            log::warn!("{problem}");
        }
        let mut app = Self {
            fleet,
            watch,
            backlog: VecDeque::new(),
            events: VecDeque::new(),
            left_over: None,
            window,
            settings,
            file,
            shown: None,
            remembered: None,
            looked: None,
            starter,
            answers: mpsc::channel(),
            waiting: VecDeque::new(),
            underway: 0,
            errand: None,
            examination: None,
            keys: KeyRing::default(),
            zone,
            frames: 0,
            started: None,
        };
        app.say_whether_virtual_boards_can_start();
        app
    }

    /// Loads the keys of locked boards from there, and saves those to come
    /// there. Until they are loaded the fleet holds none.
    #[must_use]
    pub fn with_keys(mut self, store: Store, ctx: &egui::Context) -> Self {
        self.keys = KeyRing::load(store, ctx);
        self
    }

    /// Shows a problem of the start, if there was one.
    pub fn report(&mut self, problem: Option<String>) {
        if let Some(problem) = problem {
            self.window.tell(Notice::Failed(problem));
        }
    }

    /// What the window shows.
    pub fn window(&self) -> &Window {
        &self.window
    }

    /// The fleet behind the window.
    pub fn fleet(&self) -> &Fleet {
        &self.fleet
    }

    /// Takes over what changed, within the budget. While something waits
    /// nothing more is drained: the fleet then keeps the newest of each board
    /// and counts the events that it has to forget, so that a window that
    /// is too slow falls behind by a bounded time and never for good.
    fn take_over(&mut self, ctx: &egui::Context) {
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
            } = self.watch.drain();
            // What was forgotten is not among the boards any more.
            if let Some(Listening::Failed { address, problem }) =
                status.as_ref().map(|status| &status.listening)
                && !matches!(
                    self.window.model.status().listening,
                    Listening::Failed { .. }
                )
            {
                self.window.tell(Notice::Failed(format!(
                    "Boards cannot call {address}: {problem}"
                )));
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
        self.take_waiting(begun, BUDGET.max(since / PART));
        self.left_over = None;
        if !(self.backlog.is_empty() && self.events.is_empty()) {
            self.left_over = Some(begun);
            ctx.request_repaint();
        }
    }

    /// Boards before what happened to them.
    fn take_waiting(&mut self, begun: Instant, budget: Duration) {
        while let Some(board) = self.backlog.pop_front() {
            self.window.put(board, self.shown.as_ref());
            if begun.elapsed() > budget {
                return;
            }
        }
        while let Some(entry) = self.events.pop_front() {
            self.window.happened(entry, self.shown.as_ref(), begun);
            if begun.elapsed() > budget {
                return;
            }
        }
    }

    fn carry_out(&mut self, action: Action, ctx: &egui::Context) {
        match action {
            Action::Set {
                board,
                component,
                change,
            } => {
                let reply = self.reply_to(board, component.to_string(), ctx);
                self.fleet.set(board, &component, change, reply);
            }
            Action::Press { board, component } => {
                let reply = self.reply_to(board, component.to_string(), ctx);
                self.fleet.press(board, &component, reply);
            }
            Action::Call(board, method, params) => self.send(board, &method, params, ctx),
            Action::ListClients(board, offset) => {
                let params = Object::from_iter([("offset".to_owned(), offset.into())]);
                self.ask_about_clients(board, None, method::CLIENTS_LIST, params, ctx);
            }
            Action::CloseClient(board, client) => {
                let params = Object::from_iter([("id".to_owned(), client.into())]);
                self.ask_about_clients(board, Some(client), method::CLIENTS_CLOSE, params, ctx);
            }
            Action::Identify(board) => {
                self.fleet
                    .call(board, method::DEVICE_IDENTIFY, Object::new(), None)
            }
            Action::TryNow(board) => match self.window.model.board(board).map(|view| &view.link) {
                Some(LinkState::Announced) => self.fleet.connect(board),
                // The keychain may have been unlocked by now; with the key the
                // board is tried again.
                Some(LinkState::Unreachable {
                    problem: LinkProblem::KeyUnavailable { .. },
                    ..
                }) => {
                    self.keys.load_again(ctx);
                }
                _ => self.fleet.retry_now(board),
            },
            Action::Forget(board) => {
                if let Some(known) = self.window.model.board(board).map(|view| to_remember(view)) {
                    self.settings
                        .boards
                        .retain(|remembered| !remembered.is(&known));
                }
                self.fleet.forget(board);
            }
            Action::Add(address) => self.add(&address),
            Action::StartVirtualBoards(count) => self.start_virtual_boards(count, ctx),
            Action::Rename(board, name) => {
                let before = self
                    .window
                    .model
                    .board(board)
                    .map(|view| self.window.model.title(view))
                    .unwrap_or_default();
                let params = Object::from_iter([("name".to_owned(), name.clone().into())]);
                let what = What::Call(method::DEVICE_SET_NAME.to_owned(), params);
                let title = format!("Rename {before} to {name}");
                self.carry_out(
                    Action::Together(Batch::new(title, vec![Step { board, what }])),
                    ctx,
                );
                self.window.answer_dialog(Ok(()));
            }
            Action::Together(batch) => {
                let number = self.window.give(&batch);
                self.give(number, batch, ctx);
            }
            Action::Cancel(batch) => self.cancel(batch),
            Action::Undo(batch) => match self.window.undo(batch) {
                Some((number, batch)) => self.give(number, batch, ctx),
                None => self
                    .window
                    .tell(Notice::Done("There is nothing to undo.".to_owned())),
            },
            Action::File(errand) => match Journey::begin(errand, &self.window.model, ctx.clone()) {
                Ok(journey) => self.errand = Some(journey),
                Err(error) => self
                    .window
                    .tell(Notice::Failed(format!("No thread for the file: {error}"))),
            },
            Action::Path(path) => {
                if let Some(Err(error)) = self
                    .errand
                    .as_mut()
                    .map(|errand| errand.go_on(path, ctx.clone()))
                {
                    self.window
                        .tell(Notice::Failed(format!("No thread for the file: {error}")));
                }
            }
            Action::Examine(wanted) => self.examine(wanted.as_deref(), ctx),
            Action::StopExamining => {
                self.examination = None;
                self.window.doctor.stopped();
                ctx.request_repaint();
            }
            Action::CancelUpdate(board) => self.fleet.cancel_update(board),
            Action::EnterKey(board, text) => self.enter_key(board, &text, ctx),
            Action::Pair { board, replace } => self.pair(board, replace, ctx),
            Action::CodesMatch => {
                self.keys.codes_match();
                self.window.codes_match();
            }
            Action::CodesDiffer => self.codes_differ(),
            Action::ForgetKey(board) => {
                let id = self
                    .window
                    .model
                    .board(board)
                    .and_then(|view| match &view.link {
                        // It was only said, and not believed.
                        LinkState::Unreachable {
                            problem:
                                LinkProblem::NotLocked { board }
                                | LinkProblem::KeyUnavailable { board, .. },
                            ..
                        } => Some(board.clone()),
                        _ => view.id.clone(),
                    });
                if let Some(id) = id {
                    self.fleet.forget_key(&id);
                    self.keys.forget(id, ctx);
                }
            }
            Action::Listen(wanted) => self.listen(wanted.as_deref()),
            Action::AskCall(board) => {
                let (listening, begins) = self.listens_or_would();
                let url = self
                    .fleet
                    .call_url(board, listening)
                    .map(|url| url.to_string())
                    .unwrap_or_default();
                self.window.ask(Asks::Call { board, begins }, url);
            }
            Action::HaveCall(board, text) => self.have_call(board, &text, ctx),
            // The window did these itself.
            Action::Show { .. }
            | Action::Go(_)
            | Action::Select(_)
            | Action::Ask(..)
            | Action::Mark(_)
            | Action::MarkTo(_)
            | Action::MarkAll
            | Action::MarkNone
            | Action::SetLabels(..)
            | Action::Arrange(_)
            | Action::Plot(_)
            | Action::Pin(..)
            | Action::TakeScene(..)
            | Action::ApplyScene(_)
            | Action::ShowDashboard(_)
            | Action::ShowFrames(_)
            | Action::Name(..)
            | Action::Open(_)
            | Action::Theme(_)
            | Action::CloseDialog
            | Action::Dismiss(_) => {}
        }
    }

    fn add(&mut self, address: &str) {
        match self.fleet.add_address(address) {
            Ok(key) => {
                self.window.model.select(key);
                self.window.answer_dialog(Ok(()));
            }
            Err(error) => self.window.answer_dialog(Err(error.to_string())),
        }
    }

    /// Looks whether a thread has finished.
    fn answers(&mut self, ctx: &egui::Context) {
        self.answer_starter();
        self.answer_commands();
        self.give_on(ctx);
        self.answer_errand();
        self.answer_keys();
        self.go_on_examining();
    }

    /// Notes that the window has started, once it has.
    fn note_start(&mut self, moment: &Moment) {
        self.frames = self.frames.saturating_add(1);
        let started = *self.started.get_or_insert(moment.now);
        let age = moment.now.saturating_duration_since(started);
        if self.settings.starting && self.frames >= STARTS_WITH && age >= STARTS_FOR {
            self.settings.starting = false;
        }
        if self.settings.starting {
            moment.again_in(STARTS_FOR.saturating_sub(age));
        }
    }

    /// Sees to it that what was changed is on its way to the disk within
    /// [`KEEP_WITHIN`]; after frames have ended, with one more.
    fn keep_settings(&mut self, moment: &Moment) {
        let since = self
            .looked
            .map(|looked| moment.now.saturating_duration_since(looked));
        if let Some(left) = since
            .and_then(|since| KEEP_WITHIN.checked_sub(since))
            .filter(|left| !left.is_zero())
        {
            moment.again_in(left);
            return;
        }
        self.looked = Some(moment.now);
        self.remember();
    }

    fn remember(&mut self) {
        self.window.remember(&mut self.settings);
        // A thousand boards take a millisecond, and are seldom others than
        // before.
        let roster = Some(self.window.model.roster());
        if self.remembered != roster {
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

/// A board as the settings keep it.
fn to_remember(board: &BoardView) -> RememberedBoard {
    RememberedBoard {
        address: board.address_to_remember(),
        name: board.name.clone(),
        id: board.id.clone(),
        by_hand: board.by_hand,
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        self.take_over(ctx);
        self.answers(ctx);
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        log::trace!(
            "a frame is drawn, because of {:?}",
            ui.ctx().repaint_causes()
        );
        let clock = self.fleet.clock();
        let moment = Moment::new(Instant::now(), clock.now(), self.zone.clone())
            .with_timeline(clock.timeline());
        self.window.unsaved = self.file.problem();
        let actions = self.window.show(ui, &moment);
        self.note_start(&moment);
        for action in actions {
            self.carry_out(action, ui.ctx());
        }
        let shown = moment.shown();
        if self.shown.as_ref() != Some(&shown) {
            self.watch.shows(shown.clone());
            self.shown = Some(shown);
        }
        self.keep_settings(&moment);
        moment.schedule(ui.ctx());
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        self.settings.starting = false;
        self.remember();
    }
}

impl Drop for App {
    fn drop(&mut self) {
        // A frame panicked: what it drew may be drawn again at the next start.
        // The window itself is not asked, being half done.
        if std::thread::panicking() {
            self.settings.starting = true;
            self.file.keep(&self.settings);
        }
    }
}

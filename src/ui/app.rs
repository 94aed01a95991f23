//! Joins the window to the fleet: hands over what changed, within a budget of time a frame, and carries out what is asked.

use std::{
    collections::VecDeque,
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant, SystemTime},
};

use super::{
    Action, Moment, Notice, Settings, SettingsFile, StartVirtualBoards, VirtualBoards, Window,
    choose::{self, Choice, Chosen},
    save::{self, Lines, Saved},
    settings::RememberedBoard,
};
use crate::fleet::{BoardView, Changes, Fleet, ImageSource, KnownBoard, LinkState, LogEntry, Watch};
use eframe::egui;
use jiff::tz::TimeZone;
use protocol::{Object, method};

/// How long a frame may spend on taking over what changed; the rest waits for the next.
const BUDGET: Duration = Duration::from_millis(8);

/// How long a change of what is remembered may wait to be written.
const KEEP_WITHIN: Duration = Duration::from_millis(500);

/// Where the hook that starts virtual boards is.
enum Starter {
    Absent,
    Ready(StartVirtualBoards),
    /// On a thread, which gives it back.
    Busy(mpsc::Receiver<(StartVirtualBoards, Result<(), String>)>),
}

/// The window as an [`eframe::App`].
pub struct App {
    fleet: Fleet,
    watch: Watch,
    /// Boards that were drained and not yet taken over.
    backlog: VecDeque<Arc<BoardView>>,
    window: Window,
    settings: Settings,
    file: SettingsFile,
    /// When it was last looked whether something is to be written.
    looked: Option<Instant>,
    starter: Starter,
    saving: Option<mpsc::Receiver<Saved>>,
    /// Lines whose path is being typed.
    unsaved: Option<Lines>,
    choosing: Option<Choice>,
    zone: TimeZone,
}

impl App {
    /// An app over a fleet that has been started. Boards that an earlier run remembered are added to it.
    pub fn new(
        cc: &eframe::CreationContext<'_>,
        fleet: Fleet,
        file: SettingsFile,
        virtual_boards: Option<StartVirtualBoards>,
    ) -> Self {
        let settings = file.settings().clone();
        for board in &settings.boards {
            let RememberedBoard { id, name, address, by_hand } = board.clone();
            // A board whose address cannot be read, perhaps of a newer version, stays in the file and is not shown.
            let _ = fleet.recall(KnownBoard { id, name, address, by_hand });
        }
        let ctx = cc.egui_ctx.clone();
        let watch = fleet.watch(move || ctx.request_repaint());
        let window = Window::new(&cc.egui_ctx, &settings);
        let starter = virtual_boards.map_or(Starter::Absent, Starter::Ready);
        let mut app = Self {
            fleet,
            watch,
            backlog: VecDeque::new(),
            window,
            settings,
            file,
            looked: None,
            starter,
            saving: None,
            unsaved: None,
            choosing: None,
            zone: TimeZone::system(),
        };
        app.say_whether_virtual_boards_can_start();
        app
    }

    /// Shows a problem of the start, if there was one.
    pub fn report(&mut self, problem: Option<String>) {
        if let Some(problem) = problem {
            self.window.notice = Some(Notice::Failed(problem));
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

    fn take_over(&mut self, ctx: &egui::Context) {
        let begun = Instant::now();
        if self.backlog.is_empty() {
            let mut changes = self.watch.drain();
            self.backlog.extend(changes.boards.drain(..));
            // What is forgotten or logged is little, and drained after the boards it is about were known.
            self.take_boards(begun);
            self.backlog.retain(|board| !changes.forgotten.contains(&board.key));
            self.window.model.apply(Changes { boards: Vec::new(), ..changes }, begun);
        } else {
            self.take_boards(begun);
        }
        if !self.backlog.is_empty() {
            ctx.request_repaint();
        }
    }

    fn take_boards(&mut self, begun: Instant) {
        while let Some(board) = self.backlog.pop_front() {
            self.window.model.put(board);
            if begun.elapsed() > BUDGET {
                return;
            }
        }
    }

    fn carry_out(&mut self, action: Action, ctx: &egui::Context) {
        match action {
            Action::Set { board, component, change } => self.fleet.set(board, &component, change, None),
            Action::Press { board, component } => self.fleet.press(board, &component, None),
            Action::Identify(board) => self.fleet.call(board, method::DEVICE_IDENTIFY, Object::new(), None),
            Action::TryNow(board) => match self.window.model.board(board).map(|view| &view.link) {
                Some(LinkState::Announced) => self.fleet.connect(board),
                _ => self.fleet.retry_now(board),
            },
            Action::Forget(board) => {
                if let Some(known) = self.window.model.board(board).and_then(|view| RememberedBoard::of(view)) {
                    self.settings.boards.retain(|remembered| !remembered.is(&known));
                }
                self.fleet.forget(board);
            }
            Action::Add(address) => self.add(&address),
            Action::StartVirtualBoards(count) => self.start_virtual_boards(count, ctx),
            Action::Save(entries) if self.saving.is_none() => {
                self.await_saving(save::ask_and_save(self.lines(entries), ctx.clone()));
            }
            Action::SaveTo(path) if self.saving.is_none() => {
                if let Some(lines) = self.unsaved.clone() {
                    self.await_saving(save::save_to(path, lines, ctx.clone()));
                }
            }
            Action::AskForImage(board) if self.choosing.is_none() => {
                let name = self.window.model.board(board).map(|view| view.name.clone()).unwrap_or_default();
                match choose::ask(board, &name, ctx.clone()) {
                    Ok(choice) => self.choosing = Some(choice),
                    Err(error) => self.window.notice = Some(Notice::Failed(format!("No thread to ask: {error}"))),
                }
            }
            Action::Update(board, path) => {
                self.fleet.update(board, ImageSource::File(path));
                self.window.answer_dialog(Ok(()));
            }
            Action::CancelUpdate(board) => self.fleet.cancel_update(board),
            // The window did these itself, or the same question is open.
            Action::AskForImage(_)
            | Action::Save(_)
            | Action::SaveTo(_)
            | Action::Show { .. }
            | Action::Go(_)
            | Action::Select(_)
            | Action::AskForAddress
            | Action::Theme(_)
            | Action::CloseDialog
            | Action::DismissNotice => {}
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

    fn start_virtual_boards(&mut self, count: usize, ctx: &egui::Context) {
        let starter = std::mem::replace(&mut self.starter, Starter::Absent);
        self.starter = match starter {
            Starter::Ready(mut start) => {
                let (sender, receiver) = mpsc::channel();
                let ctx = ctx.clone();
                let run = move || {
                    let outcome = start(count);
                    let _ = sender.send((start, outcome));
                    ctx.request_repaint();
                };
                match thread::Builder::new().name("virtual boards".to_owned()).spawn(run) {
                    Ok(_) => Starter::Busy(receiver),
                    Err(error) => {
                        self.window.notice = Some(Notice::Failed(format!("No thread for virtual boards: {error}")));
                        Starter::Absent
                    }
                }
            }
            other => other,
        };
        self.say_whether_virtual_boards_can_start();
    }

    /// Looks whether a thread has finished.
    fn answers(&mut self) {
        if let Starter::Busy(receiver) = &self.starter {
            match receiver.try_recv() {
                Ok((start, outcome)) => {
                    self.starter = Starter::Ready(start);
                    if let Err(problem) = outcome {
                        let words = format!("Virtual boards could not be started: {problem}");
                        self.window.notice = Some(Notice::Failed(words));
                    }
                    self.say_whether_virtual_boards_can_start();
                }
                Err(mpsc::TryRecvError::Empty) => {}
                Err(mpsc::TryRecvError::Disconnected) => {
                    self.starter = Starter::Absent;
                    self.say_whether_virtual_boards_can_start();
                }
            }
        }
        self.answer_choice();
        let Some(answer) = self.saving.as_ref().map(mpsc::Receiver::try_recv) else { return };
        match answer {
            Err(mpsc::TryRecvError::Empty) => return,
            Ok(Saved::To(path)) => {
                self.window.notice = Some(Notice::Done(format!("Saved to {}.", path.display())));
                if self.unsaved.take().is_some() {
                    self.window.answer_dialog(Ok(()));
                }
            }
            // Where a path was typed, the dialog says so and another can be.
            Ok(Saved::Failed(error)) => self.window.answer_dialog(Err(error.to_string())),
            Ok(Saved::NoDialog(lines)) => {
                self.unsaved = Some(lines);
                self.window.ask_for_path(save::proposed_path());
            }
            Ok(Saved::Cancelled) | Err(mpsc::TryRecvError::Disconnected) => {}
        }
        self.saving = None;
    }

    /// Looks whether an image was chosen.
    fn answer_choice(&mut self) {
        let Some(Choice { board, answer }) = &self.choosing else { return };
        let board = *board;
        match answer.try_recv() {
            Err(mpsc::TryRecvError::Empty) => return,
            Ok(Chosen::File(path)) => self.fleet.update(board, ImageSource::File(path)),
            Ok(Chosen::NoDialog) => self.window.ask_for_image(board),
            Ok(Chosen::Cancelled) | Err(mpsc::TryRecvError::Disconnected) => {}
        }
        self.choosing = None;
    }

    /// Sees to it that what was changed is on its way to the disk within [`KEEP_WITHIN`]; after frames have ended, with one more.
    fn keep_settings(&mut self, moment: &Moment) {
        let since = self.looked.map(|looked| moment.now.saturating_duration_since(looked));
        if let Some(left) = since.and_then(|since| KEEP_WITHIN.checked_sub(since)).filter(|left| !left.is_zero()) {
            moment.again_in(left);
            return;
        }
        self.looked = Some(moment.now);
        self.remember();
    }

    fn remember(&mut self) {
        self.window.remember(&mut self.settings);
        self.settings.remember(self.window.model.boards().filter_map(|view| RememberedBoard::of(view)));
        self.file.keep(&self.settings);
    }

    fn say_whether_virtual_boards_can_start(&mut self) {
        self.window.virtual_boards = match self.starter {
            Starter::Absent => VirtualBoards::Absent,
            Starter::Ready(_) => VirtualBoards::Ready,
            Starter::Busy(_) => VirtualBoards::Starting,
        };
    }

    /// Lines with what is known of their boards now.
    fn lines(&self, entries: Vec<Arc<LogEntry>>) -> Lines {
        let boards = self.window.model.boards().map(|board| (board.key, Arc::clone(board))).collect();
        Lines { entries, boards }
    }

    fn await_saving(&mut self, begun: std::io::Result<mpsc::Receiver<Saved>>) {
        match begun {
            Ok(answer) => self.saving = Some(answer),
            Err(error) => self.window.notice = Some(Notice::Failed(format!("No thread for saving: {error}"))),
        }
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        self.take_over(ctx);
        self.answers();
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        let moment = Moment::new(Instant::now(), SystemTime::now(), self.zone.clone());
        let actions = self.window.show(ui, &moment);
        for action in actions {
            self.carry_out(action, ui.ctx());
        }
        self.keep_settings(&moment);
        moment.schedule(ui.ctx());
    }

    fn on_exit(&mut self, _gl: Option<&eframe::glow::Context>) {
        self.remember();
    }
}

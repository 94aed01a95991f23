//! Joins the window to the fleet: hands over what changed, within a budget of time a frame, and carries out what is asked.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant, SystemTime},
};

use super::{
    Action, Asks, Batch, Moment, Notice, Settings, SettingsFile, StartVirtualBoards, Step, VirtualBoards, What, Window,
    dialogs::EVERYWHERE,
    doctor::asked,
    files::{Answer, Brought, Journey},
    key_ring::{KeyRing, News},
    settings::RememberedBoard,
};
use crate::doctor::{self, Examination};
use crate::fleet::{
    BoardKey, BoardView, Changes, Fleet, ImageSource, KnownBoard, LinkProblem, LinkState, Listening, LogEntry, Outcome,
    Reply, Shown, Watch, listen_address,
};
use crate::{
    keys::{self, Store},
    pairing::Progress,
};
use eframe::egui;
use jiff::tz::TimeZone;
use protocol::{Object, method, outbound::CallUrl};
use serde_json::Value;

/// How long a frame may spend on taking over what changed; the rest waits for the next.
const BUDGET: Duration = Duration::from_millis(3);

/// After a frame that left something over it may be this part of the time since: where painting is slow, as without a graphics card,
/// there are few frames to take everything over in.
const PART: u32 = 6;

/// So many commands of batches are under way at once; the others wait and can be cancelled.
const UNDER_WAY: usize = 128;

/// How long a change of what is remembered may wait to be written.
const KEEP_WITHIN: Duration = Duration::from_millis(500);

/// The answer to a command, and what came of it.
enum Answered {
    /// To one of a batch: the batch's number, and the place in it.
    Step(u64, usize, Outcome),
    /// To a single command of a board: what it was about.
    Single(BoardKey, String, Outcome),
    /// To what was sent from the page of frames.
    Call(Outcome),
    /// To who is connected to a board, or, with a number, to the end of that connection.
    Clients(BoardKey, Option<u32>, Outcome),
}

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
    /// Happenings that were drained and not yet taken over.
    happenings: VecDeque<Arc<LogEntry>>,
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
    /// Commands of batches that are not yet sent: their batch's number and their place in it.
    waiting: VecDeque<(u64, usize, Step)>,
    /// How many of them were sent and are not yet answered.
    underway: usize,
    /// An errand with a file; a newer one takes its place.
    errand: Option<Journey>,
    /// What the doctor is finding out.
    examination: Option<Examination>,
    keys: KeyRing,
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
            happenings: VecDeque::new(),
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
            zone: TimeZone::system(),
        };
        app.say_whether_virtual_boards_can_start();
        app
    }

    /// Loads the keys of locked boards from there, and saves those to come there. Until they are loaded the fleet holds none.
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

    /// Takes over what changed, within the budget. While something waits nothing more is drained: the fleet then keeps the newest
    /// of each board and counts the happenings that it has to forget, so that a window that is too slow falls behind by a bounded
    /// time and never for good.
    fn take_over(&mut self, ctx: &egui::Context) {
        let begun = Instant::now();
        let since = self.left_over.map_or(Duration::ZERO, |then| begun.saturating_duration_since(then));
        if self.backlog.is_empty() && self.happenings.is_empty() {
            let Changes { boards, log, forgotten, missed, status } = self.watch.drain();
            // What was forgotten is not among the boards any more.
            if let Some(Listening::Failed { address, problem }) = status.as_ref().map(|status| &status.listening)
                && !matches!(self.window.model.status().listening, Listening::Failed { .. })
            {
                self.window.tell(Notice::Failed(format!("Boards cannot call {address}: {problem}")));
            }
            let rest = Changes { boards: Vec::new(), log: Vec::new(), forgotten, missed, status };
            self.window.model.apply(rest, begun);
            self.backlog.extend(boards);
            self.happenings.extend(log);
        }
        self.take_waiting(begun, BUDGET.max(since / PART));
        self.left_over = None;
        if !(self.backlog.is_empty() && self.happenings.is_empty()) {
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
        while let Some(entry) = self.happenings.pop_front() {
            self.window.happened(entry, self.shown.as_ref(), begun);
            if begun.elapsed() > budget {
                return;
            }
        }
    }

    fn carry_out(&mut self, action: Action, ctx: &egui::Context) {
        match action {
            Action::Set { board, component, change } => {
                let reply = self.reply_to(board, component.to_string(), ctx);
                self.fleet.set(board, &component, change, reply);
            }
            Action::Press { board, component } => {
                let reply = self.reply_to(board, component.to_string(), ctx);
                self.fleet.press(board, &component, reply);
            }
            Action::Call(board, method, params) => {
                let (answers, ctx) = (self.answers.0.clone(), ctx.clone());
                let reply = move |outcome| {
                    // The window may be gone; then nobody waits for the answer.
                    let _ = answers.send(Answered::Call(outcome));
                    ctx.request_repaint();
                };
                self.fleet.call(board, &method, params, Some(Box::new(reply)));
            }
            Action::ListClients(board, offset) => {
                let params = Object::from_iter([("offset".to_owned(), offset.into())]);
                self.ask_about_clients(board, None, method::CLIENTS_LIST, params, ctx);
            }
            Action::CloseClient(board, client) => {
                let params = Object::from_iter([("id".to_owned(), client.into())]);
                self.ask_about_clients(board, Some(client), method::CLIENTS_CLOSE, params, ctx);
            }
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
            Action::Rename(board, name) => {
                let before =
                    self.window.model.board(board).map(|view| self.window.model.title(view)).unwrap_or_default();
                let params = Object::from_iter([("name".to_owned(), name.clone().into())]);
                let what = What::Call(method::DEVICE_SET_NAME.to_owned(), params);
                let title = format!("Rename {before} to {name}");
                self.carry_out(Action::Together(Batch::new(title, vec![Step { board, what }])), ctx);
                self.window.answer_dialog(Ok(()));
            }
            Action::Together(batch) => {
                let number = self.window.give(&batch);
                self.give(number, batch, ctx);
            }
            Action::Cancel(batch) => {
                let batches = &mut self.window.batches;
                self.waiting.retain(|(number, step, _)| {
                    let cancelled = *number == batch;
                    if cancelled {
                        batches.cancelled(*number, *step);
                    }
                    !cancelled
                });
            }
            Action::Undo(batch) => match self.window.undo(batch) {
                Some((number, batch)) => self.give(number, batch, ctx),
                None => self.window.tell(Notice::Done("There is nothing to undo.".to_owned())),
            },
            Action::File(errand) => match Journey::begin(errand, &self.window.model, ctx.clone()) {
                Ok(journey) => self.errand = Some(journey),
                Err(error) => self.window.tell(Notice::Failed(format!("No thread for the file: {error}"))),
            },
            Action::Path(path) => {
                if let Some(Err(error)) = self.errand.as_mut().map(|errand| errand.go_on(path, ctx.clone())) {
                    self.window.tell(Notice::Failed(format!("No thread for the file: {error}")));
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
            Action::Pair(board) => {
                if let Some(view) = self.window.model.board(board) {
                    let begun = self.keys.pair(board, &view.address, ctx);
                    match begun {
                        Ok(()) => self.window.dialog_goes_on("Asking the board.".to_owned()),
                        Err(error) => self.window.answer_dialog(Err(error.to_string())),
                    }
                }
            }
            Action::ForgetKey(board) => {
                let id = self.window.model.board(board).and_then(|view| match &view.link {
                    // It was only said, and not believed.
                    LinkState::Unreachable { problem: LinkProblem::NotLocked { board }, .. } => Some(board.clone()),
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
                let url = self.fleet.call_url(board, listening).map(|url| url.to_string()).unwrap_or_default();
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
            | Action::Note(..)
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

    fn ask_about_clients(
        &self,
        board: BoardKey,
        closed: Option<u32>,
        method: &str,
        params: Object,
        ctx: &egui::Context,
    ) {
        let (answers, ctx) = (self.answers.0.clone(), ctx.clone());
        let reply = move |outcome| {
            // The window may be gone; then nobody waits for the answer.
            let _ = answers.send(Answered::Clients(board, closed, outcome));
            ctx.request_repaint();
        };
        self.fleet.call(board, method, params, Some(Box::new(reply)));
    }

    /// Takes what a person typed as a board's key.
    fn enter_key(&mut self, board: BoardKey, text: &str, ctx: &egui::Context) {
        let id = self.window.model.board(board).and_then(|view| view.id.clone());
        let key = match text.parse::<keys::Key>() {
            Ok(key) if id.as_ref().is_none_or(|id| *id == key.board) => key,
            Ok(key) => {
                let words = format!("This is the key of {}, not of {}.", key.board, id.unwrap_or_default());
                return self.window.answer_dialog(Err(words));
            }
            Err(error) => return self.window.answer_dialog(Err(format!("{error}."))),
        };
        self.hold(board, key, ctx);
        self.window.answer_dialog(Ok(()));
    }

    fn hold(&mut self, board: BoardKey, key: keys::Key, ctx: &egui::Context) {
        self.fleet.give_key(key.clone());
        // The same key as before is no news to the fleet; it is wanted now all the same.
        self.fleet.retry_now(board);
        self.keys.keep(key, ctx);
    }

    /// Looks what came of keys that are being loaded, saved or asked for.
    fn answer_keys(&mut self, ctx: &egui::Context) {
        if self.window.pairs_with().is_none() {
            self.keys.stop_pairing();
        }
        while let Some(news) = self.keys.news() {
            match news {
                News::Loaded(keys) => self.fleet.hold_keys(keys),
                News::Failed(problem) => self.window.tell(Notice::Failed(format!("Keys of boards: {problem}."))),
                News::Pairing(Progress::Code { code, .. }) => self.window.dialog_goes_on(format!(
                    "Code: {code}. Compare it with the board's. If they are alike, press the board's button; if not, cancel."
                )),
                News::Pairing(Progress::Paired(key)) => {
                    if let Some(board) = self.window.pairs_with() {
                        self.hold(board, *key, ctx);
                        self.window.answer_dialog(Ok(()));
                        self.window.tell(Notice::Done("The board is paired: this computer has a key for it.".to_owned()));
                    }
                }
                News::Pairing(Progress::Failed(problem)) => {
                    self.keys.stop_pairing();
                    self.window.answer_dialog(Err(format!("{problem}.")));
                }
            }
        }
    }

    /// Where boards can call, or would once this computer listened; and whether it does not yet.
    fn listens_or_would(&self) -> (SocketAddr, bool) {
        match &self.window.model.status().listening {
            Listening::At(address) => (*address, false),
            Listening::Off | Listening::Failed { .. } => (EVERYWHERE, true),
        }
    }

    fn listen(&mut self, wanted: Option<&str>) {
        let address = match wanted.map(listen_address).transpose() {
            Ok(address) => address,
            Err(error) => return self.window.answer_dialog(Err(format!("Accepted: {error}."))),
        };
        self.settings.listen = address;
        self.fleet.listen(address);
        self.window.answer_dialog(Ok(()));
    }

    fn have_call(&mut self, board: BoardKey, text: &str, ctx: &egui::Context) {
        let url = match text {
            "" => None,
            text => match text.parse::<CallUrl>() {
                Ok(url) => Some(url),
                Err(error) => return self.window.answer_dialog(Err(format!("{error}."))),
            },
        };
        let (listening, begins) = self.listens_or_would();
        if begins && url.is_some() && self.fleet.call_url(board, listening) == url {
            self.listen(Some(&listening.to_string()));
        }
        let name = self.window.model.board(board).map(|view| self.window.model.title(view)).unwrap_or_default();
        let title = match &url {
            Some(url) => format!("Have {name} call {url}"),
            None => format!("Have {name} call nobody"),
        };
        let url = url.map_or(Value::Null, |url| Value::String(url.to_string()));
        let what = What::Call(method::OUTBOUND_SET.to_owned(), Object::from_iter([("url".to_owned(), url)]));
        self.carry_out(Action::Together(Batch::new(title, vec![Step { board, what }])), ctx);
        self.window.answer_dialog(Ok(()));
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
                        self.window.tell(Notice::Failed(format!("No thread for virtual boards: {error}")));
                        Starter::Absent
                    }
                }
            }
            other => other,
        };
        self.say_whether_virtual_boards_can_start();
    }

    /// Looks whether a thread has finished.
    fn answers(&mut self, ctx: &egui::Context) {
        if let Starter::Busy(receiver) = &self.starter {
            match receiver.try_recv() {
                Ok((start, outcome)) => {
                    self.starter = Starter::Ready(start);
                    if let Err(problem) = outcome {
                        let words = format!("Virtual boards could not be started: {problem}");
                        self.window.tell(Notice::Failed(words));
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
        self.answer_commands();
        self.give_on(ctx);
        self.answer_errand();
        self.answer_keys(ctx);
        self.go_on_examining();
    }

    /// Takes the answers to commands of batches.
    fn answer_commands(&mut self) {
        while let Ok(answered) = self.answers.1.try_recv() {
            match answered {
                Answered::Step(batch, step, outcome) => {
                    self.window.batches.answered(batch, step, outcome);
                    self.underway = self.underway.saturating_sub(1);
                }
                Answered::Single(board, what, outcome) => {
                    self.window.answered(board, &what, &outcome, self.shown.as_ref());
                }
                Answered::Call(outcome) => self.window.frames.answered(outcome),
                Answered::Clients(board, closed, outcome) => {
                    self.window.lab.clients_answered(board, closed, outcome, Instant::now());
                }
            }
        }
    }

    /// Gives the commands of a batch; their answers arrive later, and `ctx` is woken for each.
    fn give(&mut self, number: u64, batch: Batch, ctx: &egui::Context) {
        self.waiting.extend(batch.steps.into_iter().enumerate().map(|(at, step)| (number, at, step)));
        self.give_on(ctx);
    }

    /// Sends what waits, as far as there is room.
    fn give_on(&mut self, ctx: &egui::Context) {
        while self.underway < UNDER_WAY
            && let Some((number, at, Step { board, what })) = self.waiting.pop_front()
        {
            self.underway += 1;
            let (answers, ctx) = (self.answers.0.clone(), ctx.clone());
            let reply: Reply = Some(Box::new(move |outcome| {
                // The window may be gone; then nobody waits for the answer.
                let _ = answers.send(Answered::Step(number, at, outcome));
                ctx.request_repaint();
            }));
            match what {
                What::Set(component, change) => self.fleet.set(board, &component, change, reply),
                What::Press(component) => self.fleet.press(board, &component, reply),
                What::Call(method, params) => self.fleet.call(board, &method, params, reply),
            }
        }
    }

    /// Takes the answer to a single command.
    fn reply_to(&self, board: BoardKey, what: String, ctx: &egui::Context) -> Reply {
        let (answers, ctx) = (self.answers.0.clone(), ctx.clone());
        Some(Box::new(move |outcome: Outcome| {
            let wakes = !matches!(outcome, Outcome::Done { .. });
            // The window may be gone; then nobody waits for the answer.
            let _ = answers.send(Answered::Single(board, what, outcome));
            if wakes {
                ctx.request_repaint();
            }
        }))
    }

    /// Begins to find out why a board is missing.
    fn examine(&mut self, wanted: Option<&str>, ctx: &egui::Context) {
        let asked = asked(wanted, &self.fleet, &self.window.model, self.keys.held().clone());
        let woken = ctx.clone();
        match Examination::begin(asked, move || woken.request_repaint()) {
            Ok(examination) => {
                self.examination = Some(examination);
                self.window.doctor.began(wanted, Instant::now());
            }
            Err(error) => self.window.tell(Notice::Failed(format!("No thread for the doctor: {error}"))),
        }
        ctx.request_repaint();
    }

    /// Looks how the examination does.
    fn go_on_examining(&mut self) {
        while let Some(step) = self.examination.as_ref().and_then(Examination::step) {
            if !matches!(step, doctor::Step::Trying(_)) {
                self.examination = None;
            }
            self.window.doctor.went_on(step, Instant::now());
        }
    }

    /// Looks what came of an errand with a file.
    fn answer_errand(&mut self) {
        let Some(answer) = self.errand.as_mut().and_then(Journey::answer) else { return };
        match answer {
            Answer::Brought(brought) => {
                self.brought(brought);
                self.window.answer_dialog(Ok(()));
            }
            // Where a path was typed, the dialog says so and another can be.
            Answer::Failed(error) => {
                self.window.answer_dialog(Err(error.to_string()));
                return;
            }
            Answer::NoDialog => {
                if let Some(errand) = &self.errand {
                    let question = errand.question().clone();
                    let proposed = question.proposed();
                    self.window.ask(Asks::Path(Box::new(question)), proposed);
                }
                return;
            }
            Answer::Cancelled => {}
        }
        self.errand = None;
    }

    fn brought(&mut self, brought: Brought) {
        match brought {
            Brought::Saved(path) => self.window.tell(Notice::Done(format!("Saved to {}.", path.display()))),
            Brought::Document(document) => self.window.take_in(*document),
            Brought::Recorder(channel, recorder) => self.window.lab.record(channel, recorder),
            Brought::Recording(loaded) => self.window.lab.show_recording(loaded),
            Brought::Image(board, path) => self.fleet.update(board, ImageSource::File(path)),
        }
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
        // A thousand boards take a millisecond, and are seldom others than before.
        let roster = Some(self.window.model.roster());
        if self.remembered != roster {
            self.settings.remember(self.window.model.boards().filter_map(|view| RememberedBoard::of(view)));
            self.remembered = roster;
        }
        self.file.keep(&self.settings);
    }

    fn say_whether_virtual_boards_can_start(&mut self) {
        self.window.virtual_boards = match self.starter {
            Starter::Absent => VirtualBoards::Absent,
            Starter::Ready(_) => VirtualBoards::Ready,
            Starter::Busy(_) => VirtualBoards::Starting,
        };
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        self.take_over(ctx);
        self.answers(ctx);
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        log::trace!("a frame is drawn, because of {:?}", ui.ctx().repaint_causes());
        let moment = Moment::new(Instant::now(), SystemTime::now(), self.zone.clone());
        let actions = self.window.show(ui, &moment);
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
        self.remember();
    }
}

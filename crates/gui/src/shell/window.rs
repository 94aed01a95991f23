//! The window without a fleet: it lays out the pages, keeps input and
//! selection, and returns requests. The fleet, a test or a preview feeds it
//! through [`Window::model`].

mod apply;
mod desktop;
mod dialog;
mod documents;
mod forgetting;
mod keyboard;
mod pages;
mod presented;
mod recording;
mod renaming;
// A browser has no serial ports.
#[cfg_attr(target_arch = "wasm32", path = "window/no_setup_dialog.rs")]
mod setup_dialog;
mod size;
mod timeline_acts;
mod undo;
mod undo_documents;

use std::{sync::Arc, time::Duration};

use eframe::egui::{self, CentralPanel, Frame, Margin, Panel, RichText, Ui};
use web_time::Instant;

use self::pages::Pages;
use disk::settings::{Layout, MotionChoice, Page, Settings, ThemeChoice};

use crate::{
    model::{
        action::{Action, Request},
        background_notices::{self, BackgroundNotices},
        batch::Batches,
        board_setup::Setup,
        boards::Model,
        desktop_preferences::DesktopPreferences,
        frame_context::FrameContext,
        history::{History, When},
        introduction::Introduction,
        notice::Notice,
        page_context::{ActionQueue, PageContext},
        virtual_boards::VirtualBoards,
    },
    pages::empty,
    shell::{
        announcements::Announcements,
        assistive_tree::AssistiveTree,
        board_drawer::BoardDrawer,
        board_setup,
        command_palette::{Commands, WindowFacts},
        dialogs::Dialog,
        forgotten, introduction_panel, nav_rail, server_bar, shortcuts,
        timeline::TimelineStrip,
        toasts::Toasts,
        top_bar, zoom,
    },
    widgets::{
        fonts,
        layout::WindowSize,
        theme::{self, palette},
        value_drag,
    },
};
use fleet::{BoardView, LogEntry, Shown};

/// How long to wait for the board of the last run before another one is shown.
const PATIENCE: Duration = Duration::from_secs(2);

/// The title of the window.
pub(crate) const TITLE: &str = "Switchboard";

/// The window.
pub struct Window {
    /// What it shows.
    pub model: Model,
    /// Whether virtual boards can be started.
    pub virtual_boards: VirtualBoards,
    pub(crate) batches: Batches,
    /// What people did, and how it is undone.
    pub(crate) history: History,
    /// The time of the last frame.
    clock: Option<When>,
    /// Requests of actions that the window carries out itself.
    outbox: Vec<Request>,
    toasts: Toasts,
    announcements: Announcements,
    timeline: TimelineStrip,
    /// Acts and batches before these numbers are in the timeline.
    next_act: u64,
    next_batch: u64,
    find: String,
    drawer: BoardDrawer,
    introduction: Introduction,
    dialog: Option<Dialog>,
    /// The dialog *Set up a board*.
    setup: Option<Setup>,
    commands: Option<Commands>,
    shortcuts: bool,
    /// Whether the list of forgotten boards is open.
    forgotten: bool,
    theme: ThemeChoice,
    motion: MotionChoice,
    /// What the desktop prefers, as far as it says.
    desktop: DesktopPreferences,
    page: Page,
    /// The number of the page that the server presented last.
    presented: Option<u64>,
    pub(crate) pages: Pages,
    background: BackgroundNotices,
    /// Whether the notice about links has changed since the last frame.
    links_changed: bool,
    layout: Layout,
    system_fonts: fonts::SystemFonts,
    opened: Option<Instant>,
    /// When the first board appeared.
    boards_since: Option<Instant>,
    /// Why settings cannot be saved, if they cannot.
    pub(crate) unsaved: Option<String>,
}

impl Window {
    /// Restores a window from settings, and gives `ctx` its fonts and themes.
    pub fn new(ctx: &egui::Context, settings: &Settings) -> Self {
        let system_fonts = fonts::install(ctx);
        theme::install(ctx);
        zoom::take_over(ctx);
        ctx.add_plugin(AssistiveTree);
        if let Some(zoom) = settings.layout.zoom {
            ctx.set_zoom_factor(zoom::shown(
                zoom,
                settings.layout.window.unwrap_or(theme::WINDOW).into(),
            ));
        }
        let window = Self {
            model: {
                let mut model = Model::new(settings.selected.clone());
                model.recall(settings.arrangement.clone(), settings.notes.clone());
                model.recall_forgotten(settings.forgotten.clone());
                model
            },
            virtual_boards: VirtualBoards::Absent,
            batches: Batches::default(),
            history: History::default(),
            clock: None,
            outbox: Vec::new(),
            toasts: Toasts::default(),
            announcements: Announcements::default(),
            timeline: TimelineStrip::new(settings),
            next_act: 0,
            next_batch: 0,
            find: String::new(),
            drawer: BoardDrawer::default(),
            introduction: Introduction::new(
                settings.introduction,
                settings.boards.is_empty() && settings.dashboards.items.is_empty(),
            ),
            dialog: None,
            setup: None,
            commands: None,
            shortcuts: false,
            forgotten: false,
            theme: settings.theme,
            motion: settings.motion,
            desktop: DesktopPreferences::default(),
            page: settings.place,
            presented: None,
            pages: Pages::new(settings),
            background: BackgroundNotices::default(),
            links_changed: false,
            layout: settings.layout,
            system_fonts,
            opened: None,
            boards_since: None,
            unsaved: None,
        };
        window.apply_look(ctx);
        window
    }

    /// Writes the state of the window into `settings`.
    pub fn remember(&self, settings: &mut Settings) {
        settings.theme = self.theme;
        settings.motion = self.motion;
        settings.introduction = self.introduction.state;
        settings.place = self.page;
        settings.layout = self.layout;
        self.pages.remember(settings);
        self.timeline.remember(settings);
        settings.arrangement = self.model.arrangement().clone();
        settings.notes = self.model.labels().clone();
        settings.forgotten = self.model.forgotten().to_vec();
        if let Some(board) = self.model.selected() {
            settings.selected = Some(board.id.as_ref().unwrap_or(&board.address).to_string());
        }
    }

    /// Draws one frame and returns what the fleet and background tasks have to
    /// carry out; actions of the window itself are carried out here.
    pub fn show(&mut self, ui: &mut Ui, frame: &FrameContext) -> Vec<Request> {
        // egui gives the root no name; a screen reader would read an unnamed
        // window.
        ui.ctx()
            .accesskit_node_builder(egui::accesskit_root_id(), |root| root.set_label(TITLE));
        self.announcements.show(ui, frame);
        self.clock = Some(When {
            now: frame.now,
            steady: frame.wall,
        });
        self.settle_initial_selection(frame);
        self.follow_acts();
        let mut requests = self.follow_setup(frame);
        self.record_size(ui);
        self.update_document_names();
        self.model.keep_readings(self.timeline.wants_readings());
        let actions = ActionQueue::default();
        let context = PageContext::new(&self.model, &self.batches, &self.history, frame, &actions);
        self.keys(ui, &context);
        let side = Frame::new().fill(palette(ui).side);
        Panel::top("top")
            .exact_size(theme::TOP_BAR[usize::from(!WindowSize::is_compact(ui.ctx()))])
            .frame(side.inner_margin(Margin::symmetric(12, 0)))
            .show(ui, |ui| {
                top_bar::show(ui, &context, &mut self.find, (self.theme, self.motion));
            });
        self.model.find(&self.find);
        self.model.refresh_list();
        self.banners(ui);
        if let Some(server) = &self.model.status().server {
            let context =
                PageContext::new(&self.model, &self.batches, &self.history, frame, &actions);
            server_bar::show(ui, server, &context);
        }
        let context = PageContext::new(&self.model, &self.batches, &self.history, frame, &actions);
        nav_rail::panel(ui)
            .resizable(false)
            .frame(side.inner_margin(nav_rail::margin(ui)))
            .show(ui, |ui| nav_rail::show(ui, self.page, &context));
        if self.model.is_empty() && !matches!(self.page, Page::Doctor | Page::Lab | Page::Serial) {
            CentralPanel::default()
                .frame(Frame::new().fill(palette(ui).ground))
                .show(ui, |ui| {
                    let introduction = self.introduction.is_shown();
                    empty::show(ui, &context, self.virtual_boards, introduction);
                });
        } else {
            if self.page == Page::Boards && self.introduction.is_shown() {
                introduction_panel::show(ui, &context, &self.introduction);
            }
            self.timeline.show(ui, self.page, &context);
            self.pages.view(self.page).show(ui, &context);
        }
        if self.page != Page::Serial {
            self.pages.serial.hide();
        }
        if self.page != Page::Plots {
            self.pages.plots.record(ui, &context);
        }
        value_drag::show(ui);
        if self.page == Page::Boards && WindowSize::is_compact(ui.ctx()) {
            self.drawer.show(ui, &context, &mut self.find);
        } else {
            self.drawer.close();
        }
        // Once per frame: all boards may have lost their links.
        if std::mem::take(&mut self.links_changed) {
            self.toasts.links(self.background.links(&self.model));
        }
        let in_timeline = !self.model.is_empty() && self.timeline.shows_all(ui.ctx(), self.page);
        if self.toasts.settle(&context, in_timeline) {
            self.background.seen();
        }
        // A dialog is where the message would be.
        let covered = self.dialog.is_some() || self.setup.is_some();
        if !covered && self.commands.is_none() && !self.shortcuts {
            self.toasts.show(ui, &context);
        }
        if let Some(dialog) = &mut self.dialog {
            dialog.show(ui, &context, self.virtual_boards);
        }
        if let Some(setup) = &mut self.setup {
            board_setup::show(setup, ui, &context);
        }
        if let Some(commands) = &mut self.commands {
            let facts = WindowFacts {
                page: self.page,
                paused: self.pages.view(self.page).paused(),
                monitors: self.pages.serial.is_open(),
                virtual_boards: self.virtual_boards,
            };
            commands.show(ui, &context, &facts);
        }
        if self.shortcuts {
            shortcuts::show(ui, &context);
        }
        if self.forgotten {
            forgotten::show(ui, &context);
        }
        self.system_fonts.find_if_needed(ui.ctx());
        let actions = actions.into_actions();
        if !actions.is_empty() {
            self.model.keep_selection();
        }
        for action in actions {
            // Most of them are disabled with the reason already.
            if let Some(why_not) = self.model.why_not(std::slice::from_ref(&action)) {
                self.notify(Notice::Failed(why_not.to_owned()));
                continue;
            }
            self.introduction.observe(&action);
            match action {
                Action::Window(action) => {
                    self.apply(ui, frame, action);
                    requests.append(&mut self.outbox);
                }
                Action::Board(command) => {
                    self.record_command(&command);
                    requests.push(command.into());
                }
                Action::Task(task) => requests.push(task.into()),
            }
        }
        self.record_plots();
        self.follow_acts();
        requests
    }

    /// Banners for failed discovery and settings that cannot be saved.
    fn banners(&self, ui: &mut Ui) {
        let discovery = self
            .model
            .status()
            .discovery_problem
            .as_ref()
            .filter(|_| !self.model.is_empty());
        let discovery = discovery.map(|problem| {
            format!(
                "Boards cannot be discovered by mDNS: {problem}. You can still add boards by \
                    address."
            )
        });
        let unsaved = self.unsaved.as_ref().map(|problem| {
            format!(
                "Settings cannot be saved: {problem}. Check the folder and the free disk space. \
                    Saving is retried every few seconds; until then, changes are lost when the \
                    window closes."
            )
        });
        for (id, problem) in [("discovery", discovery), ("unsaved", unsaved)] {
            let Some(problem) = problem else { continue };
            let frame = Frame::new()
                .fill(palette(ui).lit)
                .inner_margin(Margin::symmetric(16, 6));
            Panel::top(id).frame(frame).show(ui, |ui| {
                ui.label(RichText::new(problem).color(palette(ui).doubtful));
            });
        }
    }

    /// Selects the board of the last run or, after a while, the first one.
    fn settle_initial_selection(&mut self, frame: &FrameContext) {
        let opened = *self.opened.get_or_insert(frame.now);
        let waited = frame.now.saturating_duration_since(opened);
        if self.model.is_waiting() {
            if waited < PATIENCE {
                frame.again_in(PATIENCE - waited);
                return;
            }
            self.model.stop_waiting();
        }
        match self.model.is_empty() {
            true => self.boards_since = None,
            false => {
                let since = *self.boards_since.get_or_insert(frame.now);
                self.model
                    .select_initial(frame.now.saturating_duration_since(since) < PATIENCE);
            }
        }
    }

    /// Applies a board; a board that is back after it was forgotten keeps its
    /// history. If an update ended on a board that is not shown, a notice says
    /// so.
    pub(crate) fn put(&mut self, board: Arc<BoardView>, shown: Option<&Shown>) {
        let news = match self.model.board(board.key) {
            Some(old) => background_notices::update_ended(old, &board, shown),
            None => {
                if let Some(before) = self.model.key_before(&board) {
                    self.history.goes_on(before, board.key);
                }
                None
            }
        };
        self.background.follow(&board);
        self.model.put(board);
        if let Some((notice, lead)) = news {
            self.toasts.notify_with_target(notice, lead);
        }
    }

    /// Applies an event; if it is about the link of a board that is not shown,
    /// the next frame has a notice that says so.
    pub(crate) fn add_event(&mut self, entry: Arc<LogEntry>, shown: Option<&Shown>, now: Instant) {
        self.links_changed |= self.background.add_event(&entry, &self.model, shown);
        self.announcements.add_event(&entry, &self.model, shown);
        self.model.add_event(entry, now);
    }

    /// Shows a message.
    pub fn notify(&mut self, notice: Notice) {
        self.toasts.notify(notice);
    }
}

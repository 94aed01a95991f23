//! The lab: exercises with channels, each on a page of its own. An exercise
//! runs on its own thread, which starts on first use and stops when the page is
//! dropped.

mod board;
pub(crate) mod channels;
mod clients;
mod comparison;
mod echo;
mod samples;
mod telemetry;
mod waveform;

use std::sync::Arc;

use eframe::egui::{Button, Label, Margin, RichText, Ui, Vec2, WidgetInfo, accesskit::Role, vec2};
use web_time::Instant;

use self::channels::load::Loaded;
use disk::settings::{Exercise, LabSettings};

use crate::{
    model::{action::Task, boards::Model, page_context::PageContext},
    widgets::{
        board_choice,
        page_view::PageView,
        text_line,
        theme::{self, HALF, UNIT, palette},
    },
};
use channel::Recorder;
use fleet::{BoardKey, BoardView, Outcome};

/// The exercises in order: title and tooltip.
pub(crate) const EXERCISES: &[(Exercise, &str, &str)] = &[
    (
        Exercise::Channels,
        "Channels",
        "Open WebSockets to any address, see what they receive, and send messages",
    ),
    (
        Exercise::Comparison,
        "Push and poll",
        "Follow one board by push and by polling, and compare what each misses and costs",
    ),
    (
        Exercise::Echo,
        "Echo and broadcast",
        "See who receives what on an echo and on a board's control channel",
    ),
    (
        Exercise::Telemetry,
        "Telemetry",
        "Receive 1,000 samples per second, and count the losses",
    ),
    (
        Exercise::Clients,
        "Clients",
        "See who is connected to a board, and disconnect clients",
    ),
];

/// The page.
pub(crate) struct Lab {
    shown: Exercise,
    /// The board that the exercises use.
    board: Option<BoardKey>,
    channels: channels::Channels,
    comparison: comparison::Comparison,
    echo: echo::Echo,
    telemetry: telemetry::Telemetry,
    clients: clients::Clients,
}

impl Lab {
    pub(crate) fn new(settings: &LabSettings) -> Self {
        Self {
            shown: settings.exercise,
            board: None,
            channels: channels::Channels::new(&settings.channels),
            comparison: comparison::Comparison::default(),
            echo: echo::Echo::default(),
            telemetry: telemetry::Telemetry::default(),
            clients: clients::Clients::default(),
        }
    }

    /// The settings to save.
    pub(crate) fn settings(&self) -> LabSettings {
        LabSettings {
            exercise: self.shown,
            channels: self.channels.remembered(),
        }
    }

    /// Takes a board's list of clients, or, with a number, the outcome of
    /// closing that connection.
    pub(crate) fn clients_answered(
        &mut self,
        board: BoardKey,
        closed: Option<u32>,
        outcome: Outcome,
        now: Instant,
    ) {
        self.clients.answered(board, closed, outcome, now);
    }

    /// Selects an exercise.
    pub(crate) fn go(&mut self, exercise: Exercise) {
        self.shown = exercise;
    }

    /// Starts recording a channel.
    pub(crate) fn record(&mut self, channel: u64, recorder: Recorder) {
        self.channels.record(channel, recorder);
    }

    /// Shows a recording of a channel.
    pub(crate) fn show_recording(&mut self, loaded: Loaded) {
        self.channels.show_recording(loaded);
    }
}

impl PageView for Lab {
    fn margin(&self, _context: &PageContext<'_>) -> Margin {
        Margin {
            left: 20,
            right: 20,
            top: 12,
            bottom: 8,
        }
    }

    fn least_size(&self) -> Vec2 {
        match self.shown {
            Exercise::Channels => theme::LEAST_CHANNELS,
            Exercise::Comparison | Exercise::Echo => theme::LEAST_EXPERIMENT,
            Exercise::Telemetry | Exercise::Clients => theme::LEAST_TABLE,
        }
        .into()
    }

    fn contents(&mut self, ui: &mut Ui, context: &PageContext<'_>) {
        let board = self.header(ui, context.model);
        ui.add_space(HALF);
        self.tabs(ui);
        ui.add_space(UNIT);
        let Some(board) = board else {
            return self.without_a_board(ui, context);
        };
        match self.shown {
            Exercise::Channels => self.channels.show(ui, Some(&board), context),
            Exercise::Comparison => self.comparison.show(ui, &board, context),
            Exercise::Echo => self.echo.show(ui, &board, context),
            Exercise::Telemetry => self.telemetry.show(ui, &board, context),
            Exercise::Clients => self.clients.show(ui, &board, context),
        }
    }
}

impl Lab {
    /// The title, and the board that all exercises use.
    fn header(&mut self, ui: &mut Ui, model: &Model) -> Option<Arc<BoardView>> {
        let exercise = self.shown;
        let mut board = board::pick(model, self.board, exercise);
        // Without one that can be used, the selected one says why.
        let named = board.or_else(|| model.selected());
        ui.horizontal(|ui| {
            ui.heading("Lab");
            ui.add_space(UNIT);
            let why_not = |board: &BoardView| board::why_not(exercise, board);
            let shown = named.map(|board| &**board);
            if let Some(chosen) = board_choice::show(ui, model, shown, why_not) {
                board = model.board(chosen);
            }
            let words = |board: &Arc<BoardView>| board::why_words(exercise, board);
            if let Some(words) = board.or(named).and_then(words) {
                text_line::label(ui, &words, &words, theme::body(), palette(ui).doubtful);
            }
        });
        // A later selection elsewhere does not stop what runs here.
        self.board = board.map(|board| board.key);
        board.cloned()
    }

    /// The page while no board can be used.
    fn without_a_board(&mut self, ui: &mut Ui, context: &PageContext<'_>) {
        if self.shown == Exercise::Channels {
            return self.channels.show(ui, None, context);
        }
        let about = EXERCISES
            .iter()
            .find(|(exercise, ..)| *exercise == self.shown)
            .map_or("", |(.., about)| about);
        let words = match context.model.is_empty() {
            true => format!("{about}. This needs a board; a virtual one is enough."),
            false => format!(
                "{about}. None of the boards can be used: this needs one that is connected, and \
                    for most exercises not locked. A virtual one is enough."
            ),
        };
        ui.scope(|ui| {
            ui.set_max_width(theme::PROSE.min(ui.available_width()));
            ui.add(Label::new(RichText::new(words).color(palette(ui).weak)).wrap());
        });
        ui.add_space(UNIT);
        let words = RichText::new("Start a virtual board").color(palette(ui).on_accent);
        let button = Button::new(words)
            .fill(palette(ui).accent)
            .min_size(vec2(176.0, theme::LINE));
        if ui.add(button).clicked() {
            context.push(Task::StartVirtualBoards(1));
        }
    }

    fn tabs(&mut self, ui: &mut Ui) {
        ui.horizontal_wrapped(|ui| {
            for (exercise, word, about) in EXERCISES {
                let chosen = self.shown == *exercise;
                let tab = ui.add(Button::selectable(chosen, *word));
                tab.widget_info(|| WidgetInfo::selected(Role::Tab, true, chosen, *word));
                if tab.on_hover_text(*about).clicked() {
                    self.go(*exercise);
                }
            }
        });
    }
}

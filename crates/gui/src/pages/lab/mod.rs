//! The lab: exercises with channels, each on a page of its own. An exercise
//! runs on its own thread, which starts on first use and stops when the page is
//! dropped.

pub(crate) mod channels;
mod clients;
mod comparison;
mod echo;
mod samples;
mod telemetry;
mod waveform;

use std::time::Instant;

use eframe::egui::{Button, Margin, Ui, Vec2, WidgetInfo, accesskit::Role};

use self::channels::load::Loaded;
use disk::settings::{Exercise, LabSettings};

use crate::{
    model::page_context::PageContext,
    widgets::{
        page_view::PageView,
        theme::{self, HALF, UNIT},
    },
};
use channel::Recorder;
use fleet::{BoardKey, Outcome};

/// The exercises in order: title and tooltip.
const EXERCISES: &[(Exercise, &str, &str)] = &[
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
        ui.heading("Lab");
        ui.add_space(HALF);
        self.tabs(ui);
        ui.add_space(UNIT);
        match self.shown {
            Exercise::Channels => self.channels.show(ui, context),
            Exercise::Comparison => self.comparison.show(ui, context),
            Exercise::Echo => self.echo.show(ui, context),
            Exercise::Telemetry => self.telemetry.show(ui, context),
            Exercise::Clients => self.clients.show(ui, context),
        }
    }
}

impl Lab {
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

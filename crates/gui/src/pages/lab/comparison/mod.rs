//! The exercise "Push and poll": the settings of a comparison, its results on a
//! time axis (`timelines`) and as a table (`results_table`). The comparison
//! runs on its own thread, which ends with the window or when it is stopped.

mod results_table;
mod timelines;

use std::time::Duration;

use eframe::egui::{
    Align, Button, Checkbox, DragValue, Label, Layout, RichText, ScrollArea, Ui, WidgetInfo,
    accesskit::Role, class::HasClasses as _, vec2,
};

use super::board::why_not;
use crate::{
    model::{action::WindowAction, boards::Model, page_context::PageContext},
    widgets::{
        icon,
        layout::left_of,
        text_line,
        theme::{self, HALF, UNIT, palette},
    },
};
use comparison::{self, ComparisonSettings, Measurements, Report, Stage, format};
use disk::settings::Exercise;
use fleet::{BoardKey, BoardView};

/// The introduction.
const INTRODUCTION: &str = "The board's button is pressed at random times, and each press \
     changes a component. Several clients follow that component: the board pushes each change \
     to one of them over a WebSocket, and the others poll over HTTP. See which changes each \
     client notices, with what delay, and at what cost.";

/// Polling intervals to choose from.
const RATES: [Duration; 7] = [
    Duration::from_millis(20),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(250),
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(10),
];

/// Mean times between presses to choose from.
const PRESSES: [Duration; 5] = [
    Duration::from_millis(100),
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(3),
];

/// The page.
pub(super) struct Comparison {
    seconds: u64,
    polls: [Duration; comparison::MAX_POLL_RATES],
    press_every: Duration,
    tls: bool,
    running: Option<comparison::Comparison>,
    /// The record at the last look, and its report.
    seen: Option<(Measurements, Report)>,
    /// The compared board, until its client that presses is reported.
    unnamed: Option<BoardKey>,
    /// The title of the compared board.
    title: String,
    problem: Option<String>,
    timelines: timelines::Timelines,
}

impl Default for Comparison {
    fn default() -> Self {
        let usual = ComparisonSettings::of(String::new());
        Self {
            seconds: usual.length.as_secs(),
            polls: [Duration::from_secs(1), Duration::from_millis(100)],
            press_every: usual.press_every,
            tls: false,
            running: None,
            seen: None,
            unnamed: None,
            title: String::new(),
            problem: None,
            timelines: timelines::Timelines::default(),
        }
    }
}

impl Comparison {
    /// Shows the page.
    pub(super) fn show(&mut self, ui: &mut Ui, board: &BoardView, context: &PageContext<'_>) {
        self.update();
        self.name_client(context);
        let ended = |record: &Measurements| matches!(record.stage, Stage::Done | Stage::Failed(_));
        let underway = self.seen.as_ref().is_some_and(|(record, _)| !ended(record));
        ui.scope(|ui| {
            ui.set_max_width(theme::PROSE.min(ui.available_width()));
            ui.add(Label::new(RichText::new(INTRODUCTION).color(palette(ui).weak)).wrap());
        });
        ui.add_space(UNIT);
        self.choices(ui, context.model, board, underway);
        ui.add_space(HALF);
        self.state(ui);
        ui.add_space(UNIT);
        let Some((record, report)) = &self.seen else {
            return;
        };
        if record.stage == Stage::Together || record.stage == Stage::Waiting {
            context.again_in(Duration::from_millis(50));
        }
        let area = ScrollArea::vertical()
            .id_salt("comparison")
            .auto_shrink(false);
        area.show(ui, |ui| {
            ui.set_max_width(left_of(ui.available_width(), UNIT));
            self.timelines.show(ui, record, report);
            ui.add_space(UNIT * 2.0);
            results_table::show(ui, record, report);
        });
    }

    /// Reports which client of the board presses, so that its presses are not
    /// taken for those of someone else.
    fn name_client(&mut self, context: &PageContext<'_>) {
        let client = self.seen.as_ref().and_then(|(record, _)| record.client);
        if let (Some(client), Some(board)) = (client, self.unnamed) {
            let name = "the lab".to_owned();
            context.push(WindowAction::OwnClient(board, client, name));
            self.unnamed = None;
        }
    }

    /// Copies and summarizes the record, if it has changed.
    fn update(&mut self) {
        let seen = self.seen.as_ref().map(|(record, _)| record.revision);
        let changed = self.running.as_ref().and_then(|running| {
            running.read(|record| (Some(record.revision) != seen).then(|| record.clone()))
        });
        if let Some(record) = changed {
            let report = Report::of(&record);
            self.seen = Some((record, report));
        }
    }

    /// The settings and the button.
    fn choices(&mut self, ui: &mut Ui, model: &Model, board: &BoardView, underway: bool) {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.y = UNIT;
            ui.add_enabled_ui(!underway, |ui| {
                ui.label("Compare for");
                let mut seconds = DragValue::new(&mut self.seconds)
                    .range(1..=comparison::MAX_LENGTH.as_secs())
                    .suffix(" s");
                seconds.add_class(theme::FIELD);
                ui.add(seconds).accessible_name("Seconds");
                ui.label("poll every");
                for (at, every) in self.polls.iter_mut().enumerate() {
                    times(ui, &format!("Poll {}", at + 1), every, &RATES);
                }
                ui.label("press every");
                times(ui, "Press", &mut self.press_every, &PRESSES);
                ui.add(Checkbox::new(&mut self.tls, "Also with TLS")).on_hover_text(
                    "Repeat the push and the first poll through a TLS server, which is started on \
                         this computer",
                );
            });
            if underway {
                let stop = ui.add(Button::new(format!("{}  Stop", icon::STOP)));
                stop.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Stop"));
                if stop.clicked() {
                    (self.running, self.seen) = (None, None);
                }
            } else {
                let words = RichText::new("Compare").color(palette(ui).on_accent);
                let button = Button::new(words).fill(palette(ui).accent);
                let able = why_not(Exercise::Comparison, board).is_none();
                let button = ui.add_enabled(able, button);
                button.widget_info(|| WidgetInfo::labeled(Role::Button, able, "Compare"));
                if button.clicked() {
                    self.begin(ui, board, model.title(board));
                }
            }
        });
    }

    fn begin(&mut self, ui: &Ui, board: &BoardView, title: String) {
        let mut polls = self.polls.to_vec();
        polls.dedup();
        let settings = ComparisonSettings {
            length: Duration::from_secs(self.seconds),
            polls,
            press_every: self.press_every,
            tls: self.tls,
            ..ComparisonSettings::of(board.address.to_string())
        };
        let ctx = ui.ctx().clone();
        (self.timelines, self.seen) = (timelines::Timelines::default(), None);
        (self.title, self.unnamed) = (title, Some(board.key));
        match comparison::Comparison::start(settings, move || ctx.request_repaint()) {
            Ok(running) => (self.running, self.problem) = (Some(running), None),
            Err(error) => (self.running, self.problem) = (None, Some(error.to_string())),
        }
    }

    /// The progress, and a button that copies the command line.
    fn state(&self, ui: &mut Ui) {
        let palette = palette(ui);
        if let Some(problem) = &self.problem {
            text_line::label(ui, problem, problem, theme::body(), palette.bad);
        }
        let (Some((record, _)), Some(running)) = (&self.seen, &self.running) else {
            return;
        };
        ui.horizontal(|ui| {
            let words = match &record.stage {
                Stage::Failed(problem) => format!("{}: {problem}", self.title),
                Stage::Done => done(&self.title, record),
                _ => format!("{}: {}", self.title, format::stage(record)),
            };
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let copy = ui.add(Button::new(format!("{}  Copy as command", icon::COPY)));
                copy.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Copy as command"));
                if copy
                    .on_hover_text("Copy this comparison as a command line")
                    .clicked()
                {
                    ui.ctx().copy_text(command(running.settings()));
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let failed = matches!(record.stage, Stage::Failed(_));
                    let color = if failed { palette.bad } else { palette.text };
                    ui.add(Label::new(RichText::new(&words).color(color)).wrap());
                });
            });
        });
    }
}

fn done(title: &str, record: &Measurements) -> String {
    let button = record
        .button
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default();
    let changed: Vec<_> = record.components.iter().map(ToString::to_string).collect();
    let times = record
        .presses
        .iter()
        .filter(|press| press.seq.is_some())
        .count();
    format!(
        "{title}: {button} was pressed {times} times; each press changes {}.",
        changed.join(", ")
    )
}

/// A choice of times.
fn times(ui: &mut Ui, name: &str, chosen: &mut Duration, offered: &[Duration]) {
    let combo = theme::combo_box(name)
        .width(72.0)
        .selected_text(text::round(*chosen));
    let combo = combo.show_ui(ui, |ui| {
        ui.set_min_size(vec2(72.0, 0.0));
        for time in offered {
            ui.selectable_value(chosen, *time, text::round(*time));
        }
    });
    combo.response.accessible_name(name);
}

/// The command line of a comparison.
fn command(settings: &ComparisonSettings) -> String {
    let time = |time: &Duration| text::round(*time).replace(' ', "");
    let polls: Vec<_> = settings.polls.iter().map(time).collect();
    let tls = if settings.tls { " --tls" } else { "" };
    format!(
        "switchboard compare {} --seconds {} --poll {} --press-every {}{tls} --seed {}",
        settings.board,
        settings.length.as_secs(),
        polls.join(","),
        time(&settings.press_every),
        settings.seed
    )
}

//! The page of all events: filtered by board, category and text, paused for
//! reading, saved as a file. Only visible rows are drawn, and a search
//! continues over frames.

use std::time::Duration;

use eframe::egui::{Align, Align2, Button, Layout, Margin, ScrollArea, TextEdit, Ui, vec2};
use web_time::Instant;

use crate::{
    model::{
        action::Task,
        boards::Model,
        event_text::event_text,
        file_task::FileTask,
        journal::{EventCategory, Filter, KEPT, Matches},
        name_lookup::searched_words,
        page_context::PageContext,
        searched_words::SearchedWords,
    },
    widgets::{
        log_row::LogRow,
        page_view::PageView,
        text_line,
        theme::{self, UNIT, palette},
    },
};
use fleet::{BoardKey, LogEntry, LogEvent};

/// How long a frame may search.
const BUDGET: Duration = Duration::from_millis(4);

/// Names are looked up again at most this often.
const LOOK_UP: Duration = Duration::from_secs(1);

/// The page, and what is selected on it.
#[derive(Default)]
pub(crate) struct Activity {
    board: Option<BoardKey>,
    without: Vec<EventCategory>,
    text: String,
    words: SearchedWords,
    /// The text of `words`, and for which boards they were looked up, and when.
    words_of: String,
    looked_up: Option<(Instant, u64)>,
    /// Paused: events from this number on are not shown.
    held: Option<u64>,
    /// Paused or resumed since the last frame.
    pauses: Option<bool>,
    matches: Matches,
}

impl PageView for Activity {
    fn margin(&self, _context: &PageContext<'_>) -> Margin {
        Margin {
            left: 20,
            right: 12,
            top: 12,
            bottom: 4,
        }
    }

    fn paused(&self) -> Option<bool> {
        Some(self.held.is_some())
    }

    fn set_paused(&mut self, paused: bool) {
        self.pauses = Some(paused);
    }

    fn contents(&mut self, ui: &mut Ui, context: &PageContext<'_>) {
        if let Some(paused) = self.pauses.take() {
            self.held = paused.then(|| context.model.journal().end());
        }
        // A forgotten board can no longer be selected.
        self.board = self
            .board
            .filter(|board| context.model.board(*board).is_some());
        self.look_up_names(context);
        let filter = Filter {
            board: self.board,
            without: self.without.clone(),
            words: self.words.clone(),
        };
        context.shows_log();
        let model = context.model;
        self.matches.set_filter(filter, model.journal());
        let line = |entry: &LogEntry| searched_line(model, entry);
        let done = self.matches.search_more(model.journal(), line, BUDGET);
        if !done {
            context.moving();
        }
        ui.heading("Activity");
        ui.add_space(UNIT);
        self.filters(ui, context.model);
        ui.add_space(theme::HALF);
        self.state(ui, context, done);
        ui.add_space(UNIT);
        self.lines(ui, context);
    }
}

/// Everything that an event can be found by.
fn searched_line(model: &Model, entry: &LogEntry) -> String {
    let mut line = event_text(model, entry, None).in_one(&entry.board_name);
    if let LogEvent::Command { method, .. } = &entry.what {
        line.push(' ');
        line.push_str(method);
    }
    line
}

impl Activity {
    /// Looks up what the searched words name: at once for new words, and at
    /// most once per second when boards have changed.
    fn look_up_names(&mut self, context: &PageContext<'_>) {
        let version = context.model.roster_version();
        let new = self.words_of != self.text;
        let due = |at: Instant| context.now.saturating_duration_since(at) >= LOOK_UP;
        if !new && (self.text.trim().is_empty() || self.looked_up.is_none_or(|of| of.1 == version))
        {
            return;
        }
        if !new && !self.looked_up.is_none_or(|of| due(of.0)) {
            return context.again_in(LOOK_UP);
        }
        self.words = searched_words(&self.text, context.model);
        self.words_of.clone_from(&self.text);
        self.looked_up = Some((context.now, version));
    }

    fn filters(&mut self, ui: &mut Ui, model: &Model) {
        ui.horizontal_wrapped(|ui| {
            let edit = TextEdit::singleline(&mut self.text)
                .hint_text("Search events")
                .desired_width(208.0);
            let edit = edit
                .align(Align2::LEFT_CENTER)
                .min_size(vec2(0.0, theme::LINE));
            ui.add(edit).accessible_name("Search events");
            let chosen = self
                .board
                .and_then(|board| model.board(board))
                .map(|board| model.title(board));
            let shown = chosen.unwrap_or_else(|| "All boards".to_owned());
            let combo = theme::combo_box("activity board")
                .width(184.0)
                .selected_text(&shown)
                .truncate();
            let combo = combo.height(400.0).show_ui(ui, |ui| {
                ui.selectable_value(&mut self.board, None, "All boards");
                for board in model.in_order() {
                    ui.selectable_value(&mut self.board, Some(board.key), model.title(board));
                }
            });
            combo.response.accessible_name("Board");
            for category in EventCategory::ALL {
                let shown = !self.without.contains(&category);
                if ui.add(Button::selectable(shown, category.word())).clicked() {
                    if shown {
                        self.without.push(category);
                    } else {
                        self.without.retain(|without| *without != category);
                    }
                }
            }
        });
    }

    /// The number of events, and the buttons.
    fn state(&mut self, ui: &mut Ui, context: &PageContext<'_>, done: bool) {
        let palette = palette(ui);
        let end = self.end();
        let shown = self.matches.before(end);
        let newer = self.matches.len() - shown;
        let mut words = format!("{shown} of {} events", context.model.journal().len());
        if !done {
            words.push_str(", still searching");
        }
        if context.model.journal().len() == KEPT {
            words.push_str("; older ones are discarded");
        }
        if context.model.missed() > 0 {
            words.push_str(&format!(
                "; {} were lost: the window did not keep up",
                context.model.missed()
            ));
        }
        ui.horizontal(|ui| {
            text_line::label(ui, &words, &words, theme::body(), palette.weak);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let save = ui.add_enabled(shown > 0 && done, Button::new("Save…"));
                if save
                    .on_hover_text("Save these events as JSON Lines or CSV")
                    .clicked()
                {
                    let lines = self
                        .matches
                        .entries(context.model.journal(), end)
                        .cloned()
                        .collect();
                    context.push(Task::File(FileTask::SaveLines(lines)));
                }
                let (word, hint) = match self.held {
                    None => ("Pause", "Pause the list; no event is lost"),
                    Some(_) => ("Resume", "Show new events"),
                };
                if ui.add(Button::new(word)).on_hover_text(hint).clicked() {
                    self.pauses = Some(self.held.is_none());
                    ui.ctx().request_repaint();
                }
                if newer > 0 {
                    let words = format!("{newer} new");
                    text_line::label(ui, &words, &words, theme::body(), palette.underway);
                }
            });
        });
    }

    fn lines(&self, ui: &mut Ui, context: &PageContext<'_>) {
        let end = self.end();
        let shown = self.matches.before(end);
        if shown == 0 {
            let words = if context.model.journal().is_empty() {
                "No events yet. Commands, changes and lost connections appear here as they happen."
            } else {
                "No matches."
            };
            text_line::label(ui, words, words, theme::body(), palette(ui).weak);
            return;
        }
        ui.spacing_mut().item_spacing.y = 0.0;
        let area = ScrollArea::vertical()
            .id_salt("activity")
            .auto_shrink(false);
        area.show_rows(ui, theme::PUSH_ROW, shown, |ui, rows| {
            for row in rows {
                if let Some(entry) = self
                    .matches
                    .newest(row, end)
                    .and_then(|number| context.model.journal().get(number))
                {
                    let row = LogRow::event(palette(ui), context, entry, None);
                    row.show(ui, context, self.board.is_none());
                }
            }
        });
    }

    fn end(&self) -> u64 {
        self.held.unwrap_or(u64::MAX)
    }
}

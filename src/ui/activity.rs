//! The page of everything that happened: filtered by board, sort and text, held
//! still while one reads, saved as a file. Only rows in view are drawn, and a
//! search goes on over frames.

use std::time::Duration;

use eframe::egui::{
    Align, Align2, Button, ComboBox, Layout, Margin, ScrollArea, TextEdit, Ui, vec2,
};

use super::{
    action::Task,
    entry_row,
    files::Errand,
    journal::{Filter, KEPT, Matches, Sort},
    model::Model,
    page_context::{PageContext, PageView},
    text,
    theme::{self, UNIT, palette},
};
use crate::fleet::BoardKey;

/// How long a frame may look for lines.
const BUDGET: Duration = Duration::from_millis(4);

/// What is chosen on the page.
#[derive(Default)]
pub(super) struct Activity {
    board: Option<BoardKey>,
    without: Vec<Sort>,
    text: String,
    /// Held still: entries from this number on are not shown.
    held: Option<u64>,
    matches: Matches,
}

impl Activity {}

impl PageView for Activity {
    fn margin(&self, _context: &PageContext<'_>) -> Margin {
        Margin {
            left: 20,
            right: 12,
            top: 12,
            bottom: 4,
        }
    }

    fn contents(&mut self, ui: &mut Ui, context: &PageContext<'_>) {
        // Of a board that was forgotten nothing can be chosen any more.
        self.board = self
            .board
            .filter(|board| context.model.board(*board).is_some());
        let text = self.text.trim().to_lowercase();
        let filter = Filter {
            board: self.board,
            without: self.without.clone(),
            without_echoes: false,
            text,
        };
        context.shows_log();
        self.matches.look_for(filter, context.model.journal());
        let done = self.matches.go_on(context.model.journal(), BUDGET);
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

impl Activity {
    fn filters(&mut self, ui: &mut Ui, model: &Model) {
        ui.horizontal_wrapped(|ui| {
            let edit = TextEdit::singleline(&mut self.text)
                .hint_text("Find in the lines")
                .desired_width(208.0);
            let edit = edit
                .align(Align2::LEFT_CENTER)
                .min_size(vec2(0.0, theme::LINE));
            ui.add(edit).accessible_name("Find in the lines");
            let chosen = self
                .board
                .and_then(|board| model.board(board))
                .map(|board| model.title(board));
            let shown = chosen.unwrap_or_else(|| "All boards".to_owned());
            let combo = ComboBox::from_id_salt("activity board")
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
            for sort in Sort::ALL {
                let shown = !self.without.contains(&sort);
                if ui.add(Button::selectable(shown, sort.word())).clicked() {
                    if shown {
                        self.without.push(sort);
                    } else {
                        self.without.retain(|without| *without != sort);
                    }
                }
            }
        });
    }

    /// How many lines there are, and what can be done with them.
    fn state(&mut self, ui: &mut Ui, context: &PageContext<'_>, done: bool) {
        let palette = palette(ui);
        let end = self.end();
        let shown = self.matches.before(end);
        let newer = self.matches.len() - shown;
        let mut words = format!("{shown} of {} lines", context.model.journal().len());
        if !done {
            words.push_str(", still looking");
        }
        if context.model.journal().len() == KEPT {
            words.push_str("; older ones are forgotten");
        }
        if context.model.missed() > 0 {
            words.push_str(&format!(
                "; {} were lost: the window did not keep up",
                context.model.missed()
            ));
        }
        ui.horizontal(|ui| {
            text::label(ui, &words, &words, theme::body(), palette.weak);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let save = ui.add_enabled(shown > 0 && done, Button::new("Save…"));
                if save
                    .on_hover_text("Save these lines as JSON Lines or CSV")
                    .clicked()
                {
                    let lines = self
                        .matches
                        .entries(context.model.journal(), end)
                        .cloned()
                        .collect();
                    context.push(Task::File(Errand::SaveLines(lines)));
                }
                let (word, hint) = match self.held {
                    None => ("Pause", "Hold the lines still; nothing is lost meanwhile"),
                    Some(_) => ("Resume", "Show what has happened since"),
                };
                if ui.add(Button::new(word)).on_hover_text(hint).clicked() {
                    self.held = if self.held.is_some() {
                        None
                    } else {
                        Some(context.model.journal().end())
                    };
                }
                if newer > 0 {
                    let words = format!("{newer} since");
                    text::label(ui, &words, &words, theme::body(), palette.underway);
                }
            });
        });
    }

    fn lines(&self, ui: &mut Ui, context: &PageContext<'_>) {
        let end = self.end();
        let shown = self.matches.before(end);
        if shown == 0 {
            let words = if context.model.journal().is_empty() {
                "Nothing yet. Every push, command, answer and loss appears here the moment it \
                     happens."
            } else {
                "Nothing passes this filter."
            };
            text::label(ui, words, words, theme::body(), palette(ui).weak);
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
                    entry_row::show(ui, context, entry, self.board.is_none());
                }
            }
        });
    }

    fn end(&self) -> u64 {
        self.held.unwrap_or(u64::MAX)
    }
}

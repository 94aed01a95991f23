//! The panel below the page: pushes and changes of links, newest first. Only
//! visible rows are drawn.

use std::time::Duration;

use eframe::egui::{Align, Button, Layout, ScrollArea, Ui, WidgetInfo, accesskit::Role};

use crate::{
    model::{
        action::Task,
        file_task::FileTask,
        journal::{Filter, Matches},
        page_context::PageContext,
    },
    widgets::{
        log_row, text_line,
        theme::{self, UNIT, palette},
    },
};

/// How long a frame may search.
const BUDGET: Duration = Duration::from_millis(2);

/// Shows the panel; `of_one` is whether only the selected board's events are
/// shown.
pub(crate) fn show(
    ui: &mut Ui,
    context: &PageContext<'_>,
    matches: &mut Matches,
    of_one: &mut bool,
) {
    let palette = palette(ui);
    ui.horizontal(|ui| {
        text_line::label(ui, "Pushed", "Pushed", theme::strong(), palette.text);
        ui.add_space(UNIT);
        for (one, word) in [(false, "All boards"), (true, "This board")] {
            if ui.add(Button::selectable(*of_one == one, word)).clicked() {
                *of_one = one;
            }
        }
        if context.model.missed() > 0 {
            let words = format!(
                "{} events were lost: the window did not keep up",
                context.model.missed()
            );
            text_line::label(ui, &words, &words, theme::small(), palette.doubtful);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let save = ui.add_enabled(!matches.is_empty(), Button::new("Save…"));
            let save = save.on_hover_text("Save these events as JSON Lines or CSV");
            save.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), "Save pushes"));
            if save.clicked() {
                let lines = matches
                    .entries(context.model.journal(), u64::MAX)
                    .cloned()
                    .collect();
                context.push(Task::File(FileTask::SaveLines(lines)));
            }
        });
    });
    ui.add_space(2.0);
    if !*of_one {
        context.shows_log();
    }
    let only = of_one
        .then(|| context.model.selected().map(|board| board.key))
        .flatten();
    matches.set_filter(
        Filter {
            board: only,
            without_echoes: true,
            ..Filter::default()
        },
        context.model.journal(),
    );
    if !matches.search_more(context.model.journal(), BUDGET) {
        context.moving();
    }
    ui.spacing_mut().item_spacing.y = 0.0;
    if matches.is_empty() {
        let words = "No pushes yet. They appear here as they happen.";
        text_line::label(ui, words, words, theme::body(), palette.weak);
        ui.take_available_space();
        return;
    }
    let area = ScrollArea::vertical().id_salt("pushes").auto_shrink(false);
    area.show_rows(ui, theme::PUSH_ROW, matches.len(), |ui, rows| {
        for row in rows {
            let entry = matches
                .newest(row, u64::MAX)
                .and_then(|number| context.model.journal().get(number));
            if let Some(entry) = entry {
                log_row::show(ui, context, entry, only.is_none());
            }
        }
    });
}

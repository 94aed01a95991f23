//! The panel below: what was pushed and what became of the links, newest first. Only rows in view are drawn.

use std::sync::Arc;

use eframe::egui::{
    Align, Align2, Button, Layout, Rect, ScrollArea, Sense, Ui, WidgetInfo, accesskit::Role, pos2, vec2,
};

use protocol::Descriptor;

use super::{
    action::Action,
    model::Model,
    moment::Moment,
    text,
    theme::{self, UNIT, palette},
    words,
};
use crate::fleet::{BoardKey, Happening, LogEntry};

/// Shows the panel; `of_one` is whether only the chosen board's lines are shown.
pub(super) fn show(ui: &mut Ui, model: &Model, moment: &Moment, of_one: &mut bool, actions: &mut Vec<Action>) {
    let palette = palette(ui);
    ui.horizontal(|ui| {
        text::label(ui, "Pushed", "Pushed", theme::strong(), palette.text);
        ui.add_space(UNIT);
        for (one, word) in [(false, "All boards"), (true, "This board")] {
            if ui.add(Button::selectable(*of_one == one, word)).clicked() {
                *of_one = one;
            }
        }
        if model.missed() > 0 {
            let words = format!("{} lines were lost: the window did not keep up", model.missed());
            text::label(ui, &words, &words, theme::small(), palette.doubtful);
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let save = ui.add_enabled(!model.log().is_empty(), Button::new("Save…"));
            let save = save.on_hover_text("Save these lines as JSON Lines, one object a line");
            save.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), "Save pushes"));
            if save.clicked() {
                actions.push(Action::SavePushes);
            }
        });
    });
    ui.add_space(2.0);
    let only = of_one.then(|| model.selected().map(|board| board.key)).flatten();
    let shown: Vec<&Arc<LogEntry>> = lines(model, only).collect();
    ui.spacing_mut().item_spacing.y = 0.0;
    if shown.is_empty() {
        let words = "Nothing yet. What boards push appears here the moment it happens.";
        text::label(ui, words, words, theme::body(), palette.weak);
        ui.take_available_space();
        return;
    }
    ScrollArea::vertical().id_salt("pushes").auto_shrink(false).show_rows(
        ui,
        theme::PUSH_ROW,
        shown.len(),
        |ui, rows| {
            for entry in shown.get(rows).unwrap_or_default() {
                show_line(ui, model, entry, only.is_none(), moment);
            }
        },
    );
}

/// The lines of one board, or of all, newest first.
pub(super) fn lines(model: &Model, only: Option<BoardKey>) -> impl Iterator<Item = &Arc<LogEntry>> {
    model.log().iter().filter(move |entry| only.is_none_or(|key| entry.board == key))
}

/// The component that a line is about, as it describes itself.
fn about<'a>(model: &'a Model, entry: &LogEntry) -> Option<&'a Descriptor> {
    let Happening::Changed { component, .. } = &entry.what else { return None };
    let board = model.board(entry.board)?;
    board.components.iter().map(|view| view.descriptor.as_ref()).find(|descriptor| descriptor.key == *component)
}

fn show_line(ui: &mut Ui, model: &Model, entry: &LogEntry, with_board: bool, moment: &Moment) {
    let (rect, response) = ui
        .push_id(("pushed", entry.number), |ui| {
            ui.allocate_exact_size(vec2(ui.available_width(), theme::PUSH_ROW), Sense::hover())
        })
        .inner;
    let line = words::happening(&entry.what, about(model, entry));
    let time = words::time_of_day(entry.at, &moment.zone);
    let told = [line.subject.as_str(), &line.what].join(" ");
    let name = [entry.board_name.as_ref(), told.trim(), &line.source, &line.timing];
    let name = name.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
    text::name_label(ui, &response, &name);
    if !ui.is_rect_visible(rect) {
        return;
    }
    let palette = palette(ui);
    let what_colour = match &entry.what {
        Happening::Changed { .. } | Happening::Event { .. } => palette.text,
        Happening::Link(state) => super::signs::link_colour(palette, state),
        _ => palette.weak,
    };
    // Shares of the width, so that columns stand still whatever is in them.
    let wide = [92.0, 0.17, 0.13, 0.40, 0.18, 0.12];
    let narrow = [92.0, 0.0, 0.15, 0.50, 0.22, 0.13];
    let shares = if with_board { wide } else { narrow };
    let rest = rect.width() - shares[0];
    let mut left = rect.left();
    let columns = [
        (time.as_str(), theme::monospace_small(), palette.weak),
        (entry.board_name.as_ref(), theme::body(), palette.text),
        (&line.subject, theme::monospace_small(), palette.weak),
        (&line.what, theme::body(), what_colour),
        (&line.source, theme::body(), palette.weak),
        (&line.timing, theme::body(), palette.weak),
    ];
    for (column, (content, font, colour)) in columns.into_iter().enumerate() {
        let width = if column == 0 { shares[0] } else { shares[column] * rest };
        if width > 0.0 {
            let field = Rect::from_min_max(pos2(left, rect.top()), pos2(left + width - UNIT, rect.bottom()));
            let align = if column == 5 { Align2::RIGHT_CENTER } else { Align2::LEFT_CENTER };
            text::paint(ui, field, align, content, font, colour);
        }
        left += width;
    }
    response.on_hover_text(name);
}

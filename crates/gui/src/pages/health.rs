//! The page of link health: every board with how its link has been, the worst
//! first, and below how the selected one's was over time.

use std::{cmp::Ordering, time::Duration};

use eframe::egui::{
    Align, Align2, Button, CornerRadius, Layout, Panel, Rect, Response, ScrollArea, Sense, Stroke,
    StrokeKind, Ui, WidgetInfo, accesskit::Role, pos2, vec2,
};

use web_time::Instant;

use crate::{
    model::{
        action::WindowAction, frame_context::FrameContext, link_kind::LinkKind,
        page_context::PageContext,
    },
    pages::{
        health_column::{Column, Columns},
        health_level::{self, Level},
        health_plots,
    },
    widgets::{
        icon,
        layout::{Within as _, between, left_of},
        page_view::PageView,
        status_icons, text_line,
        theme::{self, UNIT, palette},
    },
};
use fleet::{BoardKey, BoardView};

/// A table whose rows move more often than this cannot be read.
const SORTED_FOR: Duration = Duration::from_secs(1);

/// The page.
#[derive(Debug)]
pub(crate) struct Health {
    by: Column,
    backwards: bool,
    /// The boards in display order, and when they were sorted.
    order: Vec<BoardKey>,
    sorted: Option<Instant>,
    /// The time under the pointer in the charts.
    cursor: Option<f64>,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            by: Column::Trouble,
            backwards: false,
            order: Vec::new(),
            sorted: None,
            cursor: None,
        }
    }
}

impl PageView for Health {
    fn least_size(&self) -> eframe::egui::Vec2 {
        theme::LEAST_HEALTH.into()
    }

    fn contents(&mut self, ui: &mut Ui, context: &PageContext<'_>) {
        // The table keeps its header and some rows, however low the window is.
        let room = left_of(ui.available_height(), theme::HEALTH_TABLE);
        let [least, first, most] =
            theme::HEALTH_PLOTS.map(|height| height.min(room).max(theme::SPARKLINE));
        // The charts get what the table does not need.
        let table = context.model.len() as f32 * theme::COMMAND_ROW;
        let panel = Panel::bottom("health of one")
            .resizable(true)
            .default_size(first.max(room - table).min(most))
            .size_range(least..=most);
        let frame = eframe::egui::Frame::new().inner_margin(vec2(0.0, UNIT));
        panel
            .frame(frame)
            .show(ui, |ui| match context.model.selected() {
                Some(board) => {
                    context.shows(board.key);
                    let title = context.model.title(board);
                    health_plots::show(ui, board, &title, &mut self.cursor, context);
                }
                None => ui.take_available_space(),
            });
        let palette = palette(ui);
        ui.heading("Link health");
        let about = "Since this window was opened. Select a board to see its history.";
        text_line::label(ui, about, about, theme::body(), palette.weak);
        ui.add_space(UNIT);
        let columns = Columns::fitting(ui.available_width());
        self.heads(ui, &columns);
        self.sort(context);
        ui.spacing_mut().item_spacing.y = 0.0;
        let area = ScrollArea::vertical().id_salt("health").auto_shrink(false);
        let height = row_height(&columns);
        area.show_rows(ui, height, self.order.len(), |ui, rows| {
            for board in self
                .order
                .get(rows)
                .unwrap_or_default()
                .iter()
                .filter_map(|key| context.model.board(*key))
            {
                context.shows(board.key);
                let chosen = context
                    .model
                    .selected()
                    .is_some_and(|selected| selected.key == board.key);
                let title = context.model.title(board);
                if row(ui, board, &title, chosen, &columns, context) {
                    context.push(WindowAction::Select(board.key));
                }
            }
        });
    }
}

impl Health {
    /// Sorts the boards if the order is old enough or boards were added or
    /// removed.
    fn sort(&mut self, context: &PageContext<'_>) {
        let age = self
            .sorted
            .map(|sorted| context.now.saturating_duration_since(sorted));
        let there = self.order.len() == context.model.len()
            && self
                .order
                .iter()
                .all(|key| context.model.board(*key).is_some());
        if let Some(left) = age
            .and_then(|age| SORTED_FOR.checked_sub(age))
            .filter(|left| there && !left.is_zero())
        {
            // Changes until then are sorted at that time.
            context.again_in(left);
            return;
        }
        let mut ranked: Vec<_> = context
            .model
            .in_order()
            .map(|board| (self.by.rank(board), board.key))
            .collect();
        let compare = |one: &[f64; 3], other: &[f64; 3]| {
            let mut figures = one
                .iter()
                .zip(other)
                .map(|(one, other)| other.total_cmp(one));
            figures
                .find(|order| order.is_ne())
                .unwrap_or(Ordering::Equal)
        };
        ranked.sort_by(|(one, _), (other, _)| compare(one, other));
        if self.backwards {
            ranked.reverse();
        }
        self.order = ranked.into_iter().map(|(_, key)| key).collect();
        self.sorted = Some(context.now);
    }

    /// The column headers; a click sorts by the column, a second click reverses
    /// the order.
    fn heads(&mut self, ui: &mut Ui, columns: &Columns) {
        let rect = ui
            .available_rect_before_wrap()
            .until_y(ui.cursor().top() + theme::LINE);
        ui.allocate_rect(rect, Sense::hover());
        let mut left = rect.left();
        for (column, width) in columns.shown.iter().copied() {
            let place = between(
                pos2(left, rect.top()),
                pos2(left + width - theme::HALF, rect.bottom()),
            );
            left += width;
            let chosen = self.by == column;
            let sign = match (chosen, self.backwards) {
                (false, _) => "",
                (true, false) => icon::CARET_DOWN,
                (true, true) => icon::CARET_UP,
            };
            // Aligned like the values below.
            let (place, layout) = match column.is_number() {
                true => (
                    place.until_x(place.right() - UNIT),
                    Layout::right_to_left(Align::Center),
                ),
                false if column == Column::Trouble => (place, Layout::left_to_right(Align::Center)),
                false => (
                    place.after_x(place.left() + theme::HALF),
                    Layout::left_to_right(Align::Center),
                ),
            };
            let button = Button::new(format!("{}{sign}", column.word()))
                .frame_when_inactive(false)
                .truncate();
            let builder = eframe::egui::UiBuilder::new()
                .max_rect(place)
                .layout(layout)
                .id_salt(column.word());
            let response = ui.scope_builder(builder, |ui| {
                ui.spacing_mut().button_padding.x = 0.0;
                ui.add(button)
            });
            let response = response.inner.on_hover_text(column.about());
            let name = format!("Sort by {}", column.word().to_lowercase());
            response.widget_info(|| WidgetInfo::selected(Role::Button, true, chosen, &name));
            if response.clicked() {
                self.backwards = chosen && !self.backwards;
                self.by = column;
                self.sorted = None;
                ui.ctx().request_repaint();
            }
        }
    }
}

/// The height of the second line of a row.
const SECOND: f32 = 20.0;

fn row_height(columns: &Columns) -> f32 {
    if columns.has_second_line {
        theme::COMMAND_ROW + SECOND
    } else {
        theme::COMMAND_ROW
    }
}

fn row(
    ui: &mut Ui,
    board: &BoardView,
    title: &str,
    chosen: bool,
    columns: &Columns,
    context: &FrameContext,
) -> bool {
    let size = vec2(ui.available_width(), row_height(columns));
    let (rect, response) = ui
        .push_id(("health", board.key.0), |ui| {
            ui.allocate_exact_size(size, Sense::click())
        })
        .inner;
    let contents = Column::ALL.map(|column| (column, column.content(board, title, context)));
    let told: Vec<String> = contents
        .iter()
        .skip(2)
        .filter(|(_, content)| !content.is_empty())
        .map(|(column, content)| {
            let judged = match column {
                Column::Missed | Column::Drops => "",
                _ => health_level::words(column.level(board)),
            };
            format!("{} {content}{judged}", column.word().to_lowercase())
        })
        .collect();
    let content = |wanted: Column| {
        let found = contents.iter().find(|(column, _)| *column == wanted);
        found.map_or_else(String::new, |(_, content)| content.clone())
    };
    let link = LinkKind::of(&board.link).word();
    let name = format!("{title}: {link}, {}", told.join(", "));
    response.widget_info(|| WidgetInfo::selected(Role::ListBoxOption, true, chosen, &name));
    if !ui.is_rect_visible(rect) {
        return response.clicked();
    }
    plate(ui, rect, chosen, &response);
    let upper = rect.until_y(rect.top() + theme::COMMAND_ROW);
    let mut cut = Vec::new();
    let mut left = rect.left();
    let mut name_left = left;
    for (column, width) in columns.shown.iter().copied() {
        let place = between(
            pos2(left, upper.top()),
            pos2(left + width - theme::HALF, upper.bottom()),
        );
        if column == Column::Board {
            name_left = left + theme::HALF;
        }
        left += width;
        cut.extend(cell(ui, place, column, board, content(column)));
    }
    if columns.has_second_line {
        let (state, cause) = (content(Column::Trouble), content(Column::Cause));
        let words = match cause.is_empty() {
            true => state,
            false => format!("{state}   {}: {cause}", Column::Cause.word()),
        };
        let place = rect.after_x(name_left).after_y(upper.bottom() - UNIT);
        let place = place.until_y(rect.bottom() - theme::HALF);
        let look = (theme::small(), palette(ui).weak);
        cut.extend(fitted(ui, place, Align2::LEFT_CENTER, words, look));
    }
    let clicked = response.clicked();
    if !cut.is_empty() {
        response.on_hover_text(cut.join("\n"));
    }
    clicked
}

fn plate(ui: &Ui, rect: Rect, chosen: bool, response: &Response) {
    let palette = palette(ui);
    let radius = CornerRadius::same(theme::CONTROL_RADIUS);
    if chosen {
        ui.painter().rect_filled(rect, radius, palette.chosen);
    } else if response.hovered() {
        ui.painter().rect_filled(rect, radius, palette.control);
    }
    if response.has_focus() {
        let stroke = Stroke::new(1.5, palette.accent);
        ui.painter()
            .rect_stroke(rect, radius, stroke, StrokeKind::Inside);
    }
}

/// Paints a cell; returns its text if that was cut.
fn cell(ui: &Ui, place: Rect, column: Column, board: &BoardView, text: String) -> Option<String> {
    let palette = palette(ui);
    let level = column.level(board);
    match column {
        Column::Trouble => {
            let center = pos2(place.left() + 10.0, place.center().y);
            status_icons::link(ui, center, &board.link);
            let color = status_icons::link_color(palette, &board.link);
            let place = place.after_x(place.left() + 22.0);
            if place.width() < 40.0 {
                return None;
            }
            fitted(ui, place, Align2::LEFT_CENTER, text, (theme::body(), color))
        }
        Column::Board | Column::Cause => {
            let place = place.after_x(place.left() + theme::HALF);
            let look = if column == Column::Board {
                (theme::strong(), palette.text)
            } else {
                (theme::body(), palette.weak)
            };
            fitted(ui, place, Align2::LEFT_CENTER, text, look)
        }
        _ => {
            let color = match (level, text.as_str()) {
                (Level::Good, "0") => palette.weak,
                (level, _) => health_level::color(palette, level),
            };
            let place = place.until_x(place.right() - UNIT);
            let shown =
                text_line::paint(ui, place, Align2::RIGHT_CENTER, &text, theme::body(), color);
            health_level::sign(ui, pos2(shown.left() - UNIT - 2.0, place.center().y), level);
            None
        }
    }
}

/// Paints a text that may be too long; returns it if it was cut.
fn fitted(
    ui: &Ui,
    place: Rect,
    align: Align2,
    text: String,
    (font, color): (eframe::egui::FontId, eframe::egui::Color32),
) -> Option<String> {
    let galley = text_line::line(ui, &text, font, color, place.width());
    let elided = galley.elided;
    let at = align.align_size_within_rect(galley.size(), place);
    ui.painter().galley(at.min, galley, color);
    elided.then_some(text)
}

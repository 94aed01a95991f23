//! What each of several boards has: a row per board, a column per component,
//! and above them what their sensors measure together.

use eframe::egui::{
    Align2, Rect, ScrollArea, Sense, Stroke, Ui, WidgetInfo, accesskit::Role, pos2, vec2,
};
use protocol::Kind;

use super::groups::{ComponentGroup, Groups, count};
use crate::{
    model::{action::WindowAction, page_context::PageContext},
    widgets::{
        layout::Within as _,
        status_icons, text_line,
        theme::{self, HALF, LINE, UNIT, palette},
    },
};
use fleet::{BoardView, LinkState};

/// The height of a row.
const ROW: f32 = 28.0;

/// The width of the column of boards, and of the others.
const BOARD: f32 = 200.0;
const VALUE: f32 = 120.0;

/// The least width of the number of boards.
const BOARDS: f32 = 64.0;

/// The sensors of all boards: mean, and the lowest and highest value.
pub(super) fn measured(ui: &mut Ui, groups: &[&ComponentGroup<'_>]) {
    let palette = palette(ui);
    for group in groups.iter().filter(|group| group.kind == Kind::Sensor) {
        let Some(spread) = group.spread(protocol::State::number) else {
            continue;
        };
        let Some(descriptor) = group.views().next().map(|view| &view.descriptor) else {
            continue;
        };
        let words = |value| text::reading(value, Some(descriptor));
        let mean = words(spread.mean);
        let range = match spread.low < spread.high {
            true => format!("{} to {}", words(spread.low), words(spread.high)),
            false => String::new(),
        };
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), LINE), Sense::hover());
        let left = rect.left();
        let column = |from: f32, to: f32| {
            Rect::from_min_max(
                pos2(left + from, rect.top()),
                pos2(left + to, rect.bottom()),
            )
            .intersect(rect)
        };
        let paint = |ui: &Ui, place, words: &str, color| {
            let align = Align2::LEFT_CENTER;
            text_line::paint(ui, place, align, words, theme::body(), color);
        };
        paint(ui, column(0.0, 160.0 - UNIT), &group.name, palette.weak);
        let several = !range.is_empty();
        let shown = match several {
            true => format!("mean {mean}"),
            false => mean,
        };
        let name = match several {
            true => format!("{}: {shown}, {range}", group.name),
            false => format!("{}: {shown}", group.name),
        };
        let look = (theme::body(), palette.text);
        let place = column(160.0, 300.0 - UNIT);
        text_line::field(ui, place, Align2::LEFT_CENTER, &shown, &name, look);
        paint(ui, column(300.0, 500.0 - UNIT), &range, palette.text);
        let boards = column(500.0, 640.0);
        if boards.width() > BOARDS {
            paint(ui, boards, &count(spread.count), palette.weak);
        }
    }
}

/// The table. Only rows in view are drawn.
pub(super) fn each(
    ui: &mut Ui,
    boards: &[&BoardView],
    groups: &Groups<'_>,
    context: &PageContext<'_>,
) {
    // What several boards have is easier to compare next to each other.
    let (mut columns, alone): (Vec<_>, Vec<_>) = groups
        .controlled
        .iter()
        .chain(&groups.measured)
        .filter(|group| group.kind != Kind::Button)
        .partition(|group: &&ComponentGroup<'_>| group.boards() > 1);
    columns.extend(alone);
    let width = BOARD + columns.len() as f32 * VALUE;
    let height = (boards.len() + 1) as f32 * ROW;
    ScrollArea::horizontal()
        .id_salt("each board")
        .auto_shrink([false, true])
        .show(ui, |ui| {
            let (rect, _) = ui.allocate_exact_size(vec2(width, height), Sense::hover());
            let visible = ui.clip_rect();
            let row = |at: usize| {
                Rect::from_min_size(
                    rect.min + vec2(0.0, at as f32 * ROW),
                    vec2(rect.width(), ROW),
                )
            };
            titles(ui, row(0), &columns);
            for (at, board) in boards.iter().enumerate() {
                let row = row(at + 1);
                if row.intersects(visible) {
                    values(ui, row, board, &columns, context);
                }
            }
        });
}

fn cell(row: Rect, column: usize) -> Rect {
    let left = row.left() + BOARD + column as f32 * VALUE;
    row.after_x(left).until_x(left + VALUE - UNIT)
}

fn titles(ui: &Ui, row: Rect, columns: &[&ComponentGroup<'_>]) {
    let color = palette(ui).weak;
    let paint = |place, words: &str| {
        text_line::paint(ui, place, Align2::LEFT_CENTER, words, theme::small(), color);
    };
    paint(row.until_x(row.left() + BOARD), "Board");
    for (at, group) in columns.iter().enumerate() {
        paint(cell(row, at), &group.name);
    }
}

fn values(
    ui: &mut Ui,
    row: Rect,
    board: &BoardView,
    columns: &[&ComponentGroup<'_>],
    context: &PageContext<'_>,
) {
    let palette = palette(ui);
    ui.painter()
        .hline(row.x_range(), row.top(), Stroke::new(1.0, palette.border));
    let title = context.model.title(board);
    status_icons::link(ui, pos2(row.left() + 6.0, row.center().y), &board.link);
    let name = row
        .after_x(row.left() + LINE - HALF)
        .until_x(row.left() + BOARD - UNIT);
    let id = ui.scope_id().with(("show", board.key.0));
    let response = ui.interact(name, id, Sense::click());
    let words = format!("Show {title}");
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &words));
    let color = match response.hovered() || response.has_focus() {
        true => palette.accent,
        false => palette.text,
    };
    text_line::paint(ui, name, Align2::LEFT_CENTER, &title, theme::body(), color);
    if response.clicked() {
        context.push(WindowAction::Select(board.key));
    }
    response.on_hover_text(format!("{title} is {}", text::link(&board.link)));
    let live = matches!(board.link, LinkState::Connected);
    for (at, group) in columns.iter().enumerate() {
        let Some(view) = board.components.iter().find(|view| group.has(view)) else {
            continue;
        };
        let Some(words) = text::brief(view) else {
            continue;
        };
        let color = if live { palette.text } else { palette.weak };
        let name = format!("{title}: {}: {words}", group.name);
        let look = (theme::body(), color);
        let value = text_line::field(ui, cell(row, at), Align2::LEFT_CENTER, &words, &name, look);
        // A text of the board may be longer than its column.
        value.on_hover_text(&words);
    }
}

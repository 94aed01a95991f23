//! Boards that are dragged into a room: onto its heading, one of its boards, or
//! a target below the list.

use std::sync::Arc;

use eframe::egui::{
    Align2, DragAndDrop, Id, PointerButton, Rect, Response, Sense, Stroke, StrokeKind, Ui,
    WidgetInfo, accesskit::Role, vec2,
};

use crate::{
    model::{
        action::WindowAction,
        arrangement::{Grouping, LabelsChange},
        dialog_kind::DialogKind,
        page_context::PageContext,
    },
    widgets::{
        drag_label, icon,
        layout::Within as _,
        text_line,
        theme::{self, HALF, UNIT, palette},
    },
};
use fleet::BoardKey;

/// The height of a target below the list.
const TARGET: f32 = 36.0;

/// At most this many rooms are offered below the list.
const ROOMS: usize = 6;

/// Near an edge, a drag scrolls the list by this much per frame.
const SCROLL: f32 = 8.0;

/// The boards that are dragged.
pub(super) struct Dragged(Vec<BoardKey>);

/// Where the boards would go if they were dropped now.
const HOVERED: &str = "room under the dragged boards";

/// What is dragged now, if boards are.
pub(super) fn dragged(ui: &Ui) -> Option<Arc<Dragged>> {
    let dragged = DragAndDrop::payload::<Dragged>(ui.ctx());
    if dragged.is_some() {
        ui.ctx()
            .data_mut(|data| data.remove_temp::<String>(Id::unique(HOVERED)));
    }
    dragged
}

/// Makes a row draggable, together with the selection that it is part of.
pub(super) fn source(row: &Response, context: &PageContext<'_>, key: BoardKey) {
    if row.drag_started_by(PointerButton::Primary) {
        row.dnd_set_drag_payload(Dragged(context.model.selected_with(key)));
    }
}

/// Whether this board is dragged.
pub(super) fn is_dragged(ui: &Ui, key: BoardKey) -> bool {
    let dragged = DragAndDrop::payload::<Dragged>(ui.ctx());
    dragged.is_some_and(|dragged| dragged.0.contains(&key))
}

/// Whether dragged boards are above `response`, which stands for `room`; if
/// they are dropped there, they are assigned to it.
pub(super) fn target(response: &Response, context: &PageContext<'_>, room: &str) -> bool {
    if let Some(dropped) = response.dnd_release_payload::<Dragged>() {
        assign(context, &dropped, room);
    }
    let above = response.dnd_hover_payload::<Dragged>().is_some();
    if above {
        let words = match room {
            "" => "No room",
            room => room,
        };
        hover(response, words);
    }
    above
}

fn hover(response: &Response, words: &str) {
    response
        .ctx
        .data_mut(|data| data.insert_temp(Id::unique(HOVERED), words.to_owned()));
}

/// Assigns those that are not in the room yet.
fn assign(context: &PageContext<'_>, dropped: &Dragged, room: &str) {
    let room_of = |key: &BoardKey| {
        let board = context.model.board(*key)?;
        Some(context.model.labels_of(board)?.room.as_str())
    };
    let boards = dropped.0.iter().copied();
    let boards: Vec<BoardKey> = boards
        .filter(|key| room_of(key).unwrap_or_default() != room)
        .collect();
    if !boards.is_empty() {
        let change = LabelsChange::Room(room.to_owned());
        context.push(WindowAction::SetLabels(boards, change));
    }
}

/// The rooms that are offered below the list: those without a heading in it.
fn rooms<'a>(context: &'a PageContext<'_>) -> Vec<&'a str> {
    match context.model.arrangement().grouping {
        Grouping::Room => Vec::new(),
        _ => context.model.rooms().into_iter().take(ROOMS).collect(),
    }
}

/// The height of the targets below the list.
pub(super) fn height(context: &PageContext<'_>) -> f32 {
    (rooms(context).len() + 1) as f32 * TARGET + UNIT
}

/// The targets below the list: rooms, and a new one.
pub(super) fn targets(ui: &mut Ui, context: &PageContext<'_>) {
    ui.spacing_mut().item_spacing.y = 0.0;
    ui.add_space(HALF);
    for room in rooms(context) {
        let (rect, response) = place(ui, room);
        let above = target(&response, context, room);
        paint(ui, rect, above, icon::HOUSE, room);
    }
    let words = "New room…";
    let (rect, response) = place(ui, words);
    if let Some(dropped) = response.dnd_release_payload::<Dragged>() {
        let asks = DialogKind::Room(dropped.0.clone());
        context.push(WindowAction::OpenDialog(asks, String::new()));
    }
    let above = response.dnd_hover_payload::<Dragged>().is_some();
    if above {
        hover(&response, words);
    }
    paint(ui, rect, above, icon::PLUS, words);
}

fn place(ui: &mut Ui, words: &str) -> (Rect, Response) {
    let size = vec2(ui.available_width(), TARGET);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let name = format!("Drop into {words}");
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &name));
    (rect, response)
}

fn paint(ui: &Ui, rect: Rect, above: bool, sign: &str, words: &str) {
    let palette = palette(ui);
    let plate = rect.inset(vec2(UNIT, 2.0));
    let (fill, edge) = match above {
        true => (palette.chosen, Stroke::new(1.5, palette.accent)),
        false => (palette.card, Stroke::new(1.0, palette.outline)),
    };
    let radius = theme::CONTROL_RADIUS;
    ui.painter()
        .rect(plate, radius, fill, edge, StrokeKind::Inside);
    let words = format!("{sign}  {words}");
    let inner = plate.inset(vec2(UNIT, 0.0));
    let left = Align2::LEFT_CENTER;
    text_line::paint(ui, inner, left, &words, theme::body(), palette.text);
}

/// Scrolls the list while the pointer is near one of its edges.
pub(super) fn scroll(ui: &Ui, context: &PageContext<'_>) {
    let Some(pointer) = ui.ctx().pointer_latest_pos() else {
        return;
    };
    let view = ui.clip_rect();
    if !view.x_range().contains(pointer.x) {
        return;
    }
    let step = if pointer.y < view.top() + theme::LIST_HEADING {
        SCROLL
    } else if pointer.y > view.bottom() - theme::LIST_HEADING && pointer.y < view.bottom() {
        -SCROLL
    } else {
        return;
    };
    ui.scroll_with_delta(vec2(0.0, step));
    context.moving();
}

/// What is dragged, next to the pointer: `Desk lamp`, `5 boards to Workshop`.
pub(super) fn ghost(ui: &Ui, context: &PageContext<'_>, dragged: &Dragged) {
    let boards = match dragged.0.as_slice() {
        [only] => context.model.title_of(*only),
        many => text::count(many.len() as u64, "board"),
    };
    let to = ui
        .ctx()
        .data(|data| data.get_temp::<String>(Id::unique(HOVERED)));
    let words = match to {
        Some(to) => format!("{boards}  {}  {to}", icon::ARROW_RIGHT),
        None => boards,
    };
    drag_label::show(ui, &words);
}

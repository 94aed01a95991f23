//! A sequence diagram: the clients and the board as vertical lines, and each
//! message as an arrow between two of them.

use eframe::egui::{
    Align2, Color32, CornerRadius, Painter, Pos2, Rect, ScrollArea, Sense, Shape, Stroke, Ui,
    WidgetInfo, accesskit::Role, pos2, vec2,
};

use super::clients::{Arrow, Clients, MessageKind, NAMES};
use crate::{
    model::frame_context::FrameContext,
    widgets::{
        layout::{Within as _, between, left_of},
        text_line,
        theme::{self, HALF, Palette, UNIT, palette},
    },
};
use channel::Direction;

/// The height of a message.
const ROW: f32 = 32.0;

/// The width of the times.
const TIMES: f32 = 76.0;

/// The positions of the lines, as fractions of the width: A, B, the board, C,
/// D.
const LINES: [f32; 5] = [0.06, 0.27, 0.5, 0.73, 0.94];

/// The position of a client's line in `rect`.
pub(super) fn client_x(rect: Rect, client: usize) -> f32 {
    at(rect, if client < 2 { client } else { client + 1 })
}

/// The position of the board's line.
pub(super) fn board_x(rect: Rect) -> f32 {
    at(rect, 2)
}

fn at(rect: Rect, line: usize) -> f32 {
    let left = rect.left() + TIMES;
    (left + (rect.right() - left) * LINES[line]).round()
}

/// The color of a kind of message.
pub(super) fn color(kind: MessageKind, palette: &Palette) -> Color32 {
    match kind {
        MessageKind::Echo => palette.series[1],
        MessageKind::Request => palette.series[0],
        MessageKind::Response => palette.series[2],
        MessageKind::Push => palette.series[5],
    }
}

/// The label of a kind of message.
pub(super) fn label(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::Echo => "echo",
        MessageKind::Request => "request",
        MessageKind::Response => "response",
        MessageKind::Push => "push",
    }
}

/// Shows the diagram, newest message last. It follows the end unless it is
/// scrolled up.
pub(super) fn show(ui: &mut Ui, clients: &Clients, context: &FrameContext) {
    let palette = palette(ui);
    ui.spacing_mut().item_spacing.y = 0.0;
    let area = ScrollArea::vertical()
        .id_salt("sequence diagram")
        .auto_shrink(false)
        .stick_to_bottom(true);
    let clip = ui.available_rect_before_wrap();
    for line in 0..LINES.len() {
        let x = at(clip, line);
        let stroke = Stroke::new(if line == 2 { 2.0 } else { 1.0 }, palette.outline);
        ui.painter()
            .line_segment([pos2(x, clip.top()), pos2(x, clip.bottom())], stroke);
    }
    area.show_rows(ui, ROW, clients.arrows.len(), |ui, range| {
        // Ids are positions on the screen, because egui keeps data for each id
        // forever.
        for (slot, arrow) in clients
            .arrows
            .range(range.start.min(clients.arrows.len())..range.end.min(clients.arrows.len()))
            .enumerate()
        {
            row(ui, slot, arrow, context, palette);
        }
    });
}

fn row(ui: &mut Ui, slot: usize, arrow: &Arrow, context: &FrameContext, palette: &Palette) {
    let size = vec2(ui.available_width(), ROW);
    let (rect, response) = ui
        .push_id(slot, |ui| ui.allocate_exact_size(size, Sense::hover()))
        .inner;
    let client = NAMES[arrow.client];
    let (from, to) = if arrow.way == Direction::Out {
        (client, "board")
    } else {
        ("board", client)
    };
    let round_trip = arrow
        .round_trip
        .map(|round_trip| format!(", {}", text::short(round_trip)))
        .unwrap_or_default();
    let name = format!(
        "{from} to {to}: {}: {}{round_trip}",
        label(arrow.kind),
        arrow.text
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &name));
    if !ui.is_rect_visible(rect) {
        return;
    }
    let color = color(arrow.kind, palette);
    let time_box = Rect::from_min_size(rect.min, vec2(TIMES - UNIT, ROW - 6.0));
    let time = text::quantity(arrow.since.as_secs_f64(), Some(3), Some("s"));
    text_line::paint(
        ui,
        time_box,
        Align2::RIGHT_BOTTOM,
        &time,
        theme::monospace_small(),
        palette.weak,
    );
    // The same width as the lines, without the scroll bar.
    let (one, other) = (client_x(rect, arrow.client), board_x(rect));
    let y = rect.bottom() - 9.0;
    let (start, end) = if arrow.way == Direction::Out {
        (one, other)
    } else {
        (other, one)
    };
    draw(
        ui.painter(),
        pos2(start, y),
        pos2(end, y),
        arrow.kind,
        color,
    );
    let (left, right) = (one.min(other) + UNIT, one.max(other) - UNIT);
    let round_trip = arrow.round_trip.map(text::short).unwrap_or_default();
    let above = between(pos2(left, rect.top() + 2.0), pos2(right, y - 4.0));
    let took_width = if round_trip.is_empty() { 0.0 } else { 56.0 };
    let words = text_line::line(
        ui,
        &arrow.text,
        theme::monospace_small(),
        palette.text,
        left_of(above.width(), took_width),
    );
    let behind = Rect::from_min_size(
        pos2(left - 2.0, above.top()),
        vec2(words.size().x + 4.0, above.height()),
    );
    ui.painter()
        .rect_filled(behind, CornerRadius::ZERO, palette.ground);
    let place = Align2::LEFT_CENTER.align_size_within_rect(words.size(), above);
    ui.painter().galley(place.min, words, palette.text);
    if !round_trip.is_empty() {
        let behind = above.after_x(above.right() - took_width + HALF);
        text_line::paint(
            ui,
            behind,
            Align2::RIGHT_CENTER,
            &round_trip,
            theme::small(),
            palette.good,
        );
    }
    response.on_hover_text(format!(
        "{}  {name}",
        text::time_of_day(arrow.at, &context.zone)
    ));
}

/// Draws an arrow: filled for a request, open and dashed for a response, from a
/// diamond for a push, from a circle for an echo.
pub(super) fn draw(painter: &Painter, from: Pos2, to: Pos2, kind: MessageKind, color: Color32) {
    let ahead = (to.x - from.x).signum();
    let stroke = Stroke::new(1.5, color);
    let ends = [from, pos2(to.x - ahead * 2.0, to.y)];
    match kind {
        MessageKind::Response => {
            painter.extend(Shape::dashed_line(&ends, stroke, 6.0, 4.0));
        }
        _ => {
            painter.line_segment(ends, stroke);
        }
    }
    let head = [
        to,
        pos2(to.x - ahead * 9.0, to.y - 4.5),
        pos2(to.x - ahead * 9.0, to.y + 4.5),
    ];
    match kind {
        MessageKind::Response => {
            painter.line_segment([head[1], head[0]], stroke);
            painter.line_segment([head[2], head[0]], stroke);
        }
        _ => {
            painter.add(Shape::convex_polygon(head.into(), color, Stroke::NONE));
        }
    }
    match kind {
        MessageKind::Push => {
            let around = [
                vec2(-5.0, 0.0),
                vec2(0.0, -5.0),
                vec2(5.0, 0.0),
                vec2(0.0, 5.0),
            ];
            let diamond = around.map(|by| from + by).to_vec();
            painter.add(Shape::convex_polygon(diamond, color, Stroke::NONE));
        }
        MessageKind::Echo => {
            painter.circle_filled(from, 4.0, color);
        }
        _ => {}
    }
}

//! What is dragged, as a label next to the pointer.

use eframe::egui::{Id, LayerId, Order, Rect, Stroke, StrokeKind, Ui, vec2};

use crate::widgets::{
    text_line,
    theme::{self, HALF, UNIT, palette},
};

/// Shows the label within the window.
pub(crate) fn show(ui: &Ui, words: &str) {
    let Some(pointer) = ui.ctx().pointer_latest_pos() else {
        return;
    };
    let palette = palette(ui);
    let galley = text_line::line(ui, words, theme::body(), palette.text, f32::INFINITY);
    let size = galley.size() + vec2(UNIT * 2.0, UNIT);
    let most = ui.ctx().content_rect().max - size;
    let at = (pointer + vec2(14.0, 10.0)).min(most);
    let layer = LayerId::new(Order::Tooltip, Id::unique("label of a drag"));
    let painter = ui.ctx().layer_painter(layer);
    painter.rect(
        Rect::from_min_size(at, size),
        theme::CONTROL_RADIUS,
        palette.card,
        Stroke::new(1.0, palette.outline),
        StrokeKind::Inside,
    );
    painter.galley(at + vec2(UNIT, HALF), galley, palette.text);
}

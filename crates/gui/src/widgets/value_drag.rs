//! Values that can be dragged: onto a plot, or onto *Plots* in the rail. The
//! payload of the drag is the component's [`Pin`].

use eframe::egui::{
    Align2, Context, CursorIcon, DragAndDrop, Id, LayerId, Order, Response, Sense, Stroke,
    StrokeKind, Ui, vec2,
};

use crate::{
    model::pin::Pin,
    widgets::{
        text_line,
        theme::{self, HALF, UNIT, palette},
    },
};

/// Makes a value draggable; what it senses already stays as it is.
pub(crate) fn source(response: Response, pin: impl FnOnce() -> Option<Pin>) -> Response {
    let drag = response.interact(Sense::DRAG);
    if drag.drag_started()
        && let Some(pin) = pin()
    {
        drag.dnd_set_drag_payload(pin);
    }
    if drag.hovered() && !drag.sense.senses_click() {
        drag.ctx.set_cursor_icon(CursorIcon::Grab);
    }
    drag
}

/// Whether a value is being dragged.
pub(crate) fn is_dragged(ctx: &Context) -> bool {
    DragAndDrop::has_payload_of_type::<Pin>(ctx)
}

/// The value that was dropped in this frame; the caller checks where.
pub(crate) fn dropped(ctx: &Context) -> Option<Pin> {
    if !ctx.input(|input| input.pointer.any_released()) {
        return None;
    }
    let pin = DragAndDrop::take_payload::<Pin>(ctx)?;
    Some(pin.as_ref().clone())
}

/// Shows the name of the value that is dragged, next to the pointer. Its source
/// may be on a page that is no longer shown.
pub(crate) fn show(ui: &Ui) {
    if let Some(pin) = DragAndDrop::payload::<Pin>(ui.ctx()) {
        ghost(ui, &pin);
    }
}

/// The name of what is dragged, next to the pointer.
fn ghost(ui: &Ui, pin: &Pin) {
    let Some(pointer) = ui.ctx().pointer_interact_pos() else {
        return;
    };
    ui.ctx().set_cursor_icon(CursorIcon::Grabbing);
    let palette = palette(ui);
    let layer = LayerId::new(Order::Tooltip, Id::unique("value drag"));
    let galley = text_line::line(ui, &pin.words(), theme::body(), palette.text, f32::INFINITY);
    let margin = vec2(UNIT, HALF);
    let anchor = pointer + vec2(UNIT * 1.5, UNIT * 1.5);
    let place = Align2::LEFT_TOP.anchor_size(anchor, galley.size() + margin * 2.0);
    let painter = ui.ctx().layer_painter(layer);
    painter.rect(
        place,
        f32::from(theme::CONTROL_RADIUS),
        palette.card,
        Stroke::new(1.0, palette.accent),
        StrokeKind::Inside,
    );
    painter.galley(place.min + margin, galley, palette.text);
}

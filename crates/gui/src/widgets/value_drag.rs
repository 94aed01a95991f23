//! Values that can be dragged: onto a plot, or onto *Plots* in the rail. The
//! payload of the drag is the component's [`Pin`].

use eframe::egui::{Context, CursorIcon, DragAndDrop, Response, Sense, Ui};

use crate::{model::pin::Pin, widgets::drag_label};

/// Makes a value draggable; what it senses already stays as it is.
#[expect(
    clippy::needless_pass_by_value,
    reason = "it replaces the response, as egui's own methods do"
)]
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
        ui.ctx().set_cursor_icon(CursorIcon::Grabbing);
        drag_label::show(ui, &pin.words());
    }
}

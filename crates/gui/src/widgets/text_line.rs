//! Text within a given rectangle, on one line, cut with an ellipsis where it is
//! too long; and labels whose accessible name says more than what is seen.

use std::sync::Arc;

use eframe::egui::{
    Align2, Color32, FontId, Galley, Rect, Response, Sense, Ui, WidgetInfo, accesskit::Role,
    text::LayoutJob, vec2,
};

/// Lays a text out on one line of at most `width`.
pub(crate) fn line(ui: &Ui, text: &str, font: FontId, color: Color32, width: f32) -> Arc<Galley> {
    let mut job = LayoutJob::simple_singleline(text.to_owned(), font, color);
    job.wrap.max_width = width.max(0.0);
    job.wrap.max_rows = 1;
    job.wrap.break_anywhere = true;
    ui.painter().layout_job(job)
}

/// Paints a text within `rect`, and returns where.
pub(crate) fn paint(
    ui: &Ui,
    rect: Rect,
    align: Align2,
    text: &str,
    font: FontId,
    color: Color32,
) -> Rect {
    let galley = line(ui, text, font, color, rect.width());
    let place = align.align_size_within_rect(galley.size(), rect);
    ui.painter().galley(place.min, galley, color);
    place
}

/// A text of one line that takes its own width, at most what is there. `name`
/// is its accessible name.
pub(crate) fn label(ui: &mut Ui, text: &str, name: &str, font: FontId, color: Color32) -> Response {
    let galley = line(ui, text, font, color, ui.available_width());
    let (rect, response) = ui.allocate_exact_size(galley.size(), Sense::hover());
    ui.painter().galley(rect.min, galley, color);
    name_label(ui, &response, name);
    response
}

/// A text that wraps at `width`.
pub(crate) fn wrapped(
    ui: &Ui,
    text: &str,
    font: FontId,
    color: Color32,
    width: f32,
) -> Arc<Galley> {
    ui.painter().layout(text.to_owned(), font, color, width)
}

/// Gives painted text its accessible name.
pub(crate) fn name_label(ui: &Ui, response: &Response, name: &str) {
    response.widget_info(|| WidgetInfo::labeled(Role::Label, ui.is_enabled(), name));
}

/// Paints a text in a field of a row and gives it an accessible name.
pub(crate) fn field(
    ui: &mut Ui,
    rect: Rect,
    align: Align2,
    text: &str,
    name: &str,
    look: (FontId, Color32),
) -> Response {
    let place = paint(ui, rect, align, text, look.0, look.1);
    let id = ui.auto_id_with(name);
    let response = ui.interact(
        place.expand2(vec2(0.0, 2.0)).intersect(rect),
        id,
        Sense::hover(),
    );
    name_label(ui, &response, name);
    response
}

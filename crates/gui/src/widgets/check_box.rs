//! A checkbox whose outline is visible in both themes.

use eframe::egui::{Response, Stroke, Ui};

use super::theme::palette;

/// Shows a checkbox with this label.
pub(crate) fn check_box(ui: &mut Ui, checked: &mut bool, label: &str) -> Response {
    ui.scope(|ui| {
        let outline = Stroke::new(1.0, palette(ui).weak);
        let widgets = &mut ui.visuals_mut().widgets;
        widgets.inactive.bg_stroke = outline;
        widgets.hovered.bg_stroke = outline;
        ui.checkbox(checked, label)
    })
    .inner
}

//! A two-state switch that can also say that its state is not known.

use eframe::egui::{
    CornerRadius, Response, Sense, Stroke, StrokeKind, Ui, WidgetInfo, accesskit::Role, lerp, pos2,
    vec2,
};

use crate::widgets::theme::{self, palette};

/// Shows `on`, `None` where it is not known; `name` is its accessible name.
pub(crate) fn show(ui: &mut Ui, on: Option<bool>, name: &str) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(40.0, theme::LINE), Sense::click());
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::Switch, ui.is_enabled(), name);
        info.selected = on;
        if on.is_none() {
            info.current_text_value = Some("unknown".to_owned());
        }
        info
    });
    // The switch is drawn a little smaller than it can be hit.
    let rect = rect.shrink2(vec2(0.0, 1.0));
    let palette = palette(ui);
    let place = match on {
        Some(on) => ui
            .ctx()
            .animate_bool_with_time(response.id, on, ui.style().animation_time),
        None => 0.5,
    };
    let faded = |color: eframe::egui::Color32| {
        if ui.is_enabled() {
            color
        } else {
            ui.visuals().disable(color)
        }
    };
    let radius = rect.height() / 2.0;
    let fill = match on {
        Some(true) => palette.accent,
        Some(false) => palette.rail,
        None => palette.card,
    };
    let edge = if response.has_focus() {
        Stroke::new(2.0, palette.text)
    } else if response.hovered() || on != Some(true) {
        Stroke::new(1.0, faded(palette.outline))
    } else {
        Stroke::new(1.0, faded(palette.accent))
    };
    ui.painter().rect(
        rect,
        CornerRadius::same(11),
        faded(fill),
        edge,
        StrokeKind::Inside,
    );
    let center = pos2(
        lerp(rect.left() + radius..=rect.right() - radius, place),
        rect.center().y,
    );
    match on {
        Some(true) => ui
            .painter()
            .circle_filled(center, radius - 4.0, faded(palette.on_accent)),
        Some(false) => ui
            .painter()
            .circle_filled(center, radius - 4.0, faded(palette.text)),
        None => ui.painter().circle_stroke(
            center,
            radius - 5.0,
            Stroke::new(1.5, faded(palette.outline)),
        ),
    };
    response
}

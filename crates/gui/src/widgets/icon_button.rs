//! A button that shows only an icon.

use eframe::egui::{Button, Response, Ui, WidgetInfo, accesskit::Role, vec2};

use crate::widgets::theme::{self, HALF};

/// Shows the button; `name` is its accessible name, `hint` its tooltip.
pub(crate) fn icon_button(ui: &mut Ui, icon: &str, name: &str, hint: &str) -> Response {
    let button = ui.add(Button::new(icon).min_size(vec2(theme::LINE + HALF, theme::LINE)));
    button.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), name));
    button.on_hover_text(hint)
}

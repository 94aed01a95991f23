//! The button that opens the list of boards where it is a drawer: at the left
//! of a page's header in a compact window.

use eframe::egui::{Button, Stroke, Ui, WidgetInfo, accesskit::Role, vec2};

use crate::{
    model::{action::WindowAction, page_context::PageContext},
    widgets::{
        layout::WindowSize,
        status_icons,
        theme::{self, HALF, palette},
    },
};

/// Shows the button in a compact window, and nothing in others.
pub(crate) fn show(ui: &mut Ui, context: &PageContext<'_>) {
    if !WindowSize::is_compact(ui.ctx()) {
        return;
    }
    let button = ui.add(Button::new("").min_size(vec2(theme::LINE + HALF, theme::LINE)));
    button.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), "Show boards"));
    let stroke = Stroke::new(1.5, palette(ui).text);
    status_icons::lines(ui.painter(), button.rect.center(), stroke);
    if button.on_hover_text("Show the list of boards").clicked() {
        context.push(WindowAction::OpenBoardList);
    }
}

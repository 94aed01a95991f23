//! Buttons. The footer shows presses at the board.

use eframe::egui::{Button, Ui, WidgetInfo, accesskit::Role, vec2};

use super::card::Card;
use crate::{model::action::BoardCommand, widgets::theme};

/// The button, at the right of the head.
pub(super) fn head(ui: &mut Ui, card: &Card<'_>) {
    let button = Button::new("Press").min_size(vec2(72.0, theme::LINE));
    let response = card.operable(ui, |ui| ui.add(button));
    response
        .widget_info(|| WidgetInfo::labeled(Role::Button, card.is_operable(), card.name("press")));
    if response.clicked() {
        let component = card.component.descriptor.key.clone();
        card.page.context.push(BoardCommand::Press {
            board: card.page.board.key,
            component,
        });
    }
    card.explain(response);
}

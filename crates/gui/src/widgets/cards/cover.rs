//! Covers: what they are doing, buttons that open, stop and close them, and
//! their position if it can be set.

use eframe::egui::{Align, Button, Layout, Ui, WidgetInfo, accesskit::Role, vec2};

use super::{card::Card, setting::Setting};
use crate::{
    model::action::BoardCommand,
    widgets::{
        slider::Rail,
        text_line,
        theme::{self, HALF, LINE, UNIT, palette},
        value_drag,
    },
};
use fleet::Trigger;

/// What it is doing, at the right of the head.
pub(super) fn head(ui: &mut Ui, card: &Card<'_>) {
    let state = &card.state;
    let known = state.movement().is_some() || state.position().is_some();
    let words = text::cover(state.movement(), state.position());
    let color = match known {
        true => card.value_color(ui),
        false => palette(ui).weak,
    };
    let label = text_line::label(ui, &words, &card.name(&words), theme::strong(), color);
    value_drag::source(label, || card.pin());
}

fn can_be_set(card: &Card<'_>) -> bool {
    card.component.descriptor.caps.position
}

/// The number of rows of controls.
pub(super) fn controls(caps: &protocol::Caps) -> usize {
    1 + usize::from(caps.position)
}

/// The buttons, and the position. The buttons are never disabled by what the
/// cover reports: many covers only assume where they are.
pub(super) fn body(ui: &mut Ui, card: &Card<'_>) {
    let size = vec2(ui.available_width(), LINE);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        ui.spacing_mut().item_spacing.x = UNIT;
        let width = ((ui.available_width() - 2.0 * UNIT) / 3.0).max(0.0);
        for trigger in [Trigger::Open, Trigger::Stop, Trigger::Close] {
            let button = Button::new(text::capitalized(trigger.word())).min_size(vec2(width, LINE));
            let response = card.operable(ui, |ui| ui.add(button));
            let name = card.name(trigger.word());
            response.widget_info(|| WidgetInfo::labeled(Role::Button, card.is_operable(), &name));
            if response.clicked() {
                card.page.context.push(BoardCommand::Trigger {
                    board: card.page.board.key,
                    component: card.component.descriptor.key.clone(),
                    trigger,
                });
            }
            card.explain(response);
        }
    });
    if can_be_set(card) && ui.available_height() >= LINE - HALF {
        let value = card.state.position();
        let setting = Setting::new("Position", "position", value, [0.0, 100.0], Some("%"));
        setting.show(ui, card, Rail::Filled);
    }
}

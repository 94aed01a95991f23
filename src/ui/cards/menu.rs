//! The menu of a card: where else its component can be shown.

use eframe::egui::{Button, Id, Popup, Rect, Ui, UiBuilder, WidgetInfo, accesskit::Role};

use super::Card;
use crate::ui::{action::Action, icon, pin::Pin, plots::can_be_plotted};

/// Shows its button in `rect`, where there is anything in it.
pub(super) fn show(ui: &mut Ui, card: &Card<'_>, rect: Rect, actions: &mut Vec<Action>) {
    let descriptor = &card.component.descriptor;
    if !can_be_plotted(&descriptor.kind) {
        return;
    }
    let mut ui = ui.new_child(UiBuilder::new().id_salt("menu").max_rect(rect));
    let button = ui.put(rect, Button::new(icon::DOTS_THREE).frame_when_inactive(false));
    button.widget_info(|| WidgetInfo::labeled(Role::Button, true, card.name("more")));
    Popup::menu(&button).id(Id::unique(("card menu", card.page.board.key.0, descriptor.key.to_string()))).show(|ui| {
        let entry = ui.add(Button::new(format!("{}  Add to the plots", icon::CHART_LINE)).frame_when_inactive(false));
        entry.widget_info(|| WidgetInfo::labeled(Role::MenuItem, true, "Add to the plots"));
        if entry.clicked() {
            actions.extend(Pin::of(card.page.model, card.page.board.key, &descriptor.key).map(Action::Plot));
            ui.close();
        }
    });
}

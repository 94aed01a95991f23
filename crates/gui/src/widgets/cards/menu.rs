//! The menu of a card: adds its component to plots, dashboards and scenes.

use eframe::egui::{
    Button, Id, Popup, Rect, ScrollArea, Ui, UiBuilder, WidgetInfo, accesskit::Role,
};

use super::card::Card;
use disk::documents::{DocumentKind, settable};

use crate::{
    model::{
        action::{PinTarget, WindowAction},
        pin::{can_be_plotted, component_name},
    },
    widgets::{document_bar::entry, icon, theme},
};
use fleet::ComponentView;

/// Shows the menu button in `rect`.
pub(super) fn show(ui: &mut Ui, card: &Card<'_>, rect: Rect) {
    let descriptor = &card.component.descriptor;
    let mut ui = ui.new_child(UiBuilder::new().id_salt("menu").max_rect(rect));
    let button = ui.put(
        rect,
        Button::new(icon::DOTS_THREE).frame_when_inactive(false),
    );
    button.widget_info(|| WidgetInfo::labeled(Role::Button, true, card.name("more")));
    Popup::menu(&button)
        .id(Id::unique((
            "card menu",
            card.page.board.key.0,
            descriptor.key.to_string(),
        )))
        .show(|ui| {
            ui.set_min_width(200.0);
            ScrollArea::vertical()
                .max_height(theme::COMMANDS[1])
                .show(ui, |ui| {
                    entries(ui, card, card.component, "");
                    for meter in &card.meters {
                        let name = component_name(card.page.board, meter);
                        ui.separator();
                        entries(ui, card, meter, &format!(" {name}"));
                    }
                });
        });
}

/// The entries of a component; `of` names it unless it is the card's own.
fn entries(ui: &mut Ui, card: &Card<'_>, component: &ComponentView, of: &str) {
    let descriptor = &component.descriptor;
    let context = card.page.context;
    let pin = || context.model.pin(card.page.board.key, &descriptor.key);
    if can_be_plotted(&descriptor.kind) && entry(ui, icon::CHART_LINE, &format!("Add{of} to plots"))
    {
        context.extend(pin().map(WindowAction::Plot));
    }
    let names = &context.model.documents;
    let add_to = |ui: &mut Ui, kind, sign: &str, names: &[String], verb: &str, what: &str| {
        let target = |at| pin().map(|pin| WindowAction::Pin(pin, PinTarget { kind, at }));
        for (at, name) in names.iter().enumerate() {
            if entry(ui, sign, &format!("{verb} {name}")) {
                context.extend(target(Some(at)));
            }
        }
        if entry(ui, sign, what) {
            context.extend(target(None));
        }
    };
    add_to(
        ui,
        DocumentKind::Dashboard,
        icon::PUSH_PIN,
        &names.dashboards,
        &format!("Pin{of} to"),
        &format!("Pin{of} to a new dashboard"),
    );
    if !settable(&descriptor.kind).is_empty() {
        add_to(
            ui,
            DocumentKind::Scene,
            icon::PALETTE,
            &names.scenes,
            "Add to scene",
            "Add to a new scene",
        );
    }
}

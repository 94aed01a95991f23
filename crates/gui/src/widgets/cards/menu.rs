//! The menu of a card: adds its component to plots, dashboards and scenes.

use eframe::egui::{
    Button, Id, Popup, Rect, ScrollArea, Ui, UiBuilder, WidgetInfo, accesskit::Role,
};

use super::card::Card;
use disk::documents::{DocumentKind, settable};

use crate::{
    model::{
        action::{PinTarget, WindowAction},
        pin::can_be_plotted,
    },
    widgets::{document_bar::entry, icon, theme},
};

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
            let pin = || {
                card.page
                    .context
                    .model
                    .pin(card.page.board.key, &descriptor.key)
            };
            if can_be_plotted(&descriptor.kind) && entry(ui, icon::CHART_LINE, "Add to plots") {
                card.page.context.extend(pin().map(WindowAction::Plot));
            }
            let names = &card.page.context.model.documents;
            ScrollArea::vertical()
                .max_height(theme::COMMANDS[1])
                .show(ui, |ui| {
                    let add_to =
                        |ui: &mut Ui,
                         kind: DocumentKind,
                         sign: &str,
                         names: &[String],
                         [to, new]: [&str; 2]| {
                            for (at, name) in names.iter().enumerate() {
                                if entry(ui, sign, &format!("{to} {name}")) {
                                    card.page.context.extend(pin().map(|pin| {
                                        WindowAction::Pin(pin, PinTarget { kind, at: Some(at) })
                                    }));
                                }
                            }
                            if entry(ui, sign, new) {
                                card.page.context.extend(pin().map(|pin| {
                                    WindowAction::Pin(pin, PinTarget { kind, at: None })
                                }));
                            }
                        };
                    let words = ["Pin to", "Pin to a new dashboard"];
                    add_to(
                        ui,
                        DocumentKind::Dashboard,
                        icon::PUSH_PIN,
                        &names.dashboards,
                        words,
                    );
                    if !settable(&descriptor.kind).is_empty() {
                        let words = ["Add to scene", "Add to a new scene"];
                        add_to(ui, DocumentKind::Scene, icon::PALETTE, &names.scenes, words);
                    }
                });
        });
}

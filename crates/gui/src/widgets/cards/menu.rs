//! The menu of a card: adds its component to plots, dashboards and scenes.

use eframe::egui::{
    Button, Id, Popup, Rect, ScrollArea, Ui, UiBuilder, WidgetInfo, accesskit::Role,
};
use protocol::Kind;

use super::card::Card;
use disk::documents::{DocumentKind, settable};

use crate::{
    model::{
        action::{PinTarget, WindowAction},
        boards::Model,
        pin::{Pin, can_be_plotted, component_name},
    },
    widgets::{
        icon, theme,
        verb::{self, Verb},
    },
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
    let context = card.page.context;
    Popup::menu(&button)
        .id(Id::unique((
            "card menu",
            card.page.board.key.0,
            descriptor.key.to_string(),
        )))
        .show(|ui| {
            ScrollArea::vertical()
                .max_height(theme::COMMANDS[1])
                .show(ui, |ui| {
                    let board = card.page.board.key;
                    let of = |component: &ComponentView, of: &str| {
                        let descriptor = &component.descriptor;
                        let pin = context.model.pin(board, &descriptor.key);
                        pin.map(|pin| verbs(context.model, &pin, &descriptor.kind, of))
                            .unwrap_or_default()
                    };
                    verb::menu(ui, of(card.component, ""), context);
                    for meter in &card.meters {
                        let name = component_name(card.page.board, meter);
                        ui.separator();
                        verb::menu(ui, of(meter, &format!(" {name}")), context);
                    }
                });
        });
}

/// What can be done with a component; `of` names it, with a space before it,
/// unless the menu is its own.
pub(crate) fn verbs(model: &Model, pin: &Pin, kind: &Kind, of: &str) -> Vec<Verb> {
    let mut verbs = Vec::new();
    if can_be_plotted(kind) {
        let plot = WindowAction::Plot(pin.clone());
        let words = format!("Add{of} to plots");
        verbs.push(Verb::new(icon::CHART_LINE, words, plot));
    }
    let mut add_to = |kind, sign, names: &[String], [to, new]: [&str; 2]| {
        let named = names
            .iter()
            .enumerate()
            .map(|(at, name)| (format!("{to} {name}"), Some(at)));
        for (words, at) in named.chain([(new.to_owned(), None)]) {
            let add = WindowAction::Pin(pin.clone(), PinTarget { kind, at });
            verbs.push(Verb::new(sign, words, add));
        }
    };
    let names = &model.documents;
    add_to(
        DocumentKind::Dashboard,
        icon::PUSH_PIN,
        &names.dashboards,
        [
            &format!("Pin{of} to"),
            &format!("Pin{of} to a new dashboard"),
        ],
    );
    if !settable(kind).is_empty() {
        add_to(
            DocumentKind::Scene,
            icon::PALETTE,
            &names.scenes,
            ["Add to scene", "Add to a new scene"],
        );
    }
    verbs
}

//! The brokers from which boards are taken, with the state of each.

use eframe::egui::{Align, Button, Label, Layout, RichText, Ui, vec2};

use crate::{
    model::{
        action::{BoardCommand, WindowAction},
        dialog_kind::DialogKind,
        page_context::PageContext,
    },
    widgets::theme::{self, UNIT, palette},
};
use fleet::{BrokerState, BrokerStatus};

/// Shows the list; nothing if there are none.
pub(super) fn show(ui: &mut Ui, context: &PageContext<'_>) {
    let brokers = &context.model.status().brokers;
    if brokers.is_empty() {
        return;
    }
    ui.add_space(UNIT * 2.0);
    ui.label(RichText::new("Brokers").strong());
    for broker in brokers {
        ui.add_space(theme::HALF);
        row(ui, broker, context);
    }
}

fn row(ui: &mut Ui, broker: &BrokerStatus, context: &PageContext<'_>) {
    let palette = palette(ui);
    let address = broker.address.to_string();
    ui.horizontal(|ui| {
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let button = Button::new("Remove").min_size(vec2(0.0, 28.0));
            let hint = "Boards that are found in no other way leave the list";
            if ui.add(button).on_hover_text(hint).clicked() {
                context.push(BoardCommand::RemoveBroker(address.clone()));
            }
            let asks = broker.address.user().is_some();
            if asks
                && ui
                    .add(Button::new("Password…").min_size(vec2(0.0, 28.0)))
                    .clicked()
            {
                let ask = DialogKind::BrokerPassword(address.clone());
                context.push(WindowAction::CloseDialog);
                context.push(WindowAction::OpenDialog(ask, String::new()));
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                let text = RichText::new(&address).monospace().color(palette.text);
                ui.add(Label::new(text).truncate());
            });
        });
    });
    // Below, because an address may be as long as the row.
    let (text, color) = match (broker.problem(), &broker.state, broker.boards) {
        (Some(problem), ..) => (problem, palette.bad),
        (None, BrokerState::Connected, 1) => ("connected, 1 board".to_owned(), palette.weak),
        (None, BrokerState::Connected, boards) => {
            (format!("connected, {boards} boards"), palette.weak)
        }
        (None, ..) => ("connecting".to_owned(), palette.weak),
    };
    ui.add(Label::new(RichText::new(text).color(color)).wrap());
}

//! Selects: one of the options that the board reports.

use eframe::egui::Ui;
use protocol::State;

use super::card::Card;
use crate::widgets::choice::Choice;

/// The combo box, at the right of the head; the name keeps two fifths.
pub(super) fn head(ui: &mut Ui, card: &Card<'_>) {
    let choice = Choice {
        name: &card.name("value"),
        salt: "value",
        shown: card.state.text(),
        absent: card.page.board.family.absent_option(),
        options: card.state.options().collect(),
        width: ui.available_width() * 0.6,
    };
    let (response, chosen) = card.operable(ui, |ui| choice.show(ui));
    if let Some(option) = chosen {
        let change = State::new().with("value", option);
        card.page.context.push(card.set(change));
    }
    card.explain(response);
}

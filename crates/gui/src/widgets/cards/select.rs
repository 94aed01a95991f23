//! Selects: one of the options that the board reports.

use eframe::egui::Ui;
use protocol::State;

use super::card::Card;
use crate::widgets::choice::Choice;
use fleet::Family;

/// The combo box, at the right of the head; the name keeps two fifths.
pub(super) fn head(ui: &mut Ui, card: &Card<'_>) {
    let choice = Choice {
        name: &card.name("value"),
        salt: "value",
        shown: card.state.text(),
        // WLED reports that no preset is active, rather than which.
        absent: match card.page.board.family {
            Family::Wled => "none",
            _ => "unknown",
        },
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

//! Selects: one of the options that the board reports.

use eframe::egui::{ComboBox, Ui};
use protocol::State;

use super::card::Card;

/// The combo box, at the right of the head; the name keeps two fifths.
pub(super) fn head(ui: &mut Ui, card: &Card<'_>) {
    let shown = card.state.text();
    let combo = ComboBox::from_id_salt("value")
        .width(ui.available_width() * 0.6)
        .truncate();
    let combo = combo.selected_text(shown.unwrap_or("unknown"));
    let response = card.operable(ui, |ui| {
        combo.show_ui(ui, |ui| {
            for option in card.state.options() {
                if ui.selectable_label(shown == Some(option), option).clicked() {
                    card.page
                        .context
                        .push(card.set(State::new().with("value", option)));
                }
            }
        })
    });
    card.explain(response.response.accessible_name(card.name("value")));
}

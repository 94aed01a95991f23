//! Components of unknown kinds: everything the board reports about them, as
//! JSON.

use std::sync::Arc;

use eframe::egui::{Galley, Ui};
use serde_json::json;

use super::card::Card;
use crate::widgets::{
    text_line,
    theme::{self, palette},
};

/// The maximum height in points; beyond that the JSON scrolls.
const MAX_HEIGHT: f32 = 240.0;

fn json_text(card: &Card<'_>) -> String {
    let reported = json!({ "state": &card.state, "descriptor": &*card.component.descriptor });
    serde_json::to_string_pretty(&reported).unwrap_or_else(|_| format!("{:?}", card.state))
}

fn galley(card: &Card<'_>, ui: &Ui, width: f32) -> Arc<Galley> {
    text_line::wrapped(
        ui,
        &json_text(card),
        theme::monospace_small(),
        palette(ui).text,
        width,
    )
}

/// The height of the JSON.
pub(super) fn height(card: &Card<'_>, ui: &Ui, width: f32) -> f32 {
    galley(card, ui, width).size().y.min(MAX_HEIGHT)
}

/// Shows the JSON.
pub(super) fn body(ui: &mut Ui, card: &Card<'_>) {
    let galley = galley(card, ui, ui.available_width());
    eframe::egui::ScrollArea::vertical()
        .auto_shrink(false)
        .show(ui, |ui| {
            let (rect, response) =
                ui.allocate_exact_size(galley.size(), eframe::egui::Sense::hover());
            ui.painter().galley(rect.min, galley, palette(ui).text);
            text_line::name_label(
                ui,
                &response,
                &card.name(&format!(
                    "raw {}",
                    serde_json::to_string(&card.state).unwrap_or_default()
                )),
            );
        });
}

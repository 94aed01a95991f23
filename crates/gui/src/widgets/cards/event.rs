//! Events: what a button or input reported last, and what it can report. The
//! footer says how long ago that was.

use std::sync::Arc;

use eframe::egui::{Galley, Sense, Ui};

use super::card::Card;
use crate::widgets::{
    text_line,
    theme::{self, palette},
};

/// A word of the protocol as it is read: `double press`.
pub(super) fn readable(event: &str) -> String {
    text::plain(&event.replace('_', " "))
}

/// The last event, at the right of the head.
pub(super) fn head(ui: &mut Ui, card: &Card<'_>) {
    let (words, color) = match &card.component.last_event {
        Some(event) => (readable(&event.name), card.value_color(ui)),
        None => ("No event yet".to_owned(), palette(ui).weak),
    };
    text_line::label(ui, &words, &card.name(&words), theme::strong(), color);
}

/// What it can report; empty if it does not say.
fn types(card: &Card<'_>) -> String {
    let types = &card.component.descriptor.event_types;
    let words: Vec<String> = types.iter().map(|event| readable(event)).collect();
    words.join(" · ")
}

fn galley(ui: &Ui, words: &str, width: f32) -> Arc<Galley> {
    text_line::wrapped(ui, words, theme::small(), palette(ui).weak, width)
}

/// The height of the body.
pub(super) fn height(card: &Card<'_>, ui: &Ui, width: f32) -> f32 {
    match types(card) {
        words if words.is_empty() => 0.0,
        words => galley(ui, &words, width).size().y,
    }
}

/// Shows what it can report.
pub(super) fn body(ui: &mut Ui, card: &Card<'_>) {
    let words = types(card);
    if words.is_empty() {
        return;
    }
    let galley = galley(ui, &words, ui.available_width());
    let (rect, response) = ui.allocate_exact_size(galley.size(), Sense::hover());
    ui.painter().galley(rect.min, galley, palette(ui).weak);
    text_line::name_label(ui, &response, &card.name(&format!("reports {words}")));
    response.on_hover_text("The events that it can report");
}

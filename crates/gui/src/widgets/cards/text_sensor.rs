//! Text sensors: the text, next to the name if it is short, otherwise below it.

use std::sync::Arc;

use eframe::egui::{Galley, Sense, Ui};

use super::{card::Card, sensor};
use crate::widgets::{
    text_line,
    theme::{self, palette},
};

/// The number of characters that fit next to most names.
const SHORT: usize = 20;

fn is_short(card: &Card<'_>) -> bool {
    sensor::value(card).0.chars().count() <= SHORT
}

/// A short text, at the right of the head.
pub(super) fn head(ui: &mut Ui, card: &Card<'_>) {
    if !is_short(card) {
        return;
    }
    let (words, known) = sensor::value(card);
    let color = match known {
        true => card.value_color(ui),
        false => palette(ui).weak,
    };
    text_line::label(ui, &words, &card.name(&words), theme::strong(), color);
}

fn galley(ui: &Ui, words: &str, width: f32) -> Arc<Galley> {
    let color = palette(ui).text;
    text_line::wrapped(ui, words, theme::body(), color, width)
}

/// The height of the body.
pub(super) fn height(card: &Card<'_>, ui: &Ui, width: f32) -> f32 {
    match is_short(card) {
        true => 0.0,
        false => galley(ui, &sensor::value(card).0, width).size().y,
    }
}

/// Shows a long text.
pub(super) fn body(ui: &mut Ui, card: &Card<'_>) {
    if is_short(card) {
        return;
    }
    let (words, _) = sensor::value(card);
    let galley = galley(ui, &words, ui.available_width());
    let (rect, response) = ui.allocate_exact_size(galley.size(), Sense::hover());
    let color = card.value_color(ui);
    let painter = ui
        .painter()
        .with_clip_rect(ui.max_rect().intersect(ui.clip_rect()));
    painter.galley_with_override_text_color(rect.min, galley, color);
    text_line::name_label(ui, &response, &card.name(&words));
}

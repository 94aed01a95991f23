//! Sensors: the value with its unit and precision, and its history.

use eframe::egui::{Align2, Rect, Ui};
use serde_json::Value;

use super::card::Card;
use crate::widgets::{
    layout::Within as _,
    sparkline::Sparkline,
    text_line,
    theme::{self, HALF, palette},
    value_drag,
};

/// The height of a value in large text.
const LARGE: f32 = 40.0;

/// The height of the history, reserved in advance so that a card does not grow
/// when its second value arrives.
pub(super) fn height(card: &Card<'_>) -> f32 {
    let is_text = card.state.text().is_some();
    if is_text { 0.0 } else { theme::SPARKLINE }
}

/// The value as text, and whether it is known. A value that is not a number is
/// shown unchanged.
pub(super) fn value(card: &Card<'_>) -> (String, bool) {
    let descriptor = &card.component.descriptor;
    match card.state.get("value") {
        Some(Value::Number(number)) => {
            let value = number.as_f64().unwrap_or(f64::NAN);
            (text::reading(value, Some(descriptor)), true)
        }
        None | Some(Value::Null) => ("Unknown".to_owned(), false),
        Some(Value::String(text)) => (text.clone(), true),
        Some(other) => (other.to_string(), true),
    }
}

/// Whether the value is below the head: a number in a tile that has room for it
/// and its history.
pub(super) fn is_large(card: &Card<'_>, body: f32) -> bool {
    let is_number = matches!(card.state.get("value"), Some(Value::Number(_)));
    card.page.in_tile && is_number && body >= LARGE + theme::SPARKLINE * 0.5
}

/// The value in large text; returns what is left below it.
fn large(ui: &mut Ui, card: &Card<'_>, rect: Rect) -> Rect {
    let (words, _) = value(card);
    let name = card.name(&words);
    let look = (theme::large_value(), card.value_color(ui));
    let line = rect.until_y(rect.top() + LARGE);
    let value = text_line::field(ui, line, Align2::LEFT_CENTER, &words, &name, look);
    value_drag::source(value, || card.pin());
    rect.after_y(line.bottom() + HALF)
}

/// The value, at the right of the head.
pub(super) fn head(ui: &mut Ui, card: &Card<'_>) {
    let (words, known) = value(card);
    let color = if known {
        card.value_color(ui)
    } else {
        palette(ui).weak
    };
    let font = if known {
        theme::value()
    } else {
        theme::strong()
    };
    let label = text_line::label(ui, &words, &card.name(&words), font, color);
    value_drag::source(label, || card.pin());
}

/// The history, as high as the row of cards allows.
pub(super) fn body(ui: &mut Ui, card: &Card<'_>, rect: Rect) {
    if is_large(card, rect.height()) {
        let rect = large(ui, card, rect);
        sparkline(ui, card).show(ui, rect, card.page.context);
    } else if rect.height() >= theme::SPARKLINE {
        let most = if card.page.in_tile {
            f32::INFINITY
        } else {
            theme::SPARKLINE_MOST
        };
        let height = rect.height().min(most);
        sparkline(ui, card).show(ui, rect.after_y(rect.bottom() - height), card.page.context);
    }
}

/// The history line of a component.
pub(super) fn sparkline<'a>(ui: &Ui, card: &'a Card<'_>) -> Sparkline<'a> {
    let descriptor = &card.component.descriptor;
    Sparkline {
        history: &card.component.history,
        holds: card.live(),
        color: if card.live() {
            palette(ui).accent
        } else {
            palette(ui).outline
        },
        descriptor,
        name: card.name("history"),
    }
}

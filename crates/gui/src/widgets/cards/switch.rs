//! Switches, the switch of a light, and binary sensors.

use eframe::egui::Ui;
use protocol::State;

use super::card::Card;
use crate::widgets::{
    text_line,
    theme::{self, palette},
    toggle, value_drag,
};

/// The switch at the right of the head. It requests a state rather than a
/// toggle, so that the result is what the switch showed.
pub(super) fn head(ui: &mut Ui, card: &Card<'_>) {
    let on = card.state.on();
    let response = card.explain(card.operable(ui, |ui| toggle::show(ui, on, &card.name("on"))));
    if response.clicked() {
        card.page
            .context
            .push(card.set(State::new().with("on", !on.unwrap_or(false))));
    }
    words(ui, card, on);
}

/// A binary sensor: only the state, in larger text.
pub(super) fn read_only(ui: &mut Ui, card: &Card<'_>) {
    let on = card.state.on();
    let word = word(card, on);
    let color = if on.is_some() {
        card.value_color(ui)
    } else {
        palette(ui).weak
    };
    let label = text_line::label(ui, word, &card.name(word), theme::strong(), color);
    value_drag::source(label, || card.pin());
    let (rect, _) = ui.allocate_exact_size(
        eframe::egui::vec2(12.0, theme::LINE),
        eframe::egui::Sense::hover(),
    );
    match on {
        Some(true) => ui.painter().circle_filled(
            rect.center(),
            5.0,
            if card.live() {
                palette(ui).accent
            } else {
                color
            },
        ),
        _ => ui.painter().circle_stroke(
            rect.center(),
            4.5,
            eframe::egui::Stroke::new(1.5, palette(ui).outline),
        ),
    };
}

fn words(ui: &mut Ui, card: &Card<'_>, on: Option<bool>) {
    let word = match on {
        Some(true) => "on",
        Some(false) => "off",
        None => "unknown",
    };
    let look = palette(ui).weak;
    let label = text_line::label(ui, word, &card.name(word), theme::body(), look);
    value_drag::source(label, || card.pin());
}

/// Home Assistant's terms for the device class, where they are clearer than on
/// and off.
fn word(card: &Card<'_>, on: Option<bool>) -> &'static str {
    let class = card
        .component
        .descriptor
        .device_class
        .as_deref()
        .unwrap_or_default();
    let [off_word, on_word] = match class {
        "door" | "window" | "opening" | "garage_door" => ["closed", "open"],
        "motion" | "occupancy" | "smoke" | "gas" | "vibration" | "sound" => ["clear", "detected"],
        "moisture" => ["dry", "wet"],
        "connectivity" => ["disconnected", "connected"],
        "problem" => ["ok", "problem"],
        _ => ["off", "on"],
    };
    match on {
        Some(true) => on_word,
        Some(false) => off_word,
        None => "unknown",
    }
}

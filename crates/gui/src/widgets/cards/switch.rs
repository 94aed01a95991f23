//! Switches, the switch of a light, and binary sensors.

use eframe::egui::{Align2, Rect, Ui};
use protocol::State;

use super::{card::Card, sensor};
use crate::widgets::{
    layout::Within as _,
    text_line,
    theme::{self, HALF, UNIT, palette},
    toggle, value_drag,
};

/// The width of the first meter's value, left of its history.
const VALUE: f32 = 104.0;

/// The height of the line of further meters.
const MORE: f32 = 18.0;

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
    let class = card.component.descriptor.device_class.as_deref();
    let word = text::binary(class, on);
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
    let word = text::binary(None, on);
    let look = palette(ui).weak;
    let label = text_line::label(ui, word, &card.name(word), theme::body(), look);
    value_drag::source(label, || card.pin());
}

/// What the first meter measures, in a tile without room for its history.
pub(super) fn first_meter(ui: &mut Ui, card: &Card<'_>) {
    if let Some(sensor) = card.meters.first() {
        let meter = card.meter(sensor);
        let (words, _) = sensor::value(&meter);
        let color = meter.value_color(ui);
        let label = text_line::label(ui, &words, &meter.name(&words), theme::body(), color);
        value_drag::source(label, || meter.pin());
    }
}

/// The height of the meters below the switch.
pub(super) fn height(card: &Card<'_>) -> f32 {
    match card.meters.len() {
        0 => 0.0,
        1 => theme::SPARKLINE,
        _ => theme::SPARKLINE + HALF + MORE,
    }
}

/// What the switch's meters measure: the first one large with its history, the
/// others in one line.
pub(super) fn body(ui: &mut Ui, card: &Card<'_>, rect: Rect) {
    let Some((first, others)) = card.meters.split_first() else {
        return;
    };
    if rect.height() < theme::SPARKLINE {
        return;
    }
    let meter = card.meter(first);
    let line = rect.until_y(rect.top() + theme::SPARKLINE.min(rect.height()));
    let (words, known) = sensor::value(&meter);
    let (font, color) = match known {
        true => (theme::value(), meter.value_color(ui)),
        false => (theme::strong(), palette(ui).weak),
    };
    let name = meter.name(&words);
    let place = line.until_x(line.left() + VALUE);
    let value = text_line::field(ui, place, Align2::LEFT_CENTER, &words, &name, (font, color));
    value_drag::source(value, || meter.pin());
    sensor::sparkline(ui, &meter).show(ui, line.after_x(place.right() + UNIT), card.page.context);
    let below = rect.after_y(line.bottom() + HALF);
    if others.is_empty() || below.height() < MORE {
        return;
    }
    let mut left = below.left();
    for sensor in others {
        let meter = card.meter(sensor);
        let (words, known) = sensor::value(&meter);
        // Only this quantity has no unit that tells what it is.
        let class = sensor.descriptor.device_class.as_deref();
        let shown = match class == Some("power_factor") && known {
            true => &format!("PF {words}"),
            false => &words,
        };
        let place = below.after_x(left).until_y(below.top() + MORE);
        let look = (theme::body(), meter.value_color(ui));
        let drawn = text_line::field(
            ui,
            place,
            Align2::LEFT_CENTER,
            shown,
            &meter.name(&words),
            look,
        );
        let drawn = value_drag::source(drawn, || meter.pin());
        let drawn = drawn.on_hover_text(&meter.label);
        left = drawn.rect.right() + 2.0 * UNIT;
    }
}

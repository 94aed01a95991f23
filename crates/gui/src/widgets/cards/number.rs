//! Numbers: a slider over the range that the board reports, and the exact value
//! next to it.

use eframe::egui::{Align, Layout, Ui, vec2};
use protocol::State;

use super::card::Card;
use crate::widgets::{
    layout::left_of,
    slider::{Rail, Slider},
    theme::{LINE, UNIT},
    value_field::{self, ValueField},
};

/// The range that the board reports, if it is valid.
pub(crate) fn range(state: &State) -> Option<[f64; 3]> {
    state
        .range()
        .filter(|[min, max, step]| min < max && *step >= 0.0 && (max - min).is_finite())
}

/// The slider and the value; without a range only the value.
pub(super) fn body(ui: &mut Ui, card: &Card<'_>) {
    let size = vec2(ui.available_width(), LINE);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        let value = card.state.number();
        let range = range(&card.state);
        let slid = range.and_then(|limits| {
            let slider = Slider {
                name: &card.name("value"),
                value,
                absent: "unknown",
                spread: None,
                limits,
                width: left_of(ui.available_width(), value_field::WIDTH + UNIT),
                rail: Rail::Filled,
            };
            let (response, slid) = card.operable(ui, |ui| slider.show(ui));
            card.explain(response.on_hover_text(limits_in_words(card, limits)));
            slid
        });
        let descriptor = &card.component.descriptor;
        let field = ValueField {
            name: &card.name("exact value"),
            value,
            absent: "unknown",
            limits: range.unwrap_or([f64::NEG_INFINITY, f64::INFINITY, 0.0]),
            decimals: descriptor.accuracy_decimals,
            unit: descriptor.unit_of_measurement.as_deref(),
        };
        let (response, typed) = card.operable(ui, |ui| field.show(ui, card.page.context));
        card.explain(response);
        if let Some(requested) = slid.or(typed) {
            let change = State::new().with("value", requested);
            card.page.context.push(card.set(change));
        }
    });
}

fn limits_in_words(card: &Card<'_>, [min, max, step]: [f64; 3]) -> String {
    let descriptor = &card.component.descriptor;
    let quantity = |value| {
        let unit = descriptor.unit_of_measurement.as_deref();
        text::quantity(value, descriptor.accuracy_decimals, unit)
    };
    let range = format!("{} to {}", quantity(min), quantity(max));
    if step > 0.0 {
        format!("{range}, in steps of {}", text::quantity(step, None, None))
    } else {
        range
    }
}

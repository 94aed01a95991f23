//! Numbers: a slider over the range that the board reports, and the exact value
//! next to the name.

use eframe::egui::{DragValue, Ui};
use protocol::State;

use super::card::Card;
use crate::widgets::{
    slider::Slider,
    text_line,
    theme::{self, palette},
};

/// The range that the board reports, if it is valid.
fn range(card: &Card<'_>) -> Option<[f64; 3]> {
    card.state
        .range()
        .filter(|[min, max, step]| min < max && *step >= 0.0 && (max - min).is_finite())
}

/// The exact value, which can be dragged, or typed after a click.
pub(super) fn head(ui: &mut Ui, card: &Card<'_>) {
    let descriptor = &card.component.descriptor;
    let unit = descriptor.unit_of_measurement.as_deref();
    let Some(value) = card.state.number() else {
        text_line::label(
            ui,
            "unknown",
            &card.name("unknown"),
            theme::strong(),
            palette(ui).weak,
        );
        return;
    };
    let [min, max, step] = range(card).unwrap_or([f64::NEG_INFINITY, f64::INFINITY, 0.1]);
    let mut shown = value;
    let drag = DragValue::new(&mut shown)
        .range(min..=max)
        .clamp_existing_to_range(false)
        .speed(if step > 0.0 { step } else { 0.1 })
        .update_while_editing(false)
        .custom_formatter(|value, _| text::quantity(value, descriptor.accuracy_decimals, unit))
        .custom_parser(|text| {
            text.split_whitespace()
                .next()?
                .replace(',', ".")
                .parse()
                .ok()
        });
    let response = card
        .operable(ui, |ui| ui.add(drag))
        .accessible_name(card.name("exact value"));
    if response.changed() {
        card.page
            .context
            .push(card.set(State::new().with("value", on_step(shown, [min, max, step]))));
    }
    card.explain(response);
}

/// The slider, or a note that the range is unknown.
pub(super) fn body(ui: &mut Ui, card: &Card<'_>) {
    let Some([min, max, step]) = range(card) else {
        let words = "The board reports no range.";
        text_line::label(
            ui,
            words,
            &card.name(words),
            theme::small(),
            palette(ui).weak,
        );
        return;
    };
    let width = ui.available_width();
    let slider = Slider {
        name: &card.name("value"),
        value: card.state.number(),
        range: min..=max,
        step,
        width,
    };
    let (response, requested) = card.operable(ui, |ui| slider.show(ui));
    if let Some(requested) = requested {
        card.page
            .context
            .push(card.set(State::new().with("value", on_step(requested, [min, max, step]))));
    }
    card.explain(response);
}

/// The nearest step from the minimum, without the rounding noise of binary
/// fractions.
fn on_step(value: f64, [min, max, step]: [f64; 3]) -> f64 {
    if step <= 0.0 || !min.is_finite() {
        return value;
    }
    let exact = min + ((value - min) / step).round() * step;
    let rounded = text::significant(exact, 12);
    if rounded.is_finite() {
        rounded.clamp(min, max)
    } else {
        value
    }
}

#[cfg(test)]
mod tests {
    use super::on_step;

    #[test]
    fn a_value_snaps_to_a_step_without_rounding_noise() {
        assert_eq!(on_step(0.304, [0.0, 1.0, 0.1]), 0.3);
        assert_eq!(on_step(21.74, [5.0, 30.0, 0.5]), 21.5);
        assert_eq!(on_step(99.0, [0.0, 10.0, 3.0]), 10.0);
        assert_eq!(on_step(1.52e-9, [0.0, 1e-8, 1e-10]), 1.5e-9);
    }
}

//! Rows of a card: a label with its control, and numbers with a slider and a
//! field for the exact value.

use eframe::egui::{Align, Align2, Layout, Ui, vec2};
use protocol::State;

use super::card::Card;
use crate::widgets::{
    choice::Choice,
    layout::{Within as _, left_of},
    slider::{Rail, Slider},
    text_line,
    theme::{self, LINE, UNIT, palette},
    value_field::{self, ValueField},
};

/// The width of a row's label, left of its control.
pub(super) const NAME: f32 = 84.0;

/// A row with its label.
pub(super) fn row(ui: &mut Ui, label: &str, add: impl FnOnce(&mut Ui)) {
    ui.allocate_ui_with_layout(
        vec2(ui.available_width(), LINE),
        Layout::left_to_right(Align::Center),
        |ui| {
            let rect = ui.available_rect_before_wrap();
            text_line::paint(
                ui,
                rect.until_x(rect.left() + NAME),
                Align2::LEFT_CENTER,
                label,
                theme::body(),
                palette(ui).weak,
            );
            ui.add_space(NAME);
            add(ui);
        },
    );
}

/// A whole number of a component.
pub(super) struct Setting<'a> {
    pub(super) label: &'a str,
    /// Its field in the protocol.
    pub(super) field: &'a str,
    /// The second part of its accessible name.
    pub(super) name: &'a str,
    pub(super) value: Option<f64>,
    pub(super) absent: &'a str,
    pub(super) limits: [f64; 2],
    /// The step of the slider; any whole number can be typed.
    pub(super) step: f64,
    pub(super) unit: Option<&'a str>,
}

impl<'a> Setting<'a> {
    /// One named like its field, with a slider that stops at whole numbers.
    pub(super) fn new(
        label: &'a str,
        field: &'a str,
        value: Option<impl Into<f64>>,
        limits: [f64; 2],
        unit: Option<&'a str>,
    ) -> Self {
        Self {
            label,
            field,
            name: field,
            value: value.map(Into::into),
            absent: "unknown",
            limits,
            step: 1.0,
            unit,
        }
    }

    pub(super) fn show(&self, ui: &mut Ui, card: &Card<'_>, rail: Rail<'_>) {
        let [min, max] = self.limits;
        row(ui, self.label, |ui| {
            let slider = Slider {
                name: &card.name(self.name),
                value: self.value,
                absent: self.absent,
                spread: None,
                limits: [min, max, self.step],
                width: left_of(ui.available_width(), value_field::WIDTH + UNIT),
                rail,
            };
            let (response, slid) = card.operable(ui, |ui| slider.show(ui));
            card.explain(response);
            let field = ValueField {
                name: &card.name(&format!("exact {}", self.name)),
                value: self.value,
                absent: self.absent,
                limits: [min, max, 1.0],
                decimals: Some(0),
                unit: self.unit,
            };
            let (response, typed) = card.operable(ui, |ui| field.show(ui, card.page.context));
            card.explain(response);
            if let Some(requested) = slid.or(typed) {
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "within the limits: percents, bytes or kelvins"
                )]
                let whole = requested.round() as i64;
                let change = State::new().with(self.field, whole);
                card.page.context.push(card.set(change));
            }
        });
    }
}

/// A row with one of several texts; `field` is its field in the protocol and
/// the second part of its accessible name.
pub(super) fn choice_row(
    ui: &mut Ui,
    card: &Card<'_>,
    label: &str,
    field: &str,
    options: &[String],
) {
    row(ui, label, |ui| {
        let choice = Choice {
            name: &card.name(field),
            salt: field,
            absent: "unknown",
            shown: card.state.get(field).and_then(|shown| shown.as_str()),
            options: options.iter().map(String::as_str).collect(),
            width: ui.available_width(),
        };
        let (response, chosen) = card.operable(ui, |ui| choice.show(ui));
        if let Some(option) = chosen {
            let change = State::new().with(field, option);
            card.page.context.push(card.set(change));
        }
        card.explain(response);
    });
}

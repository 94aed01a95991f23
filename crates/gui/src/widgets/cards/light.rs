//! Lights: brightness, color temperature, color and effect, according to the
//! light's capabilities.

use eframe::egui::{Align, Color32, ComboBox, Layout, Ui, color_picker, vec2};
use protocol::{Caps, State};

use super::card::Card;
use crate::widgets::{
    layout::{Within as _, left_of},
    slider::Slider,
    text_line,
    theme::{self, LINE, UNIT, palette},
};

/// The width of a row's label, left of its control.
const NAME: f32 = 96.0;
/// The width of a row's value, right of its control.
const VALUE: f32 = 60.0;

fn caps<'a>(card: &'a Card<'_>) -> &'a Caps {
    &card.component.descriptor.caps
}

/// The text for a color or color temperature that is `null`. A light uses one
/// of the two; the other is not unknown but unused.
fn absent_value(card: &Card<'_>) -> &'static str {
    match card.state.rgb().is_some() || card.state.ct_k().is_some() {
        true => "not used",
        false => "unknown",
    }
}

/// The number of rows of controls.
pub(super) fn controls(caps: &Caps) -> usize {
    [
        caps.brightness,
        caps.rgb,
        caps.ct_k.is_some(),
        !caps.effects.is_empty(),
    ]
    .into_iter()
    .filter(|has| *has)
    .count()
}

/// Shows the rows.
pub(super) fn body(ui: &mut Ui, card: &Card<'_>) {
    let caps = caps(card);
    if caps.brightness {
        let value = card.state.brightness();
        slider_row(
            ui,
            card,
            ("brightness", "brightness"),
            value.map(f64::from),
            [0.0, 100.0, 1.0],
            "%",
        );
    }
    if let Some([warmest, coldest]) = caps.ct_k {
        let value = card.state.ct_k();
        let range = [
            f64::from(warmest.min(coldest)),
            f64::from(coldest.max(warmest)),
            50.0,
        ];
        slider_row(
            ui,
            card,
            ("color temperature", "ct_k"),
            value.map(f64::from),
            range,
            "K",
        );
    }
    if caps.rgb {
        color_row(ui, card);
    }
    if !caps.effects.is_empty() {
        effect_row(ui, card);
    }
}

fn row(ui: &mut Ui, label: &str, add: impl FnOnce(&mut Ui)) {
    ui.allocate_ui_with_layout(
        vec2(ui.available_width(), LINE),
        Layout::left_to_right(Align::Center),
        |ui| {
            let rect = ui
                .available_rect_before_wrap()
                .until_x(ui.available_rect_before_wrap().left() + NAME);
            text_line::paint(
                ui,
                rect,
                eframe::egui::Align2::LEFT_CENTER,
                label,
                theme::body(),
                palette(ui).weak,
            );
            ui.add_space(NAME);
            add(ui);
        },
    );
}

fn slider_row(
    ui: &mut Ui,
    card: &Card<'_>,
    (name, field): (&str, &str),
    value: Option<f64>,
    [min, max, step]: [f64; 3],
    unit: &str,
) {
    // The full name would not fit.
    let label = if field == "ct_k" {
        "Temperature"
    } else {
        "Brightness"
    };
    row(ui, label, |ui| {
        let width = left_of(ui.available_width(), VALUE + UNIT);
        let slider = Slider {
            name: &card.name(name),
            value,
            range: min..=max,
            step,
            width,
        };
        let (response, requested) = card.operable(ui, |ui| slider.show(ui));
        card.explain(response);
        if let Some(requested) = requested {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "the slider's range is 0..=100 % or kelvins of u16"
            )]
            let whole = requested.round() as i64;
            card.page
                .context
                .push(card.set(State::new().with(field, whole)));
        }
        let absent = if field == "ct_k" {
            absent_value(card)
        } else {
            "unknown"
        };
        let words = value.map_or_else(|| absent.to_owned(), |value| format!("{value:.0} {unit}"));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let color = if value.is_some() {
                card.value_color(ui)
            } else {
                palette(ui).weak
            };
            text_line::label(
                ui,
                &words,
                &card.name(&format!("{name} {words}")),
                theme::body(),
                color,
            );
        });
    });
}

fn color_row(ui: &mut Ui, card: &Card<'_>) {
    row(ui, "Color", |ui| {
        let known = card.state.rgb();
        let [r, g, b] = known.unwrap_or([255; 3]);
        let mut shown = Color32::from_rgb(r, g, b);
        let response = card
            .operable(ui, |ui| {
                ui.spacing_mut().interact_size.x = 56.0;
                ui.style_mut().explanation_tooltips = false;
                color_picker::color_edit_button_srgba(ui, &mut shown, color_picker::Alpha::Opaque)
            })
            .accessible_name(card.name("color"));
        if response.changed() && Some([shown.r(), shown.g(), shown.b()]) != known {
            card.page
                .context
                .push(card.set(State::new().with("rgb", vec![shown.r(), shown.g(), shown.b()])));
        }
        if known.is_none() {
            // A filled field would look like a known color.
            ui.painter().rect_filled(
                response.rect.shrink(1.0),
                theme::CONTROL_RADIUS,
                palette(ui).card,
            );
        }
        card.explain(response);
        let words = known.map_or_else(
            || absent_value(card).to_owned(),
            |[r, g, b]| format!("#{r:02x}{g:02x}{b:02x}"),
        );
        let color = if known.is_some() {
            card.value_color(ui)
        } else {
            palette(ui).weak
        };
        text_line::label(
            ui,
            &words,
            &card.name(&format!("color {words}")),
            theme::monospace(),
            color,
        );
    });
}

fn effect_row(ui: &mut Ui, card: &Card<'_>) {
    row(ui, "Effect", |ui| {
        let shown = card.state.effect();
        let combo = ComboBox::from_id_salt("effect")
            .width(ui.available_width())
            .truncate();
        let combo = combo.selected_text(shown.unwrap_or("unknown"));
        let response = card.operable(ui, |ui| {
            combo.show_ui(ui, |ui| {
                for effect in &caps(card).effects {
                    if ui
                        .selectable_label(shown == Some(effect.as_str()), effect.as_str())
                        .clicked()
                    {
                        card.page
                            .context
                            .push(card.set(State::new().with("effect", effect.as_str())));
                    }
                }
            })
        });
        card.explain(response.response.accessible_name(card.name("effect")));
    });
}

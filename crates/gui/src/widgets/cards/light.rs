//! Lights: brightness, color temperature, color and effect, according to the
//! light's capabilities.

use eframe::egui::{
    Align, Color32, ComboBox, Id, Layout, Popup, PopupCloseBehavior, Ui, lerp, vec2,
};
use protocol::{Caps, State};

use super::card::Card;
use crate::widgets::{
    color::{hex, of_kelvin},
    color_field::{self, PRESETS},
    layout::{Within as _, left_of},
    slider::{Rail, Slider},
    text_line,
    theme::{self, HALF, LINE, UNIT, palette},
    value_field::{self, ValueField},
};

/// The width of a row's label, left of its control.
const NAME: f32 = 84.0;

/// The slider of a color temperature moves by this many kelvins; any can be
/// typed.
const KELVINS: f64 = 50.0;

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
        brightness_row(ui, card);
    }
    if let Some([warmest, coldest]) = caps.ct_k {
        let limits = [warmest.min(coldest), warmest.max(coldest)];
        temperature_row(ui, card, limits.map(f64::from));
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
            let rect = ui.available_rect_before_wrap();
            text_line::paint(
                ui,
                rect.until_x(rect.left() + NAME),
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

fn brightness_row(ui: &mut Ui, card: &Card<'_>) {
    let setting = Setting {
        label: "Brightness",
        field: "brightness",
        name: "brightness",
        value: card.state.brightness().map(f64::from),
        absent: "unknown",
        limits: [0.0, 100.0],
        step: 1.0,
        unit: "%",
    };
    setting.show(ui, card, Rail::Filled);
}

fn temperature_row(ui: &mut Ui, card: &Card<'_>, [warmest, coldest]: [f64; 2]) {
    let setting = Setting {
        // The full name would not fit.
        label: "Temperature",
        field: "ct_k",
        name: "color temperature",
        value: card.state.ct_k().map(f64::from),
        absent: absent_value(card),
        limits: [warmest, coldest],
        step: KELVINS,
        unit: "K",
    };
    #[expect(clippy::cast_possible_truncation, reason = "kelvins of u16")]
    let ends = [warmest as f32, coldest as f32];
    let color = |share| -> Color32 { of_kelvin(lerp(ends[0]..=ends[1], share)) };
    setting.show(ui, card, Rail::Painted(&color));
}

/// A number of the light.
struct Setting<'a> {
    label: &'a str,
    /// Its field in the protocol.
    field: &'a str,
    /// The second part of its accessible name.
    name: &'a str,
    value: Option<f64>,
    absent: &'a str,
    limits: [f64; 2],
    /// The step of the slider; any whole number can be typed.
    step: f64,
    unit: &'a str,
}

impl Setting<'_> {
    fn show(&self, ui: &mut Ui, card: &Card<'_>, rail: Rail<'_>) {
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
                unit: Some(self.unit),
            };
            let (response, typed) = card.operable(ui, |ui| field.show(ui, card.page.context));
            card.explain(response);
            if let Some(requested) = slid.or(typed) {
                #[expect(
                    clippy::cast_possible_truncation,
                    reason = "within 0 to 100 % or kelvins of u16"
                )]
                let whole = requested.round() as i64;
                let change = State::new().with(self.field, whole);
                card.page.context.push(card.set(change));
            }
        });
    }
}

/// Presets, and at the end the present color, which opens the field of all
/// colors.
fn color_row(ui: &mut Ui, card: &Card<'_>) {
    let known = card.state.rgb();
    let value = known.map_or_else(|| absent_value(card).to_owned(), hex);
    let ask = |rgb: [u8; 3]| {
        let change = State::new().with("rgb", rgb.to_vec());
        card.page.context.push(card.set(change));
    };
    let size = vec2(ui.available_width(), LINE);
    ui.allocate_ui_with_layout(size, Layout::left_to_right(Align::Center), |ui| {
        let room = ui.available_width();
        let wide = PRESETS.len() as f32 * (color_field::SWATCH + HALF) + HALF + color_field::WELL;
        ui.spacing_mut().item_spacing.x = if room < wide { 0.0 } else { HALF };
        if room > wide + NAME {
            let rect = ui.available_rect_before_wrap();
            let rect = rect.until_x(rect.left() + NAME);
            let left = eframe::egui::Align2::LEFT_CENTER;
            text_line::paint(ui, rect, left, "Color", theme::body(), palette(ui).weak);
            ui.add_space(NAME + UNIT - HALF);
        }
        for (word, rgb) in PRESETS {
            let response = card.operable(ui, |ui| {
                color_field::swatch(ui, rgb, &card.name(word), known == Some(rgb))
            });
            if response.clicked() {
                ask(rgb);
            }
            card.explain(response.on_hover_text(word));
        }
        ui.add_space(HALF);
        let well = card.operable(ui, |ui| {
            color_field::well(ui, known, &card.name("color"), &value)
        });
        let popup = Popup::menu(&well)
            .id(Id::unique((
                "color",
                card.page.board.key.0,
                card.component.descriptor.key.to_string(),
            )))
            .close_behavior(PopupCloseBehavior::CloseOnClickOutside);
        let asked = popup.show(|ui| color_field::picker(ui, known, &card.label));
        if let Some(rgb) = asked.and_then(|asked| asked.inner) {
            ask(rgb);
        }
        card.explain(well);
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

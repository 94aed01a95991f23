//! Lights: brightness, color temperature, color, white, effect and palette,
//! according to the light's capabilities.

use eframe::egui::{Align, Color32, Id, Layout, Popup, PopupCloseBehavior, Ui, lerp, vec2};
use protocol::{Caps, State};

use super::{
    card::Card,
    number, preview,
    setting::{NAME, Setting, choice_row},
};
use crate::widgets::{
    color::{hex, of_kelvin},
    color_field::{self, PRESETS},
    layout::Within as _,
    slider::Rail,
    text_line,
    theme::{self, HALF, LINE, UNIT, palette},
};

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
        caps.white,
        !caps.effects.is_empty(),
        !caps.palettes.is_empty(),
    ]
    .into_iter()
    .filter(|has| *has)
    .count()
}

/// Shows the rows.
pub(super) fn body(ui: &mut Ui, card: &Card<'_>) {
    let caps = caps(card);
    preview::show(ui, card);
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
    if caps.white {
        white_row(ui, card);
    }
    for (label, field, options) in [
        ("Effect", "effect", &caps.effects),
        ("Palette", "palette", &caps.palettes),
    ] {
        if !options.is_empty() {
            choice_row(ui, card, label, field, options);
        }
    }
    for part in &card.parts {
        part_row(ui, &card.meter(part));
    }
}

/// A number that sets something of the light: `Segment 2: effect speed` is
/// labeled `Speed`.
fn part_row(ui: &mut Ui, part: &Card<'_>) {
    let Some([min, max, step]) = number::range(&part.state) else {
        return;
    };
    let last = part.label.rsplit(' ').next().unwrap_or_default();
    let label = text::capitalized(last);
    let unit = part.component.descriptor.unit_of_measurement.as_deref();
    let setting = Setting {
        step,
        ..Setting::new(&label, "value", part.state.number(), [min, max], unit)
    };
    setting.show(ui, part, Rail::Filled);
}

fn brightness_row(ui: &mut Ui, card: &Card<'_>) {
    let value = card.state.brightness();
    let setting = Setting::new("Brightness", "brightness", value, [0.0, 100.0], Some("%"));
    setting.show(ui, card, Rail::Filled);
}

fn temperature_row(ui: &mut Ui, card: &Card<'_>, [warmest, coldest]: [f64; 2]) {
    let (value, limits) = (card.state.ct_k(), [warmest, coldest]);
    let setting = Setting {
        name: "color temperature",
        absent: absent_value(card),
        step: KELVINS,
        // The full name would not fit.
        ..Setting::new("Temperature", "ct_k", value, limits, Some("K"))
    };
    #[expect(clippy::cast_possible_truncation, reason = "kelvins of u16")]
    let ends = [warmest as f32, coldest as f32];
    let color = |share| -> Color32 { of_kelvin(lerp(ends[0]..=ends[1], share)) };
    setting.show(ui, card, Rail::Painted(&color));
}

/// The white channel, which adds to the color.
fn white_row(ui: &mut Ui, card: &Card<'_>) {
    let setting = Setting::new("White", "white", card.state.white(), [0.0, 255.0], None);
    setting.show(ui, card, Rail::Filled);
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
        let between = HALF - (wide - room) / PRESETS.len() as f32;
        ui.spacing_mut().item_spacing.x = between.floor().clamp(0.0, HALF);
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

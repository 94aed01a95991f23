//! The contrast of every color of the theme against what it is painted on:
//! WCAG 2.2, level AA. `cargo test -p switchboard-gui contrast -- --nocapture`
//! prints the table.

use eframe::egui::{Color32, Rgba};

use super::{DARK, LIGHT, Palette};

/// For text of any size (1.4.3).
const TEXT: f32 = 4.5;
/// For icons, and for what shows where a control is and what state it has
/// (1.4.11).
const ICON: f32 = 3.0;

/// The contrast ratio of WCAG 2.2.
fn contrast(one: Color32, other: Color32) -> f32 {
    let luminance = |color: Color32| {
        let linear = Rgba::from(color);
        0.2126 * linear.r() + 0.7152 * linear.g() + 0.0722 * linear.b()
    };
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

type Named = (&'static str, Color32);

/// What text and icons are painted on: panels, cards, fields, and rows that are
/// selected or lit.
fn surfaces(of: &Palette) -> [Named; 6] {
    [
        ("ground", of.ground),
        ("side", of.side),
        ("card", of.card),
        ("lit", of.lit),
        ("chosen", of.chosen),
        ("field", of.field),
    ]
}

/// Colors, what they are painted on, and the least contrast.
fn pairs(of: &Palette) -> Vec<(Named, Named, f32)> {
    let texts = [
        ("text", of.text),
        ("weak", of.weak),
        ("good", of.good),
        ("underway", of.underway),
        ("doubtful", of.doubtful),
        ("bad", of.bad),
        ("word", of.word),
        ("accent", of.accent),
    ];
    let icons = [
        ("outline", of.outline),
        ("sign good", of.signs.good),
        ("sign underway", of.signs.underway),
        ("sign doubtful", of.signs.doubtful),
        ("sign bad", of.signs.bad),
    ];
    let mut pairs = Vec::new();
    for text in texts {
        pairs.extend(surfaces(of).map(|surface| (text, surface, TEXT)));
    }
    // Rows of lists under the pointer have the color of a control.
    for text in &texts[..6] {
        pairs.push((*text, ("control", of.control), TEXT));
    }
    pairs.push((texts[0], ("hovered", of.hovered), TEXT));
    pairs.push((texts[0], ("pressed", of.pressed), TEXT));
    pairs.push((("on accent", of.on_accent), ("accent", of.accent), TEXT));
    for icon in icons {
        pairs.extend(surfaces(of).map(|surface| (icon, surface, ICON)));
        pairs.push((icon, ("control", of.control), ICON));
    }
    // The mark of what is chosen, on a button or a row at rest and under the
    // pointer.
    for plate in [("control", of.control), ("hovered", of.hovered)] {
        pairs.push((("accent", of.accent), plate, ICON));
    }
    for (at, curve) in of.series.iter().enumerate() {
        let name = ["1", "2", "3", "4", "5", "6", "7", "8"][at];
        pairs.push(((name, *curve), ("card", of.card), ICON));
        pairs.push(((name, *curve), ("ground", of.ground), ICON));
    }
    pairs
}

#[test]
fn every_color_has_the_contrast_of_wcag_aa_on_what_it_is_painted_on() {
    let mut low = Vec::new();
    for (theme, palette) in [("dark", &DARK), ("light", &LIGHT)] {
        println!("{theme:<15} {:<8} least  contrast", "on");
        for ((name, color), (surface, ground), least) in pairs(palette) {
            let ratio = contrast(color, ground);
            println!("{name:<15} {surface:<8} {least:>5}  {ratio:>8.2}");
            if ratio < least {
                low.push(format!("{theme}: {name} on {surface}: {ratio:.2}"));
            }
        }
    }
    assert!(low.is_empty(), "too little contrast: {low:#?}");
}

#[test]
fn the_ratio_is_that_of_wcag() {
    let most = contrast(Color32::WHITE, Color32::BLACK);
    assert!((most - 21.0).abs() < 0.01, "{most}");
    let gray = contrast(Color32::from_gray(0x76), Color32::WHITE);
    assert!((gray - 4.54).abs() < 0.01, "{gray}");
}

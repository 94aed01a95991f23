//! Decides which fonts the window uses; `assets/README.md` says where they come from. What they lack (emoji) is taken from
//! egui's own fonts.

use std::sync::Arc;

use eframe::egui::{self, FontData, FontDefinitions, FontFamily};

const INTERFACE: &str = "Inter";
const STRONG: &str = "Inter SemiBold";
const MONOSPACE: &str = "JetBrains Mono";
const ICONS: &str = "Phosphor";

/// The family of names and headings.
pub(super) fn strong() -> FontFamily {
    FontFamily::Name(STRONG.into())
}

/// Gives the fonts to egui.
pub(super) fn install(ctx: &egui::Context) {
    let mut fonts = FontDefinitions::default();
    for (name, file) in [
        (INTERFACE, include_bytes!("../../assets/fonts/Inter-Regular.ttf").as_slice()),
        (STRONG, include_bytes!("../../assets/fonts/Inter-SemiBold.ttf").as_slice()),
        (MONOSPACE, include_bytes!("../../assets/fonts/JetBrainsMono-Regular.ttf").as_slice()),
        (ICONS, include_bytes!("../../assets/fonts/Phosphor.ttf").as_slice()),
    ] {
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(file)));
    }
    let spare = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    for (family, name) in
        [(FontFamily::Proportional, INTERFACE), (strong(), STRONG), (FontFamily::Monospace, MONOSPACE)]
    {
        let chain = fonts.families.entry(family).or_insert_with(|| spare.clone());
        chain.insert(0, name.to_owned());
    }
    // A monospaced font lacks some signs that the interface font has, and the other way round.
    for (family, name) in [(FontFamily::Monospace, INTERFACE), (FontFamily::Proportional, MONOSPACE)] {
        fonts.families.entry(family).or_default().insert(1, name.to_owned());
    }
    // Icons stand among the words of every family; their characters are private to them (Unicode, private use area).
    for chain in fonts.families.values_mut() {
        chain.insert(1, ICONS.to_owned());
    }
    ctx.set_fonts(fonts);
}

//! Decides which fonts the window uses; `assets/README.md` says where they come
//! from. Emoji are taken from egui's own fonts. What all of these lack, such as
//! Chinese or Arabic, is taken from the fonts of the system, which are looked
//! for once such a text is shown, and not on the UI thread: a search at every
//! start would cost time and memory for names that few have.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use eframe::egui::{self, FallbackRequest, FontData, FontDefinitions, FontFamily, FontInsert};

use super::system_fonts;

const INTERFACE: &str = "Inter";
const STRONG: &str = "Inter SemiBold";
const MONOSPACE: &str = "JetBrains Mono";
const ICONS: &str = "Phosphor";

/// The family of names and headings.
pub(crate) fn strong() -> FontFamily {
    FontFamily::Name(STRONG.into())
}

/// The fonts of the system, for what the window's own fonts lack.
#[derive(Debug)]
pub(crate) struct SystemFonts {
    /// A text needed a character that no font has.
    missed: Arc<AtomicBool>,
    /// They are being looked for, or were found.
    wanted: bool,
}

impl SystemFonts {
    /// Looks for them where a text needed one. A box stands for each missing
    /// character until they are found.
    pub(crate) fn find_if_needed(&mut self, ctx: &egui::Context) {
        if self.wanted || !self.missed.load(Ordering::Relaxed) {
            return;
        }
        self.wanted = true;
        system_fonts::search(ctx);
    }
}

/// Gives the fonts to egui.
pub(crate) fn install(ctx: &egui::Context) -> SystemFonts {
    let mut fonts = FontDefinitions::default();
    for (name, file) in [
        (
            INTERFACE,
            include_bytes!("../../assets/fonts/Inter-Regular.ttf").as_slice(),
        ),
        (
            STRONG,
            include_bytes!("../../assets/fonts/Inter-SemiBold.ttf").as_slice(),
        ),
        (
            MONOSPACE,
            include_bytes!("../../assets/fonts/JetBrainsMono-Regular.ttf").as_slice(),
        ),
        (
            ICONS,
            include_bytes!("../../assets/fonts/Phosphor.ttf").as_slice(),
        ),
    ] {
        fonts
            .font_data
            .insert(name.to_owned(), Arc::new(FontData::from_static(file)));
    }
    let spare = fonts
        .families
        .get(&FontFamily::Proportional)
        .cloned()
        .unwrap_or_default();
    for (family, name) in [
        (FontFamily::Proportional, INTERFACE),
        (strong(), STRONG),
        (FontFamily::Monospace, MONOSPACE),
    ] {
        let chain = fonts
            .families
            .entry(family)
            .or_insert_with(|| spare.clone());
        chain.insert(0, name.to_owned());
    }
    // A monospaced font lacks some signs that the interface font has, and the
    // other way round.
    for (family, name) in [
        (FontFamily::Monospace, INTERFACE),
        (FontFamily::Proportional, MONOSPACE),
    ] {
        fonts
            .families
            .entry(family)
            .or_default()
            .insert(1, name.to_owned());
    }
    // Icons stand among the words of every family; their characters are private
    // to them (Unicode, private use area).
    for chain in fonts.families.values_mut() {
        chain.insert(1, ICONS.to_owned());
    }
    ctx.set_fonts(fonts);
    let missed = Arc::new(AtomicBool::new(false));
    let noted = Arc::clone(&missed);
    let note = move |_: &FallbackRequest<'_>| -> Option<FontInsert> {
        noted.store(true, Ordering::Relaxed);
        None
    };
    ctx.set_font_providers(vec![Arc::new(note)]);
    SystemFonts {
        missed,
        wanted: false,
    }
}

#[cfg(test)]
mod tests {
    use std::{panic, thread, time::Duration};

    use eframe::egui::{Context, FontId, FontProvider, RawInput};
    use web_time::Instant;

    use super::*;
    use crate::widgets::system_fonts::found;

    /// Shows a text and returns which of its characters are boxes.
    fn boxes(ctx: &Context, fonts: &mut SystemFonts, text: &str) -> String {
        let mut missing = String::new();
        let output = ctx.run_ui(RawInput::default(), |ui| {
            let font = FontId::new(14.0, strong());
            missing = text
                .chars()
                .filter(|c| !ui.fonts_mut(|fonts| fonts.has_glyph(&font, *c)))
                .collect();
            fonts.find_if_needed(ui.ctx());
        });
        output.drop_without_applying_deltas();
        missing
    }

    #[test]
    fn european_names_and_emoji_are_readable_without_a_font_of_the_system() {
        let ctx = Context::default();
        let mut fonts = install(&ctx);
        let names = "Łódź Đèn bàn Größe Настольная лампа Επιτραπέζιο φωτιστικό 🚀💡🌱🔥🔌🏠🎄❤⚡☀";
        assert_eq!(boxes(&ctx, &mut fonts, names), "");
        assert!(!fonts.wanted, "nothing is looked for that is not needed");
    }

    #[test]
    fn a_name_in_another_writing_system_has_the_fonts_of_the_system_looked_for() {
        let ctx = Context::default();
        let mut fonts = install(&ctx);
        let name = "台灯デスク책상";
        assert_eq!(
            boxes(&ctx, &mut fonts, name),
            name,
            "boxes until they are found"
        );
        assert!(fonts.wanted);
        // This computer may have fonts for all of it, for a part, or none.
        let known = panic::catch_unwind(found).ok();
        let has = |c: char| {
            let mut bytes = [0; 4];
            let request = FallbackRequest {
                cluster: c.encode_utf8(&mut bytes),
                family: &strong(),
            };
            known
                .as_ref()
                .is_some_and(|known| known.font_for(&request).is_some())
        };
        let lacking: String = name.chars().filter(|c| !has(*c)).collect();
        let end = Instant::now() + Duration::from_secs(60);
        while boxes(&ctx, &mut fonts, name) != lacking {
            assert!(
                Instant::now() < end,
                "still boxes: {}",
                boxes(&ctx, &mut fonts, name)
            );
            thread::yield_now();
        }
    }

    #[test]
    fn a_text_of_characters_that_no_font_has_is_drawn_within_a_frame_or_two() {
        let ctx = Context::default();
        let mut fonts = install(&ctx);
        boxes(&ctx, &mut fonts, "\u{e0200}");
        let Ok(found) = panic::catch_unwind(found) else {
            return;
        };
        ctx.set_font_providers(vec![Arc::new(found)]);
        let text: String = (0x1_3000..0x1_3400_u32)
            .chain(0xe_0200..0xe_0600)
            .filter_map(char::from_u32)
            .collect();
        let begun = Instant::now();
        boxes(&ctx, &mut fonts, &text);
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(2), "{took:?}");
    }
}

//! Looks for the fonts of the system, on a thread of its own.

use std::{panic, sync::Arc, thread};

use eframe::egui::{self, FallbackRequest, FontFamily, FontProvider};
use egui_system_font_provider::SystemFontProvider;

/// Gives the fonts of the system to egui, once they are found.
pub(super) fn search(ctx: &egui::Context) {
    let ctx = ctx.clone();
    let find = move || {
        // fontique 0.11 panics where the system has no font at all; then boxes
        // remain.
        if let Ok(found) = panic::catch_unwind(found) {
            ctx.set_font_providers(vec![Arc::new(found)]);
        }
    };
    if let Err(error) = thread::Builder::new().name("fonts".to_owned()).spawn(find) {
        log::warn!("could not start a thread to search for fonts: {error}");
    }
}

/// The fonts of the system, when their search has ended.
pub(super) fn found() -> SystemFontProvider {
    let fonts = SystemFontProvider::new();
    // The first question waits for the search, which has a thread of its own;
    // asked later, it would hold up the window.
    let _ = fonts.font_for(&FallbackRequest {
        cluster: "\u{4e00}",
        family: &FontFamily::Proportional,
    });
    fonts
}

//! A screenshot of the plots, taken over several frames.

use std::sync::{Arc, OnceLock};

use eframe::egui::{ColorImage, Rect, Ui};

/// The progress of a screenshot.
#[derive(Debug, Default)]
pub(super) enum Screenshot {
    #[default]
    None,
    /// Take the next frame, without the cursor.
    Wanted,
    /// Requested; the picture is this part of the window.
    Requested(Rect, Arc<OnceLock<Arc<ColorImage>>>),
}

impl Screenshot {
    pub(super) fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    /// Starts a screenshot.
    pub(super) fn start(&mut self, ui: &Ui) {
        *self = Self::Wanted;
        ui.ctx().request_repaint();
    }

    /// Requests the picture of this part of the window, once the frame without
    /// the cursor is complete.
    pub(super) fn request(&mut self, ui: &Ui, part: Rect) {
        if !matches!(self, Self::Wanted) {
            return;
        }
        let taken = Arc::new(OnceLock::new());
        *self = Self::Requested(part.intersect(ui.ctx().content_rect()), Arc::clone(&taken));
        let ctx = ui.ctx().clone();
        ui.ctx().request_screenshot(move |image| {
            // Only the first image counts.
            let _ = taken.set(image);
            ctx.request_repaint();
        });
    }

    /// Takes the picture once it has arrived.
    pub(super) fn take(&mut self, ui: &Ui) -> Option<ColorImage> {
        let Self::Requested(part, taken) = &*self else {
            return None;
        };
        let picture = taken.get()?.region(part, Some(ui.ctx().pixels_per_point()));
        *self = Self::None;
        Some(picture)
    }
}

//! What all pages of the window have in common.

use eframe::egui::{CentralPanel, Frame, Margin, Ui};

use crate::{model::page_context::PageContext, widgets::theme::palette};

/// A page of the window: draws itself and reports what is asked for.
pub(crate) trait PageView {
    /// The margin around the contents.
    fn margin(&self, _context: &PageContext<'_>) -> Margin {
        Margin::symmetric(20, 12)
    }

    /// Draws panels at the edges of the page.
    fn panels(&mut self, _ui: &mut Ui, _context: &PageContext<'_>) {}

    /// Draws the middle of the page.
    fn contents(&mut self, ui: &mut Ui, context: &PageContext<'_>);

    /// Whether the page is paused; `None` if it cannot be.
    fn paused(&self) -> Option<bool> {
        None
    }

    /// Pauses the page, or resumes it.
    fn set_paused(&mut self, _paused: bool) {}

    /// Draws the page into the room that the window has left for it.
    fn show(&mut self, ui: &mut Ui, context: &PageContext<'_>) {
        self.panels(ui, context);
        let frame = Frame::new()
            .fill(palette(ui).ground)
            .inner_margin(self.margin(context));
        CentralPanel::default()
            .frame(frame)
            .show(ui, |ui| self.contents(ui, context));
    }
}

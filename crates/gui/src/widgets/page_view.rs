//! What all pages of the window have in common.

use eframe::egui::{CentralPanel, Frame, Margin, Rect, ScrollArea, Ui, UiBuilder, Vec2};

use crate::{
    model::page_context::PageContext,
    widgets::{layout::WindowSize, theme::palette},
};

/// A page of the window: draws itself and reports what is asked for.
pub(crate) trait PageView {
    /// The margin around the contents.
    fn margin(&self, _context: &PageContext<'_>) -> Margin {
        Margin::symmetric(20, 12)
    }

    /// The room that the page needs. With less, it scrolls as a whole.
    fn least_size(&self) -> Vec2 {
        Vec2::ZERO
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
        let (room, least) = (ui.available_rect_before_wrap(), self.least_size());
        if room.width() >= least.x && room.height() >= least.y {
            return self.show_in_full(ui, context);
        }
        ui.painter().rect_filled(room, 0.0, palette(ui).ground);
        ScrollArea::both()
            .id_salt("page")
            .auto_shrink(false)
            .show(ui, |ui| {
                let size = least.max(room.size());
                let rect = Rect::from_min_size(ui.min_rect().min, size);
                ui.scope_builder(UiBuilder::new().max_rect(rect), |ui| {
                    self.show_in_full(ui, context);
                });
                ui.expand_to_include_rect(rect);
            });
    }

    /// Draws the page, which has the room that it needs.
    fn show_in_full(&mut self, ui: &mut Ui, context: &PageContext<'_>) {
        self.panels(ui, context);
        let mut margin = self.margin(context);
        if WindowSize::is_compact(ui.ctx()) {
            (margin.left, margin.right) = (margin.left.min(12), margin.right.min(12));
            (margin.top, margin.bottom) = (margin.top.min(8), margin.bottom.min(8));
        }
        let frame = Frame::new().fill(palette(ui).ground).inner_margin(margin);
        CentralPanel::default()
            .frame(frame)
            .show(ui, |ui| self.contents(ui, context));
    }
}

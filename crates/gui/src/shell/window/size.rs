//! The size of the window, and its zoom.

use eframe::egui::{self, Ui};

use super::Window;

use crate::{
    model::{action::ZoomStep, notice::Notice},
    shell::zoom,
};

impl Window {
    /// Records the size and the place of the window, if they are known.
    pub(super) fn record_size(&mut self, ui: &Ui) {
        let zoom = ui.ctx().zoom_factor();
        ui.ctx().input(|input| {
            let viewport = input.viewport();
            self.layout.maximized = viewport.maximized.unwrap_or(self.layout.maximized);
            if !self.layout.maximized
                && let Some(rect) = viewport.inner_rect
            {
                // The next run opens its window before it zooms.
                self.layout.window = Some([rect.width() * zoom, rect.height() * zoom]);
                let corner = viewport.outer_rect.map(|rect| rect.min * zoom);
                self.layout.position = corner.map(|corner| [corner.x, corner.y]);
            }
        });
        self.zoom(ui.ctx(), zoom);
    }

    /// Applies the wanted zoom as far as the window allows; `now` is the zoom
    /// of this frame.
    fn zoom(&mut self, ctx: &egui::Context, now: f32) {
        let window = ctx.content_rect().size() * now;
        if let Some(step) = zoom::pressed(ctx) {
            self.step_zoom(step, now, window);
        }
        let zoom = zoom::shown(self.layout.zoom.unwrap_or(1.0), window);
        if (zoom - now).abs() > 1e-3 {
            ctx.set_zoom_factor(zoom);
        }
    }

    pub(super) fn step_zoom(&mut self, step: ZoomStep, now: f32, window: egui::Vec2) {
        match zoom::effect(step, now, window) {
            zoom::Effect::To(zoom) => {
                self.layout.zoom = ((zoom - 1.0).abs() > 0.01).then_some(zoom);
            }
            zoom::Effect::TooLarge => {
                self.notify(Notice::Done(
                    "The window is too small to zoom in further.".to_owned(),
                ));
            }
        }
    }
}

//! The zoom of the window: what the person wants, as far as the window is large
//! enough.

use eframe::egui::{
    Context, Options, Vec2,
    gui_zoom::kb_shortcuts::{ZOOM_IN, ZOOM_IN_SECONDARY, ZOOM_OUT, ZOOM_RESET},
    vec2,
};

use crate::{model::action::ZoomStep, widgets::theme};

/// The effect of a step on the zoom.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Effect {
    /// Zoom to this.
    To(f32),
    /// Unchanged: a larger zoom would not fit into the window.
    TooLarge,
}

/// Disables egui's own zoom keys, which go to 5 regardless of the window's
/// size; [`pressed`] finds them.
pub(crate) fn take_over(ctx: &Context) {
    ctx.options_mut(|options: &mut Options| options.zoom_with_keyboard = false);
}

/// The zoom for `wanted` in a window of this size, in points without zoom. It
/// keeps at least the minimum size in which every page is usable; a smaller
/// window is not zoomed in.
pub(crate) fn shown(wanted: f32, window: Vec2) -> f32 {
    let [least, most] = theme::ZOOM;
    let fits = (window / vec2(theme::WINDOW_LEAST[0], theme::WINDOW_LEAST[1]))
        .min_elem()
        .max(1.0);
    // The settings file may contain any number.
    let wanted = if wanted.is_finite() { wanted } else { 1.0 };
    // Whole steps, so that zooming in and out passes the same values.
    let fits = (fits * 10.0 + 1e-3).floor() / 10.0;
    wanted.clamp(least, most).min(fits)
}

/// The step whose keys are pressed.
pub(crate) fn pressed(ctx: &Context) -> Option<ZoomStep> {
    let pressed = |shortcut| ctx.input_mut(|input| input.consume_shortcut(shortcut));
    if pressed(&ZOOM_RESET) {
        Some(ZoomStep::Reset)
    } else if pressed(&ZOOM_OUT) {
        Some(ZoomStep::Out)
    } else {
        (pressed(&ZOOM_IN) || pressed(&ZOOM_IN_SECONDARY)).then_some(ZoomStep::In)
    }
}

/// The effect of a step on the current zoom.
pub(crate) fn effect(step: ZoomStep, now: f32, window: Vec2) -> Effect {
    let tenths = (now * 10.0).round();
    match step {
        ZoomStep::Reset => Effect::To(1.0),
        ZoomStep::Out => Effect::To(shown((tenths - 1.0) / 10.0, window)),
        ZoomStep::In => {
            let wanted = (tenths + 1.0) / 10.0;
            let next = shown(wanted, window);
            let is_held_back = next < wanted - 1e-3 && wanted <= theme::ZOOM[1];
            if is_held_back {
                Effect::TooLarge
            } else {
                Effect::To(next)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_zoom_leaves_a_window_in_which_every_page_can_be_used() {
        for (wanted, window, zoom) in [
            (1.0, [1180.0, 760.0], 1.0),
            (3.1, [1180.0, 760.0], 2.5),
            (3.1, [2560.0, 1440.0], 3.0),
            (2.0, [900.0, 600.0], 2.0),
            (2.0, [640.0, 400.0], 1.3),
            (2.0, [300.0, 200.0], 1.0),
            (0.7, [300.0, 200.0], 0.7),
            (0.0, [1180.0, 760.0], 0.5),
            (1e9, [1180.0, 760.0], 2.5),
            (f32::NAN, [1180.0, 760.0], 1.0),
        ] {
            assert_eq!(shown(wanted, window.into()), zoom, "{wanted} in {window:?}");
        }
    }
}

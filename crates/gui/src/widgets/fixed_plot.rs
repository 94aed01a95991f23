//! Plots whose range is the page's own: nothing in them is dragged, zoomed or
//! scrolled.

use egui_plot::Plot;

/// A plot that stands still.
pub(crate) fn fixed_plot<'a>(id: impl std::hash::Hash + std::fmt::Debug) -> Plot<'a> {
    Plot::new(id)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_double_click_reset(false)
        .allow_axis_zoom_drag(false)
}

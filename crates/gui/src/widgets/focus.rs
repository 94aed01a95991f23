//! What the widget with the keyboard focus keeps for itself.

use eframe::egui::{EventFilter, Id, Ui};

/// Arrow keys do not move the focus away from this widget while it has it.
pub(crate) fn keep_arrows(ui: &Ui, id: Id) {
    let arrows = EventFilter {
        horizontal_arrows: true,
        vertical_arrows: true,
        ..EventFilter::default()
    };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(id, arrows));
}

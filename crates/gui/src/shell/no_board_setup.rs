//! Stands in for the dialog *Set up a board* in a browser.

use eframe::egui::Ui;

use crate::model::{board_setup::Setup, page_context::PageContext};

/// There is no dialog to draw.
pub(crate) fn show(setup: &mut Setup, _ui: &mut Ui, _context: &PageContext<'_>) {
    match *setup {}
}

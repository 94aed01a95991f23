//! A combo box of boards, for pages that show one of them.

use std::sync::Arc;

use eframe::egui::{ComboBox, Ui};

use crate::model::boards::Model;
use fleet::{BoardKey, BoardView};

/// The board that a page shows: the one chosen there, else the selected one,
/// else the first.
pub(crate) fn shown(model: &Model, chosen: Option<BoardKey>) -> Option<&Arc<BoardView>> {
    chosen
        .and_then(|key| model.board(key))
        .or_else(|| model.selected())
        .or_else(|| model.in_order().next())
}

/// Shows the combo box, named `Board`; returns a newly chosen board. `salt`
/// distinguishes the combo boxes of different pages.
pub(crate) fn show(
    ui: &mut Ui,
    salt: &str,
    model: &Model,
    shown: Option<&BoardView>,
) -> Option<BoardKey> {
    let mut chosen = None;
    let title = shown.map_or_else(|| "no board".to_owned(), |board| model.title(board));
    let combo = ComboBox::from_id_salt(salt)
        .width(184.0)
        .selected_text(title)
        .truncate();
    let combo = combo.height(400.0).show_ui(ui, |ui| {
        for board in model.in_order() {
            let is_shown = shown.is_some_and(|shown| shown.key == board.key);
            if ui.selectable_label(is_shown, model.title(board)).clicked() {
                chosen = Some(board.key);
            }
        }
    });
    combo.response.accessible_name("Board");
    if chosen.is_some() {
        ui.ctx().request_repaint();
    }
    chosen
}

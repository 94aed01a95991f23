//! Begins to rename what is shown, in place.

use eframe::egui::Ui;

use super::{Window, documents::page};
use disk::{documents::DocumentKind, settings::Page};

use crate::{
    model::{
        action::{RenameSpot, RenameTarget},
        notice::Notice,
    },
    pages::board_menu::rename_problem,
    widgets::rename,
};

impl Window {
    /// Turns the name of a board or document into a text field.
    pub(super) fn begin_rename(&mut self, ui: &Ui, target: RenameTarget, spot: RenameSpot) {
        let name = match target {
            RenameTarget::Board(key) => {
                let Some(board) = self.model.board(key) else {
                    return;
                };
                if let Some(why) = rename_problem(board) {
                    let words = format!("{}: {why}.", self.model.title(board));
                    return self.notify(Notice::Failed(words));
                }
                let name = board.name.to_string();
                self.page = Page::Boards;
                if self.model.selected().is_none_or(|shown| shown.key != key) {
                    self.model.select(key);
                }
                self.pages.boards.reveal = true;
                name
            }
            RenameTarget::Document(kind, at) => {
                let Some(name) = self.name_of_document(kind, at) else {
                    return;
                };
                self.show_document(kind, at);
                self.page = page(kind);
                name
            }
        };
        rename::begin(ui.ctx(), target, spot, &name);
    }

    /// What F2 renames: what the page shows.
    pub(super) fn rename_target(&self) -> Option<RenameTarget> {
        let document = |kind| Some(RenameTarget::Document(kind, self.shown_document(kind)?));
        match self.page {
            Page::Boards if self.model.selection().next().is_none() => {
                let board = self.model.selected()?;
                Some(RenameTarget::Board(board.key))
            }
            Page::Dashboards => document(DocumentKind::Dashboard),
            Page::Scenes => document(DocumentKind::Scene),
            _ => None,
        }
    }
}

//! The page that a person who manages the server shows to every window.

use disk::settings::Page;
use fleet::ServerStatus;

use super::Window;
use crate::model::notice::Notice;

impl Window {
    /// What this window shows, as [`Window::present`] reads it: the page, and
    /// on the pages of one board its id: `boards/sb-a1b2c3`.
    pub(crate) fn shown_page(&self) -> String {
        let page = serde_json::to_value(self.page).unwrap_or_default();
        let page = page.as_str().unwrap_or_default();
        let board = self.model.selected().and_then(|board| board.id.clone());
        match (self.page, board) {
            (Page::Boards | Page::Frames, Some(board)) => format!("{page}/{board}"),
            _ => page.to_owned(),
        }
    }

    /// Shows the page that the server presents, once for each time. One that
    /// this version does not know is left out.
    pub(crate) fn present(&mut self, server: &ServerStatus) {
        let Some((number, shown)) = &server.shown_page else {
            return;
        };
        if self.presented == Some(*number) {
            return;
        }
        self.presented = Some(*number);
        let (page, board) = match shown.split_once('/') {
            Some((page, board)) => (page, Some(board)),
            None => (shown.as_str(), None),
        };
        let Ok(page) = serde_json::from_value::<Page>(page.into()) else {
            return;
        };
        self.page = page;
        let is_it = |view: &&fleet::BoardView| view.id.as_deref() == board;
        let found = self.model.boards().map(AsRef::as_ref).find(is_it);
        if let Some(key) = found.map(|view| view.key).filter(|_| board.is_some()) {
            self.model.select(key);
        }
        self.notify(Notice::Done(
            "This page is shown to everyone by the person who runs the server.".to_owned(),
        ));
    }
}

//! Keys of locked boards: typed, paired for, loaded and saved.

use eframe::egui;

use super::App;
use crate::{
    fleet::BoardKey,
    keys,
    pairing::Progress,
    ui::{Notice, key_ring::News},
    words,
};

impl App {
    /// Takes what a person typed as a board's key.
    pub(super) fn enter_key(&mut self, board: BoardKey, text: &str, ctx: &egui::Context) {
        let id = self.window.model.board(board).and_then(|view| view.id.clone());
        let key = match text.parse::<keys::Key>() {
            Ok(key) if id.as_ref().is_none_or(|id| *id == key.board) => key,
            Ok(key) => {
                let words = format!("This is the key of {}, not of {}.", key.board, id.unwrap_or_default());
                return self.window.answer_dialog(Err(words));
            }
            Err(error) => return self.window.answer_dialog(Err(format!("{error}."))),
        };
        self.hold(board, key, ctx);
        self.window.answer_dialog(Ok(()));
    }

    pub(super) fn hold(&mut self, board: BoardKey, key: keys::Key, ctx: &egui::Context) {
        self.fleet.give_key(key.clone());
        // The same key as before is no news to the fleet; it is wanted now all the same.
        self.fleet.retry_now(board);
        self.keys.keep(key, ctx);
    }

    /// Looks what came of keys that are being loaded, saved or asked for.
    pub(super) fn answer_keys(&mut self, ctx: &egui::Context) {
        if self.window.pairs_with().is_none() {
            self.keys.stop_pairing();
        }
        while let Some(news) = self.keys.news() {
            match news {
                News::Waiting(left) => self.window.tell(Notice::Done(format!(
                    "Waiting up to {} for the keychain to unlock. Boards are connected once it has answered.",
                    words::length(left)
                ))),
                News::Loaded(keys) => self.fleet.hold_keys(keys),
                News::Failed(problem) => self.window.tell(Notice::Failed(format!("Keys of boards: {problem}."))),
                News::Pairing(Progress::Code { code, .. }) => self.window.dialog_goes_on(format!(
                    "Code: {code}. Compare it with the board's. If they are alike, press the board's button; if not, cancel."
                )),
                News::Pairing(Progress::Paired(key)) => {
                    if let Some(board) = self.window.pairs_with() {
                        self.hold(board, *key, ctx);
                        self.window.answer_dialog(Ok(()));
                        self.window.tell(Notice::Done("The board is paired: this computer has a key for it.".to_owned()));
                    }
                }
                News::Pairing(Progress::Failed(problem)) => {
                    self.keys.stop_pairing();
                    self.window.answer_dialog(Err(format!("{problem}.")));
                }
            }
        }
    }
}

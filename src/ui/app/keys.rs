//! Keys of locked boards: typed, paired for, loaded and saved.

use eframe::egui;

use super::App;
use crate::{
    fleet::{BoardKey, LinkProblem, LinkState},
    keys,
    pairing::{PairProblem, Progress},
    ui::{Notice, key_ring::News},
    words,
};

impl App {
    /// Takes what a person typed as a board's key.
    pub(super) fn enter_key(&mut self, board: BoardKey, text: &str, ctx: &egui::Context) {
        let id = self
            .window
            .model
            .board(board)
            .and_then(|view| view.id.clone());
        let key = match text.parse::<keys::Key>() {
            Ok(key) if id.as_ref().is_none_or(|id| *id == key.board) => key,
            Ok(key) => {
                let words = format!(
                    "This is the key of {}, not of {}.",
                    key.board,
                    id.unwrap_or_default()
                );
                return self.window.answer_dialog(Err(words));
            }
            Err(error) => return self.window.answer_dialog(Err(format!("{error}."))),
        };
        self.hold(board, key, ctx);
        self.window.answer_dialog(Ok(()));
    }

    pub(super) fn hold(&mut self, board: BoardKey, key: keys::Key, ctx: &egui::Context) {
        self.fleet.give_key(key.clone());
        // The same key as before is no news to the fleet; it is wanted now all
        // the same.
        self.fleet.retry_now(board);
        self.keys.keep(key, ctx);
    }

    /// Deletes the key of a board from this computer.
    pub(super) fn forget_key(&mut self, board: BoardKey, ctx: &egui::Context) {
        let Some(view) = self.window.model.board(board) else {
            return;
        };
        let id = match &view.link {
            // The id of a board that could not prove it.
            LinkState::Unreachable {
                problem:
                    LinkProblem::NotLocked { board } | LinkProblem::KeyUnavailable { board, .. },
                ..
            } => Some(board.clone()),
            _ => view.id.clone(),
        };
        if let Some(id) = id {
            self.fleet.forget_key(&id);
            self.keys.forget(id, ctx);
        }
    }

    /// Asks a board for a key. The board that answers has to be the one that
    /// was chosen.
    pub(super) fn pair(&mut self, board: BoardKey, replace: bool, ctx: &egui::Context) {
        let Some(view) = self.window.model.board(board) else {
            return;
        };
        match self
            .keys
            .pair(board, &view.where_to_ask(), view.id.clone(), replace, ctx)
        {
            Ok(()) => self.window.dialog_goes_on("Asking the board…".to_owned()),
            Err(error) => self.window.answer_dialog(Err(error.to_string())),
        }
    }

    /// Uses a key that pairing has stored.
    fn take_paired(&mut self, key: keys::Key) {
        self.fleet.give_key(key.clone());
        if let Some(board) = self.window.pairs_with() {
            self.fleet.retry_now(board);
        }
        self.keys.hold_stored(key);
    }

    /// The person says that the board shows another code.
    pub(super) fn codes_differ(&mut self) {
        self.keys.stop_pairing();
        let words = "The codes differ, so no key was stored. Another controller may be asking the \
             board, or something between this \
                     computer and the board may have changed what they say. Press the board's button twice to refuse the code that it \
                     shows, and try again.";
        self.window.answer_dialog(Err(words.to_owned()));
    }

    /// Looks what came of keys that are being loaded, saved or asked for.
    pub(super) fn answer_keys(&mut self) {
        if self.window.pairs_with().is_none() {
            self.keys.stop_pairing();
        }
        while let Some(news) = self.keys.news() {
            match news {
                News::Waiting(left) => self.window.tell(Notice::Done(format!(
                    "Waiting up to {} for the keychain to unlock. Boards are connected once it \
                         has answered.",
                    words::length(left)
                ))),
                News::Loaded(keys) => self.fleet.hold_keys(keys),
                News::Failed(problem) => self.window.tell(Notice::Failed(format!(
                    "Keys of boards: \
                     {problem}."
                ))),
                News::Pairing(Progress::Waits) => self.window.dialog_goes_on(
                    "The board serves another controller first. If that is not yours, press the \
                         board's button twice to refuse it."
                        .to_owned(),
                ),
                News::Pairing(Progress::Code { code, .. }) => self.window.compare_code(code),
                News::Pairing(Progress::Confirmed) => self.window.confirmed_at_the_board(),
                News::Pairing(Progress::Paired(key)) => {
                    self.keys.stop_pairing();
                    let view = self
                        .window
                        .pairs_with()
                        .and_then(|board| self.window.model.board(board));
                    let name = view
                        .map_or_else(|| key.board.clone(), |view| self.window.model.title(view));
                    self.take_paired(*key);
                    if self.window.pairs_with().is_some() {
                        self.window.answer_dialog(Ok(()));
                    }
                    let words = format!("{name} is paired. Only computers with a key can use it.");
                    self.window.tell(Notice::Done(words));
                }
                News::Pairing(Progress::Failed(problem)) => {
                    self.keys.stop_pairing();
                    if let PairProblem::Unclear(key) = &problem {
                        self.take_paired((**key).clone());
                    }
                    let words = problem.to_string();
                    let mut letters = words.chars();
                    let first = letters
                        .next()
                        .map(|letter| letter.to_uppercase().to_string())
                        .unwrap_or_default();
                    self.window
                        .answer_dialog(Err(format!("{first}{}.", letters.as_str())));
                }
            }
        }
    }
}

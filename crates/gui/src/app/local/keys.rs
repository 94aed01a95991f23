//! Keys of locked boards: typing, pairing, loading and saving.

use eframe::egui;

use crate::{
    app::{local::key_ring::KeyNews, state::App},
    model::{credential, notice::Notice},
};
use fleet::{BoardKey, CredentialKind, LinkProblem, LinkState};
use pairing::{PairProblem, Progress};

/// Why a new key or password is not undone.
fn stays_on_board(kind: CredentialKind) -> String {
    format!(
        "\"{}\" in the menu of the board deletes the {} from this computer.",
        credential::forget(kind),
        kind.noun()
    )
}

impl App {
    /// Takes a typed key or password for a board.
    pub(in crate::app) fn enter_key(&mut self, board: BoardKey, typed: &str, ctx: &egui::Context) {
        let Some(view) = self.window.model.board(board) else {
            return;
        };
        let kind = credential::kind(view);
        let keys = match kind.parse(view.id.as_deref(), typed) {
            Ok(keys) => keys,
            Err(error) => {
                let words = text::capitalized(&format!("{error}."));
                return self.window.resolve_dialog(Err(words));
            }
        };
        self.hold(board, keys, ctx);
        let name = self.window.model.title_of(board);
        let title = format!("Enter the {} of {name}", kind.noun());
        self.window
            .record_final(board, title, &stays_on_board(kind));
        self.window.resolve_dialog(Ok(()));
    }

    pub(in crate::app) fn hold(&mut self, board: BoardKey, keys: keys::Keys, ctx: &egui::Context) {
        self.fleet.give_key(keys.clone(), Some(board));
        self.local.keys.keep(keys, ctx);
    }

    /// Deletes the key of a board from this computer.
    pub(in crate::app) fn forget_key(&mut self, board: BoardKey, ctx: &egui::Context) {
        let Some(view) = self.window.model.board(board) else {
            return;
        };
        let id = match &view.link {
            // The id of a board that could not prove it.
            LinkState::Unreachable {
                problem:
                    LinkProblem::NotLocked { board } | LinkProblem::KeyUnavailable { board, .. },
                ..
            } => Some(board.as_str()),
            _ => view.id.as_deref(),
        };
        if let Some(id) = id {
            self.fleet.forget_key(id);
            self.local.keys.forget(id.to_owned(), ctx);
        }
    }

    /// Starts to pair with a board. The board that responds has to be the
    /// selected one.
    pub(in crate::app) fn pair(&mut self, board: BoardKey, replace: bool, ctx: &egui::Context) {
        let Some(view) = self.window.model.board(board) else {
            return;
        };
        let (addresses, id) = (view.where_to_ask(), view.id.as_deref());
        match self.local.keys.pair(board, &addresses, id, replace, ctx) {
            Ok(()) => self
                .window
                .set_dialog_progress("Waiting for the board…".to_owned()),
            Err(error) => self.window.resolve_dialog(Err(error.to_string())),
        }
    }

    /// Uses a key that pairing has stored.
    fn take_paired(&mut self, key: keys::Key) {
        self.fleet.give_key(key.clone(), self.window.pairs_with());
        self.local.keys.hold_stored(key);
    }

    /// The board shows another code.
    pub(in crate::app) fn reject_code(&mut self) {
        self.local.keys.stop_pairing();
        let words = "The codes differ, so no key was stored. Another controller may be pairing \
            with the board, or something between this computer and the board may have altered the \
            messages. Press the board's button twice to reject the code that it shows, then try \
            again.";
        self.window.resolve_dialog(Err(words.to_owned()));
    }

    /// Takes news of keys that are being loaded, saved or paired.
    pub(in crate::app) fn poll_keys(&mut self) {
        if self.window.pairs_with().is_none() {
            self.local.keys.stop_pairing();
        }
        while let Some(news) = self.local.keys.news() {
            match news {
                KeyNews::Waiting(left) => self.window.notify(Notice::Done(format!(
                    "Waiting up to {} for the keychain to unlock. Locked boards connect after \
                        that.",
                    text::length(left)
                ))),
                KeyNews::Loaded(keys) => self.fleet.hold_keys(keys),
                KeyNews::Failed(problem) => self
                    .window
                    .notify(Notice::Failed(format!("Board keys: {problem}."))),
                KeyNews::Pairing(Progress::Waits) => self.window.set_dialog_progress(
                    "The board is pairing with another controller first. If that is not yours, \
                        press the board's button twice to reject it."
                        .to_owned(),
                ),
                KeyNews::Pairing(Progress::Code { code, .. }) => self.window.compare_code(code),
                KeyNews::Pairing(Progress::Confirmed) => self.window.confirm_code_at_board(),
                KeyNews::Pairing(Progress::Paired(key)) => {
                    self.local.keys.stop_pairing();
                    let board = self.window.pairs_with();
                    let view = board.and_then(|board| self.window.model.board(board));
                    let name = view
                        .map_or_else(|| key.board.clone(), |view| self.window.model.title(view));
                    self.take_paired(*key);
                    if let Some(board) = board {
                        let title = format!("Pair with {name}");
                        let stays = stays_on_board(CredentialKind::BoardKey);
                        self.window.record_final(board, title, &stays);
                        self.window.resolve_dialog(Ok(()));
                    }
                    let words = format!("{name} is paired. Only computers with a key can use it.");
                    self.window.notify(Notice::Done(words));
                }
                KeyNews::Pairing(Progress::Failed(problem)) => {
                    self.local.keys.stop_pairing();
                    if let PairProblem::Unclear(key) = &problem {
                        self.take_paired((**key).clone());
                    }
                    self.window
                        .resolve_dialog(Err(text::capitalized(&format!("{problem}."))));
                }
            }
        }
    }
}

//! Boards that the person removed from the list: they stay away until they are
//! restored, or added by their address.

use std::time::Duration;

use web_time::{SystemTime, UNIX_EPOCH};

pub(crate) use disk::settings::ForgottenBoard;
use disk::settings::RememberedBoard;

use crate::model::boards::Model;
use fleet::{BoardKey, BoardView};

/// The most boards that are kept in the list; the oldest are dropped first.
const KEPT: usize = 1_000;

/// A board as the settings keep it.
pub(crate) fn to_remember(board: &BoardView) -> RememberedBoard {
    RememberedBoard {
        address: board.address_to_remember(),
        name: board.name.to_string(),
        id: board.id.as_deref().map(str::to_owned),
        family: board.family,
        by_hand: board.by_hand,
    }
}

/// A board that is forgotten at this time.
pub(crate) fn forget_now(board: &BoardView, now: SystemTime) -> ForgottenBoard {
    ForgottenBoard {
        board: to_remember(board),
        at: now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs(),
    }
}

/// When a board was forgotten.
pub(crate) fn forgotten_at(forgotten: &ForgottenBoard) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(forgotten.at.min(u64::from(u32::MAX)))
}

/// The name of a board that is forgotten, or else its address.
pub(crate) fn forgotten_name(board: &RememberedBoard) -> String {
    match board.name.as_str() {
        "" => board.address.clone(),
        name => text::plain(name),
    }
}

impl Model {
    /// The boards that were forgotten, the newest last.
    pub(crate) fn forgotten(&self) -> &[ForgottenBoard] {
        &self.forgotten
    }

    /// Restores the forgotten boards of earlier runs.
    pub(crate) fn recall_forgotten(&mut self, forgotten: Vec<ForgottenBoard>) {
        self.forgotten = forgotten;
    }

    /// Removes a board from the list. Nothing is selected in its place, so that
    /// the next click cannot be meant for it.
    pub(crate) fn forget(&mut self, key: BoardKey, now: SystemTime) -> Option<ForgottenBoard> {
        let forgotten = forget_now(self.board(key)?, now);
        self.take_forgotten(&forgotten.board);
        if self.forgotten.len() == KEPT {
            self.forgotten.remove(0);
        }
        self.forgotten.push(forgotten.clone());
        self.gone.insert(key);
        self.left.push((key, forgotten.board.clone()));
        self.leave(&[key]);
        self.remove(key);
        Some(forgotten)
    }

    /// Takes a board off the list of forgotten ones; whether it was there.
    pub(crate) fn take_forgotten(&mut self, board: &RememberedBoard) -> bool {
        let before = self.forgotten.len();
        self.forgotten.retain(|other| !other.board.is(board));
        self.forgotten.len() < before
    }

    /// Whether this board stays away: it was forgotten, and has been neither
    /// restored nor added since.
    pub(crate) fn stays_away(&self, board: &BoardView) -> bool {
        if self.gone.contains(&board.key) {
            return true;
        }
        let id = board.id.as_deref();
        let is = |forgotten: &ForgottenBoard| id.is_some() && forgotten.board.id.as_deref() == id;
        !board.by_hand && self.forgotten.iter().any(is)
    }

    /// A board was restored: it is selected once it appears.
    pub(crate) fn expect(&mut self, board: &RememberedBoard) {
        self.expected = Some(board.id.clone().unwrap_or_else(|| board.address.clone()));
    }

    /// The board that was once remembered like this.
    pub(crate) fn found_again(&self, board: &RememberedBoard) -> Option<BoardKey> {
        let by_id = board.id.as_ref().and_then(|id| self.known_as(id));
        let by_address = || self.known_as(&board.address);
        let given = || self.boards().find(|view| to_remember(view).is(board));
        by_id
            .or_else(by_address)
            .or_else(|| given().map(|view| view.key))
    }

    /// The key that a new board had before it was forgotten. Each is returned
    /// only once.
    pub(crate) fn key_before(&mut self, board: &BoardView) -> Option<BoardKey> {
        if self.left.is_empty() {
            return None;
        }
        let known = to_remember(board);
        let at = self.left.iter().position(|(_, left)| left.is(&known))?;
        Some(self.left.swap_remove(at).0)
    }

    /// The forgotten boards with this name, id or address, the newest first;
    /// `None`: all of them.
    pub(crate) fn forgotten_called(
        &self,
        called: Option<&str>,
    ) -> impl Iterator<Item = &ForgottenBoard> {
        self.forgotten
            .iter()
            .rev()
            .filter(move |ForgottenBoard { board, .. }| {
                let names = [board.name.as_str(), &board.address];
                is_called(called, names.into_iter().chain(board.id.as_deref()))
            })
    }

    /// The boards with this name, id or address that the list leaves out
    /// because they are hidden, by name; `None`: all of them.
    pub(crate) fn hidden(&self, called: Option<&str>) -> Vec<&BoardView> {
        if self.arrangement().with_hidden {
            return Vec::new();
        }
        let labels = self.labels().iter().filter(|(_, labels)| labels.hidden);
        let mut hidden: Vec<&BoardView> = labels
            .filter_map(|(id, _)| self.board(self.known_as(id)?))
            .map(AsRef::as_ref)
            .filter(|board| {
                let title = self.title(board);
                let names = [&*board.name, &title, &board.address];
                is_called(called, names.into_iter().chain(board.id.as_deref()))
            })
            .collect();
        hidden.sort_by(|one, other| one.name.cmp(&other.name));
        hidden
    }
}

/// Whether one of these names is meant.
fn is_called<'a>(called: Option<&str>, mut names: impl Iterator<Item = &'a str>) -> bool {
    called.is_none_or(|called| names.any(|name| name.to_lowercase() == called.to_lowercase()))
}

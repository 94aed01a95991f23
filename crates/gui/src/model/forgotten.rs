//! Boards that the person removed from the list: they stay away until they are
//! restored, or added by their address.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

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
        name: board.name.clone(),
        id: board.id.clone(),
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
        let is = |forgotten: &ForgottenBoard| board.id.is_some() && forgotten.board.id == board.id;
        !board.by_hand && self.forgotten.iter().any(is)
    }

    /// A board was restored: it is selected once it appears.
    pub(crate) fn expect(&mut self, board: &RememberedBoard) {
        self.expected = Some(board.id.clone().unwrap_or_else(|| board.address.clone()));
    }

    /// The board that was once remembered like this.
    pub(crate) fn found_again(&self, board: &RememberedBoard) -> Option<BoardKey> {
        let by_id = board.id.as_ref().and_then(|id| self.known_as(id));
        by_id.or_else(|| self.known_as(&board.address))
    }

    /// The forgotten boards with this name, id or address.
    pub(crate) fn forgotten_called(&self, called: &str) -> Vec<&ForgottenBoard> {
        let is = |text: &str| text.eq_ignore_ascii_case(called);
        let forgotten = self.forgotten.iter().rev();
        forgotten
            .filter(|ForgottenBoard { board, .. }| {
                is(&board.name) || board.id.as_deref().is_some_and(is) || is(&board.address)
            })
            .collect()
    }

    /// The boards that the list does not show because they are hidden.
    pub(crate) fn hidden(&self) -> impl Iterator<Item = &BoardView> {
        let shown = self.arrangement().with_hidden;
        self.in_order()
            .filter(move |board| {
                !shown && self.labels_of(board).is_some_and(|labels| labels.hidden)
            })
            .map(AsRef::as_ref)
    }

    /// Those with this name, id or address.
    pub(crate) fn hidden_called(&self, called: &str) -> Vec<&BoardView> {
        let is = |text: &str| text.eq_ignore_ascii_case(called);
        self.hidden()
            .filter(|board| {
                is(&board.name)
                    || is(&self.title(board))
                    || board.id.as_deref().is_some_and(is)
                    || is(&board.address)
            })
            .collect()
    }
}

//! Which boards are selected: one that is shown, or several together.

use std::sync::Arc;

use super::Model;
use fleet::{BoardKey, BoardView};

impl Model {
    /// The boards that are selected together: none, or at least two.
    pub fn selection(&self) -> impl Iterator<Item = BoardKey> {
        let many = self.selection.len() > 1;
        self.selection.iter().copied().filter(move |_| many)
    }

    /// Whether a board is selected, alone or with others.
    pub fn is_selected(&self, key: BoardKey) -> bool {
        match self.selection.is_empty() {
            true => self.selected == Some(key),
            false => self.selection.contains(&key),
        }
    }

    /// The selection, if this board is part of it; otherwise only this board.
    pub(crate) fn selected_with(&self, key: BoardKey) -> Vec<BoardKey> {
        let selection: Vec<BoardKey> = self.selection().collect();
        match selection.contains(&key) {
            true => selection,
            false => vec![key],
        }
    }

    /// Adds a board to the selection, or removes it.
    pub(crate) fn toggle_selection(&mut self, key: BoardKey) {
        if self.selection.is_empty() {
            self.selection.extend(self.selected);
        }
        if !self.selection.remove(&key) {
            self.selection.insert(key);
            self.show(key);
        }
        self.settle_single();
    }

    /// A single remaining board is an ordinary selection; whether there is one.
    fn settle_single(&mut self) -> bool {
        let only = self.selection.first().copied();
        let Some(only) = only.filter(|_| self.selection.len() == 1) else {
            return false;
        };
        self.select(only);
        true
    }

    /// Selects every board from the shown one to this.
    pub(crate) fn select_range(&mut self, key: BoardKey) {
        let from = self.selected.and_then(|selected| self.position(selected));
        let (Some(from), Some(to)) = (from, self.position(key)) else {
            return self.select(key);
        };
        let range = from.min(to)..=from.max(to);
        self.selection = range.filter_map(|at| self.listed_at(at)).collect();
    }

    /// Selects every board of the list.
    pub(crate) fn select_all(&mut self) {
        self.selection = self.list().boards.iter().copied().collect();
    }

    /// Reduces the selection to the shown board.
    pub(crate) fn clear_selection(&mut self) {
        self.selection.clear();
    }

    /// These boards are about to leave the list: if the shown one is among
    /// them, the next one is shown instead.
    pub(crate) fn select_next_to(&mut self, leaving: &[BoardKey]) {
        let Some(selected) = self.selected.filter(|key| leaving.contains(key)) else {
            self.selection.retain(|key| !leaving.contains(key));
            self.settle_single();
            return;
        };
        self.selection.clear();
        self.refresh_list();
        let boards = &self.list().boards;
        let at = boards.iter().position(|key| *key == selected);
        let (before, after) = boards.split_at(at.unwrap_or(0));
        let stays = |key: &&BoardKey| !leaving.contains(key);
        let next = after.iter().find(stays);
        let next = next.or_else(|| before.iter().rev().find(stays)).copied();
        match next {
            Some(next) => self.show(next),
            None => self.selected = None,
        }
    }

    /// The board that is shown.
    pub fn selected(&self) -> Option<&Arc<BoardView>> {
        self.board(self.selected?)
    }

    /// Selects a board, and no other.
    pub fn select(&mut self, key: BoardKey) {
        self.selection.clear();
        self.show(key);
    }

    /// Deselects these boards. If none is left, nothing is selected until a
    /// person selects a board.
    pub(crate) fn leave(&mut self, keys: &[BoardKey]) {
        self.selection.retain(|key| !keys.contains(key));
        if self.settle_single() {
            return;
        }
        if self.selected.is_some_and(|key| keys.contains(&key)) {
            (self.selected, self.left_empty, self.chosen) = (None, true, true);
        }
    }

    fn show(&mut self, key: BoardKey) {
        (self.wanted, self.expected, self.left_empty) = (None, None, false);
        self.selected = Some(key);
        self.chosen = true;
    }

    /// Selects the first board if none was chosen and none is awaited. While
    /// boards are `still_coming`, the next call may select another one; after
    /// that it stays.
    pub(crate) fn select_initial(&mut self, still_coming: bool) {
        if self.left_empty {
            return;
        }
        if self.wanted.is_none() && (self.selected.is_none() || (still_coming && !self.chosen)) {
            self.refresh_list();
            // All groups may be collapsed.
            let is_hidden =
                |board: &BoardView| self.labels_of(board).is_some_and(|labels| labels.hidden);
            self.selected = self.listed_at(0).or_else(|| {
                self.in_order()
                    .find(|board| !is_hidden(board))
                    .map(|board| board.key)
            });
        }
    }

    /// Keeps the board that is shown, because a person works with it now.
    pub(crate) fn keep_selection(&mut self) {
        self.chosen |= self.selected.is_some();
    }

    /// Stops waiting for the board of the last run.
    pub(crate) fn stop_waiting(&mut self) {
        self.wanted = None;
    }

    /// Whether the board of the last run is still awaited.
    pub(crate) fn is_waiting(&self) -> bool {
        self.wanted.is_some() && self.selected.is_none()
    }
}

//! Rooms, tags and hidden boards.

use std::collections::{BTreeMap, BTreeSet};

use super::{Model, search::haystack};
use crate::model::arrangement::{Arrangement, Grouping, Labels, LabelsChange};
use fleet::{BoardKey, BoardView};

impl Model {
    /// The labels of a board.
    pub fn labels_of(&self, board: &BoardView) -> Option<&Labels> {
        self.labels.get(board.id.as_deref()?)
    }

    /// Changes the labels of boards, and returns how many were skipped: a board
    /// whose id is unknown cannot have labels.
    ///
    /// The first room turns on grouping by room. If the shown board is hidden,
    /// the next one is shown.
    pub(crate) fn set_labels(&mut self, boards: &[BoardKey], change: &LabelsChange) -> usize {
        let mut left_out = 0;
        let first_room = self.arrangement.grouping == Grouping::Nothing && self.rooms().is_empty();
        if *change == LabelsChange::Hidden(true) && !self.arrangement.with_hidden {
            let has_id =
                |key: &&BoardKey| self.board(**key).is_some_and(|board| board.id.is_some());
            let leaving: Vec<BoardKey> = boards.iter().filter(has_id).copied().collect();
            self.select_next_to(&leaving);
        }
        for key in boards {
            let Some(id) = self.board(*key).and_then(|board| board.id.clone()) else {
                left_out += 1;
                continue;
            };
            let labels = self.labels.entry(id.to_string()).or_default();
            change.apply(labels);
            if labels.is_empty() {
                self.labels.remove(&*id);
            }
            let labels = self.labels.get(&*id);
            if let Some(known) = self.boards.get_mut(key) {
                known.haystack = haystack(&known.view, labels);
            }
        }
        if first_room && !self.rooms().is_empty() {
            self.arrangement.grouping = Grouping::Room;
        }
        self.arranged = None;
        left_out
    }

    /// Gives the board with this id these labels.
    pub(crate) fn exchange_labels(&mut self, id: &str, labels: Labels) {
        match labels.is_empty() {
            true => drop(self.labels.remove(id)),
            false => drop(self.labels.insert(id.to_owned(), labels)),
        }
        let key = self.known_as(id);
        if let Some(known) = key.and_then(|key| self.boards.get_mut(&key)) {
            known.haystack = haystack(&known.view, self.labels.get(id));
        }
        self.arranged = None;
    }

    /// All labels, by the boards' ids.
    pub(crate) fn labels(&self) -> &BTreeMap<String, Labels> {
        &self.labels
    }

    /// Restores the arrangement and labels of an earlier run.
    pub(crate) fn recall(&mut self, arrangement: Arrangement, labels: BTreeMap<String, Labels>) {
        (self.arrangement, self.labels, self.arranged) = (arrangement, labels, None);
    }

    /// The rooms of all boards, by name.
    pub(crate) fn rooms(&self) -> BTreeSet<&str> {
        let rooms = self.labels.values().map(|labels| labels.room.as_str());
        rooms.filter(|room| !room.is_empty()).collect()
    }
}

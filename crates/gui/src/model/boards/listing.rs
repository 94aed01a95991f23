//! The list of boards: searched, filtered and arranged.

use super::{ListedBoard, Model};
use crate::model::{
    arrangement::{self, Arranged, Arrangement},
    link_kind::LinkKind,
};
use fleet::BoardKey;

impl Model {
    /// The search text, in lower case.
    pub(crate) fn query(&self) -> &str {
        &self.find
    }

    /// Searches boards by words in their name, address, id, kinds of
    /// components, room and tags; all words have to match.
    pub fn find(&mut self, text: &str) {
        let text = text.trim().to_lowercase();
        if text != self.find {
            self.find = text;
            self.arranged = None;
        }
    }

    /// The state of the boards that are listed; `None` lists all.
    pub(crate) fn filter(&self) -> Option<LinkKind> {
        self.filter
    }

    /// Lists only boards in this state, or all.
    pub(crate) fn filter_by(&mut self, filter: Option<LinkKind>) {
        if filter != self.filter {
            (self.filter, self.arranged) = (filter, None);
        }
    }

    /// Rebuilds the list if anything has changed; cheap otherwise.
    pub(crate) fn refresh_list(&mut self) {
        if self.arranged.is_none() {
            let is_in_state = |known: &ListedBoard| {
                self.filter
                    .is_none_or(|kind| LinkKind::of(&known.view.link) == kind)
            };
            let matches = |known: &&ListedBoard| {
                is_in_state(known)
                    && (self.find.is_empty()
                        || self
                            .find
                            .split_whitespace()
                            .all(|part| known.haystack.contains(part)))
            };
            let boards = self
                .order
                .iter()
                .filter_map(|sort_key| self.boards.get(&sort_key.2))
                .filter(matches);
            let boards = boards.map(|known| (known.view.as_ref(), self.labels_of(&known.view)));
            self.arranged = Some(arrangement::arrange(boards, &self.arrangement));
        }
    }

    /// The list as it was last built.
    pub(crate) fn list(&self) -> &Arranged {
        static NOTHING: Arranged = Arranged::NOTHING;
        self.arranged.as_ref().unwrap_or(&NOTHING)
    }

    /// How many boards the list shows.
    pub fn listed(&self) -> usize {
        self.list().boards.len()
    }

    /// The board at an index of the list.
    pub fn listed_at(&self, index: usize) -> Option<BoardKey> {
        self.list().boards.get(index).copied()
    }

    /// The index of a board in the list.
    pub fn position(&self, key: BoardKey) -> Option<usize> {
        self.list().boards.iter().position(|listed| *listed == key)
    }

    /// How the list is arranged.
    pub(crate) fn arrangement(&self) -> &Arrangement {
        &self.arrangement
    }

    /// Changes the arrangement of the list.
    pub(crate) fn arrange_as(&mut self, arrangement: Arrangement) {
        if arrangement != self.arrangement {
            self.arrangement = arrangement;
            self.arranged = None;
        }
    }
}

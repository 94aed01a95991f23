//! The boards that a bridge publishes, by key and by id.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use fleet::{BoardKey, BoardView};

use crate::metrics::Counters;

/// The boards of the bridge's shard, as far as it knows them.
#[derive(Default)]
pub(super) struct Site {
    pub(super) boards: BTreeMap<BoardKey, Arc<BoardView>>,
    by_id: HashMap<Arc<str>, BoardKey>,
    pub(super) counters: Counters,
}

impl Site {
    pub(super) fn boards(&self) -> impl Iterator<Item = &BoardView> + Clone {
        self.boards.values().map(|view| &**view)
    }

    pub(super) fn with_id(&self, id: &str) -> Option<&Arc<BoardView>> {
        self.boards.get(self.by_id.get(id)?)
    }

    /// A board is new or has changed. `false` if another board has its id: both
    /// turned out to be one, and the fleet forgets this one next.
    pub(super) fn insert(&mut self, view: &Arc<BoardView>) -> bool {
        let (key, id) = (view.key, view.id.as_ref());
        let owner = id.and_then(|id| self.by_id.get(id));
        if owner.is_some_and(|owner| *owner != key) {
            return false;
        }
        let before = self.boards.insert(key, Arc::clone(view));
        let before = before.as_ref().and_then(|before| before.id.as_ref());
        if before != id {
            if let Some(before) = before {
                self.by_id.remove(before);
            }
            if let Some(id) = id {
                self.by_id.insert(Arc::clone(id), key);
            }
        }
        true
    }

    /// Forgets a board; whether it was known.
    pub(super) fn remove(&mut self, key: BoardKey) -> bool {
        self.counters.forget(key);
        let Some(view) = self.boards.remove(&key) else {
            return false;
        };
        if let Some(id) = &view.id {
            self.by_id.remove(id);
        }
        true
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use std::time::Instant;

    use address::Candidates;

    use super::*;

    fn board(key: u32, id: &str) -> Arc<BoardView> {
        let address = Candidates::given("192.0.2.7:80".parse().expect("an address"));
        let mut view = BoardView::new(Instant::now(), BoardKey(key), address, true);
        view.id = Some(id.into());
        Arc::new(view)
    }

    #[test]
    fn a_board_is_found_by_the_id_that_it_has_now() {
        let mut site = Site::default();
        let key = |site: &Site, id: &str| site.with_id(id).map(|view| view.key.0);
        site.insert(&board(1, "a"));
        site.insert(&board(1, "a"));
        assert_eq!(key(&site, "a"), Some(1));
        // Another board answers at its address, and it is found elsewhere.
        site.insert(&board(1, "b"));
        assert_eq!((key(&site, "a"), key(&site, "b")), (None, Some(1)));
        // Two boards turn out to be one: the fleet forgets the second.
        assert!(!site.insert(&board(2, "b")));
        assert!(!site.remove(BoardKey(2)));
        assert_eq!(key(&site, "b"), Some(1));
        assert!(site.remove(BoardKey(1)));
        assert!(!site.remove(BoardKey(1)));
        assert_eq!(key(&site, "b"), None);
        assert!(site.by_id.is_empty());
    }
}

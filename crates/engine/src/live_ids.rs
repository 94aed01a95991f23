//! The ids of connected boards: such an id belongs to its board as long as the
//! link works, whichever other peer claims it.

use std::{cell::RefCell, collections::HashMap, sync::Arc};

use protocol::Epoch;

use fleet::{BoardKey, BoardView, LinkState};

/// Ids of connected boards.
#[derive(Default)]
pub(super) struct LiveIds(RefCell<Ids>);

#[derive(Default)]
struct Ids {
    by_id: HashMap<Arc<str>, BoardKey>,
    of: HashMap<BoardKey, (Arc<str>, Option<Epoch>)>,
}

/// The owner of an id that a board states.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// The board itself, as far as can be told.
    Itself,
    /// This board, to which another link works: both have the same epoch, so
    /// they are one board.
    Same(BoardKey),
    /// This other board, to which another link works.
    Another(BoardKey),
}

impl LiveIds {
    /// A board has changed.
    pub(super) fn update(&self, view: &BoardView) {
        let mut ids = self.0.borrow_mut();
        let live = view
            .id
            .as_ref()
            .filter(|_| view.link == LinkState::Connected);
        let epoch = view.info.as_ref().map(|info| info.epoch);
        match (live, ids.of.get_mut(&view.key)) {
            (Some(id), Some((of, before))) if id == of => *before = epoch,
            _ => {
                ids.forget(view.key);
                if let Some(id) = live.filter(|id| !ids.by_id.contains_key(*id)) {
                    ids.by_id.insert(Arc::clone(id), view.key);
                    ids.of.insert(view.key, (Arc::clone(id), epoch));
                }
            }
        }
    }

    /// A board is gone.
    pub(super) fn forget(&self, key: BoardKey) {
        self.0.borrow_mut().forget(key);
    }

    /// The owner of the id that this board states; with the epoch that it
    /// states, if it did.
    pub(super) fn owner(&self, key: BoardKey, id: &str, epoch: Option<Epoch>) -> Owner {
        let ids = self.0.borrow();
        match ids.by_id.get(id) {
            Some(owner) if *owner != key => {
                let stated = ids.of.get(owner).and_then(|(_, epoch)| *epoch);
                if epoch.is_some() && epoch == stated {
                    Owner::Same(*owner)
                } else {
                    Owner::Another(*owner)
                }
            }
            _ => Owner::Itself,
        }
    }
}

impl Ids {
    fn forget(&mut self, key: BoardKey) {
        if let Some((id, _)) = self.of.remove(&key) {
            self.by_id.remove(&id);
        }
    }
}

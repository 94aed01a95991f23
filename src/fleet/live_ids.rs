//! Which ids the boards have whose links work: such an id belongs to its board
//! for as long as the link works, whichever other peer claims it.

use std::{cell::RefCell, collections::HashMap};

use protocol::Epoch;

use super::{BoardKey, BoardView, LinkState};

/// Ids of boards with a link that works.
#[derive(Default)]
pub(super) struct LiveIds(RefCell<Ids>);

#[derive(Default)]
struct Ids {
    by_id: HashMap<String, (BoardKey, Option<Epoch>)>,
    of: HashMap<BoardKey, String>,
}

/// Whose an id is that a board says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Owner {
    /// Its own, as far as can be known.
    Itself,
    /// That of this board, to which another link works: both are in the same
    /// run, so that they are one board.
    Same(BoardKey),
    /// That of this board, to which another link works, and it is another
    /// board.
    Another(BoardKey),
}

impl LiveIds {
    /// A board is as `view` says.
    pub(super) fn note(&self, view: &BoardView) {
        let mut ids = self.0.borrow_mut();
        let live = view
            .id
            .as_ref()
            .filter(|_| view.link == LinkState::Connected);
        let epoch = view.info.as_ref().map(|info| info.epoch);
        match live {
            Some(id) if ids.of.get(&view.key) == Some(id) => {
                if let Some(entry) = ids.by_id.get_mut(id) {
                    entry.1 = epoch;
                }
            }
            _ => {
                ids.forget(view.key);
                if let Some(id) = live.filter(|id| !ids.by_id.contains_key(*id)) {
                    ids.by_id.insert(id.clone(), (view.key, epoch));
                    ids.of.insert(view.key, id.clone());
                }
            }
        }
    }

    /// A board is gone.
    pub(super) fn forget(&self, key: BoardKey) {
        self.0.borrow_mut().forget(key);
    }

    /// Whose the id is that this board says; `epoch` names the run that it says
    /// to be in, where it said that.
    pub(super) fn owner(&self, key: BoardKey, id: &str, epoch: Option<Epoch>) -> Owner {
        match self.0.borrow().by_id.get(id) {
            Some((owner, of)) if *owner != key => {
                if epoch.is_some() && epoch == *of {
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
        if let Some(id) = self.of.remove(&key) {
            self.by_id.remove(&id);
        }
    }
}

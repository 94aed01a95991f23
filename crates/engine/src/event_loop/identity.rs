//! What happens when a board states an id: that of another board, or that of
//! one that is known under another key.

use std::sync::Arc;

use address::Candidates;
use link::{
    input::Input,
    state::{LinkProblem, LinkState, Now},
};

use super::Engine;
use crate::board::{Board, Effects, Way};
use fleet::BoardKey;

impl Engine {
    /// A board stated an id that belongs to another board, whose link works:
    /// that one keeps the id, once its link is verified.
    pub(super) fn id_taken(
        &mut self,
        now: Now,
        key: BoardKey,
        address: String,
        id: String,
        owner: BoardKey,
    ) {
        let by = self
            .roster
            .get(owner)
            .map(|owner| owner.view().address.to_string())
            .unwrap_or_default();
        self.input(now, key, Input::IdTaken { id, by });
        self.with(now, owner, |owner, ctx| owner.contested(now, address, ctx));
    }

    /// A board stated its id. If that is the id of a board under another key,
    /// both are one board, which goes on under that key.
    pub(super) fn identified(
        &mut self,
        now: Now,
        key: BoardKey,
        id: &str,
        previous: Option<Arc<str>>,
    ) {
        // Another board may answer at the address of a remembered one: then
        // this key is no longer that of the remembered one.
        if let Some(previous) = previous.filter(|previous| **previous != *id) {
            self.roster.remove_id(key, &previous);
        }
        if let Some(owner) = self.roster.identify(key, id) {
            self.merge(now, key, owner);
        }
        // Only now it is known to be one of another shard: it was added by its
        // address.
        if self.ignored.is_foreign(id)
            && let Some(key) = self.roster.with_id(id)
        {
            log::info!("{id} is disconnected: it is a board of another shard");
            self.forget(now, key);
        }
    }

    /// Goes on as `owner` with what is known about the board `key`.
    fn merge(&mut self, now: Now, key: BoardKey, owner: BoardKey) {
        let Some(board) = self.roster.get(key) else {
            return;
        };
        let (view, announcements) = (board.view().clone(), board.announcements.clone());
        self.context.published.merge(key, owner);
        self.input(now, key, Input::Disconnect);
        if let Some(board) = self.roster.merge(key, owner) {
            self.removed(*board);
        }
        self.context.live_ids.forget(key);
        self.context.published.forget(key);
        if let Some((announcement, _)) = &view.announcement {
            for (full_name, announced) in announcements {
                let (announcement, addresses) = ((**announcement).clone(), announced.addresses);
                let is_direct = announced.via.is_none();
                // The address of a broker is not that of one board.
                for address in addresses.texts().iter().filter(|_| is_direct) {
                    self.roster.add_address(owner, address);
                }
                let way = Way {
                    family: announced.family,
                    addresses: &addresses,
                    via: announced.via,
                };
                self.with(now, owner, |board, ctx| {
                    board.announced(now, full_name, way, announcement, ctx)
                });
            }
        }
        if view.via.is_none() {
            self.roster.add_address(owner, &view.address);
        }
        match &view.given {
            Some(address) => {
                let address = address.clone();
                self.with(now, owner, |board, ctx| {
                    board.typed_address(now, address, ctx)
                });
            }
            // The address of a moment ago is as good as a typed one.
            None if view.inbound_from.is_none() && view.via.is_none() => {
                let address: Candidates = view.addresses.only(&view.address);
                self.input(now, owner, Input::Addresses(address));
            }
            None => {}
        }
        self.input(now, owner, Input::Connect);
    }

    /// A board was removed from the roster: forgets its deadline and what it
    /// claimed.
    pub(super) fn removed(&mut self, mut board: Board) {
        let key = board.view().key;
        if let Some(deadline) = board.deadline().take() {
            self.deadlines.remove(&(deadline, key));
        }
        if let LinkState::Unreachable {
            problem: LinkProblem::IdTaken { id, .. },
            ..
        } = &board.view().link
            && let Some(owner) = self.roster.with_id(id)
        {
            let address = board.view().address.clone();
            let now = self.now();
            self.with(now, owner, |owner, ctx| {
                owner.claim_withdrawn(&address, ctx);
                Effects::default()
            });
        }
    }
}

//! Knows which board is which, by key, id and address, and which one is evicted
//! when strangers announce or claim more boards than the fleet keeps. Owns no
//! socket and reads no clock.
//!
//! The user's own boards are never evicted, nor are connected ones. Of the
//! others there are at most [`UNCONNECTED`], unless the fleet's lookout has
//! another capacity, and [`PER_SOURCE`] from one source address, including
//! connected ones.

use std::{
    collections::{HashMap, HashSet},
    time::Instant,
};

use fleet::BoardKey;
use net::eviction::{Eviction, Source};

/// Boards that are neither the user's own nor connected: more than any building
/// has, and a bound for a network that invents them.
pub(crate) const UNCONNECTED: usize = 4_096;

/// Boards from one source address that are not the user's own. A computer with
/// virtual boards has a thousand.
pub(crate) const PER_SOURCE: usize = 1_024;

/// Addresses at which one board is indexed. A board may announce any number of
/// ports, one after the other.
const ADDRESSES: usize = 16;

/// Why a board is in the roster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Membership {
    /// Added by the user, remembered from an earlier run, or this computer
    /// holds its key.
    Own,
    /// Connected.
    Connected(Source),
    /// It was connected in this run.
    Known(Source),
    /// It was only announced, or claimed by an inbound connection.
    Claimed(Source),
}

/// What a roster has to know about a board.
pub(crate) trait Entry {
    /// Its present membership.
    fn membership(&self) -> Membership;
    /// Where its link goes, `host:port`.
    fn address(&self) -> &str;
}

/// Whether another board can be added.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// It can.
    Free,
    /// It can, after this one is evicted.
    For(BoardKey),
    /// It cannot: everything from its source is connected.
    Full,
}

/// All boards.
pub(crate) struct Roster<B> {
    /// The most boards that are neither the user's own nor connected.
    unconnected: usize,
    /// Boxed, because a growing table allocates twice as many entries.
    boards: HashMap<BoardKey, Box<B>>,
    by_id: HashMap<String, BoardKey>,
    ids: HashMap<BoardKey, HashSet<String>>,
    /// Typed and announced addresses; checked against the board, which may have
    /// moved.
    by_address: HashMap<String, BoardKey>,
    addresses: HashMap<BoardKey, HashSet<String>>,
    memberships: HashMap<BoardKey, Membership>,
    connected: Eviction<BoardKey>,
    known: Eviction<BoardKey>,
    claimed: Eviction<BoardKey>,
}

impl<B> Default for Roster<B> {
    fn default() -> Self {
        Self::with_capacity(UNCONNECTED)
    }
}

impl<B> Roster<B> {
    /// A roster with at most so many boards that are neither the user's own nor
    /// connected.
    pub(crate) fn with_capacity(unconnected: usize) -> Self {
        Self {
            unconnected,
            boards: HashMap::new(),
            by_id: HashMap::new(),
            ids: HashMap::new(),
            by_address: HashMap::new(),
            addresses: HashMap::new(),
            memberships: HashMap::new(),
            connected: Eviction::default(),
            known: Eviction::default(),
            claimed: Eviction::default(),
        }
    }
}

impl<B: Entry> Roster<B> {
    pub(crate) fn get(&self, key: BoardKey) -> Option<&B> {
        self.boards.get(&key).map(AsRef::as_ref)
    }

    /// A board, to be changed; [`Self::settle`] has to follow.
    pub(crate) fn get_mut(&mut self, key: BoardKey) -> Option<&mut B> {
        self.boards.get_mut(&key).map(AsMut::as_mut)
    }

    pub(crate) fn keys(&self) -> Vec<BoardKey> {
        self.boards.keys().copied().collect()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (BoardKey, &B)> {
        self.boards
            .iter()
            .map(|(key, board)| (*key, board.as_ref()))
    }

    pub(crate) fn insert(&mut self, now: Instant, key: BoardKey, board: B) {
        self.boards.insert(key, Box::new(board));
        self.settle(now, key);
    }

    /// Removes a board with its ids and addresses.
    pub(crate) fn remove(&mut self, key: BoardKey) -> Option<Box<B>> {
        let board = self.boards.remove(&key)?;
        for id in self.ids.remove(&key).unwrap_or_default() {
            if self.by_id.get(&id) == Some(&key) {
                self.by_id.remove(&id);
            }
        }
        for address in self.addresses.remove(&key).unwrap_or_default() {
            if self.by_address.get(&address) == Some(&key) {
                self.by_address.remove(&address);
            }
        }
        self.memberships.remove(&key);
        for of in [&mut self.connected, &mut self.known, &mut self.claimed] {
            of.remove(&key);
        }
        Some(board)
    }

    /// Updates the membership of a board that was changed.
    pub(crate) fn settle(&mut self, now: Instant, key: BoardKey) {
        let Some(membership) = self.boards.get(&key).map(|board| board.membership()) else {
            return;
        };
        if self.memberships.insert(key, membership) == Some(membership) {
            return;
        }
        for of in [&mut self.connected, &mut self.known, &mut self.claimed] {
            of.remove(&key);
        }
        if let Some((of, source)) = self.of(membership) {
            of.confirm(key, now, source);
        }
    }

    /// A board was announced, or connected, once more.
    pub(crate) fn confirm(&mut self, now: Instant, key: BoardKey) {
        if let Some((of, source)) = self
            .memberships
            .get(&key)
            .copied()
            .and_then(|membership| self.of(membership))
        {
            of.confirm(key, now, source);
        }
    }

    /// When a board that is only claimed or known was last confirmed.
    pub(crate) fn confirmed(&self, key: BoardKey) -> Option<Instant> {
        self.claimed
            .get(&key)
            .or_else(|| self.known.get(&key))
            .map(|(confirmed, _)| confirmed)
    }

    fn of(&mut self, membership: Membership) -> Option<(&mut Eviction<BoardKey>, Source)> {
        match membership {
            Membership::Own => None,
            Membership::Connected(source) => Some((&mut self.connected, source)),
            Membership::Known(source) => Some((&mut self.known, source)),
            Membership::Claimed(source) => Some((&mut self.claimed, source)),
        }
    }

    /// Whether a new board from this source can be added. A board that was only
    /// claimed is evicted before one that was connected once, unless those are
    /// the majority.
    pub(crate) fn room_for(&self, source: Source) -> Room {
        let of_source: usize = [&self.connected, &self.known, &self.claimed]
            .iter()
            .map(|of| of.of(source))
            .sum();
        let evicted = if source.is_some() && of_source >= PER_SOURCE {
            match self
                .claimed
                .oldest_of(source)
                .or_else(|| self.known.oldest_of(source))
            {
                Some(key) => *key,
                None => return Room::Full,
            }
        } else if self.claimed.len() + self.known.len() >= self.unconnected {
            let (first, second) = match self.known.len() > self.unconnected / 2 {
                true => (&self.known, &self.claimed),
                false => (&self.claimed, &self.known),
            };
            match first.next().or_else(|| second.next()) {
                Some(key) => *key,
                None => return Room::Free,
            }
        } else {
            return Room::Free;
        };
        Room::For(evicted)
    }

    /// The board with this id.
    pub(crate) fn with_id(&self, id: &str) -> Option<BoardKey> {
        self.by_id.get(id).copied()
    }

    /// This board has this id. If another board has it too, both are one:
    /// returns that one, into which this one can be [merged](Self::merge).
    pub(crate) fn identify(&mut self, key: BoardKey, id: &str) -> Option<BoardKey> {
        self.ids.entry(key).or_default().insert(id.to_owned());
        self.by_id
            .insert(id.to_owned(), key)
            .filter(|before| *before != key && self.boards.contains_key(before))
    }

    /// This board no longer has this id.
    pub(crate) fn remove_id(&mut self, key: BoardKey, id: &str) {
        if let Some(ids) = self.ids.get_mut(&key) {
            ids.remove(id);
        }
        if self.by_id.get(id) == Some(&key) {
            self.by_id.remove(id);
        }
    }

    /// Removes a board that turned out to be `owner`, which takes over its ids.
    /// Its addresses count only where `owner` is given them.
    pub(crate) fn merge(&mut self, key: BoardKey, owner: BoardKey) -> Option<Box<B>> {
        let ids = self.ids.get(&key).cloned().unwrap_or_default();
        let board = self.remove(key)?;
        for id in ids {
            self.identify(owner, &id);
        }
        Some(board)
    }

    /// This board can be found at this address. If it has had many, the others
    /// are forgotten, except the one that its link goes to.
    pub(crate) fn add_address(&mut self, key: BoardKey, address: &str) {
        let addresses = self.addresses.entry(key).or_default();
        if addresses.len() >= ADDRESSES {
            let link = self.boards.get(&key).map(|board| board.address());
            for gone in addresses.extract_if(|old| Some(old.as_str()) != link) {
                if self.by_address.get(&gone) == Some(&key) {
                    self.by_address.remove(&gone);
                }
            }
        }
        addresses.insert(address.to_owned());
        self.by_address.insert(address.to_owned(), key);
    }

    /// This board is no longer announced at this address.
    pub(crate) fn remove_address(&mut self, key: BoardKey, address: &str) {
        if self
            .boards
            .get(&key)
            .is_some_and(|board| board.address() == address)
        {
            return;
        }
        if let Some(addresses) = self.addresses.get_mut(&key) {
            addresses.remove(address);
        }
        if self.by_address.get(address) == Some(&key) {
            self.by_address.remove(address);
        }
    }

    /// The board whose link goes to this address.
    pub(crate) fn at(&self, address: &str) -> Option<BoardKey> {
        let key = self.by_address.get(address)?;
        self.boards
            .get(key)
            .is_some_and(|board| board.address() == address)
            .then_some(*key)
    }
}

#[cfg(test)]
mod tests;

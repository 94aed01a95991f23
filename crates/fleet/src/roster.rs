//! Knows which board is which, by key, id and address, and which one is evicted
//! when strangers announce or claim more boards than the fleet keeps. Owns no
//! socket and reads no clock.
//!
//! The user's own boards are never evicted, nor are connected ones. Of the
//! others there are at most [`UNCONNECTED`], and [`PER_SOURCE`] from one source
//! address, including connected ones.

use std::{
    collections::{HashMap, HashSet},
    time::Instant,
};

use super::BoardKey;
use net::eviction::{Eviction, Source};

/// Boards that are neither the user's own nor connected: more than any building
/// has, and a bound for a network that invents them.
pub(super) const UNCONNECTED: usize = 4_096;

/// Boards from one source address that are not the user's own. A computer with
/// virtual boards has a thousand.
pub(super) const PER_SOURCE: usize = 1_024;

/// Addresses at which one board is indexed. A board may announce any number of
/// ports, one after the other.
const ADDRESSES: usize = 16;

/// Why a board is in the roster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Membership {
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
pub(super) trait Entry {
    /// Its present membership.
    fn membership(&self) -> Membership;
    /// Where its link goes, `host:port`.
    fn address(&self) -> &str;
}

/// Whether another board can be added.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// It can.
    Free,
    /// It can, after this one is evicted.
    For(BoardKey),
    /// It cannot: everything from its source is connected.
    Full,
}

/// All boards.
pub(super) struct Roster<B> {
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
        Self {
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
    pub(super) fn get(&self, key: BoardKey) -> Option<&B> {
        self.boards.get(&key).map(AsRef::as_ref)
    }

    /// A board, to be changed; [`Self::settle`] has to follow.
    pub(super) fn get_mut(&mut self, key: BoardKey) -> Option<&mut B> {
        self.boards.get_mut(&key).map(AsMut::as_mut)
    }

    pub(super) fn keys(&self) -> Vec<BoardKey> {
        self.boards.keys().copied().collect()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (BoardKey, &B)> {
        self.boards
            .iter()
            .map(|(key, board)| (*key, board.as_ref()))
    }

    pub(super) fn insert(&mut self, now: Instant, key: BoardKey, board: B) {
        self.boards.insert(key, Box::new(board));
        self.settle(now, key);
    }

    /// Removes a board with its ids and addresses.
    pub(super) fn remove(&mut self, key: BoardKey) -> Option<Box<B>> {
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
    pub(super) fn settle(&mut self, now: Instant, key: BoardKey) {
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
    pub(super) fn confirm(&mut self, now: Instant, key: BoardKey) {
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
    pub(super) fn confirmed(&self, key: BoardKey) -> Option<Instant> {
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
    pub(super) fn room_for(&self, source: Source) -> Room {
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
        } else if self.claimed.len() + self.known.len() >= UNCONNECTED {
            let (first, second) = match self.known.len() > UNCONNECTED / 2 {
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
    pub(super) fn with_id(&self, id: &str) -> Option<BoardKey> {
        self.by_id.get(id).copied()
    }

    /// This board has this id. If another board has it too, both are one:
    /// returns that one, into which this one can be [merged](Self::merge).
    pub(super) fn identify(&mut self, key: BoardKey, id: &str) -> Option<BoardKey> {
        self.ids.entry(key).or_default().insert(id.to_owned());
        self.by_id
            .insert(id.to_owned(), key)
            .filter(|before| *before != key && self.boards.contains_key(before))
    }

    /// This board no longer has this id.
    pub(super) fn remove_id(&mut self, key: BoardKey, id: &str) {
        if let Some(ids) = self.ids.get_mut(&key) {
            ids.remove(id);
        }
        if self.by_id.get(id) == Some(&key) {
            self.by_id.remove(id);
        }
    }

    /// Removes a board that turned out to be `owner`, which takes over its ids.
    /// Its addresses count only where `owner` is given them.
    pub(super) fn merge(&mut self, key: BoardKey, owner: BoardKey) -> Option<Box<B>> {
        let ids = self.ids.get(&key).cloned().unwrap_or_default();
        let board = self.remove(key)?;
        for id in ids {
            self.identify(owner, &id);
        }
        Some(board)
    }

    /// This board can be found at this address. If it has had many, the others
    /// are forgotten, except the one that its link goes to.
    pub(super) fn add_address(&mut self, key: BoardKey, address: &str) {
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
    pub(super) fn remove_address(&mut self, key: BoardKey, address: &str) {
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
    pub(super) fn at(&self, address: &str) -> Option<BoardKey> {
        let key = self.by_address.get(address)?;
        self.boards
            .get(key)
            .is_some_and(|board| board.address() == address)
            .then_some(*key)
    }
}

#[cfg(test)]
mod tests {
    use std::{net::IpAddr, time::Duration};

    use super::*;

    struct Fake(Membership, String);

    impl Entry for Fake {
        fn membership(&self) -> Membership {
            self.0
        }

        fn address(&self) -> &str {
            &self.1
        }
    }

    fn host(a: usize, b: usize) -> Source {
        Some(IpAddr::from([
            10,
            0,
            u8::try_from(a).unwrap_or(255),
            u8::try_from(b).unwrap_or(255),
        ]))
    }

    struct Bench {
        roster: Roster<Fake>,
        now: Instant,
        keys: u32,
    }

    impl Bench {
        fn new() -> Self {
            Self {
                roster: Roster::default(),
                now: Instant::now(),
                keys: 0,
            }
        }

        /// Adds a board as the engine does; `None` if there is no room.
        fn add(&mut self, membership: Membership) -> Option<BoardKey> {
            let (Membership::Claimed(source)
            | Membership::Known(source)
            | Membership::Connected(source)) = membership
            else {
                return Some(self.put(membership));
            };
            match self.roster.room_for(source) {
                Room::Free => {}
                Room::For(key) => assert!(self.roster.remove(key).is_some()),
                Room::Full => return None,
            }
            Some(self.put(membership))
        }

        fn put(&mut self, membership: Membership) -> BoardKey {
            self.now += Duration::from_millis(1);
            self.keys += 1;
            let (key, address) = (BoardKey(self.keys), format!("10.0.0.1:{}", self.keys));
            self.roster
                .insert(self.now, key, Fake(membership, address.clone()));
            self.roster.add_address(key, &address);
            self.roster.identify(key, &format!("sb-{}", self.keys));
            key
        }

        fn becomes(&mut self, key: BoardKey, membership: Membership) {
            self.roster.get_mut(key).expect("a board").0 = membership;
            self.roster.settle(self.now, key);
        }

        fn has(&self, key: BoardKey) -> bool {
            self.roster.get(key).is_some()
        }
    }

    #[test]
    fn a_flood_of_claims_evicts_only_claims() {
        let mut bench = Bench::new();
        let own = bench.add(Membership::Own).expect("room");
        let connected = bench.add(Membership::Connected(host(1, 1))).expect("room");
        let known = bench.add(Membership::Known(host(1, 2))).expect("room");
        let claimed = bench.add(Membership::Claimed(host(1, 3))).expect("room");
        // From one address, and then from as many as there are packets.
        for _ in 0..6_000 {
            bench.add(Membership::Claimed(host(2, 1)));
        }
        assert!(
            [own, connected, known, claimed]
                .iter()
                .all(|key| bench.has(*key)),
            "a flood evicts boards of its own source"
        );
        assert_eq!(bench.roster.iter().count(), 4 + PER_SOURCE);
        for number in 0..6_000 {
            bench.add(Membership::Claimed(host(3 + number / 250, number % 250)));
        }
        assert!([own, connected, known].iter().all(|key| bench.has(*key)) && !bench.has(claimed));
        assert_eq!(bench.roster.iter().count(), 2 + UNCONNECTED);
        let late = bench
            .add(Membership::Claimed(host(1, 4)))
            .expect("room after the flood");
        bench.becomes(late, Membership::Connected(host(1, 4)));
        for number in 0..6_000 {
            bench.add(Membership::Claimed(host(3 + number / 250, number % 250)));
        }
        assert!(bench.has(late));
        let indexed = bench
            .roster
            .by_id
            .len()
            .max(bench.roster.by_address.len())
            .max(bench.roster.addresses.len());
        assert_eq!(
            indexed,
            bench.roster.boards.len(),
            "evicted boards leave nothing behind"
        );
    }

    #[test]
    fn one_source_has_a_bounded_number_of_boards_even_if_all_are_connected() {
        let mut bench = Bench::new();
        for _ in 0..2 * PER_SOURCE {
            bench.add(Membership::Connected(host(1, 1)));
        }
        assert_eq!(bench.roster.iter().count(), PER_SOURCE);
        assert_eq!(bench.roster.room_for(host(1, 1)), Room::Full);
        assert_eq!(bench.roster.room_for(host(1, 2)), Room::Free);
        let one = bench.roster.keys()[0];
        bench.becomes(one, Membership::Known(host(1, 1)));
        assert_eq!(bench.roster.room_for(host(1, 1)), Room::For(one));
    }

    #[test]
    fn boards_that_were_connected_once_do_not_fill_the_roster_for_good() {
        let mut bench = Bench::new();
        for number in 0..8_000 {
            bench.add(Membership::Known(host(1 + number / 250, number % 250)));
        }
        let claimed = bench.add(Membership::Claimed(host(200, 1))).expect("room");
        bench.add(Membership::Claimed(host(200, 2))).expect("room");
        assert!(
            bench.has(claimed),
            "the next board does not evict it at once"
        );
        assert_eq!(bench.roster.iter().count(), UNCONNECTED);
    }

    #[test]
    fn a_board_that_was_confirmed_again_stays_longest() {
        let mut bench = Bench::new();
        let keys: Vec<_> = (0..PER_SOURCE)
            .filter_map(|_| bench.add(Membership::Claimed(host(1, 1))))
            .collect();
        bench.now += Duration::from_secs(1);
        bench.roster.confirm(bench.now, keys[0]);
        assert_eq!(bench.roster.room_for(host(1, 1)), Room::For(keys[1]));
        assert_eq!(bench.roster.confirmed(keys[0]), Some(bench.now));
    }

    #[test]
    fn a_board_that_moves_all_the_time_leaves_nothing_behind() {
        let mut bench = Bench::new();
        let board = bench.put(Membership::Own);
        for port in 1..=5_000 {
            let address = format!("10.0.0.1:{port}");
            bench
                .roster
                .remove_address(board, &format!("10.0.0.1:{}", port - 1));
            bench.roster.add_address(board, &address);
            // It was tried there.
            bench.roster.get_mut(board).expect("a board").1 = address;
        }
        assert!(
            bench.roster.by_address.len() <= ADDRESSES
                && bench.roster.addresses[&board].len() <= ADDRESSES
        );
        assert_eq!(bench.roster.at("10.0.0.1:5000"), Some(board));
    }

    #[test]
    fn an_address_is_that_of_the_board_whose_link_goes_there() {
        let mut bench = Bench::new();
        let (one, other) = (bench.put(Membership::Own), bench.put(Membership::Own));
        bench.roster.add_address(other, "10.0.0.1:1");
        assert_eq!(
            bench.roster.at("10.0.0.1:1"),
            None,
            "it was announced there, but its link goes elsewhere"
        );
        bench.roster.add_address(one, "10.0.0.1:1");
        assert_eq!(bench.roster.at("10.0.0.1:1"), Some(one));
        bench.roster.remove_address(one, "10.0.0.1:1");
        assert_eq!(
            bench.roster.at("10.0.0.1:1"),
            Some(one),
            "its link still goes there"
        );
    }

    #[test]
    fn a_board_that_states_the_id_of_another_is_merged_into_it() {
        let mut bench = Bench::new();
        let (remembered, typed) = (bench.put(Membership::Own), bench.put(Membership::Own));
        assert_eq!(bench.roster.identify(typed, "sb-2"), None, "its own id");
        assert_eq!(bench.roster.identify(typed, "sb-1"), Some(remembered));
        assert!(bench.roster.merge(typed, remembered).is_some());
        assert!(!bench.has(typed));
        for id in ["sb-1", "sb-2"] {
            assert_eq!(bench.roster.with_id(id), Some(remembered));
        }
        assert_eq!(bench.roster.at("10.0.0.1:1"), Some(remembered));
        assert_eq!(bench.roster.at("10.0.0.1:2"), None);
    }

    #[test]
    fn an_id_belongs_to_the_board_that_stated_it_last() {
        let mut bench = Bench::new();
        let (one, other) = (bench.put(Membership::Own), bench.put(Membership::Own));
        // Another board answers at the remembered address.
        bench.roster.remove_id(one, "sb-1");
        assert_eq!(bench.roster.with_id("sb-1"), None);
        assert_eq!(bench.roster.identify(other, "sb-1"), None);
        assert!(bench.roster.remove(one).is_some());
        assert_eq!(bench.roster.with_id("sb-1"), Some(other));
        assert!(bench.roster.merge(BoardKey(99), other).is_none());
    }
}

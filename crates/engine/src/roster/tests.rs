//! The roster, with boards that are only a membership and an address.

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
fn a_roster_keeps_as_many_unconnected_boards_as_its_capacity() {
    let mut bench = Bench::new();
    bench.roster = Roster::with_capacity(3);
    let connected = bench.add(Membership::Connected(host(1, 1))).expect("room");
    for number in 0..10 {
        bench
            .add(Membership::Claimed(host(2, number)))
            .expect("room");
    }
    assert!(bench.has(connected));
    assert_eq!(bench.roster.iter().count(), 1 + 3);
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

//! Attacks on an open board: its owner is served, and its memory stays small.

use std::{
    sync::{Arc, atomic::Ordering},
    thread,
    time::{Duration, Instant},
};

use crate::{
    attacks::{self, Over},
    honest::Owner,
    process::{Victim, print},
};

/// The memory that any attack may cost a board: there are few connection slots,
/// each with little memory.
const MEMORY_KB: u64 = 2 * 1024;

/// The maximum time of an owner's command, also on a loaded machine.
const SERVED_WITHIN: Duration = Duration::from_secs(2);

/// Attacks a board with this many threads.
fn attack(peer: &str, attackers: usize, attack: fn(&str, &Over)) {
    let (mut victim, _, address) = Victim::board("board");
    let owner = Owner::of(&address);
    victim.measure_from_now();
    let over = Arc::new(Over::new(false));
    let attackers: Vec<_> = (0..attackers)
        .map(|_| {
            let (address, over) = (address.clone(), Arc::clone(&over));
            thread::spawn(move || attack(&address, &over))
        })
        .collect();
    let served = owner.commands();
    let used = victim.used();
    over.store(true, Ordering::Relaxed);
    for attacker in attackers {
        attacker.join().expect("an attacker");
    }
    print(peer, used, &served.to_string());
    assert!(used.peak_kb < MEMORY_KB, "{used:?}");
    assert!(served.slowest() < SERVED_WITHIN, "{served}");
    // Afterwards everything is as before: a slot is free, and the board is
    // idle.
    let newcomer = Owner::of(&address);
    drop(newcomer);
    victim.measure_from_now();
    let rest = Instant::now() + Duration::from_secs(1);
    thread::sleep(rest.saturating_duration_since(Instant::now()));
    let idle = victim.used().cpu;
    assert!(
        idle < Duration::from_millis(200),
        "the board still works on it: {idle:?} in a second"
    );
}

#[test]
fn two_hundred_connections_at_once() {
    attack("200 connections at once", 1, attacks::crowd);
}

#[test]
fn a_hundred_heads_byte_by_byte() {
    attack("100 heads, byte by byte", 1, attacks::slow_heads);
}

#[test]
fn messages_of_a_hundred_megabytes() {
    attack("messages of 100 MB, WebSocket", 3, attacks::huge);
}

#[test]
fn bodies_of_a_hundred_megabytes() {
    attack("bodies of 100 MB, POST", 3, attacks::huge_post);
}

#[test]
fn fragments_without_end() {
    attack("fragments without end", 3, attacks::fragments);
}

#[test]
fn empty_fragments_without_end() {
    attack("empty fragments without end", 3, attacks::empty_fragments);
}

#[test]
fn pings_without_end() {
    attack("pings without end, pongs not read", 3, attacks::pings);
}

#[test]
fn endless_requests_whose_responses_are_not_read() {
    attack("requests without end, answers not read", 3, attacks::deaf);
}

#[test]
fn deeply_nested_messages() {
    attack("messages nested 2,048 deep, without end", 3, attacks::deep);
}

#[test]
fn controllers_that_come_and_go() {
    attack("controllers that come and go", 3, attacks::come_and_go);
}

//! When a Wi-Fi station joins, rests, leaves and gives the radio up.

use core::time::Duration;

use switchboard_embedded::station::{ADDRESS_WITHIN, Event, FAULTS, LONGEST_REST, Station, Step};

const LATEST: u32 = u32::MAX;

const fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn joining() -> Station {
    let mut station = Station::new();
    station.handle(at(0), Event::Network, LATEST);
    assert_eq!(station.next(at(0)), Step::Join);
    station
}

fn joined() -> Station {
    let mut station = joining();
    station.handle(at(1), Event::Joined, LATEST);
    station.handle(at(2), Event::Address, LATEST);
    station
}

/// How long it rests after a failure.
fn rest(station: &mut Station, now: Duration) -> Duration {
    match station.next(now) {
        Step::Wait(Some(until)) => until - now,
        other => unreachable!("it does {other:?}"),
    }
}

#[test]
fn a_board_that_knows_no_network_waits_until_it_is_told_one() {
    let mut station = Station::new();
    assert_eq!(station.next(at(100)), Step::Wait(None));
    station.handle(at(100), Event::Network, LATEST);
    assert_eq!(station.next(at(100)), Step::Join);
    assert_eq!(
        station.next(at(101)),
        Step::Wait(None),
        "an order is given once"
    );
}

#[test]
fn a_network_that_is_away_is_looked_for_ever_less_often_and_never_resets_the_board() {
    let mut station = joining();
    let mut now = at(10);
    let mut rests = Vec::new();
    for _ in 0..50 {
        station.handle(now, Event::Refused, LATEST);
        let rest = rest(&mut station, now);
        rests.push(rest.as_secs());
        now += rest;
        assert_eq!(station.next(now), Step::Join);
    }
    assert_eq!(&rests[..7], &[2, 4, 8, 16, 32, 60, 60]);
    assert!(rests.iter().all(|rest| *rest <= LONGEST_REST.as_secs()));
}

#[test]
fn boards_that_lose_one_network_together_come_back_at_different_times() {
    let rests = [0, LATEST / 2, LATEST].map(|chance| {
        let mut station = joining();
        station.handle(at(10), Event::Refused, chance);
        rest(&mut station, at(10))
    });
    assert!(rests[0] < rests[1] && rests[1] < rests[2], "{rests:?}");
    assert_eq!(rests[0], at(1), "half of the rest at least");
}

#[test]
fn a_network_that_is_lost_is_joined_again_at_once() {
    let mut station = joined();
    assert_eq!(station.next(at(500)), Step::Wait(None));
    station.handle(at(500), Event::Lost, LATEST);
    assert!(rest(&mut station, at(500)) <= at(1));
    assert_eq!(station.next(at(501)), Step::Join);
}

#[test]
fn a_network_that_gives_no_address_is_left_and_joined_anew() {
    let mut station = joining();
    station.handle(at(1), Event::Joined, LATEST);
    assert_eq!(
        station.next(at(2)),
        Step::Wait(Some(at(1) + ADDRESS_WITHIN))
    );
    assert_eq!(station.next(at(1) + ADDRESS_WITHIN), Step::Leave);
    let later = at(3) + ADDRESS_WITHIN;
    assert_eq!(station.next(later), Step::Join);

    let mut station = joined();
    station.handle(at(900), Event::NoAddress, LATEST);
    assert_eq!(station.next(at(900) + ADDRESS_WITHIN), Step::Leave);
}

#[test]
fn another_network_is_joined_in_place_of_the_one_before() {
    let mut station = joined();
    station.handle(at(60), Event::Network, LATEST);
    assert_eq!(station.next(at(60)), Step::Leave);
    assert_eq!(station.next(at(60)), Step::Join);

    let mut station = joining();
    station.handle(at(1), Event::Network, LATEST);
    assert_eq!(station.next(at(1)), Step::Leave, "also while it is joining");
    assert_eq!(station.next(at(1)), Step::Join);
}

#[test]
fn a_network_that_is_forgotten_is_left_and_not_looked_for() {
    let mut station = joined();
    station.handle(at(60), Event::NoNetwork, LATEST);
    assert_eq!(station.next(at(60)), Step::Leave);
    assert_eq!(station.next(at(61)), Step::Wait(None));

    let mut station = joining();
    station.handle(at(1), Event::Refused, LATEST);
    station.handle(at(2), Event::NoNetwork, LATEST);
    assert_eq!(station.next(at(200)), Step::Wait(None));
}

#[test]
fn a_radio_that_fails_again_and_again_is_reset_and_one_that_answers_is_not() {
    let mut station = joining();
    for fault in 1..=FAULTS {
        assert_ne!(station.next(at(0)), Step::Reset, "after {fault} faults");
        station.handle(at(0), Event::Fault, LATEST);
    }
    assert_eq!(station.next(at(0)), Step::Reset);

    let mut station = joining();
    for _ in 0..10 * FAULTS {
        station.handle(at(0), Event::Fault, LATEST);
        station.handle(at(0), Event::Refused, LATEST);
        assert_ne!(station.next(at(0)), Step::Reset);
    }
}

//! When a Wi-Fi station joins, waits, leaves, and resets the chip.

use core::time::Duration;

use switchboard_embedded::station::{
    ADDRESS_WITHIN, FAULTS, LONGEST_DELAY, RESTARTS, Station, StationAction, StationEvent,
};

const LATEST: u32 = u32::MAX;

const fn at(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn joining() -> Station {
    let mut station = Station::new();
    station.handle(at(0), StationEvent::Network, LATEST);
    assert_eq!(station.next_action(at(0)), StationAction::Join);
    station
}

fn joined() -> Station {
    let mut station = joining();
    station.handle(at(1), StationEvent::Joined, LATEST);
    station.handle(at(2), StationEvent::Address, LATEST);
    station
}

/// How long it waits after a failure.
fn delay(station: &mut Station, now: Duration) -> Duration {
    match station.next_action(now) {
        StationAction::Wait(Some(until)) => until - now,
        other => unreachable!("it does {other:?}"),
    }
}

#[test]
fn a_board_without_a_network_waits_until_it_is_given_one() {
    let mut station = Station::new();
    assert_eq!(station.next_action(at(100)), StationAction::Wait(None));
    station.handle(at(100), StationEvent::Network, LATEST);
    assert_eq!(station.next_action(at(100)), StationAction::Join);
    assert_eq!(
        station.next_action(at(101)),
        StationAction::Wait(None),
        "an order is given once"
    );
}

#[test]
fn a_missing_network_is_retried_with_growing_delays_and_never_resets_the_board() {
    let mut station = joining();
    let mut now = at(10);
    let mut rests = Vec::new();
    for _ in 0..50 {
        station.handle(now, StationEvent::Refused, LATEST);
        let rest = delay(&mut station, now);
        rests.push(rest.as_secs());
        now += rest;
        assert_eq!(station.next_action(now), StationAction::Join);
    }
    assert_eq!(&rests[..7], &[2, 4, 8, 16, 32, 60, 60]);
    assert!(rests.iter().all(|rest| *rest <= LONGEST_DELAY.as_secs()));
}

#[test]
fn boards_that_lose_a_network_together_rejoin_at_different_times() {
    let rests = [0, LATEST / 2, LATEST].map(|chance| {
        let mut station = joining();
        station.handle(at(10), StationEvent::Refused, chance);
        delay(&mut station, at(10))
    });
    assert!(rests[0] < rests[1] && rests[1] < rests[2], "{rests:?}");
    assert_eq!(rests[0], at(1), "half of the rest at least");
}

#[test]
fn a_network_that_is_lost_is_joined_again_at_once() {
    let mut station = joined();
    assert_eq!(station.next_action(at(500)), StationAction::Wait(None));
    station.handle(at(500), StationEvent::Lost, LATEST);
    assert!(delay(&mut station, at(500)) <= at(1));
    assert_eq!(station.next_action(at(501)), StationAction::Join);
}

#[test]
fn a_network_without_an_address_is_left_and_joined_again() {
    let mut station = joining();
    station.handle(at(1), StationEvent::Joined, LATEST);
    assert_eq!(
        station.next_action(at(2)),
        StationAction::Wait(Some(at(1) + ADDRESS_WITHIN))
    );
    assert_eq!(
        station.next_action(at(1) + ADDRESS_WITHIN),
        StationAction::Leave
    );
    let later = at(3) + ADDRESS_WITHIN;
    assert_eq!(station.next_action(later), StationAction::Join);

    let mut station = joined();
    station.handle(at(900), StationEvent::NoAddress, LATEST);
    assert_eq!(
        station.next_action(at(900) + ADDRESS_WITHIN),
        StationAction::Leave
    );
}

#[test]
fn another_network_replaces_the_one_before() {
    let mut station = joined();
    station.handle(at(60), StationEvent::Network, LATEST);
    assert_eq!(station.next_action(at(60)), StationAction::Leave);
    assert_eq!(station.next_action(at(60)), StationAction::Join);

    let mut station = joining();
    station.handle(at(1), StationEvent::Network, LATEST);
    assert_eq!(
        station.next_action(at(1)),
        StationAction::Leave,
        "also while it is joining"
    );
    assert_eq!(station.next_action(at(1)), StationAction::Join);
}

#[test]
fn a_removed_network_is_left_and_not_retried() {
    let mut station = joined();
    station.handle(at(60), StationEvent::NoNetwork, LATEST);
    assert_eq!(station.next_action(at(60)), StationAction::Leave);
    assert_eq!(station.next_action(at(61)), StationAction::Wait(None));

    let mut station = joining();
    station.handle(at(1), StationEvent::Refused, LATEST);
    station.handle(at(2), StationEvent::NoNetwork, LATEST);
    assert_eq!(station.next_action(at(200)), StationAction::Wait(None));
}

#[test]
fn a_radio_that_fails_repeatedly_resets_the_chip_and_one_that_answers_does_not() {
    let mut station = joining();
    for fault in 1..=FAULTS {
        assert_ne!(
            station.next_action(at(0)),
            StationAction::Reset,
            "after {fault} faults"
        );
        station.handle(at(0), StationEvent::Fault, LATEST);
    }
    assert_eq!(station.next_action(at(0)), StationAction::Reset);

    let mut station = joining();
    for _ in 0..10 * FAULTS {
        station.handle(at(0), StationEvent::Fault, LATEST);
        station.handle(at(0), StationEvent::Refused, LATEST);
        assert_ne!(station.next_action(at(0)), StationAction::Reset);
    }
}

#[test]
fn a_radio_that_has_stopped_sending_is_restarted_and_joins_again() {
    let mut station = joined();
    station.handle(at(60), StationEvent::Stuck, LATEST);
    assert_eq!(station.next_action(at(60)), StationAction::Restart);
    assert_eq!(station.next_action(at(60)), StationAction::Join);
}

#[test]
fn restarts_that_do_not_help_reset_the_chip_and_an_address_forgets_them() {
    let mut station = joined();
    for _ in 0..RESTARTS {
        station.handle(at(60), StationEvent::Stuck, LATEST);
        assert_eq!(station.next_action(at(60)), StationAction::Restart);
        assert_eq!(station.next_action(at(60)), StationAction::Join);
        station.handle(at(61), StationEvent::Joined, LATEST);
    }
    let mut works_again = station.clone();
    station.handle(at(80), StationEvent::Stuck, LATEST);
    assert_eq!(station.next_action(at(80)), StationAction::Reset);

    works_again.handle(at(62), StationEvent::Address, LATEST);
    works_again.handle(at(9_000), StationEvent::Stuck, LATEST);
    assert_eq!(works_again.next_action(at(9_000)), StationAction::Restart);
}

#[test]
fn a_radio_without_a_network_waits_after_its_restart() {
    let mut station = joined();
    station.handle(at(60), StationEvent::Stuck, LATEST);
    station.handle(at(60), StationEvent::NoNetwork, LATEST);
    assert_eq!(station.next_action(at(60)), StationAction::Restart);
    assert_eq!(station.next_action(at(60)), StationAction::Wait(None));
}

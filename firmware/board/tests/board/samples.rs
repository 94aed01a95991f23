//! Periodic readings of sensors.

use std::time::Duration;

use protocol::Source;
use serde_json::{Value, json};
use switchboard_board::{Component, InputSource};

use crate::{
    fixtures::{Received, board, component, key, ms, plan, state, subscriber, take, thermometer},
    test_board::TestBoard,
};

fn reads(board: &mut TestBoard, value: Value) {
    board
        .hardware_mut()
        .readings
        .insert(key("sensor:0"), state(json!({ "value": value })));
}

/// Runs the board at its deadlines, up to a time.
fn run_to(board: &mut TestBoard, until: Duration) {
    while let Some(due) = board.next_deadline().filter(|due| *due <= until) {
        board.run_until(due);
    }
}

fn diagnostic(input: InputSource) -> Component {
    component("sensor:0", json!({ "value": null })).with_input(input)
}

#[test]
fn a_sensor_is_read_every_second_and_only_a_new_value_is_pushed() {
    let mut board = board(plan(vec![thermometer()]));
    let (client, _) = subscriber(&mut board);
    reads(&mut board, json!(20.5));
    run_to(&mut board, ms(3900));
    assert_eq!(board.hardware().reads, 4, "at 0, 1, 2 and 3 s");
    assert_eq!(take(&mut board, ms(3900), client), []);
    reads(&mut board, json!(20.54));
    run_to(&mut board, ms(4900));
    assert_eq!(
        take(&mut board, ms(4900), client),
        [],
        "noise below the last digit is not a change"
    );
    reads(&mut board, json!(20.56));
    run_to(&mut board, ms(5900));
    let status = take(&mut board, ms(5900), client)[0].clone().status();
    assert_eq!(
        status.components[&key("sensor:0")],
        state(json!({ "value": 20.6 }))
    );
    assert_eq!(
        (status.uptime_ms, status.source),
        (5000, Some(Source::Physical))
    );
}

#[test]
fn a_sensor_has_its_own_period_and_keeps_its_grid_after_a_delay() {
    let mut board = board(plan(vec![
        thermometer().with_input(InputSource::Read { every: ms(250) }),
    ]));
    board.run_until(ms(0));
    assert_eq!(board.next_deadline(), Some(ms(250)));
    board.run_until(ms(1130));
    assert_eq!(
        board.hardware().reads,
        2,
        "missed samples are not made up for"
    );
    assert_eq!(board.next_deadline(), Some(ms(1250)));
}

#[test]
fn a_null_reading_is_unknown_and_a_malformed_one_is_ignored() {
    let mut board = board(plan(vec![thermometer()]));
    let (client, _) = subscriber(&mut board);
    reads(&mut board, json!("hot"));
    run_to(&mut board, ms(900));
    assert_eq!(take(&mut board, ms(900), client), []);
    reads(&mut board, json!(f64::NAN));
    run_to(&mut board, ms(1900));
    let status = take(&mut board, ms(1900), client)[0].clone().status();
    assert_eq!(
        status.components[&key("sensor:0")],
        state(json!({ "value": null }))
    );
}

#[test]
fn signal_memory_and_uptime_are_measured_by_the_core() {
    let mut signal = board(plan(vec![diagnostic(InputSource::Rssi)]));
    signal.hardware_mut().rssi = Some(-52);
    let (client, _) = subscriber(&mut signal);
    run_to(&mut signal, ms(9_000));
    let status = take(&mut signal, ms(9_000), client)[0].clone().status();
    assert_eq!(
        status.components[&key("sensor:0")],
        state(json!({ "value": -52 }))
    );
    assert_eq!(status.source, Some(Source::Timer));
    assert_eq!(signal.next_deadline(), Some(ms(10_000)));

    let mut memory = board(plan(vec![diagnostic(InputSource::FreeMemory)]));
    memory.hardware_mut().free_memory = Some(176_512);
    let (client, _) = subscriber(&mut memory);
    run_to(&mut memory, ms(9_000));
    let got = take(&mut memory, ms(9_000), client)[0].clone().status();
    assert_eq!(
        got.components[&key("sensor:0")],
        state(json!({ "value": 176_512 }))
    );

    let mut uptime = board(plan(vec![diagnostic(InputSource::Uptime)]));
    let (client, _) = subscriber(&mut uptime);
    for seconds in [0, 60, 120] {
        uptime.heard(ms(seconds * 1000), client);
        run_to(&mut uptime, ms(seconds * 1000 + 100));
        let status = take(&mut uptime, ms(seconds * 1000 + 100), client)[0]
            .clone()
            .status();
        assert_eq!(
            status.components[&key("sensor:0")],
            state(json!({ "value": seconds }))
        );
        run_to(&mut uptime, ms(seconds * 1000 + 59_900));
        assert!(
            !take(&mut uptime, ms(seconds * 1000 + 59_900), client)
                .iter()
                .any(|got| matches!(got, Received::Status(_)))
        );
    }
}

#[test]
fn an_unavailable_signal_is_unknown() {
    let mut first = diagnostic(InputSource::Rssi);
    first.state = state(json!({ "value": -40 }));
    let mut board = board(plan(vec![first]));
    let (client, _) = subscriber(&mut board);
    run_to(&mut board, ms(200));
    let status = take(&mut board, ms(200), client)[0].clone().status();
    assert_eq!(
        status.components[&key("sensor:0")],
        state(json!({ "value": null }))
    );
}

//! How often the board pushes what sensors report.

use std::time::Duration;

use protocol::{NotifyStatus, limits, method};
use serde_json::json;
use switchboard_board::{ClientId, Component, InputSource};

use crate::{
    fixtures::{
        Received, answer, at_the_board, board, component, key, ms, plan, request, state,
        subscriber, take,
    },
    test_board::TestBoard,
};

/// Late wakings of the timer, and readings that are late, in milliseconds.
const JITTER: [u64; 7] = [5, 2, 8, 0, 5, 9, 1];

fn sensor(name: &str) -> Component {
    component(name, json!({ "value": null }))
}

fn read_every(period: Duration) -> Component {
    sensor("sensor:0").with_input(InputSource::Read { every: period })
}

/// Hardware measures this.
fn measures(board: &mut TestBoard, sensor: &str, value: usize) {
    let read = state(json!({ "value": value }));
    board.hardware_mut().readings.insert(key(sensor), read);
}

fn pushes(board: &mut TestBoard, now: Duration, client: ClientId) -> Vec<NotifyStatus> {
    let got = take(board, now, client).into_iter();
    got.map(Received::status).collect()
}

/// Runs the board at its deadlines before a time, each `late` too late.
fn run_before(
    board: &mut TestBoard,
    end: Duration,
    late: Duration,
    client: ClientId,
) -> Vec<NotifyStatus> {
    let mut got = Vec::new();
    while let Some(due) = board.next_deadline().filter(|due| *due + late < end) {
        board.run_until(due + late);
        got.extend(pushes(board, due + late, client));
    }
    got
}

fn value(status: &NotifyStatus) -> Option<f64> {
    status.components[&key("sensor:0")].get("value")?.as_f64()
}

#[test]
fn a_sensor_that_is_read_every_100_ms_has_a_push_for_each_reading() {
    let mut board = board(plan(vec![read_every(ms(100))]));
    let (client, _) = subscriber(&mut board);
    for reading in 0..100 {
        measures(&mut board, "sensor:0", reading);
        let due = board.next_deadline().unwrap();
        assert_eq!(due, ms(reading as u64 * 100), "one waking per reading");
        let now = due + ms(JITTER[reading % JITTER.len()]);
        board.run_until(now);
        let got = pushes(&mut board, now, client);
        assert_eq!(got.len(), 1, "reading {reading}");
        assert_eq!(value(&got[0]), Some(reading as f64));
    }
}

#[test]
fn after_a_waking_that_was_very_late_each_reading_has_its_push_again() {
    let mut board = board(plan(vec![read_every(ms(100))]));
    let (client, _) = subscriber(&mut board);
    for (reading, at) in [0, 100, 699, 700, 800].into_iter().enumerate() {
        measures(&mut board, "sensor:0", reading);
        board.run_until(ms(at));
        assert_eq!(pushes(&mut board, ms(at), client).len(), 1, "at {at} ms");
    }
}

#[test]
fn a_reading_every_100_ms_that_is_reported_from_outside_has_its_push() {
    for late in [ms(0), ms(5)] {
        let mut board = board(plan(vec![sensor("sensor:0")]));
        let (client, _) = subscriber(&mut board);
        let mut got = Vec::new();
        for reading in 0..100 {
            let now = ms(reading as u64 * 100 + JITTER[reading % JITTER.len()]);
            got.extend(run_before(&mut board, now, late, client));
            at_the_board(&mut board, now, "sensor:0", json!({ "value": reading }));
        }
        got.extend(run_before(&mut board, ms(10_050), late, client));
        let values: Vec<_> = got.iter().filter_map(value).collect();
        assert_eq!(values, (0..100).map(f64::from).collect::<Vec<_>>());
    }
}

#[test]
fn a_sensor_that_is_read_more_often_has_ten_pushes_per_second_and_its_last_value() {
    let mut board = board(plan(vec![read_every(ms(30))]));
    let (client, _) = subscriber(&mut board);
    let mut got = Vec::new();
    for reading in 0..=100 {
        measures(&mut board, "sensor:0", reading);
        got.extend(run_before(
            &mut board,
            ms(reading as u64 * 30 + 1),
            ms(0),
            client,
        ));
    }
    let times: Vec<_> = got.iter().map(|status| status.uptime_ms).collect();
    assert_eq!(times, (0..=30).map(|push| push * 100).collect::<Vec<_>>());
    assert_eq!(got.last().and_then(value), Some(100.0));
    // The last reading of all may be between two pushes.
    measures(&mut board, "sensor:0", 101);
    let got = run_before(&mut board, ms(3_200), ms(0), client);
    assert_eq!(got.len(), 1);
    assert_eq!((got[0].uptime_ms, value(&got[0])), (3_100, Some(101.0)));
}

#[test]
fn sensors_that_are_read_together_are_one_push() {
    let names = ["sensor:0", "sensor:1", "sensor:2"];
    let every = ms(100);
    let read = |name: &&str| sensor(name).with_input(InputSource::Read { every });
    let mut board = board(plan(names.iter().map(read).collect()));
    let (client, _) = subscriber(&mut board);
    for round in 0..5 {
        for (at, name) in names.into_iter().enumerate() {
            measures(&mut board, name, round + at);
        }
        let now = ms(round as u64 * 100 + 3);
        board.run_until(now);
        let got = pushes(&mut board, now, client);
        assert_eq!((got.len(), got[0].components.len()), (1, 3));
    }
}

#[test]
fn reports_of_one_pass_are_one_push_at_once_after_a_silence() {
    let names = ["sensor:0", "sensor:1", "sensor:2"];
    let mut board = board(plan(names.iter().map(|name| sensor(name)).collect()));
    let (client, _) = subscriber(&mut board);
    board.run_until(ms(4_000));
    for (at, name) in names.into_iter().enumerate() {
        let now = ms(5_000 + at as u64);
        at_the_board(&mut board, now, name, json!({ "value": at }));
        assert!(!board.has_outgoing(client), "it may not be the last one");
    }
    assert_eq!(board.next_deadline(), Some(ms(5_000)));
    board.run_until(ms(5_002));
    let got = pushes(&mut board, ms(5_002), client);
    assert_eq!((got.len(), got[0].components.len()), (1, 3));
}

#[test]
fn what_is_pushed_before_a_snapshot_counts() {
    let mut board = board(plan(vec![sensor("sensor:0")]));
    let (client, _) = subscriber(&mut board);
    board.run_until(ms(900));
    at_the_board(&mut board, ms(1_000), "sensor:0", json!({ "value": 1 }));
    answer(
        &mut board,
        ms(1_000),
        client,
        method::DEVICE_GET_STATUS,
        json!({}),
    );
    at_the_board(&mut board, ms(1_040), "sensor:0", json!({ "value": 2 }));
    board.run_until(ms(1_049));
    assert!(!board.has_outgoing(client));
    // The second snapshot includes the second value, which is pushed before.
    let get = request(method::DEVICE_GET_STATUS, &json!({}));
    board.receive(ms(1_050), client, &get);
    assert_eq!(take(&mut board, ms(1_050), client).len(), 2);
    at_the_board(&mut board, ms(1_060), "sensor:0", json!({ "value": 3 }));
    board.run_until(ms(1_149));
    assert!(!board.has_outgoing(client));
    board.run_until(ms(1_050) + limits::BATCH);
    assert_eq!(pushes(&mut board, ms(1_150), client).len(), 1);
}

//! Fades: reported at once, shown step by step.

use std::time::Duration;

use protocol::{Source, State, method};
use serde_json::{Value, json};

use crate::{
    fixtures::{answer, ask, board, everything, key, ms, state, subscriber, take},
    test_board::TestBoard,
};

const T0: Duration = Duration::ZERO;

fn shown(board: &TestBoard) -> State {
    board.hardware().outputs.last().unwrap().1.clone()
}

/// Runs the board at each of its deadlines, and returns how many there were.
fn run_through(board: &mut TestBoard, until: Duration) -> usize {
    let mut runs = 0;
    while let Some(due) = board.next_deadline().filter(|due| *due <= until) {
        board.run_until(due);
        runs += 1;
    }
    runs
}

fn fade(board: &mut TestBoard, now: Duration, params: Value) {
    let (client, _) = subscriber(board);
    answer(board, now, client, method::LIGHT_SET, params);
    board.disconnect(ms(0), client);
}

#[test]
fn a_fade_is_reported_at_once_and_shown_in_steps_of_20_ms() {
    let mut board = board(everything());
    let (client, _) = subscriber(&mut board);
    let got = ask(
        &mut board,
        T0,
        client,
        method::LIGHT_SET,
        json!({ "id": 0, "on": true, "transition_ms": 300 }),
    );
    assert_eq!(
        got[0].clone().status().components[&key("light:0")],
        state(json!({ "on": true }))
    );
    assert_eq!(
        (shown(&board).on(), shown(&board).brightness()),
        (Some(true), Some(0)),
        "it starts dark"
    );
    let before = board.hardware().outputs.len();
    assert_eq!(run_through(&mut board, ms(5000)), 15);
    let levels: Vec<_> = board.hardware().outputs[before..]
        .iter()
        .map(|(_, state)| state.brightness().unwrap())
        .collect();
    assert_eq!(
        levels,
        [4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 60]
    );
    assert_eq!(
        take(&mut board, ms(5000), client),
        [],
        "there is one push, not fifteen"
    );
}

#[test]
fn a_light_that_fades_out_stays_on_until_the_end() {
    let mut board = board(everything());
    fade(&mut board, T0, json!({ "id": 0, "on": true }));
    fade(
        &mut board,
        ms(1000),
        json!({ "id": 0, "on": false, "transition_ms": 100 }),
    );
    board.run_until(ms(1050));
    assert_eq!(
        (shown(&board).on(), shown(&board).brightness()),
        (Some(true), Some(30))
    );
    board.run_until(ms(1100));
    assert_eq!(
        (shown(&board).on(), shown(&board).brightness()),
        (Some(false), Some(60)),
        "its brightness stays"
    );
    assert_eq!(board.next_deadline(), None);
}

#[test]
fn a_command_during_a_fade_starts_from_the_shown_state() {
    let mut board = board(everything());
    fade(
        &mut board,
        T0,
        json!({ "id": 0, "on": true, "brightness": 100, "transition_ms": 1000 }),
    );
    board.run_until(ms(500));
    assert_eq!(shown(&board).brightness(), Some(50));
    fade(
        &mut board,
        ms(500),
        json!({ "id": 0, "brightness": 0, "transition_ms": 500 }),
    );
    assert_eq!(shown(&board).brightness(), Some(50));
    board.run_until(ms(750));
    assert_eq!(shown(&board).brightness(), Some(25));
    fade(&mut board, ms(750), json!({ "id": 0, "brightness": 80 }));
    assert_eq!(
        shown(&board).brightness(),
        Some(80),
        "without a transition it ends at once"
    );
    assert_eq!(board.next_deadline(), None);
}

#[test]
fn the_same_target_without_a_transition_ends_a_fade_and_pushes_nothing() {
    let mut board = board(everything());
    let (client, _) = subscriber(&mut board);
    answer(
        &mut board,
        T0,
        client,
        method::LIGHT_SET,
        json!({ "id": 0, "on": true, "transition_ms": 1000 }),
    );
    let got = ask(
        &mut board,
        ms(100),
        client,
        method::LIGHT_SET,
        json!({ "id": 0, "on": true }),
    );
    assert_eq!(got.len(), 1);
    assert_eq!(got[0].clone().result()["seq"], json!(1));
    assert_eq!(shown(&board).brightness(), Some(60));
}

#[test]
fn colors_and_color_temperatures_are_interpolated() {
    let mut board = board(everything());
    fade(&mut board, T0, json!({ "id": 0, "on": true, "ct_k": 3000 }));
    fade(
        &mut board,
        T0,
        json!({ "id": 0, "ct_k": 6000, "transition_ms": 1000 }),
    );
    board.run_until(ms(500));
    assert_eq!(shown(&board).ct_k(), Some(4500));
    board.run_until(ms(1000));
    fade(
        &mut board,
        ms(1000),
        json!({ "id": 0, "rgb": [0, 100, 255] }),
    );
    fade(
        &mut board,
        ms(1000),
        json!({ "id": 0, "rgb": [100, 0, 255], "transition_ms": 1000 }),
    );
    board.run_until(ms(1250));
    assert_eq!(shown(&board).rgb(), Some([25, 75, 255]));
}

#[test]
fn a_delayed_step_continues_where_the_light_should_be() {
    let mut board = board(everything());
    fade(
        &mut board,
        T0,
        json!({ "id": 0, "on": true, "brightness": 100, "transition_ms": 1000 }),
    );
    board.run_until(ms(730));
    assert_eq!(shown(&board).brightness(), Some(73));
    assert_eq!(board.next_deadline(), Some(ms(740)), "on the grid of steps");
    board.run_until(ms(99_000));
    assert_eq!(shown(&board).brightness(), Some(100));
}

#[test]
fn an_output_that_fails_during_a_fade_is_reported_as_it_is() {
    let mut board = board(everything());
    let (client, _) = subscriber(&mut board);
    answer(
        &mut board,
        T0,
        client,
        method::LIGHT_SET,
        json!({ "id": 0, "on": true, "transition_ms": 1000 }),
    );
    board.run_until(ms(500));
    board.hardware_mut().stuck.push(key("light:0"));
    run_through(&mut board, ms(2000));
    let status = take(&mut board, ms(2000), client)[0].clone().status();
    assert_eq!(status.source, Some(Source::Timer));
    assert_eq!(
        status.components[&key("light:0")],
        state(json!({ "brightness": 30 }))
    );
}

//! Refusals by the hardware, and changes at the board.

use protocol::{Code, limits, method};
use serde_json::json;

use super::T0;
use crate::fixtures::{answer, board, everything, key, state, subscriber};

#[test]
fn an_output_that_the_hardware_refuses_keeps_its_state() {
    let mut board = board(everything());
    let (client, _) = subscriber(&mut board);
    board.hardware_mut().stuck = vec![key("switch:1"), key("light:0")];
    let error = answer(
        &mut board,
        T0,
        client,
        method::SWITCH_SET,
        json!({ "id": 1, "on": true }),
    )
    .error();
    assert_eq!(
        (error.code, error.message.as_str()),
        (Code::FailedPrecondition, "switch:1 is locked manually")
    );
    let fade = json!({ "id": 0, "on": true, "transition_ms": 500 });
    assert_eq!(
        answer(&mut board, T0, client, method::LIGHT_SET, fade)
            .error()
            .data
            .reason,
        "interlock"
    );
    assert_eq!(
        board.next_deadline(),
        Some(limits::BOARD_PINGS_AFTER),
        "no fade began"
    );
    let status = answer(&mut board, T0, client, method::DEVICE_GET_STATUS, json!({})).result();
    assert_eq!(
        (&status["switch:1"]["on"], &status["light:0"]["on"]),
        (&json!(false), &json!(false))
    );
    assert!(
        board
            .observe(
                T0,
                &key("switch:1"),
                state(json!({ "on": true })),
                protocol::Source::Physical
            )
            .is_err()
    );
}

#[test]
fn changes_at_the_board_are_checked_too() {
    let mut board = board(everything());
    let mut refused = |component: &str, change| {
        board
            .observe(
                T0,
                &key(component),
                state(change),
                protocol::Source::Physical,
            )
            .unwrap_err()
            .data
            .reason
    };
    assert_eq!(refused("switch:9", json!({ "on": true })), "not_found");
    assert_eq!(refused("switch:0", json!({ "value": 1 })), "not_supported");
    assert_eq!(refused("number:0", json!({ "min": -5 })), "not_supported");
    assert_eq!(refused("button:0", json!({ "on": true })), "not_supported");
    assert_eq!(
        refused("sensor:0", json!({ "value": "warm" })),
        "wrong_type"
    );
    assert_eq!(
        refused("valve:0", json!({ "note": "x".repeat(300) })),
        "too_large"
    );
    assert_eq!(
        board
            .press(T0, &key("button:3"), "press")
            .unwrap_err()
            .message,
        "no button:3; this board has button:0"
    );
    assert_eq!(
        board
            .press(T0, &key("switch:0"), "press")
            .unwrap_err()
            .data
            .reason,
        "not_found"
    );
    assert_eq!(
        board
            .press(T0, &key("button:0"), "hug")
            .unwrap_err()
            .data
            .reason,
        "not_an_option"
    );
    assert_eq!(board.next_deadline(), None, "the batch is empty");
}

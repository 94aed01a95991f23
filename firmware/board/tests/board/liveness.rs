//! Silent clients, and reboots.

use std::time::Duration;

use protocol::{Source, limits, method};
use serde_json::json;

use crate::fixtures::{
    Received, answer, ask, board, connected, everything, ms, request, subscriber, take,
};

const T0: Duration = Duration::ZERO;

#[test]
fn a_silent_client_is_pinged_at_20_and_40_s_and_dropped_at_60() {
    let mut board = board(everything());
    let client = connected(&mut board);
    for due in [20_000, 40_000] {
        assert_eq!(board.next_deadline(), Some(ms(due)));
        board.run_until(ms(due - 1));
        assert!(!board.has_outgoing(client));
        board.run_until(ms(due));
        assert_eq!(take(&mut board, ms(due), client), [Received::Ping]);
    }
    assert_eq!(board.next_deadline(), Some(limits::BOARD_DROPS_AFTER));
    board.run_until(limits::BOARD_DROPS_AFTER);
    assert_eq!(
        take(&mut board, limits::BOARD_DROPS_AFTER, client),
        [Received::Close(1001)]
    );
    assert_eq!(board.next_deadline(), None);
    board.disconnect(ms(0), client);
}

#[test]
fn any_frame_shows_that_a_client_is_alive() {
    let mut board = board(everything());
    let client = connected(&mut board);
    board.run_until(ms(20_000));
    assert_eq!(take(&mut board, ms(20_000), client), [Received::Ping]);
    board.heard(ms(20_001), client);
    assert_eq!(board.next_deadline(), Some(ms(40_001)));
    board.receive(ms(30_000), client, "{");
    assert_eq!(board.next_deadline(), Some(ms(50_000)));
    board.run_until(ms(50_000));
    assert_eq!(
        take(&mut board, ms(50_000), client).pop(),
        Some(Received::Response(refused())),
        "the response was not sent yet"
    );
}

/// The response to malformed JSON.
fn refused() -> protocol::Response {
    let rejected = protocol::Request::parse("{").unwrap_err();
    protocol::Response {
        id: None,
        outcome: Err(rejected.error),
    }
}

#[test]
fn the_queue_of_a_silent_client_is_dropped() {
    let mut board = board(everything());
    let (silent, _) = subscriber(&mut board);
    let (alive, _) = subscriber(&mut board);
    board.heard(ms(59_999), alive);
    answer(
        &mut board,
        ms(59_999),
        alive,
        method::SWITCH_TOGGLE,
        json!({ "id": 0 }),
    );
    board.run_until(ms(60_000));
    assert_eq!(
        take(&mut board, ms(60_000), silent),
        [Received::Close(1001)]
    );
    assert_eq!(
        answer(&mut board, ms(60_000), alive, method::SYS_PING, json!({})).result(),
        json!({ "uptime_ms": 60_000 })
    );
}

#[test]
fn a_reboot_is_answered_announced_to_everyone_and_closes_with_1012() {
    let mut board = board(everything());
    let (one, _) = subscriber(&mut board);
    let two = connected(&mut board);
    let got = ask(&mut board, T0, one, method::DEVICE_REBOOT, json!({}));
    assert_eq!(got[0].clone().result(), json!({ "seq": 0 }));
    let event = got[1].clone().event();
    assert_eq!(
        (event.events[0].event.as_str(), event.source),
        ("rebooting", Some(Source::Client(one.0)))
    );
    assert_eq!(got[2], Received::Close(1012));
    let got = take(&mut board, T0, two);
    assert_eq!(got[0].clone().event().events[0].event, "rebooting");
    assert_eq!(got[1], Received::Close(1012));

    assert_eq!(board.connect(ms(1)).unwrap_err().data.reason, "rebooting");
    assert!(
        board
            .call(ms(1), &request(method::SWITCH_TOGGLE, &json!({ "id": 0 })))
            .unwrap()
            .contains("rebooting")
    );
    board.run_until(ms(1));
    assert_eq!(
        board.hardware().reboots,
        0,
        "two connections are still to be closed"
    );
    board.disconnect(ms(0), one);
    board.disconnect(ms(0), two);
    assert_eq!(board.next_deadline(), Some(T0), "at once");
    board.run_until(ms(2));
    assert_eq!(board.hardware().reboots, 1);
    board.run_until(ms(10_000));
    assert_eq!((board.hardware().reboots, board.next_deadline()), (1, None));
}

#[test]
fn a_reboot_waits_at_most_half_a_second_for_clients_that_do_not_read() {
    let mut board = board(everything());
    let (client, _) = subscriber(&mut board);
    board.receive(
        ms(1000),
        client,
        &request(method::DEVICE_REBOOT, &json!({})),
    );
    assert_eq!(board.next_deadline(), Some(ms(1500)));
    board.run_until(ms(1499));
    assert_eq!(board.hardware().reboots, 0);
    board.run_until(ms(1500));
    assert_eq!(board.hardware().reboots, 1);
}

#[test]
fn a_reboot_by_post_leaves_time_for_its_response() {
    let mut board = board(everything());
    assert!(
        board
            .call(T0, &request(method::DEVICE_REBOOT, &json!({})))
            .unwrap()
            .contains("\"seq\":0")
    );
    assert_eq!(board.next_deadline(), Some(ms(500)));
    board.run_until(ms(500));
    assert_eq!(board.hardware().reboots, 1);
}

#[test]
fn entry_points_ignore_a_client_that_has_disconnected() {
    let mut board = board(everything());
    let (client, _) = subscriber(&mut board);
    board.disconnect(ms(0), client);
    board.disconnect(ms(0), client);
    board.receive(
        T0,
        client,
        &request(method::SWITCH_TOGGLE, &json!({ "id": 0 })),
    );
    board.heard(T0, client);
    assert!(!board.has_outgoing(client) && !board.has_room(client));
    assert_eq!(board.next_outgoing(T0, client), None);
    assert_eq!(
        subscriber(&mut board).1.seq,
        0,
        "a client that has disconnected cannot send commands"
    );
}

//! Outbound connections: when they are made, their backoff, and that the
//! controller is a client like others.

use std::time::Duration;

use protocol::{
    Code, Level, method,
    outbound::{Outbound, OutboundState},
};
use serde_json::{Value, json};
use switchboard_board::{
    ClientId, OutboundAttempt, RetainedKey, SAVE_DELAY, SideChannelKind, Unsaved,
};

use crate::{
    fixtures::{EPOCH, Received, answer, ask, board, connected, everything, ms, request, take},
    test_board::TestBoard,
    test_hardware::TestHardware,
};

const T0: Duration = Duration::ZERO;
const HERE: &str = "ws://192.168.1.5:7433/";
const THERE: &str = "ws://bench/boards";

fn set(board: &mut TestBoard, client: ClientId, url: Value) -> Received {
    answer(
        board,
        T0,
        client,
        method::OUTBOUND_SET,
        json!({ "url": url }),
    )
}

/// A board with an address, and the client that set it.
fn configured() -> (TestBoard, ClientId) {
    let mut board = board(everything());
    let client = connected(&mut board);
    set(&mut board, client, json!(HERE)).result();
    (board, client)
}

fn outbound(board: &TestBoard, now: Duration) -> Outbound {
    board.outbound(now)
}

fn begin(board: &mut TestBoard, now: Duration) -> OutboundAttempt {
    board.run_until(now);
    board.begin_outbound(now).unwrap()
}

/// Begins an attempt, which succeeds. Returns it and the controller.
fn connect(board: &mut TestBoard, now: Duration) -> (OutboundAttempt, ClientId) {
    let attempt = begin(board, now);
    let client = board.connect(now).unwrap();
    board.outbound_connected(now, attempt.number, client);
    (attempt, client)
}

#[test]
fn there_is_no_outbound_connection_by_default() {
    let mut board = board(everything());
    assert_eq!(
        (outbound(&board, T0).state, outbound(&board, T0).url),
        (OutboundState::Off, None)
    );
    assert!(!board.is_outbound_due() && board.begin_outbound(T0).is_none());
}

#[test]
fn a_configured_board_connects_at_once_and_reports_its_state() {
    let (mut board, client) = configured();
    let attempt = begin(&mut board, T0);
    assert_eq!(attempt.url.to_string(), HERE);
    assert_eq!(outbound(&board, T0).state, OutboundState::Connecting);
    let controller = board.connect(ms(20)).unwrap();
    board.outbound_connected(ms(20), attempt.number, controller);
    let said = answer(&mut board, ms(50), client, method::OUTBOUND_GET, json!({})).result();
    assert_eq!(
        said,
        json!({
            "url": HERE,
            "state": "connected",
            "since_ms": 20,
            "uptime_ms": 50,
            "client": controller.0,
            "attempts": 1,
        })
    );
    // It is a client like others: it sends commands and is sent pushes.
    let done = answer(
        &mut board,
        ms(60),
        controller,
        method::SWITCH_SET,
        json!({ "id": 0, "on": true }),
    )
    .result();
    assert_eq!(done["was_on"], json!(false));
}

#[test]
fn a_bad_url_is_refused_with_the_accepted_ones() {
    let mut board = board(everything());
    let client = connected(&mut board);
    for (url, reason) in [
        (json!("wss://bench"), "bad_url"),
        (json!("http://bench"), "bad_url"),
        (json!("ws://bench:99999"), "bad_url"),
        (json!(7), "wrong_type"),
    ] {
        let error = set(&mut board, client, url.clone()).error();
        assert_eq!(
            (error.code, error.data.reason.as_str()),
            (Code::InvalidParams, reason),
            "{url}"
        );
    }
    let tls = set(&mut board, client, json!("wss://bench"))
        .error()
        .message;
    assert!(tls.contains("TLS") && tls.contains("ws://"), "{tls}");
    let missing = answer(&mut board, T0, client, method::OUTBOUND_SET, json!({})).error();
    assert_eq!(missing.data.reason, "missing");
    assert_eq!(outbound(&board, T0).state, OutboundState::Off);
}

#[test]
fn hardware_without_outbound_connections_refuses_an_address() {
    let hardware = TestHardware {
        lacks_outbound: true,
        ..TestHardware::default()
    };
    let mut board = TestBoard::new(everything(), &[], EPOCH, hardware).unwrap();
    let client = connected(&mut board);
    assert_eq!(
        set(&mut board, client, json!(HERE)).error().data.reason,
        "not_supported"
    );
    let info = answer(&mut board, T0, client, method::DEVICE_GET_INFO, json!({})).result();
    assert!(
        !info["features"]
            .as_array()
            .unwrap()
            .contains(&json!("outbound"))
    );
}

#[test]
fn a_failed_attempt_is_repeated_after_delays_that_grow_to_a_minute() {
    let (mut board, _) = configured();
    let mut now = T0;
    let mut limit = 1.0_f64;
    for number in 1..=12 {
        let attempt = begin(&mut board, now);
        now += ms(100);
        board.outbound_ended(now, attempt.number, "the host refuses");
        let seen = outbound(&board, now);
        assert_eq!(
            (seen.state, seen.attempts),
            (OutboundState::Waiting, number)
        );
        assert_eq!(seen.last_failure.unwrap().message, "the host refuses");
        let retry = Duration::from_millis(seen.retry_ms.unwrap());
        assert!(
            retry <= now + Duration::from_secs_f64(limit),
            "attempt {number}: {:?}",
            retry - now
        );
        board.run_until(retry.saturating_sub(ms(1)));
        assert!(!board.is_outbound_due() || retry <= now, "attempt {number}");
        now = board.next_deadline().unwrap().max(now).max(retry + ms(1));
        limit = (limit * 1.8).min(60.0);
    }
    let reader = board
        .open_side_channel(now, SideChannelKind::Log(Level::Warn))
        .unwrap();
    let lines = board.read_log(reader, 100).lines;
    assert_eq!(
        lines
            .iter()
            .filter(|line| line.message.contains("the host refuses"))
            .count(),
        1
    );
    board.close_side_channel(reader);
}

#[test]
fn a_stable_connection_resets_the_backoff_and_a_short_one_does_not() {
    let (mut board, _) = configured();
    for minute in 0..10 {
        let attempt = begin(&mut board, ms(minute * 60_000));
        board.outbound_ended(ms(minute * 60_000), attempt.number, "no answer");
    }
    let wait = |board: &TestBoard, now| {
        Duration::from_millis(outbound(board, now).retry_ms.unwrap()) - now
    };
    let (attempt, client) = connect(&mut board, ms(700_000));
    board.disconnect(ms(701_000), client);
    board.outbound_ended(ms(701_000), attempt.number, "it ended");
    let after_short = wait(&board, ms(701_000));
    // A controller that has subscribed counts, however soon it disconnects.
    let (attempt, client) = connect(&mut board, ms(790_000));
    answer(
        &mut board,
        ms(790_000),
        client,
        method::DEVICE_SUBSCRIBE,
        json!({}),
    )
    .result();
    board.disconnect(ms(790_100), client);
    board.outbound_ended(ms(790_100), attempt.number, "it ended");
    assert!(wait(&board, ms(790_100)) <= Duration::from_secs(1));
    let (attempt, client) = connect(&mut board, ms(860_000));
    board.disconnect(ms(890_000), client);
    board.outbound_ended(ms(890_000), attempt.number, "it ended");
    assert!(wait(&board, ms(890_000)) <= Duration::from_secs(1));
    assert!(after_short <= Duration::from_secs(60));
}

#[test]
fn another_address_replaces_the_connection_after_the_response() {
    let (mut board, _) = configured();
    let (old, controller) = connect(&mut board, T0);
    let got = ask(
        &mut board,
        ms(10),
        controller,
        method::OUTBOUND_SET,
        json!({ "url": THERE }),
    );
    assert!(
        matches!(
            got.as_slice(),
            [Received::Response(_), Received::Close(1001)]
        ),
        "{got:?}"
    );
    assert!(!board.is_outbound_wanted(old.number));
    board.disconnect(ms(20), controller);
    board.outbound_ended(ms(20), old.number, "it ended");
    assert_eq!(begin(&mut board, ms(20)).url.to_string(), THERE);
}

#[test]
fn an_attempt_is_abandoned_when_the_address_is_removed() {
    let (mut board, client) = configured();
    let attempt = begin(&mut board, T0);
    set(&mut board, client, Value::Null).result();
    assert!(!board.is_outbound_wanted(attempt.number) && board.take_effects().outbound);
    // It succeeded all the same, at that moment.
    let late = board.connect(ms(5)).unwrap();
    board.outbound_connected(ms(5), attempt.number, late);
    assert_eq!(take(&mut board, ms(5), late), [Received::Close(1001)]);
    assert_eq!(outbound(&board, ms(5)).state, OutboundState::Off);
    board.outbound_ended(ms(6), attempt.number, "it ended");
    assert_eq!(outbound(&board, ms(6)).state, OutboundState::Off);
}

#[test]
fn setting_the_same_address_again_connects_at_once() {
    let (mut board, client) = configured();
    let attempt = begin(&mut board, T0);
    board.outbound_ended(T0, attempt.number, "no answer");
    set(&mut board, client, json!(HERE)).result();
    assert!(board.is_outbound_due());
}

#[test]
fn no_attempt_is_made_while_all_slots_are_taken() {
    let (mut board, _) = configured();
    let others: Vec<_> = std::iter::from_fn(|| board.connect(T0).ok()).collect();
    assert!(board.begin_outbound(T0).is_none());
    let seen = outbound(&board, T0);
    assert_eq!(seen.state, OutboundState::Waiting);
    assert!(
        seen.last_failure
            .unwrap()
            .message
            .contains("4 of 4 clients")
    );
    board.disconnect(T0, others[0]);
    begin(&mut board, ms(seen.retry_ms.unwrap()));
}

#[test]
fn the_address_is_retained_until_the_board_is_erased() {
    let (mut board, client) = configured();
    board.run_until(SAVE_DELAY);
    let Some(Unsaved::Write(kept)) = board.take_unsaved(SAVE_DELAY) else {
        panic!("it is kept")
    };
    assert_eq!(
        kept.iter().map(|kept| kept.key.clone()).collect::<Vec<_>>(),
        [RetainedKey::Outbound]
    );
    board.saved();
    let mut again = TestBoard::new(everything(), &kept, EPOCH, TestHardware::default()).unwrap();
    assert_eq!(begin(&mut again, T0).url.to_string(), HERE);
    set(&mut board, client, Value::Null).result();
    board.run_until(SAVE_DELAY * 3);
    let Some(Unsaved::Write(kept)) = board.take_unsaved(SAVE_DELAY * 3) else {
        panic!("it is kept")
    };
    let again = TestBoard::new(everything(), &kept, EPOCH, TestHardware::default()).unwrap();
    assert_eq!(outbound(&again, T0).state, OutboundState::Off);
    assert_eq!("outbound".parse(), Ok(RetainedKey::Outbound));
}

#[test]
fn a_malformed_retained_address_is_ignored() {
    for bytes in [&b"http://bench"[..], b"\xff\xfe", b""] {
        let kept = [switchboard_board::Retained {
            key: RetainedKey::Outbound,
            value: bytes.into(),
        }];
        let board = TestBoard::new(everything(), &kept, EPOCH, TestHardware::default()).unwrap();
        assert_eq!(outbound(&board, T0).state, OutboundState::Off);
    }
}

#[test]
fn a_view_key_may_read_the_address_but_not_change_it() {
    let mut board = board(everything());
    let key = board.add_key(T0, "visitor", noise::Role::View).unwrap();
    let client = board.connect_with_key(T0, key.kid).unwrap();
    assert_eq!(
        set(&mut board, client, json!(HERE)).error().data.reason,
        "view_only"
    );
    answer(&mut board, T0, client, method::OUTBOUND_GET, json!({})).result();
}

#[test]
fn a_restarting_board_makes_no_attempt() {
    let (mut board, client) = configured();
    board.receive(T0, client, &request(method::DEVICE_REBOOT, &json!({})));
    assert!(!board.is_outbound_due() && board.begin_outbound(T0).is_none());
}

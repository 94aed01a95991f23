//! A board that calls: whom, when, how long it waits, and that whoever is
//! called is a controller like others.

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
    desk::{Bench, EPOCH, Got, answer, ask, board, connected, everything, ms, request, take},
    test_board::TestBoard,
};

const T0: Duration = Duration::ZERO;
const HERE: &str = "ws://192.168.1.5:7433/";
const THERE: &str = "ws://bench/boards";

fn set(board: &mut TestBoard, client: ClientId, url: Value) -> Got {
    answer(
        board,
        T0,
        client,
        method::OUTBOUND_SET,
        json!({ "url": url }),
    )
}

/// A board that was told to call, and who told it.
fn told() -> (TestBoard, ClientId) {
    let mut board = board(everything());
    let client = connected(&mut board);
    set(&mut board, client, json!(HERE)).result();
    (board, client)
}

fn how(board: &TestBoard, now: Duration) -> Outbound {
    board.outbound(now)
}

fn begin(board: &mut TestBoard, now: Duration) -> OutboundAttempt {
    board.run_until(now);
    board.begin_outbound(now).unwrap()
}

/// Its call is answered: the controller that it calls.
fn answered(board: &mut TestBoard, now: Duration) -> (OutboundAttempt, ClientId) {
    let call = begin(board, now);
    let client = board.connect(now).unwrap();
    board.outbound_connected(now, call.number, client);
    (call, client)
}

#[test]
fn nobody_is_called_until_somebody_wants_it() {
    let mut board = board(everything());
    assert_eq!(
        (how(&board, T0).state, how(&board, T0).url),
        (OutboundState::Off, None)
    );
    assert!(!board.is_outbound_due() && board.begin_outbound(T0).is_none());
}

#[test]
fn a_board_that_is_told_to_calls_at_once_and_says_how_it_goes() {
    let (mut board, client) = told();
    let call = begin(&mut board, T0);
    assert_eq!(call.url.to_string(), HERE);
    assert_eq!(how(&board, T0).state, OutboundState::Connecting);
    let called = board.connect(ms(20)).unwrap();
    board.outbound_connected(ms(20), call.number, called);
    let said = answer(&mut board, ms(50), client, method::OUTBOUND_GET, json!({})).result();
    assert_eq!(
        said,
        json!({ "url": HERE, "state": "connected", "since_ms": 20, "uptime_ms": 50, "client": called.0, "attempts": 1 })
    );
    // It is a controller: it commands, and is pushed what others do.
    let done = answer(
        &mut board,
        ms(60),
        called,
        method::SWITCH_SET,
        json!({ "id": 0, "on": true }),
    )
    .result();
    assert_eq!(done["was_on"], json!(false));
}

#[test]
fn what_is_nothing_to_call_is_refused_with_what_would_be_accepted() {
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
    assert_eq!(how(&board, T0).state, OutboundState::Off);
}

#[test]
fn hardware_that_cannot_call_is_not_told_to() {
    let hardware = Bench {
        cannot_call: true,
        ..Bench::default()
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
fn a_call_that_fails_is_made_again_after_waits_that_grow_to_a_minute() {
    let (mut board, _) = told();
    let mut now = T0;
    let mut limit = 1.0_f64;
    for attempt in 1..=12 {
        let call = begin(&mut board, now);
        now += ms(100);
        board.outbound_ended(now, call.number, "the host refuses");
        let seen = how(&board, now);
        assert_eq!(
            (seen.state, seen.attempts),
            (OutboundState::Waiting, attempt)
        );
        assert_eq!(seen.last_failure.unwrap().message, "the host refuses");
        let retry = Duration::from_millis(seen.retry_ms.unwrap());
        assert!(
            retry <= now + Duration::from_secs_f64(limit),
            "attempt {attempt}: {:?}",
            retry - now
        );
        board.run_until(retry.saturating_sub(ms(1)));
        assert!(
            !board.is_outbound_due() || retry <= now,
            "attempt {attempt}"
        );
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
fn a_call_that_was_good_is_made_again_soon_and_one_that_was_short_is_not() {
    let (mut board, _) = told();
    for minute in 0..10 {
        let call = begin(&mut board, ms(minute * 60_000));
        board.outbound_ended(ms(minute * 60_000), call.number, "no answer");
    }
    let wait =
        |board: &TestBoard, now| Duration::from_millis(how(board, now).retry_ms.unwrap()) - now;
    let (call, client) = answered(&mut board, ms(700_000));
    board.disconnect(ms(701_000), client);
    board.outbound_ended(ms(701_000), call.number, "it ended");
    let after_short = wait(&board, ms(701_000));
    // Who subscribes is a controller, were it one that goes at once.
    let (call, client) = answered(&mut board, ms(790_000));
    answer(
        &mut board,
        ms(790_000),
        client,
        method::DEVICE_SUBSCRIBE,
        json!({}),
    )
    .result();
    board.disconnect(ms(790_100), client);
    board.outbound_ended(ms(790_100), call.number, "it ended");
    assert!(wait(&board, ms(790_100)) <= Duration::from_secs(1));
    let (call, client) = answered(&mut board, ms(860_000));
    board.disconnect(ms(890_000), client);
    board.outbound_ended(ms(890_000), call.number, "it ended");
    assert!(wait(&board, ms(890_000)) <= Duration::from_secs(1));
    assert!(after_short <= Duration::from_secs(60));
}

#[test]
fn another_address_ends_the_old_call_after_the_answer_and_makes_a_new_one() {
    let (mut board, _) = told();
    let (old, called) = answered(&mut board, T0);
    let got = ask(
        &mut board,
        ms(10),
        called,
        method::OUTBOUND_SET,
        json!({ "url": THERE }),
    );
    assert!(
        matches!(got.as_slice(), [Got::Answer(_), Got::Close(1001)]),
        "{got:?}"
    );
    assert!(!board.is_outbound_wanted(old.number));
    board.disconnect(ms(20), called);
    board.outbound_ended(ms(20), old.number, "it ended");
    assert_eq!(begin(&mut board, ms(20)).url.to_string(), THERE);
}

#[test]
fn a_call_on_its_way_is_not_wanted_any_more_once_nobody_is_to_be_called() {
    let (mut board, client) = told();
    let call = begin(&mut board, T0);
    set(&mut board, client, Value::Null).result();
    assert!(!board.is_outbound_wanted(call.number) && board.take_effects().outbound);
    // It was answered all the same, at that moment.
    let late = board.connect(ms(5)).unwrap();
    board.outbound_connected(ms(5), call.number, late);
    assert_eq!(take(&mut board, ms(5), late), [Got::Close(1001)]);
    assert_eq!(how(&board, ms(5)).state, OutboundState::Off);
    board.outbound_ended(ms(6), call.number, "it ended");
    assert_eq!(how(&board, ms(6)).state, OutboundState::Off);
}

#[test]
fn the_same_address_again_is_called_at_once() {
    let (mut board, client) = told();
    let call = begin(&mut board, T0);
    board.outbound_ended(T0, call.number, "no answer");
    set(&mut board, client, json!(HERE)).result();
    assert!(board.is_outbound_due());
}

#[test]
fn nobody_is_called_while_every_place_is_taken() {
    let (mut board, _) = told();
    let others: Vec<_> = std::iter::from_fn(|| board.connect(T0).ok()).collect();
    assert!(board.begin_outbound(T0).is_none());
    let seen = how(&board, T0);
    assert_eq!(seen.state, OutboundState::Waiting);
    assert!(seen.last_failure.unwrap().message.contains("all 4 places"));
    board.disconnect(T0, others[0]);
    begin(&mut board, ms(seen.retry_ms.unwrap()));
}

#[test]
fn where_it_calls_is_kept_without_power_and_forgotten_when_it_is_erased() {
    let (mut board, client) = told();
    board.run_until(SAVE_DELAY);
    let Some(Unsaved::Write(kept)) = board.take_unsaved(SAVE_DELAY) else {
        panic!("it is kept")
    };
    assert_eq!(
        kept.iter().map(|kept| kept.key.clone()).collect::<Vec<_>>(),
        [RetainedKey::Outbound]
    );
    board.saved();
    let mut again = TestBoard::new(everything(), &kept, EPOCH, Bench::default()).unwrap();
    assert_eq!(begin(&mut again, T0).url.to_string(), HERE);
    set(&mut board, client, Value::Null).result();
    board.run_until(SAVE_DELAY * 3);
    let Some(Unsaved::Write(kept)) = board.take_unsaved(SAVE_DELAY * 3) else {
        panic!("it is kept")
    };
    let again = TestBoard::new(everything(), &kept, EPOCH, Bench::default()).unwrap();
    assert_eq!(how(&again, T0).state, OutboundState::Off);
    assert_eq!("outbound".parse(), Ok(RetainedKey::Outbound));
}

#[test]
fn flash_that_holds_no_address_calls_nobody() {
    for bytes in [&b"http://bench"[..], b"\xff\xfe", b""] {
        let kept = [switchboard_board::Retained {
            key: RetainedKey::Outbound,
            value: bytes.into(),
        }];
        let board = TestBoard::new(everything(), &kept, EPOCH, Bench::default()).unwrap();
        assert_eq!(how(&board, T0).state, OutboundState::Off);
    }
}

#[test]
fn who_may_only_view_sees_where_it_calls_and_does_not_change_it() {
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
fn a_board_that_restarts_makes_no_call() {
    let (mut board, client) = told();
    board.receive(T0, client, &request(method::DEVICE_REBOOT, &json!({})));
    assert!(!board.is_outbound_due() && board.begin_outbound(T0).is_none());
}

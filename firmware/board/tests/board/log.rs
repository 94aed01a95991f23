//! The log: which lines are kept and sent, and what a slow reader loses.

use protocol::{Level, LogLine, NotifyLog, ResetReason, limits, method};
use serde_json::{Value, json};
use switchboard_board::{ClientId, SideChannelKind};

use crate::{
    fixtures::{
        EPOCH, Received, answer, ask, board, connected, everything, ms, read, request, take,
    },
    test_board::TestBoard,
    test_hardware::TestHardware,
};

/// The next message, which has log lines.
fn next(board: &mut TestBoard, client: ClientId) -> Option<NotifyLog> {
    match read(board.next_outgoing(ms(0), client)?) {
        Received::Log(log) => Some(log),
        other => panic!("{other:?} instead of the log"),
    }
}

fn messages(lines: &[LogLine]) -> Vec<&str> {
    lines.iter().map(|line| line.message.as_str()).collect()
}

/// A client that has read all lines of the log.
fn reader(board: &mut TestBoard, level: &str) -> ClientId {
    let client = connected(board);
    ask(
        board,
        ms(0),
        client,
        method::LOG_SUBSCRIBE,
        json!({ "level": level }),
    );
    client
}

fn posted(board: &mut TestBoard, method: &str, params: Value) -> String {
    board.call(ms(0), &request(method, &params)).unwrap()
}

#[test]
fn the_log_begins_with_the_reset_reason_and_the_last_panic() {
    let last_panic = Some("index out of bounds\nat main.rs:7".into());
    let bench = TestHardware {
        reset_reason: Some(ResetReason::Panic),
        last_panic,
        ..TestHardware::default()
    };
    let mut board = TestBoard::new(everything(), &[], EPOCH, bench).unwrap();
    let reader = board
        .open_side_channel(ms(0), SideChannelKind::Log(Level::Info))
        .unwrap();
    let read = board.read_log(reader, 10);
    let panicked = "the previous run panicked: index out of bounds at main.rs:7";
    let started = "Switchboard 0.1.0 on virtual (bench); reset reason: panic";
    assert_eq!(messages(&read.lines), [panicked, started]);
    assert_eq!(read.lines[0].level, Level::Error);
    let client = connected(&mut board);
    let info = answer(
        &mut board,
        ms(0),
        client,
        method::DEVICE_GET_INFO,
        json!({}),
    )
    .result();
    assert_eq!(info["reset_reason"], "panic");
}

#[test]
fn a_controller_is_sent_the_kept_lines_and_then_new_ones() {
    let mut board = board(everything());
    let client = connected(&mut board);
    let got = ask(&mut board, ms(0), client, method::LOG_SUBSCRIBE, json!({}));
    let [answered, Received::Log(kept)] = got.as_slice() else {
        panic!("{got:?}")
    };
    assert_eq!(answered.clone().result(), json!({ "level": "info" }));
    assert_eq!(kept.epoch, EPOCH);
    assert_eq!(
        messages(&kept.lines).last(),
        Some(&"controller 1 connected")
    );

    board.log(
        ms(1_500),
        Level::Warn,
        format_args!("no address for {} s", 60),
    );
    assert!(board.has_outgoing(client));
    let new = next(&mut board, client).unwrap();
    assert_eq!(
        new.lines,
        [LogLine {
            uptime_ms: 1_500,
            level: Level::Warn,
            message: "no address for 60 s".into()
        }]
    );
    assert_eq!(new.lost, 0);
    assert!(!board.has_outgoing(client));
}

#[test]
fn a_controller_is_sent_only_lines_of_its_level_and_none_after_off() {
    let mut board = board(everything());
    let client = reader(&mut board, "error");
    board.log(ms(1), Level::Info, format_args!("calm"));
    assert_eq!(next(&mut board, client), None);
    board.log(ms(2), Level::Error, format_args!("storm"));
    assert_eq!(
        messages(&next(&mut board, client).unwrap().lines),
        ["storm"]
    );
    ask(
        &mut board,
        ms(2),
        client,
        method::LOG_SUBSCRIBE,
        json!({ "level": "off" }),
    );
    board.log(ms(3), Level::Error, format_args!("storm"));
    assert_eq!(next(&mut board, client), None);
}

#[test]
fn commands_are_logged_only_at_level_debug_and_pings_never() {
    let mut board = board(everything());
    let client = connected(&mut board);
    let before = board.logged();
    answer(
        &mut board,
        ms(0),
        client,
        method::SWITCH_SET,
        json!({ "id": 0, "on": true }),
    );
    assert_eq!(board.logged(), before);

    let debug = board
        .open_side_channel(ms(0), SideChannelKind::Log(Level::Debug))
        .unwrap();
    board.read_log(debug, 100);
    answer(
        &mut board,
        ms(0),
        client,
        method::SWITCH_SET,
        json!({ "id": 0, "on": false }),
    );
    answer(&mut board, ms(0), client, method::SYS_PING, json!({}));
    assert_eq!(
        messages(&board.read_log(debug, 100).lines),
        [r#"client:1 Switch.Set {"id":0,"on":false}"#]
    );

    board.close_side_channel(debug);
    let before = board.logged();
    answer(
        &mut board,
        ms(0),
        client,
        method::SWITCH_SET,
        json!({ "id": 0, "on": true }),
    );
    assert_eq!(board.logged(), before);
}

#[test]
fn debug_lines_stop_when_their_last_reader_disconnects() {
    let mut board = board(everything());
    let client = reader(&mut board, "debug");
    board.disconnect(ms(0), client);
    let before = board.logged();
    posted(
        &mut board,
        method::SWITCH_SET,
        json!({ "id": 0, "on": true }),
    );
    assert_eq!(board.logged(), before);
}

#[test]
fn a_failed_request_is_logged_with_its_reason() {
    let mut board = board(everything());
    posted(
        &mut board,
        method::SWITCH_SET,
        json!({ "id": 9, "on": true }),
    );
    let reader = board
        .open_side_channel(ms(0), SideChannelKind::Log(Level::Info))
        .unwrap();
    let read = board.read_log(reader, 10);
    let refused = "client:0 Switch.Set refused: no switch:9; this board has switch:0, switch:1";
    assert_eq!(messages(&read.lines).last(), Some(&refused));
}

#[test]
fn the_log_is_bounded_and_a_slow_reader_learns_what_it_lost() {
    let mut board = board(everything());
    let client = reader(&mut board, "warn");
    for number in 0..1_000 {
        board.log(
            ms(number),
            Level::Warn,
            format_args!("{number} {}", "x".repeat(60)),
        );
        board.log(ms(number), Level::Info, format_args!("for others"));
    }
    let (mut seen, mut lost) = (Vec::new(), 0);
    while let Some(log) = next(&mut board, client) {
        lost += log.lost;
        seen.extend(log.lines);
    }
    // Lines of other levels do not count as lost.
    assert_eq!(lost + seen.len() as u64, 1_000);
    assert!((10..80).contains(&seen.len()), "{}", seen.len());
    assert!(seen.last().unwrap().message.starts_with("999 "));
}

#[test]
fn lines_that_do_not_fit_into_one_message_are_split() {
    let mut board = board(everything());
    let client = reader(&mut board, "warn");
    // A quotation mark takes two bytes in JSON, so the kept lines do not fit
    // into one message.
    for _ in 0..14 {
        board.log(
            ms(1),
            Level::Warn,
            format_args!("{}", "\"".repeat(limits::LOG_LINE)),
        );
    }
    let counts: Vec<usize> = std::iter::from_fn(|| next(&mut board, client))
        .map(|log| log.lines.len())
        .collect();
    assert!(counts.len() > 1, "{counts:?}");
    assert_eq!(counts.iter().sum::<usize>(), 14);
}

#[test]
fn log_lines_take_no_room_in_the_queue_and_come_last() {
    let mut board = board(everything());
    let client = reader(&mut board, "warn");
    for number in 0..20 {
        board.log(ms(number), Level::Warn, format_args!("line {number}"));
    }
    assert!(board.has_room(client));
    board.receive(ms(0), client, &request(method::SYS_PING, &json!({})));
    let got = take(&mut board, ms(0), client);
    let [Received::Response(_), Received::Log(log)] = got.as_slice() else {
        panic!("{got:?}")
    };
    assert_eq!(log.lines.len(), 20);
}

#[test]
fn an_unknown_level_is_refused_with_the_known_ones() {
    let mut board = board(everything());
    let client = connected(&mut board);
    let error = answer(
        &mut board,
        ms(0),
        client,
        method::LOG_SUBSCRIBE,
        json!({ "level": "verbose" }),
    )
    .error();
    assert_eq!(
        error.message,
        "level is error, warn, info, debug or off, not verbose"
    );
    assert_eq!(error.data.reason, "not_an_option");
    assert!(posted(&mut board, method::LOG_SUBSCRIBE, json!({})).contains("needs_a_websocket"));
}

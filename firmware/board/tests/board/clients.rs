//! `Clients.List` and `Clients.Close`.

use protocol::{
    Code, Level,
    clients::{ClientKind, ClientList},
    limits, method,
};
use serde_json::{Value, json};
use switchboard_board::{CLOSED_BY_CLIENT, ClientId, Origin, Outgoing, Plan, SideChannelKind};

use crate::{
    fixtures::{
        Received, answer, ask, at_the_board, board, connected, everything, ms, request, subscriber,
        take,
    },
    test_board::TestBoard,
};

fn list(board: &mut TestBoard, now: u64, asker: ClientId) -> ClientList {
    serde_json::from_value(answer(board, ms(now), asker, method::CLIENTS_LIST, json!({})).result())
        .unwrap()
}

#[test]
fn the_list_has_the_address_age_and_memory_of_each_connection() {
    let mut board = board(everything());
    board.set_connections(5);
    let one = connected(&mut board);
    board.set_origin(
        one,
        Origin {
            from: Some("192.168.1.5:53211".parse().unwrap()),
            held: Some(5_000),
        },
    );
    let log = board
        .open_side_channel(ms(10), SideChannelKind::Log(Level::Info))
        .unwrap();
    let echo = board
        .open_side_channel(ms(20), SideChannelKind::Echo)
        .unwrap();
    board.heard(ms(30), echo);
    board.pong_received(ms(40), log);
    let two = board.connect(ms(50)).unwrap();
    let list = list(&mut board, 60, two);
    assert_eq!(
        (list.offset, list.total, list.others, list.uptime_ms),
        (0, 4, 1, 60)
    );
    let [first, second, third, fourth] = list.clients.try_into().unwrap();
    assert_eq!(
        (first.id, first.kind, first.since_ms, first.you),
        (1, ClientKind::Rpc, 0, false)
    );
    assert_eq!(first.from.as_deref(), Some("192.168.1.5:53211"));
    assert!(first.memory.unwrap() > 5_000, "{:?}", first.memory);
    assert_eq!(
        (second.id, second.kind, second.since_ms),
        (log.0, ClientKind::Log, 10)
    );
    assert_eq!((second.heard_ms, second.pong_ms), (40, Some(40)));
    // It has not read the first lines of the log.
    assert!(second.queued >= 2 && second.queued_bytes > 40);
    assert_eq!(
        (third.id, third.kind, third.heard_ms, third.pong_ms),
        (echo.0, ClientKind::Echo, 30, None)
    );
    assert_eq!(
        (fourth.id, fourth.you, fourth.from, fourth.memory),
        (two.0, true, None, None)
    );
    assert_eq!((fourth.kid, fourth.role), (None, None));
}

#[test]
fn the_list_counts_the_queued_messages_of_a_slow_controller() {
    let mut board = board(everything());
    let (slow, _) = subscriber(&mut board);
    let (asker, _) = subscriber(&mut board);
    let quiet = list(&mut board, 0, asker).clients[0].clone();
    assert_eq!((quiet.id, quiet.queued, quiet.queued_bytes), (slow.0, 0, 0));
    for number in 0..3 {
        at_the_board(
            &mut board,
            ms(number * 200),
            "switch:0",
            json!({ "on": number % 2 == 0 }),
        );
        board.run_until(ms(number * 200 + 150));
    }
    take(&mut board, ms(600), asker);
    let waiting = list(&mut board, 600, asker).clients[0].clone();
    assert_eq!(waiting.queued, 3);
    assert!(
        (300..900).contains(&waiting.queued_bytes),
        "{}",
        waiting.queued_bytes
    );
}

#[test]
fn a_closed_controller_is_sent_the_reason_and_its_slot_is_free() {
    let mut board = board(everything());
    let (one, other) = (connected(&mut board), connected(&mut board));
    let answered = ask(
        &mut board,
        ms(0),
        other,
        method::CLIENTS_CLOSE,
        json!({ "id": one.0 }),
    );
    assert_eq!(answered.last().unwrap().clone().result(), json!({}));
    assert!(board.is_ending(one) && board.take_effects().closed);
    let close = Outgoing::Close {
        code: 1000,
        reason: CLOSED_BY_CLIENT,
    };
    assert_eq!(board.next_outgoing(ms(0), one), Some(close));
    board.disconnect(ms(0), one);
    assert_eq!(list(&mut board, 0, other).total, 1);
}

#[test]
fn side_channels_can_be_closed_also_over_post() {
    let mut board = board(everything());
    let log = board
        .open_side_channel(ms(0), SideChannelKind::Log(Level::Info))
        .unwrap();
    let posted = board
        .call(
            ms(0),
            &request(method::CLIENTS_CLOSE, &json!({ "id": log.0 })),
        )
        .unwrap();
    assert!(posted.contains("\"result\":{}"), "{posted}");
    assert!(board.is_closed_remotely(log));
    board.close_side_channel(log);
    let posted = board
        .call(ms(0), &request(method::CLIENTS_LIST, &Value::Null))
        .unwrap_or_default();
    assert!(!posted.contains("\"log\""), "{posted}");
}

#[test]
fn a_client_cannot_close_itself_or_an_unknown_connection() {
    let mut board = board(everything());
    let one = connected(&mut board);
    let own = answer(
        &mut board,
        ms(0),
        one,
        method::CLIENTS_CLOSE,
        json!({ "id": one.0 }),
    )
    .error();
    assert_eq!(
        (own.data.reason.as_str(), own.code),
        ("your_own", Code::FailedPrecondition)
    );
    let unknown = answer(
        &mut board,
        ms(0),
        one,
        method::CLIENTS_CLOSE,
        json!({ "id": 9 }),
    )
    .error();
    assert_eq!(
        (unknown.data.reason.as_str(), unknown.code),
        ("not_found", Code::NotFound)
    );
    for wrong in [
        json!({}),
        json!({ "id": "one" }),
        json!({ "id": 0 }),
        json!({ "id": 1.5 }),
    ] {
        assert_eq!(
            answer(&mut board, ms(0), one, method::CLIENTS_CLOSE, wrong)
                .error()
                .code,
            Code::InvalidParams
        );
    }
    assert!(!board.is_ending(one));
}

#[test]
fn a_long_list_is_split_into_pages_that_fit() {
    let mut board = board(Plan {
        controllers: 60,
        ..everything()
    });
    let clients: Vec<ClientId> = (0..60).map(|_| connected(&mut board)).collect();
    for client in &clients {
        let from = Some(
            "[fd12:3456:789a:bcde:f012:3456:789a:bcde]:65535"
                .parse()
                .unwrap(),
        );
        board.set_origin(
            *client,
            Origin {
                from,
                held: Some(10_000),
            },
        );
    }
    let mut seen = Vec::new();
    while seen.len() < 60 {
        let got = answer(
            &mut board,
            ms(0),
            clients[0],
            method::CLIENTS_LIST,
            json!({ "offset": seen.len() }),
        );
        let page: ClientList = serde_json::from_value(got.result()).unwrap();
        assert_eq!((page.offset, page.total), (seen.len(), 60));
        assert!(!page.clients.is_empty());
        seen.extend(page.clients.into_iter().map(|entry| entry.id));
    }
    assert_eq!(seen, (1..=60).collect::<Vec<_>>());
    let two = answer(
        &mut board,
        ms(0),
        clients[0],
        method::CLIENTS_LIST,
        json!({ "offset": 3, "limit": 2 }),
    )
    .result();
    assert_eq!(two["clients"].as_array().unwrap().len(), 2);
    assert!(two.to_string().len() < limits::MESSAGE_OUT_OF_BOARD);
    assert!(matches!(
        take(&mut board, ms(0), clients[0]).as_slice(),
        [] | [Received::Ping]
    ));
}

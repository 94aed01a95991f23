//! Malformed requests, unknown methods, and connections that are refused.

use protocol::{Code, FromBoard, Id, Response, limits, method};
use serde_json::json;
use switchboard_board::Outgoing;

use super::{T0, assert_refused, refusal};
use crate::fixtures::{Received, answer, board, connected, everything, ms, subscriber, take};

#[test]
fn an_unknown_method_is_refused_with_those_of_its_namespace() {
    use Code::MethodNotFound;
    let message = "no method Switch.Flip; this board has Switch.Set, Switch.Toggle";
    assert_refused(
        "Switch.Flip",
        json!({}),
        MethodNotFound,
        "no_such_method",
        message,
    );
    let error = refusal("Disco.Start", json!({}));
    assert!(
        error
            .message
            .ends_with("Select.…, Text.…, Button.…, Ota.…, Log.…, Clients.…, Keys.…, Outbound.…"),
        "{}",
        error.message
    );
}

#[test]
fn a_malformed_message_gets_an_error_and_the_client_stays_connected() {
    let nested = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"Sys.Ping\",\"params\":{}{}}}",
        "[".repeat(40),
        "]".repeat(40)
    );
    let large = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"Sys.Ping\",\"params\":{{\"x\":\"{}\"}}}}",
        "y".repeat(3000)
    );
    let long_id = format!(
        "{{\"jsonrpc\":\"2.0\",\"id\":\"{}\",\"method\":\"Sys.Ping\"}}",
        "\\u0000".repeat(300)
    );
    let messages = [
        ("", -32700, "not_json"),
        ("{", -32700, "not_json"),
        ("\u{0}", -32700, "not_json"),
        (nested.as_str(), -32700, "nested_too_deeply"),
        ("[]", -32600, "batch"),
        (
            "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"Sys.Ping\"}]",
            -32600,
            "batch",
        ),
        ("null", -32600, "not_an_object"),
        ("{\"id\":1,\"method\":\"Sys.Ping\"}", -32600, "not_json_rpc"),
        ("{\"jsonrpc\":\"2.0\",\"id\":1}", -32600, "no_method"),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"Sys.Ping\"}",
            -32600,
            "bad_id",
        ),
        (long_id.as_str(), -32600, "bad_id"),
        (large.as_str(), -32600, "too_large"),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"Sys.Ping\",\"params\":[1]}",
            -32602,
            "params_not_by_name",
        ),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"sys.ping\"}",
            -32601,
            "no_such_method",
        ),
    ];
    let mut board = board(everything());
    let client = connected(&mut board);
    for (message, code, reason) in messages {
        board.receive(T0, client, message);
        let Some(Received::Response(Response {
            outcome: Err(error),
            ..
        })) = take(&mut board, T0, client).pop()
        else {
            panic!("no error for {message}")
        };
        assert_eq!(
            (i32::from(error.code), error.data.reason.as_str()),
            (code, reason),
            "{message}"
        );
        let by_post = board.call(T0, message).unwrap();
        assert!(by_post.len() <= limits::MESSAGE_OUT_OF_BOARD);
        assert!(by_post.contains(reason), "{by_post}");
    }
    assert!(matches!(
        answer(&mut board, T0, client, method::SYS_PING, json!({})),
        Received::Response(_)
    ));
}

#[test]
fn a_notification_is_carried_out_without_a_response() {
    let mut board = board(everything());
    let client = connected(&mut board);
    board.receive(
        T0,
        client,
        "{\"jsonrpc\":\"2.0\",\"method\":\"Switch.Set\",\"params\":{\"id\":0,\"on\":true}}",
    );
    board.receive(T0, client, "{\"jsonrpc\":\"2.0\",\"method\":\"No.Such\"}");
    board.receive(
        T0,
        client,
        "{\"jsonrpc\":\"2.0\",\"method\":\"Switch.Set\",\"params\":[0,true]}",
    );
    assert_eq!(take(&mut board, T0, client), []);
    assert_eq!(
        board.call(T0, "{\"jsonrpc\":\"2.0\",\"method\":\"Sys.Ping\"}"),
        None
    );
    let status = answer(&mut board, T0, client, method::DEVICE_GET_STATUS, json!({})).result();
    assert_eq!(status["switch:0"]["on"], json!(true));
}

#[test]
fn null_parameters_count_as_none() {
    let mut board = board(everything());
    let client = connected(&mut board);
    board.receive(
        ms(1234),
        client,
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"Sys.Ping\",\"params\":[]}",
    );
    assert_eq!(
        take(&mut board, ms(1234), client).pop().unwrap().result(),
        json!({ "uptime_ms": 1234 })
    );
}

#[test]
fn a_response_repeats_the_id_unchanged() {
    let mut board = board(everything());
    let client = connected(&mut board);
    for (id, expected) in [
        ("7", Id::Number(7)),
        ("-1", Id::Number(-1)),
        ("\"seven\"", Id::Text("seven".into())),
    ] {
        board.receive(
            T0,
            client,
            &format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"method\":\"Sys.Ping\"}}"),
        );
        let Some(Outgoing::Text(text)) = board.next_outgoing(T0, client) else {
            panic!("no answer")
        };
        let FromBoard::Response(response) = FromBoard::parse(&text).unwrap() else {
            panic!("no answer: {text}")
        };
        assert_eq!(response.id, Some(expected));
    }
}

#[test]
fn a_fifth_controller_is_refused_and_four_stay_connected() {
    let mut board = board(everything());
    let four: Vec<_> = (0..4).map(|_| subscriber(&mut board).0).collect();
    let error = board.connect(T0).unwrap_err();
    assert_eq!(
        (error.code, error.data.reason.as_str()),
        (Code::ResourceExhausted, "all_places_taken")
    );
    assert!(
        error
            .message
            .starts_with("the board is full: 4 of 4 clients"),
        "{}",
        error.message
    );
    answer(
        &mut board,
        T0,
        four[0],
        method::SWITCH_TOGGLE,
        json!({ "id": 0 }),
    );
    for client in &four[1..] {
        assert_eq!(take(&mut board, T0, *client).len(), 1);
    }
    board.disconnect(ms(0), four[2]);
    let fifth = board.connect(T0).unwrap();
    assert!(!four.contains(&fifth), "numbers are not used again");
}

#[test]
fn subscribing_over_post_is_refused_with_an_alternative() {
    let mut board = board(everything());
    let answer = board
        .call(
            T0,
            &crate::fixtures::request(method::DEVICE_SUBSCRIBE, &json!({})),
        )
        .unwrap();
    assert!(answer.contains("needs_a_websocket"), "{answer}");
}

#[test]
fn a_page_beyond_the_end_is_empty() {
    let mut board = board(everything());
    let client = connected(&mut board);
    for offset in [
        json!(1_000),
        json!(5_000_000_000_u64),
        json!(u64::MAX),
        json!(1e300),
    ] {
        for method in [method::DEVICE_GET_COMPONENTS, method::CLIENTS_LIST] {
            let page = answer(&mut board, T0, client, method, json!({ "offset": offset })).result();
            let list = page.get("components").or(page.get("clients"));
            assert_eq!(list, Some(&json!([])), "{method} {offset}");
        }
    }
}

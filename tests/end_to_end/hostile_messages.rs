//! How a board responds to invalid and hostile messages over real sockets: the
//! right error, and the connection or the board survives as docs/protocol.md
//! says.

use crate::desk::{
    address, boards,
    wire::{Heard, Wire, http, post},
};
use std::io::Write as _;

use serde_json::{Value, json};
use virtual_board::Profile;

#[test]
fn malformed_json_is_answered_and_the_connection_stays_open() {
    let boards = boards(Profile::Lamp, 1);
    let mut wire = Wire::open(&address(&boards));
    for (text, code, reason) in [
        ("{", -32700, "not_json"),
        ("", -32700, "not_json"),
        ("nul", -32700, "not_json"),
        ("[]", -32600, "batch"),
        (
            "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"Sys.Ping\"}]",
            -32600,
            "batch",
        ),
        ("7", -32600, "not_an_object"),
        ("{\"id\":1,\"method\":\"Sys.Ping\"}", -32600, "not_json_rpc"),
        ("{\"jsonrpc\":\"2.0\",\"id\":1}", -32600, "no_method"),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"Sys.Ping\"}",
            -32600,
            "bad_id",
        ),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"Sys.Pong\"}",
            -32601,
            "no_such_method",
        ),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"Light.Set\",\"params\":[0,true]}",
            -32602,
            "params_not_by_name",
        ),
    ] {
        wire.say(text);
        let answer = wire.json();
        assert_eq!(answer["error"]["code"], code, "{text}: {answer}");
        assert_eq!(
            answer["error"]["data"]["reason"], reason,
            "{text}: {answer}"
        );
    }
    assert!(wire.call("Sys.Ping", json!([]))["result"]["uptime_ms"].is_u64());
}

#[test]
fn wrong_types_and_values_out_of_range_are_refused_with_the_field_name() {
    let boards = boards(Profile::Lamp, 1);
    let mut wire = Wire::open(&address(&boards));
    for (params, word) in [
        (json!({ "id": 0, "on": "yes" }), "on"),
        (json!({ "id": 0, "brightness": 150 }), "brightness"),
        (json!({ "id": 0, "brightness": -1 }), "brightness"),
        (json!({ "id": 0, "rgb": [1, 2] }), "rgb"),
        (json!({ "id": 0, "ct_k": 100 }), "ct_k"),
        (
            json!({ "id": 0, "on": true, "transition_ms": 10_001 }),
            "transition_ms",
        ),
        (json!({ "on": true }), "id"),
    ] {
        let answer = wire.call("Light.Set", params.clone());
        assert_eq!(answer["error"]["code"], -32602, "{params}: {answer}");
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert!(message.contains(word), "{params}: {message}");
    }
    let answer = wire.call("Light.Set", json!({ "id": 9, "on": true }));
    assert_eq!(answer["error"]["code"], -32001);
    assert!(
        answer["error"]["message"]
            .as_str()
            .unwrap_or_default()
            .contains("light:0"),
        "{answer}"
    );
}

#[test]
fn deep_nesting_is_refused_and_the_connection_stays_open() {
    let boards = boards(Profile::Lamp, 1);
    let mut wire = Wire::open(&address(&boards));
    wire.say(&format!("{}{}", "[".repeat(900), "]".repeat(900)));
    assert_eq!(wire.json()["error"]["data"]["reason"], "nested_too_deeply");
    assert!(wire.call("Sys.Ping", json!({}))["result"].is_object());
}

#[test]
fn a_message_of_three_kilobytes_closes_its_connection_with_1009_and_no_other() {
    let boards = boards(Profile::Lamp, 1);
    let address = &address(&boards);
    let mut neighbor = Wire::open(address);
    let mut wire = Wire::open(address);
    wire.say(&"x".repeat(3_000));
    assert_eq!(wire.hear(), Heard::Closed(Some(1009)));
    assert!(neighbor.call("Sys.Ping", json!({}))["result"].is_object());
}

#[test]
fn a_message_of_exactly_the_limit_is_read() {
    let boards = boards(Profile::Lamp, 1);
    let mut wire = Wire::open(&address(&boards));
    let request = r#"{"jsonrpc":"2.0","id":1,"method":"Sys.Ping"}"#;
    wire.say(&format!(
        "{request}{}",
        " ".repeat(protocol::limits::MESSAGE_INTO_BOARD - request.len())
    ));
    assert!(wire.json()["result"].is_object());
}

#[test]
fn a_binary_message_on_the_control_channel_closes_it_with_1003() {
    let boards = boards(Profile::Lamp, 1);
    let mut wire = Wire::open(&address(&boards));
    wire.socket
        .send(tungstenite::Message::binary(vec![1, 2, 3]))
        .expect("sent");
    assert_eq!(wire.hear(), Heard::Closed(Some(1003)));
}

#[test]
fn only_version_1_of_the_subprotocol_is_accepted() {
    let boards = boards(Profile::Lamp, 1);
    let address = &address(&boards);
    assert!(Wire::request(address, "/rpc", &["switchboard.v1"]).is_ok());
    assert!(Wire::request(address, "/rpc", &["switchboard.v2", "switchboard.v1"]).is_ok());
    let Err((status, body)) = Wire::request(address, "/rpc", &["switchboard.v2"]) else {
        panic!("another major was accepted");
    };
    let error: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(
        (status, &error["error"]["code"]),
        (400, &json!(-32008)),
        "{body}"
    );
    assert!(body.contains("switchboard.v1"), "{body}");
}

#[test]
fn http_answers_each_error_with_its_status() {
    let boards = boards(Profile::Lamp, 1);
    let address = &address(&boards);
    let get = |path: &str| {
        http(
            address,
            &format!("GET {path} HTTP/1.1\r\nHost: board.local\r\nConnection: close\r\n\r\n"),
        )
    };
    let (status, page) = get("/");
    assert_eq!(status, 200);
    assert!(
        page.contains("websocat") && page.contains("Desk lamp"),
        "{page}"
    );
    assert_eq!(get("/nothing").0, 404);
    assert_eq!(get("/rpc").0, 426);
    assert_eq!(
        http(
            address,
            "DELETE /rpc HTTP/1.1\r\nHost: board.local\r\nConnection: close\r\n\r\n"
        )
        .0,
        405
    );
    assert_eq!(post(address, &"x".repeat(3_000)).0, 413);
    let (status, body) = post(
        address,
        r#"{"jsonrpc":"2.0","id":1,"method":"Sys.Ping","params":[]}"#,
    );
    assert_eq!(status, 200);
    assert!(body.contains("uptime_ms"), "{body}");
}

#[test]
fn invalid_utf8_closes_with_1007() {
    let boards = boards(Profile::Lamp, 1);
    let mut wire = Wire::open(&address(&boards));
    // A masked text frame (RFC 6455, section 5.2) with mask 0 and the byte FF,
    // which UTF-8 never has.
    wire.socket
        .get_mut()
        .write_all(&[0x81, 0x81, 0, 0, 0, 0, 0xff])
        .expect("sent");
    assert_eq!(wire.hear(), Heard::Closed(Some(1007)));
}

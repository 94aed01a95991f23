//! The control channel and the echo over real sockets.

use std::{io, net::Shutdown};

use crate::served::{
    BINARY, CLOSE, Client, FIN, Outcome, PATIENCE, PING, PONG, Served, TEXT, ping,
};

const SUBSCRIBE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"Device.Subscribe"}"#;

fn switch(on: bool) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":2,"method":"Switch.Set","params":{{"id":0,"on":{on}}}}}"#)
}

#[test]
fn without_a_subprotocol_the_client_gets_version_1_and_no_subprotocol_field() -> Outcome {
    let board = Served::start()?;
    let (response, mut client) = board.websocket("/rpc", "")?;
    assert_eq!(
        (response.status, response.field("Sec-WebSocket-Protocol")),
        (101, None)
    );
    // The example of RFC 6455, section 1.3.
    assert_eq!(
        response.field("Sec-WebSocket-Accept"),
        Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    );
    assert!(client.call(&ping(7))?.contains("\"id\":7"));
    Ok(())
}

#[test]
fn a_client_that_offers_version_1_among_others_gets_it() -> Outcome {
    let board = Served::start()?;
    let (response, _) = board.websocket("/rpc", "switchboard.v2, switchboard.v1")?;
    assert_eq!(
        (response.status, response.field("Sec-WebSocket-Protocol")),
        (101, Some("switchboard.v1"))
    );
    Ok(())
}

#[test]
fn a_client_that_offers_only_other_versions_is_told_what_is_accepted() -> Outcome {
    let board = Served::start()?;
    let (response, _) = board.websocket("/rpc", "switchboard.v2")?;
    assert_eq!(
        (response.status, response.field("Content-Type")),
        (400, Some("application/json"))
    );
    for part in ["-32008", "unsupported_version", "switchboard.v1"] {
        assert!(response.body.contains(part), "{}", response.body);
    }
    Ok(())
}

#[test]
fn a_fifth_controller_is_refused_and_four_are_unaffected() -> Outcome {
    let board = Served::start()?;
    let mut four = (0..4)
        .map(|_| board.controller())
        .collect::<io::Result<Vec<_>>>()?;
    let (refused, _) = board.websocket("/rpc", "switchboard.v1")?;
    assert_eq!(refused.status, 503);
    assert!(refused.body.contains("-32005"), "{}", refused.body);
    for client in &mut four {
        assert!(client.call(&ping(1))?.contains("result"));
    }
    // A slot is free again once a controller has disconnected, cleanly or not.
    let gone = four.swap_remove(1);
    drop(gone);
    let mut last = four.swap_remove(0);
    last.send(&Client::frame(FIN | CLOSE, &1000_u16.to_be_bytes()))?;
    assert_eq!(last.close_code(), Some(1000));
    assert!(last.has_ended());
    let deadline = std::time::Instant::now() + PATIENCE;
    let mut fifth = loop {
        match board.controller() {
            Ok(client) => break client,
            Err(error) if std::time::Instant::now() > deadline => return Err(error.into()),
            Err(_) => {}
        }
    };
    assert!(fifth.call(&ping(1))?.contains("result"));
    Ok(())
}

#[test]
fn a_change_by_one_controller_is_pushed_to_the_other() -> Outcome {
    let board = Served::start()?;
    let (mut one, mut other) = (board.controller()?, board.controller()?);
    other.call(SUBSCRIBE)?;
    one.call(&switch(true))?;
    let pushed = other.text()?;
    assert!(
        pushed.contains("NotifyStatus") && pushed.contains(r#""switch:0":{"on":true}"#),
        "{pushed}"
    );
    // A change by `POST` is pushed too.
    board.client()?.post(&switch(false))?;
    assert!(other.text()?.contains(r#""switch:0":{"on":false}"#));
    Ok(())
}

#[test]
fn malformed_json_is_answered_and_the_channel_stays_open() -> Outcome {
    let board = Served::start()?;
    let mut client = board.controller()?;
    assert!(client.call("{\"jsonrpc\":")?.contains("-32700"));
    assert!(client.call("")?.contains("-32700"));
    assert!(client.call("[]")?.contains("-32600"));
    assert!(client.call(&ping(3))?.contains("result"));
    Ok(())
}

#[test]
fn each_protocol_violation_is_closed_with_its_code() -> Outcome {
    let board = Served::start()?;
    let long = format!("{{{}}}", " ".repeat(2_047));
    for (what, bytes, code) in [
        ("binary", Client::frame(FIN | BINARY, b"{}"), 1003),
        (
            "2,049 bytes",
            Client::frame(FIN | TEXT, long.as_bytes()),
            1009,
        ),
        ("no mask", vec![FIN | TEXT, 2, b'{', b'}'], 1002),
        (
            "reserved bit",
            Client::frame(FIN | 0x40 | TEXT, b"{}"),
            1002,
        ),
        ("fragmented ping", Client::frame(PING, b""), 1002),
        ("long ping", Client::frame(FIN | PING, &[0; 126]), 1002),
        ("opcode 3", Client::frame(FIN | 3, b""), 1002),
        ("nothing to continue", Client::frame(FIN, b""), 1002),
        ("no UTF-8", Client::frame(FIN | TEXT, b"\xc0\xaf"), 1007),
        (
            "bad UTF-8 before the end",
            Client::frame(TEXT, b"\xff"),
            1007,
        ),
        (
            "one byte of code",
            Client::frame(FIN | CLOSE, b"\x03"),
            1002,
        ),
        (
            "code 1005",
            Client::frame(FIN | CLOSE, &1005_u16.to_be_bytes()),
            1002,
        ),
    ] {
        let mut client = board.controller()?;
        client.send(&bytes)?;
        assert_eq!(client.close_code(), Some(code), "{what}");
        assert!(client.has_ended(), "{what}");
    }
    Ok(())
}

#[test]
fn a_message_of_2048_bytes_is_accepted() -> Outcome {
    let board = Served::start()?;
    let mut client = board.controller()?;
    let request = ping(4);
    let padded = format!("{request}{}", " ".repeat(2_048 - request.len()));
    assert!(client.call(&padded)?.contains("\"id\":4"));
    Ok(())
}

#[test]
fn a_fragmented_message_with_a_ping_in_between_is_accepted() -> Outcome {
    let board = Served::start()?;
    let mut client = board.controller()?;
    let request = ping(6);
    let (first, rest) = request.as_bytes().split_at(10);
    client.send(&Client::frame(TEXT, first))?;
    client.send(&Client::frame(FIN | PING, b"there?"))?;
    assert_eq!(client.read_frame()?, (PONG, b"there?".to_vec()));
    client.send(&Client::frame(FIN, rest))?;
    assert!(client.text()?.contains("\"id\":6"));
    Ok(())
}

#[test]
fn a_message_sent_with_the_handshake_is_accepted() -> Outcome {
    let board = Served::start()?;
    let mut client = board.client()?;
    let mut bytes =
        b"GET /rpc HTTP/1.1\r\nHost: b.local\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            .to_vec();
    bytes.extend(Client::frame(FIN | TEXT, ping(1).as_bytes()));
    client.send(&bytes)?;
    assert_eq!(client.response()?.status, 101);
    assert!(client.text()?.contains("\"id\":1"));
    Ok(())
}

#[test]
fn a_hundred_requests_at_once_are_all_answered() -> Outcome {
    let board = Served::start()?;
    let mut client = board.controller()?;
    let requests: Vec<u8> = (0..100)
        .flat_map(|id| Client::frame(FIN | TEXT, ping(id).as_bytes()))
        .collect();
    client.send(&requests)?;
    for id in 0..100 {
        let answer = client.text()?;
        assert!(answer.contains(&format!("\"id\":{id},")), "{answer}");
    }
    Ok(())
}

#[test]
fn a_client_that_does_not_read_later_gets_the_latest_state_without_a_gap() -> Outcome {
    const CHANGES: u32 = 2_000;
    let board = Served::start()?;
    let (mut deaf, mut other) = (board.controller()?, board.controller()?);
    deaf.call(SUBSCRIBE)?;
    for id in 1..=CHANGES {
        let value = format!("{}{id}", "x".repeat(250));
        let request = format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"Text.Set","params":{{"id":0,"value":"{value}"}}}}"#
        );
        assert!(other.call(&request)?.contains("result"));
    }
    let (mut seen, mut messages) = (0, 0);
    while seen < u64::from(CHANGES) {
        let pushed: serde_json::Value = serde_json::from_str(&deaf.text()?)?;
        assert_eq!(pushed["params"]["prev"], seen, "{pushed}");
        seen = pushed["params"]["seq"].as_u64().ok_or("no seq")?;
        messages += 1;
    }
    assert!(messages < CHANGES, "nothing was coalesced");
    Ok(())
}

#[test]
fn a_client_that_does_not_read_events_is_dropped_and_does_not_affect_others() -> Outcome {
    let board = Served::with(2, |_| {})?;
    let (mut deaf, mut other) = (board.controller()?, board.controller()?);
    deaf.call(SUBSCRIBE)?;
    // Events are not coalesced. The client that does not read keeps its slot
    // until the board disconnects it.
    let mut presses = 0;
    let mut third = loop {
        let press = r#"{"jsonrpc":"2.0","id":3,"method":"Button.Press","params":{"id":0}}"#;
        assert!(other.call(press)?.contains("result"));
        presses += 1;
        if presses % 100 == 0
            && let Ok(client) = board.controller()
        {
            break client;
        }
        assert!(
            presses < 100_000,
            "the client that does not read keeps its slot"
        );
    };
    assert!(third.call(&ping(1))?.contains("result"));
    // It receives the reason if its buffers have space; no close frame can be
    // sent in the middle of a frame.
    assert!(matches!(deaf.close_code(), Some(1013) | None));
    Ok(())
}

#[test]
fn a_client_that_closes_only_its_half_is_disconnected() -> Outcome {
    let board = Served::start()?;
    let mut client = board.controller()?;
    client.stream.shutdown(Shutdown::Write)?;
    assert!(client.has_ended());
    Ok(())
}

#[test]
fn all_clients_are_told_of_a_restart_and_then_the_server_ends() -> Outcome {
    let board = Served::start()?;
    let (mut one, mut other) = (board.controller()?, board.controller()?);
    let (_, mut echo) = board.websocket("/ws", "")?;
    let answer = one.call(r#"{"jsonrpc":"2.0","id":1,"method":"Device.Reboot"}"#)?;
    assert!(answer.contains("result"), "{answer}");
    for client in [&mut one, &mut other, &mut echo] {
        assert_eq!(client.close_code(), Some(1012));
        client.stream.shutdown(Shutdown::Write)?;
    }
    board.restarted.recv_timeout(PATIENCE)?;
    Ok(())
}

#[test]
fn the_echo_sends_back_text_and_binary() -> Outcome {
    let board = Served::start()?;
    let (response, mut client) = board.websocket("/ws", "")?;
    assert_eq!(response.status, 101);
    for (opcode, payload) in [
        (TEXT, "Grüße".as_bytes()),
        (BINARY, &[0, 255, 0]),
        (TEXT, b""),
        (BINARY, &[7; 60_000]),
    ] {
        client.send(&Client::frame(FIN | opcode, payload))?;
        assert_eq!(client.read_frame()?, (opcode, payload.to_vec()));
    }
    client.send(&Client::frame(FIN | CLOSE, b""))?;
    assert_eq!(client.read_frame()?, (CLOSE, vec![]));
    assert!(client.has_ended());
    Ok(())
}

#[test]
fn the_echo_has_its_own_limit() -> Outcome {
    let board = Served::with(4, |settings| settings.echo_limit = 10)?;
    let (_, mut client) = board.websocket("/ws", "")?;
    client.send(&Client::frame(TEXT, b"123456"))?;
    client.send(&Client::frame(FIN, b"78901"))?;
    assert_eq!(client.close_code(), Some(1009));
    Ok(())
}

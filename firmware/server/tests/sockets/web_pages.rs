//! Requests of browsers for pages of foreign origins, over real sockets.

use std::sync::LazyLock;

use switchboard_server::Origin;

use crate::served::{Outcome, Response, Served, ping};

const TOGGLE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"Switch.Toggle","params":{"id":0}}"#;
const PAGE: &str = "Origin: http://192.168.1.5:8080\r\n";

static ALLOWED: LazyLock<[Origin; 1]> =
    LazyLock::new(|| ["http://192.168.1.5:8080".parse().expect("an origin")]);

/// A request for each entry point, with these additional fields.
fn ways_in(fields: &str) -> [(String, u16); 4] {
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let get = |path| (format!("GET {path} HTTP/1.1\r\n{fields}{upgrade}"), 101);
    let length = TOGGLE.len();
    let post = format!("POST /rpc HTTP/1.1\r\n{fields}Content-Length: {length}\r\n\r\n{TOGGLE}");
    [get("/rpc"), get("/log"), get("/ws"), (post, 200)]
}

fn is_refused_for_its_origin(response: &Response) -> bool {
    response.status == 403
        && response.body.contains(r#""code":-32006"#)
        && response.body.contains(r#""reason":"origin_not_allowed""#)
}

fn switch_is_on(board: &Served) -> Result<bool, Box<dyn std::error::Error>> {
    let request = r#"{"jsonrpc":"2.0","id":2,"method":"Device.GetStatus"}"#;
    let body = board.client()?.post(request)?.body;
    let status: serde_json::Value = serde_json::from_str(&body)?;
    Ok(status
        .pointer("/result/switch:0/on")
        .and_then(serde_json::Value::as_bool)
        .ok_or(body)?)
}

#[test]
fn no_page_controls_a_board_that_allows_none() -> Outcome {
    let board = Served::start()?;
    for origin in [
        PAGE,
        "Origin: null\r\n",
        "origin:\r\n",
        "ORIGIN: \u{e9}\r\n",
        "Origin: http://127.0.0.1:81\r\n",
    ] {
        for (request, _) in ways_in(&format!("Host: 127.0.0.1\r\n{origin}")) {
            let response = board.client()?.ask(&request)?;
            assert!(
                is_refused_for_its_origin(&response),
                "{request} {response:?}"
            );
            assert!(
                response.body.contains("no web page may drive this board"),
                "{response:?}"
            );
        }
    }
    let mut client = board.client()?;
    client.send(
        b"POST /rpc HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: \xff\xfe\r\nContent-Length: 2\r\n\r\n{}",
    )?;
    assert!(is_refused_for_its_origin(&client.response()?));
    assert!(!switch_is_on(&board)?);
    Ok(())
}

#[test]
fn a_program_that_sends_the_boards_own_address_as_its_origin_is_served() -> Outcome {
    let board = Served::start()?;
    for (host, origin) in [
        ("127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("Bench.LOCAL.:80", "http://bench.local"),
        ("[::1]:8080", "http://[0:0::1]:8080"),
    ] {
        for (request, status) in ways_in(&format!("Host: {host}\r\nOrigin: {origin}\r\n")) {
            assert_eq!(board.client()?.ask(&request)?.status, status, "{request}");
        }
    }
    // A foreign host name that resolves to the board (DNS rebinding) is refused
    // before the origin is checked.
    let rebound = "Host: attacker.example\r\nOrigin: http://attacker.example\r\n";
    for (request, _) in ways_in(rebound) {
        assert_eq!(board.client()?.ask(&request)?.status, 421, "{request}");
    }
    for (host, origin) in [
        ("127.0.0.1:8080", "https://127.0.0.1:8080"),
        ("127.0.0.1:8080", "null"),
    ] {
        for (request, _) in ways_in(&format!("Host: {host}\r\nOrigin: {origin}\r\n")) {
            assert!(
                is_refused_for_its_origin(&board.client()?.ask(&request)?),
                "{request}"
            );
        }
    }
    Ok(())
}

#[test]
fn only_pages_of_an_allowed_origin_control_the_board() -> Outcome {
    let board = Served::with(4, |settings| settings.allowed_origins = &*ALLOWED)?;
    for other in [
        "http://192.168.1.5",
        "https://192.168.1.5:8080",
        "null",
        "http://attacker.example",
    ] {
        for (request, _) in ways_in(&format!("Host: 127.0.0.1\r\nOrigin: {other}\r\n")) {
            let response = board.client()?.ask(&request)?;
            assert!(
                is_refused_for_its_origin(&response),
                "{request} {response:?}"
            );
            assert!(
                response.body.contains("http://192.168.1.5:8080"),
                "it says what would be accepted: {response:?}"
            );
        }
    }
    for (request, _) in ways_in(&format!("Host: 127.0.0.1\r\n{PAGE}{PAGE}")) {
        assert!(
            is_refused_for_its_origin(&board.client()?.ask(&request)?),
            "two are none: {request}"
        );
    }
    assert!(!switch_is_on(&board)?);
    for (request, status) in ways_in(&format!("Host: 127.0.0.1\r\n{PAGE}")) {
        assert_eq!(board.client()?.ask(&request)?.status, status, "{request}");
    }
    assert!(switch_is_on(&board)?);
    Ok(())
}

#[test]
fn a_request_for_another_host_is_misdirected() -> Outcome {
    let board = Served::with(4, |settings| settings.allowed_origins = &*ALLOWED)?;
    for host in [
        "attacker.example",
        "attacker.example:80",
        "bench-1.attacker.example",
        "127.0.0.1.attacker.example",
        "",
    ] {
        for (request, _) in ways_in(&format!("Host: {host}\r\n{PAGE}")) {
            let response = board.client()?.ask(&request)?;
            assert_eq!(response.status, 421, "{request}");
            assert!(
                response.body.contains("IP address"),
                "it says what would be accepted: {response:?}"
            );
        }
        let page = board
            .client()?
            .ask(&format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"))?;
        assert!(
            page.status == 421 && !page.body.contains("lamp"),
            "{page:?}"
        );
    }
    assert!(!switch_is_on(&board)?);
    for host in [
        "127.0.0.1",
        "127.0.0.1:8080",
        "[::1]:80",
        "localhost",
        "Desk-Lamp.local.",
        "bench-1:80",
    ] {
        let page = board
            .client()?
            .ask(&format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"))?;
        assert_eq!(page.status, 200, "{host}");
    }
    Ok(())
}

#[test]
fn requests_refused_for_their_origin_do_not_keep_others_out() -> Outcome {
    let board = Served::start()?;
    for _ in 0..20 {
        let refused = board.client()?.ask(&format!(
            "GET /rpc HTTP/1.1\r\nHost: 127.0.0.1\r\n{PAGE}\r\n"
        ))?;
        assert_eq!(
            refused.status, 426,
            "without an upgrade nothing could be done"
        );
    }
    for _ in 0..20 {
        for (request, _) in ways_in(&format!("Host: 127.0.0.1\r\n{PAGE}")) {
            board.client()?.ask(&request)?;
        }
    }
    let mut controllers = (0..4)
        .map(|_| board.controller())
        .collect::<Result<Vec<_>, _>>()?;
    assert!(controllers[3].call(&ping(7))?.contains("\"id\":7"));
    Ok(())
}

//! HTTP requests over real sockets.

use std::time::Duration;

use crate::served::{Outcome, Served, ping};

#[test]
fn unknown_paths_and_invalid_requests_are_refused_with_a_message() -> Outcome {
    let board = Served::start()?;
    for (request, status, field) in [
        (
            "GET /favicon.ico HTTP/1.1\r\nHost: b.local\r\n\r\n",
            404,
            None,
        ),
        (
            "DELETE / HTTP/1.1\r\nHost: b.local\r\n\r\n",
            405,
            Some(("Allow", "GET, HEAD")),
        ),
        (
            "PUT /rpc HTTP/1.1\r\nHost: b.local\r\n\r\n",
            405,
            Some(("Allow", "GET, POST")),
        ),
        (
            "POST /ws HTTP/1.1\r\nHost: b.local\r\n\r\n",
            405,
            Some(("Allow", "GET")),
        ),
        (
            "GET /rpc HTTP/1.1\r\nHost: b.local\r\n\r\n",
            426,
            Some(("Upgrade", "websocket")),
        ),
        (
            "GET /ws HTTP/1.1\r\nHost: b.local\r\n\r\n",
            426,
            Some(("Upgrade", "websocket")),
        ),
        ("POST /rpc HTTP/1.1\r\nHost: b.local\r\n\r\n", 411, None),
        (
            "POST /rpc HTTP/1.1\r\nHost: b.local\r\nTransfer-Encoding: chunked\r\n\r\n",
            411,
            None,
        ),
        (
            "POST /rpc HTTP/1.1\r\nHost: b.local\r\nContent-Length: 2049\r\n\r\n",
            413,
            None,
        ),
        (
            "POST /rpc HTTP/1.1\r\nHost: b.local\r\nContent-Length: \
                 99999999999999999999999\r\n\r\n",
            413,
            None,
        ),
        (
            "POST /rpc HTTP/1.1\r\nHost: b.local\r\nContent-Length: -1\r\n\r\n",
            400,
            None,
        ),
        (
            "POST /rpc HTTP/1.1\r\nHost: b.local\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n",
            400,
            None,
        ),
        ("GET / HTTP/1.1\r\n\r\n", 400, None),
        (
            "GET / HTTP/1.1\r\nHost: a.local\r\nHost: b.local\r\n\r\n",
            400,
            None,
        ),
        ("GET / HTTP/1.1\n\nHost: b.local\r\n\r\n", 400, None),
        ("rubbish\r\n\r\n", 400, None),
        // The start of a TLS record is refused at once.
        ("\u{16}\u{3}\u{1}", 400, None),
        (
            "POST /rpc HTTP/1.1\r\nHost: b.local\r\nContent-Encoding: gzip\r\nContent-Length: \
                 2\r\n\r\n{}",
            415,
            Some(("Accept-Encoding", "identity")),
        ),
        (
            "GET /rpc HTTP/1.1\r\nHost: b.local\r\nConnection: upgrade\r\nUpgrade: \
                 websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nContent-Length: 3\r\n\r\nabc",
            400,
            None,
        ),
        (
            "GET /rpc HTTP/1.1\r\nHost: b.local\r\nConnection: upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
            400,
            None,
        ),
        (
            "\r\n\r\nGET /none HTTP/1.1\r\nHost: b.local\r\n\r\n",
            404,
            None,
        ),
        (
            "GET /ws HTTP/1.1\r\nHost: b.local\r\nConnection: upgrade\r\nUpgrade: \
                 websocket\r\nSec-WebSocket-Version: 8\r\n\r\n",
            426,
            Some(("Sec-WebSocket-Version", "13")),
        ),
        (
            "GET /ws HTTP/1.1\r\nHost: b.local\r\nConnection: upgrade\r\nUpgrade: \
                 websocket\r\nSec-WebSocket-Version: 13\r\n\r\n",
            400,
            None,
        ),
    ] {
        let response = board.client()?.ask(request)?;
        assert_eq!(response.status, status, "{request:?}");
        assert!(
            response.body.trim_end().ends_with('.'),
            "{request:?} {response:?}"
        );
        if let Some((name, value)) = field {
            assert_eq!(response.field(name), Some(value), "{request:?}");
        }
    }
    Ok(())
}

#[test]
fn a_target_in_absolute_form_is_equivalent_to_its_path() -> Outcome {
    let board = Served::start()?;
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    for (request, status) in [
        (
            "GET http://127.0.0.1:8080/ HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n".to_owned(),
            200,
        ),
        (
            "GET HTTP://board.local HTTP/1.1\r\nHost: board.local\r\n".to_owned(),
            200,
        ),
        (
            "GET http://board.local?a=b HTTP/1.1\r\nHost: board.local\r\n".to_owned(),
            200,
        ),
        (
            "GET http://board.local/none HTTP/1.1\r\nHost: board.local\r\n".to_owned(),
            404,
        ),
        (
            format!("GET http://board.local/rpc HTTP/1.1\r\nHost: board.local\r\n{upgrade}"),
            101,
        ),
        (
            format!(
                "GET ws://board.local/log?level=debug HTTP/1.1\r\nHost: board.local\r\n{upgrade}"
            ),
            101,
        ),
        // RFC 9112, section 3.2.2: the field is then ignored, but must be
        // present.
        (
            "GET http://board.local/ HTTP/1.1\r\nHost: attacker.example\r\n".to_owned(),
            200,
        ),
        (
            "GET http://attacker.example/ HTTP/1.1\r\nHost: board.local\r\n".to_owned(),
            421,
        ),
        (
            format!("GET http://attacker.example/rpc HTTP/1.1\r\nHost: board.local\r\n{upgrade}"),
            421,
        ),
        ("GET http://board.local/ HTTP/1.1\r\n".to_owned(), 400),
        // An unsupported scheme.
        (
            "GET https://board.local/ HTTP/1.1\r\nHost: board.local\r\n".to_owned(),
            421,
        ),
        (
            "GET ftp://board.local/ HTTP/1.1\r\nHost: board.local\r\n".to_owned(),
            421,
        ),
        // The origin is checked against the same host.
        (
            format!(
                "GET http://board.local/rpc HTTP/1.1\r\nHost: attacker.example\r\nOrigin: \
                     http://attacker.example\r\n{upgrade}"
            ),
            403,
        ),
    ] {
        let response = board.client()?.ask(&format!("{request}\r\n"))?;
        assert_eq!(response.status, status, "{request}");
    }
    Ok(())
}

#[test]
fn an_upgrade_and_expect_continue_are_ignored_in_http_1_0() -> Outcome {
    let board = Served::start()?;
    for path in ["/rpc", "/ws", "/log"] {
        let refused = board.client()?.ask(&format!(
            "GET {path} HTTP/1.0\r\nHost: board.local\r\nConnection: Upgrade\r\nUpgrade: \
                 websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        ))?;
        assert_eq!(refused.status, 426, "{path}");
    }
    let mut client = board.client()?;
    let body = ping(5);
    let head = format!(
        "POST /rpc HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    client.send(head.as_bytes())?;
    let answered = client.ask(&body)?;
    assert_eq!(
        answered.status, 200,
        "RFC 9110, section 10.1.1: {answered:?}"
    );
    Ok(())
}

#[test]
fn lines_that_end_with_a_line_feed_alone_are_refused_at_once() -> Outcome {
    let board = Served::with(4, |settings| {
        settings.head_timeout = Duration::from_secs(3_600);
    })?;
    for request in [
        "GET / HTTP/1.1\nHost: board.local\n\n",
        "GET / HTTP/1.0\n\n",
        "GET / HTTP/1.0\n\r\n",
    ] {
        assert_eq!(board.client()?.ask(request)?.status, 400, "{request:?}");
    }
    Ok(())
}

#[test]
fn a_head_over_the_limit_is_refused() -> Outcome {
    let board = Served::start()?;
    let long = format!(
        "GET / HTTP/1.1\r\nHost: b.local\r\nCookie: {}\r\n\r\n",
        "x".repeat(5_000)
    );
    assert_eq!(board.client()?.ask(&long)?.status, 431);
    let many = format!(
        "GET / HTTP/1.1\r\nHost: b.local\r\n{}\r\n",
        "A: b\r\n".repeat(50)
    );
    assert_eq!(board.client()?.ask(&many)?.status, 431);
    Ok(())
}

#[test]
fn post_requests_share_a_connection() -> Outcome {
    let board = Served::start()?;
    let mut client = board.client()?;
    for id in 1..=3 {
        let answer = client.post(&ping(id))?;
        assert_eq!(
            (answer.status, answer.field("Content-Type")),
            (200, Some("application/json"))
        );
        assert_eq!(answer.field("Connection"), Some("keep-alive"));
        assert!(
            answer.body.contains(&format!("\"id\":{id}")),
            "{}",
            answer.body
        );
    }
    // RFC 9112, section 9.3.2: pipelined requests are answered in order.
    let request = |id| {
        let body = ping(id);
        format!(
            "POST /rpc HTTP/1.1\r\nHost: b.local\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    client.send((request(8) + &request(9)).as_bytes())?;
    assert!(client.response()?.body.contains("\"id\":8"));
    assert!(client.response()?.body.contains("\"id\":9"));
    Ok(())
}

#[test]
fn a_posted_notification_has_an_empty_response() -> Outcome {
    let board = Served::start()?;
    let mut client = board.client()?;
    let nothing = client.post(r#"{"jsonrpc":"2.0","method":"Sys.Ping"}"#)?;
    assert_eq!(
        (nothing.status, nothing.field("Content-Length")),
        (204, None)
    );
    assert_eq!(client.post(&ping(1))?.status, 200);
    Ok(())
}

#[test]
fn invalid_utf8_is_a_parse_error() -> Outcome {
    let board = Served::start()?;
    let mut client = board.client()?;
    client.send(b"POST /rpc HTTP/1.1\r\nHost: b.local\r\nContent-Length: 2\r\n\r\n\xff\xfe")?;
    assert!(client.response()?.body.contains("-32700"));
    assert!(client.post("{")?.body.contains("-32700"));
    Ok(())
}

#[test]
fn a_client_that_expects_100_continue_receives_it() -> Outcome {
    let board = Served::start()?;
    let mut client = board.client()?;
    let body = ping(5);
    let head = format!(
        "POST /rpc HTTP/1.1\r\nHost: b.local\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    assert_eq!(client.ask(&head)?.status, 100);
    assert!(client.ask(&body)?.body.contains("\"id\":5"));
    Ok(())
}

#[test]
fn an_http_1_0_client_gets_one_response_per_connection() -> Outcome {
    let board = Served::start()?;
    let mut client = board.client()?;
    let page = client.ask("GET / HTTP/1.0\r\n\r\n")?;
    assert_eq!(
        (page.status, page.field("Connection")),
        (200, Some("close"))
    );
    assert!(client.has_ended());
    Ok(())
}

#[test]
fn an_unread_body_is_not_taken_for_a_request() -> Outcome {
    let board = Served::start()?;
    let mut client = board.client()?;
    let refused = client.ask(
        "GET /none HTTP/1.1\r\nHost: b.local\r\nContent-Length: 18\r\n\r\nGET / HTTP/1.1\r\n\r\n",
    )?;
    assert_eq!(
        (refused.status, refused.field("Connection")),
        (404, Some("close"))
    );
    assert!(client.has_ended());
    Ok(())
}

#[test]
fn half_a_request_times_out_and_a_silent_client_is_dropped() -> Outcome {
    let soon = Duration::from_millis(50);
    let board = Served::with(4, |settings| {
        (settings.head_timeout, settings.body_timeout) = (soon, soon);
    })?;
    assert!(board.client()?.has_ended());
    assert_eq!(board.client()?.ask("GET / HT")?.status, 408);
    assert_eq!(
        board
            .client()?
            .ask("POST /rpc HTTP/1.1\r\nHost: b.local\r\nContent-Length: 9\r\n\r\n{")?
            .status,
        408
    );
    Ok(())
}

#[test]
fn a_served_connection_may_be_idle_for_longer_but_not_delay_a_request() -> Outcome {
    let (soon, never) = (Duration::from_millis(50), Duration::from_secs(3_600));
    let patient = Served::with(4, |settings| {
        (settings.head_timeout, settings.keep_alive) = (soon, never);
    })?;
    let mut client = patient.client()?;
    assert_eq!(client.post(&ping(1))?.status, 200);
    // The first head of a new connection would have timed out by now.
    assert!(patient.client()?.has_ended());
    assert_eq!(client.post(&ping(2))?.status, 200);
    assert_eq!(client.ask("POST /rp")?.status, 408);

    let impatient = Served::with(4, |settings| {
        (settings.head_timeout, settings.keep_alive) = (never, soon);
    })?;
    let mut client = impatient.client()?;
    assert_eq!(client.post(&ping(1))?.status, 200);
    assert!(client.has_ended());
    Ok(())
}

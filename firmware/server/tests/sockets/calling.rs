//! A board's outbound connection over real sockets: it masks its frames and
//! refuses masked ones, serves the other end like any controller, and reports
//! why an attempt failed.

use std::{
    io,
    net::{Ipv4Addr, TcpListener},
    time::{Duration, Instant},
};

use edge_http::ws::{MAX_BASE64_KEY_RESPONSE_LEN, sec_key_response};
use noise::{Answer, Hello, Initiator, Key, Role};
use protocol::outbound::{Outbound, OutboundState};

use crate::served::{
    BINARY, CLOSE, Client, FIN, Outcome, PATIENCE, PING, PONG, Served, TEXT, ping,
};

/// A controller that accepts inbound connections.
struct ListeningController(TcpListener);

impl ListeningController {
    fn listen() -> io::Result<Self> {
        Ok(Self(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?))
    }

    fn url(&self) -> io::Result<String> {
        Ok(format!("ws://{}/boards", self.0.local_addr()?))
    }

    /// A board that connects here.
    fn board(&self) -> Result<Served, Box<dyn std::error::Error>> {
        let board = Served::start()?;
        call(&board, &self.url()?)?;
        Ok(board)
    }

    /// Waits for a connection and reads its request.
    fn request(&self) -> io::Result<(Client, String)> {
        let mut call = Client::of(self.0.accept()?.0)?;
        let head = call.head()?;
        Ok((call, head))
    }

    /// Waits for a connection and accepts it.
    fn answer(&self) -> io::Result<End> {
        let (mut call, head) = self.request()?;
        call.send(switching(&head, "").as_bytes())?;
        Ok(End(call))
    }
}

fn call(board: &Served, url: &str) -> Outcome {
    let url = url.parse()?;
    Ok(board.by_hand(move |shared| shared.set_outbound(Some(url)))??)
}

fn field<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.lines()
        .filter_map(|line| line.split_once(": "))
        .find(|(field, _)| *field == name)
        .map(|(_, value)| value)
}

fn switching(head: &str, more: &str) -> String {
    let mut buffer = [0; MAX_BASE64_KEY_RESPONSE_LEN];
    let accept = sec_key_response(
        field(head, "Sec-WebSocket-Key").unwrap_or_default(),
        &mut buffer,
    );
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n{more}\r\n"
    )
}

/// The server's end of a WebSocket: it sends unmasked frames and accepts only
/// masked ones.
struct End(Client);

impl End {
    fn send(&mut self, first: u8, payload: &[u8]) -> io::Result<()> {
        let length = u8::try_from(payload.len())
            .ok()
            .filter(|length| *length < 126);
        let mut frame = vec![first];
        match length {
            Some(length) => frame.push(length),
            None => {
                frame.push(126);
                frame.extend(
                    u16::try_from(payload.len())
                        .map_err(io::Error::other)?
                        .to_be_bytes(),
                );
            }
        }
        frame.extend(payload);
        self.0.send(&frame)
    }

    /// The next frame's first byte, mask and payload.
    fn frame(&mut self) -> io::Result<(u8, [u8; 4], Vec<u8>)> {
        let header = self.0.take(2)?;
        if header[1] & 0x80 == 0 {
            return Err(io::Error::other(
                "a client masks its frames (RFC 6455, section 5.1)",
            ));
        }
        let length = match header[1] & 0x7f {
            126 => {
                let length = self.0.take(2)?;
                usize::from(u16::from_be_bytes([length[0], length[1]]))
            }
            short => usize::from(short),
        };
        let mask = self.0.take(4)?;
        let mask = [mask[0], mask[1], mask[2], mask[3]];
        let payload = self.0.take(length)?;
        Ok((
            header[0],
            mask,
            payload
                .iter()
                .zip(mask.iter().cycle())
                .map(|(byte, mask)| byte ^ mask)
                .collect(),
        ))
    }

    fn text(&mut self) -> io::Result<String> {
        match self.frame()? {
            (first, _, payload) if first == FIN | TEXT => {
                Ok(String::from_utf8_lossy(&payload).into_owned())
            }
            other => Err(io::Error::other(format!("{other:?} instead of a text"))),
        }
    }

    fn binary(&mut self) -> io::Result<Vec<u8>> {
        match self.frame()? {
            (first, _, payload) if first == FIN | BINARY => Ok(payload),
            other => Err(io::Error::other(format!(
                "{other:?} instead of a binary message"
            ))),
        }
    }

    fn ask(&mut self, text: &str) -> io::Result<String> {
        self.send(FIN | TEXT, text.as_bytes())?;
        self.text()
    }

    fn close_code(&mut self) -> io::Result<u16> {
        loop {
            let (first, _, payload) = self.frame()?;
            if first == FIN | CLOSE {
                return Ok(payload
                    .first_chunk()
                    .map_or(0, |code| u16::from_be_bytes(*code)));
            }
        }
    }
}

/// Waits until the outbound connection is in this state.
fn until(
    board: &Served,
    wanted: impl Fn(&Outbound) -> bool,
) -> Result<Outbound, Box<dyn std::error::Error>> {
    let end = Instant::now() + PATIENCE * 2;
    loop {
        let now = board.by_hand(|shared| shared.outbound())?;
        if wanted(&now) {
            return Ok(now);
        }
        if Instant::now() > end {
            return Err(format!("the outbound connection stays {now:?}").into());
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Waits for a failure and returns its reason.
fn failure(board: &Served) -> Result<String, Box<dyn std::error::Error>> {
    let seen = until(board, |now| now.last_failure.is_some())?;
    Ok(seen
        .last_failure
        .map(|failure| failure.message)
        .unwrap_or_default())
}

const SUBSCRIBE: &str = r#"{"jsonrpc":"2.0","id":1,"method":"Device.Subscribe"}"#;

#[test]
fn the_server_learns_the_boards_id_and_is_a_controller() -> Outcome {
    let called = ListeningController::listen()?;
    let board = called.board()?;
    let (mut call, head) = called.request()?;
    assert!(head.starts_with("GET /boards HTTP/1.1\r\n"), "{head}");
    assert_eq!(
        field(&head, "Host"),
        Some(called.0.local_addr()?.to_string().as_str())
    );
    assert_eq!(field(&head, "Switchboard-Id"), Some("bench-1"));
    assert_eq!(
        field(&head, "Sec-WebSocket-Protocol"),
        Some("switchboard.v1")
    );
    assert_eq!(
        (
            field(&head, "Switchboard-Encryption"),
            field(&head, "Origin")
        ),
        (None, None)
    );
    // The first request may arrive with the response.
    let mut first = switching(&head, "Sec-WebSocket-Protocol: switchboard.v1\r\n").into_bytes();
    first.extend([FIN | TEXT, u8::try_from(SUBSCRIBE.len())?]);
    first.extend(SUBSCRIBE.as_bytes());
    call.send(&first)?;
    let mut call = End(call);
    assert!(call.text()?.contains(r#""switch:0":{"on":false}"#));
    let on = r#"{"jsonrpc":"2.0","id":2,"method":"Switch.Set","params":{"id":0,"on":true}}"#;
    assert!(call.ask(on)?.contains("NotifyStatus"));
    assert!(call.text()?.contains("was_on"));
    // Changes by others are pushed.
    board
        .controller()?
        .call(r#"{"jsonrpc":"2.0","id":2,"method":"Switch.Toggle","params":{"id":0}}"#)?;
    assert!(call.text()?.contains(r#""on":false"#));
    let seen = until(&board, |now| now.state == OutboundState::Connected)?;
    assert_eq!((seen.client, seen.attempts), (Some(1), 1));
    Ok(())
}

#[test]
fn every_frame_has_its_own_mask_and_pings_are_answered() -> Outcome {
    let called = ListeningController::listen()?;
    let _board = called.board()?;
    let mut call = called.answer()?;
    let mut masks = Vec::new();
    for beat in 0..8_u8 {
        call.send(FIN | PING, &[beat; 5])?;
        let (first, mask, payload) = call.frame()?;
        assert_eq!((first, payload), (FIN | PONG, vec![beat; 5]));
        masks.push(mask);
    }
    masks.sort_unstable();
    masks.dedup();
    assert_eq!(masks.len(), 8, "{masks:?}");
    Ok(())
}

#[test]
fn a_protocol_violation_of_the_server_closes_the_connection() -> Outcome {
    let called = ListeningController::listen()?;
    let _board = called.board()?;
    let long = |length: u64| [&[FIN | TEXT, 127][..], &length.to_be_bytes()].concat();
    for (what, bytes, code) in [
        ("masked", Client::frame(FIN | TEXT, b"{}"), 1002),
        ("a reserved bit", vec![FIN | 0x40 | TEXT, 0], 1002),
        ("binary on an open board", vec![FIN | BINARY, 1, 0], 1003),
        ("a giant message", long(u64::MAX >> 1), 1009),
        ("a message over the limit", long(2_049), 1009),
        ("no UTF-8", vec![FIN | TEXT, 1, 0xff], 1007),
    ] {
        let mut call = called.answer()?;
        call.0.send(&bytes)?;
        assert_eq!(call.close_code()?, code, "{what}");
    }
    Ok(())
}

#[test]
fn a_close_is_answered_and_the_board_reconnects() -> Outcome {
    let called = ListeningController::listen()?;
    let board = called.board()?;
    let mut call = called.answer()?;
    call.send(FIN | CLOSE, &1000_u16.to_be_bytes())?;
    assert_eq!(call.close_code()?, 1000);
    drop(call);
    assert_eq!(failure(&board)?, "the connection has ended");
    let mut again = called.answer()?;
    assert!(again.ask(&ping(1))?.contains("uptime_ms"));
    // The same as when the connection is lost without a close frame.
    drop(again);
    assert!(called.answer()?.ask(&ping(2))?.contains("uptime_ms"));
    Ok(())
}

#[test]
fn a_refusal_is_reported_and_the_board_reconnects() -> Outcome {
    for (answer, expected) in [
        (
            "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n",
            "HTTP 401",
        ),
        (
            "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            "HTTP 404",
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP 200"),
        (
            "HTTP/1.1 101 Switching Protocols\r\n\r\n",
            "names no WebSocket",
        ),
        (
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
            "Sec-WebSocket-Accept",
        ),
        ("SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/1.1"),
        ("", "closed before"),
    ] {
        let called = ListeningController::listen()?;
        let board = called.board()?;
        let (mut call, _) = called.request()?;
        call.send(answer.as_bytes())?;
        drop(call);
        let why = failure(&board)?;
        assert!(why.contains(expected), "{answer:?}: {why}");
        called.answer()?;
    }
    Ok(())
}

#[test]
fn a_response_with_an_endless_head_is_abandoned() -> Outcome {
    let called = ListeningController::listen()?;
    let board = called.board()?;
    let (mut call, _) = called.request()?;
    // The board may disconnect before everything was sent.
    let _ = call.send("HTTP/1.1 101 ".repeat(500).as_bytes());
    let why = failure(&board)?;
    assert!(why.contains("longer than 4096 bytes"), "{why}");
    Ok(())
}

#[test]
fn a_server_that_never_answers_is_abandoned_after_ten_seconds() -> Outcome {
    let called = ListeningController::listen()?;
    let begun = Instant::now();
    let board = called.board()?;
    let (_call, _) = called.request()?;
    assert_eq!(failure(&board)?, "no answer within 10 s");
    let took = begun.elapsed();
    assert!((9..15).contains(&took.as_secs()), "{took:?}");
    Ok(())
}

#[test]
fn a_refused_connection_and_an_unknown_host_are_told_apart() -> Outcome {
    let gone = ListeningController::listen()?.url()?;
    let board = Served::start()?;
    call(&board, &gone)?;
    assert_eq!(failure(&board)?, "cannot connect: connection refused");
    call(&board, "ws://no-such-host.invalid:7433/")?;
    let why = failure(&board)?;
    assert!(why.contains("no address of no-such-host.invalid"), "{why}");
    Ok(())
}

#[test]
fn another_url_or_none_closes_the_connection() -> Outcome {
    let (first, second) = (
        ListeningController::listen()?,
        ListeningController::listen()?,
    );
    let board = first.board()?;
    let mut call = first.answer()?;
    let elsewhere = format!(
        r#"{{"jsonrpc":"2.0","id":3,"method":"Outbound.Set","params":{{"url":"{}"}}}}"#,
        second.url()?
    );
    assert!(call.ask(&elsewhere)?.contains(r#""state":"connecting""#));
    assert_eq!(call.close_code()?, 1001);
    let mut call = second.answer()?;
    let off = r#"{"jsonrpc":"2.0","id":4,"method":"Outbound.Set","params":{"url":null}}"#;
    assert!(call.ask(off)?.contains(r#""state":"off""#));
    assert_eq!(call.close_code()?, 1001);
    assert_eq!(
        until(&board, |now| now.client.is_none())?.state,
        OutboundState::Off
    );
    Ok(())
}

#[test]
fn a_restart_closes_the_outbound_connection_with_1012() -> Outcome {
    let called = ListeningController::listen()?;
    let board = called.board()?;
    let mut call = called.answer()?;
    assert!(
        call.ask(r#"{"jsonrpc":"2.0","id":1,"method":"Device.Reboot"}"#)?
            .contains("seq")
    );
    assert!(call.text()?.contains("rebooting"));
    assert_eq!(call.close_code()?, 1012);
    board.restarted.recv_timeout(PATIENCE)?;
    Ok(())
}

#[test]
fn the_outbound_connection_counts_as_a_controller() -> Outcome {
    let called = ListeningController::listen()?;
    let board = Served::with(1, |_| {})?;
    call(&board, &called.url()?)?;
    let _call = called.answer()?;
    until(&board, |now| now.state == OutboundState::Connected)?;
    assert_eq!(board.websocket("/rpc", "")?.0.status, 503);
    Ok(())
}

/// The controller's handshake, up to its first message.
fn prove(call: &mut End, key: &Key) -> Result<noise::Channel, Box<dyn std::error::Error>> {
    let hello = Hello::from_bytes(&call.binary()?)?;
    let (initiator, offer) = Initiator::new(&hello, key, [7; 32])?;
    call.send(FIN | BINARY, &offer.to_bytes())?;
    Ok(initiator.finish(&Answer::from_bytes(&call.binary()?)?)?)
}

#[test]
fn a_locked_boards_outbound_connection_needs_its_key() -> Outcome {
    let called = ListeningController::listen()?;
    let board = Served::start()?;
    let key = board.key("first key", Role::Control)?;
    call(&board, &called.url()?)?;
    let (mut stream, head) = called.request()?;
    assert_eq!(field(&head, "Switchboard-Encryption"), Some(noise::SUITE));
    assert!(
        !head.contains("Bench"),
        "its name must not be revealed: {head}"
    );
    stream.send(switching(&head, "").as_bytes())?;
    let mut call = End(stream);
    let mut channel = prove(&mut call, &key)?;
    call.send(FIN | BINARY, &channel.seal(SUBSCRIBE.as_bytes())?)?;
    assert!(channel.open_text(&call.binary()?)?.contains("switch:0"));
    drop(call);
    // A wrong key, and plain text.
    let mut call = called.answer()?;
    let wrong = Key {
        psk: noise::Psk::new([9; 32]),
        ..key.clone()
    };
    assert!(prove(&mut call, &wrong).is_err());
    let mut call = called.answer()?;
    call.binary()?;
    call.send(FIN | TEXT, SUBSCRIBE.as_bytes())?;
    assert!(call.text()?.contains("\"locked\""));
    assert_eq!(call.close_code()?, 1008);
    assert_eq!(
        failure(&board)?,
        "the controller did not prove a key of this board"
    );
    Ok(())
}

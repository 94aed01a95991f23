//! `switchboard check` against conforming boards, and against boards with one
//! defect each, which it must name.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod relay;

use std::{collections::BTreeSet, net::SocketAddr, sync::Mutex, thread};

use conformance::{CheckRequest, Finding, Verdict, check};
use keys::Keys;
use net::client::Trust;
use proxy::{self, Proxy};
use relay::{Defect, Frame, relay, with_length};
use virtual_board::{Options, Profile, VirtualBoards};

fn board() -> (VirtualBoards, SocketAddr) {
    let options = Options {
        profile: Profile::Everything,
        mdns: false,
        ..Options::default()
    };
    let boards = VirtualBoards::start(options).expect("a board");
    let address = boards.list()[0].address;
    (boards, address)
}

fn found(address: SocketAddr, may_change: bool, keys: Keys) -> Vec<Finding> {
    let place = format!("ws://{address}/rpc").parse().expect("an address");
    let request = CheckRequest {
        endpoint: place,
        trust: Trust::usual(),
        may_change,
        keys,
        txt: None,
    };
    let mut findings = Vec::new();
    check(&request, &mut |finding| findings.push(finding)).expect("the board answers");
    findings
}

fn named(findings: &[Finding], verdict: Verdict) -> BTreeSet<String> {
    let wanted = findings.iter().filter(|finding| finding.verdict == verdict);
    wanted
        .map(|finding| format!("{}: {}", finding.point.section, finding.point.name))
        .collect()
}

#[test]
fn a_virtual_board_passes_every_point() {
    let (_boards, address) = board();
    let findings = found(address, true, Keys::default());
    let failed: Vec<_> = findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::Fail)
        .collect();
    assert!(failed.is_empty(), "{failed:#?}");
    let skipped: BTreeSet<_> = findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::Skipped)
        .map(|finding| finding.why.clone())
        .collect();
    assert_eq!(
        skipped,
        BTreeSet::from([
            "the board is open".to_owned(),
            "the board does not require signatures".to_owned(),
            "the board was not found by mDNS".to_owned()
        ])
    );
    assert_eq!(findings.len(), conformance::points().len());
}

#[test]
fn nothing_is_changed_without_permission() {
    let (boards, address) = board();
    // At this level, a board logs everything that is switched or pressed.
    let seen = std::sync::Arc::new(Mutex::new(Vec::new()));
    let kept = std::sync::Arc::clone(&seen);
    let defect = Defect {
        to_board: Box::new(move |frame| {
            kept.lock()
                .unwrap()
                .push(String::from_utf8_lossy(&frame.payload).into_owned());
            vec![frame]
        }),
        ..Defect::default()
    };
    found(
        relay(address, defect).expect("a relay"),
        false,
        Keys::default(),
    );
    let sent = seen.lock().unwrap().join("\n");
    for word in [
        ".Set", "Toggle", "Press", "Reboot", "Identify", "Ota.", "Keys.",
    ] {
        assert!(!sent.contains(word), "{word} was sent");
    }
    drop(boards);
}

#[test]
fn a_locked_board_passes_without_a_key_and_with_it() {
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let folder = temporary.path().join("file");
    let options = Options {
        profile: Profile::Everything,
        mdns: false,
        keys: Some(folder.clone()),
        ..Options::default()
    };
    let boards = VirtualBoards::start(options).expect("a board");
    let listening = boards.list()[0].clone();
    let text =
        std::fs::read_to_string(folder.join(format!("{}.key", listening.id))).expect("its key");
    let keys = Keys::from_text(&text).expect("a key");
    let without = found(listening.address, true, Keys::default());
    assert_eq!(named(&without, Verdict::Fail), BTreeSet::new());
    assert!(
        named(&without, Verdict::Pass)
            .iter()
            .filter(|name| name.starts_with("The handshake"))
            .count()
            == 4
    );
    assert!(!named(&without, Verdict::Pass).contains("Sys.Ping: uptime_ms"));
    let with = found(listening.address, true, keys);
    assert_eq!(named(&with, Verdict::Fail), BTreeSet::new());
    assert!(named(&with, Verdict::Pass).contains("Sys.Ping: uptime_ms"));
    assert!(named(&with, Verdict::Pass).contains("Pushes: a change by another connection"));
    for (wrong, defect) in locked_defects() {
        let address = relay(listening.address, defect).expect("a relay");
        let failed = named(&found(address, false, Keys::default()), Verdict::Fail);
        assert!(failed.contains(wrong), "{wrong}: {failed:?}");
    }
}

#[test]
fn a_locked_board_behind_the_proxy_behaves_like_an_open_one() {
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let folder = temporary.path().join("file");
    let options = Options {
        profile: Profile::Lamp,
        mdns: false,
        keys: Some(folder.clone()),
        ..Options::default()
    };
    let boards = VirtualBoards::start(options).expect("a board");
    let listening = boards.list()[0].clone();
    let text =
        std::fs::read_to_string(folder.join(format!("{}.key", listening.id))).expect("its key");
    let key = Keys::from_text(&text)
        .expect("a key")
        .get(&listening.id)
        .expect("the board's")
        .clone();
    let settings = proxy::Settings {
        listen: "127.0.0.1:0".parse().expect("an address"),
        token: "a-long-password".parse().expect("a token"),
        board: listening.address.to_string(),
        key,
    };
    let proxy = Proxy::start(settings).expect("a proxy");
    let place = format!("ws://{}/rpc?token=a-long-password", proxy.address())
        .parse()
        .expect("an address");
    let mut findings = Vec::new();
    let request = CheckRequest {
        endpoint: place,
        trust: Trust::usual(),
        may_change: true,
        keys: Keys::default(),
        txt: None,
    };
    check(&request, &mut |finding| findings.push(finding)).expect("the board answers");
    // The proxy itself differs: it requires a token, has no page, and accepts
    // any number of clients. What is behind it is the board's.
    let of_the_door = ["Connecting: ", "HTTP: ", "Web pages: ", "Log: /log"];
    let mut failed = named(&findings, Verdict::Fail);
    failed.retain(|name| !of_the_door.iter().any(|start| name.starts_with(start)));
    assert_eq!(failed, BTreeSet::new());
    assert!(named(&findings, Verdict::Pass).contains("Close codes: a client's close"));
}

#[test]
fn extra_slots_are_a_warning() {
    let options = Options {
        profile: Profile::Lamp,
        mdns: false,
        controllers: 6,
        ..Options::default()
    };
    let boards = VirtualBoards::start(options).expect("a board");
    let findings = found(boards.list()[0].address, false, Keys::default());
    assert_eq!(
        named(&findings, Verdict::Warning),
        BTreeSet::from(["Connecting: one controller too many".to_owned()])
    );
    assert_eq!(named(&findings, Verdict::Fail), BTreeSet::new());
}

#[test]
fn a_server_that_is_not_a_board_fails() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            use std::io::{Read, Write};
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi");
        }
    });
    let findings = found(address, true, Keys::default());
    assert!(named(&findings, Verdict::Fail).contains("Connecting: the opening handshake"));
    assert!(
        named(&findings, Verdict::Pass).is_empty(),
        "{:?}",
        named(&findings, Verdict::Pass)
    );
}

#[test]
fn a_board_with_one_defect_fails_at_that_point() {
    let failures = Mutex::new(Vec::new());
    // A few at a time: most of the time is spent waiting for something that
    // does not arrive.
    let rows = Mutex::new(defects().into_iter());
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                loop {
                    let Some((wrong, defect)) = rows.lock().unwrap().next() else {
                        return;
                    };
                    let (_boards, address) = board();
                    let findings = found(
                        relay(address, defect).expect("a relay"),
                        true,
                        Keys::default(),
                    );
                    let failed = named(&findings, Verdict::Fail);
                    let names: BTreeSet<_> = findings
                        .iter()
                        .map(|finding| finding.point.name.to_owned() + finding.point.section)
                        .collect();
                    if names.len() != findings.len() {
                        failures
                            .lock()
                            .unwrap()
                            .push(format!("{wrong}: a point is reported twice"));
                    }
                    if !failed.contains(wrong) {
                        failures
                            .lock()
                            .unwrap()
                            .push(format!("{wrong} does not fail, but {failed:?}"));
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

type Row = (&'static str, Defect);

/// Changes HTTP requests.
fn request(wrong: &'static str, from: &'static str, to: &'static str) -> Row {
    (
        wrong,
        Defect {
            request: Box::new(move |text| with_length(&text.replace(from, to))),
            ..Defect::default()
        },
    )
}

/// Changes HTTP responses.
fn response(wrong: &'static str, from: &'static str, to: &'static str) -> Row {
    (
        wrong,
        Defect {
            response: Box::new(move |text| with_length(&text.replace(from, to))),
            ..Defect::default()
        },
    )
}

fn replaced(mut frame: Frame, from: &str, to: &str) -> Vec<Frame> {
    if frame.is_text()
        && let Ok(text) = std::str::from_utf8(&frame.payload)
    {
        frame.payload = text.replace(from, to).into_bytes();
    }
    vec![frame]
}

/// Changes messages from the controller.
fn from_controller(wrong: &'static str, from: &'static str, to: &'static str) -> Row {
    (
        wrong,
        Defect {
            to_board: Box::new(move |frame| replaced(frame, from, to)),
            ..Defect::default()
        },
    )
}

/// Changes messages from the board.
fn from_board(wrong: &'static str, from: &'static str, to: &'static str) -> Row {
    (
        wrong,
        Defect {
            to_client: Box::new(move |frame| replaced(frame, from, to)),
            ..Defect::default()
        },
    )
}

/// Changes other frames from the board.
fn altered(wrong: &'static str, bend: impl Fn(Frame) -> Vec<Frame> + Send + Sync + 'static) -> Row {
    (
        wrong,
        Defect {
            to_client: Box::new(bend),
            ..Defect::default()
        },
    )
}

/// Changes the code of a close.
fn closed(wrong: &'static str, from: u16, to: u16) -> Row {
    altered(wrong, move |mut frame| {
        if frame.first & 0x0f == 8 && frame.payload.starts_with(&from.to_be_bytes()) {
            frame.payload.splice(..2, to.to_be_bytes());
        }
        vec![frame]
    })
}

/// Changes the payload of a pong.
fn ponged(wrong: &'static str, payload: &'static [u8]) -> Row {
    altered(wrong, move |mut frame| {
        if frame.first & 0x0f == 10 && frame.payload == payload {
            frame.payload.reverse();
        }
        vec![frame]
    })
}

fn defects() -> Vec<Row> {
    [
        http_defects(),
        frame_defects(),
        message_defects(),
        state_defects(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn http_defects() -> Vec<Row> {
    vec![
        response(
            "Connecting: the opening handshake",
            "Sec-WebSocket-Accept: s",
            "Sec-WebSocket-Accept: t",
        ),
        request(
            "Connecting: our subprotocol among others",
            "chat, switchboard.v1",
            "chat",
        ),
        (
            "Connecting: no subprotocol offered",
            Defect {
                request: Box::new(|text| {
                    match text.contains("Upgrade: websocket") && !text.contains("-Protocol") {
                        true => text.replace(
                            "Upgrade: websocket",
                            "Upgrade: websocket\r\nSec-WebSocket-Protocol: switchboard.v1",
                        ),
                        false => text,
                    }
                }),
                ..Defect::default()
            },
        ),
        request(
            "Connecting: an opening handshake as browsers write it",
            "keep-alive, Upgrade",
            "keep-alive",
        ),
        request(
            "Connecting: only other subprotocols offered",
            "chat, switchboard.v2",
            "switchboard.v1",
        ),
        response(
            "Connecting: one controller too many",
            "HTTP/1.1 503",
            "HTTP/1.1 500",
        ),
        response(
            "Connecting: one controller too many",
            "all_places_taken",
            "full",
        ),
        request(
            "HTTP: another version of WebSocket",
            "Version: 12",
            "Version: 13",
        ),
        request(
            "HTTP: a wrong Sec-WebSocket-Key",
            "c2hvcnQ=",
            "dGhlIHNhbXBsZSBub25jZQ==",
        ),
        response(
            "HTTP: GET of the control channel without upgrade",
            "HTTP/1.1 426",
            "HTTP/1.1 400",
        ),
        request(
            "Web pages: a page from another site",
            "Origin: http://stranger.example",
            "X-Was: origin",
        ),
        request(
            "Web pages: a POST from another site's page",
            "Origin: http://stranger.example",
            "X-Was: origin",
        ),
        request(
            "Web pages: a Host that is not the board's",
            "Host: stranger.example",
            "Host: localhost",
        ),
        request("HTTP: GET /", "GET / ", "GET /nothing "),
        response(
            "Web pages: the board's own page",
            "frame-ancestors 'none'",
            "frame-ancestors 'self'",
        ),
        request("HTTP: any other path", "/no-such-path", "/"),
        response("HTTP: another method", "Allow:", "Disallow:"),
        response("HTTP: POST of a request", "application/json", "text/plain"),
        response("HTTP: POST of a request", "bad_id", "bad"),
        response("HTTP: POST of a request", "HTTP/1.1 204", "HTTP/1.1 200"),
        request(
            "Device.Subscribe: over POST",
            "Device.Subscribe",
            "Sys.Ping",
        ),
        response(
            "Device.GetStatus: over POST",
            "\"uptime_ms\":",
            "\"client\":0,\"uptime_ms\":",
        ),
        response("HTTP: POST of 2,049 bytes", "HTTP/1.1 413", "HTTP/1.1 400"),
        response(
            "HTTP: POST without Content-Length",
            "HTTP/1.1 411",
            "HTTP/1.1 400",
        ),
        request("HTTP: /ws", "GET /ws ", "GET /rpc "),
        request("Log: /log", "GET /log?level=debug ", "GET /ws "),
    ]
}

fn frame_defects() -> Vec<Row> {
    let whole = |frame: Frame| {
        if frame.first & 0x80 == 0 {
            Vec::new()
        } else {
            vec![frame]
        }
    };
    vec![
        (
            "Messages: a message in fragments",
            Defect {
                to_board: Box::new(whole),
                ..Defect::default()
            },
        ),
        ponged("Liveness: a ping within a message in fragments", b"now"),
        ponged("Liveness: a ping", b"hello"),
        (
            "Liveness: an unsolicited pong",
            Defect {
                to_board: Box::new(|mut frame| {
                    if frame.first & 0x0f == 10 && frame.payload == b"unasked" {
                        frame.first = 0x88;
                        frame.payload = 1000_u16.to_be_bytes().to_vec();
                    }
                    vec![frame]
                }),
                ..Defect::default()
            },
        ),
        closed("Close codes: a client's close", 4000, 1000),
        closed(
            "Close codes: a binary message on the control channel",
            1003,
            1002,
        ),
        closed("Close codes: text that is not UTF-8", 1007, 1002),
        closed("Close codes: a frame with a reserved bit", 1002, 1000),
        closed("Close codes: a frame without a mask", 1002, 1000),
        closed("Close codes: a ping of 126 bytes", 1002, 1000),
        closed(
            "Close codes: a message within a message in fragments",
            1002,
            1000,
        ),
        closed("Close codes: a continuation without a start", 1002, 1000),
        closed(
            "Close codes: a close with the code 1005, which is never sent",
            1002,
            1000,
        ),
        altered("Close codes: a close without a code", |mut frame| {
            if frame.first & 0x0f == 8 && frame.payload.is_empty() {
                frame.payload = 1000_u16.to_be_bytes().to_vec();
            }
            vec![frame]
        }),
        (
            "Messages: a character in two fragments",
            Defect {
                to_board: Box::new(whole),
                ..Defect::default()
            },
        ),
        closed("Limits: a message of 2,049 bytes", 1009, 1008),
        closed("Limits: 2,049 bytes in fragments", 1009, 1008),
        (
            "Limits: a message of 2,048 bytes",
            Defect {
                to_board: Box::new(|mut frame| {
                    if frame.payload.len() == 2_048 {
                        frame.payload.push(b' ');
                    }
                    vec![frame]
                }),
                ..Defect::default()
            },
        ),
        altered("HTTP: /ws", |mut frame| {
            if frame.first & 0x0f == 2 {
                frame.payload.push(0);
            }
            vec![frame]
        }),
        altered("Messages: id: whole numbers", |mut frame| {
            // The answer as a binary message.
            frame.first = if frame.is_text() { 0x82 } else { frame.first };
            vec![frame]
        }),
    ]
}

fn message_defects() -> Vec<Row> {
    vec![
        from_board(
            "Messages: id: whole numbers",
            "9223372036854775807",
            "9223372036854775808",
        ),
        from_board("Messages: id: texts", "\"a-1\"", "\"a\""),
        from_board("Messages: id: invalid values", "\"bad_id\"", "\"bad\""),
        from_controller(
            "Messages: a request without id",
            "\"2.0\",\"method\":\"No.Such\"",
            "\"2.0\",\"id\":1,\"method\":\"No.Such\"",
        ),
        from_controller("Messages: params: none", "\"params\":[]", "\"params\":[1]"),
        from_controller(
            "Messages: params: by position",
            "\"params\":null",
            "\"params\":{}",
        ),
        from_controller(
            "Messages: unknown fields",
            "Sys.Ping\",\"params\":{\"color\"",
            "Sys.Pang\",\"params\":{\"color\"",
        ),
        from_controller(
            "Messages: a parameter that is null",
            "\"limit\":null",
            "\"limit\":\"all\"",
        ),
        from_controller("Messages: whole numbers", "1e0", "1.5"),
        from_controller(
            "Messages: a name twice in one object",
            "\"id\":1,\"id\":2",
            "\"id\":2,\"id\":1",
        ),
        from_board("Messages: batches", "\"batch\"", "\"list\""),
        from_board("Messages: nesting", "nested_too_deeply", "deep"),
        from_board(
            "Messages: several requests at once",
            "\"id\":3,",
            "\"id\":30,",
        ),
        from_board("Errors: text that is not JSON", "\"not_json\"", "\"no\""),
        from_board("Errors: text that is not JSON", "-32700", "-32600"),
        from_board(
            "Errors: a message that is not a request",
            "not_an_object",
            "no_object",
        ),
        from_board("Errors: an unknown method", "-32601", "-32600"),
        from_board("Errors: invalid parameters", "wrong_type", "type"),
        // A board that treats a fraction as another JSON type.
        from_controller(
            "Errors: invalid parameters",
            "\"offset\":0.5",
            "\"offset\":\"0.5\"",
        ),
        from_controller(
            "Commands: parameters that a component does not accept",
            "\"brightness\":60.5",
            "\"brightness\":\"60.5\"",
        ),
        from_controller(
            "Commands: parameters that a component does not accept",
            "\"transition_ms\":100.5",
            "\"transition_ms\":[]",
        ),
        from_controller(
            "Commands: parameters that a component does not accept",
            "\"id\":0.5",
            "\"id\":\"0\"",
        ),
        from_controller(
            "Commands: parameters that a component does not accept",
            "[1,2.5,3]",
            "\"1,2.5,3\"",
        ),
        from_controller(
            "Commands: parameters that a component does not accept",
            "\"rgb\":[0,0]",
            "\"rgb\":{}",
        ),
        from_board(
            "Log: Log.Subscribe",
            "\"level\":\"off\"",
            "\"level\":\"none\"",
        ),
        from_board(
            "Commands: an unknown component",
            "\"not_found\"",
            "\"nothing\"",
        ),
        from_board("Commands: a command without id", "\"missing\"", "\"gone\""),
        from_controller(
            "Commands: a command with one wrong parameter",
            "\"brightness\":101",
            "\"brightness\":100",
        ),
        from_controller(
            "Commands: parameters that a component does not accept",
            "no such option",
            "auto",
        ),
        from_board(
            "Commands: parameters that a component does not accept",
            "control_character",
            "control",
        ),
    ]
}

/// Replaces a field of this name with eight other characters, in messages with
/// a word.
fn other_epoch(mut frame: Frame) -> Vec<Frame> {
    let text = String::from_utf8_lossy(&frame.payload).into_owned();
    if let Some(at) = text
        .find("\"epoch\":\"")
        .filter(|_| text.contains("\"features\""))
    {
        frame.payload.splice(at + 9..at + 17, *b"01234567");
    }
    vec![frame]
}

/// A board whose clock stands still.
fn still(mut frame: Frame) -> Vec<Frame> {
    let text = String::from_utf8_lossy(&frame.payload).into_owned();
    if let Some(at) = text
        .find("{\"uptime_ms\":")
        .filter(|_| text.contains("\"id\":1"))
    {
        frame.payload = format!("{}{{\"uptime_ms\":5}}}}", &text[..at]).into_bytes();
    }
    vec![frame]
}

/// Sends answers before the pushes that they caused.
fn answers_first(frame: &Frame) -> bool {
    String::from_utf8_lossy(&frame.payload).contains("\"source\":\"client:")
}

/// Adds a push with another sequence number.
fn twice(frame: Frame) -> Vec<Frame> {
    let text = String::from_utf8_lossy(&frame.payload).into_owned();
    match text.contains("\"was_on\":") {
        false => vec![frame],
        true => {
            let push = r#"{"jsonrpc":"2.0","method":"NotifyStatus","params":{"epoch":"00000000","prev":0,"seq":0,"uptime_ms":1,"light:0":{"on":true}}}"#;
            vec![
                frame.clone(),
                Frame {
                    payload: push.into(),
                    ..frame
                },
            ]
        }
    }
}

fn state_defects() -> Vec<Row> {
    vec![
        from_board(
            "Device.GetInfo: what the board is",
            "\"mac\":\"02",
            "\"mac\":\"zz",
        ),
        from_board(
            "Device.GetInfo: what the board is",
            "\"proto\":1",
            "\"proto\":2",
        ),
        from_board(
            "Device.GetComponents: descriptions",
            "\"kind\":\"light\"",
            "\"kind\":\"lamp\"",
        ),
        from_board(
            "Device.GetComponents: page by page",
            "\"offset\":1,",
            "\"offset\":0,",
        ),
        from_board(
            "Device.GetStatus: the full state",
            "\"brightness\":60",
            "\"brightness\":600",
        ),
        from_board(
            "Device.GetStatus: the full state",
            "\"text:0\":",
            "\"text:9\":",
        ),
        from_board(
            "Device.GetStatus: the client's number",
            "\"client\":",
            "\"klient\":",
        ),
        from_controller(
            "Device.Subscribe: the snapshot",
            "Device.Subscribe",
            "Device.Nothing",
        ),
        altered("Pushes: epoch", other_epoch),
        altered("Sys.Ping: uptime_ms", still),
        from_board("Commands: a command", "\"was_on\":", "\"was\":"),
        from_board(
            "Pushes: a change by another connection",
            "\"prev\":",
            "\"prev\":9",
        ),
        from_board(
            "Pushes: a change by another connection",
            "NotifyStatus",
            "Notify",
        ),
        from_board(
            "Pushes: the source of the change",
            "\"source\":\"client:",
            "\"source\":\"client:9",
        ),
        from_controller(
            "Connecting: a connection that has not subscribed",
            "Device.GetStatus",
            "Device.Subscribe",
        ),
        (
            "Commands: push and answer",
            Defect {
                late: answers_first,
                ..Defect::default()
            },
        ),
        altered("Commands: a command that changes nothing", twice),
    ]
}

fn locked_defects() -> Vec<Row> {
    let greeting = |bend: fn(&mut Vec<u8>)| {
        move |mut frame: Frame| {
            if frame.first & 0x0f == 2 && frame.payload.first() == Some(&1) {
                bend(&mut frame.payload);
            }
            vec![frame]
        }
    };
    vec![
        altered(
            "The handshake: the greeting",
            greeting(|hello| hello.truncate(10)),
        ),
        altered(
            "The handshake: the challenge",
            greeting(|hello| hello[2..18].fill(7)),
        ),
        from_board(
            "The handshake: plain text before the handshake",
            "\"locked\"",
            "\"shut\"",
        ),
        closed("The handshake: an offer with an unknown key", 1008, 1000),
        response(
            "Locked boards: POST, /ws and /log of a locked board",
            "HTTP/1.1 403",
            "HTTP/1.1 200",
        ),
    ]
}

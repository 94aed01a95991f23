//! `switchboard check` against good boards, and against boards that are wrong
//! in one way each, which it must name.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

mod crooked;

use std::{collections::BTreeSet, net::SocketAddr, sync::Mutex, thread};

use crooked::{Frame, Twist, relay, with_length};
use switchboard::{
    conformance::{Asked, Finding, Verdict, check},
    dial::Trust,
    keys::Keys,
    proxy::{self, Proxy},
};
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
    let asked = Asked {
        place,
        trust: Trust::usual(),
        may_change,
        keys,
        txt: None,
    };
    let mut findings = Vec::new();
    check(&asked, &mut |finding| findings.push(finding)).expect("somebody answers");
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
            "it was not found by mDNS".to_owned()
        ])
    );
    assert_eq!(findings.len(), switchboard::conformance::points().len());
}

#[test]
fn nothing_is_changed_unless_it_may_be() {
    let (boards, address) = board();
    // Whatever is switched or pressed is in the log of a board at this level.
    let seen = std::sync::Arc::new(Mutex::new(Vec::new()));
    let kept = std::sync::Arc::clone(&seen);
    let twist = Twist {
        to_board: Box::new(move |frame| {
            kept.lock()
                .unwrap()
                .push(String::from_utf8_lossy(&frame.payload).into_owned());
            vec![frame]
        }),
        ..Twist::default()
    };
    found(
        relay(address, twist).expect("a relay"),
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
    let folder =
        std::env::temp_dir().join(format!("switchboard-conformance-{}", std::process::id()));
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
    assert!(named(&with, Verdict::Pass).contains("Pushes: what another connection did"));
    let _ = std::fs::remove_dir_all(folder);
    for (wrong, twist) in locked_twists() {
        let address = relay(listening.address, twist).expect("a relay");
        let failed = named(&found(address, false, Keys::default()), Verdict::Fail);
        assert!(failed.contains(wrong), "{wrong}: {failed:?}");
    }
}

#[test]
fn a_locked_board_behind_the_proxy_speaks_as_an_open_one_does() {
    let folder = std::env::temp_dir().join(format!(
        "switchboard-conformance-proxy-{}",
        std::process::id()
    ));
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
    let _ = std::fs::remove_dir_all(folder);
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
    let asked = Asked {
        place,
        trust: Trust::usual(),
        may_change: true,
        keys: Keys::default(),
        txt: None,
    };
    check(&asked, &mut |finding| findings.push(finding)).expect("somebody answers");
    // Its door is its own: a token, no page, as many clients as there are; what
    // is said behind it is the board's.
    let of_the_door = ["Connecting: ", "HTTP: ", "Web pages: ", "Log: /log"];
    let mut failed = named(&findings, Verdict::Fail);
    failed.retain(|name| !of_the_door.iter().any(|start| name.starts_with(start)));
    assert_eq!(failed, BTreeSet::new());
    assert!(named(&findings, Verdict::Pass).contains("Close codes: a client's close"));
}

#[test]
fn more_places_than_boards_have_are_a_warning() {
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
fn a_server_that_is_no_board_fails() {
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
fn a_board_that_is_wrong_in_one_way_fails_at_that_point() {
    let failures = Mutex::new(Vec::new());
    // A few at a time: most of the time is spent waiting for what does not
    // come.
    let rows = Mutex::new(twists().into_iter());
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                loop {
                    let Some((wrong, twist)) = rows.lock().unwrap().next() else {
                        return;
                    };
                    let (_boards, address) = board();
                    let findings = found(
                        relay(address, twist).expect("a relay"),
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
                            .push(format!("{wrong}: a point is told twice"));
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

type Row = (&'static str, Twist);

/// In requests of HTTP.
fn request(wrong: &'static str, from: &'static str, to: &'static str) -> Row {
    (
        wrong,
        Twist {
            request: Box::new(move |text| with_length(&text.replace(from, to))),
            ..Twist::default()
        },
    )
}

/// In responses of HTTP.
fn response(wrong: &'static str, from: &'static str, to: &'static str) -> Row {
    (
        wrong,
        Twist {
            response: Box::new(move |text| with_length(&text.replace(from, to))),
            ..Twist::default()
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

/// In what the controller says.
fn said(wrong: &'static str, from: &'static str, to: &'static str) -> Row {
    (
        wrong,
        Twist {
            to_board: Box::new(move |frame| replaced(frame, from, to)),
            ..Twist::default()
        },
    )
}

/// In what the board says.
fn told(wrong: &'static str, from: &'static str, to: &'static str) -> Row {
    (
        wrong,
        Twist {
            to_client: Box::new(move |frame| replaced(frame, from, to)),
            ..Twist::default()
        },
    )
}

/// Anything else in what the board says.
fn bent(wrong: &'static str, bend: impl Fn(Frame) -> Vec<Frame> + Send + Sync + 'static) -> Row {
    (
        wrong,
        Twist {
            to_client: Box::new(bend),
            ..Twist::default()
        },
    )
}

/// A close with another code.
fn closed(wrong: &'static str, from: u16, to: u16) -> Row {
    bent(wrong, move |mut frame| {
        if frame.first & 0x0f == 8 && frame.payload.starts_with(&from.to_be_bytes()) {
            frame.payload.splice(..2, to.to_be_bytes());
        }
        vec![frame]
    })
}

/// A pong with another payload.
fn ponged(wrong: &'static str, payload: &'static [u8]) -> Row {
    bent(wrong, move |mut frame| {
        if frame.first & 0x0f == 10 && frame.payload == payload {
            frame.payload.reverse();
        }
        vec![frame]
    })
}

fn twists() -> Vec<Row> {
    [
        http_twists(),
        frame_twists(),
        message_twists(),
        state_twists(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn http_twists() -> Vec<Row> {
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
            Twist {
                request: Box::new(|text| {
                    match text.contains("Upgrade: websocket") && !text.contains("-Protocol") {
                        true => text.replace(
                            "Upgrade: websocket",
                            "Upgrade: websocket\r\nSec-WebSocket-Protocol: switchboard.v1",
                        ),
                        false => text,
                    }
                }),
                ..Twist::default()
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
            "Web pages: a page of a stranger",
            "Origin: http://stranger.example",
            "X-Was: origin",
        ),
        request(
            "Web pages: a POST of a stranger's page",
            "Origin: http://stranger.example",
            "X-Was: origin",
        ),
        request(
            "Web pages: a Host that is not the board's",
            "Host: stranger.example",
            "Host: localhost",
        ),
        request("HTTP: GET /", "GET / ", "GET /nothing "),
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

fn frame_twists() -> Vec<Row> {
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
            Twist {
                to_board: Box::new(whole),
                ..Twist::default()
            },
        ),
        ponged("Liveness: a ping within a message in fragments", b"now"),
        ponged("Liveness: a ping", b"hello"),
        (
            "Liveness: a pong that was not asked for",
            Twist {
                to_board: Box::new(|mut frame| {
                    if frame.first & 0x0f == 10 && frame.payload == b"unasked" {
                        frame.first = 0x88;
                        frame.payload = 1000_u16.to_be_bytes().to_vec();
                    }
                    vec![frame]
                }),
                ..Twist::default()
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
        closed("Close codes: a continuation of nothing", 1002, 1000),
        closed(
            "Close codes: a close with the code 1005, which is never sent",
            1002,
            1000,
        ),
        bent("Close codes: a close without a code", |mut frame| {
            if frame.first & 0x0f == 8 && frame.payload.is_empty() {
                frame.payload = 1000_u16.to_be_bytes().to_vec();
            }
            vec![frame]
        }),
        (
            "Messages: a character in two fragments",
            Twist {
                to_board: Box::new(whole),
                ..Twist::default()
            },
        ),
        closed("Limits: a message of 2,049 bytes", 1009, 1008),
        closed("Limits: 2,049 bytes in fragments", 1009, 1008),
        (
            "Limits: a message of 2,048 bytes",
            Twist {
                to_board: Box::new(|mut frame| {
                    if frame.payload.len() == 2_048 {
                        frame.payload.push(b' ');
                    }
                    vec![frame]
                }),
                ..Twist::default()
            },
        ),
        bent("HTTP: /ws", |mut frame| {
            if frame.first & 0x0f == 2 {
                frame.payload.push(0);
            }
            vec![frame]
        }),
        bent("Messages: id: whole numbers", |mut frame| {
            // The answer as a binary message.
            frame.first = if frame.is_text() { 0x82 } else { frame.first };
            vec![frame]
        }),
    ]
}

fn message_twists() -> Vec<Row> {
    vec![
        told(
            "Messages: id: whole numbers",
            "9223372036854775807",
            "9223372036854775808",
        ),
        told("Messages: id: texts", "\"a-1\"", "\"a\""),
        told("Messages: id: what is none", "\"bad_id\"", "\"bad\""),
        said(
            "Messages: a request without id",
            "\"2.0\",\"method\":\"No.Such\"",
            "\"2.0\",\"id\":1,\"method\":\"No.Such\"",
        ),
        said("Messages: params: none", "\"params\":[]", "\"params\":[1]"),
        said(
            "Messages: params: not by name",
            "\"params\":null",
            "\"params\":{}",
        ),
        said(
            "Messages: what is unknown",
            "Sys.Ping\",\"params\":{\"color\"",
            "Sys.Pang\",\"params\":{\"color\"",
        ),
        said(
            "Messages: a parameter that is null",
            "\"limit\":null",
            "\"limit\":\"all\"",
        ),
        said("Messages: whole numbers", "1e0", "1.5"),
        said(
            "Messages: a name twice in one object",
            "\"id\":1,\"id\":2",
            "\"id\":2,\"id\":1",
        ),
        told("Messages: batches", "\"batch\"", "\"list\""),
        told("Messages: nesting", "nested_too_deeply", "deep"),
        told(
            "Messages: several requests at once",
            "\"id\":3,",
            "\"id\":30,",
        ),
        told("Errors: what is no JSON", "\"not_json\"", "\"no\""),
        told("Errors: what is no JSON", "-32700", "-32600"),
        told("Errors: what is no request", "not_an_object", "no_object"),
        told("Errors: a method that there is not", "-32601", "-32600"),
        told("Errors: parameters that are wrong", "wrong_type", "type"),
        // A board that takes a fraction for another type of JSON.
        said(
            "Errors: parameters that are wrong",
            "\"offset\":0.5",
            "\"offset\":\"0.5\"",
        ),
        said(
            "Commands: parameters that a component cannot take",
            "\"brightness\":60.5",
            "\"brightness\":\"60.5\"",
        ),
        said(
            "Commands: parameters that a component cannot take",
            "\"transition_ms\":100.5",
            "\"transition_ms\":[]",
        ),
        said(
            "Commands: parameters that a component cannot take",
            "\"id\":0.5",
            "\"id\":\"0\"",
        ),
        said(
            "Commands: parameters that a component cannot take",
            "[1,2.5,3]",
            "\"1,2.5,3\"",
        ),
        said(
            "Commands: parameters that a component cannot take",
            "\"rgb\":[0,0]",
            "\"rgb\":{}",
        ),
        told(
            "Log: Log.Subscribe",
            "\"level\":\"off\"",
            "\"level\":\"none\"",
        ),
        told(
            "Commands: a component that there is not",
            "\"not_found\"",
            "\"nothing\"",
        ),
        told("Commands: a command without id", "\"missing\"", "\"gone\""),
        said(
            "Commands: a command with one wrong parameter",
            "\"brightness\":101",
            "\"brightness\":100",
        ),
        said(
            "Commands: parameters that a component cannot take",
            "no such option",
            "auto",
        ),
        told(
            "Commands: parameters that a component cannot take",
            "control_character",
            "control",
        ),
    ]
}

/// A field of this name with eight other characters, in messages with a word.
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

/// A board whose clock stands.
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

/// Answers go before what they caused.
fn answers_first(frame: &Frame) -> bool {
    String::from_utf8_lossy(&frame.payload).contains("\"source\":\"client:")
}

/// Each push comes twice, the second time as if it were another.
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

fn state_twists() -> Vec<Row> {
    vec![
        told(
            "Device.GetInfo: what the board is",
            "\"mac\":\"02",
            "\"mac\":\"zz",
        ),
        told(
            "Device.GetInfo: what the board is",
            "\"proto\":1",
            "\"proto\":2",
        ),
        told(
            "Device.GetComponents: descriptions",
            "\"kind\":\"light\"",
            "\"kind\":\"lamp\"",
        ),
        told(
            "Device.GetComponents: page by page",
            "\"offset\":1,",
            "\"offset\":0,",
        ),
        told(
            "Device.GetStatus: the state of everything",
            "\"brightness\":60",
            "\"brightness\":600",
        ),
        told(
            "Device.GetStatus: the state of everything",
            "\"text:0\":",
            "\"text:9\":",
        ),
        told(
            "Device.GetStatus: the asker's number",
            "\"client\":",
            "\"klient\":",
        ),
        said(
            "Device.Subscribe: the snapshot",
            "Device.Subscribe",
            "Device.Nothing",
        ),
        bent("Pushes: epoch", other_epoch),
        bent("Sys.Ping: uptime_ms", still),
        told("Commands: a command", "\"was_on\":", "\"was\":"),
        told(
            "Pushes: what another connection did",
            "\"prev\":",
            "\"prev\":9",
        ),
        told(
            "Pushes: what another connection did",
            "NotifyStatus",
            "Notify",
        ),
        told(
            "Pushes: who did it",
            "\"source\":\"client:",
            "\"source\":\"client:9",
        ),
        said(
            "Connecting: a connection that has not subscribed",
            "Device.GetStatus",
            "Device.Subscribe",
        ),
        (
            "Commands: push and answer",
            Twist {
                late: answers_first,
                ..Twist::default()
            },
        ),
        bent("Commands: a command that changes nothing", twice),
    ]
}

fn locked_twists() -> Vec<Row> {
    let greeting = |bend: fn(&mut Vec<u8>)| {
        move |mut frame: Frame| {
            if frame.first & 0x0f == 2 && frame.payload.first() == Some(&1) {
                bend(&mut frame.payload);
            }
            vec![frame]
        }
    };
    vec![
        bent(
            "The handshake: the greeting",
            greeting(|hello| hello.truncate(10)),
        ),
        bent(
            "The handshake: the challenge",
            greeting(|hello| hello[2..18].fill(7)),
        ),
        told(
            "The handshake: plain text before the lock",
            "\"locked\"",
            "\"shut\"",
        ),
        closed(
            "The handshake: an offer with a key that there is not",
            1008,
            1000,
        ),
        response(
            "Locked boards: POST, /ws and /log of a locked board",
            "HTTP/1.1 403",
            "HTTP/1.1 200",
        ),
    ]
}

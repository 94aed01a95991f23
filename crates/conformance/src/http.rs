//! What a board serves in addition to its control channel: HTTP, the echo and
//! the log.

use serde_json::Value;

use super::{
    exchanges::{EXCHANGES, Expected, check_answer},
    finding::{Point, Report},
    opening_handshake::{refusal, status},
    raw::{Answer, Received, TIMEOUT, Target, ask, opcode, opening},
    schema,
    session::socket,
};

const fn point(section: &'static str, name: &'static str, expected: &'static str) -> Point {
    Point {
        section,
        name,
        expected,
    }
}

const PAGE: Point = point("HTTP", "GET /", "200 with a page for people");
const FRAMED: Point = point(
    "Web pages",
    "the board's own page",
    "a page with scripts cannot be shown in a frame: frame-ancestors 'none'",
);
const NO_PATH: Point = point("HTTP", "any other path", "404");
const METHOD: Point = point("HTTP", "another method", "405 with Allow");
const POST: Point = point(
    "HTTP",
    "POST of a request",
    "200 with the same answer as over WebSocket, 204 if it has no id",
);
const POST_SUBSCRIBE: Point = point("Device.Subscribe", "over POST", "-32003 needs_a_websocket");
const POST_CLIENT: Point = point("Device.GetStatus", "over POST", "no client");
const POST_LONG: Point = point("HTTP", "POST of 2,049 bytes", "413");
const POST_NO_LENGTH: Point = point("HTTP", "POST without Content-Length", "411");
const POST_ORIGIN: Point = point(
    "Web pages",
    "a POST from another site's page",
    "403 with the error -32006 origin_not_allowed",
);
const ECHO: Point = point("HTTP", "/ws", "each text and binary message is returned");
const LOG: Point = point(
    "Log",
    "/log",
    "lines of text: seconds since boot, level, message",
);

/// All points of this module.
pub(super) const POINTS: &[Point] = &[
    PAGE,
    FRAMED,
    NO_PATH,
    METHOD,
    POST,
    POST_SUBSCRIBE,
    POST_CLIENT,
    POST_LONG,
    POST_NO_LENGTH,
    POST_ORIGIN,
    ECHO,
    LOG,
];

/// Points that apply only to open boards.
const OPEN: &[Point] = &[
    POST,
    POST_SUBSCRIBE,
    POST_CLIENT,
    POST_LONG,
    POST_NO_LENGTH,
    POST_ORIGIN,
    ECHO,
    LOG,
];

pub(super) async fn check(board: &Target, info: &Value, locked: bool, report: &mut Report<'_>) {
    let path = board.endpoint.path();
    one(board, report, PAGE, &get(board, "GET", "/"), |answer| {
        status(answer, 200)?;
        if answer.body.trim().is_empty() {
            Err("the page is empty".to_owned())
        } else {
            Ok(())
        }
    })
    .await;
    let browser = get(board, "GET", "/").replace("\r\n\r\n", "\r\nAccept-Encoding: gzip\r\n\r\n");
    one(board, report, FRAMED, &browser, page_cannot_be_framed).await;
    one(
        board,
        report,
        NO_PATH,
        &get(board, "GET", "/no-such-path"),
        |answer| status(answer, 404),
    )
    .await;
    one(
        board,
        report,
        METHOD,
        &get(board, "DELETE", path),
        |answer| {
            status(answer, 405)?;
            answer
                .header("Allow")
                .map(drop)
                .ok_or_else(|| "Allow is missing".to_owned())
        },
    )
    .await;
    if locked {
        for point in OPEN {
            report.skip(*point, "the board is locked");
        }
        return;
    }
    if schema::has_feature(info, "http_rpc") {
        posts(board, report).await;
    } else {
        for point in [
            POST,
            POST_SUBSCRIBE,
            POST_CLIENT,
            POST_LONG,
            POST_NO_LENGTH,
            POST_ORIGIN,
        ] {
            report.skip(point, "the board lacks the feature http_rpc");
        }
    }
    echo(board, report).await;
    if schema::has_feature(info, "log") {
        log(board, report).await;
    } else {
        report.skip(LOG, "the board lacks the feature log");
    }
}

/// A page that is compressed is taken for one with scripts: nothing else needs
/// to be.
fn page_cannot_be_framed(answer: &Answer) -> Result<(), String> {
    status(answer, 200)?;
    let compressed = answer.header("Content-Encoding").is_some();
    if !compressed && !answer.body.to_ascii_lowercase().contains("<script") {
        return Ok(());
    }
    let policy = answer.header("Content-Security-Policy").unwrap_or_default();
    if policy.contains("frame-ancestors 'none'") {
        Ok(())
    } else {
        Err("any page may show it in a frame".to_owned())
    }
}

fn get(board: &Target, method: &str, path: &str) -> String {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        board.endpoint.authority()
    )
}

/// A `POST` request.
fn post(board: &Target, lines: &str, body: &str) -> String {
    let (path, host) = (board.endpoint.path(), board.endpoint.authority());
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Type: \
             application/json\r\n{lines}Content-Length: {length}\r\n\r\n{body}"
    )
}

async fn one(
    board: &Target,
    report: &mut Report<'_>,
    point: Point,
    request: &str,
    check: impl Fn(&Answer) -> Result<(), String>,
) {
    match ask(board, request).await {
        Ok((answer, _)) => {
            report.record(point, request.trim_end(), &answer.shown(), check(&answer));
        }
        Err(received) => report.record(
            point,
            request.trim_end(),
            &received,
            Err("no answer".to_owned()),
        ),
    }
}

async fn posts(board: &Target, report: &mut Report<'_>) {
    let mut outcome = Ok(());
    let mut last = (String::new(), String::new());
    'all: for exchange in EXCHANGES {
        for (message, want) in exchange.messages {
            let answered = ask(board, &post(board, "", message)).await;
            let (shown, checked) = match &answered {
                Err(why) => (why.clone(), Err("no answer".to_owned())),
                Ok((answer, _)) => (answer.shown(), same(answer, *want)),
            };
            last = ((*message).to_owned(), shown);
            if let Err(why) = checked {
                outcome = Err(format!("{message}: {why}"));
                break 'all;
            }
        }
    }
    if outcome.is_ok() {
        last.0 = "every message that was sent over WebSocket".to_owned();
    }
    report.record(POST, &last.0, &last.1, outcome);
    let subscribe = post(
        board,
        "",
        r#"{"jsonrpc":"2.0","id":1,"method":"Device.Subscribe"}"#,
    );
    one(board, report, POST_SUBSCRIBE, &subscribe, |answer| {
        same(answer, Expected::Error("1", -32003, &["needs_a_websocket"]))
    })
    .await;
    let status_of = post(
        board,
        "",
        r#"{"jsonrpc":"2.0","id":1,"method":"Device.GetStatus"}"#,
    );
    one(board, report, POST_CLIENT, &status_of, |answer| {
        same(answer, Expected::Result("1"))?;
        let answer: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        match answer["result"].get("client") {
            None => Ok(()),
            Some(client) => Err(format!(
                "client is {client}, but no controller is connected"
            )),
        }
    })
    .await;
    let long = post(board, "", &"x".repeat(2_049));
    one(board, report, POST_LONG, &long, |answer| {
        status(answer, 413)
    })
    .await;
    let head = get(board, "POST", board.endpoint.path());
    one(board, report, POST_NO_LENGTH, &head, |answer| {
        status(answer, 411)
    })
    .await;
    let stranger = post(
        board,
        "Origin: http://stranger.example\r\n",
        r#"{"jsonrpc":"2.0","id":1,"method":"Sys.Ping"}"#,
    );
    one(board, report, POST_ORIGIN, &stranger, |answer| {
        status(answer, 403)?;
        refusal(answer, -32006, "origin_not_allowed")
    })
    .await;
}

/// Checks that an answer to `POST` is the same as over WebSocket.
fn same(answer: &Answer, want: Expected) -> Result<(), String> {
    match want {
        Expected::Silence => status(answer, 204),
        want => {
            status(answer, 200)?;
            let json = answer
                .header("Content-Type")
                .is_some_and(|kind| kind.starts_with("application/json"));
            if !json {
                return Err(format!(
                    "Content-Type is {:?}",
                    answer.header("Content-Type").unwrap_or_default()
                ));
            }
            check_answer(want, &answer.body)
        }
    }
}

async fn echo(board: &Target, report: &mut Report<'_>) {
    let (answer, mut connection) = match ask(board, &opening(board, "/ws", &[])).await {
        Ok((answer, _)) if answer.status == 404 => {
            return report.skip(ECHO, "the board has no /ws");
        }
        Ok((answer, _)) if answer.status == 503 => {
            return report.skip(ECHO, "all its slots are in use");
        }
        Ok(opened) => opened,
        Err(why) => {
            return report.record(ECHO, "GET /ws", &why, Err("no answer".to_owned()));
        }
    };
    if let Err(why) = super::raw::check_upgrade(&answer) {
        return report.record(ECHO, "GET /ws with upgrade", &answer.shown(), Err(why));
    }
    let mut outcome = Ok(());
    let mut shown = Vec::new();
    for (kind, payload) in [
        (opcode::TEXT, "grüß Gott".as_bytes()),
        (opcode::BINARY, &[0, 255, 128][..]),
        (opcode::TEXT, b""),
    ] {
        let _ = connection.frame(0x80 | kind, payload).await;
        let received = connection.next_except_pings(TIMEOUT).await;
        shown.push(received.shown());
        if received
            != (Received::Frame {
                fin: true,
                opcode: kind,
                payload: payload.to_vec(),
            })
        {
            outcome = Err("the payload differs from what was sent".to_owned());
            break;
        }
    }
    report.record(
        ECHO,
        "the text \"grüß Gott\", three bytes, an empty text",
        &shown.join(", "),
        outcome,
    );
    connection.close().await;
}

async fn log(board: &Target, report: &mut Report<'_>) {
    let mut connection = match socket(board, "/log?level=debug").await {
        Ok(connection) => connection,
        Err(why) if why.contains("503") => return report.skip(LOG, "all its slots are in use"),
        Err(why) => {
            return report.record(
                LOG,
                "GET /log with upgrade",
                &why,
                Err("the WebSocket could not be opened".to_owned()),
            );
        }
    };
    let received = connection.next_except_pings(TIMEOUT).await;
    let outcome = match &received {
        Received::Frame {
            fin: true,
            opcode: opcode::TEXT,
            payload,
        } => line(&String::from_utf8_lossy(payload)),
        _ => Err("no line was received".to_owned()),
    };
    report.record(
        LOG,
        "GET /log?level=debug with upgrade",
        &received.shown(),
        outcome,
    );
    connection.close().await;
}

/// `86400.999 warn  no address for 60 s`
fn line(text: &str) -> Result<(), String> {
    let mut words = text.split_whitespace();
    let stamp = words.next().unwrap_or_default();
    let is_stamp = stamp.split_once('.').is_some_and(|(seconds, millis)| {
        !seconds.is_empty()
            && millis.len() == 3
            && seconds
                .bytes()
                .chain(millis.bytes())
                .all(|b| b.is_ascii_digit())
    });
    let level = words.next().unwrap_or_default();
    match (
        is_stamp,
        ["error", "warn", "info", "debug"].contains(&level),
    ) {
        (true, true) => Ok(()),
        (false, _) => Err(format!(
            "the line does not begin with seconds and milliseconds: {stamp:?}"
        )),
        (_, false) => Err(format!("{level:?} is not a level")),
    }
}

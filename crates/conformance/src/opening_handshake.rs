//! The opening handshake of the control channel, and which handshakes are
//! refused.

use serde_json::Value;

use super::{
    exchanges,
    finding::{Point, Report},
    raw::{Answer, Target, ask, check_upgrade, opening},
};

const fn point(section: &'static str, name: &'static str, expected: &'static str) -> Point {
    Point {
        section,
        name,
        expected,
    }
}

const OURS: Point = point(
    "Connecting",
    "the opening handshake",
    "101 with the Sec-WebSocket-Accept of RFC 6455, subprotocol switchboard.v1, and no extension, \
         whatever was offered",
);
const AMONG: Point = point(
    "Connecting",
    "our subprotocol among others",
    "101 with switchboard.v1",
);
const NONE: Point = point(
    "Connecting",
    "no subprotocol offered",
    "101, and the answer names no subprotocol",
);
const BROWSERS: Point = point(
    "Connecting",
    "an opening handshake as browsers write it",
    "Connection: keep-alive, Upgrade, and upgrade in either case, are accepted",
);
const OTHERS: Point = point(
    "Connecting",
    "only other subprotocols offered",
    "400 with the error -32008 unsupported_version",
);
const VERSION: Point = point(
    "HTTP",
    "another version of WebSocket",
    "426 with Sec-WebSocket-Version: 13",
);
const KEY: Point = point("HTTP", "a wrong Sec-WebSocket-Key", "400");
const PLAIN: Point = point("HTTP", "GET of the control channel without upgrade", "426");
const ABSOLUTE: Point = point(
    "HTTP",
    "a target in absolute form",
    "the answer for its path; Host is ignored (RFC 9112, section 3.2.2)",
);
const OLD: Point = point(
    "HTTP",
    "an upgrade in HTTP/1.0",
    "ignored: no 101 (RFC 9110, section 7.8)",
);
const ORIGIN: Point = point(
    "Web pages",
    "a page from another site",
    "403 with the error -32006 origin_not_allowed",
);
const OWN_ORIGIN: Point = point(
    "Web pages",
    "a program that sends the board's own address as its Origin",
    "101: the Origin is http:// followed by the value of Host",
);
const OTHER_PORT: Point = point(
    "Web pages",
    "a page of another port of the board's host",
    "403 with the error -32006 origin_not_allowed",
);
const HOST: Point = point("Web pages", "a Host that is not the board's", "421");

/// All points of this module.
pub(super) const POINTS: &[Point] = &[
    OURS, AMONG, NONE, BROWSERS, OTHERS, VERSION, KEY, PLAIN, ABSOLUTE, OLD, ORIGIN, OWN_ORIGIN,
    OTHER_PORT, HOST,
];

const PROTOCOL: &str = "Sec-WebSocket-Protocol";

pub(super) async fn check(board: &Target, report: &mut Report<'_>) {
    let path = board.endpoint.path();
    let open = |lines: &[&str]| opening(board, path, lines);
    let ours = "Sec-WebSocket-Protocol: switchboard.v1";
    let deflate = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits";
    one(board, report, OURS, &open(&[ours, deflate]), |answer| {
        named(answer, Some("switchboard.v1"))
    })
    .await;
    let among = "Sec-WebSocket-Protocol: chat, switchboard.v1";
    one(board, report, AMONG, &open(&[among]), |answer| {
        named(answer, Some("switchboard.v1"))
    })
    .await;
    one(board, report, NONE, &open(&[]), |answer| {
        named(answer, None)
    })
    .await;
    let firefox = open(&[ours])
        .replace("Connection: Upgrade", "Connection: keep-alive, Upgrade")
        .replace("Upgrade: websocket", "upgrade: WebSocket");
    one(board, report, BROWSERS, &firefox, |answer| {
        named(answer, Some("switchboard.v1"))
    })
    .await;
    one(
        board,
        report,
        OTHERS,
        &open(&["Sec-WebSocket-Protocol: chat, switchboard.v2"]),
        |answer| {
            status(answer, 400)?;
            refusal(answer, -32008, "unsupported_version")
        },
    )
    .await;
    let old = open(&[ours]).replace("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 12");
    one(board, report, VERSION, &old, |answer| {
        status(answer, 426)?;
        match answer.header("Sec-WebSocket-Version") {
            Some("13") => Ok(()),
            other => Err(format!(
                "Sec-WebSocket-Version is {:?}",
                other.unwrap_or_default()
            )),
        }
    })
    .await;
    let short = open(&[ours]).replace("dGhlIHNhbXBsZSBub25jZQ==", "c2hvcnQ=");
    one(board, report, KEY, &short, |answer| status(answer, 400)).await;
    let plain = format!(
        "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        board.endpoint.authority()
    );
    one(board, report, PLAIN, &plain, |answer| status(answer, 426)).await;
    let authority = board.endpoint.authority();
    let absolute = open(&[ours]).replacen(
        &format!("GET {path}"),
        &format!("GET http://{authority}{path}"),
        1,
    );
    one(board, report, ABSOLUTE, &absolute, |answer| {
        named(answer, Some("switchboard.v1"))
    })
    .await;
    old_upgrade(board, report, &open(&[ours])).await;
    web_pages(board, report).await;
}

/// Origins and hosts of web pages.
async fn web_pages(board: &Target, report: &mut Report<'_>) {
    let open = |lines: &[&str]| opening(board, board.endpoint.path(), lines);
    let ours = "Sec-WebSocket-Protocol: switchboard.v1";
    one(
        board,
        report,
        ORIGIN,
        &open(&[ours, "Origin: http://stranger.example"]),
        |answer| {
            status(answer, 403)?;
            refusal(answer, -32006, "origin_not_allowed")
        },
    )
    .await;
    let own = format!("Origin: http://{}", board.endpoint.authority());
    one(board, report, OWN_ORIGIN, &open(&[ours, &own]), |answer| {
        named(answer, Some("switchboard.v1"))
    })
    .await;
    let host = board.endpoint.host();
    let host = if host.contains(':') {
        format!("[{host}]")
    } else {
        host.to_owned()
    };
    let other = format!("Origin: http://{host}:{}", board.endpoint.port() ^ 1);
    one(
        board,
        report,
        OTHER_PORT,
        &open(&[ours, &other]),
        |answer| {
            status(answer, 403)?;
            refusal(answer, -32006, "origin_not_allowed")
        },
    )
    .await;
    let stranger = open(&[ours]).replace(
        &format!("Host: {}", board.endpoint.authority()),
        "Host: stranger.example",
    );
    one(board, report, HOST, &stranger, |answer| status(answer, 421)).await;
}

/// Checks that the upgrade is accepted with this subprotocol.
fn named(answer: &Answer, name: Option<&str>) -> Result<(), String> {
    check_upgrade(answer)?;
    match answer.header(PROTOCOL) == name {
        true => Ok(()),
        false => Err(format!(
            "{PROTOCOL} is {:?}",
            answer.header(PROTOCOL).unwrap_or_default()
        )),
    }
}

async fn one(
    board: &Target,
    report: &mut Report<'_>,
    point: Point,
    request: &str,
    judge: impl Fn(&Answer) -> Result<(), String>,
) {
    match ask(board, request).await {
        Ok((answer, connection)) => {
            if answer.status == 101 {
                connection.close().await;
            }
            // A slot that is in use says nothing about this point.
            if answer.status == 503 {
                report.skip(
                    point,
                    &format!("the board has no free slot: {}", answer.shown()),
                );
            } else {
                report.record(point, request.trim_end(), &answer.shown(), judge(&answer));
            }
        }
        Err(received) => report.record(
            point,
            request.trim_end(),
            &received,
            Err("no answer".to_owned()),
        ),
    }
}

/// An upgrade in HTTP/1.0 must not be accepted. Closing the connection is a
/// refusal too.
async fn old_upgrade(board: &Target, report: &mut Report<'_>, request: &str) {
    match ask(board, request).await {
        Ok((answer, connection)) if answer.status == 101 => connection.close().await,
        Ok((answer, _)) if answer.status == 503 => {
            return report.skip(
                OLD,
                &format!("the board has no free slot: {}", answer.shown()),
            );
        }
        Ok((answer, _)) => {
            let why = "it does not become a WebSocket in HTTP/1.1 either".to_owned();
            return report.record(OLD, request.trim_end(), &answer.shown(), Err(why));
        }
        Err(received) => {
            return report.record(
                OLD,
                request.trim_end(),
                &received,
                Err("no answer".to_owned()),
            );
        }
    }
    let request = &request.replacen("HTTP/1.1", "HTTP/1.0", 1);
    let (shown, outcome) = match ask(board, request).await {
        Ok((answer, connection)) if answer.status == 101 => {
            connection.close().await;
            (answer.shown(), Err("it becomes a WebSocket".to_owned()))
        }
        Ok((answer, _)) => (answer.shown(), Ok(())),
        Err(received) => (received, Ok(())),
    };
    report.record(OLD, request.trim_end(), &shown, outcome);
}

/// Checks the status of an answer.
///
/// # Errors
/// The actual status.
pub(super) fn status(answer: &Answer, wanted: u16) -> Result<(), String> {
    if answer.status == wanted {
        Ok(())
    } else {
        Err(format!("the status is {}, not {wanted}", answer.status))
    }
}

/// Checks that the body is this error.
///
/// # Errors
/// How it differs.
pub(super) fn refusal(answer: &Answer, code: i64, reason: &str) -> Result<(), String> {
    let body = exchanges::envelope(&answer.body).map_err(|why| format!("in the body: {why}"))?;
    if body["id"] != Value::Null {
        return Err("the id in the body is not null".to_owned());
    }
    exchanges::error(&body, code, &[reason]).map_err(|why| format!("in the body: {why}"))
}

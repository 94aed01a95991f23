//! How a locked board treats clients without a key: it identifies itself and
//! says that it is locked.

use noise::Hello;
use protocol::SUBPROTOCOL;

use super::{
    exchanges,
    finding::{Point, Report},
    opening_handshake::{refusal, status},
    raw::{Received, TIMEOUT, Target, ask, check_upgrade, close_code, opcode, opening},
    session::socket,
};

const fn point(section: &'static str, name: &'static str, expected: &'static str) -> Point {
    Point {
        section,
        name,
        expected,
    }
}

const HELLO: Point = point(
    "The handshake",
    "the greeting",
    "one binary message: 1, the major version, 16 random bytes, the board's id",
);
const FRESH: Point = point(
    "The handshake",
    "the challenge",
    "different for each connection",
);
const PLAIN: Point = point(
    "The handshake",
    "plain text before the handshake",
    "refused with -32006 locked, id null, and close 1008; nothing is answered",
);
const STRANGE: Point = point(
    "The handshake",
    "an offer with an unknown key",
    "refused with -32006 wrong_key, and close 1008",
);
const AROUND: Point = point(
    "Locked boards",
    "POST, /ws and /log of a locked board",
    "403 with -32006 locked",
);

/// All points of this module.
pub(super) const POINTS: &[Point] = &[HELLO, FRESH, PLAIN, STRANGE, AROUND];

/// The hello of a locked board; an open board sends nothing before a request.
///
/// # Errors
/// If no WebSocket can be opened; says why.
pub(super) async fn greeting(board: &Target) -> Result<Option<Vec<u8>>, String> {
    let mut connection = socket(board, board.endpoint.path()).await?;
    // A board in the same network sends its hello within milliseconds.
    let received = connection
        .next_except_pings(std::time::Duration::from_millis(700))
        .await;
    connection.close().await;
    Ok(match received {
        Received::Frame {
            opcode: opcode::BINARY,
            payload,
            ..
        } => Some(payload),
        _ => None,
    })
}

/// Skips all points on an open board.
pub(super) fn skip(report: &mut Report<'_>) {
    for point in POINTS {
        report.skip(*point, "the board is open");
    }
}

pub(super) async fn check(board: &Target, greeted: &[u8], report: &mut Report<'_>) {
    let hello = Hello::from_bytes(greeted);
    let shown = |hello: &Hello| format!("version {}, id {}", hello.major, hello.board);
    let outcome = hello.as_ref().map(drop).map_err(ToString::to_string);
    let received = hello
        .as_ref()
        .map(shown)
        .unwrap_or_else(|_| format!("{} bytes", greeted.len()));
    report.record(HELLO, "an opening handshake", &received, outcome);
    match greeting(board).await {
        Ok(Some(second)) => {
            let fresh = second != greeted;
            let outcome = if fresh {
                Ok(())
            } else {
                Err("two connections got the same challenge".to_owned())
            };
            report.record(
                FRESH,
                "a second connection",
                &format!("{} bytes", second.len()),
                outcome,
            );
        }
        Ok(None) => report.record(
            FRESH,
            "a second connection",
            "nothing",
            Err("no hello was sent".to_owned()),
        ),
        Err(why) => report.skip(FRESH, &why),
    }
    let ping = br#"{"jsonrpc":"2.0","id":1,"method":"Sys.Ping"}"#;
    refused(
        board,
        report,
        PLAIN,
        "Sys.Ping in plain text",
        0x80 | opcode::TEXT,
        ping,
        "locked",
    )
    .await;
    let mut offer = vec![2];
    offer.extend([0xff; 4 + 48]);
    refused(
        board,
        report,
        STRANGE,
        "an offer of the key ffffffff",
        0x80 | opcode::BINARY,
        &offer,
        "wrong_key",
    )
    .await;
    around(board, report).await;
}

/// Sends a frame that a locked board must refuse with this reason and a close.
async fn refused(
    board: &Target,
    report: &mut Report<'_>,
    point: Point,
    sent: &str,
    first: u8,
    payload: &[u8],
    reason: &str,
) {
    let mut connection = match socket(board, board.endpoint.path()).await {
        Ok(connection) => connection,
        Err(why) => return report.skip(point, &why),
    };
    // The hello.
    let _ = connection.next_except_pings(TIMEOUT).await;
    let _ = connection.frame(first, payload).await;
    let (text, close) = (
        connection.next_except_pings(TIMEOUT * 2).await,
        connection.next_except_pings(TIMEOUT).await,
    );
    let received = format!("{}, then {}", text.shown(), close.shown());
    let told = match &text {
        Received::Frame {
            opcode: opcode::TEXT,
            payload,
            ..
        } => exchanges::envelope(&String::from_utf8_lossy(payload)).and_then(|answer| {
            match answer["id"].is_null() {
                true => exchanges::error(&answer, -32006, &[reason]),
                false => Err("the id is not null".to_owned()),
            }
        }),
        _ => Err("no error message was sent".to_owned()),
    };
    let closed = match &close {
        Received::Frame {
            opcode: opcode::CLOSE,
            payload,
            ..
        } => close_code(payload) == Some(1008),
        _ => false,
    };
    let outcome = told.and_then(|()| {
        if closed {
            Ok(())
        } else {
            Err("no close 1008 was received".to_owned())
        }
    });
    report.record(point, sent, &received, outcome);
    connection.close().await;
}

async fn around(board: &Target, report: &mut Report<'_>) {
    let (path, host) = (board.endpoint.path(), board.endpoint.authority());
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"Sys.Ping"}"#;
    let post = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: \
             {}\r\n\r\n{body}",
        body.len()
    );
    let (mut outcome, mut received) = (Ok(()), Vec::new());
    for request in [
        post,
        opening(board, "/ws", &[]),
        opening(board, "/log", &[]),
    ] {
        let line = request.lines().next().unwrap_or_default().to_owned();
        match ask(board, &request).await {
            Ok((answer, connection)) => {
                if check_upgrade(&answer).is_ok() {
                    connection.close().await;
                }
                received.push(format!("{line}: {}", answer.shown()));
                let checked =
                    status(&answer, 403).and_then(|()| refusal(&answer, -32006, "locked"));
                outcome = outcome.and_then(|()| checked.map_err(|why| format!("{line}: {why}")));
            }
            Err(why) => outcome = Err(format!("{line}: {why}")),
        }
    }
    report.record(
        AROUND,
        &format!("POST {path}, and upgrades of /ws and /log (subprotocol {SUBPROTOCOL})"),
        &received.join(" | "),
        outcome,
    );
}

//! What a locked board says to who has no key: who it is, and that it is
//! locked.

use noise::Hello;
use protocol::SUBPROTOCOL;

use super::{
    finding::{Point, Report},
    messages,
    opening::{refusal, status},
    talk::socket,
    wire::{Board, Came, PATIENCE, agreed, ask, close_code, opcode, opening},
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
    "another one for each connection",
);
const PLAIN: Point = point(
    "The handshake",
    "plain text before the lock",
    "refused with -32006 locked, id being null, and close 1008; nothing is answered",
);
const STRANGE: Point = point(
    "The handshake",
    "an offer with a key that there is not",
    "refused with -32006 wrong_key, and close 1008",
);
const AROUND: Point = point(
    "Locked boards",
    "POST, /ws and /log of a locked board",
    "403 with -32006 locked",
);

/// Every point.
pub(super) const POINTS: &[Point] = &[HELLO, FRESH, PLAIN, STRANGE, AROUND];

/// The greeting of a locked board; an open one says nothing before it is asked.
///
/// # Errors
/// In words, where no WebSocket can be had.
pub(super) async fn greeting(board: &Board) -> Result<Option<Vec<u8>>, String> {
    let mut wire = socket(board, board.place.path()).await?;
    // A board in the same network greets within milliseconds.
    let came = wire
        .next_but_pings(std::time::Duration::from_millis(700))
        .await;
    wire.close().await;
    Ok(match came {
        Came::Frame {
            opcode: opcode::BINARY,
            payload,
            ..
        } => Some(payload),
        _ => None,
    })
}

/// An open board is not asked.
pub(super) fn skip(report: &mut Report<'_>) {
    for point in POINTS {
        report.skipped(*point, "the board is open");
    }
}

pub(super) async fn check(board: &Board, greeted: &[u8], report: &mut Report<'_>) {
    let hello = Hello::from_bytes(greeted);
    let shown = |hello: &Hello| format!("version {}, id {}", hello.major, hello.board);
    let thought = hello.as_ref().map(drop).map_err(ToString::to_string);
    let came = hello
        .as_ref()
        .map(shown)
        .unwrap_or_else(|_| format!("{} bytes", greeted.len()));
    report.judged(HELLO, "an opening handshake", &came, thought);
    match greeting(board).await {
        Ok(Some(second)) => {
            let fresh = second != greeted;
            let thought = if fresh {
                Ok(())
            } else {
                Err("it is the same twice".to_owned())
            };
            report.judged(
                FRESH,
                "a second connection",
                &format!("{} bytes", second.len()),
                thought,
            );
        }
        Ok(None) => report.judged(
            FRESH,
            "a second connection",
            "nothing",
            Err("it does not greet".to_owned()),
        ),
        Err(why) => report.skipped(FRESH, &why),
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

/// Something that a locked board refuses with this word and a close.
async fn refused(
    board: &Board,
    report: &mut Report<'_>,
    point: Point,
    sent: &str,
    first: u8,
    payload: &[u8],
    reason: &str,
) {
    let mut wire = match socket(board, board.place.path()).await {
        Ok(wire) => wire,
        Err(why) => return report.skipped(point, &why),
    };
    // The greeting.
    let _ = wire.next_but_pings(PATIENCE).await;
    let _ = wire.frame(first, payload).await;
    let (text, close) = (
        wire.next_but_pings(PATIENCE * 2).await,
        wire.next_but_pings(PATIENCE).await,
    );
    let came = format!("{}, then {}", text.shown(), close.shown());
    let told = match &text {
        Came::Frame {
            opcode: opcode::TEXT,
            payload,
            ..
        } => messages::envelope(&String::from_utf8_lossy(payload)).and_then(|answer| {
            match answer["id"].is_null() {
                true => messages::error(&answer, -32006, &[reason]),
                false => Err("the id is not null".to_owned()),
            }
        }),
        _ => Err("it is not refused in words".to_owned()),
    };
    let closed = matches!(&close, Came::Frame { opcode: opcode::CLOSE, payload, .. } if close_code(payload) == Some(1008));
    let thought = told.and_then(|()| {
        if closed {
            Ok(())
        } else {
            Err("there is no close 1008".to_owned())
        }
    });
    report.judged(point, sent, &came, thought);
    wire.close().await;
}

async fn around(board: &Board, report: &mut Report<'_>) {
    let (path, host) = (board.place.path(), board.place.authority());
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"Sys.Ping"}"#;
    let post = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: \
             {}\r\n\r\n{body}",
        body.len()
    );
    let (mut thought, mut came) = (Ok(()), Vec::new());
    for request in [
        post,
        opening(board, "/ws", &[]),
        opening(board, "/log", &[]),
    ] {
        let line = request.lines().next().unwrap_or_default().to_owned();
        match ask(board, &request).await {
            Ok((answer, wire)) => {
                if agreed(&answer).is_ok() {
                    wire.close().await;
                }
                came.push(format!("{line}: {}", answer.shown()));
                let judged = status(&answer, 403).and_then(|()| refusal(&answer, -32006, "locked"));
                thought = thought.and_then(|()| judged.map_err(|why| format!("{line}: {why}")));
            }
            Err(why) => thought = Err(format!("{line}: {why}")),
        }
    }
    report.judged(
        AROUND,
        &format!("POST {path}, and upgrades of /ws and /log (subprotocol {SUBPROTOCOL})"),
        &came.join(" | "),
        thought,
    );
}

//! What an open board does with frames: fragments, control frames, and what
//! breaks the rules. Each on a connection of its own.

use std::time::Duration;

use super::{
    finding::{Point, Report},
    talk::socket,
    wire::{Board, Came, PATIENCE, Wire, close_code, opcode},
};

const fn point(section: &'static str, name: &'static str, expected: &'static str) -> Point {
    Point {
        section,
        name,
        expected,
    }
}

const FRAGMENTS: Point = point("Messages", "a message in fragments", "read as one");
const PING_WITHIN: Point = point(
    "Liveness",
    "a ping within a message in fragments",
    "a pong with the same payload; the message is answered",
);
const PING: Point = point("Liveness", "a ping", "a pong with the same payload");
const PONG: Point = point("Liveness", "a pong that was not asked for", "passed over");
const CLOSE: Point = point(
    "Close codes",
    "a client's close",
    "a close with the code that it had, then the end",
);
const BINARY: Point = point(
    "Close codes",
    "a binary message on the control channel",
    "close 1003",
);
const NOT_UTF8: Point = point("Close codes", "text that is not UTF-8", "close 1007");
const RESERVED: Point = point("Close codes", "a frame with a reserved bit", "close 1002");
const UNMASKED: Point = point("Close codes", "a frame without a mask", "close 1002");
const LONG_PING: Point = point("Close codes", "a ping of 126 bytes", "close 1002");
const SPLIT: Point = point(
    "Messages",
    "a character in two fragments",
    "read as one: UTF-8 is judged over the whole message",
);
const INTERLEAVED: Point = point(
    "Close codes",
    "a message within a message in fragments",
    "close 1002",
);
const STRAY: Point = point("Close codes", "a continuation of nothing", "close 1002");
const BARE_CLOSE: Point = point(
    "Close codes",
    "a close without a code",
    "a close without a code, then the end",
);
const BAD_CLOSE: Point = point(
    "Close codes",
    "a close with the code 1005, which is never sent",
    "close 1002",
);
const LARGEST: Point = point("Limits", "a message of 2,048 bytes", "answered");
const LARGER: Point = point("Limits", "a message of 2,049 bytes", "close 1009");
const LARGER_IN_PARTS: Point = point("Limits", "2,049 bytes in fragments", "close 1009");

/// Every point.
pub(super) const POINTS: &[Point] = &[
    FRAGMENTS,
    SPLIT,
    INTERLEAVED,
    STRAY,
    BARE_CLOSE,
    BAD_CLOSE,
    PING_WITHIN,
    PING,
    PONG,
    CLOSE,
    BINARY,
    NOT_UTF8,
    RESERVED,
    UNMASKED,
    LONG_PING,
    LARGEST,
    LARGER,
    LARGER_IN_PARTS,
];

const FIN: u8 = 0x80;
const REQUEST: &[u8] = br#"{"jsonrpc":"2.0","id":1,"method":"Sys.Ping"}"#;

/// What is done: frames, as first byte and payload.
type Frames = Vec<(u8, Vec<u8>)>;

/// What must come.
enum Want {
    /// A pong with this payload, if one is named, and an answer to the request.
    Answer(Option<&'static [u8]>),
    /// Only a pong.
    Pong(&'static [u8]),
    /// This close, and the end.
    Close(Option<u16>),
}

pub(super) async fn check(board: &Board, report: &mut Report<'_>) {
    let (start, end) = REQUEST.split_at(20);
    let part = |first: u8, bytes: &[u8]| (first, bytes.to_vec());
    let whole = |bytes: &[u8]| (FIN | opcode::TEXT, bytes.to_vec());
    let larger = padded(2_049);
    let (half, rest) = larger.split_at(1_000);
    let umlaut = r#"{"jsonrpc":"2.0","id":1,"method":"Sys.Ping","params":{"pad":"ü"}}"#.as_bytes();
    let (first, second) = umlaut.split_at(umlaut.len() - 4);
    let points: Vec<(Point, &str, Frames, Want)> = vec![
        (
            FRAGMENTS,
            "Sys.Ping in a text frame without FIN, an empty one and a last one",
            vec![
                part(opcode::TEXT, start),
                part(opcode::CONTINUATION, b""),
                part(FIN | opcode::CONTINUATION, end),
            ],
            Want::Answer(None),
        ),
        (
            SPLIT,
            "Sys.Ping with a pad of \"ü\", whose two bytes are in two frames",
            vec![
                part(opcode::TEXT, first),
                part(FIN | opcode::CONTINUATION, second),
            ],
            Want::Answer(None),
        ),
        (
            INTERLEAVED,
            "half of Sys.Ping, then a whole one",
            vec![part(opcode::TEXT, start), whole(REQUEST)],
            Want::Close(Some(1002)),
        ),
        (
            STRAY,
            "a continuation first",
            vec![part(FIN | opcode::CONTINUATION, end)],
            Want::Close(Some(1002)),
        ),
        (
            BARE_CLOSE,
            "close",
            vec![part(FIN | opcode::CLOSE, b"")],
            Want::Close(None),
        ),
        (
            BAD_CLOSE,
            "close 1005",
            vec![part(FIN | opcode::CLOSE, &1005_u16.to_be_bytes())],
            Want::Close(Some(1002)),
        ),
        (
            PING_WITHIN,
            "half of Sys.Ping, a ping \"now\", the other half",
            vec![
                part(opcode::TEXT, start),
                part(FIN | opcode::PING, b"now"),
                part(FIN | opcode::CONTINUATION, end),
            ],
            Want::Answer(Some(b"now")),
        ),
        (
            PING,
            "a ping \"hello\"",
            vec![part(FIN | opcode::PING, b"hello")],
            Want::Pong(b"hello"),
        ),
        (
            PONG,
            "a pong, then Sys.Ping",
            vec![part(FIN | opcode::PONG, b"unasked"), whole(REQUEST)],
            Want::Answer(None),
        ),
        (
            CLOSE,
            "close 4000",
            vec![part(FIN | opcode::CLOSE, &4000_u16.to_be_bytes())],
            Want::Close(Some(4000)),
        ),
        (
            BINARY,
            "Sys.Ping as a binary message",
            vec![part(FIN | opcode::BINARY, REQUEST)],
            Want::Close(Some(1003)),
        ),
        (
            NOT_UTF8,
            "text of the bytes ff fe",
            vec![whole(b"\xff\xfe")],
            Want::Close(Some(1007)),
        ),
        (
            RESERVED,
            "Sys.Ping with the first reserved bit",
            vec![part(FIN | 0x40 | opcode::TEXT, REQUEST)],
            Want::Close(Some(1002)),
        ),
        (
            LONG_PING,
            "a ping of 126 bytes",
            vec![part(FIN | opcode::PING, &[b'a'; 126])],
            Want::Close(Some(1002)),
        ),
        (
            LARGEST,
            "Sys.Ping of 2,048 bytes",
            vec![whole(&padded(2_048))],
            Want::Answer(None),
        ),
        (
            LARGER,
            "Sys.Ping of 2,049 bytes",
            vec![whole(&larger)],
            Want::Close(Some(1009)),
        ),
        (
            LARGER_IN_PARTS,
            "Sys.Ping of 2,049 bytes in two frames",
            vec![
                part(opcode::TEXT, half),
                part(FIN | opcode::CONTINUATION, rest),
            ],
            Want::Close(Some(1009)),
        ),
    ];
    for (point, sent, frames, want) in points {
        match socket(board, board.place.path()).await {
            Ok(mut wire) => {
                for (first, payload) in &frames {
                    // A board may close before the last one.
                    let _ = wire.frame(*first, payload).await;
                }
                expect(report, point, sent, wire, &want).await;
            }
            Err(why) => report.skipped(point, &why),
        }
    }
    match socket(board, board.place.path()).await {
        Ok(mut wire) => {
            let mut bytes = vec![FIN | opcode::TEXT, REQUEST.len().to_be_bytes()[7]];
            bytes.extend(REQUEST);
            let _ = wire.write(&bytes).await;
            expect(
                report,
                UNMASKED,
                "Sys.Ping in a frame without a mask",
                wire,
                &Want::Close(Some(1002)),
            )
            .await;
        }
        Err(why) => report.skipped(UNMASKED, &why),
    }
}

/// A `Sys.Ping` of so many bytes.
fn padded(bytes: usize) -> Vec<u8> {
    let (start, end) = (
        r#"{"jsonrpc":"2.0","id":1,"method":"Sys.Ping","params":{"pad":""#,
        r#""}}"#,
    );
    format!(
        "{start}{}{end}",
        "x".repeat(bytes - start.len() - end.len())
    )
    .into_bytes()
}

async fn expect(report: &mut Report<'_>, point: Point, sent: &str, mut wire: Wire, want: &Want) {
    let mut came: Vec<String> = Vec::new();
    let thought = follow(&mut wire, want, &mut came).await;
    report.judged(point, sent, &came.join(", then "), thought);
    wire.close().await;
}

async fn follow(wire: &mut Wire, want: &Want, came: &mut Vec<String>) -> Result<(), String> {
    let mut ponged = None;
    loop {
        let next = wire.next_but_pings(PATIENCE).await;
        came.push(next.shown());
        match (next, want) {
            (
                Came::Frame {
                    opcode: opcode::PONG,
                    payload,
                    ..
                },
                Want::Pong(wanted),
            ) => {
                return if payload == *wanted {
                    Ok(())
                } else {
                    Err("the pong has another payload".to_owned())
                };
            }
            (
                Came::Frame {
                    opcode: opcode::PONG,
                    payload,
                    ..
                },
                _,
            ) => ponged = Some(payload),
            (
                Came::Frame {
                    opcode: opcode::TEXT,
                    fin: true,
                    payload,
                },
                Want::Answer(pong),
            ) => {
                let text = String::from_utf8_lossy(&payload).into_owned();
                super::messages::judge(super::messages::Want::Result("1"), &text)?;
                return match pong {
                    // It may be sent after the answer.
                    Some(wanted) if ponged.is_none() => {
                        Box::pin(follow(wire, &Want::Pong(wanted), came)).await
                    }
                    Some(wanted) if ponged.as_deref() != Some(wanted) => {
                        Err("the pong has another payload".to_owned())
                    }
                    _ => Ok(()),
                };
            }
            (
                Came::Frame {
                    opcode: opcode::CLOSE,
                    payload,
                    ..
                },
                Want::Close(code),
            ) => {
                if close_code(&payload) != *code {
                    return Err("the close has another code".to_owned());
                }
                // The second of the two closes (RFC 6455, section 5.5.1); where
                // ours was the first the board does not wait for it.
                let _ = wire.frame(FIN | opcode::CLOSE, &payload).await;
                let last = wire.next(Duration::from_secs(3)).await;
                came.push(last.shown());
                return if last == Came::End {
                    Ok(())
                } else {
                    Err("the connection does not end".to_owned())
                };
            }
            (Came::Frame { .. }, Want::Close(_)) => return Err("there is no close".to_owned()),
            (other, _) => return Err(format!("{} came instead", other.shown())),
        }
    }
}

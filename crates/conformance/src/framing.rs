//! How an open board handles frames: fragments, control frames and violations
//! of the protocol. Each check uses its own connection.

use std::time::Duration;

use super::{
    finding::{Point, Report},
    raw::{RawConnection, Received, TIMEOUT, Target, close_code, opcode},
    session::socket,
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
const PONG: Point = point("Liveness", "an unsolicited pong", "ignored");
const CLOSE: Point = point(
    "Close codes",
    "a client's close",
    "a close with the same code, then the end of the connection",
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
    "read as one: UTF-8 is validated over the whole message",
);
const INTERLEAVED: Point = point(
    "Close codes",
    "a message within a message in fragments",
    "close 1002",
);
const STRAY: Point = point(
    "Close codes",
    "a continuation without a start",
    "close 1002",
);
const BARE_CLOSE: Point = point(
    "Close codes",
    "a close without a code",
    "a close without a code, then the end of the connection",
);
const BAD_CLOSE: Point = point(
    "Close codes",
    "a close with the code 1005, which is never sent",
    "close 1002",
);
const LARGEST: Point = point("Limits", "a message of 2,048 bytes", "answered");
const LARGER: Point = point("Limits", "a message of 2,049 bytes", "close 1009");
const LARGER_IN_PARTS: Point = point("Limits", "2,049 bytes in fragments", "close 1009");

/// All points of this module.
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

/// Frames to send, as first byte and payload.
type Frames = Vec<(u8, Vec<u8>)>;

/// The expected reaction.
enum Expected {
    /// A pong with this payload, if given, and an answer to the request.
    Answer(Option<&'static [u8]>),
    /// Only a pong.
    Pong(&'static [u8]),
    /// A close with this code, then the end of the connection.
    Close(Option<u16>),
}

pub(super) async fn check(board: &Target, report: &mut Report<'_>) {
    for (point, sent, frames, want) in cases() {
        match socket(board, board.endpoint.path()).await {
            Ok(mut connection) => {
                for (first, payload) in &frames {
                    // A board may close before the last one is sent.
                    let _ = connection.frame(*first, payload).await;
                }
                expect(report, point, sent, connection, &want).await;
            }
            Err(why) => report.skip(point, &why),
        }
    }
    unmasked(board, report).await;
}

async fn unmasked(board: &Target, report: &mut Report<'_>) {
    let mut connection = match socket(board, board.endpoint.path()).await {
        Ok(connection) => connection,
        Err(why) => return report.skip(UNMASKED, &why),
    };
    let mut bytes = vec![FIN | opcode::TEXT, REQUEST.len().to_be_bytes()[7]];
    bytes.extend(REQUEST);
    let _ = connection.write(&bytes).await;
    expect(
        report,
        UNMASKED,
        "Sys.Ping in a frame without a mask",
        connection,
        &Expected::Close(Some(1002)),
    )
    .await;
}

/// Each point with what is sent and expected.
fn cases() -> Vec<(Point, &'static str, Frames, Expected)> {
    let (start, end) = REQUEST.split_at(20);
    let part = |first: u8, bytes: &[u8]| (first, bytes.to_vec());
    let whole = |bytes: &[u8]| (FIN | opcode::TEXT, bytes.to_vec());
    let larger = padded(2_049);
    let (half, rest) = larger.split_at(1_000);
    let umlaut = r#"{"jsonrpc":"2.0","id":1,"method":"Sys.Ping","params":{"pad":"ü"}}"#.as_bytes();
    let (first, second) = umlaut.split_at(umlaut.len() - 4);
    vec![
        (
            FRAGMENTS,
            "Sys.Ping in a text frame without FIN, an empty one and a last one",
            vec![
                part(opcode::TEXT, start),
                part(opcode::CONTINUATION, b""),
                part(FIN | opcode::CONTINUATION, end),
            ],
            Expected::Answer(None),
        ),
        (
            SPLIT,
            "Sys.Ping padded with \"ü\", whose two bytes are in two frames",
            vec![
                part(opcode::TEXT, first),
                part(FIN | opcode::CONTINUATION, second),
            ],
            Expected::Answer(None),
        ),
        (
            INTERLEAVED,
            "half of Sys.Ping, then a whole one",
            vec![part(opcode::TEXT, start), whole(REQUEST)],
            Expected::Close(Some(1002)),
        ),
        (
            STRAY,
            "a continuation first",
            vec![part(FIN | opcode::CONTINUATION, end)],
            Expected::Close(Some(1002)),
        ),
        (
            BARE_CLOSE,
            "close",
            vec![part(FIN | opcode::CLOSE, b"")],
            Expected::Close(None),
        ),
        (
            BAD_CLOSE,
            "close 1005",
            vec![part(FIN | opcode::CLOSE, &1005_u16.to_be_bytes())],
            Expected::Close(Some(1002)),
        ),
        (
            PING_WITHIN,
            "half of Sys.Ping, a ping \"now\", the other half",
            vec![
                part(opcode::TEXT, start),
                part(FIN | opcode::PING, b"now"),
                part(FIN | opcode::CONTINUATION, end),
            ],
            Expected::Answer(Some(b"now")),
        ),
        (
            PING,
            "a ping \"hello\"",
            vec![part(FIN | opcode::PING, b"hello")],
            Expected::Pong(b"hello"),
        ),
        (
            PONG,
            "a pong, then Sys.Ping",
            vec![part(FIN | opcode::PONG, b"unasked"), whole(REQUEST)],
            Expected::Answer(None),
        ),
        (
            CLOSE,
            "close 4000",
            vec![part(FIN | opcode::CLOSE, &4000_u16.to_be_bytes())],
            Expected::Close(Some(4000)),
        ),
        (
            BINARY,
            "Sys.Ping as a binary message",
            vec![part(FIN | opcode::BINARY, REQUEST)],
            Expected::Close(Some(1003)),
        ),
        (
            NOT_UTF8,
            "text with the bytes ff fe",
            vec![whole(b"\xff\xfe")],
            Expected::Close(Some(1007)),
        ),
        (
            RESERVED,
            "Sys.Ping with the first reserved bit",
            vec![part(FIN | 0x40 | opcode::TEXT, REQUEST)],
            Expected::Close(Some(1002)),
        ),
        (
            LONG_PING,
            "a ping of 126 bytes",
            vec![part(FIN | opcode::PING, &[b'a'; 126])],
            Expected::Close(Some(1002)),
        ),
        (
            LARGEST,
            "Sys.Ping of 2,048 bytes",
            vec![whole(&padded(2_048))],
            Expected::Answer(None),
        ),
        (
            LARGER,
            "Sys.Ping of 2,049 bytes",
            vec![whole(&larger)],
            Expected::Close(Some(1009)),
        ),
        (
            LARGER_IN_PARTS,
            "Sys.Ping of 2,049 bytes in two frames",
            vec![
                part(opcode::TEXT, half),
                part(FIN | opcode::CONTINUATION, rest),
            ],
            Expected::Close(Some(1009)),
        ),
    ]
}

/// A `Sys.Ping` padded to this many bytes.
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

async fn expect(
    report: &mut Report<'_>,
    point: Point,
    sent: &str,
    mut connection: RawConnection,
    want: &Expected,
) {
    let mut received: Vec<String> = Vec::new();
    let outcome = follow(&mut connection, want, &mut received).await;
    report.record(point, sent, &received.join(", then "), outcome);
    connection.close().await;
}

async fn follow(
    connection: &mut RawConnection,
    want: &Expected,
    received: &mut Vec<String>,
) -> Result<(), String> {
    let mut ponged = None;
    loop {
        let next = connection.next_except_pings(TIMEOUT).await;
        received.push(next.shown());
        match (next, want) {
            (
                Received::Frame {
                    opcode: opcode::PONG,
                    payload,
                    ..
                },
                Expected::Pong(wanted),
            ) => {
                return if payload == *wanted {
                    Ok(())
                } else {
                    Err("the pong has a different payload".to_owned())
                };
            }
            (
                Received::Frame {
                    opcode: opcode::PONG,
                    payload,
                    ..
                },
                _,
            ) => ponged = Some(payload),
            (
                Received::Frame {
                    opcode: opcode::TEXT,
                    fin: true,
                    payload,
                },
                Expected::Answer(pong),
            ) => {
                let text = String::from_utf8_lossy(&payload).into_owned();
                super::exchanges::check_answer(super::exchanges::Expected::Result("1"), &text)?;
                return match pong {
                    // The pong may follow the answer.
                    Some(wanted) if ponged.is_none() => {
                        Box::pin(follow(connection, &Expected::Pong(wanted), received)).await
                    }
                    Some(wanted) if ponged.as_deref() != Some(wanted) => {
                        Err("the pong has a different payload".to_owned())
                    }
                    _ => Ok(()),
                };
            }
            (
                Received::Frame {
                    opcode: opcode::CLOSE,
                    payload,
                    ..
                },
                Expected::Close(code),
            ) => {
                if close_code(&payload) != *code {
                    return Err("the close has a different code".to_owned());
                }
                // The second of the two close frames (RFC 6455, section 5.5.1);
                // if ours was the first, the board does not wait for it.
                let _ = connection.frame(FIN | opcode::CLOSE, &payload).await;
                let last = connection.next(Duration::from_secs(3)).await;
                received.push(last.shown());
                return if last == Received::End {
                    Ok(())
                } else {
                    Err("the connection was not ended".to_owned())
                };
            }
            (Received::Frame { .. }, Expected::Close(_)) => {
                return Err("no close was received".to_owned());
            }
            (other, _) => return Err(format!("received {} instead", other.shown())),
        }
    }
}

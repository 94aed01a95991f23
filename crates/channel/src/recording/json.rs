//! Converts log entries to lines of JSON and back.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use sanitize::plain;
use serde_json::{Value, json};

use super::fields::Fields;
use crate::{
    cause::{ClosedBy, EndCause},
    entry::{Content, Direction, Entry, EntryKind, from_hex, hex},
};

/// Formats an entry as a line of a recording or of `switchboard channel
/// --json`. `found` holds the parts of the message that `--path` selects. A
/// line of an unknown kind is written unchanged.
pub fn to_line(entry: &Entry, found: Option<Vec<Value>>) -> String {
    let unchanged = match &entry.kind {
        EntryKind::Other(text) => plain::json_text(text),
        _ => None,
    };
    unchanged.unwrap_or_else(|| {
        let mut line = to_json(entry);
        if let Some(found) = found {
            line["found"] = Value::Array(found);
        }
        plain::json(&line)
    })
}

fn to_json(entry: &Entry) -> Value {
    let ms = |time: Duration| (time.as_secs_f64() * 1e6).round() / 1e3;
    let mut line = match &entry.kind {
        EntryKind::Message(direction, Content::Text(text)) => {
            json!({"what": "message", "way": direction_name(*direction), "text": text})
        }
        EntryKind::Message(direction, Content::Binary(bytes)) => {
            json!({"what": "message", "way": direction_name(*direction), "hex": hex(bytes)})
        }
        EntryKind::Ping(direction) => json!({"what": "ping", "way": direction_name(*direction)}),
        EntryKind::Pong(round_trip) => json!({"what": "pong", "round_trip_ms": ms(*round_trip)}),
        EntryKind::Connecting => json!({"what": "connecting"}),
        EntryKind::Open(subprotocol) => {
            json!({"what": "open", "protocol": subprotocol})
        }
        EntryKind::Waiting(time) => json!({"what": "waiting", "for_ms": ms(*time)}),
        EntryKind::Missing(entries) => json!({"what": "missing", "entries": entries}),
        EntryKind::End(cause) => end_to_json(cause),
        EntryKind::Other(_) => json!({"what": "other"}),
    };
    line["at"] = timestamp(entry.at).into();
    line["offset_ms"] = ms(entry.offset).into();
    line
}

fn end_to_json(cause: &EndCause) -> Value {
    let mut line = json!({"what": "end", "cause": cause.as_str(), "words": cause.to_string()});
    match cause {
        EndCause::Closed { by, code, reason } => {
            line["by"] = if *by == ClosedBy::Us { "us" } else { "peer" }.into();
            line["code"] = json!(code);
            line["reason"] = reason.as_str().into();
        }
        EndCause::Refused { status, body } => {
            line["status"] = json!(status);
            line["said"] = body.as_str().into();
        }
        EndCause::TooLarge { limit } => line["limit"] = json!(limit),
        EndCause::Silent(time) => line["silent_ms"] = json!(time.as_secs_f64() * 1e3),
        _ => {}
    }
    line
}

pub(super) fn timestamp(at: SystemTime) -> String {
    // A clock never gives a time outside the calendar.
    Timestamp::try_from(at)
        .map(|stamp| format!("{stamp:.6}"))
        .unwrap_or_default()
}

fn direction_name(direction: Direction) -> &'static str {
    match direction {
        Direction::In => "in",
        Direction::Out => "out",
    }
}

/// Parses a line of a recording.
pub(super) fn from_line(number: u64, mut text: String) -> Result<Entry, String> {
    let line = Fields::read(&text)?;
    let ms = |field: &str| line.number(field).map(|ms| ms.clamp(0.0, 1e15) / 1e3);
    let duration = |field: &str| {
        ms(field)
            .and_then(|s| Duration::try_from_secs_f64(s).ok())
            .unwrap_or_default()
    };
    let at = line
        .text("at")
        .and_then(|at| at.parse::<Timestamp>().ok())
        .ok_or("the time `at` is missing")?;
    let direction = match line.text("way") {
        Some("out") => Direction::Out,
        _ => Direction::In,
    };
    let kind = match line.text("what").ok_or("`what` is missing")? {
        "message" => EntryKind::Message(
            direction,
            match (line.text("text"), line.text("hex")) {
                (Some(text), _) => Content::Text(text.into()),
                (None, Some(digits)) => Content::Binary(
                    from_hex(digits)
                        .map_err(|error| error.to_string())?
                        .into_boxed_slice(),
                ),
                (None, None) => return Err("the message has neither `text` nor `hex`".to_owned()),
            },
        ),
        "ping" => EntryKind::Ping(direction),
        "pong" => EntryKind::Pong(duration("round_trip_ms")),
        "connecting" => EntryKind::Connecting,
        "open" => EntryKind::Open(line.text("protocol").map(truncated)),
        "waiting" => EntryKind::Waiting(duration("for_ms")),
        "missing" => EntryKind::Missing(line.whole("entries").unwrap_or_default()),
        "end" => EntryKind::End(end_from_json(&line)),
        _ => {
            let offset = duration("offset_ms");
            text.truncate(text.trim_end().len());
            return Ok(Entry {
                number,
                at: at.into(),
                offset,
                kind: EntryKind::Other(text),
            });
        }
    };
    Ok(Entry {
        number,
        at: at.into(),
        offset: duration("offset_ms"),
        kind,
    })
}

/// Limits a text other than a message. In recordings of this program such texts
/// are short, but a file can contain anything.
fn truncated(text: &str) -> String {
    const MAX: usize = 2_048;
    text.get(..text.floor_char_boundary(MAX))
        .unwrap_or_default()
        .to_owned()
}

fn end_from_json(line: &Fields<'_>) -> EndCause {
    let text = |field: &str| line.text(field).map(truncated).unwrap_or_default();
    let small = |field: &str| {
        line.whole(field)
            .and_then(|number| u16::try_from(number).ok())
    };
    let message = text("words");
    match text("cause").as_str() {
        "closed" => EndCause::Closed {
            by: if text("by") == "us" {
                ClosedBy::Us
            } else {
                ClosedBy::Peer
            },
            code: small("code"),
            reason: text("reason"),
        },
        "refused" => EndCause::Refused {
            status: small("status").unwrap_or_default(),
            body: text("said"),
        },
        "too_large" => EndCause::TooLarge {
            limit: line
                .whole("limit")
                .and_then(|n| usize::try_from(n).ok())
                .unwrap_or_default(),
        },
        "silent" => EndCause::Silent(Duration::from_millis(
            line.whole("silent_ms").unwrap_or_default(),
        )),
        "unreachable" => EndCause::Unreachable(message),
        "no_answer" => EndCause::NoAnswer(message),
        "tls" => EndCause::Tls(message),
        "certificates" => EndCause::Certificates(message),
        "subprotocol" => EndCause::Subprotocol(message),
        _ => EndCause::Lost(message),
    }
}

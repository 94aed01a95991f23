//! What a frame says, read once: whether it asks, answers or tells, with which
//! method and number, and how it looks as text.

use std::fmt::Write;

use protocol::method::SYS_PING;
use serde_json::Value;

use crate::fleet::{Content, Direction, WireFrame};

/// What a frame is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// DialogKind, and is answered.
    Request,
    /// Answers a request.
    Answer,
    /// Tells without having been asked.
    Push,
    /// Keeps the link alive, or is its beginning or end.
    Link,
}

impl Sort {
    pub(super) const ALL: [Self; 4] = [Self::Request, Self::Answer, Self::Push, Self::Link];

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Request => "Requests",
            Self::Answer => "Answers",
            Self::Push => "Pushes",
            Self::Link => "Link and pings",
        }
    }
}

/// What a frame says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reading {
    pub(super) sort: Sort,
    /// A request's or a push's method; `error` of an answer that says no.
    pub(super) method: String,
    /// The number of a request or an answer, as JSON.
    pub(super) id: Option<String>,
    /// On one line.
    pub(super) line: String,
}

/// Reads a frame.
pub(super) fn read(frame: &WireFrame) -> Reading {
    let link = |method: &str, line: String| Reading {
        sort: Sort::Link,
        method: method.to_owned(),
        id: None,
        line,
    };
    match &frame.content {
        Content::Text(text) => message(frame.way, text),
        Content::Binary(bytes) => Reading {
            sort: Sort::Push,
            method: "binary".to_owned(),
            id: None,
            line: hex(bytes, " "),
        },
        Content::Ping => link("ping", "WebSocket ping; the library answers it".to_owned()),
        Content::Pong => link("pong", "WebSocket pong".to_owned()),
        Content::Connect(url) => link("connect", url.to_string()),
        Content::Open => link("open", "the WebSocket is open".to_owned()),
        Content::End(why) => link("end", why.to_string()),
    }
}

fn message(way: Direction, text: &str) -> Reading {
    let line = text.to_owned();
    let Ok(Value::Object(message)) = serde_json::from_str::<Value>(text) else {
        return Reading {
            sort: Sort::Push,
            method: "text".to_owned(),
            id: None,
            line,
        };
    };
    let id = message.get("id").map(Value::to_string);
    match (message.get("method").and_then(Value::as_str), &id) {
        (Some(SYS_PING), Some(_)) => Reading {
            sort: Sort::Link,
            method: SYS_PING.to_owned(),
            id,
            line,
        },
        (Some(method), Some(_)) => Reading {
            sort: Sort::Request,
            method: method.to_owned(),
            id,
            line,
        },
        (Some(method), None) if way == Direction::Out => Reading {
            sort: Sort::Request,
            method: method.to_owned(),
            id,
            line,
        },
        (Some(method), None) => Reading {
            sort: Sort::Push,
            method: method.to_owned(),
            id,
            line,
        },
        (None, _) => {
            let refused = message.get("error").is_some_and(|error| !error.is_null());
            let method = if refused { "error" } else { "" };
            Reading {
                sort: Sort::Answer,
                method: method.to_owned(),
                id,
                line,
            }
        }
    }
}

/// A frame as people read it: JSON on many lines, binary with offsets.
pub(super) fn pretty(frame: &WireFrame) -> String {
    match &frame.content {
        Content::Text(text) => {
            let value = serde_json::from_str::<Value>(text);
            value
                .and_then(|value| serde_json::to_string_pretty(&value))
                .unwrap_or_else(|_| text.to_string())
        }
        Content::Binary(bytes) => {
            let mut words = String::new();
            for (at, row) in bytes.chunks(16).enumerate() {
                let shown = |byte: &u8| {
                    if (0x20..0x7f).contains(byte) {
                        char::from(*byte)
                    } else {
                        '.'
                    }
                };
                let letters: String = row.iter().map(shown).collect();
                // Writing to a text cannot fail.
                let _ = writeln!(words, "{:06x}  {:<47}  {letters}", at * 16, hex(row, " "));
            }
            words
        }
        _ => read(frame).line,
    }
}

fn hex(bytes: &[u8], between: &str) -> String {
    bytes
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<Vec<_>>()
        .join(between)
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    fn of(way: Direction, text: &str) -> WireFrame {
        WireFrame {
            number: 0,
            at: SystemTime::UNIX_EPOCH,
            way,
            size: text.len(),
            encrypted: false,
            content: Content::Text(text.into()),
        }
    }

    #[test]
    fn a_message_asks_answers_or_tells() {
        let sort = |way, text: &str| {
            let Reading {
                sort, method, id, ..
            } = read(&of(way, text));
            (sort, method, id)
        };
        let is =
            |sort, method: &str, id: Option<&str>| (sort, method.to_owned(), id.map(str::to_owned));
        assert_eq!(
            sort(Direction::Out, r#"{"id":7,"method":"Light.Set"}"#),
            is(Sort::Request, "Light.Set", Some("7"))
        );
        assert_eq!(
            sort(Direction::In, r#"{"id":7,"result":{"seq":1}}"#),
            is(Sort::Answer, "", Some("7"))
        );
        assert_eq!(
            sort(Direction::In, r#"{"id":"a","error":{"code":1}}"#),
            is(Sort::Answer, "error", Some("\"a\""))
        );
        assert_eq!(
            sort(Direction::In, r#"{"method":"NotifyStatus"}"#),
            is(Sort::Push, "NotifyStatus", None)
        );
        assert_eq!(
            sort(Direction::Out, r#"{"method":"Sys.Ping","id":1}"#),
            is(Sort::Link, "Sys.Ping", Some("1"))
        );
        assert_eq!(sort(Direction::In, "hello"), is(Sort::Push, "text", None));
    }

    #[test]
    fn binary_is_shown_with_offsets_and_letters() {
        let bytes: Vec<u8> = (0x3e..0x50).collect();
        let content = Content::Binary(bytes.into());
        let frame = WireFrame {
            number: 0,
            at: SystemTime::UNIX_EPOCH,
            way: Direction::In,
            size: 18,
            encrypted: false,
            content,
        };
        let lines = "000000  3e 3f 40 41 42 43 44 45 46 47 48 49 4a 4b 4c 4d  >?@ABCDEFGHIJKLM\n\
                     000010  4e 4f                                            NO\n";
        assert_eq!(pretty(&frame), lines);
    }
}

//! Parses a frame once: its kind, method and id, and its text.

use std::fmt::Write;

use protocol::method::SYS_PING;
use serde_json::Value;

use fleet::{Content, Direction, WireFrame};

/// The kind of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FrameKind {
    /// A request, which is answered.
    Request,
    /// The response to a request.
    Response,
    /// A notification that was not requested.
    Push,
    /// A ping, or the beginning or end of the link.
    Link,
}

impl FrameKind {
    pub(super) const ALL: [Self; 4] = [Self::Request, Self::Response, Self::Push, Self::Link];

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Request => "Requests",
            Self::Response => "Responses",
            Self::Push => "Pushes",
            Self::Link => "Link and pings",
        }
    }
}

/// A parsed frame.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ParsedFrame {
    pub(super) kind: FrameKind,
    /// The method of a request or push; `error` for a failed response.
    pub(super) method: String,
    /// The id of a request or response, as JSON.
    pub(super) id: Option<String>,
    /// The contents on one line.
    pub(super) line: String,
}

/// Parses a frame.
pub(super) fn parse(frame: &WireFrame) -> ParsedFrame {
    let link = |method: &str, line: String| ParsedFrame {
        kind: FrameKind::Link,
        method: method.to_owned(),
        id: None,
        line,
    };
    match &frame.content {
        Content::Text(text) => message(frame.way, text),
        Content::Binary(bytes) => ParsedFrame {
            kind: FrameKind::Push,
            method: "binary".to_owned(),
            id: None,
            line: hex(bytes, " "),
        },
        Content::Ping => link(
            "ping",
            "WebSocket ping; the library sends the pong".to_owned(),
        ),
        Content::Pong => link("pong", "WebSocket pong".to_owned()),
        Content::Connect(url) => link("connect", url.to_string()),
        Content::Open => link("open", "the WebSocket is open".to_owned()),
        Content::End(why) => link("end", why.to_string()),
    }
}

fn message(way: Direction, text: &str) -> ParsedFrame {
    let line = text.to_owned();
    let Ok(Value::Object(message)) = serde_json::from_str::<Value>(text) else {
        return ParsedFrame {
            kind: FrameKind::Push,
            method: "text".to_owned(),
            id: None,
            line,
        };
    };
    let id = message.get("id").map(Value::to_string);
    match (message.get("method").and_then(Value::as_str), &id) {
        (Some(SYS_PING), Some(_)) => ParsedFrame {
            kind: FrameKind::Link,
            method: SYS_PING.to_owned(),
            id,
            line,
        },
        (Some(method), Some(_)) => ParsedFrame {
            kind: FrameKind::Request,
            method: method.to_owned(),
            id,
            line,
        },
        (Some(method), None) if way == Direction::Out => ParsedFrame {
            kind: FrameKind::Request,
            method: method.to_owned(),
            id,
            line,
        },
        (Some(method), None) => ParsedFrame {
            kind: FrameKind::Push,
            method: method.to_owned(),
            id,
            line,
        },
        (None, _) => {
            let refused = message.get("error").is_some_and(|error| !error.is_null());
            let method = if refused { "error" } else { "" };
            ParsedFrame {
                kind: FrameKind::Response,
                method: method.to_owned(),
                id,
                line,
            }
        }
    }
}

/// Formats a frame for reading: indented JSON, or a hex dump.
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
                // Writing to a string cannot fail.
                let _ = writeln!(words, "{:06x}  {:<47}  {letters}", at * 16, hex(row, " "));
            }
            words
        }
        _ => parse(frame).line,
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

    use web_time::SystemTime;

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
    fn a_message_is_a_request_a_response_or_a_push() {
        let parse = |way, text: &str| {
            let ParsedFrame {
                kind, method, id, ..
            } = super::parse(&of(way, text));
            (kind, method, id)
        };
        let is =
            |kind, method: &str, id: Option<&str>| (kind, method.to_owned(), id.map(str::to_owned));
        assert_eq!(
            parse(Direction::Out, r#"{"id":7,"method":"Light.Set"}"#),
            is(FrameKind::Request, "Light.Set", Some("7"))
        );
        assert_eq!(
            parse(Direction::In, r#"{"id":7,"result":{"seq":1}}"#),
            is(FrameKind::Response, "", Some("7"))
        );
        assert_eq!(
            parse(Direction::In, r#"{"id":"a","error":{"code":1}}"#),
            is(FrameKind::Response, "error", Some("\"a\""))
        );
        assert_eq!(
            parse(Direction::In, r#"{"method":"NotifyStatus"}"#),
            is(FrameKind::Push, "NotifyStatus", None)
        );
        assert_eq!(
            parse(Direction::Out, r#"{"method":"Sys.Ping","id":1}"#),
            is(FrameKind::Link, "Sys.Ping", Some("1"))
        );
        assert_eq!(
            parse(Direction::In, "hello"),
            is(FrameKind::Push, "text", None)
        );
    }

    #[test]
    fn binary_is_shown_as_a_hex_dump() {
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

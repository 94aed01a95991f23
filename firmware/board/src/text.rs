//! JSON, and excerpts of bounded length of what a client sent, for error
//! messages.

use alloc::string::{String, ToString};
use core::time::Duration;

use serde::Serialize;
use serde_json::Value;

/// The most characters of a client's text that an error message repeats.
const EXCERPT: usize = 40;

/// JSON of a value that can always be serialized: maps with text keys, texts
/// and numbers.
pub(crate) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// A JSON-RPC notification.
pub(crate) fn notification(method: &str, params: &impl Serialize) -> String {
    #[derive(Serialize)]
    struct Envelope<'a, P> {
        jsonrpc: &'a str,
        method: &'a str,
        params: &'a P,
    }
    json(&Envelope {
        jsonrpc: "2.0",
        method,
        params,
    })
}

/// A client's text, shortened and without control characters.
pub(crate) fn clipped(text: &str) -> String {
    let mut clean: String = text
        .chars()
        .take(EXCERPT)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if text.chars().nth(EXCERPT).is_some() {
        clean.push('…');
    }
    clean
}

/// A client's value as JSON, shortened.
pub(crate) fn excerpt(value: &Value) -> String {
    clipped(&value.to_string())
}

/// A time as messages have it.
pub(crate) fn millis(now: Duration) -> u64 {
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

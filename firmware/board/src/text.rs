//! Text of bounded length: JSON of what is ours, and excerpts of what a client
//! sent, for error messages.

use alloc::string::{String, ToString};
use core::time::Duration;

use serde::Serialize;
use serde_json::Value;

/// The most of a client's text that an error message repeats, in characters.
const EXCERPT: usize = 40;

/// The JSON of what always has one: maps with text keys, texts and numbers.
pub(crate) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// A message that nobody asked for.
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

/// A client's text, or the beginning of it, without control characters.
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

/// A client's value, or the beginning of its JSON.
pub(crate) fn shown(value: &Value) -> String {
    clipped(&value.to_string())
}

/// The stamp of a message.
pub(crate) fn millis(now: Duration) -> u64 {
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

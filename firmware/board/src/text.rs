//! Text of bounded length: JSON of what is ours, and excerpts of what a client sent, for error messages.

use alloc::{
    format,
    string::{String, ToString},
};
use core::time::Duration;

use protocol::RpcError;
use serde::Serialize;
use serde_json::Value;

/// The most of a client's text that an error message repeats, in bytes.
const EXCERPT: usize = 40;

/// The longest sentence of an error, in bytes, so that an answer always fits into a message.
pub(crate) const SENTENCE: usize = 600;

/// The JSON of what always has one: maps with text keys, texts and numbers.
pub(crate) fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// A client's text, or the beginning of it, without control characters.
pub(crate) fn clipped(text: &str) -> String {
    let clean: String = text.chars().take(EXCERPT + 1).map(|c| if c.is_control() { ' ' } else { c }).collect();
    shortened(clean, EXCERPT)
}

/// A client's value, or the beginning of its JSON.
pub(crate) fn shown(value: &Value) -> String {
    clipped(&value.to_string())
}

/// An error whose sentence is not too long to be sent.
pub(crate) fn bounded(mut error: RpcError) -> RpcError {
    error.message = shortened(error.message, SENTENCE);
    error
}

fn shortened(text: String, max: usize) -> String {
    if text.len() <= max {
        return text;
    }
    let mut end = max;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", text.get(..end).unwrap_or_default())
}

/// The stamp of a message.
pub(crate) fn millis(now: Duration) -> u64 {
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

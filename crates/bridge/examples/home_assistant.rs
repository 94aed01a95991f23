//! What a bridge publishes for Home Assistant, for programs that judge it.
//! Reads boards from standard input, one JSON object per line, and prints for
//! each one line: its discovery payload, and its states in Home Assistant's
//! shape.
//!
//!     cargo run -p switchboard-bridge --example home_assistant

#[path = "../tests/support/mod.rs"]
mod support;

use std::io::{BufRead, Write, stdin, stdout};

use bridge::home_assistant::{Message, discovery, states};
use serde_json::{Value, json};

fn main() -> std::io::Result<()> {
    let ctx = support::context();
    for line in stdin().lock().lines() {
        let board = serde_json::from_str(&line?).map_err(std::io::Error::other)?;
        let view = support::board(board);
        let message = |Message { topic, payload }| {
            let payload: Value = serde_json::from_str(&payload).unwrap_or_default();
            json!({ "topic": topic, "payload": payload })
        };
        let line = json!({
            "discovery": discovery(&view, &ctx).map(message),
            "states": states(&view, &ctx).into_iter().map(message).collect::<Vec<_>>(),
        });
        writeln!(stdout(), "{line}")?;
    }
    Ok(())
}

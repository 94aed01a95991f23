//! A board with every kind of component.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::Value;

/// The board, as JSON.
pub(crate) fn everything() -> Value {
    serde_json::from_str(include_str!("everything.json")).unwrap()
}

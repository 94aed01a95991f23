//! What happens to a fleet and its boards when the network between them fails,
//! or one of them does: computers of their own, as network namespaces on one
//! switch, and faults made to them. Each row says how long a fault takes to be
//! shown and to be right again, prints that as a line, and holds it to what
//! docs/protocol.md promises. Needs root on Linux; elsewhere each row says that
//! it was skipped.
//!
//! Rows of more than a minute are left to `tests/faults/run`, which prints all
//! as a table.
#![cfg(target_os = "linux")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod boards;
mod cables;
mod controllers;
mod lan;
mod names;
mod observer;
mod people;
mod row;
mod traffic;
mod typed;

use std::time::Duration;

/// Room for a machine that does something else too.
const SLACK: Duration = Duration::from_secs(8);

/// From the moment when it could work again to the moment when it does: the
/// longest wait of the backoff, and a connection.
const BACK_WITHIN: Duration = Duration::from_secs(60 + 10);

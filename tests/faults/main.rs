//! Network and board failures: hosts as network namespaces on one switch, with
//! faults injected between them. Each row measures how long a fault takes to be
//! shown and to be repaired, prints that as a line, and compares it with what
//! docs/protocol.md promises. Needs root on Linux; elsewhere each row reports
//! that it was skipped.
//!
//! Rows of more than a minute run only with `tests/faults/run`, which prints
//! all rows as a table.
#![cfg(target_os = "linux")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod actors;
mod boards;
mod broker;
mod cables;
mod controllers;
#[expect(dead_code, reason = "other tests use the rest of it")]
#[path = "../bridge/lab.rs"]
mod lab;
mod lan;
#[expect(dead_code, reason = "other tests use the rest of it")]
#[path = "../bridge/mosquitto.rs"]
mod mosquitto;
mod names;
mod observer;
#[path = "../program/mod.rs"]
mod program;
mod row;
mod traffic;
mod typed;

use std::time::Duration;

/// A margin for a loaded machine.
const SLACK: Duration = Duration::from_secs(8);

/// The maximum time from the end of a fault to the recovery: the longest
/// backoff, and a connection attempt.
const BACK_WITHIN: Duration = Duration::from_secs(60 + 10);

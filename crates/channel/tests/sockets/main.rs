//! Channels against a server of another library, on loopback.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod client;
#[path = "../../../../tests/program/closed.rs"]
mod closed;
mod messages;
mod reconnecting;
#[expect(
    dead_code,
    reason = "one of the behaviors is for the tests of the command"
)]
mod server;
mod tls;

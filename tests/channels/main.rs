//! The command `switchboard channel` against a server of another library, on
//! loopback.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "../program/closed.rs"]
mod closed;
mod command;
#[path = "../program/mod.rs"]
mod program;
#[expect(dead_code, reason = "some manners matter to the crate's tests only")]
#[path = "../../crates/channel/tests/sockets/server.rs"]
mod server;
#[path = "../program/terminal.rs"]
mod terminal;
mod tls;

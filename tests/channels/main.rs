//! Channels to anywhere, against a server of another library on loopback: the
//! engine, and the command that is a face of it.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod command;
mod engine;
mod lives;
#[path = "../program/mod.rs"]
mod program;
mod server;
#[path = "../program/terminal.rs"]
mod terminal;
mod tls;

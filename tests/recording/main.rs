//! Records real boards over real sockets, and replays the recordings.
#![expect(clippy::panic, reason = "a test fails by panicking")]

mod bench;
mod command_line;
mod disk;
mod postgres;
#[path = "../program/mod.rs"]
mod program;
mod round_trip;
mod server;
mod session;

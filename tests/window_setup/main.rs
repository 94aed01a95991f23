//! The dialog *Set up a board*: its steps over a false port, and the whole way
//! over a pseudo-terminal.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[cfg(unix)]
#[path = "../../crates/flash/tests/boot_loader/application.rs"]
mod application;
#[path = "../window_scenes/bench.rs"]
#[expect(dead_code, reason = "other tests use the rest of it")]
mod bench;
#[cfg(unix)]
mod cable;
mod expected;
#[path = "../window_scenes/mod.rs"]
#[expect(dead_code, reason = "other tests use the other scenes")]
mod scenes;
#[path = "../window_scenes/set_up.rs"]
mod set_up;
mod steps;

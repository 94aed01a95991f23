//! Hostile peers: attacks on a board from its network, and attacks on the app
//! by a fake board. The target runs in a process of its own, so that its memory
//! and CPU time can be read, and serves an honest client meanwhile. Each test
//! prints a row; docs/reliability.md has them as a table.
#![cfg(target_os = "linux")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod announcements;
mod attacks;
mod floods;
mod foreign;
mod honest;
mod identities;
mod pretender;
mod process;
#[path = "../program/mod.rs"]
mod program;
mod relay;
mod silent;
mod to_a_board;
mod to_a_locked_board;
mod to_the_app;
mod to_the_command_line;
mod turns;
mod while_pairing;

use std::time::Duration;

/// Long enough for a loaded machine; a passing test takes milliseconds.
const SOON: Duration = Duration::from_secs(60);

/// The duration of each attack.
const ATTACK: Duration = Duration::from_secs(4);

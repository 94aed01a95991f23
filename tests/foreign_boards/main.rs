//! Boards of other families in the whole program: doubles of a Shelly and a
//! WLED, and the real ESPHome, next to virtual boards of ours.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[expect(dead_code, reason = "the end-to-end tests use the rest of it")]
#[path = "../end_to_end/desk/mod.rs"]
mod desk;
mod families;
mod identity;
#[cfg(target_os = "linux")]
#[expect(dead_code, reason = "the tests of faults use the rest of it")]
#[path = "../faults/lan.rs"]
mod lan;
mod listen;
#[cfg(target_os = "linux")]
mod network;
#[path = "../program/mod.rs"]
mod program;
mod shelly;
mod silence;
mod typed;
mod wled;

//! `switchboard bridge` between virtual boards and the real broker Mosquitto,
//! judged by `mosquitto_sub` and `mosquitto_pub`.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod commanding;
mod controlling;
#[cfg(target_os = "linux")]
mod crowd;
mod faults;
mod lab;
mod messages;
mod mosquitto;
#[path = "../program/mod.rs"]
mod program;
mod publishing;
mod relay;
mod several;
mod two_ways;

//! The app's fleet, plain clients and virtual boards together, over real
//! sockets and mDNS on loopback.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod brokers;
mod care;
mod classroom;
mod commanding;
mod comparison;
mod covers;
mod credentials;
mod desk;
mod doctor_page;
mod documents;
mod faults;
mod finding;
mod frames;
mod health;
mod hostile_messages;
mod idle;
mod lab;
mod lab_board;
mod locked;
mod many_boards;
mod notices;
mod outbound;
mod plots;
#[path = "../program/mod.rs"]
mod program;
mod serial;
mod sessions;
mod telemetry;
mod timeline;
mod updating;
mod window;
mod wled;

//! Channels against a server of another library, on loopback.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod client;
mod engine;
mod lives;
mod server;
mod tls;

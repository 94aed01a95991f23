//! A window's fleet over a server's, without sockets: what the server publishes
//! is what the window has, and what the window asks arrives.
#![expect(clippy::expect_used, reason = "a test fails by panicking")]

mod any_input;
mod long;
mod pair;
mod people;
mod states;

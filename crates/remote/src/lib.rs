//! A fleet over one WebSocket. A server keeps it with the boards of its
//! network; [`server::Hub`] and [`server::Session`] tell windows what changes
//! and carry out what they ask. [`connect`] is the window's side: a
//! [`fleet::Fleet`] like any other, natively and in a browser.
//!
//! The messages are in [`wire`] and documented in `docs/remote-protocol.md`.

mod client;
mod refusal;
pub mod server;
pub mod wire;

pub use client::{Ending, Mirror, Server, ServerError, connect};
pub use refusal::Refusal;

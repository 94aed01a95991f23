//! Serves a board: HTTP, WebSocket and mDNS over any network behind edge-nal's
//! traits.
//!
//! Decides how connections are kept, limited and closed; the board decides what
//! messages mean. Runs on a chip and on a computer alike.
#![no_std]

extern crate alloc;

mod clock;
mod connection;
mod control;
mod deferred_restart;
mod handshake;
mod handshake_limiter;
pub mod http;
pub mod mdns;
mod origin;
mod origin_check;
mod outbound;
mod page;
mod pairing;
mod pool;
mod request;
pub mod response;
mod route;
pub mod serial_console;
mod serve;
mod shared;
mod side_channel;
mod socket;
mod source_rates;
mod task_set;
mod upgrade;
pub mod ws;

pub use clock::{Clock, EmbassyClock};
pub use origin::{NotAnOrigin, Origin};
pub use outbound::run_outbound;
pub use serve::{ServerSettings, serve};
pub use shared::Shared;

//! Serves a board: HTTP, WebSocket and mDNS over whatever network is behind
//! edge-nal's traits.
//!
//! It decides how connections are kept, bounded and ended; what a message means
//! is the board's. Nothing here knows whether it runs on a chip or on the desk.
#![no_std]

extern crate alloc;

mod call;
mod clock;
mod connection;
mod crowd;
mod door;
mod echo;
mod feed;
mod greeting;
mod handshakes;
mod hardware;
pub mod http;
pub mod mdns;
mod origin;
pub mod owner;
mod page;
mod pool;
pub mod response;
mod rpc;
mod serve;
mod shared;
mod side;
mod socket;
mod sources;
mod upgrade;
pub mod ws;

pub use call::call;
pub use clock::{Clock, EmbassyClock};
pub use origin::{NotAnOrigin, Origin};
pub use serve::{Settings, serve};
pub use shared::Shared;

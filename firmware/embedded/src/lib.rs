//! What a board without an operating system needs besides the server, over
//! embassy-net: its tasks, a port that accepts several clients at once, an
//! announcement that follows the board's address, and rules for Wi-Fi, updates
//! and LEDs. The emulated machine and the chips share it; no hardware is named
//! here.
#![no_std]

extern crate alloc;

mod announce;
pub mod color;
mod connection;
mod connector;
pub mod identity;
pub mod image_slot;
pub mod indicator;
mod listener;
mod network;
pub mod panic_report;
mod saved;
pub mod sender;
pub mod staging;
pub mod station;
mod stored;
mod tasks;
pub mod time;
pub mod trial;

pub use announce::{AnnounceEvent, announce};
pub use connection::{Buffers, Connection, ReadHalf};
pub use connector::Connector;
pub use listener::Listener;
pub use network::{config, connections, sockets};
pub use saved::{Loaded, Report, SavedState};
pub use server::serial_console;
pub use tasks::{Service, Task};

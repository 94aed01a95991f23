//! What a board without an operating system needs beside the server, over
//! embassy-net: a port on which every free socket listens, an announcement that
//! follows the address, and a name from the network card. The emulated machine
//! and the chips share it; it knows neither.
#![no_std]

extern crate alloc;

mod announce;
pub mod colour;
mod connection;
mod dialer;
pub mod identity;
pub mod indicator;
mod listener;
mod network;
pub mod staging;
pub mod station;
pub mod trial;

pub use announce::{News, announce};
pub use connection::{Buffers, Connection, ReadHalf};
pub use dialer::Dialer;
pub use listener::Listener;
pub use network::{config, connections, sockets};
pub use server::serial_console;

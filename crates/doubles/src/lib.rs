//! Test doubles of boards of other families: a Shelly (Gen2 and later) and a
//! WLED, over real sockets, each with a simulated world. They are judged by the
//! families' own reference clients (`tests/families`), not by this project.
//!
//! A double runs until its handle is dropped. All of them share one thread.
//!
//! Boards that are reached through an MQTT broker are in [`brokered`]. Of
//! ESPHome there are only the [messages](esphome); tests build the real one.
//!
//! The boot loader of an ESP32 has no thread and no port. It fails on request;
//! that flashing succeeds is tested against a mock that others wrote
//! (`tests/esptool`).

mod announce;
mod boards;
pub mod boot_loader;
pub mod brokered;
pub mod esphome;
mod frames;
mod http;
mod links;
mod runtime;
mod serve;
pub mod shelly;
pub mod wled;

pub use announce::Announce;
pub use boards::{BoardsOptions, ForeignBoards, ForeignFamily, Listening};
pub use links::Counts;
pub use shelly::{Shelly, ShellyOptions};
pub use wled::{Wled, WledOptions};

use std::{io, net::SocketAddr};

/// Why a double does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// It cannot listen.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The reason.
        source: io::Error,
    },
    /// mDNS cannot be started.
    #[error("cannot announce by mDNS: {0}")]
    Mdns(#[from] mdns_sd::Error),
    /// The thread of the doubles cannot be started.
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
    /// There are not enough ports from the first on.
    #[error("there are not {boards} ports from {port} on")]
    Ports {
        /// The first.
        port: u16,
        /// The number of ports needed.
        boards: usize,
    },
}

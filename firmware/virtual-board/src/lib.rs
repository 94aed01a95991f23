//! Boards that run on this computer: the same core and server as on a chip,
//! over real sockets and real mDNS.
//!
//! It decides how many there are, when each starts and stops, and what a hand
//! at them does. What a board is and how it answers is decided in
//! `firmware/board` and `firmware/server`.

mod announce;
mod boards;
mod clock;
pub mod command;
mod flash;
mod held;
pub mod image;
mod life;
mod memory;
mod meter;
mod network;
mod options;
pub mod profile;
#[cfg(unix)]
pub mod serial;
pub mod simulation;
mod socket;
mod state_file;
mod world;

// Drivers that are linked by being named.
use critical_section as _;
use embassy_time as _;

pub use boards::VirtualBoards;
pub use noise::Role;
pub use options::{ActionError, Listening, Options, StartError};
pub use profile::Profile;
pub use server::Origin;

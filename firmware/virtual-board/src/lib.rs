//! Boards that run on this computer: the same core and server as on a chip,
//! over real sockets and real mDNS.
//!
//! Decides how many boards there are, when each starts and stops, and what
//! happens at them. `firmware/board` and `firmware/server` decide how a board
//! behaves.

mod announce;
mod boards;
mod clock;
pub mod command;
mod flash;
pub mod host;
pub mod image;
mod lifecycle;
mod memory;
mod meter;
mod motor;
mod network;
mod options;
mod pausable;
pub mod profile;
pub mod replay;
mod runtime;
#[cfg(unix)]
pub mod serial;
pub mod simulation;
mod socket;
mod state_file;

// Drivers that have to be named to be linked.
use critical_section as _;
use embassy_time as _;

pub use boards::VirtualBoards;
pub use noise::Role;
pub use options::{ActionError, Listening, Options, StartError};
pub use profile::Profile;
pub use server::Origin;

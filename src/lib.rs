//! The command line of Switchboard, and what its launcher for Windows does.
//! Everything else is a crate of its own, in `crates/`; ARCHITECTURE.md says
//! which.

pub mod cli;
pub mod launcher;
#[cfg(feature = "window")]
pub mod playback;

//! The command line of Switchboard. Everything else is a crate of its own, in
//! `crates/`; ARCHITECTURE.md says which.

pub mod cli;
#[cfg(feature = "window")]
pub mod playback;

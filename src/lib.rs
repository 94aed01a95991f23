//! The command line of Switchboard. Everything else is a crate of its own, in
//! `crates/`; ARCHITECTURE.md says which.

pub mod cli;
// A part of `switchboard-window`, which is only built for Windows; tested here.
#[cfg(test)]
mod launcher;
#[cfg(feature = "window")]
pub mod playback;

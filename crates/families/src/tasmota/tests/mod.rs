//! The dialect and the directory against a board as hatasmota 0.9.2 expects it,
//! and against what users of other clients complained about.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod commands;
mod complaints;
mod components;
mod directory;
mod hostile;
mod rig;

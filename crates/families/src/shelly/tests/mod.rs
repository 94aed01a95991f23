//! The dialect against a board that behaves as documented, and against what
//! users of other clients complained about.

#![expect(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a test fails by panicking"
)]

mod commands;
mod complaints;
mod components;
mod device;
mod hostile;
mod pushes;
mod reading;
mod rig;

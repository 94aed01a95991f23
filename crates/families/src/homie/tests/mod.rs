//! The dialect and the directory against a device as the convention describes
//! one.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod devices;
mod directory;
mod rig;

//! The dialect against a board that is simulated byte by byte.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a test that fails panics"
)]

mod board;
mod commanding;
mod entities;
mod hostile;
mod logging;
mod noise;
mod reading;
mod vectors;

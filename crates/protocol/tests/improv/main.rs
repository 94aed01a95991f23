//! Improv over serial, against vectors that were worked out from the standard,
//! and against any bytes at all.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod any_bytes;
mod stream;
mod vectors;

//! Improv over serial: test vectors computed from the standard, and arbitrary
//! bytes.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod any_bytes;
mod stream;
mod vectors;

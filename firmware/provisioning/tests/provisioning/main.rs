//! The whole exchange as a client at the cable sees it, with simulated time.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

mod any_input;
mod cable;
mod errors;
mod exchange;
mod pretended;

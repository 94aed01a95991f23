//! The rules of the board core, one sentence a test, with a clock that only the test moves.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests stop at the first surprise")]

mod desk;
mod pushes;

//! The rules of the board core, one sentence a test, with a clock that only the
//! test moves.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests stop at the first surprise"
)]
#![expect(
    clippy::needless_pass_by_value,
    reason = "parameters are written in place with json!"
)]

mod any_input;
mod clients;
mod commands;
mod desk;
mod fades;
mod flash;
mod gestures;
mod golden;
mod keys;
mod liveness;
mod log;
mod outbound;
mod pairing;
mod places;
mod plans;
mod pushes;
mod refusals;
mod retained;
mod samples;
mod telemetry;
mod test_board;
mod updates;

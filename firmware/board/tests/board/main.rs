//! Tests of the board core, one rule per test. The clock is moved only by the
//! tests.
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
mod batches;
mod clients;
mod commands;
mod effects;
mod fades;
mod fixtures;
mod gestures;
mod golden;
mod keys;
mod liveness;
mod log;
mod movement;
mod outbound;
mod pairing;
mod plans;
mod pushes;
mod refusals;
#[path = "../../../../crates/image/tests/refused/mod.rs"]
mod refused;
mod retained;
mod samples;
mod slots;
mod telemetry;
mod test_board;
mod test_flash;
mod test_hardware;
mod updates;

//! The rules that boards without an operating system share.

mod light;
mod pairing;
mod panics;
#[path = "../../../../crates/image/tests/refused/mod.rs"]
mod refused;
mod sender;
mod signed;
mod station;
mod update;

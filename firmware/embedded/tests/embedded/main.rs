//! The rules that boards without an operating system share.

mod light;
mod pairing;
#[path = "../../../../crates/image/tests/refused/mod.rs"]
mod refused;
mod signed;
mod station;
mod update;

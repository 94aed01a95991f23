//! The rules that boards without an operating system share.

mod light;
mod pairing;
mod station;
mod update;

//! The rules that boards without an operating system share.

mod light;
mod pairing;
mod panics;
mod sender;
mod station;
mod update;

//! The rules that boards without an operating system share.

mod light;
mod station;
mod update;

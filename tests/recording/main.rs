//! Records real boards over real sockets, and replays the recordings.

mod bench;
mod command_line;
mod disk;
mod postgres;
mod round_trip;
mod session;

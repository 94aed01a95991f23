//! Records real boards over real sockets, and replays the recordings.

mod bench;
mod command_line;
mod postgres;
mod round_trip;
mod session;

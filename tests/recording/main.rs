//! Records real boards over real sockets, and replays the recordings.

mod bench;
mod round_trip;
mod session;

//! One link to one board: a sans-IO [`session`] that decides, and [`socket`], the one file that knows a WebSocket.

pub(crate) mod backoff;
pub(crate) mod bounds;
mod clock;
pub(crate) mod commands;
pub(crate) mod health;
mod heartbeat;
pub(crate) mod names;
mod reading;
mod requests;
pub(crate) mod session;
pub(crate) mod socket;
pub(crate) mod state;
mod sync;
pub(crate) mod target;
pub(crate) mod update;

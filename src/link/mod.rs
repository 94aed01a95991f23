//! One link to one board: a sans-IO [`session`] that decides, and a
//! [`transport`] that moves its messages.

mod clock;
pub(crate) mod commands;
pub(crate) mod health;
mod heartbeat;
mod reading;
mod requests;
pub(crate) mod session;
pub(crate) mod state;
mod sync;
pub(crate) mod target;
pub(crate) mod transport;
pub(crate) mod update;

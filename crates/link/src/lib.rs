//! One link to one board, sans-IO: a [`session`] turns [`input`] into
//! [`output`]. Owns no socket, reads no clock, spawns nothing.

mod clock;
pub mod commands;
mod connection;
pub mod credential;
pub mod health;
mod heartbeat;
pub mod input;
pub mod output;
mod reading;
mod requests;
pub mod session;
pub mod socket;
pub mod state;
mod sync;
pub mod target;
pub mod trigger;
pub mod update;

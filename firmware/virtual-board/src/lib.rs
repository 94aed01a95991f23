//! Boards on this computer: the same core and server as on a chip, with a simulated world around them.

pub mod command;
pub mod profile;
pub mod simulation;

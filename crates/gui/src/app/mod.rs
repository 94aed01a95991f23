//! Joins the window to the fleet.

pub(crate) mod backups;
pub(crate) mod board_commands;
pub(crate) mod export;
mod file_result;
// What a browser does not have.
#[cfg_attr(target_arch = "wasm32", path = "browser/mod.rs")]
mod local;
#[cfg(not(target_arch = "wasm32"))]
mod placement;
pub(crate) mod previews;
pub(crate) mod reply;
pub(crate) mod restoring;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod run;
mod sending;
#[cfg(not(target_arch = "wasm32"))]
mod single_instance;
pub(crate) mod state;
mod wakes;
pub(crate) mod workers;

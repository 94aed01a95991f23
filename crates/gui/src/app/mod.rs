//! Joins the window to the fleet.

pub(crate) mod backups;
pub(crate) mod board_commands;
mod board_setup;
mod brokers;
pub(crate) mod export;
pub(crate) mod file_tasks;
pub(crate) mod key_ring;
pub(crate) mod keys;
pub(crate) mod outbound;
pub(crate) mod previews;
pub(crate) mod reply;
pub(crate) mod restoring;
pub(crate) mod run;
pub(crate) mod running_setup;
mod sending;
pub(crate) mod session_reports;
pub(crate) mod sessions;
pub(crate) mod state;
pub(crate) mod workers;

//! Joins the window to the fleet.

pub(crate) mod backups;
pub(crate) mod board_commands;
mod board_setup;
mod brokers;
mod desktop_preferences;
pub(crate) mod export;
pub(crate) mod file_tasks;
pub(crate) mod key_ring;
pub(crate) mod keys;
mod notification_service;
mod notifications;
pub(crate) mod outbound;
mod placement;
pub(crate) mod previews;
pub(crate) mod reply;
pub(crate) mod restoring;
pub(crate) mod run;
pub(crate) mod running_setup;
mod sending;
pub(crate) mod session_reports;
pub(crate) mod sessions;
mod single_instance;
pub(crate) mod state;
mod wakes;
pub(crate) mod workers;

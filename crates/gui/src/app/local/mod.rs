//! What the app does with this computer: its keychain, files, serial ports,
//! notifications and sockets. A browser has none of them; there
//! `app/browser` takes the place of this module.

mod board_setup;
mod brokers;
mod commands;
mod desktop_preferences;
mod examination;
pub(in crate::app) mod file_tasks;
mod key_ring;
mod keys;
mod notification_service;
mod notifications;
mod outbound;
mod polling;
mod running_setup;
mod session_reports;
mod sessions;
pub(in crate::app) mod state;

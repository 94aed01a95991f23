//! The pages of the window, and what they consist of.

#[cfg(target_arch = "wasm32")]
mod absent;
pub(crate) mod activity;
pub(crate) mod board_list;
pub(crate) mod board_menu;
pub(crate) mod board_page;
pub(crate) mod boards_page;
pub(crate) mod dashboards;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod doctor;
pub(crate) mod empty;
pub(crate) mod frames;
pub(crate) mod health;
pub(crate) mod health_column;
pub(crate) mod health_level;
pub(crate) mod health_plots;
pub(crate) mod health_sensors;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod lab;
pub(crate) mod list_button;
pub(crate) mod plots;
pub(crate) mod scenes;
pub(crate) mod selection_page;
#[cfg(not(target_arch = "wasm32"))]
pub(crate) mod serial_monitor;

#[cfg(target_arch = "wasm32")]
pub(crate) use absent::{doctor, lab, serial_monitor};

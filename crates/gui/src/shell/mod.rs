//! The window around the pages: bars, dialogs, messages, shortcuts.

pub(crate) mod announcements;
pub(crate) mod assistive_tree;
pub(crate) mod board_drawer;
// A browser has no serial ports.
#[cfg_attr(target_arch = "wasm32", path = "no_board_setup.rs")]
pub(crate) mod board_setup;
mod broker_list;
pub(crate) mod command_palette;
pub(crate) mod dialogs;
pub(crate) mod forgotten;
pub(crate) mod introduction_panel;
pub(crate) mod nav_rail;
mod other_ways;
pub(crate) mod pairing;
mod restore_summary;
mod room_choice;
mod server_bar;
mod server_menu;
pub(crate) mod session_menu;
pub(crate) mod shortcuts;
mod speed_choice;
pub(crate) mod timeline;
pub(crate) mod toasts;
pub(crate) mod top_bar;
pub(crate) mod window;
pub(crate) mod zoom;

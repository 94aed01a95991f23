//! What the window knows and what a person can ask for. Draws nothing.

pub(crate) mod abilities;
pub(crate) mod action;
pub(crate) mod arrangement;
pub(crate) mod background_notices;
pub(crate) mod batch;
// A browser has no serial ports.
#[cfg_attr(target_arch = "wasm32", path = "no_board_setup.rs")]
pub(crate) mod board_setup;
pub(crate) mod boards;
pub(crate) mod credential;
pub(crate) mod desktop_preferences;
pub(crate) mod dialog_kind;
pub(crate) mod event_text;
pub(crate) mod file_task;
pub(crate) mod forgotten;
pub(crate) mod frame_context;
pub(crate) mod history;
pub(crate) mod introduction;
pub(crate) mod journal;
pub(crate) mod link_kind;
pub(crate) mod lost_boards;
pub(crate) mod main_component;
pub(crate) mod metering;
pub(crate) mod name_lookup;
pub(crate) mod notice;
pub(crate) mod own_clients;
pub(crate) mod pace;
pub(crate) mod page_context;
pub(crate) mod parts;
pub(crate) mod pin;
pub(crate) mod ranking;
pub(crate) mod sample_history;
// A browser cannot connect to boards.
#[cfg_attr(target_arch = "wasm32", path = "no_sample_stream.rs")]
pub(crate) mod sample_stream;
pub(crate) mod searched_words;
pub(crate) mod sessions;
pub(crate) mod switching;
pub(crate) mod timeline;
pub(crate) mod virtual_boards;
pub(crate) mod why_not;

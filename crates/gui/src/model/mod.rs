//! What the window knows and what a person can ask for. Draws nothing.

pub(crate) mod action;
pub(crate) mod arrangement;
pub(crate) mod background_notices;
pub(crate) mod batch;
pub(crate) mod boards;
pub(crate) mod dialog_kind;
pub(crate) mod event_text;
pub(crate) mod file_task;
pub(crate) mod forgotten;
pub(crate) mod frame_context;
pub(crate) mod history;
pub(crate) mod journal;
pub(crate) mod link_kind;
pub(crate) mod main_component;
pub(crate) mod metering;
pub(crate) mod notice;
pub(crate) mod own_clients;
pub(crate) mod page_context;
pub(crate) mod pin;
pub(crate) mod ranking;
pub(crate) mod sample_history;
pub(crate) mod sample_stream;
pub(crate) mod switching;
pub(crate) mod timeline;
pub(crate) mod virtual_boards;

//! What pages are made of: theme, controls, cards.

pub(crate) mod board_choice;
pub(crate) mod cards;
pub(crate) mod chart;
pub(crate) mod choice;
pub(crate) mod color;
pub(crate) mod color_field;
pub(crate) mod component_picker;
pub(crate) mod document_bar;
pub(crate) mod drag_label;
pub(crate) mod find_box;
pub(crate) mod focus;
pub(crate) mod fonts;
pub(crate) mod icon;
pub(crate) mod icon_button;
pub(crate) mod json_text;
pub(crate) mod layout;
pub(crate) mod log_row;
pub(crate) mod page_view;
pub(crate) mod rename;
pub(crate) mod shortcut;
pub(crate) mod slider;
pub(crate) mod sparkline;
pub(crate) mod status_icons;
// A browser does not give its fonts away.
#[cfg_attr(target_arch = "wasm32", path = "no_system_fonts.rs")]
mod system_fonts;
pub(crate) mod text_line;
pub(crate) mod theme;
pub(crate) mod toggle;
pub(crate) mod value_drag;
pub(crate) mod value_field;
pub(crate) mod verb;

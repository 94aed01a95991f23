//! Cards: one per component, with the control for its kind and the state of its
//! last command. A card only returns actions; it does not carry them out.
//! Unknown values are shown as unknown, never as off or 0.

mod button;
mod card;
mod contents;
mod cover;
mod diagnostics;
mod event;
mod firmware;
mod footer;
mod light;
mod masonry;
pub(crate) mod menu;
mod number;
mod preview;
mod select;
mod sensor;
mod setting;
mod signatures;
mod size;
mod switch;
mod text_field;
mod text_sensor;
mod unknown;
mod update;

pub(crate) use card::{Availability, CardContext, flash};
pub(crate) use contents::{height_in_tile, in_tile};
pub(crate) use diagnostics::show as diagnostics;
pub(crate) use firmware::{fact as firmware_fact, progress as firmware_progress};
pub(crate) use masonry::show as masonry;
pub(crate) use number::range as number_range;
pub(crate) use size::{ROW, natural_size};
pub(crate) use unknown::lines as unknown_lines;

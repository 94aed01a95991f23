//! Charts on a time axis or another: a quiet grid with labels, values that are
//! held until the next one, and labels that do not overlap. What is shown is
//! the page's: nothing here is dragged, zoomed or scrolled.

mod area;
mod labels;
mod scale;
pub(crate) mod time_axis;
mod trace;

pub(crate) use area::{Area, Zone, grid, zones};
pub(crate) use labels::place;
pub(crate) use scale::{Span, Tick, decades, round_ticks};
pub(crate) use trace::{Trace, value_at};

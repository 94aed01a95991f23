//! The boards of a site as metrics for Prometheus, in the text format of
//! OpenMetrics 1.0. [`render`] is a pure function of the views; what has to be
//! counted over time is in [`Counters`], and [`server`] answers scrapes.

mod boards;
mod cause;
mod counters;
pub mod server;
mod text;
mod units;

use fleet::BoardView;

pub use counters::Counters;

use crate::Context;

/// The content type of what [`render`] returns.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The most boards in one response. The others are counted in
/// `switchboard_boards_omitted`.
pub const BOARDS: usize = 10_000;

/// The most components of one board. The others are counted in
/// `switchboard_components_omitted`.
pub const COMPONENTS: usize = 64;

/// All metrics. Boards whose ids are not known yet are left out.
pub fn render<'a>(
    views: impl IntoIterator<Item = &'a BoardView>,
    counters: &Counters,
    ctx: &Context,
) -> String {
    let mut families = text::Families::default();
    boards::bridge(&mut families, counters, ctx);
    let (mut shown, mut omitted, mut components_omitted) = (0, 0, 0);
    for view in views {
        let Some(id) = view.id.as_deref() else {
            continue;
        };
        if shown == BOARDS {
            omitted += 1;
            continue;
        }
        shown += 1;
        components_omitted += view.components.len().saturating_sub(COMPONENTS);
        boards::board(&mut families, id, view, counters, ctx);
    }
    boards::totals(&mut families, shown, omitted, components_omitted, ctx);
    families.finish()
}

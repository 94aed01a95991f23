//! How often readings wake the window. Everything else, such as a light that is
//! switched or an event, wakes it at once.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use eframe::egui;
use web_time::Instant;

/// The time between two frames that only new readings ask for. A number that
/// changes more often cannot be read, and boards push no more often either.
pub(crate) const READINGS: Duration = Duration::from_millis(100);

/// egui draws two frames for a request without a delay, because a response may
/// depend on the previous frame. New values need only one.
pub(crate) const NEXT_FRAME: Duration = Duration::from_millis(1);

/// When readings were last drawn.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pace(Arc<Mutex<Option<Instant>>>);

impl Pace {
    /// Readings that arrived until `now` are drawn.
    pub(crate) fn drawn(&self, now: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
    }

    /// Requests a frame for readings that arrived at `now`.
    pub(crate) fn request_frame(&self, ctx: &egui::Context, now: Instant) {
        ctx.request_repaint_after(self.delay(now));
    }

    fn delay(&self, now: Instant) -> Duration {
        let drawn = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since = drawn.map_or(READINGS, |drawn| now.saturating_duration_since(drawn));
        READINGS.saturating_sub(since).max(NEXT_FRAME)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_waits_until_the_last_ones_were_shown_long_enough() {
        let pace = Pace::default();
        let now = Instant::now();
        assert_eq!(pace.delay(now), NEXT_FRAME, "the first is drawn at once");
        pace.drawn(now);
        let later = |milliseconds| now + Duration::from_millis(milliseconds);
        assert_eq!(pace.delay(later(30)), Duration::from_millis(70));
        assert_eq!(pace.delay(later(500)), NEXT_FRAME);
    }
}

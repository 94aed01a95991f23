//! How often readings wake the window. Everything else, such as a light that is
//! switched or an event, wakes it at once.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use eframe::egui;
use fleet::{BoardKey, Shown};
use protocol::{ComponentKey, Kind};

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

/// The part of what is shown that wakes the window at once: all but readings.
/// A board that is shown as a whole has these components.
pub(crate) fn prompt(
    shown: &Shown,
    components_of: impl Fn(BoardKey) -> Vec<ComponentKey>,
) -> Shown {
    let of_boards = shown.boards.iter();
    let of_boards = of_boards.map(|board| (*board, components_of(*board)));
    let mut parts = shown.parts.clone();
    parts.extend(of_boards);
    for parts in parts.values_mut() {
        parts.retain(|key| !matches!(key.kind, Kind::Sensor | Kind::TextSensor));
    }
    Shown {
        parts,
        news: shown.news || shown.log,
        ..Shown::default()
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
    #[test]
    fn everything_but_readings_wakes_the_window_at_once() {
        let key = |kind| ComponentKey::new(kind, 0);
        let [light, sensor, button] = [Kind::Light, Kind::Sensor, Kind::Button].map(key);
        let shown = Shown {
            boards: [BoardKey(1)].into(),
            round_trips: [BoardKey(1), BoardKey(2)].into(),
            parts: [
                (BoardKey(1), vec![sensor.clone()]),
                (BoardKey(2), vec![light.clone(), sensor.clone()]),
            ]
            .into(),
            log: true,
            ..Shown::default()
        };
        let components = vec![button.clone(), sensor];
        let expected = Shown {
            parts: [(BoardKey(1), vec![button]), (BoardKey(2), vec![light])].into(),
            news: true,
            ..Shown::default()
        };
        assert_eq!(prompt(&shown, |_| components.clone()), expected);
        assert_eq!(
            prompt(&Shown::default(), |_| components.clone()),
            Shown::default()
        );
    }
}

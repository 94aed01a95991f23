//! The time range that the page shows: live, or paused at a time.

use super::curve::Range;

/// The shortest and the longest time range, in seconds.
const SPAN_LIMITS: [f64; 2] = [1.0, 604_800.0];

/// The visible time range.
pub(super) struct VisibleRange {
    /// The length in seconds.
    pub(super) span: f64,
    /// Where the range ends while paused; `None` while live.
    end: Option<f64>,
}

impl VisibleRange {
    /// A live range of this length, as far as the length is allowed.
    pub(super) fn live(span: f64) -> Self {
        let span = if span.is_finite() {
            span.clamp(SPAN_LIMITS[0], SPAN_LIMITS[1])
        } else {
            600.0
        };
        Self { span, end: None }
    }

    pub(super) fn is_live(&self) -> bool {
        self.end.is_none()
    }

    /// The range at the time `now`.
    pub(super) fn at(&self, now: f64) -> Range {
        let to = self.end.unwrap_or(now);
        Range {
            from: to - self.span,
            to,
        }
    }

    /// Shows this time range; a range that reaches into the future is live.
    pub(super) fn show(&mut self, wanted: Range, now: f64) {
        // A double click requests infinity, which means live.
        if wanted.to > now + SPAN_LIMITS[1] {
            self.end = None;
            return;
        }
        let span = wanted.span().clamp(SPAN_LIMITS[0], SPAN_LIMITS[1]);
        let middle = f64::midpoint(wanted.from, wanted.to);
        let end = if (wanted.span() - span).abs() > 1e-9 {
            middle + span / 2.0
        } else {
            wanted.to
        };
        self.span = span;
        self.end = (end < now).then_some(end);
    }

    /// Moves the visible range by a fraction of its length.
    pub(super) fn move_by(&mut self, part: f64, now: f64) {
        let end = self.end.unwrap_or(now) + part * self.span;
        self.end = (end < now).then_some(end);
    }

    pub(super) fn zoom(&mut self, factor: f64, now: f64) {
        let span = (self.span * factor).clamp(SPAN_LIMITS[0], SPAN_LIMITS[1]);
        // A live view stays live; otherwise keep the middle in place.
        if let Some(end) = self.end {
            let end = end + (span - self.span) / 2.0;
            self.end = (end < now).then_some(end);
        }
        self.span = span;
    }

    pub(super) fn toggle_pause(&mut self, now: f64) {
        self.end = if self.end.is_some() { None } else { Some(now) };
    }
}

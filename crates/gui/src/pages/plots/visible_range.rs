//! The time range that the page shows: live, or paused at a time. It never
//! leaves what is kept.

use super::curve::Range;

/// The shortest and the longest time range, in seconds.
const SPAN_LIMITS: [f64; 2] = [0.1, 604_800.0];

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
    pub(super) fn show(&mut self, wanted: Range, since: f64, now: f64) {
        // A double click requests infinity, which means live.
        if wanted.to > now + SPAN_LIMITS[1] {
            self.end = None;
            return;
        }
        let span = self.allowed(wanted.span(), since, now);
        let middle = f64::midpoint(wanted.from, wanted.to);
        let end = if (wanted.span() - span).abs() > 1e-9 {
            middle + span / 2.0
        } else {
            wanted.to
        };
        self.span = span;
        self.end_at(end, since, now);
    }

    /// Moves the visible range by a fraction of its length.
    pub(super) fn move_by(&mut self, part: f64, since: f64, now: f64) {
        let end = self.end.unwrap_or(now) + part * self.span;
        self.end_at(end, since, now);
    }

    pub(super) fn zoom(&mut self, factor: f64, since: f64, now: f64) {
        let span = self.allowed(self.span * factor, since, now);
        let before = self.span;
        self.span = span;
        // A live view stays live; otherwise keep the middle in place.
        if let Some(end) = self.end {
            self.end_at(end + (span - before) / 2.0, since, now);
        }
    }

    /// Shows a length that is offered, which may be longer than what is kept.
    pub(super) fn show_span(&mut self, span: f64, now: f64) {
        if let Some(end) = self.end {
            let end = end + (span - self.span) / 2.0;
            self.end = (end < now).then_some(end);
        }
        self.span = span;
    }

    pub(super) fn toggle_pause(&mut self, now: f64) {
        self.end = if self.end.is_some() { None } else { Some(now) };
    }

    /// The range of this length, or what is kept if that is less; never
    /// shorter than a shorter range that is shown now.
    fn allowed(&self, span: f64, since: f64, now: f64) -> f64 {
        let most = (now - since).max(self.span).max(MIN_OFFERED);
        span.clamp(SPAN_LIMITS[0], most.clamp(SPAN_LIMITS[0], SPAN_LIMITS[1]))
    }

    /// Ends at this time, if that is not before what is kept; now is live.
    fn end_at(&mut self, end: f64, since: f64, now: f64) {
        let end = end.max((since + self.span).min(now));
        self.end = (end < now).then_some(end);
    }
}

/// This range is offered even while less is kept.
pub(super) const MIN_OFFERED: f64 = 60.0;

#[cfg(test)]
mod tests {
    use super::*;

    /// What is shown, in seconds before now; the values of 600 s are kept.
    fn shown(range: &VisibleRange) -> [f64; 2] {
        let Range { from, to } = range.at(1_000.0);
        [1_000.0 - from, 1_000.0 - to]
    }

    #[test]
    fn nothing_before_what_is_kept_can_be_shown() {
        let mut range = VisibleRange::live(60.0);
        range.zoom(100.0, 400.0, 1_000.0);
        assert_eq!(shown(&range), [600.0, 0.0]);
        assert!(range.is_live());
        range.zoom(0.1, 400.0, 1_000.0);
        range.move_by(-50.0, 400.0, 1_000.0);
        assert_eq!(shown(&range), [600.0, 540.0]);
        assert!(!range.is_live());
        range.move_by(50.0, 400.0, 1_000.0);
        assert!(range.is_live());
    }

    #[test]
    fn a_minute_is_offered_from_the_start() {
        let mut range = VisibleRange::live(1.0);
        range.zoom(1_000.0, 999.0, 1_000.0);
        assert_eq!(shown(&range), [60.0, 0.0]);
    }
}

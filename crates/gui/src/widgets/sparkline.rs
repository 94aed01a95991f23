//! A history as a small line: each value holds until the next one, with gaps
//! where nothing was known. A history that is denser than the picture becomes
//! its mean over a faint band from the lowest to the highest value, so that
//! noise never fills the picture.

use eframe::egui::{
    Color32, Mesh, Pos2, Rect, RectAlign, Sense, Shape, Stroke, Tooltip, Ui, pos2, vec2,
};

use web_time::SystemTime;

use crate::{
    model::frame_context::FrameContext,
    widgets::{layout::Within as _, text_line, theme},
};
use fleet::{History, Sample};
use protocol::Descriptor;

/// A sparkline.
pub(crate) struct Sparkline<'a> {
    pub(crate) history: &'a History,
    /// Whether the last value holds until now; otherwise it is no longer known.
    pub(crate) holds: bool,
    pub(crate) color: Color32,
    /// Says how values are written.
    pub(crate) descriptor: &'a Descriptor,
    /// Its accessible name.
    pub(crate) name: String,
}

/// The width of a column; a finer one could not be distinguished.
const COLUMN: f32 = 3.0;

/// The width of the line.
const LINE: f32 = 1.25;

/// The picture is at least as high as this many of the last digit: the noise of
/// a steady value stays small.
const DIGITS: f64 = 5.0;

impl Sparkline<'_> {
    /// Fills `rect`.
    pub(crate) fn show(&self, ui: &mut Ui, rect: Rect, context: &FrameContext) {
        let response = ui.interact(rect, ui.auto_id_with(&self.name), Sense::hover());
        text_line::name_label(ui, &response, &self.name);
        if !ui.is_rect_visible(rect) {
            return;
        }
        let history = self.history.recent();
        let palette = theme::palette(ui);
        let decimals = self.descriptor.accuracy_decimals;
        let end = self.holds.then_some(context.wall);
        let Some(extent) = Extent::of(&history, decimals, end) else {
            ui.painter().hline(
                rect.x_range(),
                rect.bottom() - 1.0,
                Stroke::new(1.0, palette.border),
            );
            return;
        };
        let inner = rect.inset(vec2(3.0, 3.0));
        let runs = runs(&history, &extent, inner);
        for run in &runs {
            self.paint(ui, run);
        }
        let known_now = history
            .last()
            .is_some_and(|newest| newest.value.is_finite());
        if let (true, Some(newest)) = (known_now, runs.last().and_then(|run| run.last())) {
            let at = pos2(newest.right, newest.last);
            ui.painter().circle_filled(at, 2.5, self.color);
        }
        if let Some(pointer) = response.hover_pos() {
            self.tell(ui, &response, &history, (&extent, inner), pointer, context);
        }
    }

    /// Paints a stretch without a gap.
    fn paint(&self, ui: &Ui, run: &[Column]) {
        if let [alone] = run
            && alone.right - alone.left < 1.0
        {
            let at = pos2(alone.left, alone.mean());
            ui.painter().circle_filled(at, 1.5, self.color);
            return;
        }
        let mut band = Mesh::default();
        let mut line: Vec<Pos2> = Vec::with_capacity(2 * run.len());
        for (at, column) in run.iter().enumerate() {
            let right = run.get(at + 1).map_or(column.right, |next| next.left);
            let y = column.mean();
            line.push(pos2(column.left, y));
            line.push(pos2(right, y));
            if column.bottom - column.top > LINE {
                let place = Rect::from_min_max(
                    pos2(column.left, column.top),
                    pos2(right.max(column.left), column.bottom),
                );
                band.add_colored_rect(place, self.color.gamma_multiply(0.22));
            }
        }
        ui.painter().add(Shape::mesh(band));
        ui.painter()
            .add(Shape::line(line, Stroke::new(LINE, self.color)));
    }

    /// The value under the pointer and the extremes, below the picture: a
    /// tooltip upon it would cover what it explains.
    fn tell(
        &self,
        ui: &Ui,
        response: &eframe::egui::Response,
        history: &[Sample],
        (extent, rect): (&Extent, Rect),
        pointer: Pos2,
        context: &FrameContext,
    ) {
        // A value holds until the next one.
        let known = || {
            let known = history.iter();
            known.filter(|sample| sample.value.is_finite())
        };
        let held = known()
            .take_while(|sample| extent.x(sample.at, rect) <= pointer.x)
            .last();
        let Some(sample) = held.or_else(|| known().next()) else {
            return;
        };
        let palette = theme::palette(ui);
        let x = pointer.x.clamp(rect.left(), rect.right());
        ui.painter()
            .vline(x, rect.y_range(), Stroke::new(1.0, palette.outline));
        let at = pos2(x, extent.y(sample.value, rect));
        ui.painter()
            .circle_stroke(at, 3.5, Stroke::new(1.5, palette.text));
        let quantity = |value| text::reading(value, Some(self.descriptor));
        let words = format!(
            "{} at {}\n{} to {} since {}",
            quantity(sample.value),
            context.time_of_day(sample.at),
            quantity(extent.lowest),
            quantity(extent.highest),
            context.time_of_day(extent.first),
        );
        let mut tooltip = Tooltip::for_widget(response);
        tooltip.popup = tooltip
            .popup
            .align(RectAlign::BOTTOM_START)
            .align_alternatives(&[RectAlign::TOP_START]);
        tooltip.show(|ui| ui.label(words));
    }
}

/// The samples that fall onto the same column, as places on the screen.
#[derive(Debug, Clone, PartialEq)]
struct Column {
    left: f32,
    /// Where its last sample is.
    right: f32,
    top: f32,
    bottom: f32,
    last: f32,
    sum: f32,
    count: f32,
}

impl Column {
    fn of(point: Pos2) -> Self {
        Self {
            left: point.x,
            right: point.x,
            top: point.y,
            bottom: point.y,
            last: point.y,
            sum: point.y,
            count: 1.0,
        }
    }

    fn has_room(&self, point: Pos2) -> bool {
        (point.x / COLUMN).floor() == (self.left / COLUMN).floor()
    }

    fn add(&mut self, point: Pos2) {
        self.right = point.x;
        self.top = self.top.min(point.y);
        self.bottom = self.bottom.max(point.y);
        self.last = point.y;
        self.sum += point.y;
        self.count += 1.0;
    }

    fn mean(&self) -> f32 {
        self.sum / self.count
    }
}

/// The columns of each stretch without a gap.
fn runs(history: &[Sample], extent: &Extent, rect: Rect) -> Vec<Vec<Column>> {
    let mut runs: Vec<Vec<Column>> = Vec::new();
    let mut open = false;
    for sample in history {
        let x = extent.x(sample.at, rect);
        if !sample.value.is_finite() {
            // The last value held until here.
            if let (true, Some(last)) = (open, runs.last_mut().and_then(|run| run.last_mut())) {
                last.right = x;
            }
            open = false;
            continue;
        }
        let point = pos2(x, extent.y(sample.value, rect));
        match runs.last_mut().filter(|_| open) {
            Some(run) => match run.last_mut() {
                Some(column) if column.has_room(point) => column.add(point),
                _ => run.push(Column::of(point)),
            },
            None => runs.push(vec![Column::of(point)]),
        }
        open = true;
    }
    if let (true, Some(last)) = (open, runs.last_mut().and_then(|run| run.last_mut())) {
        last.right = last.right.max(extent.end(rect));
    }
    runs
}

struct Extent {
    first: SystemTime,
    seconds: f32,
    /// The extremes, and the range that the picture shows.
    lowest: f64,
    highest: f64,
    low: f64,
    high: f64,
}

impl Extent {
    /// The picture ends at the last value, or at `end`.
    fn of(history: &[Sample], decimals: Option<u8>, end: Option<SystemTime>) -> Option<Self> {
        let (first, last) = (history.first()?.at, history.last()?.at);
        let last = end.map_or(last, |end| end.max(last));
        let known = || {
            history
                .iter()
                .map(|sample| sample.value)
                .filter(|value| value.is_finite())
        };
        let lowest = known().reduce(f64::min)?;
        let highest = known().reduce(f64::max)?;
        let digit = decimals.map_or(0.0, |decimals| 0.1_f64.powi(i32::from(decimals)));
        let missing = (DIGITS * digit - (highest - lowest)).max(0.0);
        Some(Self {
            first,
            seconds: last.duration_since(first).unwrap_or_default().as_secs_f32(),
            lowest,
            highest,
            low: lowest - missing / 2.0,
            high: highest + missing / 2.0,
        })
    }

    fn x(&self, at: SystemTime, rect: Rect) -> f32 {
        let since = at
            .duration_since(self.first)
            .unwrap_or_default()
            .as_secs_f32();
        if self.seconds > 0.0 {
            rect.left() + rect.width() * since / self.seconds
        } else {
            rect.right()
        }
    }

    /// Where the last value ends.
    fn end(&self, rect: Rect) -> f32 {
        if self.seconds > 0.0 {
            rect.right()
        } else {
            rect.left()
        }
    }

    fn y(&self, value: f64, rect: Rect) -> f32 {
        let share = if self.high > self.low {
            (value - self.low) / (self.high - self.low)
        } else {
            0.5
        };
        #[expect(clippy::cast_possible_truncation, reason = "a share between 0 and 1")]
        let share = share as f32;
        rect.bottom() - rect.height() * share
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::time::Duration;

    use super::*;

    const PLACE: Rect = Rect {
        min: Pos2::ZERO,
        max: Pos2 { x: 300.0, y: 40.0 },
    };

    fn history(values: impl IntoIterator<Item = f64>) -> Vec<Sample> {
        let sample = |(second, value)| Sample {
            at: SystemTime::UNIX_EPOCH + Duration::from_secs(second),
            value,
        };
        (0..).zip(values).map(sample).collect()
    }

    fn drawn(history: &[Sample]) -> Vec<Vec<Column>> {
        runs(history, &Extent::of(history, None, None).unwrap(), PLACE)
    }

    #[test]
    fn noise_becomes_its_mean_over_a_band_and_never_a_solid_block() {
        let noise = (0..600).map(|second| if second % 2 == 0 { 0.0 } else { 1.0 });
        let runs = drawn(&history(noise));
        assert_eq!(runs.len(), 1);
        assert!(runs[0].len() <= 101, "{}", runs[0].len());
        for column in runs[0].iter().filter(|column| column.count >= 4.0) {
            assert_eq!((column.top, column.bottom), (0.0, 40.0));
            assert!((column.mean() - 20.0).abs() < 10.0, "{column:?}");
        }
    }

    #[test]
    fn a_gap_separates_two_stretches() {
        let runs = drawn(&history([1.0, 2.0, f64::NAN, 3.0]));
        assert_eq!(runs.len(), 2);
        assert_eq!(runs[0].last().unwrap().right, 200.0);
    }

    #[test]
    fn the_last_value_holds_until_now() {
        let history = history([5.0]);
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(60);
        let extent = Extent::of(&history, None, Some(now)).unwrap();
        let runs = runs(&history, &extent, PLACE);
        assert_eq!((runs[0][0].left, runs[0][0].right), (0.0, 300.0));
    }

    #[test]
    fn a_steady_value_does_not_look_restless() {
        let steady = history([20.0, 20.1, 20.0]);
        let extent = Extent::of(&steady, Some(1), None).unwrap();
        assert_eq!((extent.lowest, extent.highest), (20.0, 20.1));
        assert!((extent.high - extent.low - 0.5).abs() < 1e-9);
    }
}

//! A history as a small line: gaps where nothing was known, the newest value
//! marked, the extremes in a tooltip. Paints at most four points per column,
//! however long the history is.

use std::time::SystemTime;

use eframe::egui::{Color32, Pos2, Rect, Sense, Shape, Stroke, Ui, pos2, vec2};

use crate::{
    model::frame_context::FrameContext,
    widgets::{layout::Within as _, text_line, theme},
};
use fleet::Sample;

/// A sparkline.
pub(crate) struct Sparkline<'a> {
    /// Oldest first.
    pub(crate) history: Vec<Sample>,
    /// On and off: the line has steps.
    pub(crate) steps: bool,
    pub(crate) color: Color32,
    /// The values' precision and unit, for the tooltip.
    pub(crate) decimals: Option<u8>,
    pub(crate) unit: Option<&'a str>,
    /// Its accessible name.
    pub(crate) name: String,
}

impl Sparkline<'_> {
    /// Fills `rect`.
    pub(crate) fn show(&self, ui: &mut Ui, rect: Rect, context: &FrameContext) {
        let response = ui.interact(rect, ui.auto_id_with(&self.name), Sense::hover());
        text_line::name_label(ui, &response, &self.name);
        let palette = theme::palette(ui);
        let Some(extent) = Extent::of(&self.history) else {
            ui.painter().hline(
                rect.x_range(),
                rect.bottom() - 1.0,
                Stroke::new(1.0, palette.border),
            );
            return;
        };
        let inner = rect.inset(vec2(3.0, 3.0));
        let runs = self.runs(&extent, inner);
        for run in &runs {
            match run.as_slice() {
                [alone] => {
                    ui.painter().circle_filled(*alone, 1.5, self.color);
                }
                points => {
                    ui.painter()
                        .add(Shape::line(points.to_vec(), Stroke::new(1.5, self.color)));
                }
            }
        }
        let known_now = self
            .history
            .last()
            .is_some_and(|newest| newest.value.is_finite());
        if let (true, Some(newest)) = (known_now, runs.last().and_then(|run| run.last())) {
            ui.painter().circle_filled(*newest, 2.5, self.color);
        }
        if let Some(pointer) = response.hover_pos() {
            self.tell(ui, &response, &extent, inner, pointer, context);
        }
    }

    /// The value under the pointer, and the extremes.
    fn tell(
        &self,
        ui: &Ui,
        response: &eframe::egui::Response,
        extent: &Extent,
        rect: Rect,
        pointer: Pos2,
        context: &FrameContext,
    ) {
        let nearest = self
            .history
            .iter()
            .filter(|sample| sample.value.is_finite())
            .min_by(|a, b| {
                let distance = |sample: &Sample| (extent.x(sample.at, rect) - pointer.x).abs();
                distance(a).total_cmp(&distance(b))
            });
        let Some(sample) = nearest else { return };
        let at = pos2(extent.x(sample.at, rect), extent.y(sample.value, rect));
        ui.painter()
            .circle_stroke(at, 3.5, Stroke::new(1.5, theme::palette(ui).text));
        let quantity = |value| text::quantity(value, self.decimals, self.unit);
        response.show_tooltip_text(format!(
            "{} at {}\nfrom {} to {} since {}",
            quantity(sample.value),
            context.time_of_day(sample.at),
            quantity(extent.low),
            quantity(extent.high),
            context.time_of_day(extent.first),
        ));
    }

    /// The points of each stretch without a gap.
    fn runs(&self, extent: &Extent, rect: Rect) -> Vec<Vec<Pos2>> {
        let mut runs: Vec<Vec<Pos2>> = Vec::new();
        let mut column = Column::default();
        let mut open = false;
        for sample in &self.history {
            if !sample.value.is_finite() {
                column.close(&mut runs);
                open = false;
                continue;
            }
            if !open {
                runs.push(Vec::new());
                open = true;
            }
            let point = pos2(extent.x(sample.at, rect), extent.y(sample.value, rect));
            let before = column.last;
            if column.is_another(point) {
                column.close(&mut runs);
                let begun = runs.last().is_some_and(|run| !run.is_empty());
                if let (true, true, Some(before)) = (self.steps, begun, before) {
                    column.add(pos2(point.x, before.y));
                }
            }
            column.add(point);
        }
        column.close(&mut runs);
        runs.retain(|run| !run.is_empty());
        runs
    }
}

/// The width of a column. The line is nearly as wide: finer ones are
/// indistinguishable, and take twice the time.
const COLUMN: f32 = 2.0;

/// The samples that fall onto the same column: only the extremes are painted.
#[derive(Default)]
struct Column {
    points: Vec<Pos2>,
    last: Option<Pos2>,
}

impl Column {
    fn is_another(&self, point: Pos2) -> bool {
        self.points
            .last()
            .is_some_and(|last| (point.x / COLUMN).round() != (last.x / COLUMN).round())
    }

    fn add(&mut self, point: Pos2) {
        self.last = Some(point);
        if self.points.len() < 4 {
            self.points.push(point);
            return;
        }
        // First, lowest, highest, last: the same ink as the whole line in this
        // column.
        let (low, high) = (1, 2);
        if point.y > self.points[low].y {
            self.points[low] = point;
        } else if point.y < self.points[high].y {
            self.points[high] = point;
        }
        self.points[3] = point;
    }

    fn close(&mut self, runs: &mut [Vec<Pos2>]) {
        if let Some(run) = runs.last_mut() {
            run.append(&mut self.points);
        }
        self.points.clear();
        self.last = None;
    }
}

struct Extent {
    first: SystemTime,
    seconds: f32,
    low: f64,
    high: f64,
}

impl Extent {
    fn of(history: &[Sample]) -> Option<Self> {
        let (first, last) = (history.first()?.at, history.last()?.at);
        let known = || {
            history
                .iter()
                .map(|sample| sample.value)
                .filter(|value| value.is_finite())
        };
        let low = known().reduce(f64::min)?;
        let high = known().reduce(f64::max)?;
        Some(Self {
            first,
            seconds: last.duration_since(first).unwrap_or_default().as_secs_f32(),
            low,
            high,
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

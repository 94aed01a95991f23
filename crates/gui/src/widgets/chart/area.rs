//! The area of a chart: maps values to points, and paints the grid.

use eframe::egui::{Align2, Color32, Rect, Stroke, Ui, pos2, vec2};

use super::scale::{Span, Tick};
use crate::widgets::{
    layout::{Within as _, between},
    text_line,
    theme::{self, HALF, UNIT, palette},
};

/// Lines of the grid are this opaque.
const GRID: f32 = 0.12;

/// Where the values are drawn, and their ranges.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Area {
    pub(crate) rect: Rect,
    pub(crate) x: Span,
    pub(crate) y: Span,
}

impl Area {
    pub(crate) fn x(&self, value: f64) -> f32 {
        self.rect.left() + share(self.x, value) * self.rect.width()
    }

    pub(crate) fn y(&self, value: f64) -> f32 {
        self.rect.bottom() - share(self.y, value) * self.rect.height()
    }

    /// The value on the horizontal axis at this point.
    pub(crate) fn value_at_x(&self, x: f32) -> f64 {
        self.x.low
            + f64::from((x - self.rect.left()) / self.rect.width().max(1.0)) * self.x.length()
    }

    /// The length on the horizontal axis of one point.
    pub(crate) fn per_point(&self) -> f64 {
        self.x.length() / f64::from(self.rect.width().max(1.0))
    }
}

/// Where a value lies in a range, limited to what a shape may extend beyond it.
fn share(span: Span, value: f64) -> f32 {
    let share = if span.length() > 0.0 {
        (value - span.low) / span.length()
    } else {
        0.5
    };
    #[expect(clippy::cast_possible_truncation, reason = "within the limits")]
    let share = share.clamp(-10.0, 10.0) as f32;
    share
}

/// Paints the grid: a line and a label at each tick, and the unit above the
/// labels of the vertical axis. The labels of the horizontal axis are below the
/// area, if there are any.
pub(crate) fn grid(ui: &Ui, area: &Area, xs: &[Tick], ys: &[Tick], unit: &str, has_labels: bool) {
    let palette = palette(ui);
    let line = Stroke::new(1.0, palette.text.gamma_multiply(GRID));
    let painter = ui.painter();
    let rect = area.rect;
    let labels = rect.left() - HALF;
    let mut highest = rect.bottom();
    for tick in ys {
        let y = area.y(tick.at);
        painter.hline(rect.x_range(), y, line);
        let place = between(
            pos2(labels - theme::PLOT_AXIS, y - UNIT),
            pos2(labels, y + UNIT),
        );
        text_line::paint(
            ui,
            place,
            Align2::RIGHT_CENTER,
            &tick.words,
            theme::small(),
            palette.weak,
        );
        highest = highest.min(y);
    }
    for tick in xs {
        let x = area.x(tick.at);
        painter.vline(x, rect.y_range(), line);
        if !has_labels {
            continue;
        }
        painter.text(
            pos2(x, rect.bottom() + HALF),
            Align2::CENTER_TOP,
            &tick.words,
            theme::small(),
            palette.weak,
        );
    }
    painter.hline(rect.x_range(), rect.bottom(), line);
    // The unit is above the labels, and within the area where that is taken.
    let free = highest - UNIT > rect.top() + theme::PUSH_ROW * 0.7;
    let corner = if free {
        let place = between(
            pos2(labels - theme::PLOT_AXIS, rect.top()),
            pos2(labels, rect.top() + theme::PUSH_ROW),
        );
        (place, Align2::RIGHT_TOP)
    } else {
        (rect.inset(vec2(6.0, 2.0)), Align2::LEFT_TOP)
    };
    text_line::paint(ui, corner.0, corner.1, unit, theme::small(), palette.text);
}

/// A range of values that is doubtful or bad.
pub(crate) struct Zone {
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) color: Color32,
    /// Its limit.
    pub(crate) words: String,
}

/// Paints ranges of values behind the curves, each with its limit.
pub(crate) fn zones(ui: &Ui, area: &Area, zones: &[Zone]) {
    for zone in zones {
        let (top, bottom) = (area.y(zone.high), area.y(zone.low));
        let rect = between(pos2(area.rect.left(), top), pos2(area.rect.right(), bottom));
        let rect = rect.intersect(area.rect);
        if rect.height() <= 0.0 {
            continue;
        }
        ui.painter()
            .rect_filled(rect, 0.0, zone.color.gamma_multiply(0.10));
        if rect.height() >= theme::size::SMALL + 2.0 {
            text_line::paint(
                ui,
                rect.inset(vec2(6.0, 0.0)),
                Align2::RIGHT_TOP,
                &zone.words,
                theme::small(),
                zone.color,
            );
        }
    }
}

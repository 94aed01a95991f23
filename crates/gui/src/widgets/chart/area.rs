//! The area of a chart: maps values to points, and paints the grid.

use eframe::egui::{Align2, Rect, Stroke, Ui, pos2, vec2};

use super::scale::{Span, Tick};
use crate::widgets::{
    layout::{Within as _, between},
    status_icons, text_line,
    theme::{self, HALF, LINE, UNIT, palette},
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

/// Paints the grid: a line and a label at each tick. The unit is next to the
/// highest label of the vertical axis. The labels of the horizontal axis are
/// below the area, if there are any.
pub(crate) fn grid(ui: &Ui, area: &Area, xs: &[Tick], ys: &[Tick], unit: &str, has_labels: bool) {
    let palette = palette(ui);
    let line = Stroke::new(1.0, palette.text.gamma_multiply(GRID));
    let painter = ui.painter();
    let rect = area.rect;
    for tick in xs {
        let x = area.x(tick.at);
        painter.vline(x, rect.y_range(), line);
        if has_labels {
            painter.text(
                pos2(x, rect.bottom() + HALF),
                Align2::CENTER_TOP,
                &tick.words,
                theme::small(),
                palette.weak,
            );
        }
    }
    painter.hline(rect.x_range(), rect.bottom(), line);
    let (look, right) = ((theme::small(), palette.weak), rect.left() - HALF);
    let label = |y: f32, words: &str, dry: bool| {
        let place = between(
            pos2(right - theme::PLOT_AXIS + HALF, y - UNIT),
            pos2(right, y + UNIT),
        );
        let galley = text_line::line(ui, words, look.0.clone(), look.1, place.width());
        if galley.elided && dry {
            return false;
        }
        let at = Align2::RIGHT_CENTER.align_size_within_rect(galley.size(), place);
        painter.galley(at.min, galley, look.1);
        true
    };
    let last = ys.len().saturating_sub(1);
    let mut has_unit = unit.is_empty();
    for (at, tick) in ys.iter().enumerate() {
        let y = area.y(tick.at);
        painter.hline(rect.x_range(), y, line);
        let with_unit = format!("{} {unit}", tick.words);
        if at == last && !has_unit && label(y, &with_unit, true) {
            has_unit = true;
            continue;
        }
        label(y, &tick.words, false);
    }
    // A unit that is too long, or has no label next to it.
    if !has_unit {
        let (place, align) = match ys.is_empty() {
            true => (
                rect.translate(vec2(HALF - rect.width() - UNIT, 0.0)),
                Align2::RIGHT_TOP,
            ),
            false => (rect.inset(vec2(6.0, 2.0)), Align2::LEFT_TOP),
        };
        text_line::paint(ui, place, align, unit, look.0, look.1);
    }
}

/// A range of values that is doubtful or bad.
pub(crate) struct Zone {
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) is_bad: bool,
    /// Where it begins.
    pub(crate) limit: String,
}

/// Paints ranges of values behind the curves, each with its shape on the right
/// and, if there is room, with its limit.
pub(crate) fn zones(ui: &Ui, area: &Area, zones: &[Zone]) {
    let palette = palette(ui);
    for zone in zones {
        let (fill, color) = match zone.is_bad {
            true => (palette.signs.bad, palette.bad),
            false => (palette.signs.doubtful, palette.doubtful),
        };
        let (top, bottom) = (area.y(zone.high), area.y(zone.low));
        let rect = between(pos2(area.rect.left(), top), pos2(area.rect.right(), bottom));
        let rect = rect.intersect(area.rect);
        if rect.height() <= 0.0 {
            continue;
        }
        ui.painter()
            .rect_filled(rect, 0.0, fill.gamma_multiply(0.13));
        if rect.height() < UNIT {
            continue;
        }
        let line = rect.until_y(rect.top() + theme::size::SMALL.max(rect.height().min(LINE)));
        let center = pos2(rect.right() - UNIT, line.center().y);
        if zone.is_bad {
            status_icons::cross(ui.painter(), center, 3.0, Stroke::new(1.5, fill));
        } else {
            status_icons::triangle(ui.painter(), center, fill);
        }
        if rect.height() >= theme::size::SMALL + 2.0 {
            let place = line.until_x(center.x - UNIT);
            text_line::paint(
                ui,
                place,
                Align2::RIGHT_CENTER,
                &zone.limit,
                theme::small(),
                color,
            );
        }
    }
}

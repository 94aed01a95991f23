//! One chart of the page: the curves of one unit. A line never crosses a gap;
//! where older values were aggregated, a band spans minimum to maximum.

use std::collections::BTreeMap;

use eframe::egui::{Align2, Color32, RichText, Ui, Vec2b, WidgetInfo, accesskit::Role, pos2};
use egui_plot::{FilledArea, Line, LineStyle, PlotPoint, PlotPoints, Points, Text, VLine};

use super::{
    axis,
    curve::{Curve, Range, Shape},
    markers::Mark,
};
use crate::{
    model::frame_context::FrameContext,
    widgets::{
        fixed_plot::fixed_plot,
        text_line,
        theme::{self, palette},
    },
};
use fleet::Bucket;

/// The distance between the rows of on/off curves; a step has the height 1.
const ROW: f64 = 1.4;

/// The visible time range, and what the pointer changes about it.
pub(super) struct View {
    pub(super) range: Range,
    /// The time under the pointer in the previous frame.
    pub(super) cursor: Option<f64>,
    /// The time under the pointer now.
    pub(super) hovered: Option<f64>,
    /// The range that the pointer requests.
    pub(super) change: Option<Range>,
}

/// The layout of a chart among the others.
pub(super) struct ChartLayout {
    pub(super) height: f32,
    /// The times are shown below the lowest chart.
    pub(super) has_times: bool,
    /// The wheel zooms, because the page does not scroll.
    pub(super) wheel_zooms: bool,
}

/// Shows a chart.
pub(super) fn show(
    ui: &mut Ui,
    title: &str,
    curves: &[&Curve<'_>],
    marks: &[Mark],
    context: &FrameContext,
    layout: &ChartLayout,
    view: &mut View,
) {
    let palette = palette(ui);
    let Range { from, to } = view.range;
    let rows: BTreeMap<usize, f64> = curves
        .iter()
        .filter(|curve| curve.shape() == Shape::OnOff)
        .enumerate()
        .map(|(row, curve)| (curve.number, row as f64 * -ROW))
        .collect();
    let is_on_off = !rows.is_empty();
    let plot = fixed_plot(("plots", title))
        .height(layout.height)
        .show_axes(Vec2b::new(layout.has_times, true))
        .x_grid_spacer(|input| axis::marks(&input, context))
        .x_axis_formatter(|mark, _| axis::words(mark, context))
        .y_axis_formatter(move |mark, _| {
            if is_on_off {
                String::new()
            } else {
                short(mark.value)
            }
        })
        .y_axis_min_width(theme::PLOT_AXIS)
        .grid_color(palette.outline)
        .grid_fade(0.35)
        .show_x(false)
        .show_y(false)
        .set_margin_fraction(eframe::egui::vec2(0.0, 0.12))
        .auto_bounds(Vec2b::new(false, true));
    let plot = if is_on_off {
        plot.include_y(1.0).include_y(0.0)
    } else {
        plot
    };
    let cursor = view.cursor;
    let response = plot.show(ui, |plot| {
        plot.set_plot_bounds_x(from..=to);
        for curve in curves {
            let color = palette.series[curve.number % palette.series.len()];
            let style = if curve.number < palette.series.len() {
                LineStyle::Solid
            } else {
                LineStyle::dashed_dense()
            };
            let base = rows.get(&curve.number).copied().unwrap_or(0.0);
            draw(plot, curve, base, color, style);
        }
        for mark in marks {
            let color = if mark.is_loss {
                palette.signs.bad
            } else {
                palette.signs.underway
            };
            let style = if mark.is_loss {
                LineStyle::dashed_dense()
            } else {
                LineStyle::dotted_dense()
            };
            plot.vline(
                VLine::new("", mark.at)
                    .color(color)
                    .style(style)
                    .allow_hover(false),
            );
        }
        if let Some(cursor) = cursor {
            plot.vline(
                VLine::new("", cursor)
                    .color(palette.text)
                    .width(1.0)
                    .allow_hover(false),
            );
        }
    });
    let transform = response.transform;
    let response = response.response;
    let frame = *transform.frame();
    let corner = frame.shrink(6.0);
    text_line::paint(
        ui,
        corner,
        Align2::LEFT_TOP,
        title,
        theme::small(),
        palette.weak,
    );
    let names: Vec<&str> = curves.iter().map(|curve| curve.title.as_str()).collect();
    let name = format!("plot of {title}: {}", names.join(", "));
    response.widget_info(|| WidgetInfo::labeled(Role::GraphicsObject, true, &name));
    let per_point = view.range.span() / f64::from(frame.width().max(1.0));
    if response.dragged() {
        let by = -f64::from(response.drag_delta().x) * per_point;
        view.change = Some(Range {
            from: from + by,
            to: to + by,
        });
    }
    if response.double_clicked() {
        view.change = Some(Range {
            from: f64::INFINITY,
            to: f64::INFINITY,
        });
    }
    let Some(pointer) = response
        .hover_pos()
        .filter(|pointer| frame.contains(*pointer))
    else {
        return;
    };
    let under = transform
        .value_from_position(pos2(pointer.x, frame.center().y))
        .x;
    view.hovered = Some(under);
    let (pinch, wheel) = ui.input(|input| (input.zoom_delta(), input.smooth_scroll_delta()));
    let wheel_factor = if layout.wheel_zooms {
        (wheel.y / 200.0).exp()
    } else {
        1.0
    };
    let factor = f64::from(pinch * wheel_factor);
    let by = -f64::from(wheel.x) * per_point;
    if (factor - 1.0).abs() > 1e-4 || by != 0.0 {
        let (from, to) = (
            under - (under - from) / factor + by,
            under + (to - under) / factor + by,
        );
        view.change = Some(Range { from, to });
    }
}

/// The label of a tick, without insignificant digits.
fn short(value: f64) -> String {
    text::short_number(value)
}

fn draw<'a>(
    plot: &mut egui_plot::PlotUi<'a>,
    curve: &Curve<'a>,
    base: f64,
    color: Color32,
    style: LineStyle,
) {
    let mut last = None;
    for part in curve
        .buckets
        .split(Bucket::is_gap)
        .filter(|part| !part.is_empty())
    {
        let points = points(part, curve.shape(), base);
        last = points.last().copied().or(last);
        if part.iter().any(|bucket| bucket.low < bucket.high) {
            let edges: Vec<(f64, &Bucket)> = part
                .iter()
                .flat_map(|bucket| edges(bucket, curve.shape()))
                .collect();
            let xs: Vec<f64> = edges.iter().map(|(x, _)| *x).collect();
            let lows: Vec<f64> = edges.iter().map(|(_, bucket)| bucket.low + base).collect();
            let highs: Vec<f64> = edges.iter().map(|(_, bucket)| bucket.high + base).collect();
            let fill = color.gamma_multiply(0.25);
            plot.add(
                FilledArea::new("", &xs, &lows, &highs)
                    .fill_color(fill)
                    .allow_hover(false),
            );
        }
        if let [only] = points.as_slice() {
            // A line of one point would be invisible.
            plot.points(
                Points::new("", vec![*only])
                    .radius(2.0)
                    .color(color)
                    .allow_hover(false),
            );
        }
        // egui_plot draws the points of one pixel column as a band, which would
        // slant the vertical edge of a step.
        let is_line = curve.shape() == Shape::Line;
        let line = Line::new("", PlotPoints::from(points))
            .color(color)
            .width(1.5)
            .style(style)
            .allow_band(is_line);
        plot.line(line.allow_hover(false));
    }
    let bounds = plot.plot_bounds();
    if let Some([x, y]) = last {
        let at = PlotPoint::new(x.min(bounds.max()[0]), y);
        let number = RichText::new(format!("{} ", curve.number + 1))
            .font(theme::small())
            .color(color);
        plot.text(
            Text::new("", at, number)
                .anchor(Align2::RIGHT_BOTTOM)
                .allow_hover(false),
        );
    }
}

/// The corners of a bucket's band; a step has two.
fn edges(bucket: &Bucket, shape: Shape) -> impl Iterator<Item = (f64, &Bucket)> {
    let (first, second) = match shape {
        Shape::Line => (f64::midpoint(bucket.from, bucket.to), None),
        Shape::Steps | Shape::OnOff => (bucket.from, Some(bucket.to)),
    };
    [Some(first), second]
        .into_iter()
        .flatten()
        .map(move |x| (x, bucket))
}

/// The points of a segment without gaps.
fn points(part: &[Bucket], shape: Shape, base: f64) -> Vec<[f64; 2]> {
    let mut points = Vec::with_capacity(part.len() + 1);
    for bucket in part {
        match shape {
            Shape::Line if bucket.count > 1 => {
                points.push([f64::midpoint(bucket.from, bucket.to), bucket.mean + base]);
            }
            Shape::Line => points.push([bucket.from, bucket.mean + base]),
            Shape::Steps | Shape::OnOff => {
                points.extend([
                    [bucket.from, bucket.mean + base],
                    [bucket.to, bucket.mean + base],
                ]);
            }
        }
    }
    // The last value is valid until the next one is known.
    if let (Shape::Line, Some(last)) = (shape, part.last())
        && last.to > last.from
    {
        points.push([last.to, last.mean + base]);
    }
    points
}

//! One chart of the page: the curves of one unit, with their names at their
//! ends, the cursor with the values at it, and the markers.

use eframe::egui::{
    Align2, Color32, EventFilter, Modifiers, Pos2, Rect, Response, Sense, Shape, Stroke,
    StrokeKind, Ui, WidgetInfo, accesskit::Role, pos2, vec2,
};

use super::{
    curve::{Curve, Range},
    markers::Mark,
    measure::Measure,
};
use crate::{
    model::frame_context::FrameContext,
    widgets::{
        chart::{self, Area, Span, Tick, Trace, round_ticks, time_axis, value_at},
        layout::{Within as _, between},
        text_line,
        theme::{self, HALF, UNIT, palette},
    },
};

/// The distance between the rows of on/off curves; a step has the height 1.
const ROW: f64 = 1.4;

/// The height of the name of a curve.
pub(super) const LABEL: f32 = 15.0;

/// The visible time range, and what the pointer changes about it.
pub(super) struct View {
    pub(super) range: Range,
    /// The time under the pointer in the previous frame.
    pub(super) cursor: Option<f64>,
    pub(super) measure: Measure,
    /// The time under the pointer now.
    pub(super) hovered: Option<f64>,
    /// The time that was clicked to place a marker.
    pub(super) marked: Option<f64>,
    /// A chart has the focus, so the keys of the page are its own.
    pub(super) focused: bool,
    /// The range that the pointer requests.
    pub(super) change: Option<Range>,
}

/// The layout of a chart among the others.
pub(super) struct ChartLayout {
    pub(super) height: f32,
    /// The room for names on the right.
    pub(super) names: f32,
    /// The times are shown below the lowest chart.
    pub(super) has_times: bool,
    /// The wheel zooms, because the page does not scroll.
    pub(super) wheel_zooms: bool,
}

/// The color of a curve.
pub(super) fn color(ui: &Ui, number: usize) -> Color32 {
    let series = &palette(ui).series;
    series[number % series.len()]
}

/// Whether a curve is dashed, because all colors are taken.
pub(super) fn is_dashed(ui: &Ui, number: usize) -> bool {
    number >= palette(ui).series.len()
}

/// A curve in its chart.
struct Drawn<'a> {
    curve: &'a Curve,
    /// The row of an on/off curve.
    base: f64,
    color: Color32,
    trace: Trace,
}

/// Shows a chart.
pub(super) fn show(
    ui: &mut Ui,
    title: &str,
    curves: &[&Curve],
    marks: &[Mark],
    context: &FrameContext,
    layout: &ChartLayout,
    view: &mut View,
) {
    let times = if layout.has_times {
        theme::PUSH_ROW
    } else {
        0.0
    };
    let size = vec2(ui.available_width(), layout.height + times);
    let (outer, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
    let names: Vec<&str> = curves.iter().map(|curve| curve.title.as_str()).collect();
    let name = format!("plot of {title}: {}", names.join(", "));
    response.widget_info(|| WidgetInfo::labeled(Role::GraphicsObject, true, &name));
    // The highest label reaches above its line.
    let rect = outer
        .until_y(outer.bottom() - times)
        .after_y(outer.top() + UNIT)
        .after_x(outer.left() + theme::PLOT_AXIS)
        .until_x(outer.right() - layout.names);
    let rows = rows(curves);
    let area = Area {
        rect,
        x: Span {
            low: view.range.from,
            high: view.range.to,
        },
        y: y_span(curves, &rows),
    };
    if ui.is_rect_visible(outer) && rect.width() > 1.0 {
        let drawn: Vec<Drawn<'_>> = curves
            .iter()
            .zip(&rows)
            .map(|(curve, base)| Drawn {
                curve,
                base: *base,
                color: color(ui, curve.number),
                trace: Trace::of(&curve.buckets, *base, &area),
            })
            .collect();
        paint(ui, title, &area, &drawn, marks, context, layout, view);
    }
    if response.has_focus() {
        focus(ui, &response);
        view.focused = true;
    }
    interact(ui, &response, &area, layout, view);
}

/// Shows the focus, and keeps it while the arrow keys move the view.
fn focus(ui: &Ui, response: &Response) {
    let filter = EventFilter {
        horizontal_arrows: true,
        escape: true,
        ..EventFilter::default()
    };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    ui.painter().rect_stroke(
        response.rect,
        f32::from(theme::CONTROL_RADIUS),
        Stroke::new(1.5, palette(ui).accent),
        StrokeKind::Inside,
    );
}

/// The row of each curve; only on/off curves have their own.
fn rows(curves: &[&Curve]) -> Vec<f64> {
    let mut next = 0.0;
    let row = |curve: &&Curve| {
        let row = next;
        if curve.is_on_off {
            next -= ROW;
        }
        row
    };
    curves.iter().map(row).collect()
}

fn y_span(curves: &[&Curve], rows: &[f64]) -> Span {
    let rows_of = curves
        .iter()
        .zip(rows)
        .filter(|(curve, _)| curve.is_on_off)
        .flat_map(|(_, row)| [*row, row + 1.0]);
    let values = curves
        .iter()
        .filter(|curve| !curve.is_on_off)
        .flat_map(|curve| &curve.buckets)
        .filter(|bucket| !bucket.is_gap())
        .flat_map(|bucket| [bucket.low, bucket.high]);
    let known = Span::of(rows_of.chain(values));
    // A change of the last digit must not look like a large one.
    let least = curves.iter().map(|curve| curve.resolution() * 5.0);
    let least = least.fold(0.0, f64::max);
    known.map_or(
        Span {
            low: 0.0,
            high: 1.0,
        },
        |span| span.at_least(least).padded(0.1),
    )
}

#[expect(clippy::too_many_arguments, reason = "what a chart consists of")]
fn paint(
    ui: &Ui,
    title: &str,
    area: &Area,
    drawn: &[Drawn<'_>],
    marks: &[Mark],
    context: &FrameContext,
    layout: &ChartLayout,
    view: &View,
) {
    let palette = palette(ui);
    let is_on_off = drawn.iter().all(|drawn| drawn.curve.is_on_off);
    let ys: Vec<Tick> = if is_on_off {
        Vec::new()
    } else {
        round_ticks(area.y, (area.rect.height() / 24.0).min(8.0))
    };
    let xs = time_axis::ticks(area.x, area.rect.width(), context);
    chart::grid(ui, area, &xs, &ys, title, layout.has_times);
    let painter = ui.painter().with_clip_rect(area.rect.expand(1.0));
    for mark in marks {
        let color = if mark.is_loss {
            palette.signs.bad
        } else {
            palette.signs.underway
        };
        let x = area.x(mark.at);
        let line = [pos2(x, area.rect.top()), pos2(x, area.rect.bottom())];
        let stroke = Stroke::new(1.0, color);
        if mark.is_loss {
            painter.extend(Shape::dashed_line(&line, stroke, 6.0, 4.0));
        } else {
            painter.extend(Shape::dotted_line(&line, color, 4.0, 0.8));
        }
    }
    for drawn in drawn {
        let dashed = is_dashed(ui, drawn.curve.number);
        drawn.trace.paint(&painter, drawn.color, dashed);
    }
    labels(ui, area, drawn, layout);
    for (letter, at) in view.measure.marks() {
        marker(ui, area, letter, at);
    }
    if let Some(cursor) = view.cursor {
        cursor_values(ui, area, drawn, cursor);
        if layout.has_times {
            let words = time_axis::precise(cursor, area.per_point(), context);
            tag(
                ui,
                pos2(area.x(cursor), area.rect.bottom() + theme::PUSH_ROW / 2.0),
                Align2::CENTER_CENTER,
                &words,
                palette.text,
            );
        }
    }
}

/// The names of the curves, on the right of where each ends.
fn labels(ui: &Ui, area: &Area, drawn: &[Drawn<'_>], layout: &ChartLayout) {
    let palette = palette(ui);
    let ended: Vec<(&Drawn<'_>, Pos2)> = drawn
        .iter()
        .filter_map(|drawn| Some((drawn, drawn.trace.end()?)))
        .collect();
    let wanted: Vec<f32> = ended
        .iter()
        .map(|(_, end)| end.y.clamp(area.rect.top(), area.rect.bottom()))
        .collect();
    let tops = chart::place(&wanted, LABEL, area.rect.top(), area.rect.bottom());
    let right = area.rect.right();
    for ((drawn, end), top) in ended.into_iter().zip(tops) {
        let middle = top + LABEL / 2.0;
        let stroke = Stroke::new(1.5, drawn.color);
        let y = end.y.clamp(area.rect.top(), area.rect.bottom());
        if end.x > right - 1.0 {
            ui.painter().circle_filled(pos2(right, y), 2.5, drawn.color);
            ui.painter()
                .line_segment([pos2(right, y), pos2(right + UNIT, middle)], stroke);
        } else {
            ui.painter().line_segment(
                [pos2(right + HALF, middle), pos2(right + UNIT, middle)],
                stroke,
            );
        }
        let place = between(
            pos2(right + UNIT + HALF, top),
            pos2(right + layout.names, top + LABEL),
        );
        text_line::paint(
            ui,
            place,
            Align2::LEFT_CENTER,
            &drawn.curve.name,
            theme::small(),
            palette.text,
        );
    }
}

/// A line at the cursor, with a dot and the value at each curve.
fn cursor_values(ui: &Ui, area: &Area, drawn: &[Drawn<'_>], cursor: f64) {
    let palette = palette(ui);
    let x = area.x(cursor);
    ui.painter()
        .vline(x, area.rect.y_range(), Stroke::new(1.0, palette.text));
    let at: Vec<(&Drawn<'_>, f32, String)> = drawn
        .iter()
        .filter_map(|drawn| {
            let value = value_at(&drawn.curve.buckets, cursor)?.mean;
            let y = area.y(value + drawn.base);
            Some((drawn, y, drawn.curve.words(value)))
        })
        .collect();
    let wanted: Vec<f32> = at.iter().map(|(_, y, _)| *y).collect();
    let tops = chart::place(&wanted, LABEL + 3.0, area.rect.top(), area.rect.bottom());
    // On the side where there is more room.
    let is_left = x > area.rect.center().x;
    for ((drawn, y, words), top) in at.into_iter().zip(tops) {
        ui.painter().circle_filled(pos2(x, y), 3.5, drawn.color);
        ui.painter()
            .circle_stroke(pos2(x, y), 3.5, Stroke::new(1.0, palette.ground));
        let middle = top + (LABEL + 3.0) / 2.0;
        let (anchor, align) = if is_left {
            (pos2(x - UNIT, middle), Align2::RIGHT_CENTER)
        } else {
            (pos2(x + UNIT, middle), Align2::LEFT_CENTER)
        };
        tag(ui, anchor, align, &words, drawn.color);
    }
}

/// A marker for measuring, with its letter at the top.
fn marker(ui: &Ui, area: &Area, letter: &str, at: f64) {
    if !(area.x.low..=area.x.high).contains(&at) {
        return;
    }
    let accent = palette(ui).accent;
    let x = area.x(at);
    ui.painter()
        .vline(x, area.rect.y_range(), Stroke::new(1.0, accent));
    let anchor = pos2(x, area.rect.top() + LABEL / 2.0);
    tag(ui, anchor, Align2::CENTER_CENTER, letter, accent);
}

/// A short text upon the chart, readable on any curve, outlined in a color.
fn tag(ui: &Ui, anchor: Pos2, align: Align2, words: &str, outline: Color32) {
    let palette = palette(ui);
    let galley = text_line::line(ui, words, theme::small(), palette.text, f32::INFINITY);
    let margin = vec2(HALF, 1.0);
    let place = align.anchor_size(anchor, galley.size() + margin * 2.0);
    let radius = f32::from(theme::CONTROL_RADIUS);
    ui.painter().rect(
        place,
        radius,
        palette.card,
        Stroke::new(1.0, outline),
        StrokeKind::Inside,
    );
    ui.painter()
        .galley(place.min + margin, galley, palette.text);
}

/// What the pointer does with a chart.
fn interact(ui: &Ui, response: &Response, area: &Area, layout: &ChartLayout, view: &mut View) {
    let Range { from, to } = view.range;
    let per_point = area.per_point();
    if response.dragged() {
        let by = -f64::from(response.drag_delta().x) * per_point;
        view.change = Some(Range {
            from: from + by,
            to: to + by,
        });
    }
    let places = view.measure.by_click || ui.input(|input| input.modifiers == Modifiers::SHIFT);
    if response.double_clicked() && !places {
        view.change = Some(Range {
            from: f64::INFINITY,
            to: f64::INFINITY,
        });
    }
    let within = |rect: Rect, at: Pos2| rect.expand(1.0).contains(at).then_some(at);
    let Some(pointer) = response.hover_pos().and_then(|at| within(area.rect, at)) else {
        return;
    };
    let under = area.value_at_x(pointer.x).clamp(from, to);
    view.hovered = Some(under);
    if response.clicked() && places {
        view.marked = Some(under);
    }
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

//! The history of one board's link: round trips, signal and free memory on one
//! time axis, a histogram of round trips, and the last disconnects. There is a
//! gap while the link was down; drops are marked.

use eframe::egui::{
    Align2, Label, Pos2, Rect, Response, RichText, Sense, Shape, Stroke, Ui, Vec2, WidgetInfo,
    accesskit::Role, pos2, vec2,
};

use super::{
    health_level::{self, Limits},
    health_sensors::{MEMORY, SIGNAL, kib, sensor},
};
use crate::{
    model::frame_context::FrameContext,
    widgets::{
        chart::{self, Area, Span, Trace, decades, round_ticks, time_axis, value_at},
        layout::{Within as _, left_of},
        text_line,
        theme::{self, HALF, UNIT, palette},
    },
};
use fleet::{BoardView, Bucket, seconds};

/// The shortest time that is shown, in seconds.
const LEAST_SPAN: f64 = 60.0;

/// A figure of a link over time.
struct Figure {
    title: String,
    unit: String,
    decimals: Option<u8>,
    buckets: Vec<Bucket>,
    limits: Option<Limits>,
    /// The axis has at least this range.
    least: Span,
}

impl Figure {
    fn words(&self, value: f64) -> String {
        let decimals = self.decimals.or((value.abs() < 100.0).then_some(1));
        text::quantity(value, decimals.or(Some(0)), Some(&self.unit))
    }
}

/// Shows it.
pub(crate) fn show(
    ui: &mut Ui,
    board: &BoardView,
    title: &str,
    cursor: &mut Option<f64>,
    context: &FrameContext,
) {
    heading(ui, board, title);
    let gap = ui.spacing().item_spacing.x;
    let width = left_of(ui.available_width(), gap) / 3.0;
    let height = left_of(ui.available_height(), HALF);
    ui.horizontal_top(|ui| {
        ui.vertical(|ui| {
            ui.set_width(width * 2.0);
            over_time(ui, board, title, height, cursor, context);
        });
        ui.vertical(|ui| {
            ui.set_width(width);
            let ends = board.health.ends().rev().take(4).count() as f32;
            let list = if ends > 0.0 {
                theme::LINE * (ends + 1.0)
            } else {
                0.0
            };
            histogram(
                ui,
                board,
                title,
                left_of(height, list).max(theme::PLOT_STRIP),
            );
            disconnects(ui, board, title, context);
        });
    });
    ui.take_available_space();
}

fn heading(ui: &mut Ui, board: &BoardView, title: &str) {
    let palette = palette(ui);
    let health = &board.health;
    let sum = match (health.quantile(0.5), health.quantile(0.95), health.worst()) {
        (Some(median), Some(most), Some(worst)) => format!(
            "{}: median {}, 95 % within {}, worst {}",
            text::count(health.count(), "round trip"),
            text::short(median),
            text::short(most),
            text::short(worst)
        ),
        _ => "No round trip yet. The first is measured within half a minute.".to_owned(),
    };
    ui.horizontal(|ui| {
        text_line::label(ui, title, title, theme::strong(), palette.text);
        let name = format!("{title}: {sum}");
        text_line::label(ui, &sum, &name, theme::body(), palette.weak);
    });
}

/// The figures, one chart below the other.
fn over_time(
    ui: &mut Ui,
    board: &BoardView,
    title: &str,
    height: f32,
    cursor: &mut Option<f64>,
    context: &FrameContext,
) {
    let now = seconds(context.wall);
    let figures = figures(board, now);
    let since = figures
        .iter()
        .filter_map(|figure| figure.buckets.first())
        .map(|bucket| bucket.from)
        .fold(now - LEAST_SPAN, f64::min);
    let x = Span {
        low: since,
        high: now,
    };
    let ends: Vec<(f64, String)> = board
        .health
        .ends()
        .map(|end| (seconds(end.at), text::problem_of(board, &end.problem)))
        .collect();
    let titles = theme::PUSH_ROW;
    let spacing = ui.spacing().item_spacing.y;
    let count = figures.len() as f32;
    let each = left_of(height, theme::PUSH_ROW + (titles + spacing * 2.0) * count) / count;
    let each = each.max(theme::SPARKLINE);
    let mut hovered = None;
    for (at, figure) in figures.iter().enumerate() {
        let has_times = at + 1 == figures.len();
        let shown = cursor.filter(|cursor| (x.low..=x.high).contains(cursor));
        caption(ui, figure, shown, &ends, x, context);
        let response = strip(ui, figure, x, each, has_times, &ends, shown, context);
        let name = format!("{title}: {}, {}", figure.title, figure.unit);
        response.widget_info(|| WidgetInfo::labeled(Role::GraphicsObject, true, &name));
        hovered = hovered.or(response
            .hover_pos()
            .map(|pointer| data_area(response.rect, x, figure, has_times).value_at_x(pointer.x))
            .filter(|at| (x.low..=x.high).contains(at)));
    }
    // The plots above have shown the cursor of the last frame. The time under a
    // pointer at rest is drawn with the next readings.
    let moved = cursor.is_some() != hovered.is_some()
        || ui.input(|input| input.pointer.delta() != Vec2::ZERO);
    let differs = *cursor != hovered;
    *cursor = hovered;
    if moved && differs {
        ui.ctx().request_repaint();
    }
}

/// The title of a figure, and its value at the cursor or now.
fn caption(
    ui: &mut Ui,
    figure: &Figure,
    cursor: Option<f64>,
    ends: &[(f64, String)],
    x: Span,
    context: &FrameContext,
) {
    let palette = palette(ui);
    let (rect, _) =
        ui.allocate_exact_size(vec2(ui.available_width(), theme::PUSH_ROW), Sense::hover());
    let rect = rect.after_x(rect.left() + theme::PLOT_AXIS);
    let (font, color) = (theme::small(), palette.text);
    let title = text_line::paint(
        ui,
        rect,
        Align2::LEFT_CENTER,
        &figure.title,
        font.clone(),
        color,
    );
    let at = cursor.unwrap_or(x.high);
    let value = value_at(&figure.buckets, at).map(|bucket| figure.words(bucket.mean));
    let mut words = value.unwrap_or_else(|| "no data".to_owned());
    if let Some(cursor) = cursor {
        words = format!("{}   {words}", time_axis::precise(cursor, 1.0, context));
        let close = x.length() / 100.0;
        let near = ends.iter().find(|(at, _)| (at - cursor).abs() < close);
        if let Some((_, why)) = near {
            words = format!("{words}   {why}");
        }
    }
    let rest = rect.after_x(title.right() + UNIT * 2.0);
    let name = format!("{}: {words}", figure.title);
    text_line::field(
        ui,
        rest,
        Align2::RIGHT_CENTER,
        &words,
        &name,
        (font, palette.weak),
    );
}

fn figures(board: &BoardView, now: f64) -> Vec<Figure> {
    let mut figures = vec![Figure {
        title: "Round trip".to_owned(),
        unit: "ms".to_owned(),
        decimals: None,
        buckets: round_trips(board, now),
        limits: Some(health_level::ROUND_TRIP),
        least: Span {
            low: 0.0,
            high: 1.0,
        },
    }];
    if let Some(view) = sensor(board, SIGNAL) {
        let unit = view.descriptor.unit_of_measurement.clone();
        figures.push(Figure {
            title: text::plain(&view.descriptor.name),
            unit: unit.unwrap_or_default(),
            decimals: view.descriptor.accuracy_decimals.or(Some(0)),
            buckets: view.history.between(f64::NEG_INFINITY, now, now),
            limits: Some(health_level::SIGNAL),
            least: Span {
                low: -90.0,
                high: -30.0,
            },
        });
    }
    if let Some(view) = sensor(board, MEMORY) {
        let scale = kib(view);
        let unit = view.descriptor.unit_of_measurement.clone();
        let mut buckets = view.history.between(f64::NEG_INFINITY, now, now);
        for bucket in &mut buckets {
            bucket.scale(scale.unwrap_or(1.0));
        }
        figures.push(Figure {
            title: text::plain(&view.descriptor.name),
            unit: scale.map_or_else(|| unit.unwrap_or_default(), |_| "KiB".to_owned()),
            decimals: None,
            buckets,
            limits: scale.map(|_| health_level::MEMORY),
            least: Span {
                low: 0.0,
                high: 1.0,
            },
        });
    }
    figures
}

/// The means of the spans; a span without a round trip is a gap.
fn round_trips(board: &BoardView, now: f64) -> Vec<Bucket> {
    let spans: Vec<_> = board.health.spans().collect();
    let ends = spans.iter().skip(1).map(|span| seconds(span.from));
    spans
        .iter()
        .zip(ends.chain([now]))
        .map(|(span, to)| {
            let mean = span
                .mean()
                .map_or(f64::NAN, |mean| mean.as_secs_f64() * 1e3);
            Bucket {
                from: seconds(span.from),
                to,
                low: mean,
                high: mean,
                mean,
                count: span.count,
            }
        })
        .collect()
}

/// The area of a figure within what its chart takes.
fn data_area(outer: Rect, x: Span, figure: &Figure, has_times: bool) -> Area {
    let times = if has_times { theme::PUSH_ROW } else { 0.0 };
    let known = figure
        .buckets
        .iter()
        .filter(|bucket| !bucket.is_gap())
        .flat_map(|bucket| [bucket.low, bucket.high]);
    let least = [figure.least.low, figure.least.high];
    let y = Span::of(known.chain(least)).unwrap_or(figure.least);
    Area {
        rect: outer
            .until_y(outer.bottom() - times)
            .after_x(outer.left() + theme::PLOT_AXIS)
            .until_x(outer.right() - UNIT),
        x,
        // Round trips and memory begin at zero, without a margin.
        y: Span {
            low: y.low,
            high: y.high + y.length() * 0.1,
        },
    }
}

#[expect(clippy::too_many_arguments, reason = "what a chart consists of")]
fn strip(
    ui: &mut Ui,
    figure: &Figure,
    x: Span,
    height: f32,
    has_times: bool,
    ends: &[(f64, String)],
    cursor: Option<f64>,
    context: &FrameContext,
) -> Response {
    let times = if has_times { theme::PUSH_ROW } else { 0.0 };
    let size = vec2(ui.available_width(), height + times);
    let (outer, response) = ui.allocate_exact_size(size, Sense::hover());
    let area = data_area(outer, x, figure, has_times);
    if !ui.is_rect_visible(outer) || area.rect.width() < 1.0 {
        return response;
    }
    let palette = palette(ui);
    if let Some(limits) = figure.limits {
        chart::zones(ui, &area, &limits.zones(&figure.unit));
    }
    let xs = time_axis::ticks(x, area.rect.width(), context);
    let ys = round_ticks(area.y, area.rect.height() / 24.0);
    chart::grid(ui, &area, &xs, &ys, &figure.unit, has_times);
    let painter = ui.painter().with_clip_rect(area.rect.expand(1.0));
    for (at, _) in ends {
        let x = area.x(*at);
        let line = [pos2(x, area.rect.top()), pos2(x, area.rect.bottom())];
        let stroke = Stroke::new(1.0, palette.signs.bad);
        painter.extend(Shape::dashed_line(&line, stroke, 6.0, 4.0));
    }
    Trace::of(&figure.buckets, 0.0, &area).paint(&painter, palette.accent, false);
    if let Some(cursor) = cursor {
        let x = area.x(cursor);
        painter.vline(x, area.rect.y_range(), Stroke::new(1.0, palette.text));
        if let Some(bucket) = value_at(&figure.buckets, cursor) {
            painter.circle_filled(pos2(x, area.y(bucket.mean)), 3.5, palette.accent);
        }
    }
    response
}

/// The distribution of round trips; each bar covers times a fifth longer than
/// the previous one.
fn histogram(ui: &mut Ui, board: &BoardView, title: &str, height: f32) {
    let palette = palette(ui);
    let words = "Number of round trips, by duration in ms";
    let label = text_line::label(ui, words, words, theme::small(), palette.text);
    // Where the column is narrow, it is shortened.
    label.on_hover_text(words);
    let size = vec2(
        ui.available_width(),
        left_of(height, theme::PUSH_ROW + HALF),
    );
    let (outer, response) = ui.allocate_exact_size(size, Sense::hover());
    let name = format!("{title}: histogram");
    response.widget_info(|| WidgetInfo::labeled(Role::GraphicsObject, true, &name));
    // At least from 0.1 ms to 10 ms, so that one bar does not fill the chart.
    let bars: Vec<_> = board.health.histogram().collect();
    let logs = bars.iter().map(|(took, _)| log_ms(*took));
    let x = Span::of(logs.chain([-1.0, 1.0])).map(|span| span.padded(0.03));
    let most = bars.iter().map(|(_, count)| f64::from(*count));
    let y = Span::of(most.chain([0.0, 1.0]));
    let (Some(x), Some(y)) = (x, y) else { return };
    let area = Area {
        rect: outer
            .until_y(outer.bottom() - theme::PUSH_ROW)
            .after_y(outer.top() + UNIT)
            .after_x(outer.left() + theme::PLOT_AXIS / 2.0)
            .until_x(outer.right() - UNIT),
        x,
        y: Span {
            low: 0.0,
            high: y.high * 1.1,
        },
    };
    if area.rect.width() < 1.0 || !ui.is_rect_visible(outer) {
        return;
    }
    let xs = decades(x, area.rect.width());
    let mut ys = round_ticks(area.y, area.rect.height() / 24.0);
    ys.retain(|tick| tick.at.fract() == 0.0);
    chart::grid(ui, &area, &xs, &ys, "", true);
    let half = 0.25_f64.exp2().log10() * 0.45;
    let mut told = None;
    for (took, count) in bars {
        let middle = log_ms(took);
        let corner = |x: f64, y: f64| Pos2::new(area.x(x), area.y(y));
        let bar = Rect::from_two_pos(
            corner(middle - half, 0.0),
            corner(middle + half, f64::from(count)),
        );
        let color = match health_level::of_round_trip(took) {
            health_level::Level::Good => palette.accent,
            health_level::Level::Doubtful => palette.signs.doubtful,
            health_level::Level::Bad => palette.signs.bad,
        };
        ui.painter().rect_filled(bar, 1.0, color);
        let is_under = |at: Pos2| (bar.left()..=bar.right()).contains(&at.x);
        if response.hover_pos().is_some_and(is_under) {
            told = Some(format!(
                "{} of about {}",
                text::count(u64::from(count), "round trip"),
                text::short(took)
            ));
        }
    }
    if let Some(told) = told {
        response.on_hover_text_at_pointer(told);
    }
}

/// The decimal logarithm of a time in milliseconds.
fn log_ms(took: std::time::Duration) -> f64 {
    (took.as_secs_f64() * 1e3).max(1e-3).log10()
}

/// The last disconnects, newest first, in full.
fn disconnects(ui: &mut Ui, board: &BoardView, title: &str, context: &FrameContext) {
    let palette = palette(ui);
    let ends = board.health.ends().rev().take(4);
    for (at, end) in ends.enumerate() {
        if at == 0 {
            let words = "Last disconnects";
            text_line::label(ui, words, words, theme::small(), palette.text);
        }
        let words = format!(
            "{}  {}",
            context.time_of_day(end.at),
            text::problem_of(board, &end.problem)
        );
        let label = ui.add(Label::new(RichText::new(&words).color(palette.weak)).wrap());
        text_line::name_label(ui, &label, &format!("{title}: disconnected {words}"));
    }
}

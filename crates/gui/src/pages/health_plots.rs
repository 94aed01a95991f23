//! The history of one board's link: round trips, signal and free memory on one
//! time axis, and a histogram of round trips. There is a gap while the link was
//! down; the ends of links are marked.

use std::time::SystemTime;

use eframe::egui::{Color32, Id, Ui, Vec2b, WidgetInfo, accesskit::Role};
use egui_plot::{Bar, BarChart, GridMark, Line, LineStyle, Plot, PlotPoints, Points, VLine};

use crate::{
    model::frame_context::FrameContext,
    widgets::{
        layout::left_of,
        text_line,
        theme::{self, UNIT, palette},
    },
};
use fleet::{BoardView, ComponentView};

/// The device class of the received signal.
pub(crate) const SIGNAL: &str = "signal_strength";
/// The device class of free memory.
pub(crate) const MEMORY: &str = "data_size";

/// The sensor of a board with this device class.
pub(crate) fn sensor<'a>(board: &'a BoardView, class: &str) -> Option<&'a fleet::ComponentView> {
    let mut components = board.components.iter();
    components
        .find(|view| view.descriptor.device_class.as_deref() == Some(class))
        .map(AsRef::as_ref)
}

/// Shows it.
pub(crate) fn show(ui: &mut Ui, board: &BoardView, title: &str, context: &FrameContext) {
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
        _ => "No round trip yet: the first is measured within half a minute.".to_owned(),
    };
    ui.horizontal(|ui| {
        text_line::label(ui, title, title, theme::strong(), palette.text);
        text_line::label(
            ui,
            &sum,
            &format!("{title}: {sum}"),
            theme::body(),
            palette.weak,
        );
    });
    ui.add_space(UNIT);
    let gap = ui.spacing().item_spacing.x;
    let width = left_of(ui.available_width(), gap) / 3.0;
    let height =
        ((ui.available_height() - theme::LINE * 3.0 - UNIT * 2.0) / 3.0).max(theme::SPARKLINE);
    ui.horizontal_top(|ui| {
        ui.vertical(|ui| {
            ui.set_width(width * 2.0);
            let ends: Vec<(f64, String)> = health
                .ends()
                .map(|end| (minutes(end.at, context), text::problem(&end.problem)))
                .collect();
            let lines = round_trips(board, context);
            plot(
                ui,
                title,
                "Round trip in ms, by minutes before now",
                lines,
                &ends,
                height,
                palette.accent,
            );
            for class in [SIGNAL, MEMORY] {
                let Some(view) = sensor(board, class) else {
                    continue;
                };
                let unit = view
                    .descriptor
                    .unit_of_measurement
                    .clone()
                    .unwrap_or_default();
                let words = format!("{} in {unit}", text::plain(&view.descriptor.name));
                plot(
                    ui,
                    title,
                    &words,
                    history(view, context),
                    &ends,
                    height,
                    palette.accent,
                );
            }
        });
        ui.vertical(|ui| {
            ui.set_width(width);
            histogram(ui, board, title, height * 2.0);
            ui.add_space(UNIT);
            for end in health.ends().rev().take(4) {
                let words = format!(
                    "{} {}",
                    context.time_of_day(end.at),
                    text::problem(&end.problem)
                );
                text_line::label(
                    ui,
                    &words,
                    &format!("{title}: lost {words}"),
                    theme::body(),
                    palette.weak,
                );
            }
        });
    });
    ui.take_available_space();
}

/// Minutes from now; the past is negative.
fn minutes(at: SystemTime, context: &FrameContext) -> f64 {
    -context
        .wall
        .duration_since(at)
        .unwrap_or_default()
        .as_secs_f64()
        / 60.0
}

/// The means of the spans, split at gaps.
fn round_trips(board: &BoardView, context: &FrameContext) -> Vec<Vec<[f64; 2]>> {
    let points = board.health.spans().map(|span| {
        let mean = span
            .mean()
            .map_or(f64::NAN, |mean| mean.as_secs_f64() * 1e3);
        [minutes(span.from, context), mean]
    });
    parts(points)
}

fn history(view: &ComponentView, context: &FrameContext) -> Vec<Vec<[f64; 2]>> {
    parts(
        view.history
            .recent()
            .into_iter()
            .map(|sample| [minutes(sample.at, context), sample.value]),
    )
}

/// Splits points where there is no value: a line never crosses a gap.
fn parts(points: impl Iterator<Item = [f64; 2]>) -> Vec<Vec<[f64; 2]>> {
    let mut parts = vec![Vec::new()];
    for point in points {
        match (point[1].is_nan(), parts.last_mut()) {
            (false, Some(part)) => part.push(point),
            (true, Some(part)) if !part.is_empty() => parts.push(Vec::new()),
            _ => {}
        }
    }
    parts
}

fn plot(
    ui: &mut Ui,
    title: &str,
    words: &str,
    lines: Vec<Vec<[f64; 2]>>,
    ends: &[(f64, String)],
    height: f32,
    color: Color32,
) {
    let palette = palette(ui);
    text_line::label(ui, words, words, theme::small(), palette.weak);
    let plot = Plot::new((title, words))
        .height(height)
        .link_axis(Id::unique(("health", title)), Vec2b::new(true, false))
        .y_axis_min_width(theme::PLOT_AXIS)
        .allow_scroll(false)
        .include_x(0.0)
        .include_x(-1.0);
    let response = plot.show(ui, |plot| {
        for line in lines {
            if let [only] = line.as_slice() {
                // A line of one point is invisible.
                plot.points(
                    Points::new(words.to_owned(), vec![*only])
                        .radius(2.5)
                        .color(color),
                );
            }
            plot.line(Line::new(words.to_owned(), PlotPoints::from(line)).color(color));
        }
        for (at, why) in ends {
            plot.vline(
                VLine::new(why.clone(), *at)
                    .color(palette.signs.bad)
                    .style(LineStyle::dashed_dense()),
            );
        }
    });
    response.response.widget_info(|| {
        WidgetInfo::labeled(Role::GraphicsObject, true, format!("{title}: {words}"))
    });
}

/// The distribution of round trips; each bar covers times a fifth longer than
/// the previous one.
fn histogram(ui: &mut Ui, board: &BoardView, title: &str, height: f32) {
    let palette = palette(ui);
    let words = "Distribution of round trips, in ms";
    text_line::label(ui, words, words, theme::small(), palette.weak);
    let bars = board.health.histogram().map(|(took, count)| {
        Bar::new((took.as_secs_f64() * 1e3).log10(), f64::from(count))
            .width(0.25_f64.exp2().log10() * 0.9)
            .name(text::short(took))
    });
    let chart = BarChart::new("round trips", bars.collect()).color(palette.accent);
    let plot = Plot::new((title, "histogram"))
        .height(height)
        .allow_scroll(false)
        .allow_drag(false)
        .allow_zoom(false)
        // At least from 0.1 ms to 10 ms, so that one bar does not fill the
        // plot.
        .include_x(-1.0)
        .include_x(1.0)
        .x_grid_spacer(|input| decades(input.bounds))
        .x_axis_formatter(|mark, _| plain(10_f64.powf(mark.value)));
    let response = plot.include_y(0.0).show(ui, |plot| plot.bar_chart(chart));
    response.response.widget_info(|| {
        WidgetInfo::labeled(Role::GraphicsObject, true, format!("{title}: histogram"))
    });
}

/// Lines at 1, 2 and 5 of every power of ten, on an axis of logarithms.
fn decades((from, to): (f64, f64)) -> Vec<GridMark> {
    let of = |power| {
        [(1.0_f64, 1.0), (2.0, 0.3), (5.0, 0.3)]
            .map(|(digit, step)| (f64::from(power) + digit.log10(), step))
    };
    // Round trips lie between a microsecond and an hour.
    let marks = (-3..=6)
        .flat_map(of)
        .map(|(value, step_size)| GridMark { value, step_size });
    marks
        .filter(|mark| (from..=to).contains(&mark.value))
        .collect()
}

/// 0.1, 20, 500.
fn plain(number: f64) -> String {
    text::short_number(number)
}

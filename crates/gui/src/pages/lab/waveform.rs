//! Draws one channel of samples over the last seconds: its title and
//! statistics, the curve, and where frames were lost.

use eframe::egui::{Align2, Rangef, Sense, Ui, Vec2b, WidgetInfo, accesskit::Role, vec2};
use egui_plot::{GridMark, Line, LineStyle, PlotPoints, VLine};
use protocol::telemetry::Channel;

use super::samples::{Store, Summary};
use crate::widgets::{
    fixed_plot::fixed_plot,
    layout::Within as _,
    text_line,
    theme::{self, UNIT, palette},
};

/// The visible time range.
pub(super) struct View {
    /// The end, in seconds since the board booted.
    pub(super) to: f64,
    /// The length, in seconds.
    pub(super) span: f64,
}

/// Shows a channel.
pub(super) fn show(
    ui: &mut Ui,
    store: &Store,
    number: usize,
    channel: &Channel,
    view: &View,
    height: f32,
    last: bool,
) {
    let palette = palette(ui);
    let from = view.to - view.span;
    let color = palette.series[number % palette.series.len()];
    let columns = ui.available_width().max(1.0) * ui.pixels_per_point();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a width in pixels, from 1"
    )]
    let columns = columns as usize;
    let segments = store.segments(number, from, view.to, columns);
    let summary = store.summary(number, from, view.to);
    let plot = fixed_plot(("samples", number))
        .height(height)
        .show_axes(Vec2b::new(last, true))
        .x_axis_formatter(|mark, _| seconds(&mark))
        .y_axis_formatter(|mark, _| short(mark.value))
        .y_axis_min_width(theme::PLOT_AXIS)
        .grid_color(palette.outline)
        .grid_fade(0.35)
        .grid_spacing(Rangef::new(UNIT * 4.0, UNIT * 40.0))
        .show_x(false)
        .show_y(false)
        .set_margin_fraction(vec2(0.0, 0.08))
        .auto_bounds(Vec2b::new(false, true));
    heading(ui, channel, summary);
    let response = plot.show(ui, |plot| {
        plot.set_plot_bounds_x(-view.span..=0.0);
        for at in store.losses(from, view.to) {
            let style = LineStyle::dashed_dense();
            plot.vline(
                VLine::new("", at - view.to)
                    .color(palette.signs.bad)
                    .style(style)
                    .allow_hover(false),
            );
        }
        for segment in segments {
            // There are at most two points per column. egui_plot would draw
            // them as a band, which hides narrow peaks.
            let line = Line::new("", PlotPoints::from(segment))
                .color(color)
                .width(1.25)
                .allow_band(false);
            plot.line(line.allow_hover(false));
        }
    });
    let name = format!("samples of {}", channel.name);
    response
        .response
        .widget_info(|| WidgetInfo::labeled(Role::GraphicsObject, true, &name));
}

/// The title and statistics, on a line above the plot so that they do not cover
/// the curve.
fn heading(ui: &mut Ui, channel: &Channel, summary: Option<Summary>) {
    let palette = palette(ui);
    let (rect, _) =
        ui.allocate_exact_size(vec2(ui.available_width(), theme::PUSH_ROW), Sense::hover());
    let title = match &channel.unit_of_measurement {
        Some(unit) => format!("{}, {unit}", channel.name),
        None => channel.name.clone(),
    };
    let title = text_line::paint(
        ui,
        rect,
        Align2::LEFT_CENTER,
        &title,
        theme::strong(),
        palette.text,
    );
    if let Some(summary) = summary {
        let (shown, name) = statistics(channel, summary);
        let rest = rect.after_x(title.right() + UNIT * 2.0);
        text_line::field(
            ui,
            rest,
            Align2::RIGHT_CENTER,
            &shown,
            &name,
            (theme::body(), palette.weak),
        );
    }
}

/// The statistics of a channel, as text and as accessible name.
fn statistics(
    channel: &Channel,
    Summary {
        low,
        mean,
        high,
        last,
    }: Summary,
) -> (String, String) {
    let unit = channel.unit_of_measurement.as_deref();
    let quantity = |value| text::quantity(value, channel.accuracy_decimals, unit);
    let (low, mean, high, last) = (
        quantity(low),
        quantity(mean),
        quantity(high),
        quantity(last),
    );
    (
        format!("now {last}     min {low}     mean {mean}     max {high}"),
        format!(
            "{}: {last}, min {low}, mean {mean}, max {high}",
            channel.name
        ),
    )
}

/// The label of a tick: the time before the newest sample.
fn seconds(mark: &GridMark) -> String {
    let value = mark.value;
    if value.abs() < 1e-9 {
        return "now".to_owned();
    }
    let exact = format!("{:.2}", value.abs());
    format!("−{} s", exact.trim_end_matches('0').trim_end_matches('.'))
}

/// The label of a tick, without insignificant digits.
fn short(value: f64) -> String {
    text::short_number(value)
}

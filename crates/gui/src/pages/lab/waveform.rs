//! Draws one channel of samples over the last seconds: its title and
//! statistics, the curve, and where frames were lost.

use eframe::egui::{
    Align2, Button, Rect, Sense, Shape, Stroke, Ui, WidgetInfo, accesskit::Role, pos2, vec2,
};
use protocol::telemetry::Channel;

use super::samples::{Store, Summary};
use crate::widgets::{
    chart::{self, Area, Span, round_ticks},
    icon,
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

/// Shows a channel; returns whether it is to be added to the plots.
pub(super) fn show(
    ui: &mut Ui,
    store: &Store,
    number: usize,
    channel: &Channel,
    view: &View,
    height: f32,
    last: bool,
) -> bool {
    let palette = palette(ui);
    let from = view.to - view.span;
    let color = palette.series[number % palette.series.len()];
    let summary = store.summary(number, from, view.to);
    let add = heading(ui, channel, summary);
    let times = if last { theme::PUSH_ROW } else { 0.0 };
    let (outer, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    let name = format!("samples of {}", channel.name);
    response.widget_info(|| WidgetInfo::labeled(Role::GraphicsObject, true, &name));
    let values = summary.map_or([0.0, 1.0], |summary| [summary.low, summary.high]);
    let y = Span::of(values).map(|span| span.padded(0.08));
    let area = Area {
        rect: outer
            .until_y(outer.bottom() - times)
            .after_x(outer.left() + theme::PLOT_AXIS)
            .until_x(outer.right() - UNIT),
        x: Span {
            low: -view.span,
            high: 0.0,
        },
        y: y.unwrap_or(Span {
            low: 0.0,
            high: 1.0,
        }),
    };
    if !ui.is_rect_visible(outer) || area.rect.width() < 1.0 {
        return add;
    }
    let mut xs = round_ticks(area.x, area.rect.width() / 90.0);
    for tick in &mut xs {
        tick.words = seconds(tick.at);
    }
    let ys = round_ticks(area.y, area.rect.height() / 32.0);
    let unit = channel.unit_of_measurement.as_deref().unwrap_or_default();
    chart::grid(ui, &area, &xs, &ys, unit, last);
    let painter = ui.painter().with_clip_rect(area.rect.expand(1.0));
    for at in store.losses(from, view.to) {
        let x = area.x(at - view.to);
        let line = [pos2(x, area.rect.top()), pos2(x, area.rect.bottom())];
        let stroke = Stroke::new(1.0, palette.signs.bad);
        painter.extend(Shape::dashed_line(&line, stroke, 6.0, 4.0));
    }
    let columns = area.rect.width().max(1.0) * ui.pixels_per_point();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a width in pixels, from 1"
    )]
    let columns = columns as usize;
    for segment in store.segments(number, from, view.to, columns) {
        let points = segment.iter().map(|[x, y]| pos2(area.x(*x), area.y(*y)));
        painter.add(Shape::line(points.collect(), Stroke::new(1.25, color)));
    }
    add
}

/// The title, statistics, and a button, on a line above the plot so that they
/// do not cover the curve; returns whether the button was clicked.
fn heading(ui: &mut Ui, channel: &Channel, summary: Option<Summary>) -> bool {
    let palette = palette(ui);
    let size = vec2(ui.available_width(), theme::LINE);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    let (font, color) = (theme::strong(), palette.text);
    let title = text_line::paint(ui, rect, Align2::LEFT_CENTER, &channel.name, font, color);
    let place = Rect::from_min_size(
        pos2(title.right() + UNIT, rect.top()),
        vec2(theme::LINE, theme::LINE),
    );
    let button = Button::new(icon::CHART_LINE).frame_when_inactive(false);
    let button = ui.put(place.intersect(rect), button);
    let name = format!("{}: add to plots", channel.name);
    button.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    if let Some(summary) = summary {
        let (shown, name) = statistics(channel, summary);
        let rest = rect.after_x(place.right() + UNIT);
        let look = (theme::body(), palette.weak);
        text_line::field(ui, rest, Align2::RIGHT_CENTER, &shown, &name, look);
    }
    button
        .on_hover_text("Add to plots, next to the values of any board")
        .clicked()
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
fn seconds(at: f64) -> String {
    if at.abs() < 1e-9 {
        return "now".to_owned();
    }
    format!("−{} s", text::short_number(at.abs()))
}

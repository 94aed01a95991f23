//! Plots a number in a channel's JSON over the last minute, in bounded memory
//! and with all extremes.

use std::collections::VecDeque;

use eframe::egui::{Ui, Vec2b, WidgetInfo, accesskit::Role};
use egui_plot::{Line, PlotPoints, Points};

use super::details::json;
use crate::widgets::{
    fixed_plot::fixed_plot,
    theme::{self, palette},
};
use channel::{Content, Direction, Entry, Pointer, number};

/// The visible time range, in seconds.
const SPAN: f64 = 60.0;

/// Values within this time are combined into one point, in seconds.
const RESOLUTION: f64 = SPAN / 1_000.0;

/// Points that are kept.
const MAX_POINTS: usize = 1_000;

/// The range of the values at one time.
#[derive(Debug, Clone, Copy)]
struct RangePoint {
    at: f64,
    low: f64,
    high: f64,
}

/// A plotted number.
pub(super) struct Plotted {
    pub(super) pointer: Pointer,
    points: VecDeque<RangePoint>,
    last: Option<f64>,
    count: u64,
}

impl Plotted {
    pub(super) fn new(pointer: Pointer) -> Self {
        Self {
            pointer,
            points: VecDeque::new(),
            last: None,
            count: 0,
        }
    }

    /// Adds the number in a received message, if there is one.
    pub(super) fn take(&mut self, entry: &Entry) {
        let Some((Direction::In, Content::Text(text))) = entry.message() else {
            return;
        };
        let Some(value) =
            json(text).and_then(|value| self.pointer.select(&value).into_iter().find_map(number))
        else {
            return;
        };
        self.add(entry.offset.as_secs_f64(), value);
    }

    fn add(&mut self, at: f64, value: f64) {
        (self.last, self.count) = (Some(value), self.count + 1);
        match self.points.back_mut() {
            Some(point) if at - point.at < RESOLUTION => {
                (point.low, point.high) = (point.low.min(value), point.high.max(value));
            }
            _ => {
                if self.points.len() == MAX_POINTS {
                    self.points.pop_front();
                }
                self.points.push_back(RangePoint {
                    at,
                    low: value,
                    high: value,
                });
            }
        }
    }

    /// The current value as text.
    pub(super) fn words(&self) -> String {
        match self.last {
            Some(last) => text::quantity_exact(last),
            None => "no number yet".to_owned(),
        }
    }

    /// Shows the plot.
    pub(super) fn show(&self, ui: &mut Ui, id: u64, height: f32, is_live: bool) {
        let palette = palette(ui);
        let end = self.points.back().map_or(0.0, |point| point.at);
        let points: Vec<[f64; 2]> = self
            .points
            .iter()
            .filter(|point| !is_live || end - point.at <= SPAN)
            .flat_map(|point| {
                let both = point.low < point.high;
                [
                    Some([point.at - end, point.low]),
                    both.then_some([point.at - end, point.high]),
                ]
            })
            .flatten()
            .collect();
        let plot = fixed_plot(("channel plot", id))
            .height(height)
            .y_axis_min_width(theme::PLOT_AXIS * 0.75)
            .show_x(false)
            .grid_color(palette.outline)
            .grid_fade(0.35)
            .show_grid(!points.is_empty())
            .y_axis_formatter(|mark, _| text::short_number(mark.value))
            .show_axes(Vec2b::new(false, true))
            .include_x(0.0)
            .set_margin_fraction(eframe::egui::vec2(0.01, 0.12));
        let plot = if is_live { plot.include_x(-SPAN) } else { plot };
        let response = plot.show(ui, |plot| {
            if let [only] = points.as_slice() {
                // A line of one point would be invisible.
                plot.points(
                    Points::new("", vec![*only])
                        .radius(2.0)
                        .color(palette.accent)
                        .allow_hover(false),
                );
            }
            plot.line(
                Line::new("", PlotPoints::from(points))
                    .color(palette.accent)
                    .width(1.5)
                    .allow_hover(false),
            );
        });
        let name = format!(
            "plot of {}: {} values, {}",
            self.pointer,
            self.count,
            self.words()
        );
        response
            .response
            .widget_info(|| WidgetInfo::labeled(Role::GraphicsObject, true, &name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn combined_values_keep_their_extremes_in_bounded_memory() {
        let mut plotted = Plotted::new(Pointer::default());
        for n in 0..1_000_000_u32 {
            plotted.add(f64::from(n) * 0.0002, f64::from(n % 100));
        }
        assert_eq!(plotted.points.len(), MAX_POINTS);
        // A value at the boundary may belong to either point; the last point is
        // not complete.
        assert!(
            plotted
                .points
                .iter()
                .rev()
                .skip(1)
                .all(|point| point.low <= 1.0 && point.high >= 98.0)
        );
    }
}

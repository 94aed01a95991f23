//! A number of a channel's JSON over time: the last minute, in bounded memory,
//! with every extreme.

use std::collections::VecDeque;

use eframe::egui::{Ui, Vec2b, WidgetInfo, accesskit::Role};
use egui_plot::{Line, PlotPoints, Points};

use super::details::json;
use crate::{
    channel::{Content, Direction, Entry, Pointer, number},
    ui::widgets::{
        still_plot::still_plot,
        theme::{self, palette},
    },
    words,
};

/// So much is shown, in seconds.
const SPAN: f64 = 60.0;

/// Values that are no further apart are drawn in one place, in seconds.
const APART: f64 = SPAN / 1_000.0;

/// So many places are kept.
const PLACES: usize = 1_000;

/// Values that lie in one place.
#[derive(Debug, Clone, Copy)]
struct Place {
    at: f64,
    low: f64,
    high: f64,
}

/// The number that is plotted.
pub(super) struct Plotted {
    pub(super) pointer: Pointer,
    places: VecDeque<Place>,
    last: Option<f64>,
    count: u64,
}

impl Plotted {
    pub(super) fn new(pointer: Pointer) -> Self {
        Self {
            pointer,
            places: VecDeque::new(),
            last: None,
            count: 0,
        }
    }

    /// Takes the number out of a message that came, if it is there.
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
        match self.places.back_mut() {
            Some(place) if at - place.at < APART => {
                (place.low, place.high) = (place.low.min(value), place.high.max(value));
            }
            _ => {
                if self.places.len() == PLACES {
                    self.places.pop_front();
                }
                self.places.push_back(Place {
                    at,
                    low: value,
                    high: value,
                });
            }
        }
    }

    /// What it is now, in words.
    pub(super) fn words(&self) -> String {
        match self.last {
            Some(last) => words::quantity_exact(last),
            None => "no number yet".to_owned(),
        }
    }

    /// Shows it.
    pub(super) fn show(&self, ui: &mut Ui, id: u64, height: f32, is_live: bool) {
        let palette = palette(ui);
        let end = self.places.back().map_or(0.0, |place| place.at);
        let points: Vec<[f64; 2]> = self
            .places
            .iter()
            .filter(|place| !is_live || end - place.at <= SPAN)
            .flat_map(|place| {
                let both = place.low < place.high;
                [
                    Some([place.at - end, place.low]),
                    both.then_some([place.at - end, place.high]),
                ]
            })
            .flatten()
            .collect();
        let plot = still_plot(("channel plot", id))
            .height(height)
            .y_axis_min_width(theme::PLOT_AXIS * 0.75)
            .show_x(false)
            .grid_color(palette.outline)
            .grid_fade(0.35)
            .show_grid(!points.is_empty())
            .y_axis_formatter(|mark, _| words::short_number(mark.value))
            .show_axes(Vec2b::new(false, true))
            .include_x(0.0)
            .set_margin_fraction(eframe::egui::vec2(0.01, 0.12));
        let plot = if is_live { plot.include_x(-SPAN) } else { plot };
        let response = plot.show(ui, |plot| {
            if let [only] = points.as_slice() {
                // A line of one point is not seen.
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
    fn values_of_one_place_keep_their_extremes_and_memory_its_bound() {
        let mut plotted = Plotted::new(Pointer::default());
        for n in 0..1_000_000_u32 {
            plotted.add(f64::from(n) * 0.0002, f64::from(n % 100));
        }
        assert_eq!(plotted.places.len(), PLACES);
        // A value at the edge of two places may be in either; the last place
        // has only begun.
        assert!(
            plotted
                .places
                .iter()
                .rev()
                .skip(1)
                .all(|place| place.low <= 1.0 && place.high >= 98.0)
        );
    }
}

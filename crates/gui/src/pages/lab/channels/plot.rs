//! Plots a number in a channel's JSON over the last minute, in bounded memory
//! and with all extremes.

use std::collections::VecDeque;

use eframe::egui::{Sense, Ui, WidgetInfo, accesskit::Role, vec2};

use super::details::json;
use crate::widgets::{
    chart::{self, Area, Span, Trace, round_ticks},
    layout::Within as _,
    theme::{self, palette},
};
use channel::{Content, Direction, Entry, Pointer, number};
use fleet::Bucket;

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
    pub(super) fn show(&self, ui: &mut Ui, height: f32, is_live: bool) {
        let palette = palette(ui);
        let (outer, response) =
            ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
        let name = format!(
            "plot of {}: {} values, {}",
            self.pointer,
            self.count,
            self.words()
        );
        response.widget_info(|| WidgetInfo::labeled(Role::GraphicsObject, true, &name));
        let end = self.points.back().map_or(0.0, |point| point.at);
        let first = self.points.front().map_or(0.0, |point| point.at);
        let from = if is_live {
            end - SPAN
        } else {
            first.min(end - RESOLUTION)
        };
        let buckets = self.buckets(from);
        let values = buckets.iter().flat_map(|bucket| [bucket.low, bucket.high]);
        let Some(y) = Span::of(values) else { return };
        let area = Area {
            rect: outer.after_x(outer.left() + theme::PLOT_AXIS * 0.75),
            x: Span {
                low: from,
                high: end,
            },
            y: y.padded(0.12),
        };
        if area.rect.width() < 1.0 || !ui.is_rect_visible(outer) {
            return;
        }
        let ys = round_ticks(area.y, area.rect.height() / 28.0);
        chart::grid(ui, &area, &[], &ys, "", false);
        let painter = ui.painter().with_clip_rect(area.rect.expand(1.0));
        Trace::of(&buckets, 0.0, &area).paint(&painter, palette.accent, false);
    }

    /// The points from a time on, each valid until the next.
    fn buckets(&self, from: f64) -> Vec<Bucket> {
        let ends = self.points.iter().skip(1).map(|point| point.at);
        let last = self.points.back().map(|point| point.at);
        self.points
            .iter()
            .zip(ends.chain(last))
            .filter(|(_, to)| *to >= from)
            .map(|(point, to)| Bucket {
                from: point.at,
                to,
                low: point.low,
                high: point.high,
                mean: f64::midpoint(point.low, point.high),
                count: 1,
            })
            .collect()
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

//! A curve of values that are held until the next one. A gap stays a gap. Where
//! values were aggregated, or more fall onto one column of points than can be
//! told apart, a band spans minimum to maximum, and the line is the mean. The
//! number of points is bounded by the width, however long the history is.

use eframe::egui::{Color32, Mesh, Painter, Pos2, Shape, Stroke, pos2};

use super::area::Area;
use fleet::Bucket;

/// The width of a column. The line is nearly as wide: finer ones are
/// indistinguishable, and take twice the time.
const COLUMN: f32 = 2.0;

/// More values than this in three neighboring columns are drawn as a band.
const CROWD: u32 = 7;

/// The bucket that is valid at a time: values are held. `None` in a gap, and
/// where nothing is known.
pub(crate) fn value_at(buckets: &[Bucket], at: f64) -> Option<&Bucket> {
    let after = buckets.partition_point(|bucket| bucket.from <= at);
    buckets
        .get(after.checked_sub(1)?)
        .filter(|bucket| at <= bucket.to && !bucket.is_gap())
}

/// The values whose beginnings fall onto one column.
#[derive(Debug, Clone, Copy)]
struct Column {
    number: f64,
    /// Points of the beginning of the first and of the last, and the end.
    from: f32,
    last_from: f32,
    to: f32,
    first: f64,
    last: f64,
    low: f64,
    high: f64,
    sum: f64,
    seconds: f64,
    count: u32,
    /// Its own values have minima and maxima.
    is_aggregated: bool,
}

impl Column {
    fn new(number: f64, bucket: &Bucket, from: f32, to: f32) -> Self {
        let seconds = bucket.to - bucket.from;
        Self {
            number,
            from,
            last_from: from,
            to,
            first: bucket.mean,
            last: bucket.mean,
            low: bucket.low,
            high: bucket.high,
            sum: bucket.mean * seconds,
            seconds,
            count: 1,
            is_aggregated: bucket.low < bucket.high,
        }
    }

    fn add(&mut self, bucket: &Bucket, from: f32, to: f32) {
        let seconds = bucket.to - bucket.from;
        self.last_from = from;
        self.to = to;
        self.last = bucket.mean;
        self.low = self.low.min(bucket.low);
        self.high = self.high.max(bucket.high);
        self.sum += bucket.mean * seconds;
        self.seconds += seconds;
        self.count += 1;
        self.is_aggregated |= bucket.low < bucket.high;
    }

    fn mean(&self) -> f64 {
        if self.seconds > 0.0 {
            self.sum / self.seconds
        } else {
            f64::midpoint(self.low, self.high)
        }
    }
}

/// What is drawn between two gaps.
#[derive(Debug, Default)]
struct Run {
    line: Vec<Pos2>,
    /// Bands without interruption: from, to, the upper and the lower edge.
    bands: Vec<Vec<[f32; 4]>>,
}

/// A curve, ready to be painted.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    runs: Vec<Run>,
}

impl Trace {
    /// The curve of these values, oldest first, each raised by `base`.
    pub(crate) fn of(buckets: &[Bucket], base: f64, area: &Area) -> Self {
        let width = f64::from(COLUMN) * area.per_point();
        let runs = buckets
            .split(Bucket::is_gap)
            .map(|part| run(&columns(part, width, area), base, area))
            .filter(|run| !run.line.is_empty());
        Self {
            runs: runs.collect(),
        }
    }

    /// Where the curve ends; `None` if nothing of it is visible.
    pub(crate) fn end(&self) -> Option<Pos2> {
        self.runs.last()?.line.last().copied()
    }

    /// How many points are painted, bands included.
    #[cfg(test)]
    fn points(&self) -> usize {
        let points = |run: &Run| run.line.len() + 4 * run.bands.iter().map(Vec::len).sum::<usize>();
        self.runs.iter().map(points).sum()
    }

    /// Paints the curve.
    pub(crate) fn paint(&self, painter: &Painter, color: Color32, dashed: bool) {
        for run in &self.runs {
            for band in &run.bands {
                painter.add(fill(band, color.gamma_multiply(0.22)));
                let edge = Stroke::new(1.0, color.gamma_multiply(0.45));
                for side in [2, 3] {
                    let points = band
                        .iter()
                        .flat_map(|step| [pos2(step[0], step[side]), pos2(step[1], step[side])]);
                    painter.add(Shape::line(points.collect(), edge));
                }
            }
        }
        let stroke = Stroke::new(1.5, color);
        for run in &self.runs {
            let (first, last) = (run.line.first(), run.line.last());
            if let (Some(first), Some(last)) = (first, last)
                && last.x - first.x < 1.0
            {
                // A line without length would be invisible.
                painter.circle_filled(*last, 2.0, color);
            }
            if dashed {
                painter.extend(Shape::dashed_line(&run.line, stroke, 6.0, 3.0));
            } else {
                painter.add(Shape::line(run.line.clone(), stroke));
            }
        }
    }
}

/// The columns of a part without gaps. They are bound to times, not to points,
/// so that a moving view does not group the same values differently.
fn columns(part: &[Bucket], width: f64, area: &Area) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    let (left, right) = (area.rect.left(), area.rect.right());
    for bucket in part {
        if bucket.to < area.x.low || bucket.from > area.x.high {
            continue;
        }
        let from = area.x(bucket.from).clamp(left, right);
        let to = area.x(bucket.to).clamp(from, right.max(from));
        let number = (bucket.from / width).floor();
        match columns.last_mut() {
            Some(last) if last.number == number => last.add(bucket, from, to),
            _ => columns.push(Column::new(number, bucket, from, to)),
        }
    }
    columns
}

fn run(columns: &[Column], base: f64, area: &Area) -> Run {
    let mut run = Run::default();
    let mut banded = false;
    let count = |at: Option<usize>| at.and_then(|at| columns.get(at)).map_or(0, |it| it.count);
    for (at, column) in columns.iter().enumerate() {
        let around = count(at.checked_sub(1)) + column.count + count(Some(at + 1));
        let is_aggregated = column.is_aggregated && column.low < column.high;
        let crowded =
            around > CROWD || column.count > CROWD / 2 || (is_aggregated && column.count > 1);
        let y = |value: f64| area.y(value + base);
        if crowded || is_aggregated {
            if !banded {
                run.bands.push(Vec::new());
            }
            if let Some(band) = run.bands.last_mut() {
                band.push([column.from, column.to, y(column.high), y(column.low)]);
            }
            banded = true;
        } else {
            banded = false;
        }
        if crowded {
            let mean = y(column.mean());
            run.line
                .extend([pos2(column.from, mean), pos2(column.to, mean)]);
            continue;
        }
        run.line.push(pos2(column.from, y(column.first)));
        if column.count > 1 {
            run.line.push(pos2(column.last_from, y(column.first)));
        }
        if column.count > 2 {
            run.line.push(pos2(column.last_from, y(column.low)));
            run.line.push(pos2(column.last_from, y(column.high)));
        }
        if column.count > 1 {
            run.line.push(pos2(column.last_from, y(column.last)));
        }
        run.line.push(pos2(column.to, y(column.last)));
    }
    run
}

/// Rectangles that share their edges, so that none is painted twice.
fn fill(band: &[[f32; 4]], color: Color32) -> Shape {
    let mut mesh = Mesh::default();
    for [from, to, upper, lower] in band {
        let rect = eframe::egui::Rect::from_min_max(pos2(*from, *upper), pos2(*to, *lower));
        mesh.add_colored_rect(rect, color);
    }
    Shape::mesh(mesh)
}

#[cfg(test)]
mod tests {
    use eframe::egui::{Rect, vec2};

    use super::*;
    use crate::widgets::chart::Span;

    /// A hundred points for a hundred seconds and for values from 0 to 100.
    fn area(width: f32) -> Area {
        Area {
            rect: Rect::from_min_size(Pos2::ZERO, vec2(width, 100.0)),
            x: Span {
                low: 0.0,
                high: 100.0,
            },
            y: Span {
                low: 0.0,
                high: 100.0,
            },
        }
    }

    /// Values that are held until the next; NaN is a gap.
    fn held(values: &[(f64, f64)], end: f64) -> Vec<Bucket> {
        let ends = values.iter().skip(1).map(|(at, _)| *at).chain([end]);
        let bucket = |((from, value), to): (&(f64, f64), f64)| Bucket {
            from: *from,
            to,
            low: *value,
            high: *value,
            mean: *value,
            count: u32::from(value.is_finite()),
        };
        values.iter().zip(ends).map(bucket).collect()
    }

    fn rounded(length: f32) -> f32 {
        (length * 1e3).round() / 1e3
    }

    fn line(trace: &Trace, run: usize) -> Vec<[f32; 2]> {
        let points = trace.runs[run].line.iter();
        points.map(|it| [rounded(it.x), rounded(it.y)]).collect()
    }

    #[test]
    fn a_value_is_held_until_the_next_one() {
        let values = held(&[(10.0, 20.0), (50.0, 80.0)], 90.0);
        let trace = Trace::of(&values, 0.0, &area(100.0));
        assert_eq!(
            line(&trace, 0),
            [[10.0, 80.0], [50.0, 80.0], [50.0, 20.0], [90.0, 20.0]]
        );
        assert!(trace.runs[0].bands.is_empty());
        for pair in line(&trace, 0).windows(2) {
            let slope = pair[0][0] != pair[1][0] && pair[0][1] != pair[1][1];
            assert!(!slope, "{pair:?}");
        }
    }

    #[test]
    fn nothing_is_drawn_across_a_gap() {
        let values = held(&[(0.0, 10.0), (30.0, f64::NAN), (60.0, 10.0)], 100.0);
        let trace = Trace::of(&values, 0.0, &area(100.0));
        assert_eq!(line(&trace, 0), [[0.0, 90.0], [30.0, 90.0]]);
        assert_eq!(line(&trace, 1), [[60.0, 90.0], [100.0, 90.0]]);
    }

    #[test]
    fn what_lies_beyond_the_edges_ends_at_them() {
        let values = held(&[(-50.0, 10.0), (-20.0, 30.0), (150.0, 10.0)], 200.0);
        let trace = Trace::of(&values, 0.0, &area(100.0));
        assert_eq!(line(&trace, 0), [[0.0, 70.0], [100.0, 70.0]]);
    }

    #[test]
    fn aggregated_values_are_a_band_with_their_mean() {
        let bucket = Bucket {
            from: 10.0,
            to: 60.0,
            low: 20.0,
            high: 80.0,
            mean: 40.0,
            count: 9,
        };
        let trace = Trace::of(&[bucket], 0.0, &area(100.0));
        let band = trace.runs[0].bands[0][0].map(rounded);
        assert_eq!(band, [10.0, 60.0, 20.0, 80.0]);
        assert_eq!(line(&trace, 0), [[10.0, 60.0], [60.0, 60.0]]);
    }

    #[test]
    fn any_number_of_values_takes_few_points_and_keeps_the_extremes() {
        let values: Vec<(f64, f64)> = (0..100_000)
            .map(|at| {
                let spike = at == 34_567;
                (
                    f64::from(at) / 1e3,
                    if spike { 99.0 } else { f64::from(at % 7) },
                )
            })
            .collect();
        let trace = Trace::of(&held(&values, 100.0), 0.0, &area(100.0));
        assert!(trace.points() <= 4 * 100, "{} points", trace.points());
        let bands: Vec<_> = trace.runs[0].bands.iter().flatten().collect();
        let top = bands
            .iter()
            .map(|step| step[2])
            .fold(f32::INFINITY, f32::min);
        let bottom = bands.iter().map(|step| step[3]).fold(0.0, f32::max);
        assert_eq!((top, bottom), (1.0, 100.0));
    }

    #[test]
    fn a_moving_view_groups_the_same_values() {
        let values: Vec<(f64, f64)> = (0..4_000)
            .map(|at| (f64::from(at) / 20.0, f64::from(at % 7)))
            .collect();
        let values = held(&values, 200.0);
        let heights = |from: f64| {
            let mut area = area(100.0);
            area.x = Span {
                low: from,
                high: from + 100.0,
            };
            let trace = Trace::of(&values, 0.0, &area);
            let means: Vec<f32> = trace.runs[0].line.iter().map(|point| point.y).collect();
            means[10..90].to_vec()
        };
        let (first, moved) = (heights(0.0), heights(2.07));
        assert_eq!(first[2..], moved[..moved.len() - 2]);
    }

    #[test]
    fn the_value_at_a_time_is_the_one_that_is_held() {
        let values = held(&[(0.0, 1.0), (10.0, f64::NAN), (20.0, 3.0)], 30.0);
        let at = |time| value_at(&values, time).map(|bucket| bucket.mean);
        assert_eq!(at(-1.0), None, "before the first value");
        assert_eq!(at(9.9), Some(1.0));
        assert_eq!(at(15.0), None, "in a gap");
        assert_eq!(at(29.0), Some(3.0));
        assert_eq!(at(31.0), None, "after the end");
    }
}

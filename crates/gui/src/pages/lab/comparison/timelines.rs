//! Draws the presses and what each follower saw, one row per follower, on one
//! time axis. A ring marks when a change was seen; the line back to its press
//! shows the delay. A cross marks a missed change at its press.

use std::time::Duration;

use eframe::egui::{
    Align2, Color32, CornerRadius, Painter, Pos2, Rect, Sense, Stroke, Ui, WidgetInfo,
    accesskit::Role, pos2, vec2,
};

use crate::widgets::{
    layout::{Within as _, between},
    text_line,
    theme::{self, HALF, UNIT, palette},
};
use comparison::{
    ChangeOutcome, FollowMode, FollowerMeasurements, Measurements, Report, Stage, format,
};

/// The visible time range while the comparison runs, in seconds.
const LIVE: f32 = 10.0;
/// The shortest visible time range, in seconds.
const MIN_SPAN: f32 = 0.2;
/// The height of a row.
const ROW_HEIGHT: f32 = 28.0;
/// The width of the row names.
const NAMES: f32 = 248.0;

/// The visible time range.
#[derive(Debug, Default)]
pub(super) struct Timelines {
    /// Start and end in seconds since the beginning, once zoomed or moved.
    range: Option<[f32; 2]>,
}

/// Maps times to positions.
struct Axis {
    from: f32,
    to: f32,
    rect: Rect,
}

impl Axis {
    fn x(&self, seconds: f32) -> f32 {
        self.rect.left() + (seconds - self.from) / (self.to - self.from) * self.rect.width()
    }

    fn at(&self, x: f32) -> f32 {
        self.from + (x - self.rect.left()) / self.rect.width() * (self.to - self.from)
    }

    fn shows(&self, seconds: f32) -> bool {
        (self.from..=self.to).contains(&seconds)
    }
}

impl Timelines {
    /// Shows the rows.
    pub(super) fn show(&mut self, ui: &mut Ui, record: &Measurements, report: &Report) {
        let palette = palette(ui);
        let rows = record.followers.len() + 1;
        let size = vec2(ui.available_width(), ROW_HEIGHT * rows as f32 + theme::LINE);
        let (rect, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
        response.widget_info(|| {
            WidgetInfo::labeled(
                Role::GraphicsObject,
                true,
                "Presses and what each follower saw",
            )
        });
        let plate = between(
            rect.left_top() + vec2(NAMES, 0.0),
            rect.right_bottom() - vec2(0.0, theme::LINE),
        );
        let end = end(record);
        let live = matches!(
            record.stage,
            Stage::Preparing | Stage::Together | Stage::Waiting
        );
        let [from, to] = self.range.unwrap_or(if live {
            [(end - LIVE).max(0.0), end.max(LIVE)]
        } else {
            [0.0, end]
        });
        let axis = Axis {
            from,
            to,
            rect: plate,
        };
        self.apply_pointer(ui, &response, &axis, end);
        if !ui.is_rect_visible(rect) {
            return;
        }
        let painter = ui.painter().with_clip_rect(plate.expand2(vec2(0.0, 1.0)));
        ui.painter().rect_filled(
            plate,
            CornerRadius::same(theme::CONTROL_RADIUS),
            palette.card,
        );
        grid(ui, &axis);
        let row = |at: usize| {
            Rect::from_min_size(
                plate.left_top() + vec2(0.0, ROW_HEIGHT * at as f32),
                vec2(plate.width(), ROW_HEIGHT),
            )
        };
        let name = |ui: &Ui, at: usize, words: &str, color: Color32| {
            let place = between(
                pos2(rect.left(), row(at).top()),
                pos2(plate.left() - UNIT, row(at).bottom()),
            );
            text_line::paint(ui, place, Align2::LEFT_CENTER, words, theme::body(), color);
        };
        name(ui, 0, "pressed", palette.text);
        legend(
            ui,
            between(
                pos2(rect.left(), plate.bottom()),
                pos2(plate.left() - UNIT * 2.0, rect.bottom()),
            ),
        );
        for press in &record.presses {
            let at = press.at.as_secs_f32();
            if axis.shows(at) {
                let (x, row) = (axis.x(at), row(0).inset(vec2(0.0, 5.0)));
                painter.line_segment(
                    [pos2(x, row.top()), pos2(x, row.bottom())],
                    Stroke::new(2.0, palette.accent),
                );
            }
        }
        for (place, (followed, summary)) in record.followers.iter().zip(&report.rows).enumerate() {
            let row = row(place + 1);
            painter.line_segment(
                [row.left_top(), row.right_top()],
                Stroke::new(1.0, palette.border),
            );
            name(
                ui,
                place + 1,
                &format::follower(followed.follower),
                palette.text,
            );
            follower(
                ui,
                &painter,
                &axis,
                row,
                (record, followed),
                &summary.outcomes,
            );
        }
    }

    /// Zooms at the pointer with the wheel, moves by dragging, and resets on a
    /// double click.
    fn apply_pointer(&mut self, ui: &Ui, response: &eframe::egui::Response, axis: &Axis, end: f32) {
        if response.double_clicked() {
            self.range = None;
        }
        let span = axis.to - axis.from;
        let mut range = [axis.from, axis.to];
        let drag = response.drag_delta().x;
        if drag != 0.0 {
            let by = -drag / axis.rect.width() * span;
            range = [range[0] + by, range[1] + by];
        }
        if let Some(pointer) = response
            .hover_pos()
            .filter(|pointer| axis.rect.contains(*pointer))
        {
            let zoom = ui.input(|input| input.zoom_delta());
            if (zoom - 1.0).abs() > f32::EPSILON {
                let (fixed, span) = (
                    axis.at(pointer.x),
                    (span / zoom).clamp(MIN_SPAN, end.max(LIVE)),
                );
                let part = (pointer.x - axis.rect.left()) / axis.rect.width();
                range = [fixed - span * part, fixed + span * (1.0 - part)];
            }
        }
        if range != [axis.from, axis.to] {
            let span = range[1] - range[0];
            let from = range[0].clamp(0.0, (end - span).max(0.0));
            self.range = Some([from, from + span]);
            ui.ctx().request_repaint();
        }
    }
}

/// The meaning of the symbols, below the names.
fn legend(ui: &Ui, rect: Rect) {
    let palette = palette(ui);
    let painter = ui.painter();
    let middle = rect.center().y;
    let mut left = rect.left() + HALF;
    let mut word = |sign: &dyn Fn(Pos2), words: &str| {
        sign(pos2(left, middle));
        let place = between(pos2(left + 9.0, rect.top()), rect.right_bottom());
        left = text_line::paint(
            ui,
            place,
            Align2::LEFT_CENTER,
            words,
            theme::small(),
            palette.weak,
        )
        .right()
            + 18.0;
    };
    let seen = |at| {
        painter.circle(
            at,
            4.0,
            palette.ground,
            Stroke::new(2.0, palette.signs.good),
        );
    };
    word(&seen, "seen");
    word(
        &|at| cross(painter, at, Stroke::new(2.0, palette.signs.bad)),
        "missed",
    );
    let asked = |at: Pos2| {
        let by = vec2(0.0, 3.0);
        painter.line_segment([at - by, at + by], Stroke::new(1.0, palette.weak));
    };
    word(&asked, "request");
}

/// The last time for which something is known.
fn end(record: &Measurements) -> f32 {
    let asked = record
        .followers
        .iter()
        .filter_map(|followed| followed.requests.last());
    let told = record.followers.iter().filter_map(|followed| {
        followed
            .observations
            .last()
            .map(|observation| &observation.at)
    });
    let last = asked
        .chain(told)
        .chain(record.presses.last().map(|press| &press.at))
        .max();
    last.map_or(LIVE, Duration::as_secs_f32).max(1.0)
}

/// Vertical lines at round times, not closer than is readable.
fn grid(ui: &Ui, axis: &Axis) {
    let palette = palette(ui);
    let least = (axis.to - axis.from) / (axis.rect.width() / 72.0).max(1.0);
    let step = [
        0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0,
    ];
    let step = step
        .into_iter()
        .find(|step| *step >= least)
        .unwrap_or(300.0);
    let mut number = (axis.from / step).ceil();
    while number * step <= axis.to {
        let at = number * step;
        let x = axis.x(at);
        let line = [pos2(x, axis.rect.top()), pos2(x, axis.rect.bottom())];
        ui.painter()
            .line_segment(line, Stroke::new(1.0, palette.border));
        let words = if step < 0.1 {
            format!("{at:.2} s")
        } else if step < 1.0 {
            format!("{at:.1} s")
        } else {
            format!("{at:.0} s")
        };
        let place = Rect::from_center_size(
            pos2(x, axis.rect.bottom() + theme::LINE / 2.0),
            vec2(72.0, theme::LINE),
        );
        text_line::paint(
            ui,
            place,
            Align2::CENTER_CENTER,
            &words,
            theme::small(),
            palette.weak,
        );
        number += 1.0;
    }
}

fn follower(
    ui: &Ui,
    painter: &Painter,
    axis: &Axis,
    row: Rect,
    (record, followed): (&Measurements, &FollowerMeasurements),
    outcomes: &[ChangeOutcome],
) {
    let palette = palette(ui);
    // Requests; a push client sends only one.
    if matches!(followed.follower.mode, FollowMode::Poll { .. }) {
        let stroke = Stroke::new(1.0, palette.weak);
        let mut last = f32::NEG_INFINITY;
        for asked in &followed.requests {
            let x = axis.x(asked.as_secs_f32());
            // Combine marks that would overlap.
            if axis.rect.x_range().contains(x) && x - last >= 2.0 {
                last = x;
                painter.line_segment(
                    [pos2(x, row.bottom() - 6.0), pos2(x, row.bottom() - 1.0)],
                    stroke,
                );
            }
        }
    }
    let middle = row.center().y - 2.0;
    for (press, outcome) in record.presses.iter().zip(outcomes) {
        let pressed = axis.x(press.at.as_secs_f32());
        match outcome {
            ChangeOutcome::Seen(delay) => {
                let seen = axis.x((press.at + *delay).as_secs_f32());
                if seen < row.left() || pressed > row.right() {
                    continue;
                }
                painter.line_segment(
                    [pos2(pressed, middle), pos2(seen, middle)],
                    Stroke::new(1.5, palette.signs.good),
                );
                painter.circle(
                    pos2(seen, middle),
                    4.0,
                    palette.card,
                    Stroke::new(2.0, palette.signs.good),
                );
            }
            ChangeOutcome::Missed if axis.rect.x_range().contains(pressed) => {
                cross(
                    painter,
                    pos2(pressed, middle),
                    Stroke::new(2.0, palette.signs.bad),
                );
            }
            ChangeOutcome::Missed | ChangeOutcome::Pending => {}
        }
    }
}

fn cross(painter: &Painter, at: Pos2, stroke: Stroke) {
    for by in [vec2(HALF, HALF), vec2(HALF, -HALF)] {
        painter.line_segment([at - by, at + by], stroke);
    }
}

//! The page of plots: the selected curves on one time axis. The view is live
//! until it is paused or moved back in time.

mod axis;
mod chart;
mod curve;
mod list;
mod markers;
mod table;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use eframe::egui::{
    self, Align, Button, ColorImage, Frame, Key, Layout, Margin, Modifiers, Rect, ScrollArea, Ui,
    WidgetInfo, accesskit::Role, vec2,
};

use disk::settings::PlotSettings;

use crate::{
    model::{
        action::Task,
        file_task::{Content, FileTask},
        frame_context::FrameContext,
        page_context::PageContext,
        pin::Pin,
    },
    widgets::{
        icon,
        layout::left_of,
        page_view::PageView,
        text_line,
        theme::{self, UNIT, palette},
    },
};
use curve::{Curve, Range, Shape};
use fleet::{BoardView, seconds};
use list::sign_button;
use markers::Markers;

/// Time ranges on the toolbar, in seconds.
const SPANS: [(f64, &str); 6] = [
    (60.0, "1 min"),
    (600.0, "10 min"),
    (3_600.0, "1 h"),
    (21_600.0, "6 h"),
    (86_400.0, "24 h"),
    (604_800.0, "7 d"),
];

/// The shortest and the longest time range, in seconds.
const SPAN_LIMITS: [f64; 2] = [1.0, 604_800.0];

/// More curves could not be distinguished.
const MAX_CURVES: usize = 16;

/// The progress of a screenshot of the plots.
#[derive(Debug)]
enum Screenshot {
    None,
    /// Take the next frame, without the cursor.
    Wanted,
    /// Requested; the picture is this part of the window.
    Requested(Rect, Arc<OnceLock<Arc<ColorImage>>>),
}

/// The page.
pub(crate) struct Plots {
    pub(crate) settings: PlotSettings,
    /// Where the visible range ends while paused; `None` while live.
    end: Option<f64>,
    /// The time under the pointer.
    cursor: Option<f64>,
    markers: Markers,
    screenshot: Screenshot,
    /// The search text of the component picker.
    find: String,
}

impl Plots {
    pub(crate) fn new(settings: PlotSettings) -> Self {
        let span = if settings.span.is_finite() {
            settings.span.clamp(SPAN_LIMITS[0], SPAN_LIMITS[1])
        } else {
            600.0
        };
        Self {
            settings: PlotSettings { span, ..settings },
            end: None,
            cursor: None,
            markers: Markers::default(),
            screenshot: Screenshot::None,
            find: String::new(),
        }
    }

    /// Adds a curve; returns a message for the person.
    pub(crate) fn add(&mut self, pin: Pin) -> Result<String, String> {
        if self.settings.curves.contains(&pin) {
            return Ok(format!("{} is already plotted.", pin.name));
        }
        if self.settings.curves.len() == MAX_CURVES {
            return Err(format!(
                "At most {MAX_CURVES} curves can be plotted at once. Remove one first."
            ));
        }
        let words = format!("Added {} to plots.", pin.name);
        self.settings.curves.push(pin);
        Ok(words)
    }
}

impl PageView for Plots {
    fn contents(&mut self, ui: &mut Ui, context: &PageContext<'_>) {
        self.take_screenshot(ui, context);
        let now = seconds(context.wall);
        self.keys(ui, now);
        self.toolbar(ui, context);
        ui.add_space(UNIT);
        let end = self.end.unwrap_or(now);
        let range = Range {
            from: end - self.settings.span,
            to: end,
        };
        let mut removed = None;
        let curves: Vec<Curve<'_>> = self
            .settings
            .curves
            .iter()
            .enumerate()
            .map(|(number, pin)| {
                let view = context.model.pinned(pin);
                if let Some((board, _)) = view {
                    context.shows(board.key);
                }
                let known_until = view.map_or(now, |(board, _)| known_until(board, context, now));
                let buckets = view
                    .map(|(_, view)| view.history.between(range.from, range.to, known_until))
                    .unwrap_or_default();
                Curve {
                    number,
                    pin,
                    title: context.model.pin_title(pin),
                    view,
                    buckets,
                }
            })
            .collect();
        self.markers.update(context.model.journal());
        let cursor = self
            .cursor
            .filter(|_| matches!(self.screenshot, Screenshot::None));
        let mut view = chart::View {
            range,
            cursor,
            hovered: None,
            change: None,
        };
        let body = ui.available_rect_before_wrap();
        ui.horizontal_top(|ui| {
            ui.allocate_ui_with_layout(
                vec2(theme::PLOT_LIST, ui.available_height()),
                Layout::top_down(Align::Min),
                |ui| {
                    ui.set_width(theme::PLOT_LIST);
                    removed = list::show(ui, &curves, context, range, cursor, &mut self.find);
                },
            );
            ui.add_space(UNIT);
            ui.vertical(|ui| {
                if curves.is_empty() {
                    empty(ui);
                    return;
                }
                let marks = if self.settings.events {
                    self.markers.of(&curves, range, &context.timeline)
                } else {
                    Vec::new()
                };
                charts(ui, &curves, &marks, context, &mut view);
            });
        });
        let (hovered, change) = (view.hovered, view.change);
        self.apply_pointer(ui, body, now, hovered, change);
        if let Some(removed) = removed {
            self.settings.curves.remove(removed);
        }
        if self.end.is_none() && !self.settings.curves.is_empty() {
            // Repaint whenever the time axis has moved by a pixel.
            let pixel = self.settings.span / f64::from(body.width().max(100.0));
            context.again_in(Duration::from_secs_f64(pixel.clamp(0.05, 10.0)));
        }
    }
}

impl Plots {
    /// Applies what the pointer did.
    fn apply_pointer(
        &mut self,
        ui: &Ui,
        body: Rect,
        now: f64,
        hovered: Option<f64>,
        change: Option<Range>,
    ) {
        if hovered != self.cursor {
            self.cursor = hovered;
            ui.ctx().request_repaint();
        }
        if let Some(wanted) = change {
            self.show_range(wanted, now);
            ui.ctx().request_repaint();
        }
        if matches!(self.screenshot, Screenshot::Wanted) {
            let taken = Arc::new(OnceLock::new());
            self.screenshot =
                Screenshot::Requested(body.intersect(ui.ctx().content_rect()), Arc::clone(&taken));
            let ctx = ui.ctx().clone();
            ui.ctx().request_screenshot(move |image| {
                // Only the first image counts.
                let _ = taken.set(image);
                ctx.request_repaint();
            });
        }
    }

    /// Shows this time range; a range that reaches into the future is live.
    fn show_range(&mut self, wanted: Range, now: f64) {
        // A double click requests infinity, which means live.
        if wanted.to > now + SPAN_LIMITS[1] {
            self.end = None;
            return;
        }
        let span = wanted.span().clamp(SPAN_LIMITS[0], SPAN_LIMITS[1]);
        let middle = f64::midpoint(wanted.from, wanted.to);
        let end = if (wanted.span() - span).abs() > 1e-9 {
            middle + span / 2.0
        } else {
            wanted.to
        };
        self.settings.span = span;
        self.end = (end < now).then_some(end);
    }

    /// Moves the visible range by a fraction of its length.
    fn move_by(&mut self, part: f64, now: f64) {
        let end = self.end.unwrap_or(now) + part * self.settings.span;
        self.end = (end < now).then_some(end);
    }

    fn zoom(&mut self, factor: f64, now: f64) {
        let span = (self.settings.span * factor).clamp(SPAN_LIMITS[0], SPAN_LIMITS[1]);
        // A live view stays live; otherwise keep the middle in place.
        if let Some(end) = self.end {
            let end = end + (span - self.settings.span) / 2.0;
            self.end = (end < now).then_some(end);
        }
        self.settings.span = span;
    }

    fn toggle_pause(&mut self, now: f64) {
        self.end = if self.end.is_some() { None } else { Some(now) };
    }

    fn keys(&mut self, ui: &Ui, now: f64) {
        // The focused widget gets its keys.
        if ui.ctx().memory(|memory| memory.focused()).is_some() {
            return;
        }
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        if pressed(Key::Space) {
            self.toggle_pause(now);
        }
        if pressed(Key::ArrowLeft) {
            self.move_by(-0.25, now);
        }
        if pressed(Key::ArrowRight) {
            self.move_by(0.25, now);
        }
        if pressed(Key::Plus) || pressed(Key::Equals) {
            self.zoom(0.5, now);
        }
        if pressed(Key::Minus) {
            self.zoom(2.0, now);
        }
    }

    fn toolbar(&mut self, ui: &mut Ui, context: &PageContext<'_>) {
        let now = seconds(context.wall);
        ui.horizontal_wrapped(|ui| {
            ui.heading("Plots");
            ui.add_space(UNIT);
            for (span, word) in SPANS {
                let chosen = (self.settings.span - span).abs() < 0.5;
                if ui
                    .add(Button::selectable(chosen, word))
                    .on_hover_text("Show this time range")
                    .clicked()
                {
                    let factor = span / self.settings.span;
                    self.zoom(factor, now);
                }
            }
            ui.add_space(UNIT);
            let moves: [(&str, &str, &str); 4] = [
                (
                    icon::CARET_LEFT,
                    "Earlier",
                    "Show earlier values (Left, or drag the plot)",
                ),
                (
                    icon::CARET_RIGHT,
                    "Later",
                    "Show later values (Right, or drag the plot)",
                ),
                (
                    icon::MAGNIFYING_GLASS_PLUS,
                    "Zoom in",
                    "Show a shorter time range (+, or Ctrl+wheel)",
                ),
                (
                    icon::MAGNIFYING_GLASS_MINUS,
                    "Zoom out",
                    "Show a longer time range (-, or Ctrl+wheel)",
                ),
            ];
            for (at, (sign, name, hint)) in moves.into_iter().enumerate() {
                if sign_button(ui, sign, name).on_hover_text(hint).clicked() {
                    match at {
                        0 => self.move_by(-0.5, now),
                        1 => self.move_by(0.5, now),
                        2 => self.zoom(0.5, now),
                        _ => self.zoom(2.0, now),
                    }
                }
            }
            let (sign, word, hint) = match self.end {
                None => (
                    icon::PAUSE,
                    "Pause",
                    "Pause the plots; recording continues (Space)",
                ),
                Some(_) => (icon::PLAY, "Live", "Show new values again (Space)"),
            };
            let pause = ui.add(Button::new(format!("{sign} {word}")));
            pause.widget_info(|| WidgetInfo::labeled(Role::Button, true, word));
            if pause.on_hover_text(hint).clicked() {
                self.toggle_pause(now);
            }
            ui.add_space(UNIT);
            ui.checkbox(&mut self.settings.events, "Events")
                .on_hover_text("Show button events and lost links");
            ui.add_space(UNIT);
            let any = !self.settings.curves.is_empty();
            let csv = ui.add_enabled(any, Button::new("Save CSV…"));
            if csv
                .on_hover_text("Save the values of the visible time range as a table")
                .clicked()
            {
                let end = self.end.unwrap_or(now);
                let range = [end - self.settings.span, end, now];
                let rows = table::rows(
                    context.model,
                    &self.settings.curves,
                    range,
                    &context.timeline,
                );
                context.push(Task::File(FileTask::SaveTable(Content::new(rows))));
            }
            let idle = matches!(self.screenshot, Screenshot::None);
            let png = ui.add_enabled(any && idle, Button::new("Save PNG…"));
            let hint = "Save a picture of the plots";
            let png = if idle { png.on_hover_text(hint) } else { png };
            if png.clicked() {
                self.screenshot = Screenshot::Wanted;
                ui.ctx().request_repaint();
            }
        });
    }

    /// Saves the screenshot once it has arrived.
    fn take_screenshot(&mut self, ui: &Ui, context: &PageContext<'_>) {
        let Screenshot::Requested(rect, taken) = &self.screenshot else {
            return;
        };
        if let Some(image) = taken.get() {
            let part = image.region(rect, Some(ui.ctx().pixels_per_point()));
            context.push(Task::File(FileTask::SavePicture(Arc::new(part))));
            self.screenshot = Screenshot::None;
        }
    }
}

/// Until when the last value of a board is valid: while a link is stale, only
/// until the board was last heard.
fn known_until(board: &BoardView, context: &FrameContext, now: f64) -> f64 {
    match (&board.link, board.last_heard) {
        (fleet::LinkState::Stale, Some(heard)) => {
            now - context.now.saturating_duration_since(heard).as_secs_f64()
        }
        _ => now,
    }
}

/// One chart per unit, and one for all on/off curves, on one time axis.
fn charts(
    ui: &mut Ui,
    curves: &[Curve<'_>],
    marks: &[markers::Mark],
    context: &FrameContext,
    view: &mut chart::View,
) {
    let mut groups: Vec<(String, Vec<&Curve<'_>>)> = Vec::new();
    for curve in curves {
        let title = match curve.shape() {
            Shape::OnOff => "on / off".to_owned(),
            Shape::Line | Shape::Steps => curve.unit().unwrap_or("no unit").to_owned(),
        };
        match groups.iter_mut().find(|(known, _)| *known == title) {
            Some((_, group)) => group.push(curve),
            None => groups.push((title, vec![curve])),
        }
    }
    let gap = UNIT;
    let least = theme::PLOT_STRIP;
    let footer = theme::LINE;
    let room = left_of(ui.available_height(), footer);
    let each = ((room - gap * groups.len() as f32) / groups.len() as f32).max(least);
    let scrolls = (each + gap) * groups.len() as f32 > room + 1.0;
    ScrollArea::vertical()
        .id_salt("strips")
        .auto_shrink(false)
        .max_height(room)
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = gap;
            let last = groups.len().saturating_sub(1);
            for (at, (title, group)) in groups.iter().enumerate() {
                let layout = chart::ChartLayout {
                    height: each,
                    has_times: at == last,
                    wheel_zooms: !scrolls,
                };
                chart::show(ui, title, group, marks, context, &layout, view);
            }
        });
    let under = view.cursor.map(|cursor| axis::at(cursor, context));
    let close = view.range.span() / 100.0;
    let near = view.cursor.and_then(|cursor| {
        let distance = |mark: &&markers::Mark| (mark.at - cursor).abs();
        marks
            .iter()
            .filter(|mark| distance(mark) < close)
            .min_by(|a, b| distance(a).total_cmp(&distance(b)))
    });
    let words = match (under, near) {
        (Some(time), Some(mark)) => format!("{time}   {}", mark.words),
        (Some(time), None) => time,
        (None, _) => {
            format!(
                "{} to {}",
                axis::at(view.range.from, context),
                axis::at(view.range.to, context)
            )
        }
    };
    text_line::label(
        ui,
        &words,
        &format!(
            "{}: {words}",
            if view.cursor.is_some() {
                "cursor"
            } else {
                "shown"
            }
        ),
        theme::body(),
        palette(ui).weak,
    );
}

fn empty(ui: &mut Ui) {
    let palette = palette(ui);
    let frame = Frame::new()
        .stroke((1.0, palette.border))
        .corner_radius(theme::CARD_RADIUS)
        .inner_margin(Margin::same(24));
    frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        let words = "No curves yet.";
        text_line::label(ui, words, words, theme::strong(), palette.text);
        let words = "Add sensors, switches and lights on the left, or from the menu of a card. \
             Values since this window was opened are already available: up to a day, with all \
             minima and maxima.";
        ui.add(egui::Label::new(egui::RichText::new(words).color(palette.weak)).wrap());
    });
}

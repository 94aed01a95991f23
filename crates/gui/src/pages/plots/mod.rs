//! The page of plots: the selected curves on one time axis. The view is live
//! until it is paused or moved back in time.

mod axis;
mod chart;
mod chart_stack;
mod curve;
mod list;
mod markers;
mod screenshot;
mod table;
mod visible_range;

use std::{sync::Arc, time::Duration};

use eframe::egui::{
    Align, Button, Key, Layout, Modifiers, Rect, Ui, WidgetInfo, accesskit::Role, vec2,
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
        page_view::PageView,
        theme::{self, UNIT},
    },
};
use curve::{Curve, Range};
use fleet::{BoardView, seconds};
use list::sign_button;
use markers::Markers;
use screenshot::Screenshot;
use visible_range::VisibleRange;

/// Time ranges on the toolbar, in seconds.
const SPANS: [(f64, &str); 6] = [
    (60.0, "1 min"),
    (600.0, "10 min"),
    (3_600.0, "1 h"),
    (21_600.0, "6 h"),
    (86_400.0, "24 h"),
    (604_800.0, "7 d"),
];

/// More curves could not be distinguished.
const MAX_CURVES: usize = 16;

/// The page.
pub(crate) struct Plots {
    /// The plotted components, in list order.
    curves: Vec<Pin>,
    range: VisibleRange,
    /// Whether events and lost links are marked.
    events: bool,
    /// The time under the pointer.
    cursor: Option<f64>,
    markers: Markers,
    screenshot: Screenshot,
    /// The search text of the component picker.
    find: String,
}

impl Plots {
    pub(crate) fn new(settings: PlotSettings) -> Self {
        Self {
            curves: settings.curves,
            range: VisibleRange::live(settings.span),
            events: settings.events,
            cursor: None,
            markers: Markers::default(),
            screenshot: Screenshot::default(),
            find: String::new(),
        }
    }

    /// The settings to save.
    pub(crate) fn settings(&self) -> PlotSettings {
        PlotSettings {
            curves: self.curves.clone(),
            span: self.range.span,
            events: self.events,
        }
    }

    /// Adds a curve; returns a message for the person.
    pub(crate) fn add(&mut self, pin: Pin) -> Result<String, String> {
        if self.curves.contains(&pin) {
            return Ok(format!("{} is already plotted.", pin.name));
        }
        if self.curves.len() == MAX_CURVES {
            return Err(format!(
                "At most {MAX_CURVES} curves can be plotted. Remove one first."
            ));
        }
        let words = format!("Added {} to plots.", pin.name);
        self.curves.push(pin);
        Ok(words)
    }
}

impl PageView for Plots {
    fn least_size(&self) -> eframe::egui::Vec2 {
        theme::LEAST_PLOTS.into()
    }

    fn contents(&mut self, ui: &mut Ui, context: &PageContext<'_>) {
        if let Some(picture) = self.screenshot.take(ui) {
            context.push(Task::File(FileTask::SavePicture(Arc::new(picture))));
        }
        let now = seconds(context.wall);
        self.keys(ui, now);
        self.toolbar(ui, context);
        ui.add_space(UNIT);
        let range = self.range.at(now);
        let mut removed = None;
        let curves: Vec<Curve<'_>> = self
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
        let cursor = self.cursor.filter(|_| self.screenshot.is_none());
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
                    chart_stack::empty(ui);
                    return;
                }
                let marks = if self.events {
                    self.markers.of(&curves, range, &context.timeline)
                } else {
                    Vec::new()
                };
                chart_stack::show(ui, &curves, &marks, context, &mut view);
            });
        });
        let (hovered, change) = (view.hovered, view.change);
        self.apply_pointer(ui, body, now, hovered, change);
        if let Some(removed) = removed {
            self.curves.remove(removed);
        }
        if self.range.is_live() && !self.curves.is_empty() {
            // Repaint whenever the time axis has moved by a pixel.
            let pixel = self.range.span / f64::from(body.width().max(100.0));
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
            self.range.show(wanted, now);
            ui.ctx().request_repaint();
        }
        self.screenshot.request(ui, body);
    }

    fn keys(&mut self, ui: &Ui, now: f64) {
        // The focused widget gets its keys.
        if ui.ctx().memory(|memory| memory.focused()).is_some() {
            return;
        }
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        if pressed(Key::Space) {
            self.range.toggle_pause(now);
        }
        if pressed(Key::ArrowLeft) {
            self.range.move_by(-0.25, now);
        }
        if pressed(Key::ArrowRight) {
            self.range.move_by(0.25, now);
        }
        if pressed(Key::Plus) || pressed(Key::Equals) {
            self.range.zoom(0.5, now);
        }
        if pressed(Key::Minus) {
            self.range.zoom(2.0, now);
        }
    }

    fn toolbar(&mut self, ui: &mut Ui, context: &PageContext<'_>) {
        let now = seconds(context.wall);
        ui.horizontal_wrapped(|ui| {
            ui.heading("Plots");
            ui.add_space(UNIT);
            for (span, word) in SPANS {
                let chosen = (self.range.span - span).abs() < 0.5;
                if ui
                    .add(Button::selectable(chosen, word))
                    .on_hover_text("Show this time range")
                    .clicked()
                {
                    let factor = span / self.range.span;
                    self.range.zoom(factor, now);
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
                        0 => self.range.move_by(-0.5, now),
                        1 => self.range.move_by(0.5, now),
                        2 => self.range.zoom(0.5, now),
                        _ => self.range.zoom(2.0, now),
                    }
                }
            }
            let (sign, word, hint) = match self.range.is_live() {
                true => (
                    icon::PAUSE,
                    "Pause",
                    "Pause the plots; recording continues (Space)",
                ),
                false => (icon::PLAY, "Live", "Show new values again (Space)"),
            };
            let pause = ui.add(Button::new(format!("{sign} {word}")));
            pause.widget_info(|| WidgetInfo::labeled(Role::Button, true, word));
            if pause.on_hover_text(hint).clicked() {
                self.range.toggle_pause(now);
            }
            ui.add_space(UNIT);
            ui.checkbox(&mut self.events, "Events")
                .on_hover_text("Show button events and lost links");
            ui.add_space(UNIT);
            let any = !self.curves.is_empty();
            let csv = ui.add_enabled(any, Button::new("Save CSV…"));
            if csv
                .on_hover_text("Save the values of the visible time range as a table")
                .clicked()
            {
                let range = self.range.at(now);
                let range = [range.from, range.to, now];
                let rows = table::rows(context.model, &self.curves, range, &context.timeline);
                context.push(Task::File(FileTask::SaveTable(Content::new(rows))));
            }
            let idle = self.screenshot.is_none();
            let png = ui.add_enabled(any && idle, Button::new("Save PNG…"));
            let hint = "Save a picture of the plots";
            let png = if idle { png.on_hover_text(hint) } else { png };
            if png.clicked() {
                self.screenshot.start(ui);
            }
        });
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

//! The page of plots: the selected curves on one time axis. The view is live
//! until it is paused or moved back in time.

mod channel_picker;
mod chart;
mod chart_stack;
mod curve;
mod list;
mod markers;
mod measure;
mod screenshot;
mod streams;
mod table;
mod toolbar;
mod visible_range;

use std::{sync::Arc, time::Duration};

use eframe::egui::{
    Align, Button, Context, Key, Layout, Modifiers, Rect, Stroke, StrokeKind, Ui, Vec2, vec2,
};

use disk::settings::PlotSettings;

use crate::{
    model::{
        abilities::Ability,
        action::{Task, WindowAction},
        file_task::FileTask,
        page_context::PageContext,
        pin::{ChannelPin, Pin, can_be_plotted},
    },
    widgets::{
        component_picker::{ComponentPicker, Offer, Picked},
        layout::left_of,
        page_view::PageView,
        theme::{self, UNIT, palette},
        value_drag,
        verb::explained,
    },
};
use channel_picker::ChannelPicker;
use curve::{Curve, Plotted, Visible};
use fleet::seconds;
use markers::Markers;
use measure::Measure;
use screenshot::Screenshot;
use streams::Streams;
use visible_range::VisibleRange;

/// The time between two frames while samples arrive.
const FRAME: Duration = Duration::from_millis(50);

/// How long samples may wait to be read while none are drawn; they are buffered
/// for minutes.
const DRAIN: Duration = Duration::from_secs(30);

/// More curves could not be distinguished.
const MAX_CURVES: usize = 16;

/// The page.
pub(crate) struct Plots {
    /// What is plotted, in list order.
    curves: Vec<Plotted>,
    /// What was done to the curves in this frame, and the settings before it.
    edit: Option<(String, PlotSettings)>,
    streams: Streams,
    picker: ChannelPicker,
    range: VisibleRange,
    /// Paused or resumed since the last frame.
    pauses: Option<bool>,
    /// Whether events and lost links are marked.
    events: bool,
    /// The time under the pointer, or where the keys moved the cursor.
    cursor: Option<f64>,
    /// The keys moved the cursor, so the pointer does not remove it.
    by_keys: bool,
    measure: Measure,
    /// A chart had the focus in the previous frame.
    chart_focused: bool,
    markers: Markers,
    screenshot: Screenshot,
    components: ComponentPicker,
}

impl Plots {
    pub(crate) fn new(settings: PlotSettings) -> Self {
        let (span, events) = (settings.span, settings.events);
        Self {
            curves: plotted(settings),
            edit: None,
            streams: Streams::default(),
            picker: ChannelPicker::default(),
            range: VisibleRange::live(span),
            pauses: None,
            events,
            cursor: None,
            by_keys: false,
            measure: Measure::default(),
            chart_focused: false,
            markers: Markers::default(),
            screenshot: Screenshot::default(),
            components: ComponentPicker::default(),
        }
    }

    /// The settings to save.
    pub(crate) fn settings(&self) -> PlotSettings {
        let mut settings = PlotSettings {
            curves: Vec::new(),
            channels: Vec::new(),
            span: self.range.span,
            events: self.events,
        };
        for (index, plotted) in self.curves.iter().enumerate() {
            match plotted.clone() {
                Plotted::Component(pin) => settings.curves.push(pin),
                Plotted::Channel(pin) => settings.channels.push(ChannelPin { index, ..pin }),
            }
        }
        settings
    }

    /// What was done to the curves since this was asked, and the settings
    /// before it.
    pub(crate) fn take_edit(&mut self) -> Option<(String, PlotSettings)> {
        self.edit.take()
    }

    /// Plots what is plotted in these settings.
    pub(crate) fn replace_curves(&mut self, settings: PlotSettings) {
        self.curves = plotted(settings);
    }

    /// Adds the curve of a component; returns a message for the person.
    pub(crate) fn add(&mut self, pin: Pin) -> Result<String, String> {
        let name = pin.name.clone();
        self.add_curve(Plotted::Component(pin), &name)
    }

    /// Adds the curve of a telemetry channel; returns a message for the person.
    pub(crate) fn add_channel(&mut self, pin: ChannelPin) -> Result<String, String> {
        let name = format!("{}: {}", pin.board_name, pin.channel);
        self.add_curve(Plotted::Channel(pin), &name)
    }

    fn add_curve(&mut self, plotted: Plotted, name: &str) -> Result<String, String> {
        if self.curves.contains(&plotted) {
            return Ok(format!("{name} is already plotted."));
        }
        if self.curves.len() == MAX_CURVES {
            return Err(format!(
                "At most {MAX_CURVES} curves can be plotted. Remove one first."
            ));
        }
        self.edit = Some(match self.edit.take() {
            // Several that are added at once are one act.
            Some((_, before)) => ("Add several components to plots".to_owned(), before),
            None => (format!("Add {name} to plots"), self.settings()),
        });
        self.curves.push(plotted);
        Ok(format!("Added {name} to plots."))
    }
}

/// The curves of these settings, in list order.
fn plotted(settings: PlotSettings) -> Vec<Plotted> {
    let components = settings.curves.into_iter().map(Plotted::Component);
    let mut curves: Vec<Plotted> = components.collect();
    for channel in settings.channels {
        let at = channel.index.min(curves.len());
        curves.insert(at, Plotted::Channel(channel));
    }
    curves
}

impl Plots {
    /// Keeps recording telemetry while another page is shown.
    pub(crate) fn record(&mut self, ui: &Ui, context: &PageContext<'_>) {
        if !self.streams.is_empty() {
            self.follow(ui.ctx(), context);
            context.again_in(DRAIN);
        }
    }

    fn follow(&mut self, ctx: &Context, context: &PageContext<'_>) {
        let channels = self.curves.iter().filter_map(|plotted| match plotted {
            Plotted::Channel(pin) => Some(pin),
            Plotted::Component(_) => None,
        });
        self.streams
            .follow(channels, self.picker.board(), ctx, context);
    }
}

impl PageView for Plots {
    fn least_size(&self) -> eframe::egui::Vec2 {
        theme::LEAST_PLOTS.into()
    }

    fn paused(&self) -> Option<bool> {
        Some(!self.range.is_live())
    }

    fn set_paused(&mut self, paused: bool) {
        self.pauses = Some(paused);
    }

    fn contents(&mut self, ui: &mut Ui, context: &PageContext<'_>) {
        if let Some(picture) = self.screenshot.take(ui) {
            context.push(Task::File(FileTask::SavePicture(Arc::new(picture))));
        }
        let now = seconds(context.wall);
        if self
            .pauses
            .take()
            .is_some_and(|paused| paused == self.range.is_live())
        {
            self.range.toggle_pause(now);
        }
        self.follow(ui.ctx(), context);
        if !self.streams.is_empty() {
            context.again_in(if self.range.is_live() { FRAME } else { DRAIN });
        }
        let range = self.range.at(now);
        let visible = Visible {
            range,
            width: range.span() / f64::from(ui.available_width().max(1.0)),
            markers: self.measure.times(),
        };
        let mut curves: Vec<Curve> = self
            .curves
            .iter()
            .enumerate()
            .map(|(number, plotted)| Curve::of(number, plotted, &self.streams, &visible, context))
            .collect();
        curve::tell_apart(&mut curves);
        let since = curves.iter().filter_map(|curve| curve.kept_since);
        let since = since.fold(now, f64::min);
        self.keys(ui, since, now);
        self.toolbar(ui, since, context);
        ui.add_space(UNIT);
        self.markers.update(context.model.journal());
        let cursor = self.cursor.filter(|_| self.screenshot.is_none());
        let mut view = chart::View {
            range,
            cursor,
            measure: self.measure,
            hovered: None,
            marked: None,
            focused: false,
            change: None,
        };
        let shown = list::Shown {
            range,
            is_live: self.range.is_live(),
            cursor,
            measure: self.measure,
        };
        let mut removed = None;
        let body = ui.available_rect_before_wrap();
        ui.horizontal_top(|ui| {
            ui.allocate_ui_with_layout(
                vec2(theme::PLOT_LIST, ui.available_height()),
                Layout::top_down(Align::Min),
                |ui| {
                    ui.set_width(theme::PLOT_LIST);
                    self.adding(ui, context);
                    removed = list::show(ui, &curves, &shown);
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
        self.apply_pointer(ui, &view, since, now);
        self.chart_focused = view.focused;
        drop_target(ui, body, context);
        self.screenshot.request(ui, body);
        if let Some(removed) = removed {
            let title = curves.get(removed).map(|curve| curve.title.clone());
            let title = format!("Remove {} from plots", title.unwrap_or_default());
            self.edit = Some((title, self.settings()));
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
    /// The picker of components, while it is open.
    fn pick(&mut self, ui: &Ui, context: &PageContext<'_>) {
        let curves = &self.curves;
        let offer = Offer {
            title: "Add to plots",
            fits: &|view| can_be_plotted(&view.descriptor.kind),
            has: &|pin| curves.contains(&Plotted::Component(pin.clone())),
        };
        match self.components.show(ui, context, &offer) {
            Some(Picked::Add(pins)) => context.extend(pins.into_iter().map(WindowAction::Plot)),
            Some(Picked::Remove(pin)) => {
                let title = format!("Remove {} from plots", context.model.pin_title(&pin));
                self.edit = Some((title, self.settings()));
                let removed = Plotted::Component(pin);
                self.curves.retain(|curve| *curve != removed);
            }
            None => {}
        }
    }

    /// The buttons that add curves.
    fn adding(&mut self, ui: &mut Ui, context: &PageContext<'_>) {
        ui.horizontal(|ui| {
            let width = left_of(ui.available_width(), UNIT) / 2.0;
            let size = vec2(width, theme::LINE);
            ui.allocate_ui_with_layout(size, Layout::top_down_justified(Align::Center), |ui| {
                self.components.button(ui, "Add to plots");
            });
            self.pick(ui, context);
            let why_not = context.model.abilities.check(Ability::Telemetry).err();
            let button = Button::new("Telemetry…").min_size(size);
            let telemetry = explained(ui.add_enabled(why_not.is_none(), button), why_not);
            self.picker
                .below(&telemetry, &self.curves, &self.streams, context);
            telemetry.on_hover_text("Add samples of a board, up to thousands per second");
        });
        ui.add_space(UNIT);
    }

    /// Applies what the pointer did.
    fn apply_pointer(&mut self, ui: &Ui, view: &chart::View, since: f64, now: f64) {
        let moved = ui.input(|input| input.pointer.delta() != Vec2::ZERO);
        if view.hovered.is_some() && (moved || !self.by_keys) {
            self.by_keys = false;
        }
        if !self.by_keys && view.hovered != self.cursor {
            self.cursor = view.hovered;
            ui.ctx().request_repaint();
        }
        if let Some(at) = view.marked {
            self.measure.place(at);
            ui.ctx().request_repaint();
        }
        if let Some(wanted) = view.change {
            self.range.show(wanted, since, now);
            ui.ctx().request_repaint();
        }
    }

    fn keys(&mut self, ui: &Ui, since: f64, now: f64) {
        // Another focused widget gets its keys.
        let is_focused = ui.ctx().memory(|memory| memory.focused()).is_some();
        if is_focused && !self.chart_focused {
            return;
        }
        let pressed = |modifiers, key| ui.input_mut(|input| input.consume_key(modifiers, key));
        // Before those without Shift, which would match too.
        for (key, by) in [(Key::ArrowLeft, -0.01), (Key::ArrowRight, 0.01)] {
            if pressed(Modifiers::SHIFT, key) {
                self.move_cursor(by, now);
            }
        }
        let pressed = |key| pressed(Modifiers::NONE, key);
        if pressed(Key::Space) {
            self.range.toggle_pause(now);
        }
        if pressed(Key::ArrowLeft) {
            self.range.move_by(-0.25, since, now);
        }
        if pressed(Key::ArrowRight) {
            self.range.move_by(0.25, since, now);
        }
        if pressed(Key::Plus) || pressed(Key::Equals) {
            self.range.zoom(0.5, since, now);
        }
        if pressed(Key::Minus) {
            self.range.zoom(2.0, since, now);
        }
        let at = self.cursor.unwrap_or(self.range.at(now).to);
        if pressed(Key::A) {
            self.measure.a = Some(at);
        }
        if pressed(Key::B) {
            self.measure.b = Some(at);
        }
        if !self.measure.is_empty() && pressed(Key::Escape) {
            self.measure.clear();
        }
    }

    /// Moves the cursor by a fraction of the visible range.
    fn move_cursor(&mut self, by: f64, now: f64) {
        let range = self.range.at(now);
        let at = self.cursor.unwrap_or(range.to) + by * range.span();
        self.cursor = Some(at.clamp(range.from, range.to));
        self.by_keys = true;
    }
}

/// A value that is dropped upon the page is plotted.
fn drop_target(ui: &Ui, body: Rect, context: &PageContext<'_>) {
    if !value_drag::is_dragged(ui.ctx()) || !ui.rect_contains_pointer(body) {
        return;
    }
    let accent = Stroke::new(2.0, palette(ui).accent);
    let radius = f32::from(theme::CARD_RADIUS);
    ui.painter()
        .rect_stroke(body, radius, accent, StrokeKind::Inside);
    context.extend(value_drag::dropped(ui.ctx()).map(WindowAction::Plot));
}

//! The page of plots: what was chosen, on one time axis, with the time that is
//! shown. It is live until somebody looks back.

mod axis;
mod list;
mod markers;
mod strip;
pub(super) mod table;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use eframe::egui::{
    self, Align, Button, ColorImage, Frame, Key, Layout, Margin, Modifiers, Rect, ScrollArea, Ui,
    WidgetInfo, accesskit::Role, vec2,
};
use protocol::Kind;

use super::{
    action::Action,
    files::Errand,
    icon,
    model::Model,
    moment::Moment,
    pin::Pin,
    text,
    theme::{self, UNIT, palette},
    words,
};
use crate::fleet::{BoardView, Bucket, ComponentView, seconds};
use crate::ui::room::left_of;
use markers::Markers;

pub use crate::settings::PlotSettings;

/// Lengths of time that are shown at a click, in seconds.
const SPANS: [(f64, &str); 6] = [
    (60.0, "1 min"),
    (600.0, "10 min"),
    (3_600.0, "1 h"),
    (21_600.0, "6 h"),
    (86_400.0, "24 h"),
    (604_800.0, "7 d"),
];

/// The shortest and the longest time that is shown.
const SPAN: [f64; 2] = [1.0, 604_800.0];

/// As many curves can still be told apart.
const MOST: usize = 16;

/// How a curve is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// From value to value.
    Line,
    /// A value holds until the next.
    Steps,
    /// On or off: steps in a lane of its own.
    Lane,
}

/// A curve as it is to be drawn.
struct Curve<'a> {
    /// Its number in the list, from 0; it has the color of that number.
    number: usize,
    pin: &'a Pin,
    title: String,
    view: Option<(&'a Arc<BoardView>, &'a Arc<ComponentView>)>,
    /// What is known of the time that is shown.
    buckets: Vec<Bucket>,
}

impl Curve<'_> {
    fn unit(&self) -> Option<&str> {
        self.view
            .and_then(|(_, view)| view.descriptor.unit_of_measurement.as_deref())
    }

    fn shape(&self) -> Shape {
        match self.pin.component.kind {
            Kind::Switch | Kind::BinarySensor | Kind::Light => Shape::Lane,
            Kind::Number => Shape::Steps,
            _ => Shape::Line,
        }
    }

    /// A value in words, without its unit.
    fn number_words(&self, value: f64) -> String {
        let decimals = self
            .view
            .and_then(|(_, view)| view.descriptor.accuracy_decimals);
        match self.shape() {
            Shape::Lane => self.words(value),
            Shape::Line | Shape::Steps => words::quantity(value, decimals, None),
        }
    }

    /// A value in words.
    fn words(&self, value: f64) -> String {
        if self.shape() == Shape::Lane && (value == 0.0 || value == 1.0) {
            return if value == 1.0 { "on" } else { "off" }.to_owned();
        }
        let decimals = self
            .view
            .and_then(|(_, view)| view.descriptor.accuracy_decimals);
        match self.shape() {
            Shape::Lane => format!("{:.0} % on", value * 100.0),
            Shape::Line | Shape::Steps => words::quantity(value, decimals, self.unit()),
        }
    }
}

/// Whether a component has values over time.
pub(super) fn can_be_plotted(kind: &Kind) -> bool {
    !matches!(
        kind,
        Kind::Select | Kind::Text | Kind::Button | Kind::Update
    )
}

/// The time that is shown: seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Range {
    from: f64,
    to: f64,
}

impl Range {
    fn span(self) -> f64 {
        self.to - self.from
    }
}

/// How far a picture of the plots is.
#[derive(Debug)]
enum Picture {
    None,
    /// The next frame is to be taken, without what is only there for the
    /// pointer.
    Wanted,
    /// It was asked for; this part of the window is the picture.
    Asked(Rect, Arc<OnceLock<Arc<ColorImage>>>),
}

/// The page.
pub(super) struct Plots {
    pub(super) settings: PlotSettings,
    /// Where the view ends while somebody looks back or holds it still; `None`
    /// while it is live.
    end: Option<f64>,
    /// The time under the pointer.
    cursor: Option<f64>,
    markers: Markers,
    picture: Picture,
    /// What is looked for among what can be added.
    find: String,
}

impl Plots {
    pub(super) fn new(settings: PlotSettings) -> Self {
        let span = if settings.span.is_finite() {
            settings.span.clamp(SPAN[0], SPAN[1])
        } else {
            600.0
        };
        Self {
            settings: PlotSettings { span, ..settings },
            end: None,
            cursor: None,
            markers: Markers::default(),
            picture: Picture::None,
            find: String::new(),
        }
    }

    /// Adds a curve; says in words what came of it.
    pub(super) fn add(&mut self, pin: Pin) -> Result<String, String> {
        if self.settings.curves.contains(&pin) {
            return Ok(format!("{} is plotted already.", pin.name));
        }
        if self.settings.curves.len() == MOST {
            return Err(format!(
                "At most {MOST} curves are plotted at once. Take one away first."
            ));
        }
        let words = format!("{} is plotted now.", pin.name);
        self.settings.curves.push(pin);
        Ok(words)
    }

    /// Shows the page.
    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        model: &Model,
        moment: &Moment,
        actions: &mut Vec<Action>,
    ) {
        self.take_picture(ui, actions);
        let now = seconds(moment.wall);
        self.keys(ui, now);
        self.toolbar(ui, model, moment, actions);
        ui.add_space(UNIT);
        let end = self.end.unwrap_or(now);
        let range = Range {
            from: end - self.settings.span,
            to: end,
        };
        let mut taken = None;
        let curves: Vec<Curve<'_>> = self
            .settings
            .curves
            .iter()
            .enumerate()
            .map(|(number, pin)| {
                let view = model.pinned(&pin);
                if let Some((board, _)) = view {
                    moment.shows(board.key);
                }
                let known_until = view.map_or(now, |(board, _)| known_until(board, moment, now));
                let buckets = view
                    .map(|(_, view)| view.history.between(range.from, range.to, known_until))
                    .unwrap_or_default();
                Curve {
                    number,
                    pin,
                    title: model.pin_title(&pin),
                    view,
                    buckets,
                }
            })
            .collect();
        self.markers.take_in(model.journal());
        let cursor = self
            .cursor
            .filter(|_| matches!(self.picture, Picture::None));
        let mut look = strip::Look {
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
                    taken = list::show(ui, &curves, model, range, cursor, &mut self.find, actions);
                },
            );
            ui.add_space(UNIT);
            ui.vertical(|ui| {
                if curves.is_empty() {
                    empty(ui);
                    return;
                }
                let marks = if self.settings.events {
                    self.markers.of(&curves, range, &moment.timeline)
                } else {
                    Vec::new()
                };
                strips(ui, &curves, &marks, moment, &mut look);
            });
        });
        let (hovered, change) = (look.hovered, look.change);
        self.after(ui, body, now, hovered, change);
        if let Some(taken) = taken {
            self.settings.curves.remove(taken);
        }
        if self.end.is_none() && !self.settings.curves.is_empty() {
            // The time axis moves by a pixel at a time.
            let pixel = self.settings.span / f64::from(body.width().max(100.0));
            moment.again_in(Duration::from_secs_f64(pixel.clamp(0.05, 10.0)));
        }
    }

    /// Takes over what the pointer did.
    fn after(
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
        if matches!(self.picture, Picture::Wanted) {
            let taken = Arc::new(OnceLock::new());
            self.picture =
                Picture::Asked(body.intersect(ui.ctx().content_rect()), Arc::clone(&taken));
            let ctx = ui.ctx().clone();
            ui.ctx().request_screenshot(move |image| {
                // A second picture for one question is not wanted.
                let _ = taken.set(image);
                ctx.request_repaint();
            });
        }
    }

    /// Shows this time; what lies in the future is live.
    fn show_range(&mut self, wanted: Range, now: f64) {
        // Asked for the end of time: live.
        if wanted.to > now + SPAN[1] {
            self.end = None;
            return;
        }
        let span = wanted.span().clamp(SPAN[0], SPAN[1]);
        let middle = f64::midpoint(wanted.from, wanted.to);
        let end = if (wanted.span() - span).abs() > 1e-9 {
            middle + span / 2.0
        } else {
            wanted.to
        };
        self.settings.span = span;
        self.end = (end < now).then_some(end);
    }

    /// Moves the view by a part of itself, or makes it longer or shorter.
    fn move_by(&mut self, part: f64, now: f64) {
        let end = self.end.unwrap_or(now) + part * self.settings.span;
        self.end = (end < now).then_some(end);
    }

    fn zoom(&mut self, factor: f64, now: f64) {
        let span = (self.settings.span * factor).clamp(SPAN[0], SPAN[1]);
        // A live view stays live; one that looks back keeps its middle.
        if let Some(end) = self.end {
            let end = end + (span - self.settings.span) / 2.0;
            self.end = (end < now).then_some(end);
        }
        self.settings.span = span;
    }

    fn hold(&mut self, now: f64) {
        self.end = if self.end.is_some() { None } else { Some(now) };
    }

    fn keys(&mut self, ui: &Ui, now: f64) {
        // What has the focus keeps its keys.
        if ui.ctx().memory(|memory| memory.focused()).is_some() {
            return;
        }
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        if pressed(Key::Space) {
            self.hold(now);
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

    fn toolbar(&mut self, ui: &mut Ui, model: &Model, moment: &Moment, actions: &mut Vec<Action>) {
        let now = seconds(moment.wall);
        ui.horizontal_wrapped(|ui| {
            ui.heading("Plots");
            ui.add_space(UNIT);
            for (span, word) in SPANS {
                let chosen = (self.settings.span - span).abs() < 0.5;
                if ui
                    .add(Button::selectable(chosen, word))
                    .on_hover_text("Show this much time")
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
                    "Look back (Left, or drag the plot)",
                ),
                (
                    icon::CARET_RIGHT,
                    "Later",
                    "Look ahead (Right, or drag the plot)",
                ),
                (
                    icon::MAGNIFYING_GLASS_PLUS,
                    "Zoom in",
                    "Show less time (+, or Ctrl and the wheel)",
                ),
                (
                    icon::MAGNIFYING_GLASS_MINUS,
                    "Zoom out",
                    "Show more time (-, or Ctrl and the wheel)",
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
                    "Hold the plots still; nothing is lost meanwhile (Space)",
                ),
                Some(_) => (icon::PLAY, "Live", "Follow what comes again (Space)"),
            };
            let hold = ui.add(Button::new(format!("{sign} {word}")));
            hold.widget_info(|| WidgetInfo::labeled(Role::Button, true, word));
            if hold.on_hover_text(hint).clicked() {
                self.hold(now);
            }
            ui.add_space(UNIT);
            ui.checkbox(&mut self.settings.events, "Events")
                .on_hover_text("Mark events of buttons and lost links");
            ui.add_space(UNIT);
            let any = !self.settings.curves.is_empty();
            let csv = ui.add_enabled(any, Button::new("Save CSV…"));
            if csv
                .on_hover_text("Save the values of the time that is shown as a table")
                .clicked()
            {
                let end = self.end.unwrap_or(now);
                let range = [end - self.settings.span, end, now];
                let rows = table::rows(model, &self.settings.curves, range, &moment.timeline);
                actions.push(Action::File(Errand::SaveTable(Arc::new(rows))));
            }
            let idle = matches!(self.picture, Picture::None);
            let png = ui.add_enabled(any && idle, Button::new("Save PNG…"));
            let hint = "Save the plots as a picture, as they are now";
            let png = if idle { png.on_hover_text(hint) } else { png };
            if png.clicked() {
                self.picture = Picture::Wanted;
                ui.ctx().request_repaint();
            }
        });
    }

    /// Takes the picture that was asked for, once it is there.
    fn take_picture(&mut self, ui: &Ui, actions: &mut Vec<Action>) {
        let Picture::Asked(rect, taken) = &self.picture else {
            return;
        };
        if let Some(image) = taken.get() {
            let part = image.region(rect, Some(ui.ctx().pixels_per_point()));
            actions.push(Action::File(Errand::SavePicture(Arc::new(part))));
            self.picture = Picture::None;
        }
    }
}

/// Until when the last value of a board holds: while the link is silent nothing
/// newer is known than what was heard.
fn known_until(board: &BoardView, moment: &Moment, now: f64) -> f64 {
    match (&board.link, board.last_heard) {
        (crate::fleet::LinkState::Stale, Some(heard)) => {
            now - moment.now.saturating_duration_since(heard).as_secs_f64()
        }
        _ => now,
    }
}

/// A strip for each unit, and one for everything that is on or off, under one
/// another on one time axis.
fn strips(
    ui: &mut Ui,
    curves: &[Curve<'_>],
    marks: &[markers::Mark],
    moment: &Moment,
    look: &mut strip::Look,
) {
    let mut groups: Vec<(String, Vec<&Curve<'_>>)> = Vec::new();
    for curve in curves {
        let title = match curve.shape() {
            Shape::Lane => "on / off".to_owned(),
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
                let place = strip::Place {
                    height: each,
                    has_times: at == last,
                    wheel_zooms: !scrolls,
                };
                strip::show(ui, title, group, marks, moment, &place, look);
            }
        });
    let under = look.cursor.map(|cursor| axis::at(cursor, moment));
    let close = look.range.span() / 100.0;
    let near = look.cursor.and_then(|cursor| {
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
                axis::at(look.range.from, moment),
                axis::at(look.range.to, moment)
            )
        }
    };
    text::label(
        ui,
        &words,
        &format!(
            "{}: {words}",
            if look.cursor.is_some() {
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
        let words = "Nothing is plotted yet.";
        text::label(ui, words, words, theme::strong(), palette.text);
        let words = "Add sensors, switches and lights of any board at the left, or from the menu \
             of a card. What the boards \
            told since this window was opened is there already: up to a day, with every extreme.";
        ui.add(egui::Label::new(egui::RichText::new(words).color(palette.weak)).wrap());
    });
}

/// A button with a sign, whose name is a word.
pub(super) fn sign_button(ui: &mut Ui, sign: &str, name: &str) -> egui::Response {
    let response = ui.add(Button::new(sign));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), name));
    response
}

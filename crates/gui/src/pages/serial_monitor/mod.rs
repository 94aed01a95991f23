//! The page of a board's serial port: what the board prints, marked by what it
//! means, and a field that sends lines. The engine is [`serial::Monitor`], on
//! its own thread.

mod export;
mod lines;
mod port_bar;
mod row;
mod sender;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use eframe::egui::{
    Align, Align2, Button, CentralPanel, Color32, Context, Frame, Key, Label, Layout, Margin,
    Panel, RichText, ScrollArea, TextEdit, Ui, WidgetInfo, accesskit::Role, vec2,
};

use disk::settings::SerialSettings;
use serial::{Monitor, MonitorState, MonitorUpdate, Registry};

use self::{
    export::SavedLines,
    lines::{Filter, Kind, Lines},
    port_bar::{PortBar, PortRequest},
    sender::Sender,
};
use crate::{
    model::{
        action::{Task, WindowAction},
        file_task::{Content, FileTask},
        frame_context::FrameContext,
        page_context::PageContext,
    },
    widgets::{
        icon,
        page_view::PageView,
        text_line,
        theme::{self, HALF, Palette, UNIT, palette},
    },
};

/// A port that is monitored.
struct Monitored {
    monitor: Monitor,
    state: MonitorState,
}

/// The page.
pub(crate) struct SerialPage {
    bar: PortBar,
    monitored: Option<Monitored>,
    lines: Lines,
    filter: Filter,
    sender: Sender,
    /// The number of the selected line.
    selected: Option<u64>,
    /// Scroll to the selected line.
    reveal: bool,
    problem: Option<String>,
    /// Whether the page is shown: otherwise, no line needs a frame.
    shown: Arc<AtomicBool>,
}

impl SerialPage {
    pub(crate) fn new(settings: &SerialSettings) -> Self {
        Self {
            bar: PortBar::new(&settings.port, settings.baud),
            monitored: None,
            lines: Lines::default(),
            filter: Filter::default(),
            sender: Sender::default(),
            selected: None,
            reveal: false,
            problem: None,
            shown: Arc::default(),
        }
    }

    /// The settings to save.
    pub(crate) fn settings(&self) -> SerialSettings {
        SerialSettings {
            port: self.bar.path.trim().to_owned(),
            baud: Some(self.bar.baud),
        }
    }

    /// Whether a port is open.
    pub(crate) fn is_open(&self) -> bool {
        let monitored = self.monitored.as_ref();
        monitored.is_some_and(|monitored| monitored.state.is_open())
    }

    /// Another page is shown.
    pub(crate) fn hide(&mut self) {
        self.shown.store(false, Ordering::Relaxed);
        self.bar.rest();
    }

    /// Opens a port, instead of the one that is open.
    pub(crate) fn open(&mut self, ctx: &Context, path: &str) {
        self.bar.path = path.to_owned();
        let (ctx, shown) = (ctx.clone(), Arc::clone(&self.shown));
        let wake = move || {
            if shown.load(Ordering::Relaxed) {
                ctx.request_repaint();
            }
        };
        self.monitored = None;
        self.problem = None;
        match Monitor::start(path, self.bar.baud, &Registry::of_program(), wake) {
            Ok(monitor) => {
                self.monitored = Some(Monitored {
                    monitor,
                    state: MonitorState::Opening,
                });
            }
            Err(error) => self.problem = Some(format!("Could not start a thread: {error}")),
        }
    }

    /// Resets the board.
    pub(crate) fn reset(&self) {
        if let Some(monitored) = &self.monitored {
            monitored.monitor.reset();
        }
    }

    fn update(&mut self) {
        if let Some(monitored) = &mut self.monitored {
            let MonitorUpdate {
                state,
                lines,
                dropped,
            } = monitored.monitor.take();
            monitored.state = state;
            self.lines.add(lines, dropped);
        }
        self.selected = self.selected.filter(|line| self.lines.get(*line).is_some());
    }

    fn carry_out(&mut self, ui: &Ui, request: PortRequest) {
        match request {
            PortRequest::Open(path) => self.open(ui.ctx(), &path),
            PortRequest::Close => self.monitored = None,
            PortRequest::Reset => self.reset(),
        }
        ui.ctx().request_repaint();
    }
}

impl PageView for SerialPage {
    fn margin(&self, _context: &PageContext<'_>) -> Margin {
        Margin {
            left: 20,
            right: 12,
            top: 12,
            bottom: 8,
        }
    }

    fn least_size(&self) -> eframe::egui::Vec2 {
        theme::LEAST_SERIAL.into()
    }

    fn paused(&self) -> Option<bool> {
        Some(self.lines.is_paused())
    }

    fn set_paused(&mut self, paused: bool) {
        self.lines.pause(paused);
    }

    fn contents(&mut self, ui: &mut Ui, context: &PageContext<'_>) {
        self.shown.store(true, Ordering::Relaxed);
        self.bar.follow(ui);
        self.update();
        self.heading(ui, context);
        ui.add_space(HALF);
        let (monitored, is_open) = (self.monitored.is_some(), self.is_open());
        if let Some(request) = self.bar.show(ui, monitored, is_open) {
            self.carry_out(ui, request);
        }
        ui.add_space(HALF);
        if self.monitored.is_none() && self.lines.len() == 0 {
            return self.nothing_open(ui);
        }
        self.filters(ui);
        ui.add_space(UNIT);
        let below = Frame::new().fill(palette(ui).ground).inner_margin(Margin {
            top: 8,
            ..Margin::ZERO
        });
        Panel::bottom("send")
            .frame(below)
            .show(ui, |ui| self.send(ui));
        self.details(ui, context, below);
        CentralPanel::default()
            .frame(Frame::new())
            .show(ui, |ui| self.list(ui, context));
    }
}

impl SerialPage {
    /// The title, the state of the port, and what can be done with the list.
    fn heading(&mut self, ui: &mut Ui, context: &PageContext<'_>) {
        ui.horizontal(|ui| {
            ui.heading("Serial monitor");
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                self.buttons(ui, context);
                ui.add_space(HALF);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.add_space(UNIT);
                    self.state(ui);
                });
            });
        });
    }

    fn buttons(&mut self, ui: &mut Ui, context: &PageContext<'_>) {
        let shown = self.lines.shown();
        let save = ui.add_enabled(shown > 0, Button::new("Save…"));
        if save
            .on_hover_text("Save the lines of the list as text")
            .clicked()
        {
            let lines = SavedLines {
                lines: self.lines.all_shown(),
                zone: context.zone.clone(),
            };
            context.push(Task::File(FileTask::SaveOutput(Content::new(lines))));
        }
        let clear = ui.add_enabled(self.lines.len() > 0, Button::new("Clear"));
        if clear.on_hover_text("Clear the list").clicked() {
            self.lines.clear();
            self.selected = None;
            ui.ctx().request_repaint();
        }
        let (sign, word, hint) = match self.lines.is_paused() {
            false => (icon::PAUSE, "Pause", "Pause the list; no line is lost"),
            true => (icon::PLAY, "Resume", "Show new lines"),
        };
        let pause = ui.add(Button::new(format!("{sign} {word}")));
        pause.widget_info(|| WidgetInfo::labeled(Role::Button, true, word));
        if pause.on_hover_text(hint).clicked() {
            self.lines.pause(!self.lines.is_paused());
            ui.ctx().request_repaint();
        }
        let newer = self.lines.newer();
        if newer > 0 {
            let words = format!("{} new", text::grouped(newer as u64));
            text_line::label(ui, &words, &words, theme::body(), palette(ui).underway);
        }
    }

    /// The state of the port.
    fn state(&self, ui: &mut Ui) {
        let palette = palette(ui);
        let (sign, words, color) = match (&self.problem, &self.monitored) {
            (Some(problem), _) => (icon::X_CIRCLE, text::capitalized(problem), palette.bad),
            (None, Some(monitored)) => {
                let (sign, color) = sign_of(palette, &monitored.state);
                (sign, text::capitalized(&monitored.state.to_string()), color)
            }
            (None, None) => return,
        };
        let shown = format!("{sign}  {words}");
        text_line::label(ui, &shown, &words, theme::body(), color).on_hover_text(&words);
    }

    fn filters(&mut self, ui: &mut Ui) {
        ui.horizontal_wrapped(|ui| {
            let edit = TextEdit::singleline(&mut self.filter.text)
                .hint_text("Search lines")
                .desired_width(208.0)
                .align(Align2::LEFT_CENTER)
                .min_size(vec2(0.0, theme::LINE));
            ui.add(edit).accessible_name("Search lines");
            for (kind, word) in Kind::ALL {
                let shown = !self.filter.hidden.contains(&kind);
                if ui.add(Button::selectable(shown, word)).clicked() {
                    if shown {
                        self.filter.hidden.push(kind);
                    } else {
                        self.filter.hidden.retain(|hidden| *hidden != kind);
                    }
                }
            }
            let words = self.summary();
            text_line::label(ui, &words, &words, theme::body(), palette(ui).weak);
        });
        self.lines.set_filter(&self.filter);
    }

    /// How many lines, resets and panics there are.
    fn summary(&self) -> String {
        let (shown, all) = (self.lines.shown() as u64, self.lines.len() as u64);
        let mut words = match shown == all {
            true => text::count(all, "line"),
            false => format!("{} of {}", text::grouped(shown), text::count(all, "line")),
        };
        let counts = self.lines.counts();
        for (count, noun) in [(counts.resets, "reset"), (counts.panics, "panic")] {
            if count > 0 {
                words.push_str(&format!(", {}", text::count(count, noun)));
            }
        }
        if self.lines.dropped() > 0 {
            let dropped = text::grouped(self.lines.dropped());
            words.push_str(&format!("; {dropped} older ones dropped"));
        }
        words
    }

    fn send(&mut self, ui: &mut Ui) {
        let is_open = self.is_open();
        if let (Some(line), Some(monitored)) = (self.sender.show(ui, is_open), &self.monitored) {
            monitored.monitor.send(&line);
        }
    }

    /// The lines, oldest first, and the newest in view.
    fn list(&mut self, ui: &mut Ui, context: &FrameContext) {
        let shown = self.lines.shown();
        if shown == 0 {
            let words = match self.lines.len() {
                0 => "No lines yet. Reset the board to see how it starts.",
                _ => "No line matches.",
            };
            text_line::label(ui, words, words, theme::body(), palette(ui).weak);
            return;
        }
        self.arrows(ui, shown);
        ui.spacing_mut().item_spacing.y = 0.0;
        let mut area = ScrollArea::vertical()
            .id_salt("lines")
            .auto_shrink(false)
            .stick_to_bottom(true);
        if std::mem::take(&mut self.reveal)
            && let Some(place) = self.selected.and_then(|line| self.lines.place(line))
        {
            let top = place as f32 * theme::PUSH_ROW;
            area = area.vertical_scroll_offset((top - ui.available_height() / 2.0).max(0.0));
        }
        let mut selected = self.selected;
        area.show_rows(ui, theme::PUSH_ROW, shown, |ui, places| {
            for place in places {
                let Some(line) = self.lines.at(place) else {
                    continue;
                };
                if row::show(ui, line, selected == Some(line.number), context) {
                    // A second click closes the details.
                    selected = Some(line.number).filter(|number| selected != Some(*number));
                }
            }
        });
        if selected != self.selected {
            self.selected = selected;
            ui.ctx().request_repaint();
        }
    }

    /// The arrow keys select another line, unless a widget has the focus.
    fn arrows(&mut self, ui: &Ui, shown: usize) {
        if ui.ctx().memory(|memory| memory.focused()).is_some() {
            return;
        }
        let (up, down) = ui.input(|input| {
            (
                input.key_pressed(Key::ArrowUp),
                input.key_pressed(Key::ArrowDown),
            )
        });
        if up == down {
            return;
        }
        let at = self.selected.and_then(|line| self.lines.place(line));
        let next = match (at, up) {
            (None, _) => shown.checked_sub(1),
            (Some(at), true) => at.checked_sub(1),
            (Some(at), false) => Some(at + 1).filter(|next| *next < shown),
        };
        if let Some(line) = next.and_then(|place| self.lines.at(place)) {
            self.selected = Some(line.number);
            self.reveal = true;
        }
    }

    /// The selected line in full.
    fn details(&mut self, ui: &mut Ui, context: &PageContext<'_>, frame: Frame) {
        let Some(line) = self.selected.and_then(|line| self.lines.get(line)).cloned() else {
            return;
        };
        let [least, first, most] = theme::SERIAL_DETAILS;
        Panel::bottom("line")
            .frame(frame)
            .resizable(true)
            .default_size(first)
            .size_range(least..=most)
            .show(ui, |ui| {
                ui.horizontal(|ui| {
                    let time = context.time_of_day(line.at);
                    text_line::label(ui, &time, &time, theme::strong(), palette(ui).text);
                    let copy = ui.add(Button::new(format!("{}  Copy", icon::COPY)));
                    copy.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Copy the line"));
                    if copy.clicked() {
                        context.push(WindowAction::CopyText(line.text.clone()));
                    }
                    if let Some(words) = &line.explanation {
                        text_line::label(ui, words, words, theme::body(), palette(ui).text);
                    }
                });
                ui.add_space(HALF);
                ScrollArea::vertical()
                    .id_salt("whole line")
                    .auto_shrink(false)
                    .show(ui, |ui| {
                        let words = RichText::new(&line.text).font(theme::monospace());
                        ui.add(Label::new(words).wrap().selectable(true));
                    });
            });
    }

    /// Instructions and the ports, while none was opened.
    fn nothing_open(&mut self, ui: &mut Ui) {
        ui.add_space(UNIT);
        ui.scope(|ui| {
            ui.set_max_width(theme::PROSE.min(ui.available_width()));
            let words = "See what a board prints, from its first line after a reset.";
            ui.label(RichText::new(words).font(theme::strong()));
            ui.add_space(HALF);
            let words = "Plug in the board with a cable that carries data, and open its port. \
                Resets and panics are marked. If the board is unplugged, the monitor waits and \
                continues when it is back.";
            ui.label(RichText::new(words).color(palette(ui).weak));
        });
        ui.add_space(UNIT);
        if let Some(path) = self.bar.list(ui) {
            self.carry_out(ui, PortRequest::Open(path));
        }
    }
}

/// The icon of a state, and its color.
fn sign_of(palette: &Palette, state: &MonitorState) -> (&'static str, Color32) {
    match state {
        MonitorState::Open { .. } => (icon::PLUGS_CONNECTED, palette.good),
        MonitorState::Opening => (icon::PLUGS, palette.underway),
        MonitorState::Unplugged => (icon::PLUGS, palette.doubtful),
        MonitorState::Lent { .. } => (icon::PAUSE, palette.underway),
        MonitorState::Failed { .. } => (icon::X_CIRCLE, palette.bad),
    }
}

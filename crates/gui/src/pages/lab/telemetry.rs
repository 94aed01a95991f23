//! The exercise "Telemetry": draws the samples of a board's `/telemetry`, and
//! shows their rate and where samples were lost.

use std::{collections::VecDeque, io, time::Duration};

use eframe::egui::{Button, Label, RichText, ScrollArea, Ui, WidgetInfo, accesskit::Role};
use web_time::Instant;

use super::{
    samples::Store,
    waveform::{self, View},
};
use crate::{
    model::{
        action::{Task, WindowAction},
        file_task::{Content, FileTask},
        frame_context::FrameContext,
        page_context::PageContext,
        sample_stream::SampleStream,
    },
    widgets::{
        icon, text_line,
        theme::{self, HALF, UNIT, palette},
    },
};
use fleet::BoardView;
use telemetry::{TelemetryCounts, TelemetryState, TelemetryUpdate};

/// The time ranges on the toolbar, in seconds.
const SPANS: [(f64, &str); 4] = [(1.0, "1 s"), (5.0, "5 s"), (15.0, "15 s"), (60.0, "60 s")];

/// Rates are averaged over this time.
const RATE_WINDOW: Duration = Duration::from_secs(5);

/// After this time without frames the rate is 0.
const IDLE_AFTER: Duration = Duration::from_secs(1);

/// A running subscription.
struct Subscription {
    stream: SampleStream,
    state: TelemetryState,
    counts: TelemetryCounts,
    /// Counts at the arrival of frames, over the last seconds.
    recent: VecDeque<(Instant, TelemetryCounts)>,
}

/// The page.
pub(super) struct Telemetry {
    subscription: Option<Subscription>,
    store: Store,
    span: f64,
    /// Where the view ends while it is paused.
    paused_at: Option<f64>,
    problem: Option<String>,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            subscription: None,
            store: Store::default(),
            span: 5.0,
            paused_at: None,
            problem: None,
        }
    }
}

impl Subscription {
    fn start(board: &BoardView, ui: &Ui) -> io::Result<Self> {
        Ok(Self {
            stream: SampleStream::start(board, ui.ctx())?,
            state: TelemetryState::Connecting,
            counts: TelemetryCounts::default(),
            recent: VecDeque::new(),
        })
    }

    fn update(&mut self, store: &mut Store, now: Instant) {
        let TelemetryUpdate {
            state,
            items,
            counts,
        } = self.stream.take(true);
        items.into_iter().for_each(|item| store.put(item));
        self.state = state;
        self.counts = counts;
        let old = |at: &Instant| now.saturating_duration_since(*at) > RATE_WINDOW;
        while self.recent.len() > 1 && self.recent.get(1).is_some_and(|(at, _)| old(at)) {
            self.recent.pop_front();
        }
        if self
            .recent
            .back()
            .is_none_or(|(_, before)| before.frames != counts.frames)
        {
            self.recent.push_back((now, counts));
        }
    }

    /// Samples, frames and bytes per second.
    fn rates(&self, now: Instant) -> Option<[f64; 3]> {
        let ((first, before), (last, counts)) = (self.recent.front()?, self.recent.back()?);
        if now.saturating_duration_since(*last) > IDLE_AFTER {
            return Some([0.0; 3]);
        }
        let seconds = last.saturating_duration_since(*first).as_secs_f64();
        if seconds < 0.5 {
            return None;
        }
        let per_second = |now: u64, before: u64| now.saturating_sub(before) as f64 / seconds;
        let now = counts;
        Some([
            per_second(now.samples, before.samples),
            per_second(now.frames, before.frames),
            per_second(now.bytes, before.bytes),
        ])
    }
}

impl Telemetry {
    /// Shows the page.
    pub(super) fn show(&mut self, ui: &mut Ui, board: &BoardView, context: &PageContext<'_>) {
        if self
            .subscription
            .as_ref()
            .is_some_and(|subscription| subscription.stream.board != board.key)
        {
            self.subscription = None;
            self.store = Store::default();
            self.paused_at = None;
        }
        // The board is back at another address.
        if self
            .subscription
            .as_ref()
            .is_some_and(|subscription| subscription.stream.address != board.address)
        {
            self.start(ui, board);
        }
        if let Some(subscription) = &mut self.subscription {
            subscription.update(&mut self.store, context.now);
            // Rates also fall while no frames arrive.
            context.again_in(Duration::from_millis(250));
        }
        self.toolbar(ui, context, board);
        ui.add_space(HALF);
        self.status(ui, context);
        ui.add_space(UNIT);
        self.plots(ui, context, board);
    }

    fn start(&mut self, ui: &Ui, board: &BoardView) {
        self.paused_at = None;
        match Subscription::start(board, ui) {
            Ok(subscription) => {
                self.subscription = Some(subscription);
                self.problem = None;
            }
            Err(error) => {
                self.subscription = None;
                self.problem = Some(format!("Could not start a thread: {error}"));
            }
        }
        ui.ctx().request_repaint();
    }

    fn toolbar(&mut self, ui: &mut Ui, context: &PageContext<'_>, board: &BoardView) {
        ui.horizontal_wrapped(|ui| {
            let (sign, word, hint) = match self.subscription {
                None => (icon::PLAY, "Start", "Open /telemetry of this board"),
                Some(_) => (
                    icon::STOP,
                    "Stop",
                    "Close /telemetry; the board then stops sampling",
                ),
            };
            if button(ui, sign, word, true, hint) {
                match self.subscription {
                    None => self.start(ui, board),
                    Some(_) => self.subscription = None,
                }
            }
            let (sign, word, hint) = match self.paused_at {
                None => (
                    icon::PAUSE,
                    "Pause",
                    "Pause the plots; new samples are kept for a minute",
                ),
                Some(_) => (icon::PLAY, "Resume", "Show new samples"),
            };
            let end = self.store.end();
            if button(ui, sign, word, end.is_some(), hint) {
                self.paused_at = if self.paused_at.is_none() { end } else { None };
            }
            ui.add_space(UNIT);
            for (span, word) in SPANS {
                let chosen = self.span == span;
                let choice = ui
                    .add(Button::selectable(chosen, word))
                    .on_hover_text("Show this time range");
                choice.widget_info(|| WidgetInfo::selected(Role::Button, true, chosen, word));
                if choice.clicked() {
                    self.span = span;
                }
            }
            ui.add_space(UNIT);
            let save = ui.add_enabled(end.is_some(), Button::new("Save CSV…"));
            if save
                .on_hover_text("Save the visible samples as a table")
                .clicked()
                && let Some(end) = self.paused_at.or(end)
            {
                let table = self.store.table(end - self.span, end);
                context.push(Task::File(FileTask::SaveSamples(Content::new(table))));
            }
        });
    }

    /// The state of the connection, the rates, and the losses.
    fn status(&self, ui: &mut Ui, context: &FrameContext) {
        let palette = palette(ui);
        let Some(subscription) = &self.subscription else {
            let words = self.problem.clone().unwrap_or_else(|| {
                "Press Start to open the board's /telemetry channel. It carries samples as binary \
                     frames. Each frame has a sequence number, so a gap in the numbers \
                     reveals a lost frame."
                    .to_owned()
            });
            let color = if self.problem.is_some() {
                palette.bad
            } else {
                palette.weak
            };
            ui.add(Label::new(RichText::new(words).color(color)).wrap());
            return;
        };
        let (sign, words, color) = match &subscription.state {
            TelemetryState::Connecting => ("○", "connecting".to_owned(), palette.underway),
            TelemetryState::Open => ("●", "receiving samples".to_owned(), palette.good),
            TelemetryState::Waiting { why } => (
                "△",
                format!("{}; reconnecting", text::plain(why)),
                palette.doubtful,
            ),
            TelemetryState::Refused { why } => ("×", text::plain(why), palette.bad),
        };
        let counts = &subscription.counts;
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = UNIT * 2.0;
            text_line::label(
                ui,
                &format!("{sign} {words}"),
                &format!("telemetry: {words}"),
                theme::body(),
                color,
            );
            if let Some([samples, frames, bytes]) = subscription.rates(context.now) {
                let words = format!("{samples:.0} samples/s");
                text_line::label(
                    ui,
                    &words,
                    &format!("rate: {words}"),
                    theme::body(),
                    palette.text,
                );
                let words = format!("{frames:.0} frames/s, {}/s", text::bytes(bytes));
                text_line::label(ui, &words, &words, theme::body(), palette.weak);
            }
            let all = format!("{} frames", text::grouped(counts.frames));
            text_line::label(
                ui,
                &all,
                &format!("received: {all}"),
                theme::body(),
                palette.weak,
            );
            let color_of = |count: u64| if count > 0 { palette.bad } else { palette.weak };
            let lost = format!("lost by the board: {}", text::count(counts.lost, "frame"));
            text_line::label(ui, &lost, &lost, theme::body(), color_of(counts.lost)).on_hover_text(
                "Frames whose sequence numbers are missing: they were not read fast enough, or \
                     the connection was down. The board never waits for a client.",
            );
            let dropped = format!("dropped here: {}", text::count(counts.dropped, "frame"));
            text_line::label(
                ui,
                &dropped,
                &dropped,
                theme::body(),
                color_of(counts.dropped),
            )
            .on_hover_text(
                "Frames that were received but discarded, because this page was hidden for \
                     minutes or the window was too slow.",
            );
            if counts.gaps > 0 {
                let gaps = format!("sampling paused: {}", text::count(counts.gaps, "time"));
                text_line::label(ui, &gaps, &gaps, theme::body(), palette.doubtful)
                    .on_hover_text("How often the board reported a pause in sampling");
            }
        });
    }

    fn plots(&self, ui: &mut Ui, context: &PageContext<'_>, board: &BoardView) {
        let channels = self.store.channels();
        let Some(end) = self.paused_at.or(self.store.end()) else {
            return;
        };
        let view = View {
            to: end,
            span: self.span,
        };
        let count = u16::try_from(channels.len().max(1)).unwrap_or(u16::MAX);
        let spacing = ui.spacing().item_spacing.y * 2.0;
        let each = (ui.available_height() - theme::LINE) / f32::from(count) - theme::LINE - spacing;
        let height = each.max(theme::PLOT_STRIP);
        ScrollArea::vertical()
            .id_salt("samples")
            .auto_shrink(false)
            .show(ui, |ui| {
                for (number, channel) in channels.iter().enumerate() {
                    let last = number + 1 == channels.len();
                    let height = if last { height + theme::LINE } else { height };
                    if waveform::show(ui, &self.store, number, channel, &view, height, last) {
                        let pin = context.model.channel_pin(board, &channel.name);
                        context.push(WindowAction::PlotChannel(pin));
                    }
                }
            });
    }
}

fn button(ui: &mut Ui, sign: &str, word: &str, enabled: bool, hint: &str) -> bool {
    let button = ui.add_enabled(enabled, Button::new(format!("{sign} {word}")));
    button.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, word));
    button.on_hover_text(hint).clicked()
}

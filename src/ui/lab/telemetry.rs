//! The exercise with samples: a board's `/telemetry` drawn as it comes, its
//! rate, and what of it was lost where.

use std::{
    collections::VecDeque,
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use eframe::egui::{Align, Button, Layout, RichText, ScrollArea, Ui, WidgetInfo, accesskit::Role};

use super::{
    super::{
        action::Action,
        board_choice,
        files::Errand,
        icon,
        model::Model,
        moment::Moment,
        text,
        theme::{self, HALF, UNIT, palette},
        words,
    },
    samples::Store,
    waves::{self, View},
};
use crate::{
    fleet::{BoardKey, BoardView},
    telemetry::{TelemetryClient, TelemetryCounts, TelemetryState, TelemetryUpdate},
};

/// How long the drawn time may be, in seconds.
const SPANS: [(f64, &str); 4] = [(1.0, "1 s"), (5.0, "5 s"), (15.0, "15 s"), (60.0, "60 s")];

/// A rate is one of the last so long.
const RATE_OVER: Duration = Duration::from_secs(5);

/// Where nothing came for so long, nothing comes.
const NOTHING: Duration = Duration::from_secs(1);

/// What is followed.
struct Run {
    board: BoardKey,
    address: String,
    following: TelemetryClient,
    /// The page is drawn: what arrives wakes the window, once.
    shown: Arc<AtomicBool>,
    state: TelemetryState,
    counts: TelemetryCounts,
    /// What was counted when frames came, of the last seconds.
    before: VecDeque<(Instant, TelemetryCounts)>,
}

/// The page.
pub(super) struct Telemetry {
    chosen: Option<BoardKey>,
    run: Option<Run>,
    store: Store,
    span: f64,
    /// Where it is held still.
    held: Option<f64>,
    problem: Option<String>,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            chosen: None,
            run: None,
            store: Store::default(),
            span: 5.0,
            held: None,
            problem: None,
        }
    }
}

impl Run {
    fn start(board: &BoardView, ui: &Ui) -> io::Result<Self> {
        let shown = Arc::new(AtomicBool::new(true));
        let (ctx, asked) = (ui.ctx().clone(), Arc::clone(&shown));
        let wake = Arc::new(move || {
            if asked.swap(false, Ordering::Relaxed) {
                ctx.request_repaint();
            }
        });
        let following = TelemetryClient::start(&board.address, wake)?;
        let (state, counts) = (TelemetryState::Connecting, TelemetryCounts::default());
        let address = board.address.clone();
        Ok(Self {
            board: board.key,
            address,
            following,
            shown,
            state,
            counts,
            before: VecDeque::new(),
        })
    }

    fn take_in(&mut self, store: &mut Store, now: Instant) {
        // Asked for before it is looked: what comes meanwhile wakes.
        self.shown.store(true, Ordering::Relaxed);
        let TelemetryUpdate {
            state,
            items,
            counts,
        } = self.following.take();
        items.into_iter().for_each(|item| store.put(item));
        self.state = state;
        self.counts = counts;
        let old = |at: &Instant| now.saturating_duration_since(*at) > RATE_OVER;
        while self.before.len() > 1 && self.before.get(1).is_some_and(|(at, _)| old(at)) {
            self.before.pop_front();
        }
        if self
            .before
            .back()
            .is_none_or(|(_, before)| before.frames != counts.frames)
        {
            self.before.push_back((now, counts));
        }
    }

    /// Samples, frames and bytes a second.
    fn rates(&self, now: Instant) -> Option<[f64; 3]> {
        let ((first, before), (last, counts)) = (self.before.front()?, self.before.back()?);
        if now.saturating_duration_since(*last) > NOTHING {
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
    /// Shows it.
    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        model: &Model,
        moment: &Moment,
        actions: &mut Vec<Action>,
    ) {
        let Some(board) = board_choice::shown(model, self.chosen).cloned() else {
            let words = "There is no board yet. A virtual board measures its supply a thousand \
                 times a second.";
            text::label(ui, words, words, theme::body(), palette(ui).weak);
            return;
        };
        self.chosen = Some(board.key);
        if self.run.as_ref().is_some_and(|run| run.board != board.key) {
            self.run = None;
            self.store = Store::default();
            self.held = None;
        }
        // It came back elsewhere.
        if self
            .run
            .as_ref()
            .is_some_and(|run| run.address != board.address)
        {
            self.start(ui, &board);
        }
        if let Some(run) = &mut self.run {
            run.take_in(&mut self.store, moment.now);
            // Rates fall to nothing too.
            moment.again_in(Duration::from_millis(250));
        }
        self.toolbar(ui, model, &board, actions);
        ui.add_space(HALF);
        self.facts(ui, moment);
        ui.add_space(UNIT);
        self.plots(ui);
    }

    fn start(&mut self, ui: &Ui, board: &BoardView) {
        self.held = None;
        match Run::start(board, ui) {
            Ok(run) => {
                self.run = Some(run);
                self.problem = None;
            }
            Err(error) => {
                self.run = None;
                self.problem = Some(format!("No thread to follow it: {error}"));
            }
        }
        ui.ctx().request_repaint();
    }

    fn toolbar(
        &mut self,
        ui: &mut Ui,
        model: &Model,
        board: &BoardView,
        actions: &mut Vec<Action>,
    ) {
        ui.horizontal(|ui| {
            self.chosen =
                board_choice::show(ui, "telemetry board", model, Some(board)).or(self.chosen);
            let (sign, word, hint) = match self.run {
                None => (icon::PLAY, "Start", "Open /telemetry of this board"),
                Some(_) => (
                    icon::STOP,
                    "Stop",
                    "Close /telemetry; the board then takes no samples",
                ),
            };
            if button(ui, sign, word, true, hint) {
                match self.run {
                    None => self.start(ui, board),
                    Some(_) => self.run = None,
                }
            }
            let (sign, word, hint) = match self.held {
                None => (
                    icon::PAUSE,
                    "Pause",
                    "Hold the plots still; what comes is kept for a minute",
                ),
                Some(_) => (icon::PLAY, "Resume", "Follow what comes"),
            };
            let end = self.store.end();
            if button(ui, sign, word, end.is_some(), hint) {
                self.held = if self.held.is_none() { end } else { None };
            }
            ui.add_space(UNIT);
            for (span, word) in SPANS {
                let chosen = self.span == span;
                let choice = ui
                    .add(Button::selectable(chosen, word))
                    .on_hover_text("How much is drawn");
                choice.widget_info(|| WidgetInfo::selected(Role::Button, true, chosen, word));
                if choice.clicked() {
                    self.span = span;
                }
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let save = ui.add_enabled(end.is_some(), Button::new("Save CSV…"));
                if save
                    .on_hover_text("Save the samples that are drawn as a table")
                    .clicked()
                    && let Some(end) = self.held.or(end)
                {
                    let table = self.store.table(end - self.span, end);
                    actions.push(Action::File(Errand::SaveSamples(Arc::new(table))));
                }
            });
        });
    }

    /// How the connection does, how fast samples come, and what was lost.
    fn facts(&self, ui: &mut Ui, moment: &Moment) {
        let palette = palette(ui);
        let Some(run) = &self.run else {
            let words = self.problem.clone().unwrap_or_else(|| {
                "Not followed. Samples come on a channel of their own, as binary frames; each has \
                     a number, so that a frame that is \
                 lost is seen."
                    .to_owned()
            });
            let color = if self.problem.is_some() {
                palette.bad
            } else {
                palette.weak
            };
            ui.label(RichText::new(words).color(color));
            return;
        };
        let (sign, words, color) = match &run.state {
            TelemetryState::Connecting => ("○", "connecting".to_owned(), palette.underway),
            TelemetryState::Open => ("●", "samples come".to_owned(), palette.good),
            TelemetryState::Waiting { why } => (
                "△",
                format!("{}; it is tried again", words::plain(why)),
                palette.doubtful,
            ),
            TelemetryState::Refused { why } => ("×", words::plain(why), palette.bad),
        };
        let counts = &run.counts;
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = UNIT * 2.0;
            text::label(
                ui,
                &format!("{sign} {words}"),
                &format!("telemetry: {words}"),
                theme::body(),
                color,
            );
            if let Some([samples, frames, bytes]) = run.rates(moment.now) {
                let words = format!("{samples:.0} samples/s");
                text::label(
                    ui,
                    &words,
                    &format!("rate: {words}"),
                    theme::body(),
                    palette.text,
                );
                let words = format!("{frames:.0} frames/s, {:.1} kB/s", bytes / 1_000.0);
                text::label(ui, &words, &words, theme::body(), palette.weak);
            }
            let all = format!("{} frames", counts.frames);
            text::label(
                ui,
                &all,
                &format!("arrived: {all}"),
                theme::body(),
                palette.weak,
            );
            let told = |count: u64| if count > 0 { palette.bad } else { palette.weak };
            let lost = format!("lost by the board: {}", words::count(counts.lost, "frame"));
            text::label(ui, &lost, &lost, theme::body(), told(counts.lost)).on_hover_text(
                "Their numbers are missing: they were not read fast enough, or the link was down. \
                     A board waits for nobody.",
            );
            let dropped = format!("dropped here: {}", words::count(counts.dropped, "frame"));
            text::label(ui, &dropped, &dropped, theme::body(), told(counts.dropped)).on_hover_text(
                "They arrived and were let go, because this page was not shown for minutes or the \
                     window was too slow.",
            );
            if counts.gaps > 0 {
                let gaps = format!("not sampled: {}", words::count(counts.gaps, "time"));
                text::label(ui, &gaps, &gaps, theme::body(), palette.doubtful)
                    .on_hover_text("The board says that it took no samples for a while");
            }
        });
    }

    fn plots(&self, ui: &mut Ui) {
        let channels = self.store.channels();
        let Some(end) = self.held.or(self.store.end()) else {
            return;
        };
        let view = View {
            to: end,
            span: self.span,
        };
        let count = u16::try_from(channels.len().max(1)).unwrap_or(u16::MAX);
        let spacing = ui.spacing().item_spacing.y * 2.0;
        let each =
            (ui.available_height() - theme::LINE) / f32::from(count) - theme::PUSH_ROW - spacing;
        let height = each.max(theme::PLOT_STRIP);
        ScrollArea::vertical()
            .id_salt("samples")
            .auto_shrink(false)
            .show(ui, |ui| {
                for (number, channel) in channels.iter().enumerate() {
                    let last = number + 1 == channels.len();
                    let height = if last { height + theme::LINE } else { height };
                    waves::show(ui, &self.store, number, channel, &view, height, last);
                }
            });
    }
}

fn button(ui: &mut Ui, sign: &str, word: &str, enabled: bool, hint: &str) -> bool {
    let button = ui.add_enabled(enabled, Button::new(format!("{sign} {word}")));
    button.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, word));
    button.on_hover_text(hint).clicked()
}

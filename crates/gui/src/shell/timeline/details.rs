//! What is below an unfolded row: of a command, what it caused, step by step;
//! of a batch, the result of each command.

use std::time::Duration;

use eframe::egui::{
    Button, ProgressBar, RichText, ScrollArea, TextFormat, Ui, WidgetInfo, accesskit::Role,
    text::LayoutJob,
};

use crate::{
    model::{
        action::WindowAction,
        batch::{SentBatch, SentStep},
        page_context::PageContext,
        timeline::{Content, TimelineRow},
    },
    widgets::{
        icon, text_line,
        theme::{self, UNIT, palette},
    },
};
use fleet::{BoardKey, LogEvent, Outcome, Trail};

/// The height of the steps of a command.
const STEPS: f32 = 36.0;

/// At most so many results of a batch are in view.
const RESULTS: usize = 8;

/// Whether there is something to unfold.
pub(super) fn has_some(context: &PageContext<'_>, row: &TimelineRow) -> bool {
    trail(row).is_some() || batch(context, row).is_some()
}

/// The height of the details.
pub(super) fn height(context: &PageContext<'_>, row: &TimelineRow) -> f32 {
    match batch(context, row) {
        Some(batch) => {
            let results = (batch.steps.len() + batch.absent.len()).min(RESULTS);
            let bar = if batch.tally().is_complete() {
                0.0
            } else {
                UNIT * 1.5
            };
            results as f32 * theme::LINE + UNIT + bar
        }
        None => STEPS,
    }
}

/// Shows the details.
pub(super) fn show(ui: &mut Ui, context: &PageContext<'_>, row: &TimelineRow) {
    if let Some(batch) = batch(context, row) {
        ui.indent("results", |ui| results(ui, batch));
    } else if let Some((trail, board)) = trail(row) {
        steps_line(ui, context, trail, board);
    }
}

fn trail(row: &TimelineRow) -> Option<(&Trail, BoardKey)> {
    let Content::Event(event) = &row.content else {
        return None;
    };
    match &event.entry.what {
        LogEvent::Command { trail, .. } => Some((trail, event.entry.board)),
        _ => None,
    }
}

fn batch<'a>(context: &PageContext<'a>, row: &TimelineRow) -> Option<&'a SentBatch> {
    match &row.content {
        Content::Act(act) => context.batches.get(act.batch?),
        Content::Event(_) => None,
    }
}

/// The steps of a command in the order of time: what it is, and the time since
/// the one before.
fn steps(trail: &Trail) -> Vec<(String, Option<Duration>)> {
    let push = match trail.seq {
        Some(seq) => format!("Push {seq} received"),
        None => "Push received".to_owned(),
    };
    let parts = [
        ("Request sent".to_owned(), trail.sent),
        ("Board responded".to_owned(), trail.answered),
        (push, trail.pushed),
    ];
    let mut parts: Vec<_> = parts
        .into_iter()
        .filter_map(|(what, at)| Some((what, at?)))
        .collect();
    parts.sort_by_key(|(_, at)| *at);
    let mut before = Duration::ZERO;
    let mut steps = vec![("Click".to_owned(), None)];
    for (what, at) in parts {
        steps.push((what, Some(at.saturating_sub(before))));
        before = at;
    }
    steps
}

/// Within this computer, steps take microseconds.
fn exact(time: Duration) -> String {
    match time.as_micros() {
        micros @ 0..100 => format!("{micros} µs"),
        _ => text::short(time),
    }
}

fn steps_line(ui: &mut Ui, context: &PageContext<'_>, trail: &Trail, board: BoardKey) {
    let palette = palette(ui);
    let steps = steps(trail);
    let mut name = Vec::new();
    let mut line = LayoutJob::default();
    let mut add = |words: &str, color| {
        line.append(words, UNIT, TextFormat::simple(theme::body(), color));
    };
    for (what, after) in &steps {
        match after {
            Some(after) => {
                let after = exact(*after);
                add(&format!("{} {after}", icon::ARROW_RIGHT), palette.weak);
                name.push(format!("{what} after {after}"));
            }
            None => name.push(what.clone()),
        }
        add(what, palette.text);
    }
    if steps.len() == 1 {
        add("nothing was sent", palette.weak);
        name.push("nothing was sent".to_owned());
    }
    ui.horizontal_centered(|ui| {
        ui.add_space(UNIT * 1.5);
        let line = ui.label(line);
        text_line::name_label(ui, &line, &name.join(", "));
        ui.add_space(UNIT);
        let frames = ui.add(Button::new("Frames"));
        let frames = frames.on_hover_text("Show the frames of this board");
        frames.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Show frames"));
        if frames.clicked() {
            context.push(WindowAction::ShowFrames(board));
        }
    });
}

/// The progress of a batch, then each result, failures first.
fn results(ui: &mut Ui, given: &SentBatch) {
    let tally = given.tally();
    ui.add_space(UNIT * 0.5);
    if !tally.is_complete() {
        let share = (tally.done + tally.failed) as f32 / tally.all.max(1) as f32;
        let bar = ui.add(ProgressBar::new(share).desired_height(UNIT));
        bar.widget_info(|| {
            let name = format!("{}: progress", given.title);
            WidgetInfo::labeled(Role::ProgressIndicator, true, name)
        });
        ui.add_space(UNIT * 0.5);
    }
    let rank = |step: &&SentStep| match &step.outcome {
        Some(Outcome::Done { .. }) => 2,
        None => 1,
        Some(_) => 0,
    };
    let mut steps: Vec<&SentStep> = given.steps.iter().collect();
    steps.sort_by_key(rank);
    let absent = given.absent.len();
    let area = ScrollArea::vertical()
        .id_salt(("results", given.number))
        .max_height(RESULTS as f32 * theme::LINE);
    area.show_rows(ui, theme::LINE, absent + steps.len(), |ui, rows| {
        for at in rows {
            match (given.absent.get(at), at.checked_sub(absent)) {
                (Some(name), _) => absent_row(ui, name),
                (None, Some(at)) => {
                    if let Some(step) = steps.get(at) {
                        result_row(ui, step);
                    }
                }
                _ => {}
            }
        }
    });
}

fn absent_row(ui: &mut Ui, name: &str) {
    ui.horizontal(|ui| {
        let sign = ui.label(RichText::new(icon::X_CIRCLE).color(palette(ui).bad));
        sign.widget_info(|| WidgetInfo::labeled(Role::Image, true, "failed"));
        ui.label(format!("{name}: the board is not available"));
    });
}

fn result_row(ui: &mut Ui, answered: &SentStep) {
    let palette = palette(ui);
    let (sign, color, meaning, words) = match &answered.outcome {
        None if answered.canceled => {
            let words = "canceled: not sent".to_owned();
            (icon::X, palette.weak, "canceled", words)
        }
        None => {
            let words = "pending".to_owned();
            (icon::CLOCK, palette.underway, "pending", words)
        }
        Some(outcome @ Outcome::Done { took, .. }) => {
            let words = format!("{} in {}", text::answer(outcome), text::short(*took));
            (icon::CHECK, palette.good, "done", words)
        }
        Some(outcome) => (icon::X_CIRCLE, palette.bad, "failed", text::answer(outcome)),
    };
    ui.horizontal(|ui| {
        let sign = ui.label(RichText::new(sign).color(color));
        sign.widget_info(|| WidgetInfo::labeled(Role::Image, true, meaning));
        let what = format!("{} {}", answered.name, answered.step.what);
        let row = ui.label(format!("{what}: {words}"));
        row.on_hover_text(format!("{what}: {words}"));
    });
}

//! Short messages in the lower right corner: what was done, what failed, the
//! progress of a batch. Successes disappear after a while; failures stay until
//! they are dismissed.

use std::time::{Duration, Instant};

use eframe::egui::{
    Align2, Area, Button, Frame, Id, Margin, Order, ProgressBar, RichText, ScrollArea, Ui,
    WidgetInfo, accesskit::Role, vec2,
};

use disk::settings::Page;

use crate::{
    model::{
        action::{BoardCommand, WindowAction},
        batch::{Batches, SentBatch, Tally},
        notice::{Notice, NoticeTarget},
        page_context::PageContext,
    },
    widgets::{
        icon,
        layout::left_of,
        theme::{self, HALF, UNIT, palette},
    },
};
use fleet::Outcome;

/// How long a success is shown.
const SHOWN: Duration = Duration::from_secs(6);

/// How long undo is offered.
const UNDO_OFFERED: Duration = Duration::from_secs(10);

/// How many toasts are shown at once; older ones are removed.
const MOST: usize = 5;

/// The content of a toast.
#[derive(Debug, Clone, PartialEq, Eq)]
enum About {
    Notice(Notice, Option<NoticeTarget>),
    /// Links of boards that were not shown; there is one such toast.
    Links(Notice, Option<NoticeTarget>),
    /// The batch with this number.
    Batch(u64),
}

#[derive(Debug)]
struct Toast {
    number: u64,
    about: About,
    /// When it disappears; set once it is shown and complete.
    until: Option<Instant>,
    /// Whether the results of a batch are listed.
    unfolded: bool,
}

/// The toasts.
#[derive(Debug, Default)]
pub(crate) struct Toasts {
    next: u64,
    shown: Vec<Toast>,
}

impl Toasts {
    /// Shows a message.
    pub(crate) fn notify(&mut self, notice: Notice) {
        self.notify_with_target(notice, None);
    }

    /// Shows a message with a link to what it is about.
    pub(crate) fn notify_with_target(&mut self, notice: Notice, lead: Option<NoticeTarget>) {
        self.add(About::Notice(notice, lead));
    }

    /// Replaces the message about links of boards that are not shown.
    pub(crate) fn links(&mut self, news: Option<(Notice, Option<NoticeTarget>)>) {
        self.shown
            .retain(|toast| !matches!(toast.about, About::Links(..)));
        if let Some((notice, lead)) = news {
            self.add(About::Links(notice, lead));
        }
    }

    /// Whether this toast is about links.
    pub(crate) fn is_of_links(&self, number: u64) -> bool {
        self.shown
            .iter()
            .any(|toast| toast.number == number && matches!(toast.about, About::Links(..)))
    }

    /// Shows the progress of a batch.
    pub(crate) fn follow(&mut self, batch: u64) {
        self.add(About::Batch(batch));
    }

    /// Removes the offers to undo this act.
    pub(crate) fn withdraw_undo(&mut self, number: u64) {
        self.shown.retain(|toast| match toast.about {
            About::Notice(Notice::Undoable(_, act), _) => act != number,
            _ => true,
        });
    }

    /// Whether the progress of a batch is shown.
    pub(crate) fn follows(&self, batch: u64) -> bool {
        self.shown
            .iter()
            .any(|toast| toast.about == About::Batch(batch))
    }

    fn add(&mut self, about: About) {
        // A repeated message counts as new.
        self.shown.retain(|toast| toast.about != about);
        if self.shown.len() == MOST {
            self.shown.remove(0);
        }
        self.shown.push(Toast {
            number: self.next,
            about,
            until: None,
            unfolded: false,
        });
        self.next += 1;
    }

    /// Removes a toast.
    pub(crate) fn dismiss(&mut self, number: u64) {
        self.shown.retain(|toast| toast.number != number);
    }

    /// Shows them above everything except dialogs.
    pub(crate) fn show(&mut self, ui: &Ui, context: &PageContext<'_>) {
        self.shown
            .retain(|toast| toast.until.is_none_or(|until| until > context.now));
        if self.shown.is_empty() {
            return;
        }
        let area = Area::new(Id::unique("toasts")).order(Order::Foreground);
        let corner = vec2(-UNIT * 2.0, -UNIT * 2.0);
        let response = area
            .anchor(Align2::RIGHT_BOTTOM, corner)
            .show(ui.ctx(), |ui| {
                ui.set_width(
                    theme::TOAST_WIDTH.min(left_of(ui.ctx().content_rect().width(), UNIT * 4.0)),
                );
                for toast in &mut self.shown {
                    let frame = Frame::popup(ui.style()).inner_margin(Margin::symmetric(14, 10));
                    frame.show(ui, |ui| {
                        ui.set_width(ui.available_width());
                        toast.show(ui, context);
                    });
                    ui.add_space(HALF);
                }
            });
        let held = response.response.contains_pointer();
        for toast in &mut self.shown {
            if !toast.disappears(context.batches) {
                toast.until = None;
            } else if held || toast.until.is_none() {
                toast.until = Some(context.now + toast.lasts());
            }
            if let Some(until) = toast.until {
                context.again_in(until.saturating_duration_since(context.now));
            }
        }
    }
}

impl Toast {
    /// How long it is shown.
    fn lasts(&self) -> Duration {
        match self.about {
            About::Notice(Notice::Undoable(..), _) => UNDO_OFFERED,
            _ => SHOWN,
        }
    }

    fn disappears(&self, batches: &Batches) -> bool {
        match &self.about {
            About::Notice(notice, _) | About::Links(notice, _) => {
                !matches!(notice, Notice::Failed(_))
            }
            About::Batch(batch) => {
                let tally = batches
                    .get(*batch)
                    .map(SentBatch::tally)
                    .unwrap_or_default();
                tally.is_complete() && tally.failed == 0 && !self.unfolded
            }
        }
    }

    fn show(&mut self, ui: &mut Ui, context: &PageContext<'_>) {
        let palette = palette(ui);
        let (sign, color, meaning, words) = match &self.about {
            About::Notice(notice, _) | About::Links(notice, _) => match notice {
                Notice::Done(words) => (icon::CHECK_CIRCLE, palette.good, "done", words.clone()),
                Notice::Failed(words) => (icon::WARNING, palette.bad, "failed", words.clone()),
                Notice::Undoable(words, _) => {
                    (icon::CHECK_CIRCLE, palette.good, "done", words.clone())
                }
            },
            About::Batch(number) => match context.batches.get(*number) {
                Some(given) => batch_words(ui, given),
                None => (
                    icon::CHECK_CIRCLE,
                    palette.weak,
                    "done",
                    "An earlier batch".to_owned(),
                ),
            },
        };
        ui.horizontal_top(|ui| {
            let sign = ui.label(RichText::new(sign).color(color).size(theme::size::ICON));
            sign.widget_info(|| WidgetInfo::labeled(Role::Image, true, meaning));
            // The text has a fixed width: a height that depends on the
            // remaining room would never settle.
            let close = theme::LINE + UNIT;
            let room = left_of(ui.available_width(), close + ui.spacing().item_spacing.x);
            ui.vertical(|ui| {
                ui.set_width(room);
                ui.label(RichText::new(&words).color(palette.text));
            });
            ui.spacing_mut().button_padding.x = theme::HALF;
            let close = ui.add(
                Button::new(icon::X)
                    .frame_when_inactive(false)
                    .min_size(vec2(close, 0.0)),
            );
            let close = close.on_hover_text("Dismiss this message");
            close.widget_info(|| {
                WidgetInfo::labeled(Role::Button, true, format!("Dismiss: {words}"))
            });
            if close.clicked() {
                context.push(WindowAction::Dismiss(self.number));
            }
        });
        if let About::Notice(_, Some(lead)) | About::Links(_, Some(lead)) = self.about {
            let show = ui.add(Button::new(format!("{} Show", icon::ARROW_RIGHT)));
            show.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Show: {words}")));
            if show.clicked() {
                context.push(match lead {
                    NoticeTarget::Board(board) => WindowAction::Show {
                        board,
                        component: None,
                    },
                    NoticeTarget::Boards => WindowAction::ShowPage(Page::Boards),
                });
                context.push(WindowAction::Dismiss(self.number));
            }
        }
        if let About::Notice(Notice::Undoable(_, act), _) = self.about
            && let Some(act) = context.history.get(act)
            && act.can_be_undone()
        {
            let undo = ui.add(Button::new(format!(
                "{} Undo",
                icon::ARROW_COUNTER_CLOCKWISE
            )));
            let undo = undo.on_hover_text("Undo this (Ctrl+Z)");
            undo.widget_info(|| {
                WidgetInfo::labeled(Role::Button, true, format!("{}: undo", act.title))
            });
            if undo.clicked() {
                context.push(WindowAction::Undo(Some(act.number)));
                context.push(WindowAction::Dismiss(self.number));
            }
        }
        if let About::Batch(number) = self.about
            && let Some(given) = context.batches.get(number)
        {
            self.batch(ui, given, context);
        }
    }

    fn batch(&mut self, ui: &mut Ui, given: &SentBatch, context: &PageContext<'_>) {
        let tally = given.tally();
        if !tally.is_complete() {
            let share = (tally.done + tally.failed) as f32 / tally.all.max(1) as f32;
            let bar = ui.add(ProgressBar::new(share).desired_height(UNIT));
            bar.widget_info(|| {
                WidgetInfo::labeled(
                    Role::ProgressIndicator,
                    true,
                    format!("{}: progress", given.title),
                )
            });
        }
        ui.horizontal(|ui| {
            if !tally.is_complete() {
                let cancel = ui.add(Button::new(format!("{} Cancel", icon::X)));
                let cancel =
                    cancel.on_hover_text("Stop sending; commands already sent will finish");
                cancel.widget_info(|| {
                    WidgetInfo::labeled(Role::Button, true, format!("{}: cancel", given.title))
                });
                if cancel.clicked() {
                    context.push(BoardCommand::Cancel(given.number));
                }
            }
            let act = context.history.of_batch(given.number);
            if let Some(act) = act.filter(|act| act.can_be_undone()) {
                let undo = ui.add(Button::new(format!(
                    "{} Undo",
                    icon::ARROW_COUNTER_CLOCKWISE
                )));
                let undo = undo.on_hover_text("Restore the previous state (Ctrl+Z)");
                undo.widget_info(|| {
                    WidgetInfo::labeled(Role::Button, true, format!("{}: undo", given.title))
                });
                if undo.clicked() {
                    context.push(WindowAction::Undo(Some(act.number)));
                }
            }
            let word = if self.unfolded {
                "Hide results"
            } else {
                "Results"
            };
            let answers = ui.add(Button::selectable(self.unfolded, word));
            answers.widget_info(|| {
                WidgetInfo::selected(
                    Role::Button,
                    true,
                    self.unfolded,
                    format!("{}: results", given.title),
                )
            });
            if answers.clicked() {
                self.unfolded = !self.unfolded;
            }
        });
        if self.unfolded {
            answers(ui, given);
        }
    }
}

fn batch_words(
    ui: &Ui,
    given: &SentBatch,
) -> (&'static str, eframe::egui::Color32, &'static str, String) {
    let palette = palette(ui);
    let Tally {
        all,
        done,
        failed,
        canceled,
    } = given.tally();
    let words = match (given.tally().is_complete(), failed) {
        (true, _) if canceled > 0 => format!("{}: canceled; {done} of {all} done", given.title),
        (false, _) => format!("{}: {done} of {all} done", given.title),
        (true, 0) => format!("{}: done", given.title),
        (true, _) => format!("{}: {done} of {all} done, {failed} failed", given.title),
    };
    match (given.tally().is_complete(), failed) {
        (false, 0) => (icon::CLOCK, palette.underway, "pending", words),
        (true, 0) => (icon::CHECK_CIRCLE, palette.good, "done", words),
        _ => (icon::WARNING, palette.bad, "failed", words),
    }
}

/// Each result, failures first.
fn answers(ui: &mut Ui, given: &SentBatch) {
    let palette = palette(ui);
    let rank = |outcome: &Option<Outcome>| match outcome {
        Some(Outcome::Done { .. }) => 2,
        None => 1,
        Some(_) => 0,
    };
    let mut steps: Vec<_> = given.steps.iter().collect();
    steps.sort_by_key(|answered| rank(&answered.outcome));
    ui.add_space(HALF);
    let area = ScrollArea::vertical()
        .id_salt(("answers", given.number))
        .max_height(theme::ANSWERS_HEIGHT);
    let absent = given.absent.len();
    area.show_rows(ui, theme::LINE, absent + steps.len(), |ui, rows| {
        for at in rows {
            if let Some(name) = given.absent.get(at) {
                ui.horizontal(|ui| {
                    let sign = ui.label(RichText::new(icon::X_CIRCLE).color(palette.bad));
                    sign.widget_info(|| WidgetInfo::labeled(Role::Image, true, "failed"));
                    let words = format!("{name}: the board is not available");
                    ui.label(&words).on_hover_text(&words);
                });
                continue;
            }
            let Some(answered) = steps.get(at - absent) else {
                continue;
            };
            let (sign, color, meaning, words) = match &answered.outcome {
                None if answered.canceled => (
                    icon::X,
                    palette.weak,
                    "canceled",
                    "canceled: not sent".to_owned(),
                ),
                None => (
                    icon::CLOCK,
                    palette.underway,
                    "pending",
                    "pending".to_owned(),
                ),
                Some(outcome @ Outcome::Done { took, .. }) => (
                    icon::CHECK,
                    palette.good,
                    "done",
                    format!("{} in {}", text::answer(outcome), text::short(*took)),
                ),
                Some(outcome) => (icon::X_CIRCLE, palette.bad, "failed", text::answer(outcome)),
            };
            ui.horizontal(|ui| {
                let sign = ui.label(RichText::new(sign).color(color));
                sign.widget_info(|| WidgetInfo::labeled(Role::Image, true, meaning));
                let what = format!("{} {}", answered.name, answered.step.what);
                let row = ui.label(RichText::new(format!("{what}: {words}")));
                row.on_hover_text(format!("{what}: {words}"));
            });
        }
    });
}

//! Short messages at the top: what was done out of sight, what failed there. At
//! most one is shown, and none about what the timeline shows anyway. Successes
//! disappear after a while; failures stay until they are dismissed or resolved.

use std::time::Duration;

use eframe::egui::{
    Align2, Area, Button, Color32, Frame, Id, Margin, Order, RichText, Ui, WidgetInfo,
    accesskit::{Live, Role},
    vec2,
};
use protocol::ComponentKey;
use web_time::Instant;

use disk::settings::Page;

use crate::{
    model::{
        action::WindowAction,
        batch::SentBatch,
        notice::{Notice, NoticeTarget},
        page_context::PageContext,
    },
    shell::timeline::state_of,
    widgets::{
        icon,
        layout::{WindowSize, left_of},
        theme::{self, UNIT, palette},
    },
};
use fleet::BoardKey;

/// How long a success is shown.
const SHOWN: Duration = Duration::from_secs(6);

/// How long undo is offered.
const UNDO_OFFERED: Duration = Duration::from_secs(10);

/// How many messages wait; older ones are removed.
const MOST: usize = 5;

/// The content of a toast.
#[derive(Debug, Clone, PartialEq, Eq)]
enum About {
    Notice(Notice, Option<NoticeTarget>),
    /// Links of boards that were not shown; there is one such toast.
    Links(Notice, Option<NoticeTarget>),
    /// A command that failed, for this component of this board.
    Command(Notice, BoardKey, Option<ComponentKey>),
    /// The batch with this number, if it fails.
    Batch(u64),
}

#[derive(Debug)]
struct Toast {
    number: u64,
    about: About,
    /// When it disappears; set once it is shown.
    until: Option<Instant>,
}

/// The toasts.
#[derive(Debug, Default)]
pub(crate) struct Toasts {
    next: u64,
    /// The last one that has something to say is shown.
    waiting: Vec<Toast>,
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
        self.waiting
            .retain(|toast| !matches!(toast.about, About::Links(..)));
        if let Some((notice, lead)) = news {
            self.add(About::Links(notice, lead));
        }
    }

    /// Whether this toast is about links.
    pub(crate) fn is_of_links(&self, number: u64) -> bool {
        self.waiting
            .iter()
            .any(|toast| toast.number == number && matches!(toast.about, About::Links(..)))
    }

    /// A command failed out of sight.
    pub(crate) fn command_failed(
        &mut self,
        words: String,
        board: BoardKey,
        component: Option<ComponentKey>,
    ) {
        self.add(About::Command(Notice::Failed(words), board, component));
    }

    /// A later command for the same component succeeded.
    pub(crate) fn command_done(&mut self, board: BoardKey, component: Option<&ComponentKey>) {
        self.waiting.retain(|toast| match &toast.about {
            About::Command(_, of, failed) => *of != board || failed.as_ref() != component,
            _ => true,
        });
    }

    /// Says so if this batch fails.
    pub(crate) fn follow(&mut self, batch: u64) {
        self.add(About::Batch(batch));
    }

    /// Removes the offers to undo this act.
    pub(crate) fn withdraw_undo(&mut self, number: u64) {
        self.waiting.retain(|toast| match toast.about {
            About::Notice(Notice::Undoable(_, act), _) => act != number,
            _ => true,
        });
    }

    /// Whether a failure of this batch is shown.
    pub(crate) fn follows(&self, batch: u64) -> bool {
        self.waiting
            .iter()
            .any(|toast| toast.about == About::Batch(batch))
    }

    fn add(&mut self, about: About) {
        // A repeated message counts as new.
        self.waiting.retain(|toast| toast.about != about);
        if self.waiting.len() == MOST {
            self.waiting.remove(0);
        }
        self.waiting.push(Toast {
            number: self.next,
            about,
            until: None,
        });
        self.next += 1;
    }

    /// Removes a toast.
    pub(crate) fn dismiss(&mut self, number: u64) {
        self.waiting.retain(|toast| toast.number != number);
    }

    /// Removes what is over, and what the timeline shows: `in_timeline` is
    /// whether it shows what happens on all boards. Returns whether a message
    /// about links was removed for that.
    pub(crate) fn settle(&mut self, context: &PageContext<'_>, in_timeline: bool) -> bool {
        let mut links = false;
        self.waiting.retain(|toast| {
            let stays = toast.until.is_none_or(|until| until > context.now)
                && !toast.is_settled(context)
                && !(in_timeline && toast.is_of_timeline(context));
            links |= !stays && in_timeline && matches!(toast.about, About::Links(..));
            stays
        });
        links
    }

    /// Shows the newest that has something to say.
    pub(crate) fn show(&mut self, ui: &Ui, context: &PageContext<'_>) {
        let newest = |toast: &&mut Toast| toast.words(context).is_some();
        if let Some(toast) = self.waiting.iter_mut().rev().find(newest) {
            toast.show_at_top(ui, context);
        }
    }
}

impl Toast {
    /// How long it is shown; `None`: until it is dismissed or resolved.
    fn lasts(&self) -> Option<Duration> {
        match &self.about {
            About::Notice(Notice::Undoable(..), _) => Some(UNDO_OFFERED),
            About::Notice(Notice::Done(_), _) | About::Links(Notice::Done(_), _) => Some(SHOWN),
            _ => None,
        }
    }

    /// Whether it is about something that the timeline shows.
    fn is_of_timeline(&self, context: &PageContext<'_>) -> bool {
        match &self.about {
            About::Notice(..) => false,
            About::Links(..) | About::Command(..) => true,
            About::Batch(batch) => context
                .batches
                .get(*batch)
                .is_some_and(|batch| batch.tally().is_complete()),
        }
    }

    /// Whether nothing is left to say.
    fn is_settled(&self, context: &PageContext<'_>) -> bool {
        let About::Batch(batch) = &self.about else {
            return false;
        };
        context.batches.get(*batch).is_none_or(|batch| {
            let tally = batch.tally();
            tally.is_complete() && (tally.failed == 0 || context.batches.made_up_for(batch))
        })
    }

    /// The sign, its color and meaning, and the text; `None` while there is
    /// nothing to say.
    fn words<'a>(
        &'a self,
        context: &PageContext<'a>,
    ) -> Option<(&'a Notice, Option<&'a SentBatch>)> {
        match &self.about {
            About::Notice(notice, _) | About::Links(notice, _) | About::Command(notice, ..) => {
                Some((notice, None))
            }
            About::Batch(number) => {
                static FAILED: Notice = Notice::Failed(String::new());
                let batch = context.batches.get(*number)?;
                let tally = batch.tally();
                (tally.is_complete() && tally.failed > 0).then_some((&FAILED, Some(batch)))
            }
        }
    }

    fn show_at_top(&mut self, ui: &Ui, context: &PageContext<'_>) {
        let lasts = self.lasts();
        let bar = theme::TOP_BAR[usize::from(!WindowSize::is_compact(ui.ctx()))];
        let area = Area::new(Id::unique("toast")).order(Order::Foreground);
        let response =
            area.anchor(Align2::CENTER_TOP, vec2(0.0, bar + UNIT))
                .show(ui.ctx(), |ui| {
                    let most = left_of(ui.ctx().content_rect().width(), UNIT * 4.0);
                    ui.set_width(theme::TOAST_WIDTH.min(most));
                    let frame = Frame::popup(ui.style()).inner_margin(Margin::symmetric(14, 8));
                    frame.show(ui, |ui| {
                        ui.set_width(ui.available_width());
                        self.contents(ui, context);
                    });
                });
        let held = response.response.contains_pointer();
        if let Some(lasts) = lasts
            && (held || self.until.is_none())
        {
            self.until = Some(context.now + lasts);
        }
        if let Some(until) = self.until {
            context.again_in(until.saturating_duration_since(context.now));
        }
    }

    fn contents(&self, ui: &mut Ui, context: &PageContext<'_>) {
        let Some((notice, batch)) = self.words(context) else {
            return;
        };
        let palette = palette(ui);
        let (sign, color, meaning, words) = match (batch, notice) {
            (Some(batch), _) => {
                let words = match batch.only_outcome() {
                    Some(outcome) => format!("{}: {}", batch.title, text::answer(outcome)),
                    None => format!("{}: {}", batch.title, state_of(palette, batch).2),
                };
                (icon::WARNING, palette.bad, "failed", words)
            }
            (_, Notice::Failed(words)) => (icon::WARNING, palette.bad, "failed", words.clone()),
            (_, Notice::Done(words) | Notice::Undoable(words, _)) => {
                (icon::CHECK_CIRCLE, palette.good, "done", words.clone())
            }
        };
        ui.horizontal_top(|ui| {
            show_sign(ui, sign, color, meaning);
            // The text has a fixed width: a height that depends on the
            // remaining room would never settle.
            let close = theme::LINE + UNIT;
            let action = self.action(context);
            let button = if action.is_some() { 96.0 } else { 0.0 };
            let room = left_of(
                ui.available_width(),
                close + button + ui.spacing().item_spacing.x * 2.0,
            );
            ui.vertical(|ui| {
                ui.set_width(room);
                let label = ui.label(RichText::new(&words).color(palette.text));
                let live = match notice {
                    Notice::Failed(_) => Live::Assertive,
                    Notice::Done(_) | Notice::Undoable(..) => Live::Polite,
                };
                ui.ctx()
                    .accesskit_node_builder(label.id, |node| node.set_live(live));
            });
            if let Some((icon, word, name, action)) = action {
                let button = ui.add(Button::new(format!("{icon} {word}")));
                let name = name.unwrap_or_else(|| format!("{word}: {words}"));
                button.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
                if button.clicked() {
                    context.push(action);
                    context.push(WindowAction::Dismiss(self.number));
                }
            }
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
    }

    /// What can be done about it: an icon, a word, the accessible name if it is
    /// another than the word and the message, and the action.
    fn action(
        &self,
        context: &PageContext<'_>,
    ) -> Option<(&'static str, &'static str, Option<String>, WindowAction)> {
        let show = |action| Some((icon::ARROW_RIGHT, "Show", None, action));
        match &self.about {
            About::Notice(Notice::Undoable(_, act), _) => {
                let act = context.history.get(*act)?;
                act.can_be_undone().then(|| {
                    (
                        icon::ARROW_COUNTER_CLOCKWISE,
                        "Undo",
                        Some(format!("{}: undo", act.title)),
                        WindowAction::Undo(Some(act.number)),
                    )
                })
            }
            About::Notice(_, lead) | About::Links(_, lead) => show(match (*lead)? {
                NoticeTarget::Board(board) => WindowAction::Show {
                    board,
                    component: None,
                },
                NoticeTarget::Boards => WindowAction::ShowPage(Page::Boards),
            }),
            About::Command(_, board, component) => show(WindowAction::Show {
                board: *board,
                component: component.clone(),
            }),
            About::Batch(batch) => show(WindowAction::ShowResults(*batch)),
        }
    }
}

fn show_sign(ui: &mut Ui, sign: &str, color: Color32, meaning: &str) {
    let sign = ui.label(RichText::new(sign).color(color).size(theme::size::ICON));
    sign.widget_info(|| WidgetInfo::labeled(Role::Image, true, meaning));
}

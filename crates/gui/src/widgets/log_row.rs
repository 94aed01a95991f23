//! A row about an event, in columns, alike in the timeline and on the page of
//! all activity. A click leads to the component.

use eframe::egui::{
    Align2, CursorIcon, FontId, Rect, Sense, Ui, WidgetInfo, accesskit::Role, pos2, vec2,
};
use protocol::State;

use crate::{
    model::{
        action::WindowAction,
        event_text::{EventText, component, event_text},
        page_context::PageContext,
    },
    widgets::{
        icon,
        layout::{between, left_of},
        status_icons, text_line,
        theme::{self, HALF, Palette, UNIT, palette},
    },
};
use fleet::{LogEntry, LogEvent, Outcome};

/// Rows of an endless list share this many ids, more than fit on a screen: a
/// debug build of egui keeps each id it has seen.
pub(crate) const NAMES: u64 = 4_096;

/// The widths of the columns in points: the caret, the time, the sign.
const CARET: f32 = 20.0;
const TIME: f32 = 88.0;
const SIGN: f32 = 20.0;

/// The shares of the other columns: board, component, what, who, time taken.
const SHARES: [f32; 5] = [0.17, 0.25, 0.32, 0.15, 0.11];

/// A row.
pub(crate) struct LogRow<'a> {
    /// The event.
    pub(crate) entry: &'a LogEntry,
    /// What a command or several changes were seen to change.
    pub(crate) change: Option<&'a State>,
    /// How many changes it stands for.
    pub(crate) changes: u32,
    /// Whether it names its board.
    pub(crate) with_board: bool,
    /// Whether it is unfolded; `None` if it cannot be.
    pub(crate) unfolded: Option<bool>,
}

impl<'a> LogRow<'a> {
    /// A row about one event.
    pub(crate) fn new(entry: &'a LogEntry, with_board: bool) -> Self {
        Self {
            entry,
            change: None,
            changes: 1,
            with_board,
            unfolded: None,
        }
    }

    /// Shows the row, one line high; returns whether its caret was clicked.
    pub(crate) fn show(&self, ui: &mut Ui, context: &PageContext<'_>) -> bool {
        let (entry, size) = (self.entry, vec2(ui.available_width(), theme::PUSH_ROW));
        // The board may have been forgotten.
        let leads = context.model.board(entry.board).is_some();
        let sense = if leads {
            Sense::click()
        } else {
            Sense::hover()
        };
        let salt = ("entry", entry.number % NAMES);
        ui.push_id(salt, |ui| {
            let (rect, response) = ui.allocate_exact_size(size, sense);
            let mut text = event_text(context.model, entry, self.change);
            if self.changes > 1 {
                text.timing = format!("{} changes", self.changes);
            }
            let name = text.in_one(&entry.board_name);
            text_line::name_label(ui, &response, &name);
            if response.clicked() {
                context.push(WindowAction::Show {
                    board: entry.board,
                    component: component(&entry.what).cloned(),
                });
            }
            let caret = between(rect.min, pos2(rect.left() + CARET, rect.bottom()));
            let toggled = self
                .unfolded
                .is_some_and(|open| show_caret(ui, caret, open, &name));
            if !ui.is_rect_visible(rect) {
                return toggled;
            }
            if leads && (response.hovered() || response.has_focus()) {
                ui.painter().rect_filled(
                    rect.expand2(vec2(HALF, 0.0)),
                    theme::CONTROL_RADIUS,
                    palette(ui).control,
                );
            }
            if let Some(open) = self.unfolded {
                paint_caret(ui, caret, open);
            }
            let time = text::time_of_day(entry.at, &context.zone);
            self.paint(ui, rect, &time, &text);
            let response = if leads {
                response.on_hover_cursor(CursorIcon::PointingHand)
            } else {
                response
            };
            response.on_hover_ui(|ui| {
                ui.label(&name);
                let hint = match leads {
                    true => "Click to show it",
                    false => "The board was forgotten",
                };
                ui.weak(format!("{time}. {hint}."));
            });
            toggled
        })
        .inner
    }

    fn paint(&self, ui: &Ui, rect: Rect, time: &str, text: &EventText) {
        let palette = palette(ui);
        let column = |left: f32, width: f32| {
            between(
                pos2(left, rect.top()),
                pos2(left + left_of(width, UNIT), rect.bottom()),
            )
        };
        let (small, body) = (theme::monospace_small(), theme::body());
        let mut left = rect.left() + CARET;
        text_line::paint(
            ui,
            column(left, TIME),
            Align2::LEFT_CENTER,
            time,
            small.clone(),
            palette.weak,
        );
        left += TIME;
        sign(ui, column(left, SIGN), self.entry);
        left += SIGN;
        let rest = left_of(rect.right(), left);
        let whole: f32 = if self.with_board {
            1.0
        } else {
            1.0 - SHARES[0]
        };
        let width = |at: usize| SHARES[at] / whole * rest;
        if self.with_board {
            let board = &self.entry.board_name;
            paint_left(
                ui,
                column(left, width(0)),
                board,
                body.clone(),
                palette.text,
            );
            left += width(0);
        }
        let field = column(left, width(1));
        let name = paint_left(ui, field, &text.subject, body.clone(), palette.text);
        let key = between(pos2(name.right() + UNIT, rect.top()), field.max);
        // A cut key says nothing.
        if !text.key.is_empty() && key.width() > 40.0 {
            paint_left(ui, key, &text.key, small, palette.weak);
        }
        left += width(1);
        let color = color(palette, &self.entry.what);
        paint_left(ui, column(left, width(2)), &text.what, body.clone(), color);
        left += width(2);
        paint_left(
            ui,
            column(left, width(3)),
            &text.who,
            body.clone(),
            palette.weak,
        );
        left += width(3);
        text_line::paint(
            ui,
            column(left, width(4)),
            Align2::RIGHT_CENTER,
            &text.timing,
            body,
            palette.weak,
        );
    }
}

fn paint_left(ui: &Ui, rect: Rect, text: &str, font: FontId, color: eframe::egui::Color32) -> Rect {
    text_line::paint(ui, rect, Align2::LEFT_CENTER, text, font, color)
}

/// The button that unfolds the row.
fn show_caret(ui: &Ui, rect: Rect, open: bool, name: &str) -> bool {
    let response = ui.interact(rect, ui.scope_id().with("details"), Sense::click());
    let label = format!("Details: {name}");
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, open, &label));
    let clicked = response.clicked();
    if response.has_focus() {
        ui.painter().rect_stroke(
            rect,
            theme::CONTROL_RADIUS,
            ui.visuals().selection.stroke,
            eframe::egui::StrokeKind::Inside,
        );
    }
    response.on_hover_text("Show what it caused, and when");
    clicked
}

fn paint_caret(ui: &Ui, rect: Rect, open: bool) {
    let caret = if open {
        icon::CARET_DOWN
    } else {
        icon::CARET_RIGHT
    };
    let color = palette(ui).weak;
    text_line::paint(ui, rect, Align2::LEFT_CENTER, caret, theme::body(), color);
}

/// The sign of an event: the state of a link, whether a command succeeded.
fn sign(ui: &Ui, rect: Rect, entry: &LogEntry) {
    let palette = palette(ui);
    let (sign, color) = match &entry.what {
        LogEvent::Link(link) => {
            let center = pos2(rect.left() + 6.0, rect.center().y);
            return status_icons::link(ui, center, link);
        }
        LogEvent::Command {
            outcome: Outcome::Done { .. },
            ..
        } => (icon::CHECK, palette.good),
        LogEvent::Command {
            outcome: Outcome::Refused(_),
            ..
        } => (icon::X_CIRCLE, palette.bad),
        LogEvent::Command { .. } => (icon::WARNING, palette.doubtful),
        LogEvent::IdClaimed(_) | LogEvent::Unreadable(_) => (icon::WARNING, palette.doubtful),
        _ => return,
    };
    text_line::paint(ui, rect, Align2::LEFT_CENTER, sign, theme::body(), color);
}

/// The color of what happened.
fn color(palette: &Palette, event: &LogEvent) -> eframe::egui::Color32 {
    match event {
        LogEvent::Link(state) => status_icons::link_color(palette, state),
        LogEvent::Command {
            outcome: Outcome::Refused(_),
            ..
        } => palette.bad,
        LogEvent::Command {
            outcome: Outcome::Done { .. },
            ..
        }
        | LogEvent::Changed { .. }
        | LogEvent::Event { .. } => palette.text,
        LogEvent::Command { .. } | LogEvent::IdClaimed(_) => palette.doubtful,
        _ => palette.weak,
    }
}

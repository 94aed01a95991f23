//! A row about an event, in columns; the same in the timeline and on the page
//! of all activity. A click leads to the component.

use eframe::egui::{
    Align2, Button, Color32, CursorIcon, FontId, Rect, Response, Sense, StrokeKind, Ui, UiBuilder,
    WidgetInfo, accesskit::Role, pos2, vec2,
};
use protocol::State;

use crate::{
    model::{
        action::{Action, WindowAction},
        event_text::event_text,
        page_context::PageContext,
    },
    widgets::{
        icon,
        layout::{between, left_of},
        status_icons, text_line,
        theme::{self, HALF, Palette, UNIT, palette},
    },
};
use fleet::{LinkState, LogEntry, LogEvent, Outcome};

/// Rows of an endless list share this many ids, more than fit on a screen: a
/// debug build of egui keeps each id it has seen.
pub(crate) const NAMES: u64 = 4_096;

/// The widths of columns in points: the caret, the time, the sign, the button.
const CARET: f32 = 20.0;
const TIME: f32 = 88.0;
const SIGN: f32 = 20.0;
const BUTTON: f32 = 28.0;

/// The shares of the other columns: board, component, what, who, time taken.
const SHARES: [f32; 5] = [0.20, 0.25, 0.29, 0.15, 0.11];

/// The same where there is little room; the time has no fractions then.
const NARROW: f32 = 520.0;
const NARROW_SHARES: [f32; 5] = [0.26, 0.26, 0.26, 0.22, 0.0];
const NARROW_TIME: f32 = 64.0;
/// Columns further apart could not be read as one row.
const WIDEST: f32 = 1_200.0;

/// What is painted in front of a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Sign {
    /// Nothing.
    Nothing,
    /// An icon.
    Icon(&'static str, Color32),
    /// The state of a link.
    Link(LinkState),
}

/// The button at the end of a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RowButton {
    pub(crate) icon: &'static str,
    /// Its accessible name.
    pub(crate) name: String,
    pub(crate) hint: String,
    pub(crate) action: Action,
}

/// The contents of a row.
#[derive(Debug)]
pub(crate) struct LogRow {
    /// Tells it from other rows.
    pub(crate) id: u64,
    /// Its accessible name.
    pub(crate) name: String,
    pub(crate) time: String,
    pub(crate) sign: Sign,
    pub(crate) board: String,
    /// What it is about.
    pub(crate) subject: String,
    /// The key of the component, in gray.
    pub(crate) key: String,
    pub(crate) what: String,
    pub(crate) color: Color32,
    pub(crate) who: String,
    pub(crate) timing: String,
    /// Where a click leads.
    pub(crate) leads: Option<WindowAction>,
    /// Whether it is unfolded, and the name of the caret; `None` if it cannot
    /// be unfolded.
    pub(crate) unfolded: Option<(bool, String)>,
    pub(crate) button: Option<RowButton>,
}

impl LogRow {
    /// A row about an event; `change` is what it was seen to change.
    pub(crate) fn event(
        palette: &Palette,
        context: &PageContext<'_>,
        entry: &LogEntry,
        change: Option<&State>,
    ) -> Self {
        let text = event_text(context.model, entry, change);
        // The board may have been forgotten.
        let leads = context
            .model
            .board(entry.board)
            .map(|board| WindowAction::Show {
                board: board.key,
                component: entry.what.component().cloned(),
            });
        Self {
            id: entry.number,
            name: text.in_one(&entry.board_name),
            time: text::time_of_day(entry.at, &context.zone),
            sign: sign(palette, entry),
            board: entry.board_name.to_string(),
            subject: text.subject,
            key: text.key,
            what: text.what,
            color: color(palette, &entry.what),
            who: text.who,
            timing: text.timing,
            leads,
            unfolded: None,
            button: None,
        }
    }

    /// Shows the row, one line high; returns whether its caret was clicked.
    /// `with_board`: whether it names its board.
    pub(crate) fn show(&self, ui: &mut Ui, context: &PageContext<'_>, with_board: bool) -> bool {
        ui.push_id(("entry", self.id % NAMES), |ui| {
            let sense = match self.leads {
                Some(_) => Sense::click(),
                None => Sense::hover(),
            };
            let size = vec2(ui.available_width(), theme::PUSH_ROW);
            let (rect, response) = ui.allocate_exact_size(size, sense);
            text_line::name_label(ui, &response, &self.name);
            if response.clicked() {
                context.extend(self.leads.clone());
            }
            if !ui.is_rect_visible(rect) {
                return false;
            }
            if self.leads.is_some() && (response.hovered() || response.has_focus()) {
                ui.painter().rect_filled(
                    rect.expand2(vec2(HALF, 0.0)),
                    theme::CONTROL_RADIUS,
                    palette(ui).control,
                );
            }
            let caret = between(rect.min, pos2(rect.left() + CARET, rect.bottom()));
            let toggled = match &self.unfolded {
                Some((open, name)) => show_caret(ui, caret, *open, name),
                None => false,
            };
            self.paint(ui, rect, with_board);
            self.hover(response);
            self.button(ui, context, rect);
            toggled
        })
        .inner
    }

    fn hover(&self, response: Response) {
        let response = match self.leads {
            Some(_) => response.on_hover_cursor(CursorIcon::PointingHand),
            None => response,
        };
        response.on_hover_ui(|ui| {
            ui.label(&self.name);
            let hint = match self.leads {
                Some(_) => ". Click to show it.",
                None => "",
            };
            ui.weak(format!("{}{hint}", self.time));
        });
    }

    fn button(&self, ui: &mut Ui, context: &PageContext<'_>, rect: Rect) {
        let Some(RowButton {
            icon,
            name,
            hint,
            action,
        }) = &self.button
        else {
            return;
        };
        let place = between(pos2(rect.right() - BUTTON, rect.top()), rect.max);
        let response = ui.scope_builder(UiBuilder::new().max_rect(place), |ui| {
            ui.spacing_mut().button_padding = vec2(HALF, 0.0);
            let button = Button::new(*icon)
                .frame_when_inactive(false)
                .min_size(place.size());
            ui.put(place, button)
        });
        let response = response.inner.on_hover_text(hint);
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
        if response.clicked() {
            context.push(action.clone());
        }
    }

    fn paint(&self, ui: &Ui, rect: Rect, with_board: bool) {
        let palette = palette(ui);
        let column = |left: f32, width: f32| {
            between(
                pos2(left, rect.top()),
                pos2(left + left_of(width, UNIT), rect.bottom()),
            )
        };
        let (small, body) = (theme::monospace_small(), theme::body());
        let narrow = rect.width() < NARROW;
        let time_width = if narrow { NARROW_TIME } else { TIME };
        let mut left = rect.left() + CARET;
        let time = match narrow {
            true => self.time.split('.').next().unwrap_or_default(),
            false => self.time.as_str(),
        };
        let field = column(left, time_width);
        paint_left(ui, field, time, small.clone(), palette.weak);
        left += time_width;
        self.sign(ui, column(left, SIGN));
        left += SIGN;
        let rest = left_of(rect.right() - BUTTON, left).min(WIDEST);
        let shares = match rest < NARROW {
            true => NARROW_SHARES,
            false => SHARES,
        };
        let whole: f32 = match with_board {
            true => 1.0,
            false => 1.0 - shares[0],
        };
        let width = |at: usize| shares[at] / whole * rest;
        if with_board {
            let field = column(left, width(0));
            paint_left(ui, field, &self.board, body.clone(), palette.text);
            left += width(0);
        }
        // What is about no component has more room.
        let named = !self.subject.is_empty();
        if named {
            let field = column(left, width(1));
            let name = paint_left(ui, field, &self.subject, body.clone(), palette.text);
            let key = between(pos2(name.right() + UNIT, rect.top()), field.max);
            // A cut key says nothing.
            if !self.key.is_empty() && key.width() > 40.0 {
                paint_left(ui, key, &self.key, small, palette.weak);
            }
            left += width(1);
        }
        let wide = width(2) + if named { 0.0 } else { width(1) };
        paint_left(ui, column(left, wide), &self.what, body.clone(), self.color);
        left += wide;
        let who = column(left, width(3));
        paint_left(ui, who, &self.who, body.clone(), palette.weak);
        left += width(3);
        if width(4) == 0.0 {
            return;
        }
        let field = column(left, width(4) + UNIT);
        let align = Align2::RIGHT_CENTER;
        text_line::paint(ui, field, align, &self.timing, body, palette.weak);
    }

    fn sign(&self, ui: &Ui, rect: Rect) {
        match &self.sign {
            Sign::Nothing => {}
            Sign::Icon(icon, color) => {
                paint_left(ui, rect, icon, theme::body(), *color);
            }
            Sign::Link(link) => {
                status_icons::link(ui, pos2(rect.left() + 6.0, rect.center().y), link);
            }
        }
    }
}

fn paint_left(ui: &Ui, rect: Rect, text: &str, font: FontId, color: Color32) -> Rect {
    text_line::paint(ui, rect, Align2::LEFT_CENTER, text, font, color)
}

/// The button that unfolds the row.
fn show_caret(ui: &Ui, rect: Rect, open: bool, name: &str) -> bool {
    let response = ui.interact(rect, ui.scope_id().with("details"), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, open, name));
    if response.has_focus() {
        let stroke = ui.visuals().selection.stroke;
        ui.painter()
            .rect_stroke(rect, theme::CONTROL_RADIUS, stroke, StrokeKind::Inside);
    }
    let caret = match open {
        true => icon::CARET_DOWN,
        false => icon::CARET_RIGHT,
    };
    let color = match response.hovered() {
        true => palette(ui).text,
        false => palette(ui).weak,
    };
    paint_left(ui, rect, caret, theme::body(), color);
    response.on_hover_text("Details").clicked()
}

/// The sign of an event: the state of a link, whether a command succeeded.
fn sign(palette: &Palette, entry: &LogEntry) -> Sign {
    match &entry.what {
        LogEvent::Link(link) => Sign::Link(link.clone()),
        LogEvent::Command {
            outcome: Outcome::Done { .. },
            ..
        } => Sign::Icon(icon::CHECK, palette.good),
        LogEvent::Command {
            outcome: Outcome::Refused(_),
            ..
        } => Sign::Icon(icon::X_CIRCLE, palette.bad),
        LogEvent::Command { .. } | LogEvent::IdClaimed(_) | LogEvent::Unreadable(_) => {
            Sign::Icon(icon::WARNING, palette.doubtful)
        }
        _ => Sign::Nothing,
    }
}

/// The color of what happened.
fn color(palette: &Palette, event: &LogEvent) -> Color32 {
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

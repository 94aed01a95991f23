//! A row of an event log, in columns of fixed width. A click leads to the
//! component.

use eframe::egui::{Align2, CursorIcon, Response, Sense, Ui, pos2, vec2};
use protocol::{ComponentKey, Descriptor};

use crate::{
    model::{action::WindowAction, boards::Model, page_context::PageContext},
    widgets::{
        layout::{between, left_of},
        status_icons, text_line,
        theme::{self, UNIT, palette},
    },
};
use fleet::{LogEntry, LogEvent};

/// Rows of an endless list share this many ids, more than fit on a screen: a
/// debug build of egui keeps each id it has seen.
pub(crate) const NAMES: u64 = 4_096;

/// Shows the row; the board's name is left out if all rows are of one board.
pub(crate) fn show(
    ui: &mut Ui,
    context: &PageContext<'_>,
    entry: &LogEntry,
    with_board: bool,
) -> Response {
    let component = component(&entry.what);
    // The board may have been forgotten.
    let leads = context.model.board(entry.board).is_some();
    let sense = if leads {
        Sense::click()
    } else {
        Sense::hover()
    };
    let (rect, response) = ui
        .push_id(("entry", entry.number % NAMES), |ui| {
            ui.allocate_exact_size(vec2(ui.available_width(), theme::PUSH_ROW), sense)
        })
        .inner;
    let line = text::event(&entry.what, about(context.model, entry));
    let time = text::time_of_day(entry.at, &context.zone);
    let told = [line.subject.as_str(), &line.what].join(" ");
    let name = [
        entry.board_name.as_ref(),
        told.trim(),
        &line.source,
        &line.timing,
    ];
    let name = name
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(", ");
    text_line::name_label(ui, &response, &name);
    if response.clicked() {
        context.push(WindowAction::Show {
            board: entry.board,
            component: component.cloned(),
        });
    }
    if !ui.is_rect_visible(rect) {
        return response;
    }
    let palette = palette(ui);
    if leads && (response.hovered() || response.has_focus()) {
        ui.painter().rect_filled(
            rect.expand2(vec2(UNIT * 0.5, 0.0)),
            theme::CONTROL_RADIUS,
            palette.control,
        );
    }
    let what_color = match &entry.what {
        LogEvent::Changed { .. } | LogEvent::Event { .. } => palette.text,
        LogEvent::Link(state) => status_icons::link_color(palette, state),
        LogEvent::IdClaimed(_) => palette.doubtful,
        _ => palette.weak,
    };
    // Shares of the width.
    let wide = [92.0, 0.17, 0.13, 0.37, 0.18, 0.15];
    let narrow = [92.0, 0.0, 0.15, 0.48, 0.21, 0.16];
    let shares = if with_board { wide } else { narrow };
    let rest = left_of(rect.width(), shares[0]);
    let mut left = rect.left();
    let columns = [
        (time.as_str(), theme::monospace_small(), palette.weak),
        (entry.board_name.as_ref(), theme::body(), palette.text),
        (&line.subject, theme::monospace_small(), palette.weak),
        (&line.what, theme::body(), what_color),
        (&line.source, theme::body(), palette.weak),
        (&line.timing, theme::body(), palette.weak),
    ];
    for (column, (content, font, color)) in columns.into_iter().enumerate() {
        let width = if column == 0 {
            shares[0]
        } else {
            shares[column] * rest
        };
        if width > 0.0 {
            let field = between(
                pos2(left, rect.top()),
                pos2(left + width - UNIT, rect.bottom()),
            );
            let align = if column == 5 {
                Align2::RIGHT_CENTER
            } else {
                Align2::LEFT_CENTER
            };
            text_line::paint(ui, field, align, content, font, color);
        }
        left += width;
    }
    let response = if leads {
        response.on_hover_cursor(CursorIcon::PointingHand)
    } else {
        response
    };
    response.on_hover_text(name)
}

/// The component that an event is about.
fn component(event: &LogEvent) -> Option<&ComponentKey> {
    match event {
        LogEvent::Changed { component, .. } | LogEvent::Event { component, .. } => Some(component),
        LogEvent::Command { component, .. } => component.as_ref(),
        LogEvent::Unreadable(value) => value.component.as_ref(),
        _ => None,
    }
}

/// The descriptor of the component that an event is about.
fn about<'a>(model: &'a Model, entry: &LogEntry) -> Option<&'a Descriptor> {
    let LogEvent::Changed { component, .. } = &entry.what else {
        return None;
    };
    let board = model.board(entry.board)?;
    board
        .components
        .iter()
        .map(|view| view.descriptor.as_ref())
        .find(|descriptor| descriptor.key == *component)
}

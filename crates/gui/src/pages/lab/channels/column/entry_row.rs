//! An entry of a channel, as a row of the list.

use std::sync::Arc;

use eframe::egui::{Align2, Color32, CornerRadius, Sense, Ui, WidgetInfo, accesskit::Role, vec2};

use super::super::{details::json, rows::beginning};

use crate::{
    model::frame_context::FrameContext,
    widgets::{
        icon, text_line,
        theme::{self, Palette, palette},
    },
};
use channel::{Content, Direction, Entry, EntryKind, Pointer, hex};

/// The part of a message that its row shows, in bytes.
const MAX_ROW_TEXT: usize = 600;

/// Shows an entry on one line; returns whether it was selected. Its id is its
/// position on the screen, because egui keeps data for each id forever.
pub(super) fn show(
    ui: &mut Ui,
    slot: usize,
    entry: &Arc<Entry>,
    chosen: bool,
    pointer: Option<&Pointer>,
    context: &FrameContext,
) -> bool {
    let palette = palette(ui);
    let size = vec2(ui.available_width(), theme::PUSH_ROW);
    let (rect, response) = ui
        .push_id(slot, |ui| ui.allocate_exact_size(size, Sense::click()))
        .inner;
    let (mark, color, words) = describe(entry, pointer, palette);
    let time = text::time_of_day(entry.at, &context.zone);
    let way = match &entry.kind {
        EntryKind::Message(Direction::In, _) => "in  ",
        EntryKind::Message(Direction::Out, _) => "out  ",
        _ => "",
    };
    response.widget_info(|| {
        WidgetInfo::selected(
            Role::ListBoxOption,
            true,
            chosen,
            format!("{time}  {way}{words}"),
        )
    });
    if !ui.is_rect_visible(rect) {
        return false;
    }
    if chosen || response.has_focus() {
        ui.painter().rect_filled(
            rect,
            CornerRadius::same(theme::CONTROL_RADIUS),
            palette.chosen,
        );
    } else if response.hovered() {
        ui.painter().rect_filled(
            rect,
            CornerRadius::same(theme::CONTROL_RADIUS),
            palette.control,
        );
    }
    let is_message = entry.message().is_some();
    let (sign_box, rest) = rect.split_left_right_at_x(rect.left() + 20.0);
    let (time_box, text_box) = rest.split_left_right_at_x(rest.left() + 88.0);
    text_line::paint(
        ui,
        sign_box,
        Align2::CENTER_CENTER,
        mark,
        theme::body(),
        color,
    );
    text_line::paint(
        ui,
        time_box,
        Align2::LEFT_CENTER,
        &time,
        theme::monospace_small(),
        palette.weak,
    );
    let (font, color) = match is_message {
        true => (theme::monospace_small(), palette.text),
        false => (theme::small(), color),
    };
    text_line::paint(ui, text_box, Align2::LEFT_CENTER, &words, font, color);
    // Select on press: in a stream, another entry is under the pointer on
    // release.
    let (pressed, released) = ui.input(|input| {
        (
            input.pointer.primary_pressed(),
            input.pointer.any_released(),
        )
    });
    (response.clicked() && !released) || (ui.rect_contains_pointer(rect) && pressed)
}

/// The icon, color and text of an entry.
fn describe(
    entry: &Entry,
    pointer: Option<&Pointer>,
    palette: &Palette,
) -> (&'static str, Color32, String) {
    match &entry.kind {
        EntryKind::Message(way, content) => {
            let words = match content {
                Content::Text(text) => {
                    let part = pointer.and_then(|pointer| {
                        let value = json(text)?;
                        let found: Vec<String> = pointer
                            .select(&value)
                            .iter()
                            .map(ToString::to_string)
                            .collect();
                        (!found.is_empty()).then(|| found.join("  "))
                    });
                    text::plain(beginning(part.as_deref().unwrap_or(text), MAX_ROW_TEXT))
                }
                Content::Binary(bytes) => format!(
                    "{} B  {}",
                    bytes.len(),
                    hex(&bytes[..bytes.len().min(MAX_ROW_TEXT / 2)])
                ),
            };
            match way {
                Direction::In => (icon::ARROW_DOWN, palette.good, words),
                Direction::Out => (icon::ARROW_UP, palette.underway, words),
            }
        }
        EntryKind::Ping(Direction::Out) => (icon::HEARTBEAT, palette.weak, "ping".to_owned()),
        EntryKind::Ping(Direction::In) => (
            icon::HEARTBEAT,
            palette.weak,
            "ping from the server".to_owned(),
        ),
        EntryKind::Pong(took) => (
            icon::HEARTBEAT,
            palette.weak,
            format!("pong after {}", text::short(*took)),
        ),
        EntryKind::Connecting => (icon::PLUGS, palette.underway, "connecting".to_owned()),
        EntryKind::Open(None) => (icon::PLUGS_CONNECTED, palette.good, "open".to_owned()),
        EntryKind::Open(Some(protocol)) => (
            icon::PLUGS_CONNECTED,
            palette.good,
            format!("open, {}", text::plain(protocol)),
        ),
        EntryKind::End(cause) => {
            let color = if cause.is_normal() {
                palette.weak
            } else {
                palette.bad
            };
            (icon::X_CIRCLE, color, text::plain(&cause.to_string()))
        }
        EntryKind::Waiting(time) => (
            icon::CLOCK,
            palette.weak,
            format!("reconnecting in {}", text::short(*time)),
        ),
        EntryKind::Missing(entries) => (
            icon::WARNING,
            palette.doubtful,
            format!("{entries} entries are missing here"),
        ),
        EntryKind::Other(text) => (
            icon::QUESTION,
            palette.weak,
            text::plain(beginning(text, MAX_ROW_TEXT)),
        ),
    }
}

//! The list of the entries of a channel.

use eframe::egui::{Key, ScrollArea, Ui};

use super::super::pane::ChannelPane;
use super::entry_row;

use crate::{model::frame_context::FrameContext, widgets::theme};
use channel::Pointer;

/// The entries, newest first.
pub(super) fn show(ui: &mut Ui, pane: &mut ChannelPane, context: &FrameContext) {
    let mut selected = pane.selected;
    let at = selected.and_then(|number| pane.rows.position(number));
    // Of several columns, the one under the pointer gets the arrow keys.
    let free = ui.ctx().memory(|memory| memory.focused()).is_none() && ui.ui_contains_pointer();
    if let (Some(at), true) = (at, free) {
        let step = ui.input(|input| {
            i64::from(input.key_pressed(Key::ArrowDown))
                - i64::from(input.key_pressed(Key::ArrowUp))
        });
        let next = match step {
            1 => Some(at + 1),
            -1 => at.checked_sub(1),
            _ => None,
        };
        selected = next
            .and_then(|next| pane.rows.nth_newest(next))
            .map(|entry| entry.number)
            .or(selected);
    }
    let pointer = pane
        .path
        .parse::<Pointer>()
        .ok()
        .filter(|pointer| !pointer.is_whole());
    ui.spacing_mut().item_spacing.y = 0.0;
    let area = ScrollArea::vertical()
        .id_salt("messages")
        .auto_shrink(false)
        .min_scrolled_height(0.0);
    area.show_rows(ui, theme::PUSH_ROW, pane.rows.passing(), |ui, range| {
        let first = range.start;
        for nth in range {
            let Some(entry) = pane.rows.nth_newest(nth) else {
                continue;
            };
            if entry_row::show(
                ui,
                nth - first,
                entry,
                selected == Some(entry.number),
                pointer.as_ref(),
                context,
            ) {
                selected = Some(entry.number);
            }
        }
    });
    if selected != pane.selected {
        pane.selected = selected;
        ui.ctx().request_repaint();
    }
}

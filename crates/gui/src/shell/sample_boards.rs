//! Starts and stops sample boards from the dialog that adds a board.

use eframe::egui::{Button, Ui, vec2};

use crate::{
    model::{
        action::{Task, WindowAction},
        page_context::PageContext,
        virtual_boards::{SAMPLES, VirtualBoards},
    },
    widgets::theme::UNIT,
};

/// Shows the buttons of what is possible now.
pub(super) fn show(ui: &mut Ui, context: &PageContext<'_>, virtual_boards: VirtualBoards) {
    let can_start = virtual_boards == VirtualBoards::Ready;
    let can_stop = context.model.samples.len() > 0;
    if !can_start && !can_stop {
        return;
    }
    ui.add_space(UNIT);
    ui.horizontal_wrapped(|ui| {
        for (shown, words, hint, task) in [
            (
                can_start,
                "Start sample boards",
                "Three virtual boards, which run in this program until it closes",
                Task::StartVirtualBoards(SAMPLES),
            ),
            (
                can_stop,
                "Stop sample boards",
                "End the boards of this program and remove them from the list",
                Task::StopSampleBoards,
            ),
        ] {
            let button = Button::new(words).min_size(vec2(0.0, 28.0));
            if shown && ui.add(button).on_hover_text(hint).clicked() {
                context.push(task);
                context.push(WindowAction::CloseDialog);
            }
        }
    });
}

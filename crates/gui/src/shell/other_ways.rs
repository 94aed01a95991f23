//! Other ways to get boards, in the dialog that adds one by its address: over
//! USB, from a broker, and sample boards.

use eframe::egui::{Button, Ui, vec2};

use crate::{
    model::{
        action::{Action, Task, WindowAction},
        dialog_kind::DialogKind,
        page_context::PageContext,
        virtual_boards::{SAMPLES, VirtualBoards},
    },
    widgets::{theme::UNIT, verb},
};

/// Shows a button for each way that is possible now. Each closes the dialog.
pub(super) fn show(ui: &mut Ui, context: &PageContext<'_>, virtual_boards: VirtualBoards) {
    ui.add_space(UNIT);
    ui.horizontal_wrapped(|ui| {
        for (shown, words, hint, action) in [
            (
                true,
                "Set up a board…",
                "Flash a board, connect it to Wi-Fi, lock it and name it, over USB",
                Action::from(WindowAction::OpenSetup),
            ),
            (
                true,
                "Add broker…",
                "Find boards on an MQTT broker: Tasmota, Homie, and boards of other sites",
                WindowAction::OpenDialog(DialogKind::Broker, String::new()).into(),
            ),
            (
                virtual_boards == VirtualBoards::Ready,
                "Start sample boards",
                "Three virtual boards, which run in this program until it closes",
                Task::StartVirtualBoards(SAMPLES).into(),
            ),
            (
                context.model.samples.len() > 0,
                "Stop sample boards",
                "End the boards of this program and remove them from the list",
                Task::StopSampleBoards.into(),
            ),
        ] {
            if shown {
                let button = Button::new(words).min_size(vec2(0.0, 28.0));
                let actions = [WindowAction::CloseDialog.into(), action];
                verb::button(ui, button, hint, actions, context);
            }
        }
    });
}

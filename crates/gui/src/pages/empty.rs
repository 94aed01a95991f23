//! The page while there are no boards: what is searched for, and what to do
//! next.

use eframe::egui::{Button, RichText, Ui, vec2};

use disk::settings::Page;

use crate::{
    model::{
        action::{Task, WindowAction},
        dialog_kind::DialogKind,
        page_context::PageContext,
        virtual_boards::VirtualBoards,
    },
    widgets::{
        status_icons,
        theme::{self, UNIT, palette},
    },
};

/// How many virtual boards are started: one of each common profile.
const VIRTUAL: usize = 3;

/// Shows it.
pub(crate) fn show(ui: &mut Ui, context: &PageContext<'_>, virtual_boards: VirtualBoards) {
    let palette = palette(ui);
    ui.vertical_centered(|ui| {
        ui.add_space((ui.available_height() * 0.5 - 150.0).max(UNIT * 2.0));
        let (rect, _) = ui.allocate_exact_size(vec2(48.0, 48.0), eframe::egui::Sense::hover());
        status_icons::mark(ui, rect);
        ui.add_space(UNIT * 2.0);
        ui.heading("No boards yet");
        ui.add_space(UNIT);
        let searched = match &context.model.status().discovery_problem {
            None => "Searching this network for boards that announce _switchboard._tcp by mDNS. \
                    They appear automatically."
                .to_owned(),
            Some(problem) => format!(
                "Boards cannot be discovered by mDNS: {problem}. You can still add boards by \
                    address."
            ),
        };
        ui.scope(|ui| {
            ui.set_max_width(440.0);
            ui.label(RichText::new(searched).color(palette.weak));
        });
        ui.add_space(UNIT * 3.0);
        let width = vec2(240.0, 32.0);
        if virtual_boards != VirtualBoards::Absent {
            let ready = virtual_boards == VirtualBoards::Ready;
            let words = if ready {
                "Start 3 virtual boards"
            } else {
                "Starting virtual boards…"
            };
            let button = Button::new(RichText::new(words).color(palette.on_accent))
                .fill(palette.accent)
                .min_size(width);
            if ui.add_enabled(ready, button).clicked() {
                context.push(Task::StartVirtualBoards(VIRTUAL));
            }
            ui.add_space(UNIT);
        }
        if ui
            .add(Button::new("Add board by address").min_size(width))
            .clicked()
        {
            context.push(WindowAction::OpenDialog(DialogKind::Address, String::new()));
        }
        ui.add_space(UNIT);
        if ui
            .add(Button::new("Why is a board missing?").min_size(width))
            .clicked()
        {
            context.push(WindowAction::ShowPage(Page::Doctor));
            context.push(Task::Examine(None));
        }
        ui.add_space(UNIT * 3.0);
        let hint = "If a board is not found, check that it is on this network and that no \
            firewall blocks UDP port 5353.";
        ui.scope(|ui| {
            ui.set_max_width(440.0);
            ui.label(RichText::new(hint).font(theme::small()).color(palette.weak));
        });
    });
}

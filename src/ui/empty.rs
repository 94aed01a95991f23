//! What is shown while there is no board: what is searched for, and the two
//! ways on.

use eframe::egui::{Button, RichText, Ui, vec2};

use super::{
    action::{Task, WindowAction},
    dialogs::Asks,
    settings::Page,
    signs,
    theme::{self, UNIT, palette},
};
use crate::ui::page_context::PageContext;

/// How many virtual boards are started at once: one of each common profile.
const VIRTUAL: usize = 3;

/// Whether virtual boards can be started from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VirtualBoards {
    /// This program has none.
    Absent,
    /// They can be started.
    Ready,
    /// They are being started.
    Starting,
}

/// Shows it.
pub(super) fn show(ui: &mut Ui, context: &PageContext<'_>, virtual_boards: VirtualBoards) {
    let palette = palette(ui);
    ui.vertical_centered(|ui| {
        ui.add_space((ui.available_height() * 0.5 - 150.0).max(UNIT * 2.0));
        let (rect, _) = ui.allocate_exact_size(vec2(48.0, 48.0), eframe::egui::Sense::hover());
        signs::mark(ui, rect);
        ui.add_space(UNIT * 2.0);
        ui.heading("No board yet");
        ui.add_space(UNIT);
        let searched = match &context.model.status().discovery_problem {
            None => {
                "Looking on this network for boards that announce _switchboard._tcp by mDNS. They \
                     appear by themselves."
                    .to_owned()
            }
            Some(problem) => format!(
                "Boards cannot be found by mDNS: {problem}. They can still \
                 be added by address."
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
                "Starting virtual boards"
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
            .add(Button::new("Add a board by address").min_size(width))
            .clicked()
        {
            context.push(WindowAction::Ask(Asks::Address, String::new()));
        }
        ui.add_space(UNIT);
        if ui
            .add(Button::new("Why is a board missing?").min_size(width))
            .clicked()
        {
            context.push(WindowAction::Go(Page::Doctor));
            context.push(Task::Examine(None));
        }
        ui.add_space(UNIT * 3.0);
        let hint = "A board that is not found: is it on this network, and does a firewall let UDP \
             port 5353 through?";
        ui.scope(|ui| {
            ui.set_max_width(440.0);
            ui.label(RichText::new(hint).font(theme::small()).color(palette.weak));
        });
    });
}

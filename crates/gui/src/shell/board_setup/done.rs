//! The last step: what happened.

use eframe::egui::{RichText, Ui};

use super::{
    parts::{paragraph, title},
    stage::{Next, Stage},
    steps,
};
use crate::{
    model::board_setup::Setup,
    widgets::{
        icon,
        theme::{self, UNIT, palette},
    },
};
use fleet::Lock;

pub(super) fn show(setup: &mut Setup, ui: &mut Ui, stage: &mut Stage<'_>) -> Next {
    let palette = palette(ui);
    let words = match stage.view() {
        Some(view) => {
            ui.horizontal(|ui| {
                ui.label(
                    RichText::new(icon::CHECK_CIRCLE)
                        .font(theme::value())
                        .color(palette.good),
                );
                let name = stage.context.model.title(view);
                title(ui, &format!("{name} is ready"));
            });
            match view.lock() {
                Lock::Unlocked(_) => {
                    "It is in the list of boards. Only computers with a key can \
                    use it."
                }
                Lock::Open => "It is in the list of boards. Anyone on its network can control it.",
                _ => "It is in the list of boards.",
            }
        }
        None => {
            title(ui, "The board is not connected");
            "If it has a network, it appears in the list of boards as soon as this computer finds \
             it."
        }
    };
    paragraph(ui, words);
    if stage.narrow {
        ui.add_space(UNIT * 2.0);
        steps::summary(ui, setup);
    }
    Next::new(
        if setup.found.is_some() {
            "Show board"
        } else {
            "Close"
        },
        true,
    )
}

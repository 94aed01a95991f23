//! The step *Firmware*: what runs on the board.

use eframe::egui::Ui;

use super::{
    parts::{doing, paragraph, problem, statement, title},
    stage::{Next, Stage},
};
use crate::{
    model::board_setup::{Doing, Setup},
    widgets::theme::{HALF, UNIT},
};

pub(super) fn show(setup: &mut Setup, ui: &mut Ui, stage: &mut Stage<'_>) -> Next {
    let port = text::plain(setup.port.trim());
    if setup.doing == Doing::Identifying {
        title(ui, "What runs on the board?");
        paragraph(
            ui,
            "Many boards restart when their port is opened. This takes up to 6 seconds.",
        );
        doing(
            ui,
            stage.context,
            &format!("Waiting for the board at {port}…"),
        );
        return Next::new("Continue", false);
    }
    if let Some(board) = &setup.board {
        title(ui, "The board has firmware");
        let words = match &board.info {
            Some(info) => text::plain(&format!(
                "{} runs {} {} on {}.",
                info.name, info.firmware, info.version, info.chip
            )),
            None => "Its firmware does not say what it is.".to_owned(),
        };
        statement(ui, &words);
        ui.add_space(HALF);
        paragraph(ui, "Continue to keep it.");
        return Next::new("Continue", setup.is_idle());
    }
    title(ui, "No firmware responded");
    paragraph(
        ui,
        "A new board has none that responds. Flash the firmware of Switchboard, then try again.",
    );
    problem(ui, setup.problem.as_ref());
    ui.add_space(UNIT);
    Next::new("Try again", setup.is_idle())
}

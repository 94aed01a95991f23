//! The step *Firmware*: what runs on the board, and writing firmware to it.

use eframe::egui::{ProgressBar, Role, Ui, WidgetInfo};

use super::{
    parts::{Row, doing, field, paragraph, problem, statement, title},
    stage::{Next, Stage},
};
use crate::{
    model::board_setup::{Doing, Setup},
    widgets::theme::{HALF, UNIT, palette},
};
use setup::{
    FoundChip,
    flash::{Entry, Progress},
};

pub(super) fn show(setup: &mut Setup, ui: &mut Ui, stage: &mut Stage<'_>) -> Next {
    match setup.doing {
        Doing::Identifying => return identifying(setup, ui, stage),
        Doing::Detecting => {
            title(ui, "No firmware responded");
            paragraph(ui, "This is normal for a new board.");
            doing(ui, stage.context, "Detecting the chip…");
            return Next::new("Flash", false);
        }
        Doing::Flashing(progress) => return flashing(setup, ui, progress),
        _ => {}
    }
    if let Some(chip) = setup.chip.take() {
        images(setup, ui, stage, &chip);
        setup.chip = Some(chip);
        let can_flash = setup.is_idle() && setup.chosen_image().is_some();
        return Next::new("Flash", can_flash);
    }
    if setup.board.is_some() {
        return running(setup, ui, stage);
    }
    title(ui, "No firmware responded");
    if let Some(written) = setup.was_flashed() {
        statement(ui, written);
    }
    problem(ui, setup.problem.as_ref());
    Next::new("Try again", setup.is_idle())
}

fn identifying(setup: &Setup, ui: &mut Ui, stage: &Stage<'_>) -> Next {
    title(ui, "What runs on the board?");
    match setup.was_flashed() {
        Some(written) => statement(ui, written),
        None => paragraph(
            ui,
            "Many boards restart when their port is opened. This takes up to 6 seconds.",
        ),
    }
    let port = text::plain(setup.port.trim());
    let words = format!("Waiting for the board at {port}…");
    doing(ui, stage.context, &words);
    Next::new("Continue", false)
}

/// The board has firmware with Improv.
fn running(setup: &mut Setup, ui: &mut Ui, stage: &mut Stage<'_>) -> Next {
    title(ui, "The board has firmware");
    let info = setup.board.as_ref().and_then(|board| board.info.as_ref());
    let words = match info {
        Some(info) => text::plain(&format!(
            "{} runs {} {} on {}.",
            info.name, info.firmware, info.version, info.chip
        )),
        None => "Its firmware does not say what it is.".to_owned(),
    };
    statement(ui, &words);
    ui.add_space(HALF);
    paragraph(ui, "Continue to keep it.");
    problem(ui, setup.problem.as_ref());
    ui.add_space(UNIT * 1.5);
    let idle = setup.is_idle();
    let other = ui.add_enabled(idle, eframe::egui::Button::new("Flash other firmware…"));
    if other.clicked() {
        stage.tasks.extend(setup.detect());
    }
    Next::new("Continue", idle)
}

/// The choice of an image for a chip.
fn images(setup: &mut Setup, ui: &mut Ui, stage: &mut Stage<'_>, chip: &FoundChip) {
    let detected = &chip.detected;
    let size = detected.flash_size >> 20;
    let words = format!(
        "Flash the {} with {size} MB of flash",
        detected.chip.title()
    );
    title(ui, &words);
    paragraph(
        ui,
        match chip.images.len() {
            0 => "No image for this chip was found. Choose a file.",
            _ => "Choose the image for your board. It replaces the firmware that is on the board.",
        },
    );
    ui.add_space(UNIT);
    for (at, image) in chip.images.iter().enumerate() {
        entry(setup, ui, stage, at, image);
    }
    other(setup, ui, stage);
    ui.add_space(UNIT);
    ui.checkbox(&mut setup.erase, "Erase settings and keys too");
    for words in &chip.problems {
        ui.add_space(HALF);
        paragraph(ui, &text::capitalized(&text::plain(&format!("{words}."))));
    }
    problem(ui, setup.problem.as_ref());
}

fn entry(setup: &mut Setup, ui: &mut Ui, stage: &mut Stage<'_>, at: usize, image: &Entry) {
    let title = text::plain(&format!(
        "{} {}",
        image.described.name, image.described.version
    ));
    let board = text::plain(&image.described.board);
    let row = Row {
        title: &title,
        detail: "",
        end: &board,
        signal: None,
        chosen: !setup.other_image && setup.image == Some(at),
    };
    let response = ui.push_id(at, |ui| row.show(ui)).inner;
    if setup.image.is_none() {
        stage.first(&response);
    }
    if response.clicked() {
        (setup.image, setup.other_image, setup.problem) = (Some(at), false, None);
    }
}

/// An image that is not in the list.
fn other(setup: &mut Setup, ui: &mut Ui, stage: &mut Stage<'_>) {
    let row = Row {
        title: "Other image…",
        detail: "",
        end: "",
        signal: None,
        chosen: setup.other_image,
    };
    let clicked = row.show(ui).clicked();
    setup.other_image |= clicked;
    if !setup.other_image {
        return;
    }
    ui.add_space(HALF);
    let hint = "/path/to/firmware.bin";
    let (response, enter) = field(ui, "Path of the image", &mut setup.image_path, hint, false);
    stage.first(&response);
    if clicked {
        response.request_focus();
    }
    if response.changed() {
        setup.problem = None;
    }
    if enter {
        stage.tasks.extend(setup.flash());
    }
}

fn flashing(setup: &Setup, ui: &mut Ui, progress: Option<Progress>) -> Next {
    title(ui, "Flashing the board");
    paragraph(ui, "Leave the board plugged in.");
    ui.add_space(UNIT);
    let step = progress.map_or("Connecting to the board".to_owned(), |progress| {
        progress.step.to_string()
    });
    let share = progress.and_then(Progress::fraction);
    let bar = ProgressBar::new(share.unwrap_or(0.0))
        .fill(palette(ui).accent)
        .desired_height(UNIT);
    ui.add(bar)
        .widget_info(|| WidgetInfo::labeled(Role::ProgressIndicator, true, "Flashing: progress"));
    let words = match share {
        Some(share) => format!("{step}: {:.0} %", share * 100.0),
        None => format!("{step}…"),
    };
    statement(ui, &words);
    problem(ui, setup.problem.as_ref());
    Next::new("Stop", true)
}

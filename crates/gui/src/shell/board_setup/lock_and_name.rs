//! The step *Lock and name*: who can control the board, and what it is called.

use eframe::egui::Ui;

use super::{
    parts::{doing, field, paragraph, problem, title},
    stage::{Next, Stage},
};
use crate::{
    model::board_setup::{Doing, Setup},
    pages::board_menu::rename_problem,
    widgets::theme::{HALF, UNIT},
};

pub(super) fn show(setup: &mut Setup, ui: &mut Ui, stage: &mut Stage<'_>) -> Next {
    title(ui, "Who can control the board, and what is it called?");
    let idle = setup.is_idle();
    let mut enter = false;
    ui.add_enabled_ui(idle, |ui| {
        enter = name(setup, ui, stage);
        ui.add_space(UNIT * 2.0);
        lock(setup, ui, stage);
    });
    let words = match setup.doing {
        Doing::Locking => {
            "Generating a key on the board and saving it… The keychain may ask for a password."
        }
        Doing::Reconnecting(_) => "Waiting for the encrypted connection…",
        Doing::Renaming => "Naming the board…",
        _ => "",
    };
    if !words.is_empty() {
        doing(ui, stage.context, words);
    }
    problem(ui, setup.problem.as_ref());
    if enter && idle {
        let view = stage.view.clone();
        stage.tasks.extend(setup.apply(view.as_deref()));
    }
    Next::new("Apply", idle)
}

/// The name; returns whether Enter was pressed.
fn name(setup: &mut Setup, ui: &mut Ui, stage: &mut Stage<'_>) -> bool {
    let why_not = match stage.view() {
        Some(view) => rename_problem(view),
        None => Some("The board can be named once it is connected."),
    };
    let mut enter = false;
    ui.add_enabled_ui(why_not.is_none(), |ui| {
        let (response, entered) = field(ui, "Name", &mut setup.name, "Desk lamp", false);
        if why_not.is_none() {
            stage.first(&response);
        }
        if response.changed() {
            (setup.named, setup.problem) = (true, None);
        }
        enter = entered;
    });
    if let Some(why_not) = why_not {
        ui.add_space(HALF);
        paragraph(ui, &sentence(why_not));
    }
    enter
}

fn lock(setup: &mut Setup, ui: &mut Ui, stage: &mut Stage<'_>) {
    let view = stage.view.clone();
    if setup.can_lock(view.as_deref()) {
        let locked = view.is_some_and(|view| view.locked == Some(true));
        let words = match locked {
            true => "Get a key for this computer",
            false => "Lock the board",
        };
        let checkbox = ui.checkbox(&mut setup.lock, words);
        stage.first(&checkbox);
        ui.add_space(HALF);
        paragraph(
            ui,
            match (setup.lock, locked) {
                (true, _) => {
                    "Only computers with a key can control a locked board. The board generates the \
                     key and sends it over the cable; it is saved on this computer."
                }
                (false, true) => "The board is locked, and this computer has no key for it.",
                (false, false) => "The board stays open: anyone on its network can control it.",
            },
        );
        return;
    }
    let words = match setup.firmware().is_ours() {
        true => "The board is locked, and this computer has its key.",
        false => "Only boards with the firmware of Switchboard can be locked here.",
    };
    paragraph(ui, words);
}

fn sentence(words: &str) -> String {
    match words.ends_with('.') {
        true => words.to_owned(),
        false => format!("{words}."),
    }
}

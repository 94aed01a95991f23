//! The step *Port*: which port the board is plugged into.

use eframe::egui::Ui;

use super::{
    parts::{Row, field, paragraph, problem, title},
    stage::{Next, Stage},
};
use crate::{
    model::board_setup::Setup,
    widgets::theme::{HALF, UNIT},
};
use platform::Platform;
use setup::Port;

pub(super) fn show(setup: &mut Setup, ui: &mut Ui, stage: &mut Stage<'_>) -> Next {
    title(ui, "Which port is the board plugged into?");
    paragraph(
        ui,
        "Plug in the board with a USB cable that carries data. The list is updated automatically.",
    );
    ui.add_space(UNIT);
    let ports = match setup.ports.take() {
        None => {
            paragraph(ui, "Listing the ports…");
            None
        }
        Some(Err(error)) => {
            paragraph(
                ui,
                &format!("The ports cannot be listed: {error}. Type the port."),
            );
            Some(Err(error))
        }
        Some(Ok(ports)) => {
            if ports.is_empty() {
                paragraph(
                    ui,
                    &format!(
                        "No serial port found. If the board is plugged in, try another cable: \
                         many cables only charge.{}",
                        Platform::HERE.driver_advice()
                    ),
                );
            }
            for port in &ports {
                entry(setup, ui, stage, port);
            }
            Some(Ok(ports))
        }
    };
    setup.ports = ports;
    let enter = other(setup, ui, stage);
    problem(ui, setup.problem.as_ref());
    let can_continue = setup.is_idle() && !setup.port.trim().is_empty();
    if enter && can_continue {
        stage.tasks.extend(setup.identify());
    }
    Next::new("Continue", can_continue)
}

fn entry(setup: &mut Setup, ui: &mut Ui, stage: &mut Stage<'_>, port: &Port) {
    let title = text::plain(&port.path);
    let product = port.product().as_deref().map(text::plain);
    let detail: Vec<String> = product.into_iter().chain(port.guess()).collect();
    let detail = detail.join(", ");
    let row = Row {
        title: &title,
        detail: &detail,
        end: "",
        signal: None,
        chosen: !setup.other_port && setup.port == port.path,
    };
    let response = ui.push_id(&port.path, |ui| row.show(ui)).inner;
    if setup.port.is_empty() {
        stage.first(&response);
    }
    if response.clicked() {
        (setup.port, setup.other_port, setup.problem) = (port.path.clone(), false, None);
    }
}

/// A port that is not in the list; returns whether Enter was pressed in its
/// field.
fn other(setup: &mut Setup, ui: &mut Ui, stage: &mut Stage<'_>) -> bool {
    let row = Row {
        title: "Other port…",
        detail: "",
        end: "",
        signal: None,
        chosen: setup.other_port,
    };
    let mut opened = false;
    let response = row.show(ui);
    if setup.ports.is_some() && setup.port.is_empty() {
        stage.first(&response);
    }
    if response.clicked() && !setup.other_port {
        (setup.other_port, setup.problem, opened) = (true, None, true);
        setup.port.clear();
    }
    if !setup.other_port {
        return false;
    }
    ui.add_space(HALF);
    let (response, enter) = field(
        ui,
        "Path of the port",
        &mut setup.port,
        Platform::HERE.converter_example(),
        false,
    );
    if opened {
        response.request_focus();
    }
    if response.changed() {
        setup.problem = None;
    }
    enter
}

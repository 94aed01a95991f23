//! The step *Wi-Fi*: which network the board joins, and waiting for it there.

use eframe::egui::{ProgressBar, Role, Ui, WidgetInfo};

use super::{
    parts::{Row, doing, field, paragraph, problem, statement, title},
    stage::{Next, Stage},
};
use crate::{
    model::board_setup::{Doing, Setup},
    pages::doctor,
    widgets::theme::{HALF, UNIT, palette},
};
use ::doctor::Check;
use setup::Network;
use zeroize::Zeroize as _;

pub(super) fn show(setup: &mut Setup, ui: &mut Ui, stage: &mut Stage<'_>) -> Next {
    if setup.board.is_none() {
        return without_board(setup, ui);
    }
    if setup.missing.is_some() {
        return missing(setup, ui, stage);
    }
    if let Doing::Awaiting(until) = setup.doing {
        title(ui, "Waiting for the board");
        statement(ui, &joined(setup));
        let left = until.map(|until| stage.context.until(until));
        let left = left.map_or_else(String::new, |left| {
            format!(" ({} left)", text::length(left))
        });
        let name = setup.board_name();
        let words = format!("Waiting for {name} to appear on this computer's network{left}…");
        doing(ui, stage.context, &words);
        return Next::new("Continue", false);
    }
    let enter = choice(setup, ui, stage);
    let can_connect = setup.can_connect();
    if enter && can_connect {
        stage.tasks.extend(setup.connect());
    }
    Next::new("Connect", can_connect)
}

/// What the board has reported about its connection.
fn joined(setup: &Setup) -> String {
    let url = setup
        .expected
        .as_ref()
        .and_then(|expected| expected.url.as_ref());
    let at = url.map_or_else(String::new, |url| format!(" at {url}"));
    let name = setup.board_name();
    text::capitalized(&text::plain(&format!(
        "{name} has joined {}{at}.",
        setup.ssid
    )))
}

fn without_board(setup: &Setup, ui: &mut Ui) -> Next {
    title(ui, "Which network does the board join?");
    paragraph(
        ui,
        "The board does not respond over the cable, so it cannot be given a network. Its \
         firmware has to support Improv: that of Switchboard does, and ESPHome, Tasmota and WLED \
         can.",
    );
    problem(ui, setup.problem.as_ref());
    Next::new("Try again", setup.is_idle())
}

/// The choice of a network; returns whether Enter was pressed in a field.
fn choice(setup: &mut Setup, ui: &mut Ui, stage: &mut Stage<'_>) -> bool {
    title(ui, "Which network does the board join?");
    let already = setup.board.as_ref().is_some_and(|board| board.provisioned);
    let name = setup.board_name();
    paragraph(
        ui,
        &match already {
            true => text::capitalized(&format!(
                "{name} is already connected to a network. Skip this to keep it."
            )),
            false => "Most boards support only 2.4 GHz.".to_owned(),
        },
    );
    match setup.doing {
        Doing::Scanning => doing(ui, stage.context, "Looking for networks…"),
        Doing::Connecting => {
            let ssid = text::plain(&setup.ssid);
            let words = format!("Connecting the board to {ssid}… This takes up to 40 seconds.");
            doing(ui, stage.context, &words);
            return false;
        }
        _ => {}
    }
    problem(ui, setup.problem.as_ref());
    ui.add_space(UNIT);
    let mut enter = false;
    let networks = setup.networks.take();
    for network in networks.iter().flatten() {
        enter |= entry(setup, ui, stage, network);
    }
    if networks.as_ref().is_some_and(Vec::is_empty) && setup.is_idle() {
        paragraph(
            ui,
            "The board found no networks. Move it closer to the access point, or type the name of \
             a hidden network.",
        );
    }
    setup.networks = networks;
    if setup.networks.is_some() || setup.is_idle() {
        enter |= other(setup, ui);
        ui.add_space(UNIT);
        if setup.is_idle() && ui.button("Scan again").clicked() {
            stage.tasks.extend(setup.scan());
        }
    }
    enter
}

fn entry(setup: &mut Setup, ui: &mut Ui, stage: &mut Stage<'_>, network: &Network) -> bool {
    let chosen = !setup.other_network && setup.ssid == network.ssid;
    let title = text::plain(&network.ssid);
    let lock = if network.locked { "password" } else { "open" };
    let end = format!("{lock}, {} dBm", network.rssi);
    let row = Row {
        title: &title,
        detail: "",
        end: &end,
        signal: Some(network.rssi),
        chosen,
    };
    let response = ui.push_id(&network.ssid, |ui| row.show(ui)).inner;
    stage.first(&response);
    let mut opened = false;
    if response.clicked() {
        opened = network.locked;
        if !chosen {
            setup.ssid.clone_from(&network.ssid);
            (setup.other_network, setup.problem) = (false, None);
            setup.password.zeroize();
        }
    }
    match (chosen || opened) && network.locked {
        true => password(setup, ui, opened),
        false => false,
    }
}

/// A network that is not in the list.
fn other(setup: &mut Setup, ui: &mut Ui) -> bool {
    let row = Row {
        title: "Other network…",
        detail: "",
        end: "",
        signal: None,
        chosen: setup.other_network,
    };
    let mut opened = false;
    if row.show(ui).clicked() && !setup.other_network {
        (setup.other_network, setup.problem, opened) = (true, None, true);
        setup.ssid.clear();
        setup.password.zeroize();
    }
    if !setup.other_network {
        return false;
    }
    ui.add_space(HALF);
    let (response, enter) = field(ui, "Network name", &mut setup.ssid, "", false);
    if opened {
        response.request_focus();
    }
    password(setup, ui, false) || enter
}

fn password(setup: &mut Setup, ui: &mut Ui, opened: bool) -> bool {
    ui.add_space(HALF);
    let name = match setup.other_network {
        true => "Password, empty for an open network",
        false => "Password",
    };
    let (response, enter) = field(ui, name, &mut setup.password, "", true);
    if opened {
        response.request_focus();
    }
    if response.changed() {
        setup.problem = None;
    }
    ui.add_space(HALF);
    enter
}

/// The board did not appear: what the doctor finds.
fn missing(setup: &mut Setup, ui: &mut Ui, stage: &mut Stage<'_>) -> Next {
    title(ui, "The board did not appear");
    statement(ui, &joined(setup));
    paragraph(
        ui,
        "It was not found on this computer's network within 30 seconds. If it appears, this \
         continues automatically.",
    );
    ui.add_space(UNIT);
    let typed = setup
        .expected
        .as_ref()
        .and_then(|expected| expected.typed_address());
    if let Some(typed) = typed {
        let words = format!("Connect to {}", text::plain(&typed));
        if ui.button(words).clicked() {
            stage.tasks.extend(setup.connect_by_address());
            return Next::new("Wait again", false);
        }
        ui.add_space(UNIT);
    }
    let Some(missing) = &setup.missing else {
        return Next::new("Wait again", false);
    };
    match &missing.outcome {
        None => {
            let share = missing.check.map_or(0.0, Check::share);
            let bar = ProgressBar::new(share)
                .fill(palette(ui).accent)
                .desired_height(UNIT);
            ui.add(bar).widget_info(|| {
                WidgetInfo::labeled(Role::ProgressIndicator, true, "Examination: progress")
            });
            paragraph(ui, missing.check.map_or("Starting", Check::words));
        }
        Some(Err(error)) => {
            let words = format!("The examination failed: {}.", text::plain(error));
            problem(ui, Some(&words));
        }
        Some(Ok(findings)) => doctor::show_findings(ui, findings),
    }
    Next::new("Wait again", true)
}

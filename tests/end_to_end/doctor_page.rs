//! The doctor's page in the window.

use eframe::egui::accesskit::Role;
use egui_kittest::kittest::Queryable;
use engine::{Interfaces, Lookout, Settings};
use gui::SettingsFile;
use virtual_board::{Profile, VirtualBoards};

use crate::{
    desk::{boards, private_service},
    window::Desktop,
};

/// A window with these boards added by address, and mDNS on loopback with a
/// service type that nothing else announces.
fn desktop(boards: &VirtualBoards) -> Desktop {
    let addresses = boards
        .list()
        .iter()
        .map(|board| board.address.to_string())
        .collect();
    let lookout = Lookout::only(&private_service(), Interfaces::Loopback);
    let settings = Settings {
        discovery: Some(lookout),
        addresses,
        ..Settings::default()
    };
    Desktop::of(settings, SettingsFile::nowhere())
}

impl Desktop {
    fn finds(&mut self, heading: &str) {
        self.until(heading, |window| {
            window
                .query_by_role_and_label(Role::Heading, heading)
                .map(|_| ())
        });
    }
}

#[test]
fn an_examination_shows_its_progress_and_then_the_problem_of_each_board() {
    let boards = boards(Profile::Mixed, 3);
    let mut desktop = desktop(&boards);
    desktop.shows("3 connected");
    boards.stop("Desk lamp").expect("stopped");
    desktop.shows("2 connected");
    desktop.click("Doctor");
    desktop.shows_about("whether a firewall drops UDP port 5353");
    desktop.click("Examine");
    let bar = "Examination: progress";
    desktop.until(bar, |window| {
        window
            .query_by_role_and_label(Role::ProgressIndicator, bar)
            .map(|_| ())
    });
    desktop.finds("Fault: Desk lamp does not answer");
    desktop.shows_about("the device is there, but refuses the port");
    desktop.finds("Fine: 2 boards work");
    desktop.finds("Fine: UDP port 5353 can be shared");
    assert!(
        desktop
            .window
            .query_by_label_contains("Copy: ping -c 3 127.0.0.1")
            .is_some()
    );
}

#[test]
fn a_canceled_examination_finds_nothing_and_can_be_started_again() {
    let boards = boards(Profile::Lamp, 1);
    let mut desktop = desktop(&boards);
    desktop.shows("1 connected");
    desktop.click("Doctor");
    desktop.click("Examine");
    desktop.click("Cancel");
    desktop.shows("The examination was canceled.");
    desktop.click("Examine");
    desktop.finds("Fine: Desk lamp works");
}

#[test]
fn a_typed_board_that_does_not_exist_is_missing() {
    let boards = boards(Profile::Lamp, 1);
    let mut desktop = desktop(&boards);
    desktop.shows("1 connected");
    desktop.click("Doctor");
    let field = |window: &egui_kittest::Harness<'static, gui::App>| {
        window
            .query_by_role_and_label(Role::TextInput, "Missing board")
            .map(|field| field.focus())
    };
    desktop.until("the field", field);
    desktop.window.step();
    let field = desktop
        .window
        .get_by_role_and_label(Role::TextInput, "Missing board");
    field.type_text("heater");
    desktop.window.step();
    desktop.window.key_press(eframe::egui::Key::Enter);
    desktop.finds("Fault: heater does not announce itself");
    assert!(
        desktop
            .window
            .query_by_label_contains("Desk lamp works")
            .is_none(),
        "it was not asked for"
    );
}

#[test]
fn the_page_of_a_disconnected_board_leads_to_the_doctor() {
    let boards = boards(Profile::Mixed, 2);
    let mut desktop = desktop(&boards);
    desktop.shows("2 connected");
    boards.stop("Desk lamp").expect("stopped");
    desktop.until("the list says so", |window| {
        let row = window.query_by_role_and_label(Role::ListBoxOption, "Desk lamp: unreachable")?;
        row.click();
        Some(())
    });
    desktop.click("Why?");
    desktop.finds("Fault: Desk lamp does not answer");
    assert!(
        desktop.window.query_by_label_contains("works").is_none(),
        "only this board was asked for"
    );
}

//! The doctor looks in this window first.

use eframe::egui::{Key, accesskit::Role};
use egui_kittest::kittest::Queryable;

use crate::desktop::{Bench, Desktop};

fn ask(desktop: &mut Desktop, name: &str) {
    desktop.page("Doctor");
    desktop.until("the question", |window| {
        window
            .query_by_role_and_label(Role::TextInput, "Missing board")
            .map(|field| field.focus())
    });
    desktop.settle();
    desktop
        .window
        .get_by_role_and_label(Role::TextInput, "Missing board")
        .type_text(name);
    desktop.settle();
    desktop.window.key_press(Key::Enter);
    desktop.settle();
}

#[test]
fn a_hidden_board_is_found_at_once_and_brought_back_by_one_button() {
    let bench = Bench::start();
    let mut desktop = bench.desktop();
    desktop.click("More");
    desktop.choose("Hide");
    ask(&mut desktop, "desk lamp");
    desktop.shows("Desk lamp is hidden in this window");
    assert!(!desktop.has("Examination: progress"));
    assert!(!desktop.has("No problems found"));
    desktop.click("Show Desk lamp in the list");
    desktop.shows_about("It is in the list again.");
    desktop.page("Boards");
    desktop.shows("Desk lamp: connected");
}

#[test]
fn a_forgotten_board_is_found_at_once_and_brought_back_by_one_button() {
    let bench = Bench::start();
    let mut desktop = bench.desktop();
    desktop.click("More");
    desktop.choose("Forget");
    desktop.is_gone("Desk lamp");
    ask(&mut desktop, "Desk lamp");
    desktop.shows_about("Desk lamp was forgotten");
    assert!(!desktop.has("No problems found"));
    desktop.click("Restore Desk lamp");
    desktop.connected("Desk lamp");
    desktop.shows_about("It is in the list again.");
}

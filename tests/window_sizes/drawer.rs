//! The list of boards in a narrow window: a drawer over the page.

use eframe::egui::{Key, Modifiers, vec2};
use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};

use super::{Bench, open, scenes};
use scenes::Now;

fn narrow() -> Harness<'static, Bench> {
    let at = Now::read();
    let mut harness = open(scenes::mixed(at), at, "channels");
    harness.set_size(vec2(640.0, 480.0));
    harness.run_steps(3);
    harness
}

fn has_list(harness: &Harness<'_, Bench>) -> bool {
    harness
        .query_by_label_contains("Strip: connected")
        .is_some()
}

fn choose(harness: &mut Harness<'static, Bench>, row: &str) {
    harness.get_by_label_contains(row).click();
    harness.run_steps(3);
}

#[test]
fn the_list_is_a_drawer_that_closes_when_a_board_is_chosen() {
    let mut harness = narrow();
    assert!(!has_list(&harness));
    harness.get_by_label("Show boards").click();
    harness.run_steps(3);
    assert!(has_list(&harness));
    choose(&mut harness, "Strip: connected");
    assert!(!has_list(&harness));
    harness.get_by_role_and_label(eframe::egui::accesskit::Role::Heading, "Strip");
}

#[test]
fn escape_closes_the_drawer() {
    let mut harness = narrow();
    harness.get_by_label("Show boards").click();
    harness.run_steps(3);
    assert!(has_list(&harness));
    harness.key_press(Key::Escape);
    harness.run_steps(3);
    assert!(!has_list(&harness));
}

#[test]
fn the_drawer_takes_the_focus_and_enter_chooses_the_first_match() {
    let mut harness = narrow();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::F);
    harness.run_steps(3);
    let find =
        harness.get_by_role_and_label(eframe::egui::accesskit::Role::TextInput, "Find a board");
    assert!(find.accesskit_node().is_focused());
    find.type_text("stri");
    harness.run_steps(3);
    harness.key_press(Key::Enter);
    harness.run_steps(3);
    assert!(!has_list(&harness));
    harness.get_by_role_and_label(eframe::egui::accesskit::Role::Heading, "Strip");
}

#[test]
fn a_wide_window_has_the_list_next_to_the_page() {
    let mut harness = narrow();
    harness.set_size(vec2(900.0, 600.0));
    harness.run_steps(3);
    assert!(has_list(&harness));
    assert!(harness.query_by_label("Show boards").is_none());
}

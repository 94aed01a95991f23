//! The timeline with real boards: who did what, what a command caused, and
//! undoing from a row.

use eframe::egui::accesskit::Role;
use egui_kittest::{
    Node,
    kittest::{NodeT, Queryable},
};
use virtual_board::Profile;

use crate::{
    desk::{address, boards, key, on},
    window::{Desktop, desktop},
};

#[test]
fn a_command_unfolds_to_what_it_caused_and_is_undone_from_its_row() {
    let boards = boards(Profile::Lamp, 1);
    let mut desktop = Desktop::open(&[address(&boards)]);
    desktop.shows("1 connected");
    desktop.until("the switch", |window| {
        window
            .query_by_role_and_label(Role::Switch, "Light: on")
            .map(|switch| switch.click())
    });
    desktop.shows_about("Desk lamp, Light (light:0): On, you, ");
    let details = desktop.until("the row", |window| {
        let row = window.query_by_label_contains("Details: Desk lamp, Light (light:0): On, you, ");
        row?.accesskit_node().label()
    });
    desktop.click(&details);
    desktop.shows_about("Click, Request sent after ");
    desktop.shows_about(" received after ");
    desktop.shows_about("Board responded after ");
    assert_eq!(desktop.state("Desk lamp", "light:0").on(), Some(true));
    desktop.click("Undo: Turn on Desk lamp: Light");
    desktop.shows_about("Desk lamp, Light (light:0): On, you, ");
    desktop.until("it is undone", |window| {
        let mut rows = window.query_all_by_label_contains("(light:0): On, you, ");
        let label = |row: Node<'_>| row.accesskit_node().value();
        rows.find(|row| label(*row).is_some_and(|label| label.ends_with(", undone")))
            .map(|_| ())
    });
    assert_eq!(desktop.state("Desk lamp", "light:0").on(), Some(false));
}

#[test]
fn readings_are_hidden_among_what_people_do_until_they_are_asked_for() {
    let boards = boards(Profile::Lamp, 2);
    let mut desktop = desktop(&boards);
    desktop.shows("2 connected");
    boards
        .set("Desk lamp 2", &key("light:0"), on(true))
        .expect("set at the board");
    desktop.shows_about("Desk lamp 2, Light (light:0): On, at the board");
    let readings = |desktop: &Desktop| {
        desktop
            .window
            .query_all_by_label_contains("(sensor:")
            .count()
    };
    assert_eq!(readings(&desktop), 0);
    desktop.click("Readings");
    desktop.until("readings", |window| {
        let mut rows = window.query_all_by_label_contains("(sensor:");
        rows.next().map(|_| ())
    });
}

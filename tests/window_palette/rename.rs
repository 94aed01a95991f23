//! Names turn into text fields in place: of boards in the list and in the
//! heading, of dashboards and scenes in their tabs.

use fleet::BoardKey;
use gui::{BoardCommand, Settings};
use serde_json::json;

use super::*;

fn boards(at: Now) -> Vec<BoardView> {
    vec![
        scenes::lamp(1, "Desk lamp", at),
        scenes::lamp(2, "Shelf lamp", at),
    ]
}

fn renamed(board: u32, name: &str) -> Request {
    Request::Board(BoardCommand::Rename(BoardKey(board), name.to_owned()))
}

fn fields(harness: &Harness<'_, Bench>) -> usize {
    harness
        .query_all_by_role_and_label(Role::TextInput, "Name")
        .count()
}

fn double_click(harness: &mut Harness<'_, Bench>, role: Role, name: &str) {
    let place = harness.get_by_role_and_label(role, name).rect().center();
    for pressed in [true, false, true, false] {
        harness.event(egui::Event::PointerButton {
            pos: place,
            button: egui::PointerButton::Primary,
            pressed,
            modifiers: egui::Modifiers::NONE,
        });
        harness.step();
    }
    harness.run();
}

fn documents() -> Settings {
    serde_json::from_value(json!({
        "place": "dashboards",
        "dashboards": [{"name": "Bench"}, {"name": "Kitchen"}],
    }))
    .unwrap()
}

#[test]
fn f2_renames_the_shown_board_with_its_name_selected() {
    let at = Now::read();
    let mut harness = open(boards(at), "Desk lamp", &Settings::default());
    harness.key_press(Key::F2);
    harness.run();
    assert_eq!(fields(&harness), 1, "one field, not one per place");
    enter(&mut harness, "Reading lamp");
    assert_eq!(harness.state().asked, [renamed(1, "Reading lamp")]);
    assert_eq!(fields(&harness), 0);
}

#[test]
fn escape_keeps_the_name() {
    let at = Now::read();
    let mut harness = open(boards(at), "Desk lamp", &Settings::default());
    harness.key_press(Key::F2);
    harness.run();
    harness
        .get_by_role_and_label(Role::TextInput, "Name")
        .type_text("Reading lamp");
    harness.run();
    harness.key_press(Key::Escape);
    harness.run();
    assert_eq!(fields(&harness), 0);
    assert!(harness.state().asked.is_empty());
}

#[test]
fn a_double_click_on_the_name_renames_where_it_is() {
    let at = Now::read();
    for (role, name) in [
        (Role::ListBoxOption, "Desk lamp: connected"),
        (Role::Heading, "Desk lamp"),
    ] {
        let mut harness = open(boards(at), "Desk lamp", &Settings::default());
        let place = harness.get_by_role_and_label(role, name).rect();
        double_click(&mut harness, role, name);
        let field = harness
            .get_by_role_and_label(Role::TextInput, "Name")
            .rect();
        assert!(place.intersects(field), "{role:?}: {field:?}");
        enter(&mut harness, "Reading lamp");
        assert_eq!(harness.state().asked, [renamed(1, "Reading lamp")]);
    }
}

#[test]
fn a_board_of_the_list_that_is_not_shown_is_renamed_too() {
    let at = Now::read();
    let mut harness = open(boards(at), "Desk lamp", &Settings::default());
    double_click(&mut harness, Role::ListBoxOption, "Shelf lamp: connected");
    enter(&mut harness, "Bookcase");
    assert_eq!(harness.state().asked, [renamed(2, "Bookcase")]);
}

#[test]
fn a_name_that_a_board_cannot_store_is_not_sent_and_the_field_stays() {
    let at = Now::read();
    let mut harness = open(boards(at), "Desk lamp", &Settings::default());
    harness.key_press(Key::F2);
    harness.run();
    enter(&mut harness, &"long ".repeat(20));
    assert!(harness.state().asked.is_empty());
    assert_eq!(fields(&harness), 1);
    harness.get_by_label_contains("a board stores at most");
    enter(&mut harness, "Short");
    assert_eq!(harness.state().asked, [renamed(1, "Short")]);
}

#[test]
fn a_board_that_is_not_connected_is_not_renamed_and_says_why() {
    let at = Now::read();
    let mut boards = boards(at);
    boards[0].link = fleet::LinkState::Announced;
    let mut harness = open(boards, "Desk lamp", &Settings::default());
    harness.key_press(Key::F2);
    harness.run();
    assert_eq!(fields(&harness), 0);
    // The message, and the button that dismisses it.
    let mut said = harness.query_all_by_label_contains("stores its name itself");
    assert!(said.next().is_some());
}

#[test]
fn a_dashboard_is_renamed_in_its_tab_and_a_name_in_use_is_rejected() {
    let at = Now::read();
    let mut harness = open(boards(at), "Desk lamp", &documents());
    harness.key_press(Key::F2);
    harness.run();
    enter(&mut harness, "Kitchen");
    harness.get_by_label_contains("already in use");
    enter(&mut harness, "Workshop");
    assert_eq!(fields(&harness), 0);
    harness.get_by_role_and_label(Role::Tab, "Workshop");
    double_click(&mut harness, Role::Tab, "Kitchen");
    enter(&mut harness, "Pantry");
    harness.get_by_role_and_label(Role::Tab, "Pantry");
}

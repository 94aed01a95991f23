//! Rooms in the list of boards: assigned by dragging or by the menu, counted,
//! and switched as one.

use eframe::egui::{self, Key, Modifiers, Pos2, accesskit::Role};
use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};
use fleet::{BoardView, LinkProblem, LinkState};
use gui::{Batch, BoardCommand, Request, Settings};
use protocol::State;

use super::{
    bench::{self, Bench},
    main_of,
    scenes::{self, Now},
};

fn open(boards: Vec<BoardView>, at: Now) -> Harness<'static, Bench> {
    super::open(boards, &Settings::default(), at)
}

fn lamps(count: u32, at: Now) -> Vec<BoardView> {
    let lamps = (1..=count).map(|key| scenes::lamp(key, &format!("Lamp {key}"), at));
    lamps.collect()
}

/// The rows and headings of the list, from the top: a board is indented.
fn outline(harness: &Harness<'_, Bench>) -> Vec<String> {
    let boards = harness.query_all_by_role(Role::ListBoxOption);
    let headings = harness
        .query_all_by_role(Role::Button)
        .filter(|node| node.rect().width() > 200.0);
    let mut rows: Vec<(f32, String)> = boards
        .map(|row| (row, "  "))
        .chain(headings.map(|heading| (heading, "")))
        .map(|(node, indent)| {
            let name = node.accesskit_node().label().unwrap_or_default();
            let name = match indent {
                "" => name,
                _ => name.split(':').next().unwrap_or_default().to_owned(),
            };
            (node.rect().top(), format!("{indent}{name}"))
        })
        .collect();
    rows.sort_by(|one, other| one.0.total_cmp(&other.0));
    rows.into_iter().map(|(_, name)| name).collect()
}

fn row(harness: &Harness<'_, Bench>, name: &str) -> Pos2 {
    let name = format!("{name}: connected");
    let row = harness.get_by_role_and_label(Role::ListBoxOption, &name);
    // The middle may be a switch.
    row.rect().left_center() + egui::vec2(40.0, 0.0)
}

/// Presses at one point and moves to another, without a release.
fn drag(
    harness: &mut Harness<'static, Bench>,
    from: Pos2,
    to: impl Fn(&Harness<'_, Bench>) -> Pos2,
) {
    harness.drag_at(from);
    harness.run_steps(2);
    harness.hover_at(from + egui::vec2(0.0, 12.0));
    harness.run_steps(2);
    let to = to(harness);
    harness.hover_at(to);
    harness.run_steps(2);
}

fn drop(
    harness: &mut Harness<'static, Bench>,
    from: &str,
    to: impl Fn(&Harness<'_, Bench>) -> Pos2,
) {
    let from = row(harness, from);
    drag(harness, from, &to);
    let to = to(harness);
    harness.drop_at(to);
    harness.run();
}

fn new_room(harness: &Harness<'_, Bench>) -> Pos2 {
    harness.get_by_label("Drop into New room…").rect().center()
}

fn type_room(harness: &mut Harness<'static, Bench>, room: &str) {
    harness
        .get_by_role_and_label(Role::TextInput, "Room")
        .type_text(room);
    harness.run();
    harness.key_press(Key::Enter);
    harness.run();
}

#[test]
fn five_boards_are_put_into_a_new_room_in_five_actions() {
    let at = Now::read();
    let mut harness = open(lamps(6, at), at);
    // One and two: select five boards.
    for (name, modifiers) in [("Lamp 1", Modifiers::NONE), ("Lamp 5", Modifiers::SHIFT)] {
        let name = format!("{name}: connected");
        harness
            .get_by_role_and_label(Role::ListBoxOption, &name)
            .click_modifiers(modifiers);
        harness.run();
    }
    // Three: drag them. Four and five: a name, and Enter.
    drop(&mut harness, "Lamp 3", new_room);
    type_room(&mut harness, "Workshop");
    let mut expected = vec!["Workshop: 5 boards, 5 on".to_owned()];
    expected.extend((1..=5).map(|lamp| format!("  Lamp {lamp}")));
    expected.extend(["No room: 1 board, 1 on".to_owned(), "  Lamp 6".to_owned()]);
    assert_eq!(
        outline(&harness),
        expected,
        "the first room turns on grouping"
    );
}

#[test]
fn boards_are_dragged_onto_a_heading_a_row_and_out_of_their_room() {
    let at = Now::read();
    let mut harness = open(lamps(3, at), at);
    drop(&mut harness, "Lamp 1", new_room);
    type_room(&mut harness, "Hall");
    drop(&mut harness, "Lamp 2", |harness| {
        let heading = harness.get_by_role_and_label(Role::Button, "Hall: 1 board, 1 on");
        heading.rect().left_center() + egui::vec2(60.0, 0.0)
    });
    harness.get_by_role_and_label(Role::Button, "Hall: 2 boards, 2 on");
    drop(&mut harness, "Lamp 3", |harness| row(harness, "Lamp 1"));
    assert_eq!(
        outline(&harness),
        ["Hall: 3 boards, 3 on", "  Lamp 1", "  Lamp 2", "  Lamp 3"]
    );
    let menu = |harness: &mut Harness<'static, Bench>, room: &str| {
        harness.key_press(Key::Menu);
        harness.run();
        harness
            .get_by_role_and_label(Role::MenuItem, "Assign room…")
            .click();
        harness.run();
        harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
        type_room(harness, room);
    };
    menu(&mut harness, " ");
    assert_eq!(
        outline(&harness)[3..],
        ["No room: 1 board, 1 on", "  Lamp 1"]
    );
    drop(&mut harness, "Lamp 2", |harness| row(harness, "Lamp 1"));
    assert_eq!(outline(&harness)[..2], ["Hall: 1 board, 1 on", "  Lamp 3"]);
}

#[test]
fn an_existing_room_is_chosen_in_the_dialog_by_keyboard() {
    let at = Now::read();
    let mut harness = open(lamps(2, at), at);
    drop(&mut harness, "Lamp 1", new_room);
    type_room(&mut harness, "Hall");
    harness.key_press(Key::ArrowDown);
    harness.run();
    harness.key_press(Key::Menu);
    harness.run();
    harness
        .get_by_role_and_label(Role::MenuItem, "Assign room…")
        .click();
    harness.run();
    harness.key_press(Key::Tab);
    harness.run_steps(2);
    assert!(
        harness
            .get_by_role_and_label(Role::Button, "Assign to Hall")
            .is_focused()
    );
    harness.key_press(Key::Enter);
    harness.run();
    assert_eq!(
        outline(&harness),
        ["Hall: 2 boards, 2 on", "  Lamp 1", "  Lamp 2"]
    );
}

#[test]
fn a_drag_that_is_canceled_changes_nothing() {
    let at = Now::read();
    let mut harness = open(lamps(3, at), at);
    let before = outline(&harness);
    let from = row(&harness, "Lamp 2");
    drag(&mut harness, from, new_room);
    harness.key_press(Key::Escape);
    harness.run_steps(2);
    assert!(harness.query_by_label("Drop into New room…").is_none());
    harness.drop_at(from + egui::vec2(300.0, 0.0));
    harness.run();
    assert_eq!(outline(&harness), before);
    harness.get_by_role_and_label(Role::Heading, "Lamp 1");
}

#[test]
fn rooms_are_grouped_from_the_first_one_until_that_is_turned_off() {
    let at = Now::read();
    let mut harness = open(lamps(2, at), at);
    drop(&mut harness, "Lamp 1", new_room);
    type_room(&mut harness, "Hall");
    harness.get_by_label("List options").click();
    harness.run();
    harness
        .get_by_role_and_label(Role::Button, "No groups")
        .click();
    harness.run();
    assert_eq!(outline(&harness), ["  Lamp 1", "  Lamp 2"]);
    // Without headings, the rooms are offered below the list.
    drop(&mut harness, "Lamp 2", |harness| {
        harness.get_by_label("Drop into Hall").rect().center()
    });
    assert_eq!(
        outline(&harness),
        ["  Lamp 1", "  Lamp 2"],
        "a second one does not"
    );
    harness.get_by_label("List options").click();
    harness.run();
    harness
        .get_by_role_and_label(Role::Button, "By room")
        .click();
    harness.run();
    assert_eq!(
        outline(&harness),
        ["Hall: 2 boards, 2 on", "  Lamp 1", "  Lamp 2"]
    );
}

#[test]
fn a_room_is_switched_as_one_batch_and_reports_who_is_absent() {
    let at = Now::read();
    let mut boards = lamps(4, at);
    boards[3].link = LinkState::Unreachable {
        problem: LinkProblem::Silent,
        retry_at: None,
    };
    let mut harness = open(boards.clone(), at);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.run();
    drop(&mut harness, "Lamp 1", new_room);
    type_room(&mut harness, "Hall");
    // Another one switched it; the count follows.
    let mut off = boards.remove(1);
    let light = main_of(&mut off);
    light.reported.merge(&State::new().with("on", false));
    harness
        .state_mut()
        .window
        .model
        .apply(scenes::changes([off], Vec::new()), at.now);
    harness.run();
    harness.get_by_role_and_label(Role::Button, "Hall: 4 boards, 2 on");
    harness
        .get_by_role_and_label(Role::Button, "Hall: all off")
        .click();
    harness.run();
    let step = |board| bench::step(board, "light:0", State::new().with("on", false));
    let batch = Batch {
        title: "Turn off 3 boards in Hall".to_owned(),
        steps: vec![step(1), step(3)],
        absent: vec!["Lamp 4".to_owned()],
    };
    let sent = Request::Board(BoardCommand::Send(batch));
    assert_eq!(harness.state().asked, [sent]);
}

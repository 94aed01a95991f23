//! The list of boards: searching, grouping and sorting, and selecting several
//! boards to command together.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;

use bench::Bench;
use eframe::egui::{Key, Modifiers, accesskit::Role};
use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};
use fleet::{BoardKey, BoardView, ComponentView, IdClaim};
use gui::{BatchStep, BoardCommand, Operation, Request, Settings, Task};
use protocol::State;
use scenes::Now;

mod rooms;
mod rows;

#[path = "../window_scenes/bench.rs"]
#[expect(dead_code, reason = "other tests use the rest of it")]
mod bench;
#[path = "../window_scenes/mod.rs"]
#[expect(dead_code, reason = "other tests use the other scenes")]
mod scenes;

fn open(boards: Vec<BoardView>, settings: &Settings, at: Now) -> Harness<'static, Bench> {
    let settings = settings.clone();
    let mut harness = Harness::builder()
        .with_size([1180.0, 900.0])
        .build_eframe(move |cc| {
            let first = boards.first().map(|board| board.key);
            Bench::new(cc, &settings, boards, Vec::new(), at).showing(first)
        });
    harness.run();
    harness
}

/// The boards of the list, from the top.
fn listed(harness: &Harness<'_, Bench>) -> Vec<String> {
    let mut rows: Vec<(f32, String)> = harness
        .query_all_by_role(Role::ListBoxOption)
        .map(|row| {
            (
                row.rect().top(),
                row.accesskit_node().label().unwrap_or_default(),
            )
        })
        .collect();
    rows.sort_by(|one, other| one.0.total_cmp(&other.0));
    rows.into_iter()
        .map(|(_, name)| name.split(':').next().unwrap_or_default().to_owned())
        .collect()
}

fn arrange(harness: &mut Harness<'static, Bench>, word: &str) {
    harness.get_by_label("List options").click();
    harness.run();
    harness.get_by_role_and_label(Role::Button, word).click();
    harness.run();
}

fn menu(harness: &mut Harness<'static, Bench>, word: &str) {
    harness.get_by_label("More").click();
    harness.run();
    harness.get_by_role_and_label(Role::MenuItem, word).click();
    harness.run();
}

fn answer(harness: &mut Harness<'static, Bench>, field: &str, text: &str, done: &str) {
    harness
        .get_by_role_and_label(Role::TextInput, field)
        .type_text(text);
    harness.run();
    harness.get_by_role_and_label(Role::Button, done).click();
    harness.run();
}

/// The steps of all batches that were asked for.
fn steps<'a>(harness: &'a Harness<'_, Bench>) -> impl Iterator<Item = &'a BatchStep> {
    let batches = harness.state().asked.iter().map(|asked| match asked {
        Request::Board(BoardCommand::Send(batch)) => &batch.steps[..],
        _ => &[],
    });
    batches.flatten()
}

/// The component that is first in the row of a board.
fn main_of(board: &mut BoardView) -> &mut ComponentView {
    Arc::make_mut(board.components.first_mut().unwrap())
}

fn three(at: Now) -> Vec<BoardView> {
    vec![
        scenes::lamp(1, "Alpha", at),
        scenes::lamp(2, "Beta", at),
        scenes::strip(3, at),
    ]
}

#[test]
fn a_claimed_board_id_is_shown_in_the_list_and_on_its_page() {
    let at = Now::read();
    let mut boards = three(at);
    let address = "192.168.1.66:80".to_owned();
    boards[0].claims.push(IdClaim {
        address,
        at: at.wall,
    });
    let claimed = boards[0].name.clone();
    let harness = open(boards, &Settings::default(), at);
    let rows = harness
        .query_all_by_role(Role::ListBoxOption)
        .filter_map(|row| row.accesskit_node().label());
    let marked: Vec<_> = rows
        .filter(|row| row.contains("another device claims its id"))
        .collect();
    assert!(
        marked.len() == 1 && marked[0].starts_with(&*claimed),
        "{marked:?}"
    );
    harness.get_by_label_contains("Another device at 192.168.1.66:80 claimed the id of this board");
}

#[test]
fn boards_with_problems_come_first_if_selected() {
    let at = Now::read();
    let mut harness = open(scenes::mixed(at), &Settings::default(), at);
    assert_eq!(listed(&harness)[0], "Bench 4");
    arrange(&mut harness, "Problems first");
    assert_eq!(&listed(&harness)[..3], ["Bench 4", "Bench 10", "Weather"]);
}

#[test]
fn boards_are_grouped_by_room_and_groups_can_be_collapsed() {
    let at = Now::read();
    let mut harness = open(three(at), &Settings::default(), at);
    menu(&mut harness, "Assign room…");
    answer(&mut harness, "Room", "Workshop", "Assign");
    harness.get_by_role_and_label(Role::Button, "No room: 2 boards, 2 on");
    assert_eq!(listed(&harness), ["Alpha", "Beta", "Strip"]);
    harness
        .get_by_role_and_label(Role::Button, "Workshop: 1 board, 1 on")
        .click();
    harness.run();
    assert_eq!(listed(&harness), ["Beta", "Strip"]);
    let mut settings = Settings::default();
    harness.state().window.remember(&mut settings);
    let harness = open(three(at), &settings, at);
    assert_eq!(listed(&harness), ["Beta", "Strip"], "after a restart");
}

#[test]
fn a_board_is_found_by_its_tag_and_its_components() {
    let at = Now::read();
    let mut harness = open(three(at), &Settings::default(), at);
    menu(&mut harness, "Edit tags…");
    answer(&mut harness, "Tags", "demo, exam", "Tag");
    let find = |harness: &mut Harness<'static, Bench>, words: &str| {
        harness.key_press_modifiers(Modifiers::COMMAND, Key::F);
        harness.run();
        harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
        harness.get_by_label("Find a board").type_text(words);
        harness.run();
    };
    find(&mut harness, "exam");
    assert_eq!(listed(&harness), ["Alpha"]);
    find(&mut harness, "switch");
    assert_eq!(listed(&harness), ["Strip"]);
    find(&mut harness, "light demo");
    assert_eq!(listed(&harness), ["Alpha"]);
}

#[test]
fn a_hidden_board_is_counted_and_can_be_shown_again() {
    let at = Now::read();
    let mut harness = open(three(at), &Settings::default(), at);
    menu(&mut harness, "Hide");
    assert_eq!(listed(&harness), ["Beta", "Strip"]);
    harness.get_by_label("1 hidden");
    arrange(&mut harness, "Show hidden boards");
    assert_eq!(listed(&harness), ["Alpha", "Beta", "Strip"]);
}

#[test]
fn notifications_about_a_board_are_off_until_they_are_turned_on() {
    let at = Now::read();
    let mut harness = open(three(at), &Settings::default(), at);
    let notes = |harness: &Harness<'static, Bench>| {
        let mut settings = Settings::default();
        harness.state().window.remember(&mut settings);
        settings.notes
    };
    assert!(notes(&harness).is_empty());
    menu(&mut harness, "Notify when lost");
    assert_eq!(
        harness.state().asked,
        [Request::Task(Task::CheckNotifications)]
    );
    assert!(notes(&harness)["alpha-0001"].notify_when_lost);
    menu(&mut harness, "Do not notify when lost");
    assert!(notes(&harness).is_empty());
    assert_eq!(harness.state().asked.len(), 1, "only when turned on");
}

#[test]
fn a_board_is_renamed_on_the_board_itself() {
    let at = Now::read();
    let mut harness = open(three(at), &Settings::default(), at);
    menu(&mut harness, "Rename…");
    harness
        .get_by_role_and_label(Role::TextInput, "Name")
        .type_text("Gamma");
    harness.run();
    harness.key_press(Key::Enter);
    harness.run();
    assert_eq!(
        harness.state().asked,
        [Request::Board(BoardCommand::Rename(
            BoardKey(1),
            "Gamma".to_owned()
        ))]
    );
}

#[test]
fn several_boards_are_selected_with_the_mouse_and_get_the_same_command() {
    let at = Now::read();
    let mut harness = open(three(at), &Settings::default(), at);
    harness
        .get_by_role_and_label(Role::ListBoxOption, "Beta: connected")
        .click_modifiers(Modifiers::COMMAND);
    harness.run();
    harness.get_by_role_and_label(Role::Heading, "2 boards");
    harness.get_by_label("Light: 2 boards, 2 on");
    harness
        .get_by_role_and_label(Role::Button, "Light: all off")
        .click();
    harness.run();
    let step = |board| bench::step(board, "light:0", State::new().with("on", false));
    let title = "Turn off Light on 2 boards";
    assert_eq!(
        harness.state().asked,
        [bench::batch(title, vec![step(1), step(2)])]
    );
    harness
        .get_by_role_and_label(Role::ListBoxOption, "Strip: connected")
        .click_modifiers(Modifiers::SHIFT);
    harness.run();
    harness.get_by_role_and_label(Role::Heading, "2 boards");
    harness.key_press(Key::Escape);
    harness.run();
    harness.get_by_role_and_label(Role::Heading, "Beta");
}

#[test]
fn all_boards_of_the_list_are_selected_by_keyboard() {
    let at = Now::read();
    let mut harness = open(three(at), &Settings::default(), at);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.run();
    harness.get_by_role_and_label(Role::Heading, "3 boards");
    harness.get_by_label("Button: 2 boards");
}

#[test]
fn a_thousand_boards_are_grouped_and_only_those_in_view_are_drawn() {
    let at = Now::read();
    let mut harness = open(scenes::many(1_000, at), &Settings::default(), at);
    arrange(&mut harness, "By state");
    let rows = harness.query_all_by_role(Role::ListBoxOption).count();
    assert!((10..60).contains(&rows), "{rows} rows");
    harness.get_by_role_and_label(Role::Button, "Unreachable: 42 boards, 0 on");
}

#[test]
fn links_are_listed_worst_first_and_can_be_sorted() {
    let at = Now::read();
    let mut harness = open(scenes::mixed(at), &Settings::default(), at);
    harness
        .get_by_role_and_label(Role::Button, "Health")
        .click();
    harness.run();
    assert_eq!(listed(&harness)[0], "Bench 10");
    harness
        .get_by_role_and_label(Role::Button, "Sort by median")
        .click();
    harness.run();
    // Board 6 answers slowest.
    assert_eq!(listed(&harness)[0], "New board");
    harness
        .get_by_role_and_label(Role::Button, "Sort by median")
        .click();
    harness.run();
    harness
        .query_all_by_role(Role::ListBoxOption)
        .find(|row| row.rect().top() > 0.0)
        .unwrap()
        .click();
    harness.run();
    harness.get_by_label_contains("round trips: median");
}

#[test]
fn the_menu_of_the_shown_board_is_operated_by_keys() {
    for (modifiers, key) in [(Modifiers::SHIFT, Key::F10), (Modifiers::NONE, Key::Menu)] {
        let at = Now::read();
        let mut harness = open(three(at), &Settings::default(), at);
        assert!(
            harness
                .query_by_role_and_label(Role::MenuItem, "Rename…")
                .is_none()
        );
        harness.key_press_modifiers(modifiers, key);
        harness.run();
        let first = harness.get_by_role_and_label(Role::MenuItem, "Rename…");
        assert!(first.is_focused(), "the first entry has the focus");
        harness.key_press(Key::Enter);
        harness.run();
        assert!(
            harness
                .query_by_role_and_label(Role::MenuItem, "Rename…")
                .is_none(),
            "it closes"
        );
        harness.get_by_role_and_label(Role::TextInput, "Name");
    }
}

#[test]
fn boards_are_rebooted_together_only_after_confirmation() {
    let at = Now::read();
    let mut harness = open(three(at), &Settings::default(), at);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.run();
    for (answer, told) in [("Cancel", 0), ("Reboot", 3)] {
        harness.key_press(Key::Menu);
        harness.run();
        harness
            .get_by_role_and_label(Role::MenuItem, "Reboot…")
            .click();
        harness.run();
        harness.get_by_role_and_label(Role::Button, "Cancel");
        assert!(
            harness
                .get_by_role_and_label(Role::Button, "Cancel")
                .is_focused(),
            "Enter interrupts nothing"
        );
        harness.get_by_role_and_label(Role::Button, answer).click();
        harness.run();
        assert!(
            harness
                .query_by_role_and_label(Role::Button, "Cancel")
                .is_none(),
            "the dialog is closed"
        );
        let rebooted = |step: &&BatchStep| match &step.what {
            Operation::Call(method, _) => method == "Device.Reboot",
            _ => false,
        };
        assert_eq!(steps(&harness).filter(rebooted).count(), told);
    }
}

#[test]
fn unsupported_commands_are_disabled_and_sent_only_to_boards_that_support_them() {
    let at = Now::read();
    let mut boards = three(at);
    boards[0]
        .lacking
        .extend(["Device.Identify", "Device.SetName", "Device.Reboot"].map(Into::into));
    let mut harness = open(boards, &Settings::default(), at);
    let disabled = |harness: &Harness<'_, Bench>, role, name| {
        harness
            .get_by_role_and_label(role, name)
            .accesskit_node()
            .is_disabled()
    };
    assert!(disabled(&harness, Role::Button, "Identify"));
    harness.key_press(Key::Menu);
    harness.run();
    assert!(
        disabled(&harness, Role::MenuItem, "Rename…")
            && disabled(&harness, Role::MenuItem, "Reboot…")
    );
    assert!(
        harness
            .get_by_role_and_label(Role::MenuItem, "Assign room…")
            .is_focused(),
        "the first that can be chosen"
    );
    harness.key_press(Key::Escape);
    harness.run();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.run();
    harness
        .get_by_role_and_label(Role::Button, "Identify all")
        .click();
    harness.run();
    let told: Vec<_> = steps(&harness).map(|step| step.board).collect();
    assert_eq!(told, [BoardKey(2), BoardKey(3)]);
}

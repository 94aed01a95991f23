//! The lab: one board for all exercises, and only boards that can be used.

use eframe::egui::Modifiers;
use gui::Settings;

use super::*;

fn lab(exercise: &str, boards: Vec<BoardView>) -> Harness<'static, Bench> {
    let shown = boards[0].name.clone();
    let mut harness = open(boards, &shown, &Settings::default());
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Num9);
    harness.run();
    tab(&mut harness, exercise);
    harness
}

fn tab(harness: &mut Harness<'_, Bench>, exercise: &str) {
    harness.get_by_role_and_label(Role::Tab, exercise).click();
    harness.run_steps(4);
}

fn boards(at: Now) -> Vec<BoardView> {
    let mut away = scenes::lamp(1, "Cellar", at);
    away.link = fleet::LinkState::Unreachable {
        problem: fleet::LinkProblem::Silent,
        retry_at: None,
    };
    let mut locked = scenes::lamp(4, "Vault", at);
    locked.locked = Some(true);
    locked.held = Some((keys::KeyId([1; 4]), keys::Role::Control));
    vec![
        away,
        scenes::lamp(2, "Desk lamp", at),
        scenes::lamp(3, "Shelf lamp", at),
        locked,
    ]
}

fn board(harness: &Harness<'_, Bench>) -> String {
    let picker = harness.get_by_role_and_label(Role::ComboBox, "Board");
    picker.value().unwrap_or_default()
}

const EXERCISES: [&str; 5] = [
    "Channels",
    "Push and poll",
    "Echo and broadcast",
    "Telemetry",
    "Clients",
];

#[test]
fn one_board_is_chosen_for_all_exercises() {
    let mut harness = lab("Telemetry", boards(Now::read()));
    // The selected board is unreachable.
    assert_eq!(board(&harness), "Desk lamp");
    harness
        .get_by_role_and_label(Role::ComboBox, "Board")
        .click();
    harness.run();
    harness
        .get_by_role_and_label(Role::ListBoxOption, "Shelf lamp")
        .click();
    harness.run();
    for exercise in EXERCISES {
        tab(&mut harness, exercise);
        assert_eq!(board(&harness), "Shelf lamp", "{exercise}");
    }
}

#[test]
fn boards_that_cannot_be_used_are_listed_last_with_the_reason() {
    let mut harness = lab("Telemetry", boards(Now::read()));
    harness
        .get_by_role_and_label(Role::ComboBox, "Board")
        .click();
    harness.run();
    let top = |name: &str| {
        let option = harness.get_by_role_and_label(Role::ListBoxOption, name);
        let node = option.accesskit_node();
        let why = option.value().unwrap_or_default();
        (option.rect().top(), node.is_disabled(), why)
    };
    let (shelf, disabled, _) = top("Shelf lamp");
    assert!(!disabled);
    for (name, why) in [("Cellar", "unreachable"), ("Vault", "locked")] {
        let (at, disabled, told) = top(name);
        assert!(at > shelf && disabled, "{name}");
        assert_eq!(told, why);
    }
}

#[test]
fn a_locked_board_says_whether_its_key_would_help() {
    let at = Now::read();
    let mut vault = boards(at).remove(3);
    let text = |board: &BoardView| {
        let harness = lab("Telemetry", vec![board.clone()]);
        let mut labels = harness.query_all_by_label_contains("This board");
        labels.next().and_then(|label| label.value())
    };
    assert_eq!(
        text(&vault).as_deref(),
        Some("This board is locked, and this exercise does not use encryption.")
    );
    vault.held = None;
    vault.link = fleet::LinkState::Unreachable {
        problem: fleet::LinkProblem::Locked,
        retry_at: None,
    };
    assert_eq!(
        text(&vault).as_deref(),
        Some("This board is locked. Enter its key or pair with it first.")
    );
    vault.locked = Some(false);
    vault.link = fleet::LinkState::Stale;
    assert_eq!(text(&vault), None);
}

#[test]
fn without_a_reachable_board_an_exercise_says_what_it_needs() {
    let mut all = boards(Now::read());
    all.truncate(1);
    let mut harness = lab("Telemetry", all);
    for exercise in &EXERCISES[1..] {
        tab(&mut harness, exercise);
        let mut said = harness.query_all_by_label_contains("None of the boards can be used");
        assert!(said.next().is_some(), "{exercise}");
    }
}

#[test]
fn the_examples_of_channels_begin_with_those_of_the_board() {
    let harness = lab("Channels", boards(Now::read()));
    let nodes = harness.root().children_recursive();
    let rows = nodes.filter(|node| node.accesskit_node().role() == Role::ListBoxOption);
    let rows: Vec<String> = rows
        .filter_map(|node| node.accesskit_node().label())
        .collect();
    for (row, path) in rows.iter().zip(["/ws", "/rpc", "/log"]) {
        assert!(row.starts_with("ws://192.168.1.18:80"), "{row}");
        assert!(row.contains(path) && row.contains("Desk lamp"), "{row}");
    }
    assert!(rows[3].contains("public example"), "{rows:?}");
}

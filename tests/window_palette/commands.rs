//! What the palette finds, in which order, and what it asks for.

use std::collections::BTreeSet;

use eframe::egui::Modifiers;
use fleet::{BoardKey, Trigger};
use gui::{Batch, BatchStep, BoardCommand, Operation, Settings};
use protocol::State;
use serde_json::json;

use super::*;

fn lamps(at: Now) -> Vec<BoardView> {
    let mut boards = vec![
        scenes::lamp(1, "Desk lamp", at),
        scenes::lamp(2, "Lamp 2", at),
        scenes::lamp(12, "Lamp 12", at),
        scenes::everything(9, at),
    ];
    for board in &mut boards[1..3] {
        for component in &mut board.components {
            let light = std::sync::Arc::make_mut(component);
            light.reported.merge(&State::new().with("on", false));
        }
    }
    boards
}

fn documents() -> Settings {
    serde_json::from_value(json!({
        "dashboards": [{"name": "Bench"}],
        "scenes": [{"name": "Evening", "steps": []}],
        "notes": {"lamp-2-0002": {"room": "Workshop"}},
    }))
    .unwrap()
}

/// Opens the palette and types.
fn search(harness: &mut Harness<'_, Bench>, text: &str) {
    harness.key_press_modifiers(Modifiers::COMMAND, Key::K);
    harness.run();
    harness
        .get_by_role_and_label(Role::TextInput, "Command")
        .type_text(text);
    harness.run();
}

/// The entries of the palette or of a menu, from the top.
fn entries(harness: &Harness<'_, Bench>) -> Vec<String> {
    let nodes = harness.root().children_recursive();
    let items = nodes.filter(|node| node.accesskit_node().role() == Role::MenuItem);
    items
        .filter_map(|node| node.accesskit_node().label())
        .collect()
}

/// The first entry that a text finds.
fn first(text: &str, shown: &str) -> String {
    let mut harness = open(lamps(Now::read()), shown, &documents());
    search(&mut harness, text);
    entries(&harness).first().cloned().unwrap_or_default()
}

/// What Enter asks for.
fn asked(text: &str, shown: &str) -> Vec<Request> {
    let mut harness = open(lamps(Now::read()), shown, &documents());
    search(&mut harness, text);
    harness.key_press(Key::Enter);
    harness.run();
    assert!(
        harness
            .query_by_role_and_label(Role::TextInput, "Command")
            .is_none(),
        "{text}: it closes"
    );
    harness.state().asked.clone()
}

fn set(title: &str, board: u32, component: &str, change: State) -> Request {
    bench::batch(title, vec![bench::step(board, component, change)])
}

#[test]
fn a_phrase_switches_the_lamp_that_it_names() {
    let on = set(
        "Turn on Lamp 2: Light",
        2,
        "light:0",
        State::new().with("on", true),
    );
    for phrase in ["lamp 2 on", "Lamp 2 turn on", "on lamp 2", "lmap 2 on"] {
        assert_eq!(
            asked(phrase, "Desk lamp"),
            std::slice::from_ref(&on),
            "{phrase}"
        );
    }
}

#[test]
fn a_typed_value_is_set() {
    let brightness = |percent: i64| State::new().with("brightness", percent);
    for (phrase, board, component, change) in [
        ("desk lamp 40 %", 1, "light:0", brightness(40)),
        ("desk lamp 40%", 1, "light:0", brightness(40)),
        ("lamp 2 40 %", 2, "light:0", brightness(40).with("on", true)),
        (
            "desk lamp 2700 K",
            1,
            "light:0",
            State::new().with("ct_k", 2_700),
        ),
        (
            "setpoint 19.5",
            9,
            "number:0",
            State::new().with("value", 19.5),
        ),
        (
            "mode boost",
            9,
            "select:0",
            State::new().with("value", "boost"),
        ),
        (
            "desk lamp rainbow",
            1,
            "light:0",
            State::new().with("effect", "rainbow"),
        ),
    ] {
        let [Request::Board(BoardCommand::Send(batch))] = &asked(phrase, "Lamp 12")[..] else {
            unreachable!("{phrase}: nothing was sent");
        };
        let step = bench::step(board, component, change);
        assert_eq!(batch.steps, [step], "{phrase}");
    }
}

#[test]
fn a_number_alone_is_for_the_shown_board() {
    assert_eq!(first("25 %", "Lamp 12"), "Lamp 12: set Light to 25 %");
}

#[test]
fn a_value_that_a_component_cannot_have_is_explained_and_not_sent() {
    for (phrase, entry, why) in [
        (
            "setpoint 19.3",
            "Everything: set Setpoint to 19.3 °C",
            "in steps of 0.5",
        ),
        (
            "setpoint 77",
            "Everything: set Setpoint to 77.0 °C",
            "5.0 °C to 30.0 °C",
        ),
        (
            "desk lamp 140 %",
            "Desk lamp: set Light to 140 %",
            "0 to 100 %",
        ),
    ] {
        let mut harness = open(lamps(Now::read()), "Desk lamp", &documents());
        search(&mut harness, phrase);
        let node = harness.get_by_role_and_label(Role::MenuItem, entry);
        assert!(node.accesskit_node().is_disabled(), "{phrase}");
        let said = node.value().unwrap_or_default();
        assert!(said.contains(why), "{phrase}: {said}");
        harness.key_press(Key::Enter);
        harness.run();
        assert!(harness.state().asked.is_empty(), "{phrase}");
    }
}

#[test]
fn the_shown_board_comes_first() {
    for shown in ["Desk lamp", "Lamp 12", "Everything"] {
        assert_eq!(first("rename", shown), format!("{shown}: rename…"));
        assert_eq!(first("identify", shown), format!("{shown}: identify"));
    }
    let mut harness = open(lamps(Now::read()), "Lamp 12", &documents());
    search(&mut harness, "");
    harness.get_by_role_and_label(Role::MenuItem, "Lamp 12: turn Light on");
    assert_eq!(entries(&harness)[0], "Lamp 12: turn Light on");
}

#[test]
fn entries_show_the_state_of_what_they_are_about() {
    let mut harness = open(lamps(Now::read()), "Desk lamp", &documents());
    search(&mut harness, "show light");
    let value = |harness: &Harness<'_, Bench>, entry: &str| {
        let node = harness.get_by_role_and_label(Role::MenuItem, entry);
        node.value().unwrap_or_default().to_lowercase()
    };
    assert!(value(&harness, "Desk lamp: show Light").contains("on"));
    assert!(value(&harness, "Lamp 2: show Light").contains("off"));
    // While the palette is open, states go on changing.
    let mut changed = lamps(harness.state().at);
    let light = std::sync::Arc::make_mut(&mut changed[1].components[0]);
    light.reported.merge(&State::new().with("on", true));
    let now = harness.state().at.now;
    harness
        .state_mut()
        .window
        .model
        .apply(scenes::changes([changed.remove(1)], Vec::new()), now);
    harness.run();
    assert!(value(&harness, "Lamp 2: show Light").contains("on"));
}

#[test]
fn a_board_is_renamed_from_the_palette() {
    let mut harness = open(lamps(Now::read()), "Desk lamp", &documents());
    search(&mut harness, "lamp 2 rename");
    harness.key_press(Key::Enter);
    harness.run();
    enter(&mut harness, "Bookcase");
    let renamed = BoardCommand::Rename(BoardKey(2), "Bookcase".to_owned());
    assert_eq!(harness.state().asked, [Request::Board(renamed)]);
}

#[test]
fn a_board_is_moved_to_a_room_by_its_name() {
    let mut harness = open(lamps(Now::read()), "Desk lamp", &documents());
    search(&mut harness, "desk lamp workshop");
    assert_eq!(entries(&harness)[0], "Desk lamp: move to Workshop");
    harness.key_press(Key::Enter);
    harness.run();
    let key = BoardKey(1);
    let model = &harness.state().window.model;
    let labels = model.labels_of(model.board(key).unwrap()).unwrap();
    assert_eq!(labels.room, "Workshop");
}

/// The names of the entries of a menu, which the button with this name opens.
fn menu(button: &str, page: Key) -> BTreeSet<String> {
    let mut harness = open(lamps(Now::read()), "Desk lamp", &documents());
    harness.key_press_modifiers(Modifiers::COMMAND, page);
    harness.run();
    let names = |harness: &Harness<'_, Bench>| -> BTreeSet<String> {
        let nodes = harness.root().children_recursive();
        let operable = nodes.filter(|node| {
            matches!(
                node.accesskit_node().role(),
                Role::MenuItem | Role::Button | Role::CheckBox | Role::RadioButton
            )
        });
        operable
            .filter_map(|node| node.accesskit_node().label())
            .collect()
    };
    let before = names(&harness);
    harness.get_by_role_and_label(Role::Button, button).click();
    harness.run();
    names(&harness).difference(&before).cloned().collect()
}

#[test]
fn every_entry_of_every_menu_is_found_by_its_name() {
    for (button, page, least) in [
        ("More", Key::Num1, 8),
        ("Light: more", Key::Num1, 5),
        ("List options", Key::Num1, 7),
        ("More for dashboards", Key::Num2, 4),
        ("More for scenes", Key::Num3, 4),
        ("Theme", Key::Num1, 3),
    ] {
        let names = menu(button, page);
        assert!(names.len() >= least, "{button}: {names:?}");
        for name in names {
            let mut harness = open(lamps(Now::read()), "Desk lamp", &documents());
            search(&mut harness, &name);
            let wanted = name.to_lowercase();
            let found = entries(&harness);
            assert!(
                found
                    .iter()
                    .any(|entry| entry.to_lowercase().contains(&wanted)),
                "{button}: {name:?} is not among {found:?}"
            );
        }
    }
}

#[test]
fn the_verbs_of_the_window_are_found() {
    for (typed, entry) in [
        ("zoom in", "Zoom in"),
        ("theme dark", "Theme: dark"),
        ("new dashboard", "New dashboard"),
        ("new scene", "New scene"),
        ("apply evening", "Apply Evening"),
        ("go to plots", "Go to Plots"),
        ("telemetry", "Lab: Telemetry"),
        ("undo", "Undo"),
        ("select all", "Select all boards"),
        ("why missing", "Why is a board missing?"),
        ("add board", "Add board by address"),
        ("shortcuts", "Keyboard shortcuts"),
        ("delete bench", "Dashboard Bench: delete"),
    ] {
        assert_eq!(first(typed, "Desk lamp"), entry, "{typed}");
    }
}

#[test]
fn a_page_is_paused_from_the_palette() {
    let mut harness = open(lamps(Now::read()), "Desk lamp", &documents());
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Num7);
    harness.run();
    search(&mut harness, "pause");
    assert_eq!(entries(&harness)[0], "Frames: pause");
    harness.key_press(Key::Enter);
    harness.run();
    harness.get_by_role_and_label(Role::Button, "Resume");
}

#[test]
fn plots_and_activity_are_paused_and_resumed_from_the_palette() {
    for (page, name) in [(Key::Num4, "Activity"), (Key::Num5, "Plots")] {
        let mut harness = open(lamps(Now::read()), "Desk lamp", &documents());
        harness.key_press_modifiers(Modifiers::COMMAND, page);
        harness.run_steps(3);
        for (word, other) in [("pause", "Resume"), ("resume", "Pause")] {
            search(&mut harness, word);
            assert_eq!(entries(&harness)[0], format!("{name}: {word}"));
            harness.key_press(Key::Enter);
            harness.run_steps(3);
            harness.get_by_role_and_label(Role::Button, other);
        }
    }
}

#[test]
fn the_palette_starts_and_stops_sample_boards_and_shows_the_introduction() {
    let mut harness = open(lamps(Now::read()), "Desk lamp", &documents());
    let window = &mut harness.state_mut().window;
    window.virtual_boards = gui::VirtualBoards::Ready;
    window.model.samples = gui::Samples::new(["desk-lamp-0001".to_owned()]);
    for (words, task) in [
        ("Start sample boards", gui::Task::StartVirtualBoards(3)),
        ("Stop sample boards", gui::Task::StopSampleBoards),
    ] {
        search(&mut harness, words);
        assert_eq!(entries(&harness)[0], words);
        harness.key_press(Key::Enter);
        harness.run();
        assert_eq!(harness.state().asked.last(), Some(&Request::Task(task)));
    }
    search(&mut harness, "show introduction");
    assert_eq!(entries(&harness)[0], "Show introduction");
    harness.key_press(Key::Enter);
    harness.run();
    harness.get_by_label("Getting started");
}

#[test]
fn only_the_rows_in_view_are_drawn_with_a_thousand_boards() {
    let at = Now::read();
    let mut harness = open(scenes::many(1_000, at), "Bench 7", &documents());
    search(&mut harness, "bench 512 off");
    assert_eq!(entries(&harness)[0], "Bench 512: turn Light off");
    let rows = entries(&harness).len();
    assert!(rows < 40, "{rows} rows are drawn");
}

#[test]
fn every_verb_of_one_board_among_many_is_found() {
    let at = Now::read();
    let mut verbs: Vec<String> = menu("More", Key::Num1).into_iter().collect();
    verbs.extend(menu("Light: more", Key::Num1));
    for verb in [
        "turn Light off",
        "press Button",
        "identify",
        "set Light to 40 %",
    ] {
        verbs.push(verb.to_owned());
    }
    for verb in verbs {
        let mut harness = open(scenes::many(80, at), "Bench 7", &documents());
        search(&mut harness, &format!("Bench 12 {verb}"));
        let wanted = verb.to_lowercase();
        let found = entries(&harness);
        let is_wanted = |entry: &String| {
            entry.starts_with("Bench 12: ") && entry.to_lowercase().contains(&wanted)
        };
        assert!(found.iter().any(is_wanted), "{verb} is not among {found:?}");
    }
}

/// What Enter asks for, in a house with covers.
fn asked_in_the_house(text: &str) -> Vec<Request> {
    let mut harness = open(
        vec![scenes::house(1, Now::read())],
        "House",
        &Settings::default(),
    );
    search(&mut harness, text);
    harness.key_press(Key::Enter);
    harness.run();
    harness.state().asked.clone()
}

#[test]
fn a_cover_is_moved_by_a_phrase() {
    let position = State::new().with("position", 40);
    let set = [set("Set House: Blind to 40 %", 1, "cover:0", position)];
    for phrase in ["blind 40 %", "House blind 40%"] {
        assert_eq!(asked_in_the_house(phrase), set, "{phrase}");
    }
    for (phrase, title, component, trigger) in [
        ("open blind", "Open House: Blind", "cover:0", Trigger::Open),
        ("blind stop", "Stop House: Blind", "cover:0", Trigger::Stop),
        (
            "close awning",
            "Close House: Awning",
            "cover:1",
            Trigger::Close,
        ),
        (
            "install firmware",
            "Install House: Firmware",
            "update:0",
            Trigger::Install,
        ),
    ] {
        let step = BatchStep {
            board: BoardKey(1),
            what: Operation::Trigger(scenes::key(component), trigger),
        };
        let batch = Batch::new(title, vec![step]);
        let wanted = [Request::Board(BoardCommand::Send(batch))];
        assert_eq!(asked_in_the_house(phrase), wanted, "{phrase}");
    }
}

#[test]
fn a_palette_is_set_by_its_name() {
    let palette = State::new().with("palette", "Ocean");
    let set = [set(
        "Set House: Strip to palette Ocean",
        1,
        "light:0",
        palette,
    )];
    assert_eq!(asked_in_the_house("strip ocean"), set);
}

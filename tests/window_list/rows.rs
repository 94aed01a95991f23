//! Rows of the list: what each board is doing, its main switch, its state, and
//! the filters, menus and keys.

use std::sync::Arc;

use eframe::egui::{Key, Modifiers, OutputCommand, accesskit::Role};
use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};
use fleet::{BoardKey, CommandState, LinkProblem, LinkState, Origin};
use gui::{BoardCommand, Request, Settings};
use protocol::{Code, RpcError, State};

use super::{
    arrange,
    bench::Bench,
    listed, main_of, menu, open,
    scenes::{self, Now},
    three,
};

/// What the row of a board says that it is doing.
fn doing(harness: &Harness<'_, Bench>, row: &str) -> String {
    let row = harness.get_by_role_and_label(Role::ListBoxOption, row);
    row.accesskit_node().value().unwrap_or_default()
}

fn is_disabled(harness: &Harness<'_, Bench>, role: Role, name: &str) -> bool {
    let node = harness.get_by_role_and_label(role, name);
    node.accesskit_node().is_disabled()
}

fn set(board: u32, component: &str, on: bool) -> Request {
    Request::Board(BoardCommand::Set {
        board: BoardKey(board),
        component: scenes::key(component),
        change: State::new().with("on", on),
    })
}

#[test]
fn the_lamp_of_another_board_is_switched_with_one_click_in_the_list() {
    let at = Now::read();
    let mut boards = three(at);
    let mut harness = open(boards.clone(), &Settings::default(), at);
    harness
        .get_by_role_and_label(Role::Switch, "Beta: Light")
        .click();
    harness.run();
    assert_eq!(harness.state().asked, [set(2, "light:0", false)]);
    // The page of the other board stays.
    harness.get_by_role_and_label(Role::Heading, "Alpha");
    // The board does it.
    let mut off = boards.remove(1);
    let light = main_of(&mut off);
    light.reported.merge(&State::new().with("on", false));
    light.changed = Some((at.wall, Origin::ThisProgram));
    harness.state_mut().window.model.put(Arc::new(off));
    // Its row is in sight: undo does not ask.
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    harness.run();
    let asked = &harness.state().asked;
    let [_, Request::Board(BoardCommand::Turn { title, .. })] = &asked[..] else {
        unreachable!("undo is not sent: {asked:?}");
    };
    assert_eq!(title, "Undo: Turn off Beta: Light");
}

#[test]
fn a_row_says_what_its_board_is_doing() {
    let at = Now::read();
    let mut outlet = scenes::updatable(4, at);
    let power = scenes::sensor(0, "Power", "power", "W", 0, 113, at);
    outlet.components.push(Arc::new(power));
    let temperature = scenes::sensor(0, "Temperature", "temperature", "°C", 1, 8.3, at);
    let humidity = scenes::sensor(1, "Humidity", "humidity", "%", 0, 71, at);
    let signal = scenes::diagnostic(scenes::sensor(
        2,
        "Signal",
        "signal_strength",
        "dBm",
        0,
        -52,
        at,
    ));
    let weather = scenes::with(
        scenes::board(5, "Weather", at),
        [signal, humidity, temperature],
    );
    let mut boards = three(at);
    boards.extend([outlet, weather]);
    let harness = open(boards, &Settings::default(), at);
    for (row, words) in [
        ("Alpha: connected", "On · 60 %"),
        ("Strip: connected", "Socket 1: on · 3 of 4 on"),
        ("Workbench: connected", "On · 113 W"),
        ("Weather: connected", "8.3 °C · 71 %"),
    ] {
        assert_eq!(doing(&harness, row), words);
    }
    assert!(
        harness
            .query_by_role_and_label(Role::Switch, "Weather: Temperature")
            .is_none()
    );
}

#[test]
fn a_row_shows_commands_that_are_pending_unconfirmed_and_refused() {
    let at = Now::read();
    let refusal = |ago: f64| CommandState::Refused {
        error: Box::new(RpcError::new(
            Code::FailedPrecondition,
            "locked_out",
            "Too hot",
        )),
        at: at.now.checked_sub(scenes::seconds(ago)).unwrap(),
    };
    for (command, words) in [
        (CommandState::Pending { since: at.now }, "Off, pending"),
        (
            CommandState::Unconfirmed { at: at.now },
            "Unconfirmed · Off",
        ),
        (refusal(2.0), "Refused: Too hot"),
        (refusal(20.0), "Off"),
    ] {
        let mut boards = three(at);
        let light = main_of(&mut boards[1]);
        light.command = command;
        light.wanted = Some(State::new().with("on", false));
        let mut harness = open(boards, &Settings::default(), at);
        harness.run_steps(2);
        assert_eq!(doing(&harness, "Beta: connected"), words);
    }
}

#[test]
fn an_unknown_state_is_shown_as_unknown_and_an_unreachable_board_is_not_switched() {
    let at = Now::read();
    let mut boards = three(at);
    main_of(&mut boards[1]).reported = State::new().with("on", serde_json::Value::Null);
    boards[2].link = LinkState::Unreachable {
        problem: LinkProblem::Silent,
        retry_at: None,
    };
    let harness = open(boards, &Settings::default(), at);
    assert_eq!(doing(&harness, "Beta: connected"), "Unknown");
    let switch = harness.get_by_role_and_label(Role::Switch, "Beta: Light");
    assert_eq!(switch.value().as_deref(), Some("unknown"));
    assert!(doing(&harness, "Strip: unreachable").starts_with("Unreachable for "));
    assert!(is_disabled(&harness, Role::Switch, "Strip: Socket 1"));
}

#[test]
fn the_address_of_a_board_is_in_the_tooltip_of_its_row() {
    let at = Now::read();
    let mut harness = open(three(at), &Settings::default(), at);
    assert!(
        harness
            .query_by_label_contains("Address: 192.168.1.18:80")
            .is_none()
    );
    harness
        .get_by_role_and_label(Role::ListBoxOption, "Beta: connected")
        .hover();
    harness.run_steps(30);
    harness.get_by_label_contains("Address: 192.168.1.18:80");
    harness.get_by_label_contains("Firmware: 0.3.1");
}

#[test]
fn a_count_in_the_header_filters_the_list_until_it_is_clicked_again() {
    let at = Now::read();
    let mut harness = open(scenes::mixed(at), &Settings::default(), at);
    let count = |harness: &mut Harness<'static, Bench>, name: &str| {
        harness.get_by_role_and_label(Role::Button, name).click();
        harness.run();
    };
    count(&mut harness, "2 unreachable");
    assert_eq!(listed(&harness), ["Bench 4", "Bench 10"]);
    count(&mut harness, "1 stale");
    assert_eq!(listed(&harness), ["Weather"]);
    count(&mut harness, "1 stale");
    assert_eq!(listed(&harness).len(), 9);
    count(&mut harness, "2 unreachable");
    count(&mut harness, "Only unreachable: show all boards");
    assert_eq!(listed(&harness).len(), 9);
}

#[test]
fn a_filtered_list_follows_the_boards() {
    let at = Now::read();
    let mut boards = scenes::mixed(at);
    let mut harness = open(boards.clone(), &Settings::default(), at);
    harness
        .get_by_role_and_label(Role::Button, "1 stale")
        .click();
    harness.run();
    let mut weather = boards.remove(2);
    weather.link = LinkState::Connected;
    harness
        .state_mut()
        .window
        .model
        .apply(scenes::changes([weather], Vec::new()), at.now);
    harness.run();
    assert!(listed(&harness).is_empty());
    harness.get_by_label("No matches.");
    harness
        .get_by_role_and_label(Role::Button, "0 stale")
        .click();
    harness.run();
    assert_eq!(listed(&harness).len(), 9);
}

#[test]
fn a_locked_board_is_counted_apart_and_gets_its_key_from_its_row() {
    let at = Now::read();
    let mut harness = open(scenes::locked(at), &Settings::default(), at);
    harness.get_by_role_and_label(Role::Button, "2 locked");
    harness.get_by_role_and_label(Role::Button, "1 unreachable");
    assert_eq!(doing(&harness, "Vault: locked"), "Locked: no key");
    assert_eq!(doing(&harness, "Old vault: locked"), "Locked: wrong key");
    arrange(&mut harness, "By state");
    harness.get_by_role_and_label(Role::Button, "Locked: 2 boards");
    harness.get_by_role_and_label(Role::Button, "Unreachable: 1 board");
    let vault = harness.get_by_role_and_label(Role::ListBoxOption, "Vault: locked");
    vault.click();
    harness.run();
    harness.get_by_label_contains("Locked: this computer has no key for this board.");
    harness
        .get_by_role_and_label(Role::ListBoxOption, "Vault: locked")
        .click_secondary();
    harness.run();
    harness.get_by_role_and_label(Role::MenuItem, "Enter key…");
    harness.key_press(Key::Escape);
    harness.run();
    harness
        .get_by_role_and_label(Role::Button, "Vault: Pair…")
        .click();
    harness.run();
    harness.get_by_label("Pair with the board");
}

#[test]
fn a_menu_is_for_its_row_and_escape_closes_only_the_menu() {
    let at = Now::read();
    let mut harness = open(three(at), &Settings::default(), at);
    harness
        .get_by_role_and_label(Role::ListBoxOption, "Beta: connected")
        .click_modifiers(Modifiers::COMMAND);
    harness.run();
    harness
        .get_by_role_and_label(Role::ListBoxOption, "Strip: connected")
        .click_secondary();
    harness.run();
    harness.get_by_role_and_label(Role::MenuItem, "Rename…");
    harness.key_press(Key::Escape);
    harness.run();
    assert!(
        harness
            .query_by_role_and_label(Role::MenuItem, "Rename…")
            .is_none()
    );
    harness.get_by_role_and_label(Role::Heading, "2 boards");
    harness.key_press(Key::Escape);
    harness.run();
    harness.get_by_role_and_label(Role::Heading, "Beta");
}

#[test]
fn the_control_page_of_an_open_board_is_opened_from_its_menu() {
    const ENTRY: &str = "Open control page";
    let at = Now::read();
    let mut boards = three(at);
    boards[1].locked = Some(true);
    boards[2].inbound_only = true;
    let mut harness = open(boards, &Settings::default(), at);
    harness.get_by_label("More").click();
    harness.run();
    harness.get_by_role_and_label(Role::MenuItem, ENTRY).click();
    let opened = (0..10).find_map(|_| {
        harness.step();
        let commands = &harness.output().platform_output.commands;
        commands.iter().find_map(|command| match command {
            OutputCommand::OpenUrl(page) => Some(page.url.clone()),
            _ => None,
        })
    });
    assert_eq!(opened.as_deref(), Some("http://192.168.1.17/"));
    harness.run();
    for row in ["Beta: connected", "Strip: connected"] {
        harness
            .get_by_role_and_label(Role::ListBoxOption, row)
            .click_secondary();
        harness.run();
        harness.get_by_role_and_label(Role::MenuItem, "Rename…");
        assert!(
            harness
                .query_by_role_and_label(Role::MenuItem, ENTRY)
                .is_none(),
            "{row}"
        );
        harness.key_press(Key::Escape);
        harness.run();
    }
}

#[test]
fn hiding_the_shown_board_shows_the_next_one() {
    let at = Now::read();
    let mut harness = open(three(at), &Settings::default(), at);
    menu(&mut harness, "Hide");
    harness.get_by_role_and_label(Role::Heading, "Beta");
    harness
        .get_by_role_and_label(Role::ListBoxOption, "Strip: connected")
        .click();
    harness.run();
    menu(&mut harness, "Hide");
    harness.get_by_role_and_label(Role::Heading, "Beta");
    menu(&mut harness, "Hide");
    harness.get_by_label("Select a board.");
}

#[test]
fn the_list_is_operated_by_keys() {
    let at = Now::read();
    let mut harness = open(three(at), &Settings::default(), at);
    harness.key_press(Key::ArrowDown);
    harness.run();
    harness.key_press(Key::Space);
    harness.run();
    assert_eq!(harness.state().asked, [set(2, "light:0", false)]);
    // The same with the focus on a row.
    harness
        .get_by_role_and_label(Role::ListBoxOption, "Beta: connected")
        .focus();
    harness.run();
    harness.key_press(Key::ArrowDown);
    harness.run();
    let strip = harness.get_by_role_and_label(Role::ListBoxOption, "Strip: connected");
    assert!(strip.is_focused());
    harness.get_by_role_and_label(Role::Heading, "Strip");
    harness.key_press(Key::Space);
    harness.run();
    assert_eq!(harness.state().asked[1..], [set(3, "switch:0", false)]);
    harness.key_press(Key::ArrowUp);
    harness.run();
    harness.key_press(Key::ArrowUp);
    harness.run();
    harness.get_by_role_and_label(Role::Heading, "Alpha");
}

#[test]
fn each_outlet_of_a_strip_is_switched_from_the_menu_of_its_row() {
    let at = Now::read();
    let mut harness = open(three(at), &Settings::default(), at);
    harness
        .get_by_role_and_label(Role::ListBoxOption, "Strip: connected")
        .click_secondary();
    harness.run();
    harness.get_by_role_and_label(Role::MenuItem, "Turn Socket 1 off");
    harness
        .get_by_role_and_label(Role::MenuItem, "Turn Socket 3 on")
        .click();
    harness.run();
    assert_eq!(harness.state().asked, [set(3, "switch:2", true)]);
    harness.get_by_role_and_label(Role::Heading, "Alpha");
}

//! The window with simulated boards: the name of each control, the command it
//! sends, and that unknown values are shown as unknown.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{sync::Arc, time::Duration};

use bench::Bench;
use eframe::egui::{self, Key, accesskit::Role, accesskit::Toggled};
use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};
use fleet::{BoardKey, BoardView, CommandState, LinkState, LogEntry};
use gui::{BoardCommand, Notice, Request, Settings, Task};
use protocol::{Kind, State};
use scenes::Now;
use serde_json::json;

mod firmware;
mod kinds;
mod layout;
mod lights;
mod many;

#[path = "../window_scenes/bench.rs"]
#[expect(dead_code, reason = "other tests use the rest of it")]
mod bench;
#[path = "../window_scenes/mod.rs"]
mod scenes;

impl Bench {
    fn put(&mut self, board: &BoardView) {
        self.window.model.put(Arc::new(board.clone()));
    }
}

fn open_with(at: Now, boards: Vec<BoardView>, log: Vec<Arc<LogEntry>>) -> Harness<'static, Bench> {
    let mut harness = Harness::builder()
        .with_size([1180.0, 1400.0])
        .build_eframe(move |cc| {
            let first = boards.first().map(|board| board.key);
            Bench::new(cc, &Settings::default(), boards, log, at).showing(first)
        });
    harness.run();
    harness
}

fn open(at: Now, boards: Vec<BoardView>) -> Harness<'static, Bench> {
    open_with(at, boards, Vec::new())
}

fn set(board: u32, component: &str, change: State) -> Request {
    Request::Board(BoardCommand::Set {
        board: BoardKey(board),
        component: scenes::key(component),
        change,
    })
}

#[test]
fn every_kind_of_component_has_a_suitable_control() {
    let at = Now::read();
    let harness = open(at, vec![scenes::everything(9, at)]);
    for (role, name) in [
        (Role::Heading, "Everything"),
        (Role::Group, "Light"),
        (Role::Switch, "Light: on"),
        (Role::Slider, "Light: brightness"),
        (Role::Slider, "Light: color temperature"),
        (Role::ColorWell, "Light: color"),
        (Role::ComboBox, "Light: effect"),
        (Role::Switch, "Relay (switch:0): on"),
        (Role::Switch, "Relay (switch:1): on"),
        (Role::Slider, "Setpoint: value"),
        (Role::SpinButton, "Setpoint: exact value"),
        (Role::ComboBox, "Mode: value"),
        (Role::TextInput, "Note: value"),
        (Role::Button, "Restart: press"),
        (Role::Label, "Door: Open"),
        (Role::Label, "Temperature: 24.6 °C"),
        (Role::ListBoxOption, "Everything: connected"),
    ] {
        harness.get_by_role_and_label(role, name);
    }
}

#[test]
fn unknown_values_are_shown_as_unknown_never_as_off_or_zero() {
    let at = Now::read();
    let harness = open(at, vec![scenes::everything(9, at)]);
    let relay = harness.get_by_role_and_label(Role::Switch, "Relay (switch:1): on");
    assert_eq!(relay.accesskit_node().toggled(), None);
    assert_eq!(relay.value().as_deref(), Some("unknown"));
    let brightness = harness.get_by_role_and_label(Role::Slider, "Second light: brightness");
    assert_eq!(brightness.accesskit_node().numeric_value(), None);
    harness.get_by_label("Humidity: Unknown");
    let known = harness.get_by_role_and_label(Role::Switch, "Relay (switch:0): on");
    assert_eq!(known.accesskit_node().toggled(), Some(Toggled::True));
}

#[test]
fn a_click_on_a_switch_requests_the_other_state() {
    let at = Now::read();
    let mut harness = open(at, vec![scenes::everything(9, at)]);
    harness
        .get_by_role_and_label(Role::Switch, "Relay (switch:0): on")
        .click();
    harness.run();
    harness
        .get_by_role_and_label(Role::Switch, "Relay (switch:1): on")
        .click();
    harness.run();
    let expected = [
        set(9, "switch:0", State::new().with("on", false)),
        set(9, "switch:1", State::new().with("on", true)),
    ];
    assert_eq!(harness.state().asked, expected);
}

#[test]
fn a_slider_requests_whole_percents_and_each_value_once() {
    let at = Now::read();
    let mut harness = open(at, vec![scenes::lamp(1, "Desk lamp", at)]);
    let rect = harness
        .get_by_role_and_label(Role::Slider, "Light: brightness")
        .rect();
    harness.hover_at(rect.center());
    harness.drag_at(rect.center());
    harness.step();
    for _ in 0..3 {
        harness.hover_at(rect.right_center() - egui::vec2(12.0, 0.0));
        harness.step();
    }
    harness.drop_at(rect.right_center() - egui::vec2(12.0, 0.0));
    harness.step();
    let asked = &harness.state().asked;
    let values: Vec<_> = asked
        .iter()
        .filter_map(|action| match action {
            Request::Board(BoardCommand::Set { change, .. }) => change.brightness(),
            _ => None,
        })
        .collect();
    assert!(!values.is_empty());
    assert!(
        values.windows(2).all(|pair| pair[0] != pair[1]),
        "{values:?}"
    );
}

#[test]
fn a_button_is_pressed_and_says_who_pressed_it_last() {
    let at = Now::read();
    let mut harness = open(at, vec![scenes::lamp(1, "Desk lamp", at)]);
    harness.get_by_label("Button: press 2 s ago (at the board)");
    harness
        .get_by_role_and_label(Role::Button, "Button: press")
        .click();
    harness.run();
    let expected = [Request::Board(BoardCommand::Press {
        board: BoardKey(1),
        component: scenes::key("button:0"),
    })];
    assert_eq!(harness.state().asked, expected);
}

#[test]
fn each_card_shows_the_progress_of_its_command() {
    let at = Now::read();
    let harness = open(at, vec![scenes::strip(2, at)]);
    for status in [
        "Socket 1: confirmed 4.2 ms",
        "Socket 2: pending",
        "Socket 3: unconfirmed: no response within 5 s",
        "Socket 4: refused: Switch 3 is locked out after an overcurrent; press its reset first",
    ] {
        harness.get_by_role_and_label(Role::Status, status);
    }
}

#[test]
fn a_board_without_a_link_keeps_its_values_with_their_age_but_cannot_be_operated() {
    let at = Now::read();
    let boards = scenes::mixed(at);
    let mut harness = open(at, boards);
    harness
        .get_by_role_and_label(Role::ListBoxOption, "Bench 4: unreachable")
        .click();
    harness.run();
    harness.get_by_label("Temperature: 24.6 °C");
    harness.get_by_label("Temperature: as of 1 min ago");
    harness
        .get_by_label("Unreachable, last heard 1 min ago: silent for 45 s. Next attempt in 9 s.");
    let switch = harness.get_by_role_and_label(Role::Switch, "Light: on");
    assert!(switch.accesskit_node().is_disabled());
    switch.click();
    harness.run();
    assert_eq!(harness.state().asked, []);
    harness
        .get_by_role_and_label(Role::Button, "Try now")
        .click();
    harness.run();
    assert_eq!(
        harness.state().asked,
        [Request::Board(BoardCommand::TryNow(BoardKey(4)))]
    );
}

#[test]
fn a_view_key_shows_everything_and_its_role() {
    let at = Now::read();
    let harness = open(at, scenes::locked(at));
    harness.get_by_role_and_label(Role::Switch, "Light: on");
    assert!(
        harness
            .query_all_by_label_contains("locked: Encrypted")
            .next()
            .is_some()
    );
}

#[test]
fn a_board_that_connects_for_the_first_time_has_no_blank_page() {
    let at = Now::read();
    let mut harness = open(at, scenes::mixed(at));
    harness.get_by_label("New board: connecting").click();
    harness.run();
    harness.get_by_label("Loading components…");
}

#[test]
fn typed_text_stays_while_the_board_pushes_and_enter_sends_it() {
    let at = Now::read();
    let mut board = scenes::everything(9, at);
    let mut harness = open(at, vec![board.clone()]);
    let field = |harness: &Harness<'_, Bench>| {
        harness
            .get_by_role_and_label(Role::TextInput, "Note: value")
            .value()
    };
    assert_eq!(field(&harness).as_deref(), Some("Second shelf, left"));
    harness
        .get_by_role_and_label(Role::TextInput, "Note: value")
        .click();
    harness.run_steps(2);
    harness.key_press(Key::End);
    harness
        .get_by_role_and_label(Role::TextInput, "Note: value")
        .type_text(" hand");
    harness.run_steps(2);
    let pushed = scenes::component(Kind::Text, 0, "Note", json!({"value": "someone else's"}));
    board.components[6] = Arc::new(pushed);
    harness.state_mut().put(&board);
    harness.run_steps(2);
    assert_eq!(field(&harness).as_deref(), Some("Second shelf, left hand"));
    harness.key_press(Key::Enter);
    harness.run_steps(3);
    assert_eq!(
        harness.state().asked,
        [set(
            9,
            "text:0",
            State::new().with("value", "Second shelf, left hand")
        )]
    );
}

#[test]
fn escape_discards_typed_text() {
    let at = Now::read();
    let mut harness = open(at, vec![scenes::everything(9, at)]);
    harness
        .get_by_role_and_label(Role::TextInput, "Note: value")
        .click();
    harness.run_steps(2);
    harness
        .get_by_role_and_label(Role::TextInput, "Note: value")
        .type_text("!");
    harness.run_steps(2);
    harness.key_press(Key::Escape);
    harness.run_steps(3);
    let value = harness
        .get_by_role_and_label(Role::TextInput, "Note: value")
        .value();
    assert_eq!(value.as_deref(), Some("Second shelf, left"));
    assert_eq!(harness.state().asked, []);
}

#[test]
fn two_boards_with_the_same_name_are_told_apart_by_their_ids() {
    let at = Now::read();
    let harness = open(at, scenes::mixed(at));
    harness.get_by_label("Desk lamp (desk-lamp-0001): connected");
    harness.get_by_label("Desk lamp (desk-lamp-0008): connected");
    harness.get_by_label("Strip: connected");
}

#[test]
fn the_find_box_keeps_boards_whose_name_address_or_id_matches() {
    let at = Now::read();
    let mut harness = open(at, scenes::mixed(at));
    harness.key_press_modifiers(egui::Modifiers::COMMAND, Key::F);
    harness.run_steps(2);
    harness.get_by_label("Find a board").type_text("bench");
    harness.run_steps(3);
    harness.get_by_label("Bench 4: unreachable");
    harness.get_by_label("Bench 10: unreachable");
    assert!(harness.query_by_label("Strip: connected").is_none());
    harness.get_by_label("Boards: 2 of 9");
}

#[test]
fn arrow_keys_move_through_the_list_in_its_order() {
    let at = Now::read();
    let mut harness = open(at, scenes::mixed(at));
    let shown = |harness: &Harness<'_, Bench>| {
        harness
            .state()
            .window
            .model
            .selected()
            .unwrap()
            .name
            .clone()
    };
    harness.state_mut().window.model.select(BoardKey(4));
    harness.key_press(Key::ArrowDown);
    harness.run_steps(2);
    assert_eq!(&*shown(&harness), "Bench 10");
    harness.key_press(Key::ArrowUp);
    harness.run_steps(2);
    harness.key_press(Key::ArrowUp);
    harness.run_steps(2);
    assert_eq!(&*shown(&harness), "Bench 4");
}

#[test]
fn a_steady_board_needs_no_frame_until_an_age_changes_and_a_pending_command_needs_many() {
    let at = Now::read();
    let mut steady = scenes::with(
        scenes::board(1, "Relay board", at),
        [scenes::component(
            Kind::Switch,
            0,
            "Relay",
            json!({"on": true}),
        )],
    );
    let mut harness = open(at, vec![steady.clone()]);
    harness.run();
    assert!(
        harness
            .state()
            .next
            .is_none_or(|next| next > Duration::from_secs(1)),
        "{:?}",
        harness.state().next
    );
    let mut switch = (*steady.components[0]).clone();
    switch.command = CommandState::Pending { since: at.now };
    steady.components[0] = Arc::new(switch);
    harness.state_mut().put(&steady);
    harness.run_steps(1);
    assert!(harness.state().next.unwrap() < Duration::from_millis(50));
}

#[test]
fn a_push_highlights_its_card_only_briefly() {
    let at = Now::read();
    let boards = vec![scenes::with(
        scenes::board(1, "Desk lamp", at),
        [scenes::component(
            Kind::Switch,
            0,
            "Relay",
            json!({"on": true}),
        )],
    )];
    let mut harness = open(at, boards);
    let mut entry = (*scenes::log(at)[1]).clone();
    let key = scenes::key("switch:0");
    if let fleet::LogEvent::Changed { component, .. } = &mut entry.what {
        *component = key.clone();
    }
    entry.board = BoardKey(1);
    harness
        .state_mut()
        .window
        .model
        .add_event(Arc::new(entry), at.now);
    harness.run_steps(1);
    assert!(harness.state().next.unwrap() < Duration::from_millis(50));
    harness.state_mut().later(0.7);
    harness.run_steps(1);
    assert!(
        harness
            .state()
            .next
            .is_none_or(|next| next > Duration::from_millis(500))
    );
}

#[test]
fn an_age_ticks_once_a_second() {
    let at = Now::read();
    let mut harness = open(at, vec![scenes::lamp(1, "Desk lamp", at)]);
    harness.state_mut().later(1.0);
    harness.run_steps(1);
    harness.get_by_label("Button: press 3 s ago (at the board)");
    assert!(harness.state().next.unwrap() <= Duration::from_millis(1_003));
}

#[test]
fn the_empty_window_explains_the_search_and_offers_two_actions() {
    let at = Now::read();
    let mut harness = open(at, Vec::new());
    harness.get_by_label_contains("_switchboard._tcp");
    harness
        .get_by_role_and_label(Role::Button, "Start sample boards")
        .click();
    harness.run();
    assert_eq!(
        harness.state().asked,
        [Request::Task(Task::StartVirtualBoards(3))]
    );
    harness
        .get_by_role_and_label(Role::Button, "Add board by address")
        .click();
    harness.run();
    harness
        .get_by_role_and_label(Role::TextInput, "Address")
        .type_text("lamp.local:8080");
    harness.run_steps(2);
    harness.get_by_role_and_label(Role::Button, "Add").click();
    harness.run();
    assert_eq!(
        harness.state().asked[1],
        Request::Board(BoardCommand::Add("lamp.local:8080".to_owned()))
    );
}

#[test]
fn an_invalid_address_keeps_the_dialog_open_with_the_reason() {
    let at = Now::read();
    let mut harness = open(at, Vec::new());
    harness.key_press_modifiers(egui::Modifiers::COMMAND, Key::N);
    harness.run();
    harness
        .state_mut()
        .window
        .resolve_dialog(Err("\":\" is no address: it has no host".to_owned()));
    harness.run();
    harness.get_by_label_contains("it has no host");
    // The dialog is centered again once its new height is known.
    harness.run_steps(2);
    harness
        .get_by_role_and_label(Role::Button, "Cancel")
        .click();
    harness.run();
    assert!(
        harness
            .query_by_role_and_label(Role::TextInput, "Address")
            .is_none()
    );
}

#[test]
fn a_failure_is_shown_until_it_was_seen() {
    let at = Now::read();
    let mut harness = open(at, scenes::mixed(at));
    harness.state_mut().window.notify(Notice::Failed(
        "Virtual boards could not be started".to_owned(),
    ));
    harness.run();
    harness.state_mut().later(3_600.0);
    harness.run();
    harness.get_by_label("Virtual boards could not be started");
    harness
        .get_by_label("Dismiss: Virtual boards could not be started")
        .click();
    harness.run();
    assert!(
        harness
            .query_by_label("Virtual boards could not be started")
            .is_none()
    );
}

#[test]
fn a_success_is_shown_for_a_while() {
    let at = Now::read();
    let mut harness = open(at, scenes::mixed(at));
    harness
        .state_mut()
        .window
        .notify(Notice::Done("Saved".to_owned()));
    harness.run();
    harness.get_by_label("Saved");
    assert!(harness.state().next.unwrap() <= Duration::from_secs(6));
    harness.state_mut().later(7.0);
    harness.run();
    assert!(harness.query_by_label("Saved").is_none());
}

#[test]
fn an_unknown_kind_shows_all_its_fields() {
    let at = Now::read();
    let mut harness = open(at, vec![scenes::everything(9, at)]);
    let raw = |harness: &Harness<'_, Bench>| {
        harness
            .query_all_by_label_contains("\"position\":40")
            .count()
    };
    assert_eq!(raw(&harness), 0, "it is folded to one line");
    harness.get_by_label("Blind: moving unknown · position 40");
    harness
        .get_by_role_and_label(Role::Button, "Blind: show fields")
        .click();
    harness.run();
    assert_eq!(raw(&harness), 1);
}

#[test]
fn only_boards_in_view_are_drawn_and_all_are_counted() {
    let at = Now::read();
    let mut boards = scenes::many(1_000, at);
    for board in &mut boards {
        board.link = LinkState::Connected;
    }
    let harness = open(at, boards);
    harness.get_by_label("1000 connected");
    let rows = harness.query_all_by_role(Role::ListBoxOption).count();
    assert!((10..60).contains(&rows), "{rows} rows");
}

#[test]
fn escape_in_the_find_box_shows_all_boards_again() {
    let at = Now::read();
    let mut harness = open(at, scenes::many(3, at));
    let listed =
        |harness: &Harness<'_, Bench>| harness.query_all_by_role(Role::ListBoxOption).count();
    harness.key_press_modifiers(egui::Modifiers::COMMAND, Key::F);
    harness.run();
    harness
        .get_by_label("Find a board")
        .type_text("no board has this name");
    harness.run();
    assert_eq!(listed(&harness), 0);
    harness.key_press(Key::Escape);
    harness.run();
    assert_eq!(listed(&harness), 3);
}

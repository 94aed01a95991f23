//! Cards of the kinds that boards of other families have: covers, events, text
//! sensors, white channels and palettes, and updates that boards install.

use std::sync::Arc;

use eframe::egui::{self, Key, accesskit::Role};
use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};
use fleet::{BoardKey, CommandState, Trigger};
use gui::{Batch, BatchStep, BoardCommand, Operation, Request};
use protocol::{Code, Kind, RpcError, State};

use crate::{
    Bench, open,
    scenes::{self, Now},
    set,
};

fn house() -> Harness<'static, Bench> {
    let at = Now::read();
    open(at, vec![scenes::house(1, at)])
}

fn click(harness: &mut Harness<'_, Bench>, role: Role, name: &str) {
    harness.get_by_role_and_label(role, name).click();
    harness.run();
}

fn told(component: &str, trigger: Trigger) -> Request {
    Request::Board(BoardCommand::Trigger {
        board: BoardKey(1),
        component: scenes::key(component),
        trigger,
    })
}

#[test]
fn a_cover_is_opened_stopped_and_closed() {
    let mut harness = house();
    for button in ["Blind: open", "Blind: stop", "Blind: close", "Awning: stop"] {
        click(&mut harness, Role::Button, button);
    }
    let expected = [
        told("cover:0", Trigger::Open),
        told("cover:0", Trigger::Stop),
        told("cover:0", Trigger::Close),
        told("cover:1", Trigger::Stop),
    ];
    assert_eq!(harness.state().asked, expected);
}

#[test]
fn a_cover_says_what_it_does_and_only_one_that_can_be_set_has_a_position() {
    let mut harness = house();
    harness.get_by_role_and_label(Role::Label, "Blind: Open · 60 %");
    harness.get_by_role_and_label(Role::Label, "Awning: Opening");
    let slider = harness.get_by_role_and_label(Role::Slider, "Blind: position");
    assert_eq!(slider.accesskit_node().numeric_value(), Some(60.0));
    assert!(
        harness
            .query_by_role_and_label(Role::Slider, "Awning: position")
            .is_none()
    );
    slider.focus();
    harness.run_steps(2);
    harness.key_press(Key::End);
    harness.run_steps(2);
    let position = State::new().with("position", 100);
    assert_eq!(harness.state().asked, [set(1, "cover:0", position)]);
}

#[test]
fn an_event_shows_what_was_reported_last_and_what_can_be() {
    let harness = house();
    harness.get_by_role_and_label(Role::Label, "Wall switch: double push");
    harness.get_by_label("Wall switch: double push 12 s ago (at the board)");
    harness.get_by_label("Wall switch: reports single push · double push · long push");
    harness.get_by_role_and_label(Role::Label, "Doorbell: No event yet");
}

#[test]
fn a_text_sensor_shows_its_text_and_cannot_be_changed() {
    let harness = house();
    harness.get_by_role_and_label(Role::Label, "Access point: attic");
    let long = "Scene: Reading by the window, with the blinds half closed";
    harness.get_by_role_and_label(Role::Label, long);
    harness.get_by_role_and_label(Role::Label, "Message: Unknown");
    let texts = |node: egui_kittest::Node<'_>| node.accesskit_node().role() == Role::TextInput;
    assert_eq!(
        harness
            .query_all_by_label_contains("Access point")
            .filter(|node| texts(*node))
            .count(),
        0
    );
}

#[test]
fn a_white_channel_has_a_slider_and_a_palette_is_chosen_from_a_list() {
    let mut harness = house();
    let white = harness.get_by_role_and_label(Role::Slider, "Strip: white");
    assert_eq!(white.accesskit_node().numeric_value(), Some(128.0));
    white.focus();
    harness.run_steps(2);
    harness.key_press(Key::Home);
    harness.run_steps(2);
    click(&mut harness, Role::ComboBox, "Strip: palette");
    harness.get_by_label("Ocean").click();
    harness.run();
    let expected = [
        set(1, "light:0", State::new().with("white", 0)),
        set(1, "light:0", State::new().with("palette", "Ocean")),
    ];
    assert_eq!(harness.state().asked, expected);
}

#[test]
fn many_effects_are_searched_and_enter_takes_the_first() {
    let mut harness = house();
    click(&mut harness, Role::ComboBox, "Strip: effect");
    harness
        .get_by_role_and_label(Role::TextInput, "Strip: effect: search")
        .type_text("fect 42");
    harness.run();
    harness.get_by_label("Effect 42");
    assert!(harness.query_by_label("Effect 41").is_none());
    assert_eq!(harness.state().asked, []);
    harness.key_press(Key::Enter);
    harness.run();
    let wanted = set(1, "light:0", State::new().with("effect", "Effect 42"));
    assert_eq!(harness.state().asked, [wanted]);
    let search = (Role::TextInput, "Strip: effect: search");
    assert!(
        harness
            .query_by_role_and_label(search.0, search.1)
            .is_none(),
        "it closes"
    );
    // The search starts over.
    click(&mut harness, Role::ComboBox, "Strip: effect");
    harness.get_by_label("Effect 41");
    harness
        .get_by_role_and_label(search.0, search.1)
        .type_text("nothing like this");
    harness.run();
    harness.get_by_label("Strip: effect: no matches");
}

#[test]
fn an_effect_is_also_taken_by_a_click() {
    let mut harness = house();
    click(&mut harness, Role::ComboBox, "Strip: effect");
    harness.get_by_label("Effect 3").click();
    harness.run();
    let wanted = set(1, "light:0", State::new().with("effect", "Effect 3"));
    assert_eq!(harness.state().asked, [wanted]);
}

#[test]
fn a_board_that_downloads_its_image_has_a_button_that_installs_it() {
    let mut harness = house();
    harness.get_by_label("Firmware: 1.4.2");
    let button = "Firmware: install";
    click(&mut harness, Role::Button, button);
    let asked = [told("update:0", Trigger::Install)];
    assert_eq!(harness.state().asked, asked);
    assert!(
        harness
            .query_by_role_and_label(Role::Button, "Firmware: update firmware")
            .is_none()
    );
}

/// The board with its firmware changed.
fn with_firmware(change: &State, command: CommandState) -> Harness<'static, Bench> {
    let at = Now::read();
    let mut board = scenes::house(1, at);
    let firmware = board
        .components
        .iter_mut()
        .find(|view| view.descriptor.can_install)
        .map(Arc::make_mut)
        .unwrap();
    firmware.reported.merge(change);
    firmware.command = command;
    open(at, vec![board])
}

#[test]
fn without_a_newer_version_there_is_nothing_to_install() {
    for latest in [serde_json::Value::Null, "1.4.2".into()] {
        let change = State::new().with("latest_version", latest);
        let harness = with_firmware(&change, CommandState::Idle);
        let button = harness.get_by_role_and_label(Role::Button, "Firmware: install");
        assert!(button.accesskit_node().is_disabled());
    }
}

#[test]
fn the_page_says_how_an_installation_goes() {
    let change = State::new()
        .with("in_progress", true)
        .with("update_percentage", 43);
    let harness = with_firmware(&change, CommandState::Idle);
    harness.get_by_label("Firmware: the board is updating to 1.4.4: 43 %");
    let button = harness.get_by_role_and_label(Role::Button, "Firmware: install");
    assert!(button.accesskit_node().is_disabled());
    let error = RpcError::new(
        Code::FailedPrecondition,
        "no_network",
        "no route to the server",
    );
    let refused = CommandState::Refused {
        error: Box::new(error),
        at: Now::read().now,
    };
    let harness = with_firmware(&State::new(), refused);
    harness.get_by_label("Firmware: refused: no route to the server");
}

#[test]
fn covers_of_several_boards_are_moved_together() {
    let at = Now::read();
    let mut other = scenes::house(2, at);
    other.name = "Cabin".into();
    let mut harness = open(at, vec![scenes::house(1, at), other]);
    harness.key_press_modifiers(egui::Modifiers::COMMAND, Key::A);
    harness.run();
    let step = |board: u32, what: Operation| BatchStep {
        board: BoardKey(board),
        what,
    };
    let blind = || scenes::key("cover:0");
    click(&mut harness, Role::Button, "Blind: close all");
    let close = || Operation::Trigger(blind(), Trigger::Close);
    let closed = Batch::new(
        "Close Blind on 2 boards",
        vec![step(2, close()), step(1, close())],
    );
    harness
        .get_by_role_and_label(Role::Slider, "Blind: position of all")
        .focus();
    harness.run_steps(2);
    harness.key_press(Key::Home);
    harness.run_steps(2);
    let set = || Operation::Set(blind(), State::new().with("position", 0));
    let moved = Batch::new(
        "Set Blind to 0 % on 2 boards",
        vec![step(2, set()), step(1, set())],
    );
    let expected = [closed, moved].map(|batch| Request::Board(BoardCommand::Send(batch)));
    assert_eq!(harness.state().asked, expected);
}

#[test]
fn a_cover_stands_for_a_board_without_lights_and_switches() {
    let at = Now::read();
    let mut board = scenes::house(1, at);
    board
        .components
        .retain(|view| view.descriptor.kind != Kind::Light);
    let harness = open(at, vec![board]);
    let row = harness.get_by_role_and_label(Role::ListBoxOption, "House: connected");
    assert_eq!(row.value().as_deref(), Some("Open · 60 %"));
}

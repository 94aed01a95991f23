//! The page of several selected boards: common values, each board's own, and
//! what their sensors measure together.

use std::sync::Arc;

use eframe::egui::{self, Key, Modifiers, accesskit::Role};
use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};
use fleet::BoardView;
use gui::{BoardCommand, Operation, Request};
use protocol::{Kind, State};
use serde_json::json;

use crate::{
    bench::{self, Bench},
    open,
    scenes::{self, Now},
};

/// A lamp with this brightness and temperature.
fn lamp(key: u32, name: &str, brightness: u8, celsius: f64, at: Now) -> BoardView {
    let mut board = scenes::lamp(key, name, at);
    let set = |board: &mut BoardView, place: usize, change: State| {
        let view = Arc::make_mut(&mut board.components[place]);
        view.reported.merge(&change);
    };
    set(&mut board, 0, State::new().with("brightness", brightness));
    set(&mut board, 2, State::new().with("value", celsius));
    board
}

/// The window with all of these selected.
fn open_all(boards: Vec<BoardView>, at: Now) -> Harness<'static, Bench> {
    let mut harness = open(at, boards);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.run();
    harness
}

fn brightness(harness: &Harness<'_, Bench>) -> (Option<f64>, Option<String>) {
    let slider = harness.get_by_role_and_label(Role::Slider, "Light: brightness of all");
    (slider.accesskit_node().numeric_value(), slider.value())
}

#[test]
fn a_common_value_is_shown_and_different_ones_are_mixed() {
    let at = Now::read();
    let same = vec![
        lamp(1, "Alpha", 60, 20.0, at),
        lamp(2, "Beta", 60, 20.0, at),
    ];
    assert_eq!(brightness(&open_all(same, at)).0, Some(60.0));
    let mixed = vec![
        lamp(1, "Alpha", 60, 20.0, at),
        lamp(2, "Beta", 30, 20.0, at),
    ];
    assert_eq!(
        brightness(&open_all(mixed, at)),
        (None, Some("mixed".to_owned()))
    );
}

#[test]
fn each_board_has_a_row_with_its_own_values() {
    let at = Now::read();
    let boards = vec![
        lamp(1, "Alpha", 60, 20.0, at),
        lamp(2, "Beta", 30, 23.0, at),
    ];
    let mut harness = open_all(boards, at);
    harness.get_by_label("Alpha: Light: On · 60 %");
    harness.get_by_label("Beta: Light: On · 30 %");
    harness.get_by_label("Beta: Temperature: 23.0 °C");
    harness
        .get_by_role_and_label(Role::Button, "Show Beta")
        .click();
    harness.run();
    harness.get_by_role_and_label(Role::Heading, "Beta");
}

#[test]
fn text_typed_for_one_selection_is_not_kept_for_another() {
    let at = Now::read();
    let boards = [(1, "Alpha"), (2, "Beta"), (3, "Gamma")].map(|(key, name)| {
        let note = scenes::component(Kind::Text, 0, "Note", json!({"value": "Shelf"}));
        scenes::with(scenes::board(key, name, at), [note])
    });
    let mut harness = open_all(boards.to_vec(), at);
    let field = |harness: &Harness<'_, Bench>| {
        let field = harness.get_by_role_and_label(Role::TextInput, "Note: value of all");
        field.value()
    };
    harness
        .get_by_role_and_label(Role::TextInput, "Note: value of all")
        .click();
    harness.run();
    harness.key_press(Key::End);
    harness
        .get_by_role_and_label(Role::TextInput, "Note: value of all")
        .type_text(", left");
    harness.run();
    assert_eq!(field(&harness).as_deref(), Some("Shelf, left"));
    harness
        .get_by_role_and_label(Role::ListBoxOption, "Gamma: connected")
        .click_modifiers(Modifiers::COMMAND);
    harness.run();
    harness.get_by_role_and_label(Role::Heading, "2 boards");
    assert_eq!(field(&harness).as_deref(), Some("Shelf"));
}

#[test]
fn boards_are_counted_and_not_their_components() {
    let at = Now::read();
    let boards = [(1, "Alpha"), (2, "Beta")].map(|(key, name)| {
        let outlet = |id| scenes::component(Kind::Switch, id, "Outlet", json!({"on": true}));
        scenes::with(scenes::board(key, name, at), [outlet(0), outlet(1)])
    });
    let mut harness = open_all(boards.to_vec(), at);
    harness
        .get_by_role_and_label(Role::Button, "Outlet: all off")
        .click();
    harness.run();
    let step = |board, component| bench::step(board, component, State::new().with("on", false));
    let steps = vec![
        step(1, "switch:0"),
        step(1, "switch:1"),
        step(2, "switch:0"),
        step(2, "switch:1"),
    ];
    let sent = bench::batch("Turn off Outlet on 2 boards", steps);
    assert_eq!(harness.state().asked, [sent]);
}

#[test]
fn brightness_is_offered_if_every_light_has_it() {
    let at = Now::read();
    let mut boards = vec![
        lamp(1, "Alpha", 60, 20.0, at),
        lamp(2, "Beta", 60, 20.0, at),
    ];
    let light = Arc::make_mut(&mut boards[1].components[0]);
    Arc::make_mut(&mut light.descriptor).caps.brightness = false;
    let harness = open_all(boards, at);
    let slider = harness.query_by_role_and_label(Role::Slider, "Light: brightness of all");
    assert!(slider.is_none());
}

#[test]
fn sensors_have_a_mean_and_extremes() {
    let at = Now::read();
    let boards = vec![
        lamp(1, "Alpha", 60, 20.0, at),
        lamp(2, "Beta", 60, 23.0, at),
    ];
    let harness = open_all(boards, at);
    harness.get_by_label("Temperature: mean 21.5 °C, 20.0 °C to 23.0 °C");
}

#[test]
fn a_key_on_the_slider_of_all_is_one_command_for_every_board() {
    let at = Now::read();
    let boards = vec![
        lamp(1, "Alpha", 60, 20.0, at),
        lamp(2, "Beta", 60, 20.0, at),
    ];
    let mut harness = open_all(boards, at);
    harness
        .get_by_role_and_label(Role::Slider, "Light: brightness of all")
        .focus();
    harness.run_steps(2);
    harness.key_press(Key::ArrowRight);
    harness.run_steps(2);
    let step = |board| bench::step(board, "light:0", State::new().with("brightness", 61));
    let title = "Set Light to 61 % on 2 boards";
    assert_eq!(
        harness.state().asked,
        [bench::batch(title, vec![step(1), step(2)])]
    );
}

#[test]
fn a_drag_on_the_slider_of_all_is_one_command_once_it_is_released() {
    let at = Now::read();
    let boards = vec![
        lamp(1, "Alpha", 60, 20.0, at),
        lamp(2, "Beta", 30, 20.0, at),
    ];
    let mut harness = open_all(boards, at);
    let rect = harness
        .get_by_role_and_label(Role::Slider, "Light: brightness of all")
        .rect();
    harness.hover_at(rect.center());
    harness.drag_at(rect.center());
    harness.step();
    for share in [0.6, 0.7, 0.8] {
        harness.hover_at(rect.left_center() + egui::vec2(rect.width() * share, 0.0));
        harness.step();
    }
    assert!(harness.state().asked.is_empty(), "it is still held");
    harness.drop_at(rect.left_center() + egui::vec2(rect.width() * 0.8, 0.0));
    harness.step();
    harness.run();
    let asked = &harness.state().asked;
    let [Request::Board(BoardCommand::Send(batch))] = &asked[..] else {
        unreachable!("not one batch: {asked:?}");
    };
    let Operation::Set(_, change) = &batch.steps[0].what else {
        unreachable!("{batch:?}");
    };
    let released_at = change.brightness().unwrap();
    assert!((75..=85).contains(&released_at), "{released_at}");
    let step = |board| {
        bench::step(
            board,
            "light:0",
            State::new().with("brightness", released_at),
        )
    };
    assert_eq!(batch.steps, [step(1), step(2)]);
}

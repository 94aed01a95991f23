//! What is set on a card: colors, color temperatures, sliders and typed values.

use std::sync::Arc;

use eframe::egui::{self, Key, accesskit::Role};
use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};
use fleet::{BoardView, ComponentView};
use gui::{BoardCommand, Request};
use protocol::{Kind, State};
use serde_json::json;

use crate::{
    Bench, open,
    scenes::{self, Now},
};

/// The changes that were asked for, and none other.
fn changes(harness: &Harness<'_, Bench>) -> Vec<State> {
    let asked = &harness.state().asked;
    let change = |request: &Request| match request {
        Request::Board(BoardCommand::Set { change, .. }) => Some(change.clone()),
        _ => None,
    };
    let changes: Vec<State> = asked.iter().filter_map(change).collect();
    assert_eq!(changes.len(), asked.len(), "{asked:?}");
    changes
}

fn focus(harness: &mut Harness<'_, Bench>, role: Role, name: &str) {
    harness.get_by_role_and_label(role, name).focus();
    harness.run_steps(2);
}

/// Types a value into a field and presses Enter.
fn enter(harness: &mut Harness<'_, Bench>, name: &str, text: &str) {
    focus(harness, Role::SpinButton, name);
    harness
        .get_by_role_and_label(Role::SpinButton, name)
        .type_text(text);
    harness.run_steps(2);
    harness.key_press(Key::Enter);
    harness.run_steps(3);
}

fn speed() -> ComponentView {
    let reported = json!({"value": 50, "min": 0, "max": 100, "step": 5});
    scenes::described(
        scenes::component(Kind::Number, 0, "Speed", reported),
        |descriptor| descriptor.unit_of_measurement = Some("%".to_owned()),
    )
}

fn with_speed(at: Now) -> BoardView {
    scenes::with(scenes::board(1, "Motor", at), [speed()])
}

#[test]
fn a_color_preset_is_one_click() {
    let at = Now::read();
    let mut harness = open(at, vec![scenes::lamp(1, "Desk lamp", at)]);
    harness
        .get_by_role_and_label(Role::RadioButton, "Light: blue")
        .click();
    harness.run();
    assert_eq!(
        changes(&harness),
        [State::new().with("rgb", vec![0, 0, 255])]
    );
}

#[test]
fn any_color_is_chosen_in_a_field_with_the_arrow_keys_or_typed() {
    let at = Now::read();
    let mut harness = open(at, vec![scenes::lamp(1, "Desk lamp", at)]);
    let well = harness.get_by_role_and_label(Role::ColorWell, "Light: color");
    assert_eq!(well.value().as_deref(), Some("#ffb46b"));
    well.click();
    harness.run();
    let field = harness.get_by_role_and_label(Role::Slider, "Light: hue and saturation");
    assert_eq!(field.value().as_deref(), Some("hue 30°, saturation 58 %"));
    focus(&mut harness, Role::Slider, "Light: hue and saturation");
    harness.key_press(Key::ArrowUp);
    harness.run_steps(2);
    let asked = changes(&harness);
    let [r, g, b] = asked[0].rgb().unwrap();
    assert_eq!(r, 255);
    assert!(g < 180 && b < 107, "more saturated: {asked:?}");
    focus(&mut harness, Role::TextInput, "Light: color code");
    harness.key_press_modifiers(egui::Modifiers::COMMAND, Key::A);
    harness
        .get_by_role_and_label(Role::TextInput, "Light: color code")
        .type_text("#00ff80");
    harness.run_steps(2);
    harness.key_press(Key::Enter);
    harness.run_steps(2);
    assert_eq!(changes(&harness)[1].rgb(), Some([0, 255, 128]));
}

#[test]
fn a_color_temperature_is_set_by_keys_in_steps_or_typed_exactly() {
    let at = Now::read();
    let mut harness = open(at, vec![scenes::lamp(1, "Desk lamp", at)]);
    focus(&mut harness, Role::Slider, "Light: color temperature");
    for key in [Key::ArrowRight, Key::End, Key::Home] {
        harness.key_press(key);
        harness.run_steps(2);
    }
    enter(&mut harness, "Light: exact color temperature", "3017");
    let kelvins: Vec<_> = changes(&harness)
        .iter()
        .map(|change| change.ct_k().unwrap())
        .collect();
    assert_eq!(kelvins, [3050, 6500, 2200, 3017]);
}

#[test]
fn a_typed_value_that_does_not_fit_is_corrected_and_the_field_says_how() {
    let at = Now::read();
    let mut harness = open(at, vec![with_speed(at)]);
    enter(&mut harness, "Speed: exact value", "77");
    assert_eq!(changes(&harness), [State::new().with("value", 75.0)]);
    let notice = "Speed: exact value: The step is 5: 75 %";
    harness.get_by_role_and_label(Role::Status, notice);
    harness.state_mut().at.now += scenes::seconds(6.0);
    harness.run_steps(2);
    assert!(harness.query_by_label(notice).is_none());
    enter(&mut harness, "Speed: exact value", "120");
    harness.get_by_label("Speed: exact value: The maximum is 100 %");
    enter(&mut harness, "Speed: exact value", "fast");
    harness.get_by_label("Speed: exact value: \"fast\" is not a number");
    assert_eq!(changes(&harness).len(), 2, "what is no number is not sent");
}

#[test]
fn a_typed_value_survives_what_the_board_pushes_meanwhile() {
    let at = Now::read();
    let mut board = with_speed(at);
    let mut harness = open(at, vec![board.clone()]);
    focus(&mut harness, Role::SpinButton, "Speed: exact value");
    harness
        .get_by_role_and_label(Role::SpinButton, "Speed: exact value")
        .type_text("35");
    harness.run_steps(2);
    let mut pushed = speed();
    pushed.reported.merge(&State::new().with("value", 60));
    board.components[0] = Arc::new(pushed);
    harness.state_mut().window.model.put(Arc::new(board));
    harness.run_steps(2);
    harness.key_press(Key::Enter);
    harness.run_steps(2);
    assert_eq!(changes(&harness), [State::new().with("value", 35.0)]);
}

#[test]
fn a_slider_is_moved_by_its_step_and_says_what_the_step_is() {
    let at = Now::read();
    let mut harness = open(at, vec![with_speed(at)]);
    focus(&mut harness, Role::Slider, "Speed: value");
    for key in [Key::ArrowLeft, Key::PageUp, Key::Home, Key::End] {
        harness.key_press(key);
        harness.run_steps(2);
    }
    let values: Vec<_> = changes(&harness)
        .iter()
        .map(|change| change.number().unwrap())
        .collect();
    assert_eq!(values, [45.0, 100.0, 0.0, 100.0]);
    let slider = harness.get_by_role_and_label(Role::Slider, "Speed: value");
    assert_eq!(slider.accesskit_node().numeric_value_step(), Some(5.0));
}

#[test]
fn sliders_are_alike_on_every_card() {
    let at = Now::read();
    let harness = open(at, vec![scenes::everything(9, at)]);
    let height = |name| {
        let slider = harness.get_by_role_and_label(Role::Slider, name);
        slider.rect().height()
    };
    let brightness = height("Light: brightness");
    assert_eq!(height("Light: color temperature"), brightness);
    assert_eq!(height("Setpoint: value"), brightness);
    harness.get_by_role_and_label(Role::SpinButton, "Light: exact brightness");
    harness.get_by_role_and_label(Role::SpinButton, "Setpoint: exact value");
}

//! The page *Frames*: a request belongs to one board.

use eframe::egui::Modifiers;
use fleet::BoardKey;
use gui::{BoardCommand, Settings};
use protocol::Object;
use serde_json::{Value, json};

use super::*;

fn frames() -> Harness<'static, Bench> {
    let at = Now::read();
    let mut other = scenes::lamp(2, "Shelf lamp", at);
    let light = std::sync::Arc::make_mut(&mut other.components[0]);
    light
        .reported
        .merge(&protocol::State::new().with("brightness", 25));
    let mut off = scenes::lamp(3, "Cellar", at);
    off.link = fleet::LinkState::Announced;
    let boards = vec![
        scenes::lamp(1, "Desk lamp", at),
        other,
        off,
        scenes::strip(4, at),
    ];
    let mut harness = open(boards, "Desk lamp", &Settings::default());
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Num7);
    harness.run();
    harness
}

fn write(harness: &mut Harness<'_, Bench>, role: Role, field: &str, text: &str) {
    harness.get_by_role_and_label(role, field).focus();
    harness.run();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.run();
    harness.get_by_role_and_label(role, field).type_text(text);
    harness.run();
    // Suggestions cover what is below.
    harness.key_press(Key::Escape);
    harness.run();
}

fn choose(harness: &mut Harness<'_, Bench>, board: &str) {
    harness
        .get_by_role_and_label(Role::ComboBox, "Board")
        .click();
    harness.run();
    harness
        .get_by_role_and_label(Role::ListBoxOption, board)
        .click();
    harness.run();
}

fn params(harness: &Harness<'_, Bench>) -> Value {
    let field = harness.get_by_role_and_label(Role::MultilineTextInput, "Parameters");
    serde_json::from_str(&field.value().unwrap()).unwrap_or_default()
}

fn call(board: u32, method: &str, params: Value) -> Request {
    let params: Object = serde_json::from_value(params).unwrap();
    Request::Board(BoardCommand::Call(
        BoardKey(board),
        method.to_owned(),
        params,
    ))
}

#[test]
fn a_request_for_one_board_is_never_sent_to_another() {
    let mut harness = frames();
    write(&mut harness, Role::TextInput, "Method", "Light.Set");
    let written = "{\"id\":0,\"on\":true,\"brightness\":99}";
    write(
        &mut harness,
        Role::MultilineTextInput,
        "Parameters",
        written,
    );
    choose(&mut harness, "Shelf lamp");
    assert_eq!(params(&harness)["brightness"], json!(25), "its own state");
    harness
        .get_by_role_and_label(Role::Button, "Send to Shelf lamp")
        .click();
    harness.run();
    let [Request::Board(BoardCommand::Call(board, method, sent))] = &harness.state().asked[..]
    else {
        unreachable!("{:?}", harness.state().asked);
    };
    assert_eq!((*board, method.as_str()), (BoardKey(2), "Light.Set"));
    assert_eq!(sent["brightness"], json!(25));
    // The strip has no light: nothing is left to be sent by mistake.
    choose(&mut harness, "Strip");
    assert_eq!(params(&harness), Value::Null);
    let send = harness.get_by_role_and_label(Role::Button, "Send to Strip");
    assert!(send.accesskit_node().is_disabled());
    // What was written for the first board is still there.
    choose(&mut harness, "Desk lamp");
    harness.state_mut().asked.clear();
    harness
        .get_by_role_and_label(Role::Button, "Send to Desk lamp")
        .click();
    harness.run();
    let wanted = json!({"id": 0, "on": true, "brightness": 99});
    assert_eq!(harness.state().asked, [call(1, "Light.Set", wanted)]);
}

#[test]
fn the_response_is_awaited_in_a_box_of_its_own_and_only_for_its_board() {
    let mut harness = frames();
    write(&mut harness, Role::TextInput, "Method", "Sys.Ping");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    harness.run_steps(4);
    let awaited = "Waiting for the response… from Desk lamp";
    let below = harness.get_by_label(awaited).rect().top();
    let field = harness.get_by_role_and_label(Role::MultilineTextInput, "Parameters");
    assert!(field.rect().bottom() <= below, "the box is below");
    choose(&mut harness, "Shelf lamp");
    assert!(harness.query_by_label_contains("Waiting for").is_none());
}

#[test]
fn an_unreachable_board_cannot_be_sent_to_and_says_why() {
    let mut harness = frames();
    choose(&mut harness, "Cellar");
    write(&mut harness, Role::TextInput, "Method", "Sys.Ping");
    let send = harness.get_by_role_and_label(Role::Button, "Send to Cellar");
    assert!(send.accesskit_node().is_disabled());
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    harness.run();
    assert!(harness.state().asked.is_empty());
}

//! The commands on standard input, and the errors of invalid ones.
#![expect(clippy::unwrap_used, reason = "tests stop at the first surprise")]

use protocol::State;
use serde_json::{Value, json};
use virtual_board::command::{Command, CommandError};

fn read(line: &str) -> Command {
    Command::parse(line).unwrap().unwrap()
}

fn press(board: &str, event: &str) -> Command {
    Command::Press {
        board: board.into(),
        button: "button:0".parse().unwrap(),
        event: event.into(),
    }
}

fn set(board: &str, component: &str, change: Value) -> Command {
    let Value::Object(fields) = change else {
        return Command::Quit;
    };
    Command::Set {
        board: board.into(),
        component: component.parse().unwrap(),
        change: State::from(fields),
    }
}

fn refusal(line: &str) -> CommandError {
    Command::parse(line).unwrap_err()
}

#[test]
fn a_press_names_board_button_and_event() {
    assert_eq!(read("press lamp button:0"), press("lamp", "press"));
    assert_eq!(
        read("  press sb-01ab23   button:0   long_press  "),
        press("sb-01ab23", "long_press")
    );
}

#[test]
fn names_with_spaces_may_be_quoted_or_not() {
    for line in [
        "press Desk lamp 2 button:0",
        "press \"Desk lamp 2\" button:0",
        "press 'Desk lamp 2' button:0",
    ] {
        assert_eq!(read(line), press("Desk lamp 2", "press"));
    }
    assert_eq!(
        read("stop Desk lamp"),
        Command::Stop {
            board: "Desk lamp".into()
        }
    );
    assert_eq!(
        read("erase Desk lamp"),
        Command::Erase {
            board: "Desk lamp".into()
        }
    );
    assert_eq!(
        read("start \"Desk lamp\""),
        Command::Start {
            board: "Desk lamp".into()
        }
    );
    assert_eq!(
        read("press \"a b:0 c\" button:0"),
        press("a b:0 c", "press")
    );
}

#[test]
fn values_are_json_if_they_parse_and_text_otherwise() {
    assert_eq!(
        read("set strip switch:1 on=true"),
        set("strip", "switch:1", json!({ "on": true }))
    );
    let all =
        read("set lamp light:0 on=false brightness=40 rgb=[255, 0, 7] effect=candle ct_k=null");
    let fields = json!({
        "on": false, "brightness": 40, "rgb": [255, 0, 7], "effect": "candle", "ct_k": null,
    });
    assert_eq!(all, set("lamp", "light:0", fields));
    assert_eq!(
        read("set b text:0 value=\"two words\""),
        set("b", "text:0", json!({ "value": "two words" }))
    );
    assert_eq!(
        read("set b text:0 value=60s"),
        set("b", "text:0", json!({ "value": "60s" }))
    );
    assert_eq!(
        read("set b text:0 value="),
        set("b", "text:0", json!({ "value": "" }))
    );
    assert_eq!(
        read("set b sensor:0 value=-2.5"),
        set("b", "sensor:0", json!({ "value": -2.5 }))
    );
    assert_eq!(
        read("set b text:0 value=a=b"),
        set("b", "text:0", json!({ "value": "a=b" }))
    );
}

#[test]
fn outbound_connections_of_a_board_are_enabled_and_disabled() {
    let url = "ws://192.168.1.5:7433/".parse().ok();
    for line in [
        "call Desk lamp ws://192.168.1.5:7433",
        "call \"Desk lamp\" ws://192.168.1.5:7433/",
    ] {
        assert_eq!(
            read(line),
            Command::Call {
                board: "Desk lamp".into(),
                url: url.clone()
            }
        );
    }
    assert_eq!(
        read("call lamp off"),
        Command::Call {
            board: "lamp".into(),
            url: None
        }
    );
    assert_eq!(refusal("call"), CommandError::NoBoard("call"));
    assert_eq!(refusal("call lamp"), CommandError::NoUrl);
    assert_eq!(refusal("call \"lamp\""), CommandError::NoUrl);
    assert!(refusal("call lamp wss://bench").to_string().contains("TLS"));
}

#[test]
fn an_empty_line_is_ignored_and_quit_quits() {
    assert_eq!(Command::parse("  \t ").unwrap(), None);
    assert_eq!(read("quit"), Command::Quit);
}

#[test]
fn an_invalid_command_is_answered_with_the_valid_ones() {
    assert_eq!(refusal("jump lamp"), CommandError::Unknown("jump".into()));
    assert!(refusal("jump").to_string().contains("press BOARD button:0"));
    assert_eq!(
        refusal("quit now"),
        CommandError::TooMuch("now".into(), "quit")
    );
    assert_eq!(refusal("press"), CommandError::NoBoard("press"));
    assert_eq!(refusal("press button:0"), CommandError::NoBoard("press"));
    assert_eq!(
        refusal("press \"\" button:0"),
        CommandError::NoBoard("press")
    );
    assert_eq!(refusal("press lamp"), CommandError::NoComponent("press"));
    assert_eq!(
        refusal("press \"lamp\" now"),
        CommandError::NoComponent("press")
    );
    assert_eq!(
        refusal("press lamp button:0 press twice"),
        CommandError::TooMuch("twice".into(), "press")
    );
    assert_eq!(
        refusal("press \"lamp button:0"),
        CommandError::Unclosed("lamp button:0".into())
    );
    assert_eq!(refusal("set strip switch:1"), CommandError::NoFields);
    assert_eq!(
        refusal("set strip switch:1 on"),
        CommandError::NotAField("on".into())
    );
    assert_eq!(
        refusal("set strip switch:1 on true x=1"),
        CommandError::NotAField("on".into())
    );
    assert_eq!(refusal("stop"), CommandError::NoBoard("stop"));
    assert_eq!(
        refusal("start \"a\" b"),
        CommandError::TooMuch("b".into(), "start")
    );
}

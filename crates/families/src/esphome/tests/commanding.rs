//! Commands, and how they are confirmed: by the value that the board reports.

use protocol::{Code, CommandResult, RpcError};
use serde_json::{Value, json};

use super::{
    board::{Bench, LIST, STATES, bytes, listed, set_fields},
    vectors::{self, Vector},
};
use crate::{Problem, esphome::wire::Message};

/// What a command is answered with.
fn refusal(method: &str, params: &Value) -> RpcError {
    let mut bench = Bench::ready();
    let id = bench.request(method, params);
    assert!(bench.take_numbers().is_empty(), "nothing is sent");
    bench.answer(id).expect("an answer").expect_err("a refusal")
}

#[test]
fn commands_are_the_messages_that_the_board_expects() {
    for (method, params, (number, expected)) in [
        (
            "Switch.Set",
            json!({"id": 3, "on": true}),
            vectors::SET_RELAY,
        ),
        ("Switch.Toggle", json!({"id": 3}), vectors::SET_RELAY),
        (
            "Number.Set",
            json!({"id": 7, "value": 2.3}),
            vectors::SET_LEVEL,
        ),
        (
            "Number.Set",
            json!({"id": 7, "value": 2.31}),
            vectors::SET_LEVEL,
        ),
        (
            "Select.Set",
            json!({"id": 6, "value": "Boost"}),
            vectors::SET_MODE,
        ),
        (
            "Text.Set",
            json!({"id": 9, "value": "bye"}),
            vectors::SET_LABEL,
        ),
        ("Button.Press", json!({"id": 8}), vectors::SET_CHIME),
        (
            "Cover.Set",
            json!({"id": 11, "position": 75}),
            vectors::SET_BLIND,
        ),
        ("Cover.Stop", json!({"id": 11}), vectors::STOP_BLIND),
        ("Lock.Open", json!({"id": 13}), vectors::OPEN_BOLT),
        ("Update.Install", json!({"id": 14}), vectors::INSTALL),
        (
            "Light.Set",
            json!({"id": 13107, "on": true, "brightness": 40, "rgb": [200, 100, 0],
                   "transition_ms": 500}),
            vectors::SET_LAMP,
        ),
        (
            "Light.Set",
            json!({"id": 13107, "ct_k": 2700, "effect": "Rainbow"}),
            vectors::SET_LAMP_WHITE,
        ),
    ] {
        let mut bench = Bench::ready();
        bench.request(method, &params);
        let heard = bench.take_heard();
        let (found, payload) = heard.first().expect("a message");
        assert_eq!(*found, number, "{method}");
        assert_eq!(
            set_fields(payload),
            set_fields(&bytes(expected)),
            "{method} {params}"
        );
    }
}

#[test]
fn a_command_is_confirmed_by_the_value_that_was_wanted() {
    let mut bench = Bench::ready();
    let set = bench.request("Switch.Set", &json!({"id": 3, "on": true}));
    assert_eq!(bench.take_numbers(), [33]);
    bench.say_vector(vectors::RELAY_OFF);
    bench.say_vector(vectors::TEMPERATURE_MISSING);
    assert_eq!(
        bench.answer(set),
        None,
        "of another component, or not so yet"
    );
    bench.say_vector(vectors::RELAY_ON);
    let result = bench.answer(set).expect("an answer").expect("a result");
    let result: CommandResult = serde_json::from_value(result).expect("a result");
    let last = bench.pushes().last().map(|push| push.seq);
    assert_eq!(Some(result.seq), last, "the push that shows it");
}

#[test]
fn a_command_that_changes_nothing_is_confirmed_when_the_board_has_read_it() {
    let mut bench = Bench::ready();
    let set = bench.request("Switch.Set", &json!({"id": 3, "on": false}));
    assert_eq!(
        bench.take_numbers(),
        [33, 7],
        "the board answers only the ping"
    );
    assert_eq!(bench.answer(set), None);
    bench.say(8, &[]);
    assert!(bench.answer(set).expect("an answer").is_ok());
    assert!(bench.pushes().is_empty());

    // It changed in the meantime: the value decides again.
    let set = bench.request("Switch.Set", &json!({"id": 3, "on": false}));
    bench.say_vector(vectors::RELAY_ON);
    bench.say(8, &[]);
    assert_eq!(bench.answer(set), None);
    bench.say_vector(vectors::RELAY_OFF);
    assert!(bench.answer(set).expect("an answer").is_ok());
}

#[test]
fn a_button_is_confirmed_when_the_board_has_read_it() {
    let mut bench = Bench::ready();
    let ping = bench.request("Sys.Ping", &json!({}));
    let press = bench.request("Button.Press", &json!({"id": 8}));
    assert_eq!(bench.take_numbers(), [7, 62, 7]);
    bench.say(8, &[]);
    assert!(bench.answer(ping).is_some());
    assert_eq!(
        bench.answer(press),
        None,
        "that was the answer to the first ping"
    );
    bench.say(8, &[]);
    assert!(bench.answer(press).expect("an answer").is_ok());
}

#[test]
fn a_cover_confirms_by_moving_in_the_direction() {
    let confirmed = |method: &str, params: Value, report: Vector| {
        let mut bench = Bench::ready();
        let id = bench.request(method, &params);
        bench.say_vector(report);
        bench.answer(id).is_some()
    };
    let opening = vectors::BLIND_OPENING;
    assert!(confirmed("Cover.Open", json!({"id": 11}), opening));
    assert!(!confirmed("Cover.Close", json!({"id": 11}), opening));
    assert!(confirmed(
        "Cover.Set",
        json!({"id": 11, "position": 75}),
        opening
    ));
    assert!(confirmed(
        "Cover.Set",
        json!({"id": 11, "position": 30}),
        opening
    ));
    assert!(!confirmed(
        "Cover.Set",
        json!({"id": 11, "position": 10}),
        opening
    ));
}

#[test]
fn a_light_confirms_by_everything_that_was_set() {
    let mut bench = Bench::ready();
    let set = bench.request(
        "Light.Set",
        &json!({"id": 13107, "brightness": 60, "ct_k": 2700, "transition_ms": 500}),
    );
    assert_eq!(bench.answer(set), None);
    bench.say_vector(vectors::LAMP_WHITE);
    assert!(bench.answer(set).expect("an answer").is_ok());
}

#[test]
fn a_brightness_of_0_turns_a_light_off() {
    for params in [
        json!({"id": 5, "brightness": 0}),
        json!({"id": 5, "on": true, "brightness": 0}),
    ] {
        let mut bench = light(&[3]);
        bench.pass(std::time::Duration::from_millis(500));
        let state = |on| Message::new().fixed(1, 5).flag(2, on).number(11, 3);
        bench.say(24, &listed(state(true).float(3, 0.5)));
        bench.forget();
        let set = bench.request("Light.Set", &params);
        let (_, payload) = bench.take_heard().remove(0);
        let fields = crate::esphome::wire::Fields::parse(&payload).expect("a message");
        assert_eq!((fields.flag(4), fields.float(5)), (true, 0.0), "{params}");
        assert_eq!(bench.answer(set), None);
        // The board turns itself off, and its brightness up.
        bench.say(24, &listed(state(false).float(3, 1.0)));
        assert!(bench.answer(set).expect("an answer").is_ok(), "{params}");
    }
}

#[test]
fn the_buttons_of_a_board_identify_and_restart_it() {
    let mut bench = Bench::ready();
    let identify = bench.request("Device.Identify", &json!({}));
    let heard = bench.take_heard();
    assert_eq!(heard[0], (62, listed(Message::new().fixed(1, 0x0009_0003))));
    bench.say(8, &[]);
    assert!(bench.answer(identify).expect("an answer").is_ok());
    // It restarts instead of answering, and says so.
    let reboot = bench.request("Device.Reboot", &json!({}));
    let heard = bench.take_heard();
    assert_eq!(heard[0], (62, listed(Message::new().fixed(1, 0x0009_0002))));
    assert_eq!(bench.answer(reboot), None);
    bench.say(5, &[]);
    assert!(bench.answer(reboot).expect("an answer").is_ok());
    assert_eq!(bench.problem, Some(Problem::Closed));
}

#[test]
fn what_a_board_lacks_is_refused_with_the_reason() {
    let mut bench = Bench::plain();
    bench.introduce(&[vectors::RELAY], &[vectors::RELAY_ON]);
    for (method, reason) in [
        (
            "Device.Identify",
            "it has no button of the device class identify",
        ),
        (
            "Device.Reboot",
            "it has no button of the device class restart",
        ),
        (
            "Device.SetName",
            "ESPHome has its name from its configuration file: change it there",
        ),
        (
            "Keys.List",
            "Only boards that run the firmware of Switchboard can do this",
        ),
        ("Keys.Add", "ESPHome has nothing like Keys.Add"),
    ] {
        let id = bench.request(method, &json!({"name": "Lamp"}));
        let error = bench.answer(id).expect("an answer").expect_err("a refusal");
        assert_eq!(error.message, reason);
    }
}

#[test]
fn parameters_are_checked_before_anything_is_sent() {
    for (method, params, code, reason) in [
        (
            "Switch.Set",
            json!({"id": 99, "on": true}),
            Code::NotFound,
            "not_found",
        ),
        (
            "Switch.Set",
            json!({"id": 3}),
            Code::InvalidParams,
            "bad_params",
        ),
        (
            "Switch.Set",
            json!({"on": true}),
            Code::InvalidParams,
            "bad_params",
        ),
        (
            "Number.Set",
            json!({"id": 7, "value": 10.1}),
            Code::InvalidParams,
            "out_of_range",
        ),
        (
            "Select.Set",
            json!({"id": 6, "value": "Fast"}),
            Code::InvalidParams,
            "out_of_range",
        ),
        (
            "Text.Set",
            json!({"id": 9, "value": ""}),
            Code::InvalidParams,
            "out_of_range",
        ),
        (
            "Text.Set",
            json!({"id": 9, "value": "a\nb"}),
            Code::InvalidParams,
            "out_of_range",
        ),
        (
            "Text.Set",
            json!({"id": 9, "value": "x".repeat(21)}),
            Code::InvalidParams,
            "out_of_range",
        ),
        (
            "Button.Press",
            json!({"id": 8, "event": "long_press"}),
            Code::InvalidParams,
            "not_supported",
        ),
        (
            "Cover.Set",
            json!({"id": 11, "position": 101}),
            Code::InvalidParams,
            "out_of_range",
        ),
        (
            "Light.Set",
            json!({"id": 13107}),
            Code::InvalidParams,
            "bad_params",
        ),
        (
            "Light.Set",
            json!({"id": 13107, "ct_k": 1999}),
            Code::InvalidParams,
            "out_of_range",
        ),
        (
            "Light.Set",
            json!({"id": 13107, "brightness": 101}),
            Code::InvalidParams,
            "out_of_range",
        ),
        (
            "Light.Set",
            json!({"id": 13107, "on": true, "transition_ms": 10_001}),
            Code::InvalidParams,
            "out_of_range",
        ),
        (
            "Light.Set",
            json!({"id": 13107, "white": 9}),
            Code::InvalidParams,
            "not_supported",
        ),
        (
            "Light.Set",
            json!({"id": 13107, "on": false, "effect": "Rainbow"}),
            Code::FailedPrecondition,
            "light_is_off",
        ),
        (
            "Light.Set",
            json!({"id": 13107, "effect": "Fire"}),
            Code::InvalidParams,
            "out_of_range",
        ),
    ] {
        let error = refusal(method, &params);
        assert_eq!(
            (error.code, error.data.reason.as_str()),
            (code, reason),
            "{method} {params}"
        );
    }
}

#[test]
fn before_a_board_is_known_nothing_is_commanded() {
    let mut bench = Bench::plain();
    bench.forget();
    let id = bench.request("Switch.Set", &json!({"id": 3, "on": true}));
    assert!(bench.answer(id).expect("an answer").is_err());
    assert!(bench.take_numbers().is_empty());
    bench.introduce(LIST, STATES);
    assert_eq!(bench.problem, None);
}

/// A light with these color modes.
fn light(modes: &[u64]) -> Bench {
    let mut bench = Bench::plain();
    let mut message = Message::new().fixed(2, 5).float(9, 153.0).float(10, 500.0);
    for mode in modes {
        message = message.number(12, *mode);
    }
    bench.say_vector(vectors::HELLO);
    bench.say_vector(vectors::INFO);
    bench.say(15, &listed(message));
    bench.say(19, &[]);
    bench
}

#[test]
fn caps_are_those_of_all_color_modes() {
    for (modes, caps, state) in [
        (&[1][..], json!({}), json!({"on": null})),
        (
            &[3],
            json!({"brightness": true}),
            json!({"on": null, "brightness": null}),
        ),
        (
            &[39],
            json!({"brightness": true, "rgb": true, "white": true}),
            json!({"on": null, "brightness": null, "rgb": null, "white": null}),
        ),
        (
            &[19],
            json!({"brightness": true, "ct_k": [2000, 6536]}),
            json!({"on": null, "brightness": null, "ct_k": null}),
        ),
    ] {
        let mut bench = light(modes);
        bench.pass(std::time::Duration::from_millis(500));
        assert_eq!(json!(bench.component("light:5").caps), caps, "{modes:?}");
        assert_eq!(json!(bench.states()["light:5"]), state, "{modes:?}");
    }
}

#[test]
fn a_light_of_color_and_white_shows_what_is_lit() {
    // RGB and color temperature at once: mode 47.
    let mut bench = light(&[47]);
    let state = |color: f32| {
        let message = Message::new().fixed(1, 5).flag(2, true).number(11, 47);
        let message = message.float(10, color).float(4, 1.0).float(8, 250.0);
        listed(message.float(7, 1.0))
    };
    bench.say(24, &state(1.0));
    let shown = |bench: &mut Bench| json!(bench.states()["light:5"]);
    assert_eq!(shown(&mut bench)["rgb"], json!([255, 0, 0]));
    assert_eq!(shown(&mut bench)["ct_k"], Value::Null);
    bench.say(24, &state(0.0));
    assert_eq!(shown(&mut bench)["rgb"], Value::Null);
    assert_eq!(shown(&mut bench)["ct_k"], 4000);

    // One is turned off to show the other.
    bench.forget();
    bench.request("Light.Set", &json!({"id": 5, "ct_k": 4000, "rgb": null}));
    let (_, payload) = bench.take_heard().remove(0);
    let expected = Message::new().fixed(1, 5).flag(12, true).float(13, 250.0);
    let expected = expected
        .flag(20, true)
        .float(21, 0.0)
        .flag(10, true)
        .float(11, 1.0);
    assert_eq!(set_fields(&payload), set_fields(&listed(expected)));

    // Black is no color: the state shows none.
    bench.say(24, &state(1.0));
    let set = bench.request("Light.Set", &json!({"id": 5, "rgb": [0, 0, 0]}));
    assert_eq!(bench.answer(set), None);
    bench.say(24, &state(0.0));
    assert!(bench.answer(set).expect("an answer").is_ok());
    assert_eq!(shown(&mut bench)["rgb"], Value::Null);
}

#[test]
fn what_is_accepted_is_said() {
    for (params, message) in [
        (
            json!({"id": 13107, "ct_k": 1999}),
            "ct_k must be 2000 to 6536",
        ),
        (
            json!({"id": 13107, "effect": "Fire"}),
            "effect must be one of: None, Rainbow",
        ),
    ] {
        assert_eq!(refusal("Light.Set", &params).message, message);
    }
}

#[test]
fn cold_and_warm_white_are_a_color_temperature() {
    let mut bench = light(&[19]);
    let state = Message::new().fixed(1, 5).flag(2, true).number(11, 19);
    // Halfway between 153 and 500 mireds.
    bench.say(24, &listed(state.float(12, 0.5).float(13, 0.5)));
    assert_eq!(bench.states()["light:5"].ct_k(), Some(3063));
}

#[test]
fn a_color_is_reported_as_it_was_set() {
    for rgb in [
        [0, 0, 0],
        [255, 255, 255],
        [1, 2, 3],
        [17, 200, 99],
        [254, 255, 0],
    ] {
        let mut bench = light(&[35]);
        bench.pass(std::time::Duration::from_millis(500));
        bench.forget();
        let set = bench.request("Light.Set", &json!({"id": 5, "rgb": rgb}));
        let (_, payload) = bench.take_heard().remove(0);
        let fields = crate::esphome::wire::Fields::parse(&payload).expect("a message");
        // The board keeps the fields of the command.
        let state = Message::new()
            .fixed(1, 5)
            .number(11, 35)
            .float(10, fields.float(21))
            .float(4, fields.float(7))
            .float(5, fields.float(8))
            .float(6, fields.float(9));
        bench.say(24, &listed(state));
        assert!(bench.answer(set).is_some(), "{rgb:?}");
        assert_eq!(bench.states()["light:5"].rgb(), Some(rgb));
    }
}

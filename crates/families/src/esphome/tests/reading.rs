//! A board in plain text is read: hello, information, list, states.

use std::time::Duration;

use protocol::{DeviceInfo, Snapshot};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{
    board::{Bench, BoardEnd, LIST, STATES, listed, set_fields},
    vectors,
};
use crate::{Credential, Problem, esphome::wire::Message};

#[test]
fn a_board_is_read_in_the_order_that_it_expects() {
    let mut bench = Bench::plain();
    let hello = bench.take_heard();
    let [(1, payload)] = hello.as_slice() else {
        panic!("{hello:?}");
    };
    let expected = super::board::bytes(vectors::HELLO_REQUEST.1);
    assert_eq!(set_fields(payload), set_fields(&expected));
    bench.say_vector(vectors::HELLO);
    assert_eq!(bench.take_numbers(), [9, 11], "information and list");
    bench.say_vector(vectors::INFO);
    bench.say_vector(vectors::RELAY);
    assert!(bench.take_numbers().is_empty(), "the list is not complete");
    bench.say(19, &[]);
    assert_eq!(bench.take_numbers(), [20], "the states");
}

#[test]
fn requests_wait_until_the_first_states_are_there() {
    let mut bench = Bench::plain();
    let info = bench.request("Device.GetInfo", &json!({}));
    let states = bench.request("Device.Subscribe", &json!({}));
    bench.introduce(LIST, &STATES[..STATES.len() - 1]);
    assert_eq!(bench.answer(info), None);
    bench.say_vector(STATES[STATES.len() - 1]);
    let info = bench.answer(info).expect("an answer").expect("a result");
    let info: DeviceInfo = serde_json::from_value(info).expect("information");
    assert_eq!(info.id, "esphome-0200000a1b2c");
    assert_eq!(info.mac, "02:00:00:0a:1b:2c");
    assert_eq!(info.name, "Desk");
    assert_eq!(info.version, "2026.6.5");
    assert_eq!(
        (info.platform.as_str(), info.board.as_str()),
        ("esphome", "esp32dev")
    );
    assert_eq!(info.proto, protocol::PROTOCOL_MAJOR);
    assert_eq!(info.extra["webserver_port"], 80);
    assert_eq!(info.extra["project_name"], "acme.desk");
    let states = bench.answer(states).expect("an answer").expect("a result");
    let states: Snapshot = serde_json::from_value(states).expect("a snapshot");
    assert_eq!(states.components.len(), STATES.len());
    assert!(bench.pushes().is_empty(), "nothing changed since");
}

#[test]
fn an_entity_without_a_state_is_not_waited_for_any_longer() {
    let mut bench = Bench::plain();
    let asked = bench.request("Device.GetInfo", &json!({}));
    bench.introduce(&[vectors::RELAY, vectors::LAMP], &[vectors::RELAY_ON]);
    bench.pass(Duration::from_millis(499));
    assert_eq!(bench.answer(asked), None);
    bench.pass(Duration::from_millis(1));
    assert!(bench.answer(asked).is_some());
    let states = bench.states();
    assert_eq!(states["switch:3"].on(), Some(true));
    assert_eq!(states["light:13107"].get("on"), Some(&Value::Null));
    assert_eq!(states["light:13107"].get("rgb"), Some(&Value::Null));
    assert_eq!(bench.problem, None);
}

#[test]
fn a_change_is_pushed_and_one_without_effect_is_not() {
    let mut bench = Bench::ready();
    bench.say_vector(vectors::RELAY_OFF);
    assert!(bench.pushes().is_empty());
    bench.say_vector(vectors::RELAY_ON);
    let pushes = bench.pushes();
    let [push] = pushes.as_slice() else {
        panic!("{pushes:?}");
    };
    assert_eq!(json!(push)["switch:3"], json!({"on": true}));
    assert_eq!(push.source, None, "the board does not say who");
}

#[test]
fn every_division_of_the_stream_is_the_same_stream() {
    let mut whole = Bench::plain();
    whole.introduce(LIST, STATES);
    let (components, states) = (whole.components(), whole.states());
    let mut stream = Vec::new();
    for (message, payload) in [&[vectors::HELLO, vectors::INFO], LIST, &[(19, "")], STATES].concat()
    {
        stream.extend(whole.frame(message, &super::board::bytes(payload)));
    }
    for cut in 0..=stream.len() {
        let mut bench = Bench::plain();
        let (first, second) = stream.split_at(cut);
        bench.send(first);
        bench.send(second);
        assert_eq!(bench.components(), components, "cut at {cut}");
        assert_eq!(bench.states(), states, "cut at {cut}");
    }
    for piece in 1..9 {
        let mut bench = Bench::plain();
        bench.piece = piece;
        bench.send(&stream);
        assert_eq!(bench.components(), components, "pieces of {piece}");
        assert_eq!(bench.states(), states, "pieces of {piece}");
    }
}

#[test]
fn the_board_is_pinged_and_answered() {
    let mut bench = Bench::ready();
    bench.say(7, &[]);
    assert_eq!(bench.take_numbers(), [8]);
    let ping = bench.request("Sys.Ping", &json!({}));
    assert_eq!(bench.take_numbers(), [7]);
    assert_eq!(bench.answer(ping), None, "the board did not answer yet");
    bench.say(8, &[]);
    assert_eq!(bench.answer(ping), Some(Ok(json!({}))));
}

#[test]
fn a_board_that_disconnects_is_answered_first() {
    let mut bench = Bench::ready();
    bench.say(5, &[]);
    assert_eq!(bench.take_numbers(), [6]);
    assert_eq!(bench.problem, Some(Problem::Closed));
}

#[test]
fn a_board_that_asks_for_encryption_needs_a_credential() {
    // What ESPHome answers then: its reason in a frame under Noise.
    let mut bench = Bench::plain();
    bench.send(&[1]);
    assert_eq!(bench.problem, Some(Problem::CredentialNeeded));
    bench.send(b"\0\x13\x01Bad indicator byte");
    bench.request("Sys.Ping", &json!({}));
    assert_eq!(bench.take_numbers(), [1], "only the hello");
}

#[test]
fn only_old_firmware_is_sent_a_password() {
    let old = listed(Message::new().number(1, 1).number(2, 10).text(4, "desk"));
    let mut bench = Bench::plain();
    bench.say(2, &old);
    assert_eq!(bench.take_numbers(), [1, 3, 9, 11]);
    bench.say(4, &listed(Message::new().flag(1, true)));
    assert_eq!(bench.problem, Some(Problem::CredentialNeeded));

    let password = || Some(Credential::Password(Zeroizing::new("secret".to_owned())));
    let mut bench = Bench::opened(BoardEnd::Plain, password());
    bench.say(2, &old);
    let heard = bench.take_heard();
    assert_eq!(heard[1], (3, listed(Message::new().text(1, "secret"))));
    bench.say(4, &listed(Message::new().flag(1, true)));
    assert_eq!(bench.problem, Some(Problem::WrongCredential));

    let mut bench = Bench::opened(BoardEnd::Plain, password());
    bench.say_vector(vectors::HELLO);
    bench.say_vector(vectors::INFO);
    assert_eq!(bench.problem, Some(Problem::NotProtected));
}

#[test]
fn a_board_that_contradicts_itself_is_not_believed() {
    for (info, reason) in [
        (
            Message::new().text(2, "other").text(3, "02:00:00:0A:1B:2C"),
            "its name is \"other\", but it said \"desk\" before",
        ),
        (
            Message::new().text(2, "desk").text(3, "02:00:00"),
            "it reports \"02:00:00\" as its hardware address",
        ),
    ] {
        let mut bench = Bench::plain();
        bench.say_vector(vectors::HELLO);
        bench.say(10, &listed(info));
        assert_eq!(bench.problem, Some(Problem::NotABoard(reason.to_owned())));
    }
}

#[test]
fn a_newer_major_version_is_refused() {
    let mut bench = Bench::plain();
    bench.say(2, &listed(Message::new().number(1, 3)));
    let reason = "it speaks version 3.0 of ESPHome's native API; up to 2 is supported";
    assert_eq!(bench.problem, Some(Problem::NotABoard(reason.to_owned())));
}

#[test]
fn a_page_of_the_components_has_the_size_that_is_asked_for() {
    let mut bench = Bench::ready();
    let mut page = |params: serde_json::Value| {
        let id = bench.request("Device.GetComponents", &params);
        bench.answer(id).expect("an answer")
    };
    let all: protocol::ComponentsPage =
        serde_json::from_value(page(json!({})).expect("a page")).expect("a page");
    let part = page(json!({"offset": 1, "limit": 2})).expect("a page");
    let part: protocol::ComponentsPage = serde_json::from_value(part).expect("a page");
    assert_eq!((part.offset, part.total), (1, all.total));
    assert_eq!(Some(&part.components[..]), all.components.get(1..3));
    assert!(page(json!({"offset": -1})).is_err());
}

//! Sessions with boards of ESPHome: through the dialect, over simulated TCP.

use std::time::Duration;

use families::Family;
use keys::{Keys, esphome_key};
use noise::{Key, KeyId, Psk, Role};
use protocol::{ComponentKey, Kind, Object, State, method};
use serde_json::json;

use super::*;

/// A frame in plain text. The payloads are of `api.proto`.
fn frame(message: u8, payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).unwrap();
    [&[0, length, message], payload].concat()
}

/// `HelloResponse` of the API 1.14, and `DeviceInfoResponse` with the name
/// "desk" and a hardware address.
fn introduction() -> Vec<u8> {
    let mac = b"02:00:00:0A:1B:2C";
    let info = [b"\x12\x04desk\x1a\x11", &mac[..]].concat();
    [frame(2, b"\x08\x01\x10\x0e"), frame(10, &info)].concat()
}

/// A switch with the key 3, its end of the list, and its state.
fn switch(on: bool) -> Vec<u8> {
    let list = frame(17, b"\x15\x03\0\0\0\x1a\x05Relay");
    [list, frame(19, b""), switch_state(on)].concat()
}

fn switch_state(on: bool) -> Vec<u8> {
    frame(26, &[0x0d, 3, 0, 0, 0, 0x10, u8::from(on)])
}

fn relay() -> ComponentKey {
    ComponentKey::new(Kind::Switch, 3)
}

impl Bench {
    fn bytes(&mut self, bytes: Vec<u8>) {
        self.input(Input::Socket(self.attempt, SocketEvent::Binary(bytes)));
    }

    /// A connection to a board with a switch that is off.
    fn esphome() -> Self {
        let mut bench = Self::new();
        bench.input(Input::Family(Family::Esphome));
        bench.input(Input::Connect);
        bench.input(opened(bench.attempt));
        bench.bytes([introduction(), switch(false)].concat());
        assert_eq!(bench.link(), LinkState::Connected);
        // It answers the first ping.
        bench.bytes(frame(8, b""));
        bench
    }

    fn turn(&mut self, number: u64, on: bool) {
        self.command(
            number,
            Command {
                id: CommandId(0),
                component: Some(relay()),
                method: method::SWITCH_SET.into(),
                params: Object::from_iter([("id".into(), json!(3)), ("on".into(), json!(on))]),
                wanted: Some(State::new().with("on", on)),
                replaceable: false,
                refusal: None,
            },
        );
    }

    /// The components as reported last.
    fn components(&self) -> Vec<String> {
        let mut listed = self.reports.iter().rev().filter_map(|report| match report {
            Report::Components(components) => Some(components),
            _ => None,
        });
        let keys = listed.next().unwrap().iter();
        keys.map(|component| component.key.to_string()).collect()
    }
}

#[test]
fn a_command_is_confirmed_by_the_value_or_reported_as_unconfirmed() {
    let mut bench = Bench::esphome();
    bench.turn(1, true);
    assert_eq!(bench.outcome(1), None);
    bench.bytes(switch_state(true));
    assert!(matches!(bench.outcome(1), Some(Outcome::Done { .. })));
    assert_eq!(bench.changes(), 1);
    // It changes nothing: the board answers only the ping that follows.
    bench.turn(2, true);
    assert_eq!(bench.outcome(2), None);
    bench.bytes(frame(8, b""));
    assert!(matches!(bench.outcome(2), Some(Outcome::Done { .. })));
    bench.turn(3, false);
    bench.pass(Duration::from_secs(6));
    assert_eq!(bench.outcome(3), Some(Outcome::Unconfirmed));
}

#[test]
fn a_board_that_restarts_with_other_entities_is_described_again() {
    let mut bench = Bench::esphome();
    assert_eq!(bench.components(), ["switch:3"]);
    let before = bench.attempt;
    bench.input(Input::Socket(before, SocketEvent::Ended(Ending::Closed)));
    bench.pass(Duration::from_secs(10));
    assert!(bench.attempt > before, "it is connected to again");
    bench.reports.clear();
    bench.input(opened(bench.attempt));
    let text_sensor = frame(18, b"\x15\x07\0\0\0\x1a\x06Status");
    let state = frame(27, b"\x0d\x07\0\0\0\x12\x05ready");
    bench.bytes([introduction(), text_sensor, frame(19, b""), state].concat());
    assert_eq!(bench.link(), LinkState::Connected);
    assert_eq!(bench.components(), ["text_sensor:7"]);
    let snapshot = bench.reports.iter().find_map(|report| match report {
        Report::Snapshot { components, .. } => Some(components),
        _ => None,
    });
    let states: Vec<_> = snapshot.unwrap().values().collect();
    assert_eq!(states, [&State::new().with("value", "ready")]);
}

#[test]
fn a_board_without_news_is_pinged_and_becomes_stale() {
    let mut bench = Bench::esphome();
    bench.pass(Duration::from_secs(11));
    bench.bytes(frame(8, b""));
    bench.pass(Duration::from_secs(9));
    assert_eq!(bench.link(), LinkState::Connected);
    bench.pass(Duration::from_secs(10));
    assert_eq!(bench.link(), LinkState::Stale);
}

#[test]
fn a_key_that_is_missing_or_not_needed_is_said() {
    let mut bench = Bench::new();
    bench.input(Input::Family(Family::Esphome));
    bench.input(Input::Connect);
    bench.input(opened(bench.attempt));
    bench.bytes(b"\x01\0\x13\x01Bad indicator byte".to_vec());
    assert_eq!(bench.problem(), LinkProblem::Locked);

    let mut bench = Bench::keyed();
    bench.bytes(b"\0Bad indicator byte".to_vec());
    let board = "esphome-0200000a1b2c".to_owned();
    assert_eq!(bench.problem(), LinkProblem::NotLocked { board });
}

#[test]
fn a_wrong_key_is_told_from_another_board() {
    let mut bench = Bench::keyed();
    bench.bytes(b"\x01\0\x13\x01desk\x000200000a1b2c\0".to_vec());
    bench.bytes(b"\x01\0\x16\x01Handshake MAC failure".to_vec());
    assert_eq!(bench.problem(), LinkProblem::WrongKey);

    let mut bench = Bench::keyed();
    bench.bytes(b"\x01\0\x13\x01shed\x000200000a1b2d\0".to_vec());
    assert_eq!(
        bench.problem(),
        LinkProblem::AnotherBoard {
            expected: "esphome-0200000a1b2c".to_owned(),
            found: "esphome-0200000a1b2d".to_owned(),
        }
    );
}

#[test]
fn a_wrong_key_is_not_tried_again_until_another_one_is_entered() {
    let mut bench = Bench::keyed();
    bench.bytes(b"\x01\0\x13\x01desk\x000200000a1b2c\0".to_vec());
    bench.bytes(b"\x01\0\x16\x01Handshake MAC failure".to_vec());
    assert_eq!(bench.problem(), LinkProblem::WrongKey);
    let attempt = bench.attempt;
    bench.pass(Duration::from_secs(3_600));
    assert_eq!(bench.attempt, attempt, "it is not retried");
    // The keys of other boards are none of its business.
    let mut keys = held(7);
    keys.extend(&esphome_key("esphome-0200000a1b2d", OTHER).unwrap().into());
    bench.input(Input::Keys(keys));
    assert_eq!(bench.attempt, attempt);
    bench.input(Input::Keys(held(8)));
    assert!(bench.attempt > attempt, "it is connected to at once");
}

#[test]
fn a_missing_key_connects_at_once_when_it_is_entered() {
    let mut bench = Bench::new();
    bench.input(Input::Family(Family::Esphome));
    bench.input(Input::KnownId("esphome-0200000a1b2c".to_owned()));
    bench.input(Input::Connect);
    bench.input(opened(bench.attempt));
    bench.bytes(b"\x01\0\x13\x01Bad indicator byte".to_vec());
    assert_eq!(bench.problem(), LinkProblem::Locked);
    let attempt = bench.attempt;
    bench.input(Input::Keys(held(7)));
    assert!(bench.attempt > attempt);
}

/// 32 bytes in base64.
const OTHER: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";

/// A key of these bytes for the board of the tests.
fn held(secret: u8) -> Keys {
    Key {
        board: "esphome-0200000a1b2c".to_owned(),
        kid: KeyId([1, 2, 3, 4]),
        role: Role::Control,
        psk: Psk::new([secret; 32]),
    }
    .into()
}

impl Bench {
    /// An open connection to a board whose key is held.
    fn keyed() -> Self {
        let mut bench = Self::new();
        let id = "esphome-0200000a1b2c".to_owned();
        bench.input(Input::Keys(held(7)));
        bench.input(Input::Family(Family::Esphome));
        bench.input(Input::KnownId(id));
        bench.input(Input::Connect);
        bench.input(opened(bench.attempt));
        bench
    }
}

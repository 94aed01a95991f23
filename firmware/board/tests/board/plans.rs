//! Plans that are refused, and the sizes of messages of those that are not.

use std::time::Duration;

use protocol::{Source, limits, method};
use serde_json::{Value, json};
use switchboard_board::{Component, InputSource, Outgoing, Plan};

use crate::{
    fixtures::{EPOCH, board, component, everything, key, lamp, ms, plan, request, state},
    test_board::TestBoard,
    test_hardware::TestHardware,
};

fn refused(plan: Plan) -> String {
    TestBoard::new(plan, &[], EPOCH, TestHardware::default())
        .map(|_| ())
        .unwrap_err()
        .to_string()
}

fn refused_component(text: &str, first: Value) -> String {
    refused(plan(vec![component(text, first)]))
}

#[test]
fn two_components_with_one_key_are_refused() {
    let twins = vec![
        component("switch:0", json!({ "on": false })),
        component("switch:0", json!({ "on": true })),
    ];
    assert_eq!(refused(plan(twins)), "two components have the key switch:0");
}

#[test]
fn a_state_that_does_not_fit_its_kind_is_refused() {
    assert_eq!(
        refused_component("switch:0", json!({})),
        "switch:0: on is missing at boot"
    );
    assert_eq!(
        refused_component("switch:0", json!({ "on": 1 })),
        "switch:0: on is true or false, not 1"
    );
    assert_eq!(
        refused_component("button:0", json!({ "on": false })),
        "button:0: button:0 has no state"
    );
    let number = json!({ "value": 11, "min": 0, "max": 10, "step": 1 });
    assert_eq!(
        refused_component("number:0", number),
        "number:0: value is 0 to 10, not 11"
    );
    let still = json!({ "value": 0, "min": 0, "max": 10, "step": 0 });
    assert!(refused_component("number:0", still).contains("step > 0"));
    assert!(
        refused_component("select:0", json!({ "value": "a", "options": [] }))
            .contains("needs options")
    );
    let select = json!({ "value": "c", "options": ["a", "b"] });
    assert!(refused_component("select:0", select).contains("one of \"a\", \"b\""));
    let mut light = lamp();
    light.state = state(json!({ "on": false }));
    assert_eq!(
        refused(plan(vec![light])),
        "light:0: brightness is missing at boot"
    );
    let mut light = lamp();
    light.descriptor.caps.ct_k = Some([6500, 2200]);
    assert!(refused(plan(vec![light])).contains("[warmest, coldest]"));
}

#[test]
fn contradictions_are_refused() {
    let mut other = component("switch:0", json!({ "on": false }));
    other.descriptor.kind = protocol::Kind::Light;
    assert_eq!(
        refused(plan(vec![other])),
        "switch:0 is described as a light"
    );
    let mut gifted = component("switch:0", json!({ "on": false }));
    gifted.descriptor.caps.rgb = true;
    assert_eq!(
        refused(plan(vec![gifted])),
        "switch:0 has the capabilities of another kind"
    );
    let restless = component("sensor:0", json!({ "value": 0 })).with_input(InputSource::Read {
        every: Duration::ZERO,
    });
    assert_eq!(
        refused(plan(vec![restless])),
        "sensor:0 would be read continuously"
    );
    let read = component("switch:0", json!({ "on": false })).with_input(InputSource::Rssi);
    assert_eq!(
        refused(plan(vec![read])),
        "switch:0 would be read, but is not a sensor"
    );
    let mut bound = everything();
    bound.bindings = vec![(key("button:0"), key("sensor:0"))];
    assert_eq!(
        refused(bound),
        "button:0 is bound to sensor:0, but there is no such switch or light"
    );
    let mut bound = everything();
    bound.bindings = vec![(key("button:9"), key("light:0"))];
    assert_eq!(
        refused(bound),
        "button:9 is bound, but there is no such button"
    );
    let mut named = everything();
    named.identity.id = "Desk Lamp".into();
    assert!(refused(named).contains("lowercase"));
    let mut named = everything();
    named.identity.name = String::new();
    assert_eq!(refused(named), "name has 1 to 63 bytes of UTF-8, not 0");
    let closed = Plan {
        controllers: 0,
        ..everything()
    };
    assert!(refused(closed).contains("at least one controller"));
}

#[test]
fn a_first_state_that_the_hardware_refuses_is_refused() {
    let stuck = TestHardware {
        stuck: vec![key("switch:1")],
        ..TestHardware::default()
    };
    let error = TestBoard::new(everything(), &[], EPOCH, stuck)
        .map(|_| ())
        .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("switch:1: switch:1 is locked manually"),
        "{error}"
    );
}

#[test]
fn a_plan_whose_messages_would_be_too_large_is_refused() {
    let texts = (0..9)
        .map(|id| component(&format!("text:{id}"), json!({ "value": "" })))
        .collect();
    let message = refused(plan(texts));
    assert!(
        message.starts_with("the state of all components may need "),
        "{message}"
    );
    let mut wordy = component("switch:0", json!({ "on": false }));
    wordy.descriptor.name = "x".repeat(5000);
    assert!(refused(plan(vec![wordy])).starts_with("the description of switch:0 may need "));
    let mut wordy = everything();
    wordy.identity.board = "x".repeat(5000);
    assert!(refused(wordy).starts_with("Device.GetInfo may need "));
}

/// A board with as many texts and numbers as possible, each with the longest
/// value, after a long uptime.
fn full_board() -> TestBoard {
    let mut components: Vec<Component> = Vec::new();
    for id in 0..6 {
        components.push(component(&format!("text:{id}"), json!({ "value": "" })));
    }
    components.push(component("valve:0", json!({ "raw": "" })));
    components.push(lamp());
    components
        .push(component("sensor:0", json!({ "value": null })).with_input(InputSource::Reported));
    components.push(component("button:0", json!({})));
    board(plan(components))
}

/// The sizes of all messages that wait for a client.
fn bytes(board: &mut TestBoard, now: Duration, client: switchboard_board::ClientId) -> Vec<usize> {
    std::iter::from_fn(|| board.next_outgoing(now, client))
        .map(|outgoing| match outgoing {
            Outgoing::Text(text) => text.len(),
            _ => 0,
        })
        .collect()
}

#[test]
fn every_kind_of_message_fits_at_its_largest() {
    let late = Duration::from_secs(10 * 365 * 24 * 3600);
    let mut board = full_board();
    let client = board.connect(late).unwrap();
    let id = "\\\"".repeat(31);
    let ask = |board: &mut TestBoard, method: &str, params: Value| {
        let message = json!({ "jsonrpc": "2.0", "id": serde_json::from_str::<Value>(&format!("\"{id}\"")).unwrap(),
            "method": method, "params": params });
        board.receive(late, client, &message.to_string());
        bytes(board, late, client)
    };
    for text in 0..6 {
        let value = "\"".repeat(limits::TEXT_VALUE);
        ask(
            &mut board,
            method::TEXT_SET,
            json!({ "id": text, "value": value }),
        );
    }
    let raw = state(json!({ "raw": "x".repeat(245) }));
    board
        .observe(late, &key("valve:0"), raw, Source::Physical)
        .unwrap();
    board
        .observe(
            late,
            &key("sensor:0"),
            state(json!({ "value": -1.234_567_890_123_456_7e-300 })),
            Source::Physical,
        )
        .unwrap();
    let mut largest = Vec::new();
    let mut measure = |what: &str, bytes: Vec<usize>| {
        let most = bytes.into_iter().max().unwrap_or_default();
        assert!(
            (1..=limits::MESSAGE_OUT_OF_BOARD).contains(&most),
            "{what} has {most} bytes"
        );
        largest.push((what.to_owned(), most));
    };
    measure(
        "snapshot",
        ask(&mut board, method::DEVICE_SUBSCRIBE, json!({})),
    );
    measure("info", ask(&mut board, method::DEVICE_GET_INFO, json!({})));
    measure(
        "page",
        ask(&mut board, method::DEVICE_GET_COMPONENTS, json!({})),
    );
    measure("pong", ask(&mut board, method::SYS_PING, json!({})));
    measure(
        "result and event",
        ask(
            &mut board,
            method::DEVICE_SET_NAME,
            json!({ "name": "\"".repeat(63) }),
        ),
    );
    measure("error", ask(&mut board, &"\u{7}\"".repeat(200), json!({})));
    for text in 0..6 {
        let value = "\\".repeat(limits::TEXT_VALUE);
        board
            .observe(
                late,
                &key(&format!("text:{text}")),
                state(json!({ "value": value })),
                Source::Physical,
            )
            .unwrap();
    }
    board
        .observe(
            late,
            &key("valve:0"),
            state(json!({ "raw": "y".repeat(245) })),
            Source::Timer,
        )
        .unwrap();
    board.run_until(late + ms(100));
    measure("status", bytes(&mut board, late + ms(100), client));
    let of = |what: &str| largest.iter().find(|(name, _)| name == what).unwrap().1;
    assert!(
        of("snapshot") > 3500 && of("status") > 3500,
        "these are the largest possible: {largest:?}"
    );
    assert!(
        of("error") < 1024 && of("result and event") < 512 && of("pong") < 256,
        "{largest:?}"
    );
}

#[test]
fn a_command_takes_few_bytes() {
    let mut board = board(everything());
    let client = board.connect(Duration::ZERO).unwrap();
    board.receive(
        Duration::ZERO,
        client,
        &request(method::DEVICE_SUBSCRIBE, &json!({})),
    );
    bytes(&mut board, Duration::ZERO, client);
    board.receive(
        Duration::ZERO,
        client,
        &request(method::SWITCH_SET, &json!({ "id": 0, "on": true })),
    );
    let sent = bytes(&mut board, Duration::ZERO, client);
    assert!(sent.iter().sum::<usize>() < 256, "{sent:?}");
}

//! Retained values: when they are written, and how they are restored.

use std::time::Duration;

use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
use protocol::{Epoch, Snapshot, Source, method};
use serde_json::{Value, json};
use switchboard_board::{InputSource, Outgoing, Plan, Retained, RetainedKey, SAVE_DELAY, Unsaved};

use crate::{
    fixtures::{
        EPOCH, answer, at_the_board, component, connected, everything, key, ms, plan, request,
        state, subscriber,
    },
    test_board::TestBoard,
    test_hardware::TestHardware,
};

/// One component of each kind, retained if possible.
fn retaining() -> Plan {
    let mut plan = everything();
    for component in &mut plan.components {
        let kind = component.descriptor.key.kind.as_str();
        component.retained = !matches!(kind, "button" | "event");
    }
    plan
}

fn boot(retained: &[Retained]) -> TestBoard {
    TestBoard::new(retaining(), retained, EPOCH, TestHardware::default()).unwrap()
}

fn kept(text: &str, value: Value) -> Retained {
    Retained {
        key: text.parse().unwrap(),
        value: value.to_string().into_bytes(),
    }
}

fn status(board: &mut TestBoard) -> Snapshot {
    let client = connected(board);
    let snapshot = answer(
        board,
        Duration::ZERO,
        client,
        method::DEVICE_GET_STATUS,
        json!({}),
    )
    .result();
    serde_json::from_value(snapshot).unwrap()
}

fn state_of(board: &mut TestBoard, component: &str) -> Value {
    json!(status(board).components[&key(component)])
}

fn command(board: &mut TestBoard, now: Duration, method: &str, params: Value) {
    let answer = board.call(now, &request(method, &params)).unwrap();
    assert!(answer.contains("result"), "{answer}");
}

/// The values that are written at `now`, as texts.
fn written(board: &mut TestBoard, now: Duration) -> Vec<(String, String)> {
    board.run_until(now);
    match board.take_unsaved(now) {
        None => Vec::new(),
        Some(Unsaved::Write(write)) => write
            .into_iter()
            .map(|r| (r.key.to_string(), String::from_utf8(r.value).unwrap()))
            .collect(),
        Some(Unsaved::Erase) => panic!("an erase was not requested"),
    }
}

#[test]
fn changes_are_written_together_after_five_seconds() {
    let mut board = boot(&[]);
    command(
        &mut board,
        ms(1_000),
        method::SWITCH_SET,
        json!({ "id": 0, "on": true }),
    );
    command(
        &mut board,
        ms(2_000),
        method::LIGHT_SET,
        json!({ "id": 0, "brightness": 10 }),
    );
    command(
        &mut board,
        ms(3_000),
        method::LIGHT_SET,
        json!({ "id": 0, "brightness": 20 }),
    );
    assert!(!board.has_unsaved());
    assert_eq!(written(&mut board, ms(5_999)), []);
    assert_eq!(board.next_deadline(), Some(ms(6_000)));
    let light = r#"{"brightness":20,"ct_k":3000,"effect":"none","on":false,"rgb":null}"#;
    let expected = [("switch:0", r#"{"on":true}"#), ("light:0", light)]
        .map(|(k, v)| (k.to_owned(), v.to_owned()));
    assert_eq!(written(&mut board, ms(6_000)), expected);
    board.saved();
    assert_eq!(written(&mut board, ms(600_000)), []);
    assert_eq!(board.next_deadline(), None);
}

#[test]
fn a_reverted_change_writes_nothing() {
    let mut board = boot(&[]);
    command(
        &mut board,
        ms(0),
        method::SWITCH_SET,
        json!({ "id": 0, "on": true }),
    );
    command(
        &mut board,
        ms(100),
        method::SWITCH_SET,
        json!({ "id": 0, "on": false }),
    );
    command(
        &mut board,
        ms(200),
        method::DEVICE_SET_NAME,
        json!({ "name": "Other" }),
    );
    command(
        &mut board,
        ms(300),
        method::DEVICE_SET_NAME,
        json!({ "name": "Desk lamp" }),
    );
    assert_eq!(written(&mut board, ms(10_000)), []);
    assert!(!board.has_unsaved());
}

#[test]
fn other_components_are_not_written() {
    let mut plan = everything();
    plan.components[0] = plan.components[0].clone().retained();
    let mut board = TestBoard::new(plan, &[], EPOCH, TestHardware::default()).unwrap();
    command(
        &mut board,
        ms(0),
        method::SWITCH_SET,
        json!({ "id": 1, "on": true }),
    );
    at_the_board(&mut board, ms(0), "sensor:0", json!({ "value": 30 }));
    assert_eq!(written(&mut board, ms(10_000)), []);
    command(
        &mut board,
        ms(10_000),
        method::SWITCH_SET,
        json!({ "id": 0, "on": true }),
    );
    assert_eq!(
        written(&mut board, ms(15_000)),
        [("switch:0".into(), r#"{"on":true}"#.into())]
    );
}

#[test]
fn a_reboot_writes_at_once_and_waits_for_it() {
    let mut board = boot(&[]);
    command(
        &mut board,
        ms(0),
        method::TEXT_SET,
        json!({ "id": 0, "value": "kept" }),
    );
    let client = board.connect(ms(0)).unwrap();
    board.receive(ms(10), client, &request(method::DEVICE_REBOOT, &json!({})));
    board.disconnect(ms(0), client);
    assert!(board.has_unsaved());
    let unsaved = board.take_unsaved(ms(10)).unwrap();
    assert_eq!(
        unsaved,
        Unsaved::Write(vec![kept("text:0", json!({ "value": "kept" }))])
    );
    board.run_until(ms(2_000));
    assert_eq!(board.hardware().reboots, 0, "it is being written");
    // A change at the board during the write.
    at_the_board(&mut board, ms(2_000), "switch:1", json!({ "on": true }));
    board.saved();
    assert!(board.has_unsaved());
    assert_eq!(
        board.take_unsaved(ms(2_000)),
        Some(Unsaved::Write(vec![kept(
            "switch:1",
            json!({ "on": true })
        )]))
    );
    board.saved();
    board.run_until(board.next_deadline().unwrap());
    assert_eq!(board.hardware().reboots, 1);
}

#[test]
fn a_reboot_does_not_wait_forever_for_flash_that_hangs_or_fails() {
    for fails in [true, false] {
        let mut board = boot(&[]);
        command(
            &mut board,
            ms(0),
            method::SWITCH_SET,
            json!({ "id": 0, "on": true }),
        );
        command(&mut board, ms(0), method::DEVICE_REBOOT, json!({}));
        let unsaved = board.take_unsaved(ms(0)).unwrap();
        if fails {
            board.save_failed(ms(100), &unsaved);
            assert!(!board.has_unsaved());
        }
        let due = board.next_deadline().unwrap();
        assert!(due <= if fails { ms(500) } else { ms(5_500) }, "{due:?}");
        board.run_until(due);
        assert_eq!(board.hardware().reboots, 1);
        assert_eq!(board.next_deadline(), None);
    }
}

#[test]
fn there_is_one_write_at_a_time() {
    let mut board = boot(&[]);
    command(
        &mut board,
        ms(0),
        method::SWITCH_SET,
        json!({ "id": 0, "on": true }),
    );
    board.run_until(SAVE_DELAY);
    assert!(board.take_unsaved(SAVE_DELAY).is_some());
    command(
        &mut board,
        ms(6_000),
        method::SWITCH_SET,
        json!({ "id": 0, "on": false }),
    );
    assert_eq!(written(&mut board, ms(60_000)), []);
    board.saved();
    board.run_until(ms(60_000));
    assert_eq!(
        written(&mut board, ms(60_000)),
        [("switch:0".into(), r#"{"on":false}"#.into())]
    );
}

#[test]
fn a_failed_write_is_repeated_after_five_seconds() {
    let mut board = boot(&[]);
    command(
        &mut board,
        ms(0),
        method::SWITCH_SET,
        json!({ "id": 0, "on": true }),
    );
    command(
        &mut board,
        ms(0),
        method::DEVICE_SET_NAME,
        json!({ "name": "Other" }),
    );
    board.run_until(ms(5_000));
    let unsaved = board.take_unsaved(ms(5_000)).unwrap();
    board.save_failed(ms(5_100), &unsaved);
    assert_eq!(written(&mut board, ms(10_000)), []);
    let again = written(&mut board, ms(10_100));
    assert_eq!(
        again,
        [
            ("name".into(), "Other".into()),
            ("switch:0".into(), r#"{"on":true}"#.into())
        ]
    );
}

#[test]
fn the_state_at_boot_is_what_was_kept_with_seq_0_and_the_outputs_are_so() {
    let mut board = boot(&[
        Retained {
            key: RetainedKey::Name,
            value: "Grüße".into(),
        },
        kept("switch:0", json!({ "on": true })),
        kept(
            "light:0",
            json!({
                "on": true,
                "brightness": 5,
                "rgb": [1, 2, 3],
                "ct_k": null,
                "effect": "candle",
            }),
        ),
        kept("number:0", json!({ "value": 7.5 })),
        kept("select:0", json!({ "value": "fast" })),
        kept("text:0", json!({ "value": "" })),
        kept("valve:0", json!({ "position": 7 })),
        kept("sensor:0", json!({ "value": -3.5 })),
    ]);
    assert_eq!(board.name(), "Grüße");
    let (_, snapshot) = subscriber(&mut board);
    assert_eq!(snapshot.seq, 0);
    let expected = json!({ "value": 7.5, "min": 0, "max": 10, "step": 0.5 });
    assert_eq!(json!(snapshot.components[&key("number:0")]), expected);
    assert_eq!(state_of(&mut board, "valve:0"), json!({ "position": 7 }));
    assert_eq!(state_of(&mut board, "sensor:0"), json!({ "value": -3.5 }));
    let shown = board
        .hardware()
        .outputs
        .iter()
        .find(|(output, _)| *output == key("light:0"))
        .unwrap();
    assert_eq!(shown.1, snapshot.components[&key("light:0")]);
    assert_eq!(shown.1.rgb(), Some([1, 2, 3]));
    assert_eq!(written(&mut board, ms(600_000)), [], "it is already saved");
}

#[test]
fn the_next_boot_restores_what_was_written() {
    let mut board = boot(&[]);
    command(
        &mut board,
        ms(0),
        method::LIGHT_SET,
        json!({ "id": 0, "on": true, "rgb": [9, 8, 7] }),
    );
    command(
        &mut board,
        ms(0),
        method::NUMBER_SET,
        json!({ "id": 0, "value": 2.5 }),
    );
    command(
        &mut board,
        ms(0),
        method::SELECT_SET,
        json!({ "id": 0, "value": "fast" }),
    );
    command(
        &mut board,
        ms(0),
        method::TEXT_SET,
        json!({ "id": 0, "value": "\"\\".repeat(127) }),
    );
    command(
        &mut board,
        ms(0),
        method::DEVICE_SET_NAME,
        json!({ "name": "Other" }),
    );
    at_the_board(&mut board, ms(0), "binary_sensor:0", json!({ "on": true }));
    at_the_board(&mut board, ms(0), "valve:0", json!({ "position": null }));
    let before = status(&mut board).components;
    board.run_until(SAVE_DELAY);
    let Some(Unsaved::Write(written)) = board.take_unsaved(SAVE_DELAY) else {
        panic!("something is to be written")
    };
    assert_eq!(written.len(), 7);
    let mut again =
        TestBoard::new(retaining(), &written, Epoch(2), TestHardware::default()).unwrap();
    assert_eq!(status(&mut again).components, before);
    assert_eq!(again.name(), "Other");
}

#[test]
fn malformed_and_unfitting_values_are_ignored() {
    let planned = status(&mut boot(&[])).components;
    let raw = |text: &str, value: &[u8]| Retained {
        key: text.parse().unwrap(),
        value: value.into(),
    };
    for wrong in [
        raw("name", b""),
        raw("name", b"two\nlines"),
        raw("name", &[0xff, 0xfe]),
        raw("name", &[b'x'; 64]),
        raw("switch:0", b""),
        raw("switch:0", b"{\"on\":true"),
        raw("switch:0", b"[true]"),
        raw("switch:0", &[0xff; 100]),
        kept("switch:0", json!({ "on": 1 })),
        kept("switch:0", json!({ "on": true, "brightness": 3 })),
        kept("switch:9", json!({ "on": true })),
        kept("light:0", json!({ "on": true, "brightness": 101 })),
        kept("light:0", json!({ "on": true, "effect": "disco" })),
        kept("light:0", json!({ "on": true, "ct_k": 1 })),
        kept("number:0", json!({ "value": 11 })),
        kept("number:0", json!({ "max": 1_000 })),
        kept("select:0", json!({ "value": "medium" })),
        kept("text:0", json!({ "value": "x".repeat(256) })),
        kept("button:0", json!({ "on": true })),
        kept("valve:0", json!({ "position": "x".repeat(500) })),
        raw("valve:0", "[".repeat(600).as_bytes()),
    ] {
        let mut board = boot(std::slice::from_ref(&wrong));
        assert_eq!(
            (status(&mut board).components, board.name()),
            (planned.clone(), "Desk lamp"),
            "{wrong:?}"
        );
    }
}

#[test]
fn a_component_that_is_not_retained_is_not_restored() {
    let mut board = TestBoard::new(
        everything(),
        &[kept("switch:0", json!({ "on": true }))],
        EPOCH,
        TestHardware::default(),
    )
    .unwrap();
    assert_eq!(state_of(&mut board, "switch:0"), json!({ "on": false }));
}

/// The hardware of a switch that cannot be turned on.
#[test]
fn a_restored_state_that_the_hardware_refuses_gives_way_to_the_plan() {
    let stuck = TestHardware {
        refused_on: vec![key("switch:0")],
        ..TestHardware::default()
    };
    let mut board = TestBoard::new(
        retaining(),
        &[kept("switch:0", json!({ "on": true }))],
        EPOCH,
        stuck,
    )
    .unwrap();
    assert_eq!(state_of(&mut board, "switch:0"), json!({ "on": false }));
    assert_eq!(
        board.hardware().outputs[0],
        (key("switch:0"), state(json!({ "on": false })))
    );
}

#[test]
fn a_factory_reset_erases_tells_the_clients_and_restarts() {
    let mut board = boot(&[kept("switch:0", json!({ "on": true }))]);
    let (client, _) = subscriber(&mut board);
    command(
        &mut board,
        ms(0),
        method::SWITCH_SET,
        json!({ "id": 1, "on": true }),
    );
    board.factory_reset(ms(100));
    assert_eq!(board.take_unsaved(ms(100)), Some(Unsaved::Erase));
    let told: Vec<Outgoing> = std::iter::from_fn(|| board.next_outgoing(ms(100), client)).collect();
    assert!(matches!(
        &told[told.len() - 2],
        Outgoing::Text(text) if text.contains("rebooting") && text.contains("physical")
    ));
    assert!(matches!(
        told.last(),
        Some(Outgoing::Close { code: 1012, .. })
    ));
    board.disconnect(ms(0), client);
    board.run_until(ms(2_000));
    assert_eq!(board.hardware().reboots, 0, "it is being erased");
    at_the_board(&mut board, ms(2_000), "switch:1", json!({ "on": false }));
    board.saved();
    assert_eq!(
        board.take_unsaved(ms(60_000)),
        None,
        "nothing is saved after that"
    );
    board.run_until(ms(2_000));
    assert_eq!(board.hardware().reboots, 1);
}

#[test]
fn a_factory_reset_is_possible_during_a_write_or_a_restart() {
    let mut board = boot(&[]);
    command(
        &mut board,
        ms(0),
        method::SWITCH_SET,
        json!({ "id": 1, "on": true }),
    );
    command(&mut board, ms(0), method::DEVICE_REBOOT, json!({}));
    assert!(matches!(board.take_unsaved(ms(0)), Some(Unsaved::Write(_))));
    board.factory_reset(ms(10));
    board.saved();
    assert_eq!(board.take_unsaved(ms(20)), Some(Unsaved::Erase));
    board.saved();
    board.run_until(ms(500));
    assert_eq!(board.hardware().reboots, 1);
}

#[test]
fn a_factory_reset_of_a_controller_is_answered_before_anything_is_erased() {
    let mut board = boot(&[kept("switch:0", json!({ "on": true }))]);
    let info = board.call(ms(0), &request(method::DEVICE_GET_INFO, &json!({})));
    assert!(
        info.unwrap().contains("\"factory_reset\""),
        "a feature says that it is supported"
    );
    let (client, _) = subscriber(&mut board);
    board.receive(
        ms(100),
        client,
        &request(method::DEVICE_FACTORY_RESET, &json!({})),
    );
    assert_eq!(
        board.take_unsaved(ms(100)),
        None,
        "the response is still to be sent"
    );
    let told: Vec<Outgoing> = std::iter::from_fn(|| board.next_outgoing(ms(100), client)).collect();
    assert!(matches!(&told[0], Outgoing::Text(text) if text.contains("\"result\"")));
    assert!(matches!(
        &told[1],
        Outgoing::Text(text) if text.contains("rebooting")
            && text.contains("\"factory_reset\":true")
            && text.contains(&format!("client:{}", client.0))
    ));
    assert!(matches!(told[2], Outgoing::Close { code: 1012, .. }));
    let refused = board.call(ms(101), &request(method::DEVICE_FACTORY_RESET, &json!({})));
    assert!(refused.unwrap().contains("\"rebooting\""));

    board.disconnect(ms(110), client);
    board.run_until(ms(110));
    assert_eq!(board.take_unsaved(ms(110)), Some(Unsaved::Erase));
    board.run_until(ms(1_000));
    assert_eq!(board.hardware().reboots, 0, "it is being erased");
    board.saved();
    board.run_until(ms(1_000));
    assert_eq!(board.hardware().reboots, 1);
}

#[test]
fn a_client_that_does_not_read_delays_a_factory_reset_by_half_a_second() {
    let mut board = boot(&[]);
    let (client, _) = subscriber(&mut board);
    board.receive(
        ms(0),
        client,
        &request(method::DEVICE_FACTORY_RESET, &json!({})),
    );
    assert_eq!(board.next_deadline(), Some(ms(500)));
    board.run_until(ms(499));
    assert_eq!(board.take_unsaved(ms(499)), None);
    board.run_until(ms(500));
    assert_eq!(board.take_unsaved(ms(500)), Some(Unsaved::Erase));
}

#[test]
fn a_factory_reset_by_post_leaves_time_for_its_response_and_for_a_write() {
    let mut board = boot(&[]);
    command(
        &mut board,
        ms(0),
        method::SWITCH_SET,
        json!({ "id": 1, "on": true }),
    );
    board.run_until(ms(5_000));
    let writing = board.take_unsaved(ms(5_000));
    assert!(matches!(writing, Some(Unsaved::Write(_))));
    command(
        &mut board,
        ms(5_000),
        method::DEVICE_FACTORY_RESET,
        json!({}),
    );
    board.run_until(ms(5_400));
    assert_eq!(board.take_unsaved(ms(5_400)), None);
    board.saved();
    board.run_until(ms(5_500));
    assert_eq!(board.take_unsaved(ms(5_500)), Some(Unsaved::Erase));
    board.save_failed(ms(5_600), &Unsaved::Erase);
    board.run_until(ms(5_600));
    assert_eq!(
        board.hardware().reboots,
        1,
        "failing flash does not prevent the restart"
    );
}

#[test]
fn a_write_that_fails_does_not_cancel_a_factory_reset() {
    let mut board = boot(&[]);
    let on = json!({ "id": 1, "on": true });
    command(&mut board, ms(0), method::SWITCH_SET, on);
    board.run_until(ms(5_000));
    let writing = board.take_unsaved(ms(5_000)).unwrap();
    let reset = method::DEVICE_FACTORY_RESET;
    command(&mut board, ms(5_000), reset, json!({}));
    board.run_until(ms(5_400));
    board.save_failed(ms(5_400), &writing);
    board.run_until(ms(5_500));
    assert_eq!(board.take_unsaved(ms(5_500)), Some(Unsaved::Erase));
}

#[test]
fn measured_values_and_buttons_cannot_be_retained() {
    let refused = |component| {
        TestBoard::new(plan(vec![component]), &[], EPOCH, TestHardware::default())
            .map(|_| ())
            .unwrap_err()
    };
    let measured = component("sensor:0", json!({ "value": 1 })).retained();
    assert!(
        refused(measured)
            .to_string()
            .contains("sensor:0 cannot be retained")
    );
    let stateless = component("button:0", json!({})).retained();
    assert!(
        refused(stateless)
            .to_string()
            .contains("button:0 cannot be retained")
    );
    let long = component(&format!("{}:0", "x".repeat(40)), json!({}))
        .with_input(InputSource::Reported)
        .retained();
    assert!(refused(long).to_string().contains("32 bytes"));
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    let field = prop_oneof![
        Just("on"),
        Just("brightness"),
        Just("rgb"),
        Just("ct_k"),
        Just("effect"),
        Just("value"),
        Just("x")
    ];
    let json = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (0_i64..4_000).prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        Just(json!([255, 0, 7])),
        Just(json!("fast")),
        Just(Value::Null),
    ];
    let object = proptest::collection::btree_map(field, json, 0..5)
        .prop_map(|fields| json!(fields).to_string().into_bytes());
    prop_oneof![4 => object, 1 => proptest::collection::vec(any::<u8>(), 0..700)]
}

fn anything() -> impl Strategy<Value = Retained> {
    let keys = [
        "name", "switch:0", "light:0", "number:0", "select:0", "text:0", "valve:0", "sensor:0",
        "button:0", "fan:7",
    ];
    (proptest::sample::select(keys.to_vec()), value()).prop_map(|(key, value)| Retained {
        key: key.parse().unwrap(),
        value,
    })
}

proptest! {
    /// Flash is untrusted input: with any content the board boots, and its
    /// state is one that a plan could have.
    #[test]
    fn a_board_boots_with_any_retained_values(
        retained in proptest::collection::vec(anything(), 0..12),
    ) {
        let mut board = boot(&retained);
        let now = status(&mut board).components;
        let mut sound = retaining();
        for component in &mut sound.components {
            if let Some(state) = now.get(&component.descriptor.key) {
                component.state = state.clone();
            }
        }
        sound.identity.name = board.name().to_owned();
        TestBoard::new(sound, &[], EPOCH, TestHardware::default()).unwrap();
        let on = state(json!({ "on": true }));
        board.observe(ms(0), &key("switch:0"), on, Source::Physical).unwrap();
        board.run_until(SAVE_DELAY);
        board.take_unsaved(SAVE_DELAY);
    }
}

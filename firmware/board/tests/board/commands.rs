//! What each method does if it succeeds.

use std::time::Duration;

use protocol::{CommandResult, ComponentsPage, DeviceInfo, Snapshot, Source, method};
use serde_json::{Value, json};

use crate::fixtures::{
    EPOCH, answer, ask, at_the_board, board, component, connected, everything, key, ms, plan,
    request, state, subscriber, take,
};

const T0: Duration = Duration::ZERO;

#[test]
fn the_board_describes_itself() {
    let mut board = board(everything());
    let client = connected(&mut board);
    let info = answer(
        &mut board,
        ms(42),
        client,
        method::DEVICE_GET_INFO,
        json!({}),
    )
    .result();
    let info: DeviceInfo = serde_json::from_value(info).unwrap();
    assert_eq!(
        (info.id.as_str(), info.name.as_str(), info.mac.as_str()),
        ("sb-0000aa", "Desk lamp", "02:00:00:00:00:aa")
    );
    assert_eq!(
        (info.proto, info.epoch, info.uptime_ms),
        (protocol::PROTOCOL_MAJOR, EPOCH, 42)
    );
}

#[test]
fn a_snapshot_has_the_whole_state_of_every_component_with_one() {
    let mut board = board(everything());
    let (client, snapshot) = subscriber(&mut board);
    assert_eq!(
        (snapshot.epoch, snapshot.seq, snapshot.client),
        (EPOCH, 0, Some(client.0))
    );
    assert_eq!(snapshot.components.len(), 11);
    assert!(
        !snapshot.components.contains_key(&key("button:0")),
        "a button has no state"
    );
    assert_eq!(
        snapshot.components[&key("valve:0")],
        state(json!({ "position": 40 }))
    );
    let by_post = board
        .call(T0, &request(method::DEVICE_GET_STATUS, &json!({})))
        .unwrap();
    let by_post: Value = serde_json::from_str(&by_post).unwrap();
    let by_post: Snapshot = serde_json::from_value(by_post["result"].clone()).unwrap();
    assert_eq!(
        by_post,
        Snapshot {
            client: None,
            ..snapshot
        }
    );
}

#[test]
fn all_components_are_listed_in_pages_that_fit() {
    let named = |id| {
        let mut switch = component(&format!("switch:{id}"), json!({ "on": false }));
        switch.descriptor.name = format!("The switch with the number {id} of this board");
        switch
    };
    let many: Vec<_> = (0..60).map(named).collect();
    let expected: Vec<_> = many
        .iter()
        .map(|switch| switch.descriptor.name.clone())
        .collect();
    let mut board = board(plan(many));
    let client = connected(&mut board);
    let (mut offset, mut pages, mut names) = (0, 0, Vec::new());
    loop {
        let page = answer(
            &mut board,
            T0,
            client,
            method::DEVICE_GET_COMPONENTS,
            json!({ "offset": offset }),
        )
        .result();
        let page: ComponentsPage = serde_json::from_value(page).unwrap();
        assert_eq!((page.offset, page.total), (offset, 60));
        if page.components.is_empty() {
            break;
        }
        offset += page.components.len();
        pages += 1;
        names.extend(page.components.into_iter().map(|component| component.name));
    }
    assert_eq!(names, expected);
    assert_eq!(pages, 2, "pages are filled");
    let two = json!({ "offset": 58.0, "limit": 2 });
    let two: ComponentsPage = serde_json::from_value(
        answer(&mut board, T0, client, method::DEVICE_GET_COMPONENTS, two).result(),
    )
    .unwrap();
    assert_eq!(two.components.len(), 2);
}

#[test]
fn every_kind_is_set_by_its_method() {
    let mut board = board(everything());
    let (client, _) = subscriber(&mut board);
    let mut set = |method, params, component, expected: Value| {
        let got = ask(&mut board, T0, client, method, params);
        let status = got[0].clone().status();
        assert_eq!(status.components[&key(component)], state(expected));
        let result: CommandResult = serde_json::from_value(got[1].clone().result()).unwrap();
        assert_eq!(result.seq, status.seq);
    };
    set(
        method::SWITCH_SET,
        json!({ "id": 0, "on": true }),
        "switch:0",
        json!({ "on": true }),
    );
    set(
        method::SWITCH_TOGGLE,
        json!({ "id": 0 }),
        "switch:0",
        json!({ "on": false }),
    );
    set(
        method::LIGHT_SET,
        json!({ "id": 0, "brightness": 60.0, "on": true }),
        "light:0",
        json!({ "on": true }),
    );
    set(
        method::LIGHT_SET,
        json!({ "id": 0, "effect": "candle" }),
        "light:0",
        json!({ "effect": "candle" }),
    );
    set(
        method::NUMBER_SET,
        json!({ "id": 0, "value": 7.7 }),
        "number:0",
        json!({ "value": 7.5 }),
    );
    set(
        method::NUMBER_SET,
        json!({ "id": 0, "value": 9.9 }),
        "number:0",
        json!({ "value": 10 }),
    );
    set(
        method::SELECT_SET,
        json!({ "id": 0, "value": "fast" }),
        "select:0",
        json!({ "value": "fast" }),
    );
    set(
        method::TEXT_SET,
        json!({ "id": 0, "value": "" }),
        "text:0",
        json!({ "value": "" }),
    );
}

#[test]
fn a_light_shows_a_color_or_a_color_temperature() {
    let mut board = board(everything());
    let (client, _) = subscriber(&mut board);
    let mut changed = |params| {
        ask(&mut board, T0, client, method::LIGHT_SET, params)[0]
            .clone()
            .status()
            .components[&key("light:0")]
            .clone()
    };
    assert_eq!(
        changed(json!({ "id": 0, "rgb": [255, 0, 9] })),
        state(json!({ "rgb": [255, 0, 9], "ct_k": null }))
    );
    assert_eq!(
        changed(json!({ "id": 0, "ct_k": 2700 })),
        state(json!({ "rgb": null, "ct_k": 2700 }))
    );
    let both = json!({ "id": 0, "ct_k": 2800, "rgb": [1, 2, 3] });
    assert_eq!(
        changed(both),
        state(json!({ "rgb": [1, 2, 3], "ct_k": null }))
    );
}

#[test]
fn a_number_is_rounded_to_its_step_and_never_leaves_its_range() {
    let uneven = json!({ "value": 0.1, "min": 0.1, "max": 1.0, "step": 0.2 });
    let mut board = board(plan(vec![component("number:0", uneven)]));
    let (client, _) = subscriber(&mut board);
    for (wanted, kept) in [(1.0, 0.9), (0.39, 0.3), (0.38, 0.3), (0.7, 0.7), (0.1, 0.1)] {
        answer(
            &mut board,
            T0,
            client,
            method::NUMBER_SET,
            json!({ "id": 0, "value": wanted }),
        );
        let status = answer(&mut board, T0, client, method::DEVICE_GET_STATUS, json!({})).result();
        assert_eq!(status["number:0"]["value"], json!(kept), "{wanted}");
    }
}

#[test]
fn a_new_name_is_pushed_and_announced_once() {
    let mut board = board(everything());
    let (client, _) = subscriber(&mut board);
    let got = ask(
        &mut board,
        T0,
        client,
        method::DEVICE_SET_NAME,
        json!({ "name": "Küche" }),
    );
    let event = got[0].clone().event();
    assert_eq!(
        (
            event.events[0].component.to_string().as_str(),
            event.events[0].event.as_str()
        ),
        ("sys:0", "renamed")
    );
    assert_eq!(event.events[0].extra["name"], json!("Küche"));
    assert_eq!(event.source, Some(Source::Client(client.0)));
    assert_eq!(got[1].clone().result(), json!({ "seq": 0 }));
    assert_eq!(board.name(), "Küche");
    assert!(board.take_effects().announcement);
    assert!(!board.take_effects().announcement);
    assert_eq!(
        ask(
            &mut board,
            T0,
            client,
            method::DEVICE_SET_NAME,
            json!({ "name": "Küche" })
        )
        .len(),
        1
    );
    assert!(
        !board.take_effects().announcement,
        "the name has not changed"
    );
}

#[test]
fn identify_reaches_the_hardware() {
    let mut board = board(everything());
    let client = connected(&mut board);
    answer(&mut board, T0, client, method::DEVICE_IDENTIFY, json!({}));
    assert_eq!(board.hardware().identified, 1);
}

#[test]
fn a_command_by_post_is_pushed_as_client_0() {
    let mut board = board(everything());
    let (client, _) = subscriber(&mut board);
    let answer = board
        .call(
            T0,
            &request(method::SWITCH_SET, &json!({ "id": 0, "on": true })),
        )
        .unwrap();
    assert!(answer.contains("\"was_on\":false"), "{answer}");
    assert_eq!(
        take(&mut board, T0, client)[0].clone().status().source,
        Some(Source::Client(0))
    );
}

#[test]
fn a_switch_at_the_board_sets_the_output_as_a_command_would() {
    let mut board = board(everything());
    at_the_board(&mut board, T0, "switch:1", json!({ "on": true }));
    assert_eq!(
        board.hardware().outputs.last(),
        Some(&(key("switch:1"), state(json!({ "on": true }))))
    );
}

#[test]
fn outputs_are_set_as_planned_when_the_board_starts() {
    let board = board(everything());
    let set: Vec<String> = board
        .hardware()
        .outputs
        .iter()
        .map(|(key, _)| key.to_string())
        .collect();
    assert_eq!(
        set,
        [
            "switch:0", "switch:1", "light:0", "number:0", "select:0", "text:0"
        ]
    );
}

//! Pushes: when they are sent, in which order and with which `seq`.

use std::time::Duration;

use crate::fixtures::{
    Received, answer, ask, at_the_board, board, connected, everything, key, ms, plan, request,
    state, subscriber, take,
};
use protocol::{Snapshot, Source, limits, method};
use serde_json::json;
use switchboard_board::Component;

const T0: Duration = Duration::ZERO;

#[test]
fn a_command_sets_the_output_and_its_response_has_the_seq_of_its_push() {
    let mut board = board(everything());
    let (client, snapshot) = subscriber(&mut board);
    assert_eq!(snapshot.seq, 0);
    let got = ask(
        &mut board,
        ms(10),
        client,
        method::SWITCH_SET,
        json!({ "id": 1, "on": true }),
    );
    assert_eq!(got.len(), 2, "the push comes before the response: {got:?}");
    let status = got[0].clone().status();
    assert_eq!((status.prev, status.seq, status.uptime_ms), (0, 1, 10));
    assert_eq!(status.source, Some(Source::Client(client.0)));
    assert_eq!(
        status.components,
        [(key("switch:1"), state(json!({ "on": true })))].into()
    );
    assert_eq!(
        got[1].clone().result(),
        json!({ "seq": 1, "was_on": false })
    );
    assert_eq!(
        board.hardware().outputs.last(),
        Some(&(key("switch:1"), state(json!({ "on": true }))))
    );
}

#[test]
fn every_subscriber_sees_the_change_of_another() {
    let mut board = board(everything());
    let (one, _) = subscriber(&mut board);
    let (two, _) = subscriber(&mut board);
    let silent = connected(&mut board);
    answer(
        &mut board,
        T0,
        one,
        method::LIGHT_SET,
        json!({ "id": 0, "on": true, "brightness": 30 }),
    );
    let got = take(&mut board, T0, two);
    let status = got[0].clone().status();
    assert_eq!(status.source, Some(Source::Client(one.0)));
    assert_eq!(
        status.components[&key("light:0")],
        state(json!({ "on": true, "brightness": 30 }))
    );
    assert_eq!(
        take(&mut board, T0, silent),
        [],
        "a client that has not subscribed gets no push"
    );
}

#[test]
fn a_command_without_a_change_returns_the_current_seq_and_pushes_nothing() {
    let mut board = board(everything());
    let (client, _) = subscriber(&mut board);
    answer(
        &mut board,
        T0,
        client,
        method::SWITCH_SET,
        json!({ "id": 0, "on": true }),
    );
    let settings = board.hardware().outputs.len();
    let got = ask(
        &mut board,
        T0,
        client,
        method::SWITCH_SET,
        json!({ "id": 0, "on": true }),
    );
    assert_eq!(got.len(), 1);
    assert_eq!(got[0].clone().result(), json!({ "seq": 1, "was_on": true }));
    assert_eq!(board.hardware().outputs.len(), settings);
}

#[test]
fn changes_after_a_push_are_collected_until_it_is_100_ms_old() {
    let mut board = board(everything());
    let (client, _) = subscriber(&mut board);
    at_the_board(&mut board, ms(1000), "sensor:0", json!({ "value": 20.0 }));
    assert_eq!(board.next_deadline(), Some(ms(1000)));
    board.run_until(ms(1000));
    assert_eq!(take(&mut board, ms(1000), client).len(), 1);
    at_the_board(&mut board, ms(1020), "sensor:0", json!({ "value": 21.0 }));
    at_the_board(
        &mut board,
        ms(1040),
        "binary_sensor:0",
        json!({ "on": true }),
    );
    at_the_board(&mut board, ms(1060), "sensor:0", json!({ "value": 21.5 }));
    assert_eq!(board.next_deadline(), Some(ms(1100)));
    board.run_until(ms(1099));
    assert!(!board.has_outgoing(client));
    board.run_until(ms(1100));
    let got = take(&mut board, ms(1100), client);
    assert_eq!(got.len(), 1);
    let status = got[0].clone().status();
    assert_eq!((status.prev, status.seq), (1, 2));
    assert_eq!(status.source, Some(Source::Physical));
    assert_eq!(
        status.components[&key("sensor:0")],
        state(json!({ "value": 21.5 }))
    );
    assert_eq!(
        status.components[&key("binary_sensor:0")],
        state(json!({ "on": true }))
    );
}

#[test]
fn a_batch_of_several_sources_has_no_source() {
    let mut board = board(everything());
    let (client, _) = subscriber(&mut board);
    at_the_board(&mut board, T0, "sensor:0", json!({ "value": 21.0 }));
    board
        .observe(
            T0,
            &key("binary_sensor:0"),
            state(json!({ "on": true })),
            Source::Timer,
        )
        .unwrap();
    board.run_until(ms(100));
    assert_eq!(
        take(&mut board, ms(100), client)[0].clone().status().source,
        None
    );
}

#[test]
fn the_batch_is_pushed_before_a_command_and_before_a_snapshot() {
    let mut board = board(everything());
    let (one, _) = subscriber(&mut board);
    at_the_board(&mut board, T0, "switch:0", json!({ "on": true }));
    let got = ask(
        &mut board,
        ms(1),
        one,
        method::SWITCH_SET,
        json!({ "id": 0, "on": true }),
    );
    assert_eq!(got[0].clone().status().source, Some(Source::Physical));
    assert_eq!(got[1].clone().result(), json!({ "seq": 1, "was_on": true }));

    at_the_board(&mut board, ms(2), "switch:0", json!({ "on": false }));
    let (_, snapshot) = subscriber(&mut board);
    assert_eq!(snapshot.seq, 2);
    assert_eq!(snapshot.components[&key("switch:0")].on(), Some(false));
    assert_eq!(take(&mut board, ms(2), one)[0].clone().status().seq, 2);
}

#[test]
fn a_physical_press_is_pushed_at_once_and_toggles_what_it_is_bound_to() {
    let mut board = board(everything());
    let (client, _) = subscriber(&mut board);
    board.press(ms(5), &key("button:0"), "press").unwrap();
    let got = take(&mut board, ms(5), client);
    let event = got[0].clone().event();
    assert_eq!(
        (event.source, event.events[0].event.as_str()),
        (Some(Source::Physical), "press")
    );
    let status = got[1].clone().status();
    assert_eq!(status.source, Some(Source::Physical));
    assert_eq!(status.components[&key("light:0")].on(), Some(true));
    board.press(ms(6), &key("button:0"), "long_press").unwrap();
    assert_eq!(
        take(&mut board, ms(6), client).len(),
        1,
        "only a press toggles"
    );
}

#[test]
fn a_binding_works_without_any_client() {
    let mut board = board(everything());
    board.press(T0, &key("button:0"), "press").unwrap();
    assert_eq!(board.hardware().outputs.last().unwrap().1.on(), Some(true));
    board.press(T0, &key("button:0"), "press").unwrap();
    assert_eq!(board.hardware().outputs.last().unwrap().1.on(), Some(false));
}

#[test]
fn a_remote_press_has_the_client_as_source_and_acts_like_a_physical_one() {
    let mut board = board(everything());
    let (client, _) = subscriber(&mut board);
    let got = ask(
        &mut board,
        T0,
        client,
        method::BUTTON_PRESS,
        json!({ "id": 0 }),
    );
    assert_eq!(
        got[0].clone().event().source,
        Some(Source::Client(client.0))
    );
    assert_eq!(
        got[1].clone().status().source,
        Some(Source::Client(client.0))
    );
    assert_eq!(got[2].clone().result(), json!({ "seq": 1 }));
}

#[test]
fn a_snapshot_and_its_pushes_leave_no_gap() {
    let mut board = board(everything());
    let (one, _) = subscriber(&mut board);
    for on in [true, false, true] {
        answer(
            &mut board,
            T0,
            one,
            method::SWITCH_SET,
            json!({ "id": 0, "on": on }),
        );
    }
    let (two, snapshot) = subscriber(&mut board);
    assert_eq!(snapshot.seq, 3);
    assert_eq!(snapshot.client, Some(two.0));
    assert_eq!(
        take(&mut board, T0, two),
        [],
        "earlier changes are in the snapshot"
    );
    let mut last = snapshot.seq;
    for on in [false, true] {
        answer(
            &mut board,
            T0,
            one,
            method::SWITCH_SET,
            json!({ "id": 0, "on": on }),
        );
        let status = take(&mut board, T0, two)[0].clone().status();
        assert_eq!(status.prev, last);
        last = status.seq;
    }
    assert_eq!(last, 5);
}

#[test]
fn a_client_that_subscribes_twice_gets_two_snapshots_and_one_stream() {
    let mut board = board(everything());
    let (client, _) = subscriber(&mut board);
    answer(
        &mut board,
        T0,
        client,
        method::SWITCH_TOGGLE,
        json!({ "id": 0 }),
    );
    let again: Snapshot = serde_json::from_value(
        answer(&mut board, T0, client, method::DEVICE_SUBSCRIBE, json!({})).result(),
    )
    .unwrap();
    assert_eq!(again.seq, 1);
    let got = ask(
        &mut board,
        T0,
        client,
        method::SWITCH_TOGGLE,
        json!({ "id": 0 }),
    );
    assert_eq!(got.len(), 2);
    assert_eq!(got[0].clone().status().prev, 1);
}

#[test]
fn a_slow_client_is_sent_the_latest_value_of_each_field() {
    let mut board = board(everything());
    let (quick, _) = subscriber(&mut board);
    let (slow, _) = subscriber(&mut board);
    let mut seen_by_quick = 0;
    for round in 0..40_u64 {
        let value = json!({ "value": round });
        board
            .observe(
                ms(round * 200),
                &key("sensor:0"),
                state(value),
                Source::Physical,
            )
            .unwrap();
        if round % 7 == 0 {
            let on = json!({ "id": 0, "on": round % 2 == 0 });
            answer(&mut board, ms(round * 200), quick, method::SWITCH_SET, on);
        }
        board.run_until(ms(round * 200 + 100));
        let got = take(&mut board, ms(round * 200 + 100), quick);
        seen_by_quick += got
            .iter()
            .filter(|got| matches!(got, Received::Status(_)))
            .count();
    }
    assert!(
        seen_by_quick >= 34,
        "nothing is coalesced for a client that reads: {seen_by_quick}"
    );
    let got: Vec<_> = take(&mut board, ms(9000), slow)
        .into_iter()
        .map(Received::status)
        .collect();
    assert_eq!(got.len(), limits::QUEUED_MESSAGES + 1);
    let mut last = 0;
    for status in &got {
        assert_eq!(status.prev, last, "coalescing makes no false gap");
        last = status.seq;
    }
    let latest = got.last().unwrap();
    assert_eq!(latest.source, None, "it has changes of several sources");
    assert_eq!(
        latest.components[&key("sensor:0")],
        state(json!({ "value": 39 }))
    );
    assert_eq!(latest.components[&key("switch:0")].on(), Some(false));
    let snapshot = answer(
        &mut board,
        ms(9000),
        quick,
        method::DEVICE_GET_STATUS,
        json!({}),
    )
    .result();
    assert_eq!(
        snapshot["seq"],
        json!(last),
        "the slow client is up to date"
    );
}

#[test]
fn a_client_that_cannot_be_sent_an_event_is_closed_as_too_slow_and_the_others_go_on() {
    let mut board = board(plan(everything().components));
    let (quick, _) = subscriber(&mut board);
    let (slow, _) = subscriber(&mut board);
    for _ in 0..limits::QUEUED_MESSAGES {
        board.press(T0, &key("button:0"), "press").unwrap();
        assert_eq!(take(&mut board, T0, quick).len(), 1);
    }
    assert!(!board.has_room(slow));
    board.press(T0, &key("button:0"), "press").unwrap();
    assert_eq!(take(&mut board, T0, slow), [Received::Close(1013)]);
    assert_eq!(take(&mut board, T0, quick).len(), 1);
    board.receive(T0, slow, &request(method::SYS_PING, &json!({})));
    assert!(!board.has_outgoing(slow), "who was closed is not served");
    board.disconnect(ms(0), slow);
    assert!(board.connect(T0).is_ok());
}

#[test]
fn a_client_that_sends_requests_without_reading_is_closed_as_too_slow() {
    let mut board = board(everything());
    let client = connected(&mut board);
    for _ in 0..=limits::QUEUED_MESSAGES {
        board.receive(T0, client, &request(method::SYS_PING, &json!({})));
    }
    assert_eq!(take(&mut board, T0, client), [Received::Close(1013)]);
}

#[test]
fn room_for_a_request_is_room_for_everything_it_causes() {
    let mut plan = plan(everything().components);
    plan.bindings = vec![
        (key("button:0"), key("light:0")),
        (key("button:0"), key("switch:0")),
    ];
    for waiting in 0..4 {
        let mut board = board(plan.clone());
        let (client, _) = subscriber(&mut board);
        for _ in 0..waiting {
            board.receive(T0, client, &request(method::SYS_PING, &json!({})));
        }
        for round in 0.. {
            if !board.has_room(client) {
                break;
            }
            // The most that a request causes: the batch, its event, the change
            // by a binding, its response.
            at_the_board(
                &mut board,
                T0,
                "text:0",
                json!({ "value": format!("round {round}") }),
            );
            board.receive(
                T0,
                client,
                &request(method::BUTTON_PRESS, &json!({ "id": 0 })),
            );
        }
        let got = take(&mut board, T0, client);
        assert!(!got.contains(&Received::Close(1013)), "{got:?}");
        let pressed = got
            .iter()
            .position(|got| matches!(got, Received::Event(_)))
            .unwrap();
        let switched = got[pressed + 1].clone().status();
        assert_eq!(switched.components.len(), 2, "one press, one change");
    }
}

#[test]
fn a_batch_has_the_last_value_of_a_field() {
    let mut board = board(everything());
    let (client, _) = subscriber(&mut board);
    at_the_board(&mut board, T0, "binary_sensor:0", json!({ "on": true }));
    at_the_board(
        &mut board,
        ms(10),
        "binary_sensor:0",
        json!({ "on": false }),
    );
    board.run_until(ms(100));
    let status = take(&mut board, ms(100), client)[0].clone().status();
    assert_eq!(status.components[&key("binary_sensor:0")].on(), Some(false));
}

#[test]
fn a_board_with_nothing_to_do_has_no_deadline() {
    let quiet: Vec<Component> = everything().components;
    let mut board = board(plan(quiet));
    assert_eq!(board.next_deadline(), None);
    let (client, _) = subscriber(&mut board);
    assert_eq!(board.next_deadline(), Some(limits::BOARD_PINGS_AFTER));
    assert!(!board.has_outgoing(client));
}

//! Covers, events, text sensors, white channels and palettes.

use std::time::Duration;

use protocol::{Code, Source, limits, method};
use serde_json::json;
use switchboard_board::{InputSource, Movement};

use crate::fixtures::{
    answer, ask, board, component, cover, doorbell, everything, key, lamp, ms, plan, state,
    subscriber, take,
};

const T0: Duration = Duration::ZERO;

#[test]
fn a_cover_moves_and_what_it_does_is_pushed_before_the_answer() {
    let mut board = board(everything());
    let (client, _) = subscriber(&mut board);
    for (method, params, movement, said) in [
        (
            method::COVER_CLOSE,
            json!({ "id": 0 }),
            Movement::Close,
            "closing",
        ),
        (
            method::COVER_STOP,
            json!({ "id": 0 }),
            Movement::Stop,
            "stopped",
        ),
        (
            method::COVER_SET,
            json!({ "id": 0, "position": 60 }),
            Movement::To(60),
            "opening",
        ),
        (
            method::COVER_CLOSE,
            json!({ "id": 0 }),
            Movement::Close,
            "closing",
        ),
        (
            method::COVER_OPEN,
            json!({ "id": 0 }),
            Movement::Open,
            "opening",
        ),
    ] {
        let got = ask(&mut board, ms(10), client, method, params);
        assert_eq!(got.len(), 2, "the push comes before the answer: {got:?}");
        let status = got[0].clone().status();
        assert_eq!(status.source, Some(Source::Client(client.0)));
        let changed = state(json!({ "state": said }));
        assert_eq!(status.components, [(key("cover:0"), changed)].into());
        assert_eq!(got[1].clone().result(), json!({ "seq": status.seq }));
        assert_eq!(
            board.hardware().moves.last(),
            Some(&(key("cover:0"), movement))
        );
    }
}

#[test]
fn a_position_is_reported_as_the_cover_gets_there() {
    let read = InputSource::Read { every: ms(500) };
    let mut board = board(plan(vec![cover().with_input(read)]));
    let (client, _) = subscriber(&mut board);
    answer(
        &mut board,
        T0,
        client,
        method::COVER_CLOSE,
        json!({ "id": 0 }),
    );
    for (at, position) in [(500, 70), (1_000, 40)] {
        let reading = state(json!({ "state": "closing", "position": position }));
        board
            .hardware_mut()
            .readings
            .insert(key("cover:0"), reading);
        board.run_until(ms(at));
        board.run_until(ms(at) + limits::BATCH);
        let got = take(&mut board, ms(at) + limits::BATCH, client);
        let status = got.last().cloned().unwrap().status();
        assert_eq!(
            status.components[&key("cover:0")].position(),
            Some(position)
        );
        assert_eq!(status.source, Some(Source::Physical));
    }
}

#[test]
fn a_cover_that_cannot_be_moved_says_why_and_stays() {
    let mut fixed = cover();
    fixed.descriptor.caps.position = false;
    let mut board = board(plan(vec![fixed]));
    let (client, _) = subscriber(&mut board);
    let set = json!({ "id": 0, "position": 60 });
    let got = ask(&mut board, T0, client, method::COVER_SET, set);
    let error = got[0].clone().error();
    assert_eq!(
        (error.code, error.data.reason.as_str()),
        (Code::InvalidParams, "not_supported")
    );
    board.hardware_mut().stuck.push(key("cover:0"));
    let open = json!({ "id": 0 });
    let got = ask(&mut board, T0, client, method::COVER_OPEN, open);
    assert_eq!(got.len(), 1, "nothing is pushed: {got:?}");
    let error = got[0].clone().error();
    assert_eq!(error.data.reason, "blocked");
    assert_eq!(board.hardware().moves, []);
}

#[test]
fn an_event_component_reports_only_its_own_events() {
    let mut board = board(everything());
    let (client, snapshot) = subscriber(&mut board);
    assert!(!snapshot.components.contains_key(&key("event:0")));
    board.press(ms(5), &key("event:0"), "long_push").unwrap();
    let got = take(&mut board, ms(5), client);
    let event = got[0].clone().event();
    assert_eq!(event.source, Some(Source::Physical));
    assert_eq!(event.events[0].component, key("event:0"));
    assert_eq!(event.events[0].event, "long_push");
    let refused = board.press(ms(6), &key("event:0"), "hug").unwrap_err();
    assert_eq!(refused.data.reason, "not_an_option");
    let absent = board.press(ms(6), &key("event:7"), "long_push");
    assert_eq!(absent.unwrap_err().code, Code::NotFound);
    assert!(take(&mut board, ms(6), client).is_empty());
}

#[test]
fn events_that_the_hardware_reads_are_pushed_once() {
    let read = InputSource::Read { every: ms(100) };
    let mut board = board(plan(vec![doorbell().with_input(read)]));
    let (client, _) = subscriber(&mut board);
    let rung = (key("event:0"), "single_push".to_owned());
    board.hardware_mut().events.push(rung);
    board.run_until(ms(100));
    board.run_until(ms(300));
    let got = take(&mut board, ms(300), client);
    assert_eq!(got.len(), 1, "{got:?}");
    assert_eq!(got[0].clone().event().events[0].event, "single_push");
}

#[test]
fn a_text_sensor_is_read_only() {
    let mut board = board(everything());
    let (client, _) = subscriber(&mut board);
    let windy = state(json!({ "value": "windy" }));
    let changed = board.observe(T0, &key("text_sensor:0"), windy.clone(), Source::Physical);
    assert_eq!(changed, Ok(()));
    board.run_until(limits::BATCH);
    let got = take(&mut board, limits::BATCH, client);
    let status = got[0].clone().status();
    assert_eq!(status.components, [(key("text_sensor:0"), windy)].into());
    let number = state(json!({ "value": 5 }));
    let refused = board.observe(T0, &key("text_sensor:0"), number, Source::Physical);
    assert_eq!(refused.unwrap_err().data.reason, "wrong_type");
}

#[test]
fn white_and_palette_are_set_only_on_a_light_that_has_them() {
    let mut strip = lamp();
    let caps = &mut strip.descriptor.caps;
    (caps.white, caps.palettes) = (true, vec!["forest".into(), "ocean".into()]);
    let more = state(json!({ "white": 0, "palette": "forest" }));
    strip.state.merge(&more);
    let mut plain = component("light:1", json!({ "on": false }));
    plain.descriptor.name = "Plain".into();
    let mut board = board(plan(vec![strip, plain]));
    let (client, _) = subscriber(&mut board);
    let set = json!({ "id": 0, "white": 255, "palette": "ocean" });
    let got = ask(&mut board, T0, client, method::LIGHT_SET, set);
    let changed = state(json!({ "white": 255, "palette": "ocean" }));
    assert_eq!(
        got[0].clone().status().components,
        [(key("light:0"), changed)].into()
    );
    for (params, reason) in [
        (json!({ "id": 0, "white": 256 }), "out_of_range"),
        (json!({ "id": 0, "white": "full" }), "wrong_type"),
        (json!({ "id": 0, "palette": "desert" }), "not_an_option"),
        (json!({ "id": 1, "white": 1 }), "not_supported"),
        (json!({ "id": 1, "white": [] }), "wrong_type"),
        (json!({ "id": 1, "palette": "ocean" }), "not_supported"),
        (json!({ "id": 1, "palette": 1 }), "wrong_type"),
    ] {
        let got = ask(&mut board, T0, client, method::LIGHT_SET, params.clone());
        let refused = got[0].clone().error();
        assert_eq!(refused.data.reason, reason, "{params}");
    }
}

//! The reported progress.

use protocol::{Code, Source, State, limits, method};
use serde_json::json;

use super::{
    OLD, T0, begin, begin_of, flash, image, refusal, reset, updatable, update_state, why, write,
    write_all,
};
use crate::fixtures::{
    Received, answer, ask, connected, key, ms, request, state, subscriber, take,
};

#[test]
fn subscribers_see_the_progress_at_most_once_per_percent() {
    let mut board = updatable();
    let (client, _) = subscriber(&mut board);
    let (other, _) = subscriber(&mut board);
    let image = image(10_000);
    let mut params = begin_of(&image);
    params["version"] = json!("0.2.0");
    answer(&mut board, T0, client, method::OTA_BEGIN, params).result();
    let mut seen = Vec::new();
    let mut now = T0;
    // Four writes per percent, one every 40 ms.
    for (index, part) in image.chunks(25).enumerate() {
        now += ms(40);
        write(&mut board, now, client, index * 25, part).result();
        board.run_until(now);
        seen.extend(
            take(&mut board, now, other)
                .into_iter()
                .map(Received::status),
        );
    }
    now += limits::BATCH;
    board.run_until(now);
    seen.extend(
        take(&mut board, now, other)
            .into_iter()
            .map(Received::status),
    );
    let first = seen.remove(0).components[&key("update:0")].clone();
    assert_eq!(
        (first.in_progress(), first.latest_version()),
        (Some(true), Some("0.2.0"))
    );
    assert_eq!(first.update_percentage(), Some(0));
    let percents: Vec<u8> = seen
        .iter()
        .map(|status| {
            status.components[&key("update:0")]
                .update_percentage()
                .unwrap()
        })
        .collect();
    assert_eq!(percents, (1..=100).collect::<Vec<u8>>());
    assert!(
        seen.iter()
            .all(|status| status.source == Some(Source::Client(client.0)))
    );
}

#[test]
fn a_slow_subscriber_gets_the_latest_progress_without_a_gap() {
    let mut board = updatable();
    let (client, _) = subscriber(&mut board);
    let (slow, snapshot) = subscriber(&mut board);
    let image = image(10_000);
    begin(&mut board, T0, client, &image).result();
    let mut now = T0;
    for (index, part) in image.chunks(100).enumerate() {
        now += ms(150);
        write(&mut board, now, client, index * 100, part).result();
        board.run_until(now);
        // The updating client reads its messages.
        take(&mut board, now, client);
    }
    now += limits::BATCH;
    board.run_until(now);
    let mut seq = snapshot.seq;
    let mut state = State::new();
    for got in take(&mut board, now, slow) {
        let status = got.status();
        assert_eq!(status.prev, seq);
        seq = status.seq;
        state.merge(&status.components[&key("update:0")]);
    }
    assert_eq!(state.update_percentage(), Some(100));
}

#[test]
fn the_update_component_cannot_be_changed() {
    let mut board = updatable();
    let error = board.observe(
        T0,
        &key("update:0"),
        state(json!({ "in_progress": true })),
        Source::Physical,
    );
    assert_eq!(
        error.map_err(refusal),
        Err(why(Code::InvalidParams, "not_supported"))
    );
}

#[test]
fn a_reboot_ends_an_update() {
    let mut board = updatable();
    let client = connected(&mut board);
    let image = image(1_000);
    begin(&mut board, T0, client, &image).result();
    write_all(&mut board, T0, client, &image, 0);
    ask(&mut board, T0, client, method::DEVICE_REBOOT, json!({}));
    assert!(
        !board
            .call(T0, &request(method::OTA_COMMIT, &json!({})))
            .unwrap()
            .contains("result")
    );
    let mut board = reset(board);
    assert_eq!(flash(&mut board).running(), OLD);
    assert_eq!(update_state(&mut board, T0).in_progress(), Some(false));
}

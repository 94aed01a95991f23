//! Firmware update: what is asked, what is refused and why, what everyone is
//! told, and which image boots after it.

use std::time::Duration;

use proptest::{
    collection,
    prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest},
};
use protocol::{Code, DeviceInfo, RpcError, Source, State, limits, method, ota};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use switchboard_board::{ClientId, SlotError, UpdateSlot};

use crate::{
    desk::{
        Bench, EPOCH, Got, answer, ask, board, connected, everything, key, ms, plan, read, request,
        state, subscriber, take,
    },
    flash::{Flash, MAGIC},
    test_board::TestBoard,
};

const T0: Duration = Duration::ZERO;
const OLD: &[u8] = &[MAGIC, 1, 1, 1];

fn image(length: usize) -> Vec<u8> {
    let mut image: Vec<u8> = (0..length)
        .map(|at| u8::try_from(at % 251).unwrap())
        .collect();
    image[0] = MAGIC;
    image
}

fn updatable() -> TestBoard {
    with_flash(Flash::with(OLD))
}

fn with_flash(flash: Flash) -> TestBoard {
    TestBoard::new(
        everything(),
        &[],
        EPOCH,
        Bench {
            flash: Some(flash),
            ..Bench::default()
        },
    )
    .unwrap()
}

/// The board after a reset: its memory is what it was.
fn reset(mut board: TestBoard) -> TestBoard {
    with_flash(board.hardware_mut().flash.take().unwrap().reset())
}

fn flash(board: &mut TestBoard) -> &mut Flash {
    board.hardware_mut().flash.as_mut().unwrap()
}

fn begin_of(image: &[u8]) -> Value {
    json!({ "size": image.len(), "sha256": ota::Digest(Sha256::digest(image).into()) })
}

fn begin(board: &mut TestBoard, now: Duration, client: ClientId, image: &[u8]) -> Got {
    answer(board, now, client, method::OTA_BEGIN, begin_of(image))
}

fn write(
    board: &mut TestBoard,
    now: Duration,
    client: ClientId,
    offset: usize,
    bytes: &[u8],
) -> Got {
    answer(
        board,
        now,
        client,
        method::OTA_WRITE,
        json!(ota::Write::new(u32::try_from(offset).unwrap(), bytes)),
    )
}

fn commit(board: &mut TestBoard, now: Duration, client: ClientId) -> Got {
    let got = ask(board, now, client, method::OTA_COMMIT, json!({}));
    got.into_iter()
        .find(|got| matches!(got, Got::Answer(_)))
        .unwrap()
}

/// Writes an image from `from` on, in the largest parts.
fn write_all(board: &mut TestBoard, now: Duration, client: ClientId, image: &[u8], from: usize) {
    let mut offset = from;
    for part in image[from..].chunks(limits::UPDATE_CHUNK) {
        let written = write(board, now, client, offset, part).result();
        offset += part.len();
        assert_eq!(written, json!({ "offset": offset }));
    }
}

fn update_state(board: &mut TestBoard, now: Duration) -> State {
    let answer = board
        .call(now, &request(method::DEVICE_GET_STATUS, &json!({})))
        .unwrap();
    let answer: Value = serde_json::from_str(&answer).unwrap();
    state(answer["result"]["update:0"].clone())
}

fn refusal(error: RpcError) -> (Code, String) {
    (error.code, error.data.reason)
}

fn refused(got: Got) -> (Code, String) {
    refusal(got.error())
}

fn why(code: Code, reason: &str) -> (Code, String) {
    (code, reason.to_owned())
}

#[test]
fn a_new_image_is_written_checked_and_runs_after_the_reboot() {
    let mut board = updatable();
    let (client, snapshot) = subscriber(&mut board);
    let idle = json!({ "installed_version": "0.1.0", "latest_version": null, "in_progress": false,
        "update_percentage": null, "last_error": null });
    assert_eq!(snapshot.components[&key("update:0")], state(idle));
    let image = image(5_000);
    let begun = begin(&mut board, T0, client, &image).result();
    assert_eq!(begun, json!({ "chunk": limits::UPDATE_CHUNK, "offset": 0 }));
    write_all(&mut board, T0, client, &image, 0);
    let said = ask(&mut board, T0, client, method::OTA_COMMIT, json!({}));
    let events: Vec<String> = said
        .iter()
        .filter_map(|got| {
            if let Got::Event(event) = got {
                Some(event.events[0].event.clone())
            } else {
                None
            }
        })
        .collect();
    assert_eq!(events, ["rebooting"]);
    assert_eq!(said.last(), Some(&Got::Close(1012)));
    board.disconnect(ms(0), client);
    board.run_until(T0);
    assert_eq!(board.hardware().reboots, 1);
    let mut board = reset(board);
    assert_eq!(flash(&mut board).running(), image);
}

#[test]
fn a_board_without_a_slot_says_so_and_has_no_such_component() {
    let mut board = board(everything());
    let (client, snapshot) = subscriber(&mut board);
    assert!(!snapshot.components.contains_key(&key("update:0")));
    for (method, params) in [
        (method::OTA_BEGIN, begin_of(&image(10))),
        (method::OTA_WRITE, json!({ "offset": 0, "data": "6Q==" })),
        (method::OTA_COMMIT, json!({})),
        (method::OTA_ABORT, json!({})),
    ] {
        let refused = refused(answer(&mut board, T0, client, method, params));
        assert_eq!(
            refused,
            why(Code::FailedPrecondition, "not_supported"),
            "{method}"
        );
    }
    let info = |board: &mut TestBoard, client| {
        let info = answer(board, T0, client, method::DEVICE_GET_INFO, json!({})).result();
        serde_json::from_value::<DeviceInfo>(info).unwrap().features
    };
    assert!(!info(&mut board, client).contains(&"ota".to_owned()));
    let mut board = updatable();
    let client = connected(&mut board);
    assert!(info(&mut board, client).contains(&"ota".to_owned()));
}

#[test]
fn a_plan_may_not_bring_the_component_of_the_firmware_itself() {
    let error = TestBoard::new(
        plan(vec![crate::desk::component("update:0", json!({}))]),
        &[],
        EPOCH,
        Bench::default(),
    )
    .err();
    assert!(error.unwrap().0.contains("by the board itself"));
}

#[test]
fn nothing_is_written_without_a_beginning_and_nothing_is_committed_before_all_is_there() {
    let mut board = updatable();
    let client = connected(&mut board);
    let none = why(Code::FailedPrecondition, "no_update");
    assert_eq!(refused(write(&mut board, T0, client, 0, &[MAGIC])), none);
    assert_eq!(refused(commit(&mut board, T0, client)), none);
    assert_eq!(
        refused(answer(&mut board, T0, client, method::OTA_ABORT, json!({}))),
        none
    );
    let image = image(2_000);
    begin(&mut board, T0, client, &image).result();
    write(&mut board, T0, client, 0, &image[..500]).result();
    let error = commit(&mut board, T0, client).error();
    assert_eq!(error.data.extra.get("offset"), Some(&json!(500)));
    assert_eq!(refusal(error), why(Code::FailedPrecondition, "incomplete"));
    write_all(&mut board, T0, client, &image, 500);
    commit(&mut board, T0, client).result();
}

#[test]
fn a_write_at_another_place_is_refused_and_told_where_to_go_on() {
    let mut board = updatable();
    let client = connected(&mut board);
    let image = image(2_000);
    begin(&mut board, T0, client, &image).result();
    write(&mut board, T0, client, 0, &image[..300]).result();
    for offset in [0, 299, 301, 5_000] {
        let error = write(&mut board, T0, client, offset, &image[..10]).error();
        assert!(error.message.contains("offset 300"), "{}", error.message);
        assert_eq!(error.data.extra.get("offset"), Some(&json!(300)));
        assert_eq!(
            refusal(error),
            why(Code::FailedPrecondition, "wrong_offset")
        );
    }
    write_all(&mut board, T0, client, &image, 300);
    commit(&mut board, T0, client).result();
}

#[test]
fn what_is_no_base64_too_much_or_nothing_is_refused_and_the_update_goes_on() {
    let mut board = updatable();
    let client = connected(&mut board);
    let image = image(1_400);
    begin(&mut board, T0, client, &image).result();
    for (data, reason) in [
        (json!("6Q"), "bad_base64"),
        (json!("6Q==\n"), "bad_base64"),
        (json!("_-=="), "bad_base64"),
        (json!(""), "out_of_range"),
        (
            json!(ota::base64(&[MAGIC; limits::UPDATE_CHUNK + 1])),
            "out_of_range",
        ),
        (json!(7), "wrong_type"),
        (Value::Null, "missing"),
    ] {
        let got = answer(
            &mut board,
            T0,
            client,
            method::OTA_WRITE,
            json!({ "offset": 0, "data": data }),
        );
        assert_eq!(refused(got), why(Code::InvalidParams, reason), "{data}");
    }
    write(&mut board, T0, client, 0, &image[..900]).result();
    let beyond = write(&mut board, T0, client, 900, &[0; 501]);
    assert_eq!(refused(beyond), why(Code::InvalidParams, "out_of_range"));
    write(&mut board, T0, client, 900, &image[900..]).result();
    commit(&mut board, T0, client).result();
}

#[test]
fn a_beginning_says_what_it_needs() {
    let mut board = updatable();
    let client = connected(&mut board);
    let good = begin_of(&image(100));
    for (field, value, refusal) in [
        ("size", Value::Null, why(Code::InvalidParams, "missing")),
        ("size", json!(0), why(Code::InvalidParams, "out_of_range")),
        ("size", json!("100"), why(Code::InvalidParams, "wrong_type")),
        (
            "size",
            json!(16_385),
            why(Code::ResourceExhausted, "too_large"),
        ),
        ("sha256", Value::Null, why(Code::InvalidParams, "missing")),
        (
            "sha256",
            json!("abcd"),
            why(Code::InvalidParams, "out_of_range"),
        ),
        (
            "sha256",
            json!("g".repeat(64)),
            why(Code::InvalidParams, "out_of_range"),
        ),
        ("sha256", json!(7), why(Code::InvalidParams, "wrong_type")),
        (
            "size",
            json!(100.5),
            why(Code::InvalidParams, "out_of_range"),
        ),
        (
            "size",
            json!(5_000_000_000_u64),
            why(Code::ResourceExhausted, "too_large"),
        ),
        (
            "version",
            json!(""),
            why(Code::InvalidParams, "out_of_range"),
        ),
        (
            "version",
            json!("9".repeat(33)),
            why(Code::InvalidParams, "out_of_range"),
        ),
        (
            "version",
            json!("1\n2"),
            why(Code::InvalidParams, "control_character"),
        ),
        (
            "signature",
            json!(1),
            why(Code::InvalidParams, "wrong_type"),
        ),
    ] {
        let mut params = good.clone();
        params[field] = value;
        let got = answer(&mut board, T0, client, method::OTA_BEGIN, params);
        assert_eq!(refused(got), refusal, "{field}");
    }
    assert_eq!(update_state(&mut board, T0).in_progress(), Some(false));
}

#[test]
fn bytes_that_are_no_image_end_the_update_with_the_reason() {
    let mut board = updatable();
    let (client, _) = subscriber(&mut board);
    begin(&mut board, T0, client, &[0; 100]).result();
    let got = ask(
        &mut board,
        T0,
        client,
        method::OTA_WRITE,
        json!(ota::Write::new(0, &[0; 100])),
    );
    let [Got::Status(status), refused] = &got[..] else {
        panic!("{got:?}")
    };
    let said = &status.components[&key("update:0")];
    assert_eq!(said.in_progress(), Some(false));
    assert_eq!(said.last_error(), Some("an image begins with 0xe9"));
    assert_eq!(
        refusal(refused.clone().error()),
        why(Code::FailedPrecondition, "not_an_image")
    );
}

#[test]
fn an_image_with_another_hash_than_was_promised_is_never_booted() {
    let mut board = updatable();
    let (client, _) = subscriber(&mut board);
    let image = image(3_000);
    begin(&mut board, T0, client, &image).result();
    let mut other = image.clone();
    other[2_999] ^= 1;
    write_all(&mut board, T0, client, &other, 0);
    assert_eq!(
        refused(commit(&mut board, T0, client)),
        why(Code::FailedPrecondition, "hash_mismatch")
    );
    assert!(
        update_state(&mut board, T0)
            .last_error()
            .unwrap()
            .contains("SHA-256")
    );
    assert_eq!(board.hardware().reboots, 0);
    let mut board = reset(board);
    assert_eq!(flash(&mut board).running(), OLD);
}

#[test]
fn flash_that_did_not_take_a_byte_is_found_out() {
    let mut board = updatable();
    let client = connected(&mut board);
    flash(&mut board).bad = Some(1_234);
    let image = image(3_000);
    begin(&mut board, T0, client, &image).result();
    write_all(&mut board, T0, client, &image, 0);
    assert_eq!(
        refused(commit(&mut board, T0, client)),
        why(Code::FailedPrecondition, "hash_mismatch")
    );
}

#[test]
fn a_record_that_cannot_be_written_is_an_error_of_the_board_and_the_old_image_stays() {
    let mut board = updatable();
    let client = connected(&mut board);
    flash(&mut board).worn = true;
    let image = image(300);
    begin(&mut board, T0, client, &image).result();
    write_all(&mut board, T0, client, &image, 0);
    assert_eq!(
        refused(commit(&mut board, T0, client)),
        why(Code::InternalError, "update_slot")
    );
    let mut board = reset(board);
    assert_eq!(flash(&mut board).running(), OLD);
}

#[test]
fn while_one_controller_updates_another_is_refused_until_the_first_is_done() {
    let mut board = updatable();
    let (first, second) = (connected(&mut board), connected(&mut board));
    let image = image(3_000);
    begin(&mut board, T0, first, &image).result();
    write(&mut board, T0, first, 0, &image[..900]).result();
    let busy = why(Code::Busy, "update_in_progress");
    let error = begin(&mut board, T0, second, &image).error();
    assert!(
        error.message.contains("controller 1") && error.message.contains("30 %"),
        "{}",
        error.message
    );
    assert_eq!(refusal(error), busy);
    assert_eq!(
        refused(write(&mut board, T0, second, 900, &image[900..910])),
        busy
    );
    assert_eq!(refused(commit(&mut board, T0, second)), busy);
    let by_post = board
        .call(T0, &request(method::OTA_BEGIN, &begin_of(&image)))
        .unwrap();
    assert!(by_post.contains("update_in_progress"), "{by_post}");
    write_all(&mut board, T0, first, &image, 900);
    commit(&mut board, T0, first).result();
}

#[test]
fn anyone_may_abort_an_update_and_begin_another() {
    let mut board = updatable();
    let (first, _) = subscriber(&mut board);
    let second = connected(&mut board);
    begin(&mut board, T0, first, &image(3_000)).result();
    answer(&mut board, T0, second, method::OTA_ABORT, json!({})).result();
    let told = take(&mut board, T0, first).pop().unwrap().status();
    assert_eq!(told.source, Some(Source::Client(second.0)));
    assert_eq!(told.components[&key("update:0")].in_progress(), Some(false));
    assert_eq!(
        refused(write(&mut board, T0, first, 0, &[MAGIC])),
        why(Code::FailedPrecondition, "no_update")
    );
    begin(&mut board, T0, second, &image(50)).result();
}

#[test]
fn an_update_without_a_write_for_half_a_minute_is_over() {
    let mut board = updatable();
    let (client, _) = subscriber(&mut board);
    let image = image(3_000);
    begin(&mut board, T0, client, &image).result();
    write(&mut board, ms(20_000), client, 0, &image[..10]).result();
    board.run_until(ms(49_999));
    assert_eq!(
        update_state(&mut board, ms(49_999)).in_progress(),
        Some(true)
    );
    assert_eq!(board.next_deadline().map(|at| at <= ms(50_000)), Some(true));
    board.run_until(ms(50_000));
    let state = update_state(&mut board, ms(50_000));
    assert_eq!(
        (state.in_progress(), state.last_error()),
        (Some(false), Some("nothing came for 30 s"))
    );
    let refused = refused(write(&mut board, ms(50_000), client, 10, &image[10..20]));
    assert_eq!(refused, why(Code::FailedPrecondition, "no_update"));
}

#[test]
fn who_comes_back_with_the_same_image_goes_on_where_it_stood() {
    let mut board = updatable();
    let first = connected(&mut board);
    let image = image(3_000);
    begin(&mut board, T0, first, &image).result();
    write(&mut board, T0, first, 0, &image[..700]).result();
    board.disconnect(ms(0), first);
    let again = connected(&mut board);
    let error = write(&mut board, ms(10), again, 700, &image[700..800]).error();
    assert!(error.message.contains("has gone"), "{}", error.message);
    assert_eq!(
        begin(&mut board, ms(10), again, &image).result()["offset"],
        json!(700)
    );
    write_all(&mut board, ms(10), again, &image, 700);
    commit(&mut board, ms(10), again).result();
    let mut board = reset(board);
    assert_eq!(flash(&mut board).running(), image);
}

#[test]
fn who_comes_with_another_image_begins_anew_once_the_first_has_gone() {
    let mut board = updatable();
    let first = connected(&mut board);
    begin(&mut board, T0, first, &image(3_000)).result();
    write(&mut board, T0, first, 0, &image(3_000)[..700]).result();
    board.disconnect(ms(0), first);
    let (again, other) = (connected(&mut board), image(900));
    assert_eq!(
        begin(&mut board, T0, again, &other).result()["offset"],
        json!(0)
    );
    write_all(&mut board, T0, again, &other, 0);
    commit(&mut board, T0, again).result();
    let mut board = reset(board);
    assert_eq!(flash(&mut board).running(), other);
}

#[test]
fn every_subscriber_sees_the_progress_at_most_once_a_per_cent_and_the_version_that_comes() {
    let mut board = updatable();
    let (client, _) = subscriber(&mut board);
    let (other, _) = subscriber(&mut board);
    let image = image(10_000);
    let mut params = begin_of(&image);
    params["version"] = json!("0.2.0");
    answer(&mut board, T0, client, method::OTA_BEGIN, params).result();
    let mut seen = Vec::new();
    let mut now = T0;
    // Four writes for each per cent, 40 ms from one to the next.
    for (index, part) in image.chunks(25).enumerate() {
        now += ms(40);
        write(&mut board, now, client, index * 25, part).result();
        board.run_until(now);
        seen.extend(take(&mut board, now, other).into_iter().map(Got::status));
    }
    now += limits::BATCH;
    board.run_until(now);
    seen.extend(take(&mut board, now, other).into_iter().map(Got::status));
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
fn a_slow_subscriber_gets_the_last_per_cent_and_no_gap() {
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
        // The one that updates reads what it is told.
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
fn no_hand_and_no_command_changes_what_is_said_of_an_update() {
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

/// A board that has taken an image and booted it for the first time.
fn on_trial(image: &[u8]) -> TestBoard {
    let mut board = updatable();
    let client = connected(&mut board);
    begin(&mut board, T0, client, image).result();
    write_all(&mut board, T0, client, image, 0);
    commit(&mut board, T0, client).result();
    reset(board)
}

#[test]
fn a_new_image_stays_once_a_controller_has_reached_it() {
    let new = image(2_000);
    let mut board = on_trial(&new);
    let client = connected(&mut board);
    answer(&mut board, ms(299_000), client, method::SYS_PING, json!({})).result();
    board.run_until(ms(400_000));
    assert_eq!(board.hardware().reboots, 0);
    let mut board = reset(board);
    assert_eq!(flash(&mut board).running(), new);
    assert_eq!(update_state(&mut board, T0).last_error(), None);
}

#[test]
fn a_new_image_that_nobody_reaches_within_five_minutes_gives_way_to_the_old_one() {
    let mut board = on_trial(&image(2_000));
    board.run_until(ms(299_999));
    assert_eq!(board.hardware().reboots, 0);
    let deadline = board.next_deadline();
    assert!(
        deadline.is_some_and(|at| at <= limits::UPDATE_TRIAL),
        "{deadline:?}"
    );
    board.run_until(limits::UPDATE_TRIAL);
    board.run_until(limits::UPDATE_TRIAL);
    assert_eq!(board.hardware().reboots, 1);
    let mut board = reset(board);
    assert_eq!(flash(&mut board).running(), OLD);
}

#[test]
fn a_new_image_that_dies_before_anyone_reaches_it_gives_way_and_the_old_one_says_so() {
    let board = on_trial(&image(2_000));
    let mut board = reset(board);
    assert_eq!(flash(&mut board).running(), OLD);
    assert!(
        update_state(&mut board, T0)
            .last_error()
            .unwrap()
            .contains("came back")
    );
    // Once: the next boot is an ordinary one.
    let mut board = reset(board);
    assert_eq!(update_state(&mut board, T0).last_error(), None);
}

#[test]
fn a_connection_alone_does_not_confirm_an_image() {
    let mut board = on_trial(&image(2_000));
    let client = connected(&mut board);
    board.heard(ms(250_000), client);
    board.run_until(limits::UPDATE_TRIAL);
    let said = take(&mut board, limits::UPDATE_TRIAL, client);
    assert!(said.contains(&Got::Close(1012)), "{said:?}");
}

#[test]
fn an_image_that_cannot_be_confirmed_keeps_the_one_before_it() {
    let mut board = on_trial(&image(2_000));
    flash(&mut board).worn = true;
    let client = connected(&mut board);
    let refused = refused(begin(&mut board, T0, client, &image(100)));
    assert_eq!(refused, why(Code::FailedPrecondition, "not_confirmed"));
    board.run_until(limits::UPDATE_TRIAL);
    let said = update_state(&mut board, limits::UPDATE_TRIAL);
    assert!(
        said.last_error().unwrap().contains("none can come back"),
        "{said:?}"
    );
    assert_eq!(board.hardware().reboots, 0);
    assert_eq!(
        flash(&mut board).confirm(),
        Err(SlotError::Failed("the record does not take a write".into()))
    );
}

fn any_image() -> impl Strategy<Value = Vec<u8>> {
    collection::vec(any::<u8>(), 1..6_000).prop_map(|mut image| {
        image[0] = MAGIC;
        image
    })
}

proptest! {
    #[test]
    fn any_cut_into_parts_gives_the_same_image(
        image in any_image(), parts in collection::vec((1..=limits::UPDATE_CHUNK, 0..4_u8), 1..40)
    ) {
        let mut board = updatable();
        let mut client = connected(&mut board);
        begin(&mut board, T0, client, &image).result();
        let mut offset = 0;
        for (length, mishap) in parts.iter().cycle() {
            let part = &image[offset..(offset + length).min(image.len())];
            match mishap {
                // The answer was lost, and the part comes twice.
                0 => {
                    write(&mut board, T0, client, offset, part).result();
                    let error = write(&mut board, T0, client, offset, part).error();
                    let expected = if part.is_empty() { "out_of_range" } else { "wrong_offset" };
                    prop_assert_eq!(error.data.reason, expected);
                }
                // The connection was lost, and another one goes on.
                1 => {
                    board.disconnect(ms(0), client);
                    client = connected(&mut board);
                    prop_assert_eq!(begin(&mut board, T0, client, &image).result()["offset"].as_u64(), Some(offset as u64));
                    write(&mut board, T0, client, offset, part).result();
                }
                _ => { write(&mut board, T0, client, offset, part).result(); }
            }
            offset += part.len();
            if offset == image.len() {
                break;
            }
        }
        commit(&mut board, T0, client).result();
        let mut board = reset(board);
        prop_assert_eq!(flash(&mut board).running(), image);
    }

    #[test]
    fn power_that_is_lost_at_any_moment_leaves_the_old_image_or_the_whole_new_one(
        image in any_image(), part in 200..=limits::UPDATE_CHUNK, cut in any::<proptest::sample::Index>()
    ) {
        // Everything once with power, to know how many moments there are.
        let mut moments = None;
        loop {
            let mut board = updatable();
            let client = connected(&mut board);
            flash(&mut board).power = moments.map(|moments| cut.index(moments));
            begin(&mut board, T0, client, &image).result();
            for (index, part_of) in image.chunks(part).enumerate() {
                write(&mut board, T0, client, index * part, part_of).result();
            }
            let committed = commit(&mut board, T0, client);
            let Some(_) = moments else {
                committed.result();
                moments = Some(flash(&mut board).operations + 1);
                continue;
            };
            let mut board = reset(board);
            let running = flash(&mut board).running();
            prop_assert!(running == OLD || running == image);
            break;
        }
    }

    #[test]
    fn whatever_is_asked_of_an_update_nothing_panics_and_only_a_whole_image_boots(
        asked in collection::vec((0..3_usize, 0..6_u8, 0..300_usize, 0..40_000_u64), 0..60)
    ) {
        let images = [image(200), image(300)];
        let mut board = updatable();
        let mut clients = [connected(&mut board), connected(&mut board), connected(&mut board)];
        let mut now = T0;
        for (who, what, number, pause) in asked {
            now += ms(pause / 10);
            board.run_until(now);
            let image = &images[number % 2];
            let client = clients[who];
            let (method, params) = match what {
                0 => (method::OTA_BEGIN, begin_of(image)),
                1 => (method::OTA_WRITE, json!(ota::Write::new(u32::try_from(number).unwrap(), &image[number / 2..]))),
                2 => (method::OTA_WRITE, json!(ota::Write::new(0, image))),
                3 => (method::OTA_COMMIT, json!({})),
                4 => (method::OTA_ABORT, json!({})),
                _ => {
                    board.disconnect(ms(0), client);
                    if let Ok(again) = board.connect(now) {
                        clients[who] = again;
                    }
                    continue;
                }
            };
            board.receive(now, client, &request(method, &params));
            while let Some(outgoing) = board.next_outgoing(now, client) {
                read(outgoing);
            }
        }
        let mut board = reset(board);
        let running = flash(&mut board).running();
        prop_assert!(running == OLD || images.iter().any(|image| running == image));
    }
}

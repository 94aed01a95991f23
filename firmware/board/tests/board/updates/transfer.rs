//! The transfer of an image, and what ends it.

use protocol::{Code, DeviceInfo, limits, method, ota};
use serde_json::{Value, json};

use super::{
    OLD, T0, begin, begin_of, commit, flash, image, refusal, refused, reset, updatable,
    update_state, why, write, write_all,
};
use crate::{
    fixtures::{
        EPOCH, Received, answer, ask, board, connected, everything, key, ms, plan, state,
        subscriber,
    },
    test_board::TestBoard,
    test_flash::MAGIC,
    test_hardware::TestHardware,
};

#[test]
fn a_new_image_is_written_checked_and_runs_after_the_reboot() {
    let mut board = updatable();
    let (client, snapshot) = subscriber(&mut board);
    let idle = json!({ "installed_version": "0.1.0", "latest_version": null, "in_progress": false,
        "update_percentage": null, "last_error": null, "signature_required": false,
        "signing_key": null, "signed": null });
    assert_eq!(snapshot.components[&key("update:0")], state(idle));
    let image = image(5_000);
    let begun = begin(&mut board, T0, client, &image).result();
    assert_eq!(begun, json!({ "chunk": limits::UPDATE_CHUNK, "offset": 0 }));
    write_all(&mut board, T0, client, &image, 0);
    let said = ask(&mut board, T0, client, method::OTA_COMMIT, json!({}));
    let events: Vec<String> = said
        .iter()
        .filter_map(|got| {
            if let Received::Event(event) = got {
                Some(event.events[0].event.clone())
            } else {
                None
            }
        })
        .collect();
    assert_eq!(events, ["rebooting"]);
    assert_eq!(said.last(), Some(&Received::Close(1012)));
    board.disconnect(ms(0), client);
    board.run_until(T0);
    assert_eq!(board.hardware().reboots, 1);
    let mut board = reset(board);
    assert_eq!(flash(&mut board).running(), image);
}

#[test]
fn a_board_without_a_slot_refuses_updates_and_has_no_update_component() {
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
fn a_plan_cannot_have_an_update_component() {
    let error = TestBoard::new(
        plan(vec![crate::fixtures::component("update:0", json!({}))]),
        &[],
        EPOCH,
        TestHardware::default(),
    )
    .err();
    assert!(error.unwrap().0.contains("by the board itself"));
}

#[test]
fn write_needs_begin_and_commit_needs_the_whole_image() {
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
fn a_write_at_a_wrong_offset_is_refused_with_the_right_one() {
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
fn begin_refuses_bad_parameters() {
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
fn bytes_that_are_not_an_image_end_the_update() {
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
    let [Received::Status(status), refused] = &got[..] else {
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
fn an_image_with_a_wrong_hash_is_never_booted() {
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
fn a_byte_that_flash_did_not_store_is_detected() {
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
fn a_failed_activation_keeps_the_old_image() {
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

//! Signed firmware: what a board that requires signatures refuses, who can
//! require them, and the ways back.

use noise::Role;
use protocol::{Code, Source, limits, method, ota};
use serde_json::{Value, json};
use switchboard_board::{ClientId, Retained, RetainedKey};

use super::{T0, commit, flash, image, refusal, refused, update_state, why, write_all};
use crate::{
    fixtures::{EPOCH, Received, answer, connected, everything, key, ms, subscriber},
    refused::{all_are_refused, begin, key as signing_key, signed},
    test_board::TestBoard,
    test_flash::{TARGET, TestFlash},
    test_hardware::TestHardware,
};

/// The version of the test board.
const RUNNING: &str = "0.1.0";

fn required() -> Retained {
    Retained {
        key: RetainedKey::Signatures,
        value: b"1".to_vec(),
    }
}

fn with(flash: TestFlash, retained: &[Retained]) -> TestBoard {
    let hardware = TestHardware {
        flash: Some(flash),
        ..TestHardware::default()
    };
    TestBoard::new(everything(), retained, EPOCH, hardware).unwrap()
}

/// A board with the test key that runs this file.
fn running(file: &[u8], retained: &[Retained]) -> TestBoard {
    let mut flash = TestFlash::with(file);
    flash.key = Some(signing_key().public());
    with(flash, retained)
}

fn reset(mut board: TestBoard, retained: &[Retained]) -> TestBoard {
    with(board.hardware_mut().flash.take().unwrap().reset(), retained)
}

/// Sends a file and commits it; returns the reason of a refusal.
fn attempt(board: &mut TestBoard, client: ClientId, params: &Value, file: &[u8]) -> Option<String> {
    let begun = answer(board, T0, client, method::OTA_BEGIN, params.clone());
    let done = match begun {
        Received::Response(ref response) if response.outcome.is_ok() => {
            write_all(board, T0, client, file, 0);
            commit(board, T0, client)
        }
        refused => refused,
    };
    match done {
        Received::Response(response) if response.outcome.is_ok() => None,
        refused => {
            let error = refused.error();
            assert_eq!(error.code, Code::FailedPrecondition);
            Some(error.data.reason)
        }
    }
}

fn require(board: &mut TestBoard, client: ClientId, required: bool) -> Received {
    let params = json!(ota::SetConfig {
        require_signature: required
    });
    answer(board, T0, client, method::OTA_SET_CONFIG, params)
}

#[test]
fn a_board_that_requires_signatures_refuses_every_bad_file_and_takes_the_good_one() {
    let mut board = running(&image(100), &[required()]);
    let client = connected(&mut board);
    let new = image(3_000);
    all_are_refused(&new, TARGET, [RUNNING, "0.0.9"], |params, file| {
        let reason = attempt(&mut board, client, params, file);
        // It ended the update, and everyone sees why.
        let state = update_state(&mut board, T0);
        assert_eq!(state.in_progress(), Some(false));
        assert!(state.last_error().is_some());
        reason
    });
    assert_eq!(board.hardware().reboots, 0);
    let good = signed(&new, TARGET, RUNNING);
    assert_eq!(attempt(&mut board, client, &begin(&good), &good), None);
    let mut board = reset(board, &[required()]);
    assert_eq!(flash(&mut board).running(), good);
}

#[test]
fn a_bad_signature_is_noticed_before_anything_is_written() {
    let mut board = running(&image(100), &[required()]);
    let client = connected(&mut board);
    let mut file = signed(&image(2_000), TARGET, RUNNING);
    file[1_000] ^= 1;
    let operations = flash(&mut board).operations;
    let params = begin(&file);
    let refused = answer(&mut board, T0, client, method::OTA_BEGIN, params);
    assert_eq!(refused.error().data.reason, "bad_signature");
    assert_eq!(flash(&mut board).operations, operations);
}

#[test]
fn a_locked_board_requires_signatures_and_one_without_a_key_accepts_nothing() {
    let mut board = running(&image(100), &[]);
    let (_, snapshot) = subscriber(&mut board);
    assert_eq!(
        snapshot.components[&key("update:0")].signature_required(),
        Some(false)
    );
    let made = board.add_key(T0, "first key", Role::Control).unwrap();
    let client = board.connect_with_key(T0, made.kid).unwrap();
    assert_eq!(
        update_of(&mut board, client)["signature_required"],
        json!(true)
    );
    let new = image(500);
    let refused = attempt(&mut board, client, &begin(&new), &new);
    assert_eq!(refused.as_deref(), Some("unsigned"));
    let good = signed(&new, TARGET, RUNNING);
    assert_eq!(attempt(&mut board, client, &begin(&good), &good), None);

    let mut board = with(TestFlash::with(&image(100)), &[]);
    let made = board.add_key(T0, "first key", Role::Control).unwrap();
    let client = board.connect_with_key(T0, made.kid).unwrap();
    let got = answer(&mut board, T0, client, method::OTA_BEGIN, begin(&good)).error();
    assert!(got.message.contains("over USB"), "{}", got.message);
    assert_eq!(
        refusal(got),
        why(Code::FailedPrecondition, "no_signing_key")
    );
}

fn update_of(board: &mut TestBoard, client: ClientId) -> Value {
    let status = answer(board, T0, client, method::DEVICE_GET_STATUS, json!({}));
    status.result()["update:0"].clone()
}

#[test]
fn a_lock_during_an_unsigned_transfer_ends_it() {
    let mut board = running(&image(100), &[]);
    let client = connected(&mut board);
    let new = image(500);
    answer(&mut board, T0, client, method::OTA_BEGIN, begin(&new)).result();
    write_all(&mut board, T0, client, &new, 0);
    let made = board.add_key(T0, "first key", Role::Control).unwrap();
    let owner = board.connect_with_key(T0, made.kid).unwrap();
    assert_eq!(
        refused(commit(&mut board, T0, owner)),
        why(Code::FailedPrecondition, "no_update")
    );
    let update = update_of(&mut board, owner);
    assert_eq!(update["in_progress"], json!(false));
    assert_eq!(update["last_error"], json!("the board was locked"));
}

#[test]
fn a_requirement_during_an_unsigned_transfer_ends_it() {
    let mut board = running(&image(100), &[]);
    let client = connected(&mut board);
    let new = image(500);
    answer(&mut board, T0, client, method::OTA_BEGIN, begin(&new)).result();
    write_all(&mut board, T0, client, &new, 0);
    // The setting changes before the commit.
    require(&mut board, client, true).result();
    assert_eq!(
        refused(commit(&mut board, T0, client)),
        why(Code::FailedPrecondition, "unsigned")
    );
}

#[test]
fn an_open_board_can_be_told_to_require_signatures_and_keeps_that() {
    let mut board = running(&image(100), &[]);
    let client = connected(&mut board);
    require(&mut board, client, false).result();
    require(&mut board, client, true).result();
    let state = update_state(&mut board, T0);
    assert_eq!(state.signature_required(), Some(true));
    // Only a person at the board can switch it off.
    let refused = refused(require(&mut board, client, false));
    assert_eq!(refused, why(Code::FailedPrecondition, "at_the_board"));
    let reset = method::DEVICE_FACTORY_RESET;
    let refused = super::refused(answer(&mut board, T0, client, reset, json!({})));
    assert_eq!(refused, why(Code::FailedPrecondition, "at_the_board"));
    board.run_until(ms(5_000));
    let saved = board.take_unsaved(ms(5_000)).unwrap();
    assert_eq!(
        saved,
        switchboard_board::Unsaved::Write(vec![required()]),
        "it is saved"
    );
    board.saved();
    assert_eq!("signatures".parse(), Ok(RetainedKey::Signatures));

    let mut board = running(&image(100), &[required()]);
    let client = connected(&mut board);
    let new = image(500);
    let reason = attempt(&mut board, client, &begin(&new), &new);
    assert_eq!(reason.as_deref(), Some("unsigned"));
    board
        .require_signatures(T0, false, Source::Physical)
        .unwrap();
    assert_eq!(attempt(&mut board, client, &begin(&new), &new), None);
}

#[test]
fn signatures_cannot_be_required_without_a_key_or_a_slot() {
    let mut board = with(TestFlash::with(&image(100)), &[]);
    let client = connected(&mut board);
    assert_eq!(
        refused(require(&mut board, client, true)),
        why(Code::FailedPrecondition, "no_signing_key")
    );
    let mut board = crate::fixtures::board(everything());
    let client = connected(&mut board);
    assert_eq!(
        refused(require(&mut board, client, true)),
        why(Code::FailedPrecondition, "not_supported")
    );
    for params in [json!({}), json!({ "require_signature": 1 })] {
        let got = answer(&mut board, T0, client, method::OTA_SET_CONFIG, params);
        assert_eq!(got.error().code, Code::InvalidParams);
    }
}

/// Runs the board until it has checked its image; returns what it says.
fn checked(board: &mut TestBoard) -> Option<bool> {
    for at in 0..100 {
        board.run_until(ms(1_000 + at * 20));
    }
    update_state(board, ms(10_000)).signed()
}

#[test]
fn a_board_finds_out_in_parts_whether_its_image_is_signed() {
    let good = signed(&image(15_000), TARGET, RUNNING);
    let mut board = running(&good, &[]);
    let state = update_state(&mut board, T0);
    assert_eq!(state.signed(), None);
    let id = signing_key().public().id().to_string();
    assert_eq!(state.signing_key(), Some(id.as_str()));
    board.run_until(ms(1_000));
    assert_eq!(update_state(&mut board, ms(1_000)).signed(), None);
    assert_eq!(checked(&mut board), Some(true));
    let left = board.next_deadline();
    assert!(left.is_none_or(|at| at > ms(10_000)), "{left:?}");

    let mut changed = good.clone();
    changed[9_000] ^= 1;
    assert_eq!(checked(&mut running(&changed, &[])), Some(false));
    let mut unsigned = running(&image(15_000), &[]);
    assert_eq!(update_state(&mut unsigned, T0).signed(), Some(false));
    let mut without_key = with(TestFlash::with(&good), &[]);
    assert_eq!(checked(&mut without_key), None);
    assert_eq!(update_state(&mut without_key, T0).signing_key(), None);
}

/// A board whose other image is `before`, and that runs `now`, confirmed.
fn with_two(before: &[u8], now: &[u8], retained: &[Retained]) -> TestBoard {
    let mut board = running(now, retained);
    *flash(&mut board).stored() = before.to_vec();
    board
}

#[test]
fn a_factory_reset_returns_to_a_signed_image() {
    let good = signed(&image(2_000), TARGET, "0.0.1");
    let bad = image(1_000);
    for (before, now, then) in [
        (&good, &bad, &good),
        (&bad, &good, &good),
        (&bad, &bad, &bad),
        (&vec![], &bad, &bad),
        (&good, &good, &good),
    ] {
        let mut board = with_two(before, now, &[]);
        board.factory_reset(T0);
        let mut board = reset(board, &[]);
        assert_eq!(flash(&mut board).running(), then);
        // Without a trial: a board without Wi-Fi cannot be reached.
        board.run_until(limits::UPDATE_TRIAL);
        assert_eq!(board.hardware().reboots, 0);
    }
}

#[test]
fn a_factory_reset_during_the_trial_of_a_signed_image_keeps_it() {
    let good = signed(&image(2_000), TARGET, RUNNING);
    let mut board = running(&image(100), &[]);
    let client = connected(&mut board);
    assert_eq!(attempt(&mut board, client, &begin(&good), &good), None);
    let mut board = reset(board, &[]);
    board.factory_reset(T0);
    let mut board = reset(board, &[]);
    assert_eq!(flash(&mut board).running(), good);
}

#[test]
fn a_person_at_the_board_returns_to_an_older_image() {
    let older = signed(&image(2_000), TARGET, "0.0.1");
    let newer = signed(&image(2_000), TARGET, "9.0.0");
    let mut board = with_two(&older, &newer, &[required()]);
    board.return_to_other_image(T0).unwrap();
    board.run_until(ms(1_000));
    assert_eq!(board.hardware().reboots, 1);
    let mut board = reset(board, &[required()]);
    assert_eq!(flash(&mut board).running(), older);
    // And forward again.
    board.return_to_other_image(T0).unwrap();
    let mut board = reset(board, &[required()]);
    assert_eq!(flash(&mut board).running(), newer);
}

#[test]
fn a_return_to_the_other_image_is_refused_if_it_would_run_what_is_refused() {
    let good = signed(&image(2_000), TARGET, RUNNING);
    let reason = |board: &mut TestBoard| board.return_to_other_image(T0).unwrap_err().data.reason;
    assert_eq!(reason(&mut running(&good, &[])), "no_other_image");
    let mut board = with_two(&image(900), &good, &[required()]);
    assert_eq!(reason(&mut board), "unsigned");
    with_two(&image(900), &good, &[])
        .return_to_other_image(T0)
        .unwrap();
    let mut board = with_two(&good, &good, &[]);
    let client = connected(&mut board);
    answer(&mut board, T0, client, method::OTA_BEGIN, begin(&good)).result();
    assert_eq!(reason(&mut board), "update_in_progress");
}

//! The trial of a new image, and its rollback.

use protocol::{Code, limits, method};
use serde_json::json;
use switchboard_board::{SlotError, UpdateSlot};

use super::{
    OLD, T0, begin, commit, flash, image, refused, reset, updatable, update_state, why, write_all,
};
use crate::{
    fixtures::{Received, answer, connected, ms, take},
    test_board::TestBoard,
};

/// A board that has booted a new image for the first time.
fn on_trial(image: &[u8]) -> TestBoard {
    let mut board = updatable();
    let client = connected(&mut board);
    begin(&mut board, T0, client, image).result();
    write_all(&mut board, T0, client, image, 0);
    commit(&mut board, T0, client).result();
    reset(board)
}

#[test]
fn a_request_confirms_a_new_image() {
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
fn an_image_without_a_request_within_five_minutes_is_rolled_back() {
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
fn an_image_that_crashes_before_a_request_is_rolled_back_and_reported() {
    let board = on_trial(&image(2_000));
    let mut board = reset(board);
    assert_eq!(flash(&mut board).running(), OLD);
    assert!(
        update_state(&mut board, T0)
            .last_error()
            .unwrap()
            .contains("was restored")
    );
    // It is reported once: the next boot is an ordinary one.
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
    assert!(said.contains(&Received::Close(1012)), "{said:?}");
}

#[test]
fn an_image_that_cannot_be_confirmed_keeps_the_previous_one() {
    let mut board = on_trial(&image(2_000));
    flash(&mut board).worn = true;
    let client = connected(&mut board);
    let refused = refused(begin(&mut board, T0, client, &image(100)));
    assert_eq!(refused, why(Code::FailedPrecondition, "not_confirmed"));
    board.run_until(limits::UPDATE_TRIAL);
    let said = update_state(&mut board, limits::UPDATE_TRIAL);
    assert!(
        said.last_error()
            .unwrap()
            .contains("could not be rolled back"),
        "{said:?}"
    );
    assert_eq!(board.hardware().reboots, 0);
    assert_eq!(
        flash(&mut board).confirm(),
        Err(SlotError::Failed("the record does not take a write".into()))
    );
}

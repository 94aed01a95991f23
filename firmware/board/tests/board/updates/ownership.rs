//! Which controller may continue or abort an update.

use protocol::{Code, Source, method};
use serde_json::json;

use super::{
    T0, begin, begin_of, commit, flash, image, refusal, refused, reset, updatable, update_state,
    why, write, write_all,
};
use crate::{
    fixtures::{answer, connected, key, ms, request, subscriber, take},
    test_flash::MAGIC,
};

#[test]
fn a_second_controller_is_refused_during_an_update() {
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
fn any_controller_may_abort_an_update_and_begin_another() {
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
fn an_update_without_a_write_for_30_s_ends() {
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
fn a_reconnected_controller_continues_with_the_same_image() {
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
fn another_image_restarts_the_update_once_its_controller_is_gone() {
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

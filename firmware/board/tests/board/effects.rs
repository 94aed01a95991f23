//! What a driver is told to do after each change of a board.

use std::{net::IpAddr, time::Duration};

use protocol::{Level, Source, limits, method};
use serde_json::json;
use switchboard_board::{SAVE_DELAY, SideChannelKind};

use crate::fixtures::{at_the_board, board, connected, everything, ms, request, subscriber, take};

const T0: Duration = Duration::ZERO;

#[test]
fn a_frame_only_postpones_the_next_deadline() {
    let mut board = board(everything());
    let client = connected(&mut board);
    take(&mut board, T0, client);
    board.discard_effects();
    board.heard(ms(10), client);
    let effects = board.take_effects();
    assert!(!effects.outgoing && !effects.announcement && !effects.closed);
    assert!(!effects.outbound && !effects.pairing && !effects.unsaved && !effects.unread);
    let next_ping = ms(10) + limits::BOARD_PINGS_AFTER;
    assert_eq!(effects.next_deadline, Some(next_ping));
}

#[test]
fn a_change_is_outgoing_when_its_batch_ends() {
    let mut board = board(everything());
    let (client, _) = subscriber(&mut board);
    board.discard_effects();
    at_the_board(&mut board, T0, "switch:0", json!({ "on": true }));
    let effects = board.take_effects();
    assert!(!effects.outgoing);
    assert_eq!(effects.next_deadline, Some(T0));
    board.run_until(T0);
    assert!(board.take_effects().outgoing && board.has_outgoing(client));
    take(&mut board, T0, client);
    at_the_board(&mut board, T0, "switch:0", json!({ "on": false }));
    let effects = board.take_effects();
    assert!(!effects.outgoing);
    assert_eq!(effects.next_deadline, Some(limits::BATCH));
    board.run_until(limits::BATCH);
    assert!(board.take_effects().outgoing && board.has_outgoing(client));
}

#[test]
fn a_new_log_line_is_unread_once() {
    let mut board = board(everything());
    board.discard_effects();
    board.log(T0, Level::Info, format_args!("hello"));
    assert!(board.take_effects().unread);
    board.run_until(ms(1));
    assert!(!board.take_effects().unread);
}

#[test]
fn frames_of_telemetry_are_unread_too() {
    let mut board = crate::telemetry::sampling();
    board
        .open_side_channel(T0, SideChannelKind::Telemetry)
        .unwrap();
    board.discard_effects();
    board.run_until(limits::TELEMETRY_INTERVAL);
    assert!(board.take_effects().unread);
}

#[test]
fn a_new_name_is_announced_at_once_and_unsaved_later() {
    let mut board = board(everything());
    let client = connected(&mut board);
    board.discard_effects();
    let rename = request(method::DEVICE_SET_NAME, &json!({ "name": "Lamp" }));
    board.receive(T0, client, &rename);
    let effects = board.take_effects();
    assert!(effects.announcement && effects.outgoing && !effects.unsaved);
    board.run_until(SAVE_DELAY);
    let effects = board.take_effects();
    assert!(!effects.announcement && effects.unsaved);
}

#[test]
fn pairing_reports_each_step_to_controllers_that_wait() {
    let address = IpAddr::from([10, 0, 0, 2]);
    let mut board = board(everything());
    board.open_pairing(T0);
    assert!(board.take_effects().pairing);
    board.run_until(ms(1));
    assert!(!board.take_effects().pairing);
    let request = board.request_pairing(ms(2), address).unwrap();
    assert!(board.take_effects().pairing);
    board.cancel_pairing(ms(3), request);
    assert!(board.take_effects().pairing);
}

#[test]
fn several_entry_points_are_handled_together() {
    let mut board = switchboard_board::Board::new(
        everything(),
        &[],
        crate::fixtures::EPOCH,
        crate::test_hardware::TestHardware::default(),
    )
    .unwrap();
    let (renamed, effects) = board.handle(|board| {
        let client = board.connect(T0).unwrap();
        board.receive(T0, client, &request(method::SYS_PING, &json!({})));
        board.rename(T0, "Lamp", Source::Physical)
    });
    assert!(renamed.is_ok() && effects.outgoing && effects.announcement && effects.unread);
    let ((), effects) = board.handle(|_| ());
    assert!(!effects.announcement && !effects.unread);
}

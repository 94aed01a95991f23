//! Connection slots: keys of role `view` cannot take the last one, and keys of
//! role `control` displace them.

use std::time::Duration;

use noise::{Key, Role};
use switchboard_board::ClientId;

use crate::{
    fixtures::{Received, board, everything, ms, take},
    test_board::TestBoard,
};

/// A locked board with four slots, a key of role `control` and two of role
/// `view`.
fn locked() -> (TestBoard, Key, [Key; 2]) {
    let mut board = board(everything());
    let owner = board.add_key(ms(0), "owner", Role::Control).unwrap();
    let viewers = ["display", "guest"].map(|name| board.add_key(ms(0), name, Role::View).unwrap());
    (board, owner, viewers)
}

fn connect(board: &mut TestBoard, now: Duration, key: &Key) -> Result<ClientId, String> {
    board
        .connect_with_key(now, key.kid)
        .map_err(|error| format!("{}: {}", error.data.reason, error.message))
}

#[test]
fn view_keys_cannot_take_the_last_slot() {
    let (mut board, owner, [display, guest]) = locked();
    for at in 0..3 {
        connect(&mut board, ms(at), &display).unwrap();
    }
    for key in [&display, &guest] {
        let refused = connect(&mut board, ms(4), key).unwrap_err();
        assert!(
            refused.starts_with("all_places_taken: ") && refused.contains("3 of 4"),
            "{refused}"
        );
    }
    connect(&mut board, ms(5), &owner).unwrap();
}

#[test]
fn a_control_client_displaces_the_view_client_that_has_been_connected_longest() {
    let (mut board, owner, [display, guest]) = locked();
    let controls: Vec<ClientId> = (0..2)
        .map(|at| connect(&mut board, ms(at), &owner).unwrap())
        .collect();
    let first = connect(&mut board, ms(10), &guest).unwrap();
    let second = connect(&mut board, ms(20), &display).unwrap();
    let newcomer = connect(&mut board, ms(30), &owner).unwrap();
    assert_eq!(take(&mut board, ms(30), first), [Received::Close(1013)]);
    for client in [&controls[..], &[second, newcomer]].concat() {
        assert!(!board.is_ending(client), "{client:?}");
    }
    // Also while the displaced one is still closing.
    connect(&mut board, ms(31), &owner).unwrap();
    assert_eq!(take(&mut board, ms(31), second), [Received::Close(1013)]);
    let refused = connect(&mut board, ms(32), &owner).unwrap_err();
    assert!(
        refused.contains("4 of 4 clients"),
        "a control client never displaces another: {refused}"
    );
    assert!(
        connect(&mut board, ms(33), &display).is_err(),
        "and a view client displaces no other"
    );
    // The others are not affected once those have disconnected.
    board.disconnect(ms(40), first);
    board.disconnect(ms(40), second);
    assert!(connect(&mut board, ms(41), &owner).is_err());
    board.disconnect(ms(42), newcomer);
    connect(&mut board, ms(43), &display).unwrap();
}

#[test]
fn every_client_of_an_open_board_counts_as_control() {
    let mut board = board(everything());
    for _ in 0..4 {
        board.connect(ms(0)).unwrap();
    }
    assert_eq!(
        board.connect(ms(1)).unwrap_err().data.reason,
        "all_places_taken"
    );
}

#[test]
fn a_single_slot_is_a_view_clients_until_control_connects() {
    let mut plan = everything();
    plan.controllers = 1;
    let mut board = board(plan);
    let owner = board.add_key(ms(0), "owner", Role::Control).unwrap();
    let display = board.add_key(ms(0), "display", Role::View).unwrap();
    let viewer = connect(&mut board, ms(1), &display).unwrap();
    connect(&mut board, ms(2), &owner).unwrap();
    assert_eq!(take(&mut board, ms(2), viewer), [Received::Close(1013)]);
}

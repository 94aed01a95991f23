//! Pairing at the board: which request is served, what confirms a code, and
//! that an aborted pairing leaves nothing behind.

use std::{net::IpAddr, time::Duration};

use noise::{Hello, Key, PairAnswer, Pairing, PairingInitiator, Role};
use protocol::{Level, limits};
use switchboard_board::{PairingId, PairingState, SideChannelKind, Unsaved};

use crate::{
    fixtures::{EPOCH, board, everything, key, ms},
    test_board::TestBoard,
    test_hardware::TestHardware,
};

const T0: Duration = Duration::ZERO;
const OWNER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));
const STRANGER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 66));

fn open() -> TestBoard {
    let mut board = board(everything());
    board.open_pairing(T0);
    board
}

/// Reveals the code of the request being served. Returns what the board shows.
fn reveal(board: &mut TestBoard, now: Duration, request: PairingId) -> String {
    let hello: Hello = board.greeting().unwrap();
    let (asking, offer) = PairingInitiator::new(&hello, [3; 48]).unwrap();
    let (pairing, answer) = Pairing::new(&hello, &offer, board.random().unwrap()).unwrap();
    let revealed = asking
        .receive_answer(&PairAnswer::from_bytes(&answer.to_bytes()).unwrap())
        .unwrap();
    let confirmed = pairing.receive_reveal(&revealed.reveal).unwrap();
    assert_eq!(revealed.code, confirmed.code);
    board.show_pairing_code(now, request, confirmed.code);
    assert_eq!(board.hardware().pairing, Some(revealed.code.to_string()));
    revealed.code.to_string()
}

/// A request that is served at once, up to its code.
fn requested(board: &mut TestBoard, now: Duration) -> PairingId {
    let request = board.request_pairing(now, OWNER).unwrap();
    assert_eq!(board.pairing_state(request), PairingState::Active);
    reveal(board, now, request);
    request
}

fn press(board: &mut TestBoard, now: Duration, event: &str) {
    board.press(now, &key("button:0"), event).unwrap();
}

/// A request up to its key, which is pending.
fn confirmed(board: &mut TestBoard, now: Duration) -> (PairingId, Key) {
    let request = requested(board, now);
    press(board, now, "press");
    assert_eq!(board.pairing_state(request), PairingState::Confirmed);
    (request, board.take_paired_key(now, request).unwrap())
}

#[test]
fn a_short_press_confirms_a_key_and_its_proof_adds_it() {
    let mut board = board(everything());
    assert_eq!(
        board.request_pairing(T0, OWNER).unwrap_err().data.reason,
        "pairing_closed"
    );
    board.open_pairing(T0);
    assert_eq!(board.hardware().pairing.as_deref(), Some("open"));
    let request = requested(&mut board, ms(1_000));
    assert_eq!(
        board
            .take_paired_key(ms(1_500), request)
            .unwrap_err()
            .data
            .reason,
        "pairing_ended"
    );
    let pressed = board.hardware().outputs.len();
    press(&mut board, ms(2_000), "press");
    assert_eq!(
        board.hardware().outputs.len(),
        pressed,
        "the confirming press switches nothing"
    );
    let paired = board.take_paired_key(ms(2_100), request).unwrap();
    assert_eq!(
        (paired.role, paired.board.as_str()),
        (Role::Control, "sb-0000aa")
    );
    assert!(!board.is_locked() && !board.has_unsaved(), "it is pending");
    assert_eq!(board.hardware().pairing.as_deref(), Some("confirmed"));
    assert_eq!(
        board.psk(paired.kid),
        Some(paired.psk.clone()),
        "it can be proved"
    );
    board.connect_with_key(ms(2_200), paired.kid).unwrap();
    assert!(board.is_locked());
    assert!(matches!(
        board.take_unsaved(ms(2_200)),
        Some(Unsaved::Write(_))
    ));
    assert_eq!(board.hardware().pairing, None);
    board.cancel_pairing(ms(2_300), request);
    assert!(board.is_locked());
    assert_eq!(
        board
            .request_pairing(ms(2_400), OWNER)
            .unwrap_err()
            .data
            .reason,
        "pairing_closed",
        "one key a pairing"
    );
}

#[test]
fn only_a_short_press_that_began_after_the_code_was_visible_confirms_it() {
    let mut board = open();
    let request = requested(&mut board, ms(1_000));
    press(&mut board, ms(2_000), "long_press");
    board
        .press_begun(ms(1_300), ms(900), &key("button:0"), "press")
        .unwrap();
    assert_eq!(board.pairing_state(request), PairingState::Active);
    assert_eq!(
        board
            .take_paired_key(ms(2_500), request)
            .unwrap_err()
            .data
            .reason,
        "pairing_ended"
    );
    board
        .press_begun(ms(3_000), ms(2_600), &key("button:0"), "press")
        .unwrap();
    assert_eq!(board.pairing_state(request), PairingState::Confirmed);
}

#[test]
fn a_press_before_the_code_is_visible_acts_as_usual() {
    let mut board = open();
    let request = board.request_pairing(ms(1_000), OWNER).unwrap();
    let pressed = board.hardware().outputs.len();
    press(&mut board, ms(1_100), "press");
    assert!(
        board.hardware().outputs.len() > pressed,
        "it switches what it is bound to"
    );
    reveal(&mut board, ms(1_200), request);
    assert_eq!(board.pairing_state(request), PairingState::Active);
}

#[test]
fn a_double_press_refuses_the_request_and_the_next_is_served() {
    let mut board = open();
    let stranger = board.request_pairing(ms(1_000), STRANGER).unwrap();
    let owner = board.request_pairing(ms(1_100), OWNER).unwrap();
    let again = board.request_pairing(ms(1_200), STRANGER).unwrap();
    let first = reveal(&mut board, ms(1_300), stranger);
    press(&mut board, ms(2_000), "double_press");
    assert_eq!(board.pairing_state(stranger), PairingState::Over);
    board.run_until(ms(2_000) + limits::PAIRING_PAUSE);
    assert_eq!(
        (board.pairing_state(owner), board.pairing_state(again)),
        (PairingState::Active, PairingState::Queued)
    );
    assert_ne!(reveal(&mut board, ms(3_500), owner), first);
    press(&mut board, ms(4_000), "press");
    board.take_paired_key(ms(4_100), owner).unwrap();
    // Also after the code was confirmed by mistake.
    press(&mut board, ms(5_000), "double_press");
    assert_eq!(
        (board.pairing_state(owner), board.is_locked()),
        (PairingState::Over, false)
    );
}

#[test]
fn endless_requests_of_one_address_do_not_delay_another() {
    let mut board = open();
    let mut strangers: Vec<_> = (0..8)
        .map(|_| board.request_pairing(ms(100), STRANGER).unwrap())
        .collect();
    let owner = board.request_pairing(ms(200), OWNER).unwrap();
    let mut now = ms(200);
    let mut turns = 0;
    while board.pairing_state(owner) != PairingState::Active {
        turns += 1;
        assert!(
            turns < 3,
            "the owner waits for more than the turn that had begun"
        );
        for stranger in strangers.drain(..) {
            board.cancel_pairing(now, stranger);
        }
        strangers.extend((0..8).map(|_| board.request_pairing(now, STRANGER).unwrap()));
        now += limits::PAIRING_PAUSE;
        board.run_until(now);
    }
    reveal(&mut board, now, owner);
    for stranger in strangers {
        assert_eq!(board.pairing_state(stranger), PairingState::Queued);
        assert_eq!(
            board
                .take_paired_key(now, stranger)
                .unwrap_err()
                .data
                .reason,
            "pairing_ended"
        );
    }
}

#[test]
fn each_opening_of_pairing_allows_only_a_few_guesses_of_the_code() {
    let mut board = open();
    let (mut now, mut guesses) = (T0, 0);
    while let Ok(request) = board.request_pairing(now, STRANGER) {
        board.run_until(now);
        // It gets the board's number, so it knows the code, and disconnects
        // before the code is shown.
        guesses += u32::from(board.pairing_state(request) == PairingState::Active);
        board.cancel_pairing(now, request);
        now += limits::PAIRING_PAUSE;
    }
    assert_eq!(guesses, limits::PAIRING_TURNS);
    assert!(now < limits::PAIRING);
}

#[test]
fn a_request_without_a_code_in_time_ends() {
    let mut board = open();
    let silent = board.request_pairing(T0, STRANGER).unwrap();
    let owner = board.request_pairing(ms(100), OWNER).unwrap();
    board.run_until(limits::PAIRING_REVEAL);
    assert_eq!(board.pairing_state(silent), PairingState::Over);
    board.run_until(limits::PAIRING_REVEAL + limits::PAIRING_PAUSE);
    assert_eq!(board.pairing_state(owner), PairingState::Active);
}

#[test]
fn a_key_that_is_never_proved_changes_nothing() {
    // The controller disconnects.
    let mut board = open();
    let (request, held) = confirmed(&mut board, ms(1_000));
    board.cancel_pairing(ms(2_000), request);
    assert_eq!(
        (board.is_locked(), board.psk(held.kid), board.has_unsaved()),
        (false, None, false)
    );
    assert_eq!(
        board
            .connect_with_key(ms(2_100), held.kid)
            .unwrap_err()
            .data
            .reason,
        "wrong_key"
    );
    board.connect(ms(2_200)).unwrap();
    // Its time is over.
    let mut board = open();
    let (request, held) = confirmed(&mut board, ms(1_000));
    let end = ms(1_000) + limits::PAIRING_ANSWER;
    assert!(board.next_deadline().is_some_and(|due| due <= end));
    board.run_until(end);
    assert_eq!(
        (
            board.pairing_state(request),
            board.psk(held.kid),
            board.is_locked()
        ),
        (PairingState::Over, None, false)
    );
    // The power is cut.
    let mut board = open();
    let (_, held) = confirmed(&mut board, ms(1_000));
    assert_eq!(board.take_unsaved(ms(1_500)), None);
    let board = TestBoard::new(everything(), &[], EPOCH, TestHardware::default()).unwrap();
    assert_eq!((board.is_locked(), board.psk(held.kid)), (false, None));
    // The board is erased.
    let mut board = open();
    let (request, held) = confirmed(&mut board, ms(1_000));
    board.factory_reset(ms(1_500));
    assert_eq!(
        (board.pairing_state(request), board.psk(held.kid)),
        (PairingState::Over, None)
    );
    assert_eq!(board.take_unsaved(ms(1_600)), Some(Unsaved::Erase));
}

#[test]
fn a_failed_pairing_leaves_the_keys_of_a_locked_board() {
    let mut board = board(everything());
    let first = board.add_key(T0, "first key", Role::Control).unwrap();
    board.open_pairing(T0);
    let (request, held) = confirmed(&mut board, ms(1_000));
    board.cancel_pairing(ms(2_000), request);
    board.connect_with_key(ms(2_100), first.kid).unwrap();
    assert_eq!(board.psk(held.kid), None);
    board.open_pairing(ms(3_000));
    let (_, held) = confirmed(&mut board, ms(4_000));
    for number in 1..limits::KEYS {
        board
            .add_key(ms(4_100), &format!("key {number}"), Role::View)
            .unwrap();
    }
    assert_eq!(
        board
            .connect_with_key(ms(4_200), held.kid)
            .unwrap_err()
            .data
            .reason,
        "wrong_key",
        "no place is left"
    );
}

#[test]
fn pairing_is_over_after_its_time() {
    let mut board = open();
    assert_eq!(
        board.next_deadline().map(|due| due <= limits::PAIRING),
        Some(true)
    );
    board.run_until(limits::PAIRING);
    assert_eq!(board.hardware().pairing, None);
    assert_eq!(
        board
            .request_pairing(limits::PAIRING, OWNER)
            .unwrap_err()
            .data
            .reason,
        "pairing_closed"
    );
    // A request that is being served may finish.
    let mut board = open();
    let late = limits::PAIRING - ms(100);
    let request = requested(&mut board, late);
    board.run_until(limits::PAIRING);
    assert_eq!(board.pairing_state(request), PairingState::Active);
    board.run_until(late + limits::PAIRING_ANSWER);
    assert_eq!(
        (
            board.pairing_state(request),
            board.hardware().pairing.as_deref()
        ),
        (PairingState::Over, None)
    );
}

#[test]
fn the_code_is_never_logged() {
    let mut board = open();
    let reader = board
        .open_side_channel(T0, SideChannelKind::Log(Level::Debug))
        .unwrap();
    let request = board.request_pairing(ms(1_000), OWNER).unwrap();
    let code = reveal(&mut board, ms(1_000), request);
    press(&mut board, ms(2_000), "press");
    let key = board.take_paired_key(ms(2_100), request).unwrap();
    board.connect_with_key(ms(2_200), key.kid).unwrap();
    let lines: Vec<_> = board
        .read_log(reader, 100)
        .lines
        .into_iter()
        .map(|line| line.message)
        .collect();
    assert!(
        lines
            .iter()
            .any(|line| line.contains("its code is shown at the board")),
        "{lines:?}"
    );
    let (first, last) = code.split_once(' ').unwrap();
    assert!(
        !lines
            .iter()
            .any(|line| line.contains(first) && line.contains(last)),
        "{code}: {lines:?}"
    );
}

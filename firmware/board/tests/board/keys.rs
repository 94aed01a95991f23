//! Locked boards: admission, roles, and how keys are retained. The handshake is
//! not part of the core.

use std::time::Duration;

use noise::{Key, Role};
use protocol::{Code, limits, method};
use serde_json::{Value, json};
use switchboard_board::{ClientId, Retained, Unsaved};

use crate::{
    fixtures::{EPOCH, Received, answer, ask, board, connected, everything, ms, request, take},
    test_board::TestBoard,
    test_hardware::TestHardware,
};

const T0: Duration = Duration::ZERO;

/// A locked board, and its first key.
fn locked() -> (TestBoard, Key) {
    let mut board = board(everything());
    let key = board.add_key(T0, "first key", Role::Control).unwrap();
    (board, key)
}

fn with(board: &mut TestBoard, key: &Key) -> ClientId {
    board.connect_with_key(T0, key.kid).unwrap()
}

fn add(board: &mut TestBoard, client: ClientId, name: &str, role: &str) -> Key {
    let added = answer(
        board,
        T0,
        client,
        method::KEYS_ADD,
        json!({ "name": name, "role": role }),
    )
    .result();
    added["key"].as_str().unwrap().parse().unwrap()
}

fn reason(got: Received) -> (Code, String) {
    let error = got.error();
    (error.code, error.data.reason)
}

fn refused(board: &mut TestBoard, client: ClientId, method: &str, params: Value) -> (Code, String) {
    reason(answer(board, T0, client, method, params))
}

#[test]
fn a_board_with_a_key_admits_no_client_without_one() {
    let (mut board, key) = locked();
    assert!(board.is_locked());
    assert_eq!(board.connect(T0).unwrap_err().data.reason, "locked");
    assert!(
        board
            .call(T0, &request(method::DEVICE_GET_INFO, &json!({})))
            .unwrap()
            .contains("\"locked\"")
    );
    let client = with(&mut board, &key);
    let info = answer(&mut board, T0, client, method::DEVICE_GET_INFO, json!({})).result();
    let features = info["features"].as_array().unwrap();
    assert!(features.contains(&json!("keys")) && !features.contains(&json!("http_rpc")));
    let done = answer(
        &mut board,
        T0,
        client,
        method::SWITCH_SET,
        json!({ "id": 0, "on": true }),
    )
    .result();
    assert_eq!(done["was_on"], json!(false));
}

#[test]
fn a_view_key_cannot_read_the_parameters_of_others_in_the_log() {
    let (mut board, key) = locked();
    let owner = with(&mut board, &key);
    let view = add(&mut board, owner, "visitor", "view");
    let visitor = with(&mut board, &view);
    let debug = refused(
        &mut board,
        visitor,
        method::LOG_SUBSCRIBE,
        json!({ "level": "debug" }),
    );
    assert_eq!(debug, (Code::Forbidden, "view_only".to_owned()));
    for level in ["off", "error", "warn", "info"] {
        board.receive(
            T0,
            visitor,
            &request(method::LOG_SUBSCRIBE, &json!({ "level": level })),
        );
        let answered = take(&mut board, T0, visitor)
            .into_iter()
            .next()
            .unwrap()
            .result();
        assert_eq!(answered["level"], level);
    }
    take(&mut board, T0, visitor);
    // A control key reads debug lines, so they are recorded.
    board.receive(
        T0,
        owner,
        &request(method::LOG_SUBSCRIBE, &json!({ "level": "debug" })),
    );
    take(&mut board, T0, owner);
    for params in [
        json!({ "id": 0, "value": "my secret" }),
        json!({ "id": 0, "value": "x".repeat(256) }),
        json!({ "id": "my secret" }),
    ] {
        board.receive(T0, owner, &request(method::TEXT_SET, &params));
    }
    let lines = |board: &mut TestBoard, client| -> Vec<String> {
        let log = |got: Received| {
            if let Received::Log(log) = got {
                log.lines
            } else {
                Vec::new()
            }
        };
        take(board, T0, client)
            .into_iter()
            .flat_map(log)
            .map(|line| line.message)
            .collect()
    };
    let seen = lines(&mut board, visitor).join("\n");
    assert!(
        seen.contains("Text.Set refused: wrong_type")
            && seen.contains("Text.Set refused: out_of_range"),
        "{seen}"
    );
    assert!(!seen.contains("secret"), "{seen}");
    let seen = lines(&mut board, owner).join("\n");
    assert!(seen.matches("my secret").count() == 2, "{seen}");
}

#[test]
fn the_first_key_closes_connections_without_one() {
    let mut board = board(everything());
    let client = connected(&mut board);
    assert!(!board.is_locked());
    board.add_key(T0, "first key", Role::Control).unwrap();
    assert_eq!(take(&mut board, T0, client), [Received::Close(1008)]);
    board.receive(
        T0,
        client,
        &request(method::SWITCH_SET, &json!({ "id": 0, "on": true })),
    );
    assert!(
        take(&mut board, T0, client).is_empty(),
        "no further request is carried out"
    );
    assert!(
        board.take_effects().announcement,
        "its announcement has changed"
    );
}

#[test]
fn a_view_key_may_read_everything_and_change_nothing() {
    let (mut board, key) = locked();
    let owner = with(&mut board, &key);
    let view = add(&mut board, owner, "visitor", "view");
    let visitor = with(&mut board, &view);
    for method in [
        method::DEVICE_GET_INFO,
        method::DEVICE_GET_COMPONENTS,
        method::DEVICE_GET_STATUS,
        method::SYS_PING,
    ] {
        answer(&mut board, T0, visitor, method, json!({})).result();
    }
    answer(&mut board, T0, visitor, method::DEVICE_SUBSCRIBE, json!({})).result();
    let list = answer(&mut board, T0, visitor, method::CLIENTS_LIST, json!({})).result();
    assert_eq!(list["clients"][1]["role"], "view");
    assert_eq!(
        (&list["clients"][1]["key_name"], &list["clients"][0]["role"]),
        (&json!("visitor"), &json!("control"))
    );
    let on = json!({ "id": 0, "on": true });
    for (method, params) in [
        (method::SWITCH_SET, on.clone()),
        (method::SWITCH_TOGGLE, json!({ "id": 0 })),
        (method::BUTTON_PRESS, json!({ "id": 0 })),
        (method::DEVICE_SET_NAME, json!({ "name": "mine" })),
        (method::DEVICE_IDENTIFY, json!({})),
        (method::DEVICE_REBOOT, json!({})),
        (method::DEVICE_FACTORY_RESET, json!({})),
        (method::OTA_ABORT, json!({})),
        (method::CLIENTS_CLOSE, json!({ "id": 1 })),
        (method::KEYS_LIST, json!({})),
        (
            method::KEYS_ADD,
            json!({ "name": "another", "role": "control" }),
        ),
    ] {
        assert_eq!(
            refused(&mut board, visitor, method, params),
            (Code::Forbidden, "view_only".into()),
            "{method}"
        );
    }
    ask(&mut board, T0, owner, method::SWITCH_SET, on);
    assert!(
        matches!(
            take(&mut board, T0, visitor).as_slice(),
            [Received::Status(_)]
        ),
        "it gets pushes of other clients' changes"
    );
}

#[test]
fn a_removed_key_has_its_connections_closed_and_is_refused() {
    let (mut board, key) = locked();
    let owner = with(&mut board, &key);
    let other = add(&mut board, owner, "lent", "control");
    let (first, second) = (with(&mut board, &other), with(&mut board, &other));
    let kid = other.kid.to_string();
    assert_eq!(
        answer(
            &mut board,
            T0,
            owner,
            method::KEYS_REMOVE,
            json!({ "kid": kid })
        )
        .result(),
        json!({})
    );
    for client in [first, second] {
        assert_eq!(take(&mut board, T0, client), [Received::Close(1008)]);
    }
    assert_eq!(
        board
            .connect_with_key(T0, other.kid)
            .unwrap_err()
            .data
            .reason,
        "wrong_key"
    );
    assert_eq!(board.psk(other.kid), None);
    assert_eq!(
        refused(
            &mut board,
            owner,
            method::KEYS_REMOVE,
            json!({ "kid": kid })
        ),
        (Code::NotFound, "not_found".into())
    );
}

#[test]
fn the_last_control_key_cannot_be_removed_remotely() {
    let (mut board, key) = locked();
    let owner = with(&mut board, &key);
    add(&mut board, owner, "visitor", "view");
    let last = json!({ "kid": key.kid.to_string() });
    let expected = (Code::FailedPrecondition, "last_control_key".into());
    assert_eq!(
        refused(&mut board, owner, method::KEYS_REMOVE, last),
        expected
    );
}

#[test]
fn there_are_eight_key_slots_and_names_are_checked() {
    let (mut board, key) = locked();
    let owner = with(&mut board, &key);
    for name in ["", "x\u{7}", &"x".repeat(limits::KEY_NAME + 1)] {
        let (code, _) = refused(
            &mut board,
            owner,
            method::KEYS_ADD,
            json!({ "name": name, "role": "view" }),
        );
        assert_eq!(code, Code::InvalidParams, "{name:?}");
    }
    assert_eq!(
        refused(
            &mut board,
            owner,
            method::KEYS_ADD,
            json!({ "name": "x", "role": "admin" })
        ),
        (Code::InvalidParams, "not_an_option".into())
    );
    for number in 1..limits::KEYS {
        add(&mut board, owner, &format!("key {number}"), "view");
    }
    let full = refused(
        &mut board,
        owner,
        method::KEYS_ADD,
        json!({ "name": "one more", "role": "view" }),
    );
    assert_eq!(full, (Code::ResourceExhausted, "all_keys_taken".into()));
    let list = answer(&mut board, T0, owner, method::KEYS_LIST, json!({})).result();
    let keys = list["keys"].as_array().unwrap();
    assert_eq!(keys.len(), limits::KEYS);
    let first = json!({
        "kid": key.kid.to_string(),
        "name": "first key",
        "role": "control",
        "yours": true,
    });
    assert_eq!(keys[0], first);
    assert!(
        !list.to_string().contains(&key.to_text()[40..]),
        "no secret is listed"
    );
}

#[test]
fn an_open_board_gets_no_keys_remotely() {
    let mut board = board(everything());
    let client = connected(&mut board);
    let params = json!({ "name": "mine", "role": "control" });
    assert_eq!(
        refused(&mut board, client, method::KEYS_ADD, params),
        (Code::FailedPrecondition, "not_locked".into())
    );
    assert!(!board.is_locked());
}

#[test]
fn a_board_without_random_numbers_has_no_keys() {
    let mut board = board(everything());
    board.hardware_mut().lacks_random = true;
    assert_eq!(
        board
            .add_key(T0, "first key", Role::Control)
            .unwrap_err()
            .data
            .reason,
        "not_supported"
    );
    assert!(!board.is_locked());
}

/// The value that is written for the keys now.
fn kept(board: &mut TestBoard, now: Duration) -> Retained {
    let Some(Unsaved::Write(write)) = board.take_unsaved(now) else {
        panic!("keys are written at once")
    };
    board.saved();
    write
        .into_iter()
        .find(|kept| kept.key.to_string() == "keys")
        .unwrap()
}

fn again(retained: &[Retained]) -> TestBoard {
    TestBoard::new(everything(), retained, EPOCH, TestHardware::default()).unwrap()
}

#[test]
fn keys_are_saved_at_once_and_survive_a_power_cut() {
    let (mut board, key) = locked();
    assert!(board.has_unsaved());
    let mut retained = vec![kept(&mut board, T0)];
    let owner = with(&mut board, &key);
    for number in 1..limits::KEYS {
        add(
            &mut board,
            owner,
            &"n".repeat(24 + number),
            if number % 2 == 0 { "control" } else { "view" },
        );
    }
    retained.push(kept(&mut board, T0));
    assert!(
        retained[1].value.len() <= Retained::MAX_LEN,
        "{} bytes",
        retained[1].value.len()
    );
    let mut board = again(&retained);
    let owner = with(&mut board, &key);
    assert_eq!(board.psk(key.kid), Some(key.psk));
    let keys = answer(&mut board, T0, owner, method::KEYS_LIST, json!({})).result();
    assert_eq!(keys["keys"].as_array().unwrap().len(), limits::KEYS);
    assert!(!board.has_unsaved());
}

#[test]
fn a_board_with_unreadable_keys_admits_no_client() {
    let (mut board, key) = locked();
    let good = kept(&mut board, T0);
    for length in 0..good.value.len() {
        let broken = Retained {
            value: good.value[..length].to_vec(),
            ..good.clone()
        };
        let mut board = again(&[broken]);
        assert!(board.is_locked(), "{length} bytes of {}", good.value.len());
        assert_eq!(board.connect(T0).unwrap_err().data.reason, "locked");
        assert_eq!(
            board.connect_with_key(T0, key.kid).unwrap_err().data.reason,
            "wrong_key"
        );
        assert_eq!(
            board
                .add_key(T0, "new", Role::Control)
                .unwrap_err()
                .data
                .reason,
            "keys_unreadable"
        );
    }
}

#[test]
fn a_control_key_erases_the_board_that_is_open_after_that() {
    let (mut board, key) = locked();
    let owner = with(&mut board, &key);
    kept(&mut board, T0);
    ask(
        &mut board,
        T0,
        owner,
        method::DEVICE_FACTORY_RESET,
        json!({}),
    );
    board.disconnect(T0, owner);
    board.run_until(ms(1));
    assert_eq!(board.take_unsaved(ms(1)), Some(Unsaved::Erase));
    assert!(board.is_locked(), "until it has restarted");
    assert!(!again(&[]).is_locked());
}

#[test]
fn a_board_that_was_erased_is_open() {
    let (mut board, _) = locked();
    kept(&mut board, T0);
    board.factory_reset(ms(100));
    assert_eq!(board.take_unsaved(ms(100)), Some(Unsaved::Erase));
    assert!(board.is_locked(), "until it has restarted");
    assert!(!again(&[]).is_locked());
}

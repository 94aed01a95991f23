//! Recovery when a board reboots, dies, moves or goes silent; and no command is
//! ever sent twice.

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use crate::desk::{
    Observer, SOON, address, boards, component_of,
    fake_board::FakeBoard,
    key, name, on, private_service, reply,
    wire::{Heard, Wire},
};
use fleet::{LinkProblem, LinkState, LogEvent, Outcome, ResyncCause};
use protocol::limits;
use serde_json::json;
use virtual_board::{Options, Profile, VirtualBoards};

/// A margin for a loaded machine on top of a time of the protocol.
const SLACK: Duration = Duration::from_secs(5);

#[test]
fn a_board_that_reboots_is_resubscribed_and_shows_its_new_state() {
    let boards = boards(Profile::Lamp, 1);
    let mut observer = Observer::of(&[&address(&boards)]);
    let lamp = observer.connected("Desk lamp");
    let epoch = lamp.info.as_ref().expect("known").epoch;
    observer
        .fleet
        .call(lamp.key, "Device.Reboot", protocol::Object::new(), None);
    observer.until("the board is back with a new epoch", SOON + SLACK, |seen| {
        let board = seen
            .board("Desk lamp")
            .filter(|board| board.link == LinkState::Connected)?;
        (board.info.as_ref()?.epoch != epoch).then_some(())
    });
    // And it is live: physical changes are shown again.
    let was_on = component_of(observer.board("Desk lamp").expect("there"), "light:0")
        .expect("a light")
        .reported
        .on();
    boards
        .press("Desk lamp", &key("button:0"), "press")
        .expect("pressed");
    observer.shows("Desk lamp", "light:0", |light| {
        light.on().is_some() && light.on() != was_on
    });
}

#[test]
fn a_killed_board_is_unreachable_and_recovers_when_it_is_back() {
    let boards = boards(Profile::Strip, 1);
    let name = name(&boards);
    let mut observer = Observer::of(&[&address(&boards)]);
    observer.connected(&name);
    boards.stop(&name).expect("stopped");
    observer.until(
        "it is shown as unreachable, with the reason and the next attempt",
        SOON,
        |seen| match &seen.board(&name)?.link {
            LinkState::Unreachable {
                problem: LinkProblem::Connect(_),
                retry_at: Some(_),
            } => Some(()),
            _ => None,
        },
    );
    boards.start_again(&name).expect("started");
    let key_of_board = observer.board(&name).expect("there").key;
    observer.fleet.retry_now(key_of_board);
    observer.connected(&name);
}

#[test]
fn a_board_that_moves_to_another_port_is_followed_by_its_announcement() {
    let service = private_service();
    let options = Options {
        profile: Profile::Lamp,
        mdns: true,
        service: service.clone(),
        ..Options::default()
    };
    let boards = VirtualBoards::start(options).expect("a board");
    let mut observer = Observer::finding(&service);
    let before = observer.connected("Desk lamp");
    boards.stop("Desk lamp").expect("stopped");
    let free = TcpListener::bind("127.0.0.1:0")
        .and_then(|socket| socket.local_addr())
        .expect("a port")
        .port();
    boards.start_again_on("Desk lamp", free).expect("started");
    let after = observer.until("it is connected at the new port", SOON + SLACK, |seen| {
        let board = seen
            .board("Desk lamp")
            .filter(|board| board.link == LinkState::Connected)?;
        (*board.address == *format!("127.0.0.1:{free}")).then(|| board.clone())
    });
    assert_eq!((before.key, &before.id), (after.key, &after.id));
}

#[test]
fn a_half_open_board_becomes_stale_is_dropped_and_recovers() {
    let boards = boards(Profile::Strip, 1);
    let name = name(&boards);
    let mut observer = Observer::of(&[&address(&boards)]);
    let board = observer.connected(&name);
    let held_at = Instant::now();
    boards.hold(&name).expect("held");
    observer.until("it is stale", limits::STALE_AFTER + SLACK, |seen| {
        (seen.board(&name)?.link == LinkState::Stale).then_some(())
    });
    assert!(
        held_at.elapsed() + Duration::from_secs(1) > limits::STALE_AFTER,
        "stale too early"
    );
    // A command during the silence is reported as unconfirmed.
    let (answer, answered) = reply();
    observer.fleet.toggle(board.key, &key("switch:0"), answer);
    assert_eq!(
        answered.recv_timeout(limits::COMMAND_TIMEOUT + SLACK),
        Ok(Outcome::Unconfirmed)
    );
    observer.until(
        "it is dropped",
        limits::CLIENT_DROPS_AFTER + SLACK,
        |seen| {
            matches!(
                seen.board(&name)?.link,
                LinkState::Unreachable {
                    problem: LinkProblem::Silent,
                    ..
                }
            )
            .then_some(())
        },
    );
    boards.release(&name).expect("released");
    observer.fleet.retry_now(board.key);
    let after = observer.connected(&name);
    // The shown state is the board's, whether or not the toggle arrived.
    let shown = component_of(&after, "switch:0")
        .expect("a switch")
        .shown()
        .on();
    let answer = Wire::open(&address(&boards)).call("Device.GetStatus", json!({}));
    assert_eq!(answer["result"]["switch:0"]["on"].as_bool(), shown);
}

#[test]
fn a_toggle_is_never_sent_twice() {
    let boards = boards(Profile::Strip, 1);
    let name = name(&boards);
    let address = address(&boards);
    let mut observer = Observer::of(&[&address]);
    let board = observer.connected(&name);
    boards.hold(&name).expect("held");
    let (answer, answered) = reply();
    observer.fleet.toggle(board.key, &key("switch:0"), answer);
    boards.stop(&name).expect("stopped");
    boards.start_again(&name).expect("started");
    assert_eq!(answered.recv_timeout(SOON), Ok(Outcome::LinkLost));
    let before = Wire::open(&address).call("Device.GetStatus", json!({}));
    observer.fleet.retry_now(board.key);
    observer.connected(&name);
    // One command after the reconnect, so that anything sent again before it
    // would have arrived.
    let (answer, answered) = reply();
    observer
        .fleet
        .set(board.key, &key("switch:3"), on(true), answer);
    let outcome = answered.recv_timeout(SOON);
    assert!(matches!(outcome, Ok(Outcome::Done { .. })), "{outcome:?}");
    let after = Wire::open(&address).call("Device.GetStatus", json!({}));
    assert_eq!(before["result"]["switch:0"], after["result"]["switch:0"]);
}

#[test]
fn a_client_that_stops_reading_is_closed_and_does_not_affect_others() {
    let options = Options {
        profile: Profile::Lamp,
        mdns: false,
        controllers: 2,
        ..Options::default()
    };
    let boards = VirtualBoards::start(options).expect("a board");
    let address = address(&boards);
    let mut slow = Wire::open(&address);
    slow.call("Device.Subscribe", json!({}));
    let mut quick = Wire::open(&address);
    quick.call("Device.Subscribe", json!({}));
    // Events cannot be coalesced: once the slow client's socket and queue are
    // full, it is closed, and its slot is free.
    let deadline = Instant::now() + Duration::from_secs(60);
    let mut presses = 0_u32;
    let mut third = loop {
        for _ in 0..500 {
            boards
                .press("Desk lamp", &key("button:0"), "press")
                .expect("pressed");
            quick.until("the press", |message| message["method"] == "NotifyEvent");
        }
        presses += 500;
        if let Ok(wire) = Wire::request(&address, "/rpc", &[]) {
            break wire;
        }
        assert!(
            Instant::now() < deadline,
            "still served after {presses} presses"
        );
    };
    assert!(third.call("Sys.Ping", json!({}))["result"].is_object());
    assert!(quick.call("Sys.Ping", json!({}))["result"].is_object());
    // Data sent before can still be read; then the connection ends.
    let end = loop {
        match slow.hear() {
            Heard::Json(_) => {}
            end => break end,
        }
    };
    assert!(
        matches!(end, Heard::Closed(Some(1013)) | Heard::Cut),
        "{end:?}"
    );
}

#[test]
fn state_for_a_client_that_pauses_reading_is_coalesced_without_a_false_gap() {
    let boards = boards(Profile::Lamp, 1);
    let mut slow = Wire::open(&address(&boards));
    let subscribed = slow.call("Device.Subscribe", json!({}));
    let mut quick = Wire::open(&address(&boards));
    let mut changes = 0;
    for round in 0..20_000 {
        let answer = quick.call("Light.Set", json!({ "id": 0, "brightness": round % 101 }));
        changes = answer["result"]["seq"].as_u64().expect("a seq");
    }
    let (mut prev, mut received) = (subscribed["result"]["seq"].as_u64().expect("a seq"), 0);
    while prev < changes {
        let push = slow.until("a push", |message| message["method"] == "NotifyStatus");
        assert_eq!(push["params"]["prev"], prev, "a gap");
        prev = push["params"]["seq"].as_u64().expect("a seq");
        received += 1;
    }
    assert!(
        received < changes,
        "{received} pushes for {changes} changes: nothing was coalesced"
    );
    let status = quick.call("Device.GetStatus", json!({}));
    assert_eq!(status["result"]["light:0"]["brightness"], 19_999 % 101);
}

#[test]
fn a_gap_in_prev_leads_to_a_resync() {
    let board = FakeBoard::listen();
    let mut observer = Observer::of(&[&board.address]);
    let mut wire = board.accept();
    wire.introduce();
    observer.connected("Fake");
    wire.push(1, 2, json!({ "switch:0": { "on": true } }));
    observer.shows("Fake", "switch:0", |switch| switch.on() == Some(true));
    // The push with seq 3 is lost.
    wire.push(3, 4, json!({ "switch:1": { "on": true } }));
    let request = wire.hears("Device.GetStatus");
    wire.answers(
        &request,
        wire.snapshot(
            4,
            json!({ "switch:0": { "on": false }, "switch:1": { "on": true } }),
        ),
    );
    observer.shows("Fake", "switch:0", |switch| switch.on() == Some(false));
    observer.until("the log says why", SOON, |seen| {
        seen.log
            .iter()
            .any(|entry| entry.what == LogEvent::Resync(ResyncCause::Gap))
            .then_some(())
    });
}

#[test]
fn a_board_of_another_major_version_is_refused() {
    let board = FakeBoard::listen();
    let mut observer = Observer::of(&[&board.address]);
    let mut wire = board.accept();
    let request = wire.hears("Device.GetInfo");
    wire.answers(&request, wire.info(2));
    observer.until("it says which version the board speaks", SOON, |seen| {
        seen.boards.values().find_map(|board| match &board.link {
            LinkState::Unreachable {
                problem: problem @ LinkProblem::UnsupportedVersion { .. },
                ..
            } => {
                assert_eq!(
                    problem.to_string(),
                    "speaks protocol 2; this program speaks 1"
                );
                Some(())
            }
            _ => None,
        })
    });
}

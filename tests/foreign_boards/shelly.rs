//! What owners of Shellys complained about in other programs; the numbers are
//! those of the issue threads.

use std::time::Duration;

use doubles::{
    ShellyOptions,
    shelly::{Firmware, Model, Transport},
};
use fleet::{Family, LinkProblem, LinkState, Lock};
use serde_json::json;

use crate::{
    desk::{Observer, SOON, component_of, on, private_service},
    families::{announced, finding, holding, is_done, observing, shelly},
};

const PASSWORD: &str = "geh\u{e4}im";

fn locked(firmware: Firmware) -> (doubles::Shelly, Observer) {
    let board = shelly(ShellyOptions {
        firmware,
        password: Some(PASSWORD.to_owned()),
        ..ShellyOptions::default()
    });
    let address = format!("shelly://{}", board.address());
    let mut seen = holding(&[&address], &[(board.id(), PASSWORD)]);
    // The password is held by id, which a typed address does not tell: the
    // board is asked first.
    let id = board.id().to_owned();
    seen.connected(&id);
    (board, seen)
}

// home-assistant/core#177257, aioshelly#1263.
#[test]
fn after_429_nothing_is_sent_for_a_while_and_then_once_without_auth() {
    let (board, mut seen) = locked(Firmware::V2);
    let view = seen.connected(board.id());
    let before = board.log().len();
    board.throttle(Duration::from_secs(2));
    let first = seen.start_set(&view, "switch:0", on(true));
    let _ = first.recv_timeout(SOON).expect("an outcome");
    let again = seen.set(&view, "switch:0", on(true));
    assert!(is_done(&again), "{again:?}");
    seen.shows(board.id(), "switch:0", |state| state.on() == Some(true));
    let log = board.log().split_off(before);
    let refused = log
        .iter()
        .position(|request| request.code == 429)
        .expect("a refusal");
    let (refusal, next) = (&log[refused], &log[refused + 1]);
    assert!(refusal.authenticated, "{log:#?}");
    assert!(!next.authenticated, "the nonce is dropped: {log:#?}");
    let pause = next.at.saturating_sub(refusal.at);
    assert!(pause >= Duration::from_secs(1), "{pause:?}: {log:#?}");
    let refusals = log.iter().filter(|request| request.code == 429).count();
    assert!(refusals <= 3, "{log:#?}");
    seen.look();
    assert_eq!(seen.links(&view).last(), Some(&"Connected".to_owned()));
    let lost = seen
        .links(&view)
        .iter()
        .filter(|link| link.starts_with("Unreachable"))
        .count();
    assert_eq!(lost, 0, "{:?}", seen.links(&view));
}

// aioshelly#1230.
#[test]
fn an_expired_nonce_is_neither_a_failed_command_nor_a_lost_board() {
    for firmware in [Firmware::V1, Firmware::V2] {
        let (board, mut seen) = locked(firmware);
        let view = seen.connected(board.id());
        seen.look();
        let (links, sockets) = (seen.links(&view).len(), board.counts().websockets);
        for wanted in [true, false, true] {
            board.expire_nonce();
            let outcome = seen.set(&view, "switch:0", on(wanted));
            assert!(is_done(&outcome), "{firmware:?}: {outcome:?}");
        }
        seen.look();
        assert_eq!(seen.links(&view).len(), links, "{:?}", seen.links(&view));
        assert_eq!(board.counts().websockets, sockets);
    }
}

// node-red-contrib-shelly#296, ioBroker.shelly#1588. The double counts the uses
// of each nonce, and its nonces end in padding.
#[test]
fn a_nonce_of_firmware_2_is_counted_from_one_and_used_whole() {
    let (board, mut seen) = locked(Firmware::V2);
    let view = seen.connected(board.id());
    for wanted in [true, false] {
        let outcome = seen.set(&view, "switch:1", on(wanted));
        assert!(is_done(&outcome), "{outcome:?}");
    }
    let rejected = |request: &&doubles::shelly::Seen| request.code == 401 && request.authenticated;
    assert_eq!(board.log().iter().filter(rejected).count(), 0);
}

#[test]
fn a_wrong_or_missing_password_is_named_and_not_tried_again() {
    let board = shelly(ShellyOptions {
        password: Some(PASSWORD.to_owned()),
        firmware: Firmware::V2,
        ..ShellyOptions::default()
    });
    let address = format!("shelly://{}", board.address());
    for (passwords, wanted) in [
        (vec![], LinkProblem::Locked),
        (vec![(board.id(), "wrong")], LinkProblem::WrongKey),
    ] {
        let mut seen = holding(&[&address], &passwords);
        let view = seen.until("the reason", SOON, |seen| {
            let board = seen.boards.values().next()?;
            matches!(&board.link, LinkState::Unreachable { problem, .. } if *problem == wanted)
                .then(|| board.clone())
        });
        assert!(
            matches!(view.lock(), Lock::NoKey | Lock::WrongKey),
            "{:?}",
            view.lock()
        );
        let requests = board.log().len();
        seen.for_a_while(Duration::from_secs(3), |_| {});
        assert_eq!(board.log().len(), requests, "no retries");
    }
}

// openhab-addons#21393, aioshelly#307.
#[test]
fn after_a_reconnect_a_change_arrives_without_a_command() {
    let board = shelly(ShellyOptions::default());
    let mut seen = observing(Family::Shelly, board.address());
    seen.connected(board.id());
    for (links, wanted) in [(2, true), (3, false)] {
        board.drop_link();
        seen.until("another link", SOON, |seen| {
            let is_up = seen.board(board.id())?.link == LinkState::Connected;
            (is_up && board.counts().websockets == links).then_some(())
        });
        board.set_output(0, wanted);
        seen.shows(board.id(), "switch:0", |state| state.on() == Some(wanted));
    }
    let commands = board
        .log()
        .iter()
        .filter(|request| request.method == "Switch.Set")
        .count();
    assert_eq!(commands, 0);
}

// home-assistant/core#83872.
#[test]
fn an_announcement_connects_a_lost_board_within_ten_seconds() {
    let (ours, theirs) = (private_service(), private_service());
    let options = ShellyOptions {
        announce: announced(&theirs),
        mac: Some([0x02, 0, 0, 0, 1, 6]),
        ..ShellyOptions::default()
    };
    let board = shelly(options.clone());
    let id = board.id().to_owned();
    let mut seen = finding(&ours, Family::Shelly, &theirs);
    seen.connected(&id);
    board.power_off();
    seen.until("it is lost", SOON, |seen| {
        matches!(seen.board(&id)?.link, LinkState::Unreachable { .. }).then_some(())
    });
    seen.for_a_while(Duration::from_secs(4), |_| {});
    // At another port, so that no retry finds it.
    let _returned = shelly(options);
    seen.until("it is back", Duration::from_secs(10), |seen| {
        (seen.board(&id)?.link == LinkState::Connected).then_some(())
    });
    drop(board);
}

// openhab-addons#17892.
#[test]
fn each_board_has_one_connection_and_no_http_request() {
    let boards: Vec<_> = (0..5).map(|_| shelly(ShellyOptions::default())).collect();
    let addresses: Vec<_> = boards
        .iter()
        .map(|board| format!("shelly://{}", board.address()))
        .collect();
    let addresses: Vec<_> = addresses.iter().map(String::as_str).collect();
    let mut seen = Observer::of(&addresses);
    for board in &boards {
        let view = seen.connected(board.id());
        let outcome = seen.set(&view, "switch:0", on(true));
        assert!(is_done(&outcome), "{outcome:?}");
        board.set_output(0, false);
        seen.shows(board.id(), "switch:0", |state| state.on() == Some(false));
    }
    for board in &boards {
        let counts = board.counts();
        assert_eq!((counts.connections, counts.websockets), (1, 1));
        assert_eq!(board.http_requests(), Vec::<String>::new());
        let over_http = |request: &doubles::shelly::Seen| request.transport == Transport::Http;
        assert!(!board.log().iter().any(over_http));
    }
}

#[test]
fn a_board_without_a_free_channel_says_so_and_is_not_pressed() {
    let board = shelly(ShellyOptions {
        channels: 1,
        ..ShellyOptions::default()
    });
    let mut first = observing(Family::Shelly, board.address());
    first.connected(board.id());
    let mut second = observing(Family::Shelly, board.address());
    second.until("it is full", SOON, |seen| {
        let link = &seen.boards.values().next()?.link;
        let full = LinkProblem::AllSlotsTaken;
        matches!(link, LinkState::Unreachable { problem, .. } if *problem == full).then_some(())
    });
    let before = board.counts().connections;
    second.for_a_while(Duration::from_secs(5), |_| {});
    let attempts = board.counts().connections - before;
    assert!(attempts <= 8, "{attempts} attempts in 5 s");
    first.look();
    let view = first.connected(board.id());
    let lost = |link: &String| link.starts_with("Unreachable");
    assert!(!first.links(&view).iter().any(lost), "the first one stays");
}

#[test]
fn a_restart_is_seen_and_the_state_after_it_is_shown() {
    let board = shelly(ShellyOptions::default());
    let mut seen = observing(Family::Shelly, board.address());
    let view = seen.connected(board.id());
    let (reply, outcome) = crate::desk::reply();
    let none = protocol::Object::new();
    seen.fleet.call(view.key, "Device.Reboot", none, reply);
    let outcome = outcome.recv_timeout(SOON).expect("an outcome");
    assert!(is_done(&outcome), "{outcome:?}");
    seen.until("it restarts", SOON, |seen| {
        (seen.board(board.id())?.link != LinkState::Connected).then_some(())
    });
    seen.connected(board.id());
    assert_eq!(board.counts().websockets, 2);
    board.set_output(0, true);
    seen.shows(board.id(), "switch:0", |state| state.on() == Some(true));
}

#[test]
fn a_restart_into_another_profile_shows_the_other_components() {
    let options = ShellyOptions {
        mac: Some([0x02, 0, 0, 0, 1, 7]),
        ..ShellyOptions::default()
    };
    let board = shelly(options.clone());
    let (id, address) = (board.id().to_owned(), board.address());
    let mut seen = observing(Family::Shelly, address);
    let view = seen.connected(&id);
    assert!(component_of(&view, "switch:1").is_some());
    drop(board);
    let board = shelly(ShellyOptions {
        model: Model::Plus2PmCover,
        bind: address,
        ..options
    });
    assert_eq!(board.id(), id);
    let view = seen.until("a cover", SOON, |seen| {
        let view = seen.board(&id)?;
        (view.link == LinkState::Connected && component_of(view, "cover:0").is_some())
            .then(|| view.clone())
    });
    assert!(component_of(&view, "switch:1").is_none(), "they are gone");
}

#[test]
fn a_component_that_an_owner_adds_or_removes_comes_and_goes_alone() {
    let board = shelly(ShellyOptions::default());
    let mut seen = observing(Family::Shelly, board.address());
    let before = seen.connected(board.id()).components.len();
    let config = json!({ "id": 200, "name": "Party", "persisted": false });
    board.add_component("boolean:200", &config, &json!({ "value": false }));
    let view = seen.until("one more", SOON, |seen| {
        let view = seen.board(board.id())?;
        (view.components.len() == before + 1).then(|| view.clone())
    });
    let party = view
        .components
        .iter()
        .find(|component| component.descriptor.name == "Party")
        .expect("it has its name")
        .descriptor
        .key
        .clone();
    let outcome = seen.set(&view, &party.to_string(), on(true));
    assert!(is_done(&outcome), "{outcome:?}");
    assert_eq!(board.status("boolean:200")["value"], true);
    board.remove_component("boolean:200");
    seen.until("it is gone", SOON, |seen| {
        (seen.board(board.id())?.components.len() == before).then_some(())
    });
    assert_eq!(board.counts().websockets, 1, "over the same link");
}

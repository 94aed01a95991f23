//! Outbound connections: boards that connect to the app appear, are controlled
//! and push like others, reconnect after either side was gone, prove their
//! keys, and are merged with what mDNS finds.

use std::net::{Ipv4Addr, SocketAddr};

use eframe::egui::{Key as Pressed, Modifiers, accesskit::Role as Widget};
use egui_kittest::kittest::Queryable;
use engine::{Interfaces, Lookout, Settings as FleetSettings};
use fleet::{LinkProblem, LinkState, Listening, Lock, Outcome};
use noise::{Key, Psk, Role};
use protocol::{Object, method, outbound::OutboundUrl};
use serde_json::json;
use tungstenite::{Message, client::IntoClientRequest, handshake::HandshakeError};
use virtual_board::{Options, Profile, VirtualBoards};

use crate::{
    desk::{Observer, SOON, address, boards, component_of, key, on, private_service, reply},
    window::Desktop,
};

/// The longest wait before a board reconnects in these tests, after a few
/// failed attempts.
const AGAIN: std::time::Duration = std::time::Duration::from_secs(30);

/// An observer that listens and has no boards of its own.
fn listening(settings: FleetSettings) -> (Observer, SocketAddr) {
    listening_at((Ipv4Addr::LOCALHOST, 0).into(), settings)
}

fn listening_at(address: SocketAddr, settings: FleetSettings) -> (Observer, SocketAddr) {
    let mut observer = Observer::new(FleetSettings {
        listen: Some(address),
        ..settings
    });
    let address = observer.until("it listens", SOON, |seen| match seen.status.listening {
        Listening::At(address) => Some(address),
        _ => None,
    });
    (observer, address)
}

fn alone() -> FleetSettings {
    FleetSettings {
        discovery: None,
        ..FleetSettings::default()
    }
}

fn url(address: SocketAddr) -> OutboundUrl {
    format!("ws://{address}/")
        .parse()
        .expect("an address to call")
}

/// Lamps with outbound connections from the start.
fn calling(address: SocketAddr, count: usize) -> VirtualBoards {
    let options = Options {
        boards: count,
        profile: Profile::Lamp,
        mdns: false,
        call: Some(url(address)),
        ..Options::default()
    };
    VirtualBoards::start(options).expect("virtual boards")
}

#[test]
fn a_board_that_connects_appears_is_switched_and_pushes() {
    let (mut observer, address) = listening(alone());
    let boards = calling(address, 1);
    let lamp = observer.connected("Desk lamp");
    assert!(
        lamp.inbound_only
            && lamp
                .inbound_from
                .is_some_and(|caller| caller.ip() == Ipv4Addr::LOCALHOST)
    );
    assert_eq!((&*lamp.address, lamp.lock()), ("127.0.0.1", Lock::Open));
    let was_on = component_of(&lamp, "light:0")
        .expect("a light")
        .reported
        .on()
        .expect("known");
    let (answer, answered) = reply();
    observer
        .fleet
        .set(lamp.key, &key("light:0"), on(!was_on), answer);
    assert!(matches!(
        answered.recv_timeout(SOON),
        Ok(Outcome::Done { .. })
    ));
    boards
        .press("Desk lamp", &key("button:0"), "press")
        .expect("pressed");
    observer.shows("Desk lamp", "light:0", |light| light.on() == Some(was_on));
    // The board itself reports the outbound connection and this controller.
    let (answer, answered) = reply();
    observer
        .fleet
        .call(lamp.key, method::OUTBOUND_GET, Object::new(), answer);
    let Ok(Outcome::Done { result, .. }) = answered.recv_timeout(SOON) else {
        panic!("no answer")
    };
    assert_eq!(
        (&result["state"], &result["client"]),
        (&json!("connected"), &json!(lamp.client))
    );
}

#[test]
fn two_boards_that_connect_are_two_entries_and_a_third_is_configured_remotely() {
    let (mut observer, here) = listening(alone());
    let _two = calling(here, 2);
    let third = boards(Profile::Strip, 1);
    observer.connected("Desk lamp");
    observer.until("both are connected", SOON, |seen| {
        let connected = seen
            .boards
            .values()
            .filter(|board| board.link == LinkState::Connected);
        (connected.count() == 2).then_some(())
    });
    let mut other = Observer::of(&[&address(&third)]);
    let strip = other.connected(&crate::desk::name(&third));
    let (answer, answered) = reply();
    let params = Object::from_iter([("url".into(), json!(url(here)))]);
    other
        .fleet
        .call(strip.key, method::OUTBOUND_SET, params, answer);
    assert!(matches!(
        answered.recv_timeout(SOON),
        Ok(Outcome::Done { .. })
    ));
    observer.connected(&strip.name);
}

#[test]
fn without_a_listener_the_board_retries_until_it_is_back() {
    let (mut observer, here) = listening(alone());
    let boards = calling(here, 1);
    let before = observer.connected("Desk lamp");
    drop(observer);
    let (mut observer, _) = listening_at(here, alone());
    let lamp = observer.until("it is back", AGAIN, |seen| {
        seen.board("Desk lamp")
            .filter(|board| board.link == LinkState::Connected)
            .cloned()
    });
    assert_eq!(lamp.id, before.id);
    // A board that lost power connects again, whatever the state of its old
    // connection.
    boards.stop("Desk lamp").expect("stopped");
    observer.until("its call has ended", SOON, |seen| {
        let waits = |problem: &LinkProblem| matches!(problem, LinkProblem::AwaitingInbound(_));
        match &seen.board("Desk lamp")?.link {
            LinkState::Unreachable {
                problem,
                retry_at: None,
            } if waits(problem) => Some(()),
            _ => None,
        }
    });
    boards.start_again("Desk lamp").expect("started");
    observer.connected("Desk lamp");
}

#[test]
fn a_board_whose_outbound_connection_is_disabled_is_gone_until_it_is_enabled() {
    let (mut observer, here) = listening(alone());
    let boards = calling(here, 1);
    let first = observer.connected("Desk lamp").inbound_from;
    boards.call("Desk lamp", None).expect("told");
    observer.until("it is gone", SOON, |seen| {
        matches!(seen.board("Desk lamp")?.link, LinkState::Unreachable { .. }).then_some(())
    });
    boards.call("Desk lamp", Some(url(here))).expect("told");
    let again = observer.connected("Desk lamp").inbound_from;
    assert!(first != again && again.is_some());
}

#[test]
fn a_locked_board_that_connects_is_used_only_with_its_key() {
    let locked = boards(Profile::Lamp, 1);
    let held: Key = locked
        .add_key("Desk lamp", "A test", Role::Control)
        .expect("a key")
        .parse()
        .expect("its text");
    let with = |key: &Key| FleetSettings {
        keys: Some([key.clone()].into_iter().collect()),
        ..alone()
    };
    let (mut observer, here) = listening(with(&held));
    locked.call("Desk lamp", Some(url(here))).expect("told");
    let lamp = observer.connected("Desk lamp");
    assert_eq!(lamp.lock(), Lock::Unlocked(Role::Control));
    let (answer, answered) = reply();
    observer.fleet.toggle(lamp.key, &key("light:0"), answer);
    assert!(matches!(
        answered.recv_timeout(SOON),
        Ok(Outcome::Done { .. })
    ));
    let frames = lamp.frames.since(0);
    assert!(frames.iter().any(|frame| frame.encrypted));
    // With another secret it refuses. That is reported but not trusted, because
    // anyone who connects can claim it.
    let (mut stranger, there) = listening(with(&Key {
        psk: Psk::new([7; 32]),
        ..held.clone()
    }));
    locked.call("Desk lamp", Some(url(there))).expect("told");
    stranger.until("it refuses the key", AGAIN, |seen| {
        let link = &seen.board(&held.board)?.link;
        let refused = LinkProblem::AwaitingInbound(LinkProblem::WrongKey.to_string());
        (*link
            == LinkState::Unreachable {
                problem: refused,
                retry_at: None,
            })
        .then_some(())
    });
    // Without a key it reveals only its id.
    let (mut keyless, elsewhere) = listening(alone());
    locked
        .call("Desk lamp", Some(url(elsewhere)))
        .expect("told");
    let lamp = keyless.until("it is locked", SOON, |seen| {
        let board = seen.board(&held.board)?;
        matches!(
            board.link,
            LinkState::Unreachable {
                problem: LinkProblem::Locked,
                ..
            }
        )
        .then(|| board.clone())
    });
    assert_eq!(
        (lamp.lock(), lamp.components.len(), lamp.info.is_some()),
        (Lock::NoKey, 0, false)
    );
    keyless.fleet.give_key(held, None);
    keyless.until("with the key it is let in", AGAIN, |seen| {
        (seen.board("Desk lamp")?.link == LinkState::Connected).then_some(())
    });
}

#[test]
fn a_found_board_that_connects_is_one_entry_and_the_inbound_connection_is_its_link() {
    let service = private_service();
    let lookout = Lookout::only(&service, Interfaces::Loopback);
    let (mut observer, here) = listening(FleetSettings {
        discovery: Some(lookout),
        ..FleetSettings::default()
    });
    let options = Options {
        profile: Profile::Lamp,
        service,
        ..Options::default()
    };
    let boards = VirtualBoards::start(options).expect("a board");
    let found = observer.connected("Desk lamp");
    assert_eq!((found.inbound_from, found.inbound_only), (None, false));
    boards.call("Desk lamp", Some(url(here))).expect("told");
    let called = observer.until("its call is the link", SOON, |seen| {
        seen.board("Desk lamp")
            .filter(|board| board.inbound_from.is_some() && board.link == LinkState::Connected)
            .cloned()
    });
    assert_eq!(
        (called.key, &*called.address, observer.boards.len()),
        (found.key, &*found.address, 1)
    );
    assert!(!called.inbound_only);
    // With its outbound connection disabled, it is connected to as before.
    boards.call("Desk lamp", None).expect("told");
    observer.until("it is connected to", AGAIN, |seen| {
        let board = seen.board("Desk lamp")?;
        (board.inbound_from.is_none() && board.link == LinkState::Connected).then_some(())
    });
}

#[test]
fn a_false_claim_does_not_take_the_link_of_a_working_board() {
    let boards = boards(Profile::Lamp, 1);
    let (mut observer, here) = listening(FleetSettings {
        addresses: vec![address(&boards)],
        ..alone()
    });
    let lamp = observer.connected("Desk lamp");
    let id = lamp.id.clone().expect("an id");
    let mut request = format!("ws://{here}/")
        .into_client_request()
        .expect("a request");
    request
        .headers_mut()
        .insert("Switchboard-Id", id.parse().expect("a value"));
    let (mut impostor, _) = tungstenite::connect(request).expect("it is let in");
    let said = impostor.read().expect("an end");
    let Message::Close(Some(why)) = said else {
        panic!("{said:?} instead of a close frame")
    };
    assert_eq!(u16::from(why.code), 1013);
    assert!(observer.connected("Desk lamp").inbound_from.is_none());
}

#[test]
fn a_web_page_and_a_board_without_a_name_are_refused() {
    let (_observer, here) = listening(alone());
    let status = |fields: &[(&'static str, &str)]| {
        let mut request = format!("ws://{here}/")
            .into_client_request()
            .expect("a request");
        for (name, value) in fields {
            request
                .headers_mut()
                .insert(*name, value.parse().expect("a value"));
        }
        let stream = std::net::TcpStream::connect(here).expect("a connection");
        match tungstenite::client(request, stream) {
            Err(HandshakeError::Failure(tungstenite::Error::Http(response))) => {
                response.status().as_u16()
            }
            Ok(_) => 101,
            Err(other) => panic!("{other:?}"),
        }
    };
    assert_eq!(
        status(&[("Switchboard-Id", "lamp-1"), ("Origin", "http://127.0.0.1")]),
        403
    );
    assert_eq!(status(&[]), 400);
    assert_eq!(status(&[("Switchboard-Id", "Not an id")]), 400);
    assert_eq!(status(&[("Switchboard-Id", "lamp-1")]), 101);
}

#[test]
fn a_port_in_use_is_reported_and_boards_are_disconnected_when_listening_stops() {
    let taken = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let address = taken.local_addr().expect("an address");
    let mut observer = Observer::new(FleetSettings {
        listen: Some(address),
        ..alone()
    });
    observer.until("it says why", SOON, |seen| {
        let listening = &seen.status.listening;
        matches!(listening, Listening::Failed { address: at, .. } if *at == address).then_some(())
    });
    observer.fleet.listen(Some((Ipv4Addr::LOCALHOST, 0).into()));
    let here = observer.until("it listens", SOON, |seen| match seen.status.listening {
        Listening::At(address) => Some(address),
        _ => None,
    });
    let _boards = calling(here, 1);
    observer.connected("Desk lamp");
    observer.fleet.listen(None);
    observer.until("it is let go", SOON, |seen| {
        let link = &seen.board("Desk lamp")?.link;
        (seen.status.listening == Listening::Off
            && matches!(
                link,
                LinkState::Unreachable {
                    problem: LinkProblem::NotListening,
                    ..
                }
            ))
        .then_some(())
    });
    observer.fleet.listen(Some(here));
    observer.until("it is back", AGAIN, |seen| {
        (seen.board("Desk lamp")?.link == LinkState::Connected).then_some(())
    });
}

#[test]
fn the_window_enables_outbound_connections_and_shows_the_board_as_inbound() {
    let boards = boards(Profile::Lamp, 1);
    let mut desktop = Desktop::open(&[address(&boards)]);
    desktop.until("the page", |window| {
        window.query_by_label("Light").map(|_| ())
    });
    desktop.click("Add board");
    desktop.click("Accept connections…");
    desktop
        .window
        .key_press_modifiers(Modifiers::COMMAND, Pressed::A);
    desktop.window.step();
    desktop
        .window
        .get_by_role_and_label(Widget::TextInput, "Listen address")
        .type_text("127.0.0.1:0");
    desktop.click("Listen");
    desktop.shows_about("Accepting inbound connections at 127.0.0.1:");
    desktop.click("More");
    desktop.until("the entry", |window| {
        window
            .query_by_role_and_label(Widget::MenuItem, "Outbound connection…")
            .map(|entry| entry.click())
    });
    desktop.click("Apply");
    desktop.shows("link: inbound");
    desktop.shows_about("Desk lamp: connected, inbound");
    drop(boards);
    desktop.shows_about("Unreachable");
}

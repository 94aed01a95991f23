//! Locked boards over real sockets: a fleet with the right key, a wrong one and
//! none, keys that are revoked while in use, and programs that speak plain JSON
//! through the proxy.

use std::{
    sync::mpsc::channel,
    time::{Duration, Instant},
};

use disk::keys::Store;
use eframe::egui::accesskit::Role as Widget;
use egui_kittest::kittest::{NodeT, Queryable};
use engine::Settings;
use fleet::{Candidates, Content, LinkProblem, LinkState, Lock, Outcome};
use noise::{Key, KeyId, Psk, Role};
use pairing::{PairProblem, Pairing, Progress, Wanted};
use protocol::{Object, method};
use proxy::{self, Proxy, ProxyError};
use serde_json::json;
use tungstenite::{Message, client::IntoClientRequest, handshake::HandshakeError, http::header};
use virtual_board::{Options, Profile, VirtualBoards};

use crate::{
    desk::{
        Observer, SOON, address, boards, component_of, key, on, private_service, reply, transport,
        wire::Wire,
    },
    window::Desktop,
};

const TOKEN: &str = "a-token-for-tests";

/// A locked lamp and its key.
fn locked(role: Role) -> (VirtualBoards, Key) {
    let boards = boards(Profile::Lamp, 1);
    let key = made(&boards, role);
    (boards, key)
}

/// A key created at the board.
fn made(boards: &VirtualBoards, role: Role) -> Key {
    let text = boards.add_key("Desk lamp", "A test", role).expect("a key");
    text.parse().expect("a key's text")
}

fn holding(boards: &VirtualBoards, key: &Key) -> Observer {
    let keys = Some([key.clone()].into_iter().collect());
    Observer::new(Settings {
        discovery: None,
        addresses: vec![address(boards)],
        keys,
        ..Settings::default()
    })
}

/// The same key with another secret.
fn forged(key: &Key) -> Key {
    Key {
        psk: Psk::new([7; 32]),
        ..key.clone()
    }
}

/// Why there is no link, and whether it is retried within half a minute.
fn problem(seen: &Observer) -> Option<(LinkProblem, bool)> {
    let soon =
        |at: &Instant| at.saturating_duration_since(Instant::now()) < Duration::from_secs(30);
    match &seen.boards.values().next()?.link {
        LinkState::Unreachable { problem, retry_at } => {
            Some((problem.clone(), retry_at.as_ref().is_some_and(soon)))
        }
        _ => None,
    }
}

#[test]
fn with_a_control_key_a_locked_board_works_like_any_other_and_its_frames_are_decrypted() {
    let (boards, held) = locked(Role::Control);
    let mut observer = holding(&boards, &held);
    let lamp = observer.connected("Desk lamp");
    assert_eq!(
        (lamp.lock(), lamp.id.as_deref()),
        (Lock::Unlocked(Role::Control), Some(held.board.as_str()))
    );
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
    let frames = lamp.frames.since(0);
    let text = |content: &Content| match content {
        Content::Text(text) => Some(text.to_string()),
        _ => None,
    };
    let set = frames
        .iter()
        .find(|frame| text(&frame.content).is_some_and(|text| text.contains("Light.Set")));
    assert!(set.is_some_and(|frame| frame.encrypted));
}

#[test]
fn a_key_created_by_a_board_is_sent_only_to_the_requester() {
    let (boards, held) = locked(Role::Control);
    let mut observer = holding(&boards, &held);
    let lamp = observer.connected("Desk lamp");
    let (answer, answered) = reply();
    let params = Object::from_iter([
        ("name".into(), json!("Guest")),
        ("role".into(), json!("view")),
    ]);
    observer
        .fleet
        .call(lamp.key, method::KEYS_ADD, params, answer);
    let Ok(Outcome::Done { result, .. }) = answered.recv_timeout(SOON) else {
        panic!("it was not made")
    };
    let made: Key = result["key"]
        .as_str()
        .and_then(|text| text.parse().ok())
        .expect("a key");
    assert_eq!(
        (made.board.as_str(), made.role),
        (held.board.as_str(), Role::View)
    );
    observer.until("the command is in the log", SOON, |seen| {
        seen.log
            .iter()
            .any(|entry| format!("{:?}", entry.what).contains("Keys.Add"))
            .then_some(())
    });
    let secret = made
        .to_text()
        .rsplit(':')
        .next()
        .expect("a secret")
        .to_owned();
    assert!(!format!("{:?}", lamp.frames.since(0)).contains(&secret));
    assert!(!format!("{:?}", observer.log).contains(&secret));
}

#[test]
fn with_a_view_key_everything_is_shown_and_nothing_can_be_changed() {
    let (boards, _) = locked(Role::Control);
    let held = made(&boards, Role::View);
    let mut observer = holding(&boards, &held);
    let lamp = observer.connected("Desk lamp");
    assert_eq!(lamp.lock(), Lock::Unlocked(Role::View));
    let (answer, answered) = reply();
    observer
        .fleet
        .set(lamp.key, &key("light:0"), on(true), answer);
    let Ok(Outcome::Refused(error)) = answered.recv_timeout(SOON) else {
        panic!("it was not refused")
    };
    assert_eq!(error.data.reason, "view_only");
    let was_on = component_of(&lamp, "light:0")
        .expect("a light")
        .reported
        .on()
        .expect("known");
    boards
        .press("Desk lamp", &key("button:0"), "press")
        .expect("pressed");
    observer.shows("Desk lamp", "light:0", |light| light.on() == Some(!was_on));
}

#[test]
fn without_a_key_a_board_reveals_only_its_id_and_a_key_connects_it_at_once() {
    let (boards, held) = locked(Role::Control);
    let mut observer = Observer::of(&[&address(&boards)]);
    observer.until("it is locked", SOON, |seen| {
        (problem(seen)? == (LinkProblem::Locked, false)).then_some(())
    });
    let board = observer.boards.values().next().expect("a board").clone();
    assert_eq!(
        (board.id.as_deref(), board.lock(), board.components.len()),
        (Some(held.board.as_str()), Lock::NoKey, 0)
    );
    observer.fleet.give_key(held.clone(), None);
    observer.connected("Desk lamp");
    observer.fleet.forget_key(&held.board);
    observer.until("it is locked again", SOON, |seen| {
        (problem(seen)? == (LinkProblem::Locked, false)).then_some(())
    });
}

#[test]
fn a_locked_board_is_found_by_mdns_and_connected_with_its_key() {
    let service = private_service();
    let options = Options {
        profile: Profile::Lamp,
        service: service.clone(),
        ..Options::default()
    };
    let boards = VirtualBoards::start(options).expect("virtual boards");
    let held = made(&boards, Role::Control);
    let mut observer = Observer::finding(&service);
    observer.fleet.give_key(held.clone(), None);
    let lamp = observer.connected("Desk lamp");
    assert_eq!(lamp.id.as_deref(), Some(held.board.as_str()));
    assert_eq!(lamp.lock(), Lock::Unlocked(Role::Control));
}

#[test]
fn a_wrong_key_makes_retries_rare_until_another_is_added() {
    let (boards, held) = locked(Role::Control);
    let mut observer = holding(&boards, &forged(&held));
    observer.until("it refuses the key", SOON, |seen| {
        (problem(seen)? == (LinkProblem::WrongKey, false)).then_some(())
    });
    observer.fleet.give_key(held, None);
    observer.connected("Desk lamp");
}

#[test]
fn revoking_a_key_in_use_ends_the_link_and_asks_the_user() {
    let (boards, held) = locked(Role::Control);
    let guest = made(&boards, Role::Control);
    let mut observer = holding(&boards, &guest);
    observer.connected("Desk lamp");
    let mut owner = holding(&boards, &held);
    let lamp = owner.connected("Desk lamp");
    let (answer, answered) = reply();
    let params = Object::from_iter([("kid".into(), json!(guest.kid.to_string()))]);
    owner
        .fleet
        .call(lamp.key, method::KEYS_REMOVE, params, answer);
    assert!(matches!(
        answered.recv_timeout(SOON),
        Ok(Outcome::Done { .. })
    ));
    observer.until("its key is worthless", 2 * SOON, |seen| {
        (problem(seen)? == (LinkProblem::WrongKey, false)).then_some(())
    });
    owner.connected("Desk lamp");
}

#[test]
fn an_open_board_with_the_id_of_a_locked_one_receives_nothing() {
    let boards = boards(Profile::Lamp, 1);
    let board = boards.list()[0].id.clone();
    let held = Key {
        board,
        kid: KeyId([1; 4]),
        role: Role::Control,
        psk: Psk::new([2; 32]),
    };
    let mut observer = holding(&boards, &held);
    let expected = LinkProblem::NotLocked {
        board: held.board.clone(),
    };
    observer.until("it is not believed", SOON, |seen| {
        (problem(seen)? == (expected.clone(), false)).then_some(())
    });
    assert!(
        observer
            .boards
            .values()
            .all(|board| board.info.is_none() && board.components.is_empty())
    );
    observer.fleet.forget_key(&held.board);
    observer.connected("Desk lamp");
}

#[test]
fn no_board_is_connected_before_the_keys_are_loaded() {
    let (boards, held) = locked(Role::Control);
    let addresses = vec![address(&boards)];
    let mut observer = Observer::new(Settings {
        discovery: None,
        addresses,
        keys: None,
        ..Settings::default()
    });
    observer.until("it waits", SOON, |seen| {
        (problem(seen)? == (LinkProblem::KeysPending, false)).then_some(())
    });
    observer.fleet.hold_keys([held].into_iter().collect());
    observer.connected("Desk lamp");
}

/// The code that the board shows once the controller's nonce has arrived.
fn code_at(boards: &VirtualBoards) -> String {
    let end = Instant::now() + SOON;
    loop {
        if let Some(code) = boards.pairing_code("Desk lamp") {
            return code;
        }
        assert!(Instant::now() < end, "the board never shows a code");
        std::thread::yield_now();
    }
}

/// Requests a key from this board without storing it.
fn pairs(
    boards: &VirtualBoards,
    chosen: Option<&str>,
) -> (Pairing, std::sync::mpsc::Receiver<Progress>) {
    let (tell, told) = channel();
    let board = chosen.map(str::to_owned);
    let wanted = Wanted {
        addresses: given(boards),
        board,
        store: Store::nowhere(),
        replace: false,
    };
    let pairing = Pairing::begin(wanted, move |progress| drop(tell.send(progress))).expect("begun");
    (pairing, told)
}

#[test]
fn a_board_is_paired_with_a_code_that_both_sides_confirm() {
    transport();
    let boards = boards(Profile::Lamp, 1);
    let id = boards.list()[0].id.clone();
    let (_pairing, told) = pairs(&boards, Some(&id));
    assert!(matches!(
        told.recv_timeout(SOON),
        Ok(Progress::Failed(PairProblem::Closed))
    ));
    boards.open_pairing("Desk lamp").expect("opened");
    let (pairing, told) = pairs(&boards, Some(&id));
    let Ok(Progress::Code { board, code }) = told.recv_timeout(SOON) else {
        panic!("no code")
    };
    assert_eq!((board, code_at(&boards)), (id, code));
    boards
        .press("Desk lamp", &key("button:0"), "press")
        .expect("pressed");
    assert!(matches!(told.recv_timeout(SOON), Ok(Progress::Confirmed)));
    // The codes are not compared yet, so the board is still open.
    Observer::of(&[&address(&boards)]).connected("Desk lamp");
    pairing.codes_match();
    let Ok(Progress::Paired(held)) = told.recv_timeout(SOON) else {
        panic!("no key")
    };
    holding(&boards, &held).connected("Desk lamp");
}

#[test]
fn a_board_other_than_the_selected_one_is_not_paired() {
    let boards = boards(Profile::Lamp, 1);
    boards.open_pairing("Desk lamp").expect("opened");
    let (_pairing, told) = pairs(&boards, Some("sb-other"));
    let Ok(Progress::Failed(PairProblem::AnotherBoard { expected, found })) =
        told.recv_timeout(SOON)
    else {
        panic!("it was asked")
    };
    assert_eq!(
        (expected.as_str(), found),
        ("sb-other", boards.list()[0].id.clone())
    );
    assert_eq!(boards.pairing_code("Desk lamp"), None);
}

/// A proxy to the board, and its address.
fn proxy(boards: &VirtualBoards, key: &Key) -> (Proxy, String) {
    let listen = "127.0.0.1:0".parse().expect("an address");
    let token = TOKEN.parse().expect("a token");
    let settings = proxy::Settings {
        listen,
        token,
        board: address(boards),
        key: key.clone(),
    };
    let proxy = Proxy::start(settings).expect("a proxy");
    let address = proxy.address().to_string();
    (proxy, address)
}

/// The proxy's response to an opening handshake.
fn knock(address: &str, path: &str, headers: &[(header::HeaderName, &str)]) -> u16 {
    let mut request = format!("ws://{address}{path}")
        .into_client_request()
        .expect("a request");
    for (name, value) in headers {
        request
            .headers_mut()
            .insert(name.clone(), value.parse().expect("a header"));
    }
    let stream = std::net::TcpStream::connect(address).expect("the proxy listens");
    match tungstenite::client(request, stream) {
        Ok((_, response)) => response.status().as_u16(),
        Err(HandshakeError::Failure(tungstenite::Error::Http(response))) => {
            response.status().as_u16()
        }
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_plain_json_client_uses_a_locked_board_through_the_proxy() {
    let (boards, held) = locked(Role::Control);
    let (_proxy, at) = proxy(&boards, &held);
    let path = format!("/rpc?token={TOKEN}");
    let mut client = Wire::request(&at, &path, &["switchboard.v1"]).expect("let in");
    assert_eq!(
        client.call("Device.GetInfo", json!({}))["result"]["id"],
        held.board.as_str()
    );
    let mut other = Wire::request(&at, &path, &[]).expect("let in");
    let was_on = client.call("Device.Subscribe", json!({}))["result"]["light:0"]["on"]
        .as_bool()
        .expect("known");
    other.call("Light.Set", json!({ "id": 0, "on": !was_on }));
    client.until("the change is pushed", |message| {
        message["params"]["light:0"]["on"] == !was_on
    });
    let error = client.call("Light.Explode", json!({}));
    assert_eq!(error["error"]["code"], -32601);
    client.socket.send(Message::binary(vec![1])).expect("sent");
    client.until_closed(1003);
    assert_eq!(other.call("Sys.Ping", json!({}))["error"], json!(null));
}

#[test]
fn the_proxy_requires_its_token_and_admits_no_web_page() {
    let (boards, held) = locked(Role::Control);
    let (_proxy, at) = proxy(&boards, &held);
    let bearer = format!("Bearer {TOKEN}");
    let with_token = format!("/?token={TOKEN}");
    assert_eq!(knock(&at, "/", &[(header::AUTHORIZATION, &bearer)]), 101);
    assert_eq!(knock(&at, "/", &[]), 401);
    assert_eq!(knock(&at, "/?token=another-token", &[]), 401);
    assert_eq!(
        knock(&at, &with_token, &[(header::ORIGIN, "http://localhost")]),
        403
    );
    let anywhere = proxy::Settings {
        listen: "0.0.0.0:0".parse().expect("an address"),
        token: TOKEN.parse().expect("a token"),
        board: address(&boards),
        key: held,
    };
    assert!(matches!(
        Proxy::start(anywhere),
        Err(ProxyError::NotLoopback(_))
    ));
}

#[test]
fn the_proxy_reports_why_there_is_no_connection_to_the_board() {
    let (boards, held) = locked(Role::Control);
    let (_proxy, at) = proxy(&boards, &forged(&held));
    let mut client = Wire::request(&at, &format!("/?token={TOKEN}"), &[]).expect("let in");
    assert_eq!(client.json()["error"]["data"]["reason"], "wrong_key");
    client.until_closed(1008);
}

#[test]
fn the_window_unlocks_a_board_with_a_pasted_key() {
    let (boards, held) = locked(Role::Control);
    let mut desktop = Desktop::open(&[address(&boards)]);
    desktop.shows_about("locked, no key");
    desktop.click("Enter key…");
    let field = |desktop: &mut Desktop, text: &str| {
        desktop.until("the field", |window| {
            window
                .query_by_role_and_label(Widget::PasswordInput, "Key")
                .map(|_| ())
        });
        desktop
            .window
            .get_by_role_and_label(Widget::PasswordInput, "Key")
            .type_text(text);
        desktop.window.step();
    };
    field(&mut desktop, "switchboard-key:1:nonsense");
    desktop.click("Unlock");
    desktop.shows_about("A key is one line");
    desktop.click("Cancel");
    desktop.click("Enter key…");
    field(&mut desktop, &held.to_text());
    desktop.click("Unlock");
    desktop.shows_about("locked: Encrypted");
    desktop.shows("1 connected");
}

#[test]
fn the_window_pairs_with_a_board() {
    let (boards, _) = locked(Role::Control);
    let mut desktop = Desktop::open(&[address(&boards)]);
    desktop.click("Pair…");
    desktop.click("Pair");
    desktop.shows_about("not in pairing mode");
    let code = |desktop: &mut Desktop| {
        desktop.until("the code", |window| {
            let shown = window.query_all_by_label_contains("Code: ").next()?;
            let label = shown
                .accesskit_node()
                .label()
                .or_else(|| shown.accesskit_node().value())?;
            label
                .strip_prefix("Code: ")
                .and_then(|rest| rest.get(..7))
                .map(str::to_owned)
        })
    };
    boards.open_pairing("Desk lamp").expect("opened");
    desktop.click("Try again");
    let shown = code(&mut desktop);
    assert_eq!(code_at(&boards), shown);
    desktop.click("Codes differ");
    desktop.shows_about("no key was stored");
    desktop.click("Try again");
    let shown = code(&mut desktop);
    let end = Instant::now() + SOON;
    while code_at(&boards) != shown {
        assert!(Instant::now() < end, "the board shows another code");
    }
    desktop.click("Codes match");
    desktop.shows_about("press the board's button once");
    boards
        .press("Desk lamp", &key("button:0"), "press")
        .expect("pressed");
    desktop.shows("1 connected");
}

fn given(boards: &VirtualBoards) -> Candidates {
    Candidates::given(address(boards).parse().expect("an address"))
}

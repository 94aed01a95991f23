//! Strangers that claim to be boards, in any number, or claim the id of one
//! that exists. Honest boards are found and keep their ids and links, and the
//! user is told.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, channel},
    },
    thread,
    time::{Duration, Instant},
};

use engine::Settings;
use fleet::{BoardView, Fleet, LinkState, Listening, Outcome, Watch};
use noise::{Hello, Key, Role};
use protocol::{Code, RpcError};
use serde_json::{Value, json};
use tungstenite::{Message, WebSocket, client::IntoClientRequest};
use virtual_board::{Options, Profile, VirtualBoards};

use crate::{
    SOON,
    announcements::Liar,
    pretender::{Pretender, info},
    process::{Victim, print},
    to_the_app::{Stage, private_service},
};

/// A controller in this process, which is told of every change.
struct Onlooker {
    fleet: Fleet,
    watch: Watch,
    woken: Receiver<()>,
    boards: std::collections::BTreeMap<fleet::BoardKey, Arc<BoardView>>,
    listens: Option<SocketAddr>,
}

impl Onlooker {
    fn new(settings: Settings) -> Self {
        let fleet = engine::start(settings).expect("a fleet");
        let (wake, woken) = channel();
        let watch = fleet.watch(move |_| {
            // At the end the receiver is gone.
            let _ = wake.send(());
        });
        Self {
            fleet,
            watch,
            woken,
            boards: std::collections::BTreeMap::new(),
            listens: None,
        }
    }

    /// Polls until `find` returns a value.
    fn until<T>(&mut self, what: &str, find: impl Fn(&Self) -> Option<T>) -> T {
        let end = Instant::now() + SOON;
        loop {
            let changes = self.watch.drain();
            self.boards
                .extend(changes.boards.into_iter().map(|board| (board.key, board)));
            self.boards
                .retain(|key, _| !changes.forgotten.contains(key));
            if let Some(Listening::At(address)) = changes.status.map(|status| status.listening) {
                self.listens = Some(address);
            }
            if let Some(found) = find(self) {
                return found;
            }
            let shown = || {
                let boards = self.boards.values();
                boards
                    .map(|it| format!("{:?} at {}: {:?}", it.id, it.address, it.link))
                    .collect::<Vec<_>>()
            };
            let left = end.saturating_duration_since(Instant::now());
            assert!(
                self.woken.recv_timeout(left).is_ok(),
                "never: {what}; shown: {:#?}",
                shown()
            );
        }
    }

    fn board(&self, id: &str) -> Option<&Arc<BoardView>> {
        self.boards
            .values()
            .find(|board| board.id.as_deref() == Some(id))
    }

    fn connected(&mut self, id: &str) -> Arc<BoardView> {
        let connected = |board: &&Arc<BoardView>| board.link == LinkState::Connected;
        self.until(&format!("{id} is connected"), |seen| {
            seen.board(id).filter(connected).cloned()
        })
    }
}

/// Connects to a controller that listens, as the board with this id.
fn connect(to: SocketAddr, id: &str, locked: bool) -> Option<WebSocket<TcpStream>> {
    let mut request = format!("ws://{to}/")
        .into_client_request()
        .expect("a request");
    request
        .headers_mut()
        .insert("Switchboard-Id", id.parse().expect("a value"));
    if locked {
        let suite = "Noise_NNpsk0_25519_ChaChaPoly_SHA256"
            .parse()
            .expect("a value");
        request
            .headers_mut()
            .insert("Switchboard-Encryption", suite);
    }
    let stream = TcpStream::connect(to).ok()?;
    stream.set_read_timeout(Some(SOON)).ok()?;
    tungstenite::client(request, stream)
        .ok()
        .map(|(socket, _)| socket)
}

/// The highest number of a field in what the app said.
fn most(said: &[Value], field: &str) -> u64 {
    let numbers = said.iter().filter_map(|line| line[field].as_u64());
    numbers.max().unwrap_or_default()
}

#[test]
fn a_board_announced_after_six_thousand_false_ones_is_found() {
    let mut stage = Stage::set();
    let liar = Liar::of(&stage.service);
    let begun = Instant::now();
    // More where a busy machine loses some of the packets: the list has to
    // fill.
    for number in 0..20_000_u32 {
        stage.said.extend(stage.app.said());
        if number >= 6_600 && most(&stage.said, "met") > 4_200 {
            break;
        }
        // Half of them at one address, half at one address each. Nothing
        // listens there.
        let [_, _, high, low] = number.to_be_bytes();
        let ip = if number.is_multiple_of(2) {
            Ipv4Addr::LOCALHOST
        } else {
            Ipv4Addr::new(127, 9, high, low)
        };
        let id = format!("sb-lie-{number}");
        liar.announce_as(&id, &id, b"Desk lamp", (ip, 9), "");
        thread::sleep(
            (begun + number * Duration::from_secs(15) / 6_600)
                .saturating_duration_since(Instant::now()),
        );
    }
    let options = Options {
        profile: Profile::Weather,
        service: stage.service.clone(),
        seed: Some(4_711),
        ..Options::default()
    };
    let late = VirtualBoards::start(options).expect("a board");
    let address = late.list()[0].address.to_string();
    let started = Instant::now();
    stage.shows(&address, |shown| shown["link"] == "connected");
    let found = started.elapsed();
    let (met, listed) = (most(&stage.said, "met"), most(&stage.said, "boards"));
    let told = format!(
        "{met} met, {listed} listed at most; the late board connected in {} ms",
        found.as_millis()
    );
    print(
        "6,600 boards announced in 15 s, then an honest one",
        stage.app.used(),
        &told,
    );
    assert!(met > 4_200, "{met} are too few to fill a list");
    stage.press();
}

#[test]
fn a_board_that_connects_after_four_thousand_false_ones_is_seen() {
    let (mut app, here) = Victim::fleet_that_listens(&private_service());
    app.measure_from_now();
    let begun = Instant::now();
    let mut kept = Vec::new();
    for number in 0..4_200 {
        let socket = connect(here, &format!("sb-lie-{number}"), number % 3 == 0);
        // Some disconnect at once, some stay and send nothing.
        kept.extend(socket.filter(|_| number % 10 == 0));
    }
    let took = begun.elapsed();
    let call = Some(format!("ws://{here}/").parse().expect("an address"));
    let options = Options {
        profile: Profile::Lamp,
        mdns: false,
        call,
        ..Options::default()
    };
    let honest = VirtualBoards::start(options).expect("a board");
    let id = honest.list()[0].id.clone();
    let started = Instant::now();
    app.hears("that the honest board is connected", |told| {
        told["id"] == *id && told["link"] == "connected"
    });
    let told = format!(
        "4,200 in {:.1} s; the honest board connected in {} ms",
        took.as_secs_f64(),
        started.elapsed().as_millis()
    );
    print(
        "4,200 ids claimed by inbound connections, then an honest board",
        app.used(),
        &told,
    );
}

#[test]
fn a_fake_board_that_was_known_first_cannot_take_the_id_of_a_connected_board() {
    let options = Options {
        profile: Profile::Lamp,
        mdns: false,
        ..Options::default()
    };
    let honest = VirtualBoards::start(options).expect("a board");
    let (id, address) = (
        honest.list()[0].id.clone(),
        honest.list()[0].address.to_string(),
    );
    let (go, victim) = (Arc::new(AtomicBool::new(false)), id.clone());
    let gone = Arc::clone(&go);
    let stranger = Pretender::that(move |wire| {
        let mut own = info("Stranger");
        own["id"] = json!("sb-stranger");
        let mut false_info = info("Desk lamp");
        (false_info["id"], false_info["epoch"]) = (json!(victim), json!("0badc0de"));
        if gone.load(Ordering::Relaxed) {
            // It reconnected: from the start it claims to be the other board.
            wire.introduce_as(&false_info)?;
        } else {
            wire.introduce_as(&own)?;
            while !gone.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(5));
            }
            // A new run of the board, with the other board's identity.
            let params = json!({
                "epoch": "0badc0de", "prev": 0, "seq": 1, "uptime_ms": 1,
                "sensor:0": { "value": 2 },
            });
            wire.text(
                json!({ "jsonrpc": "2.0", "method": "NotifyStatus", "params": params }).to_string(),
            )?;
            wire.introduce_as(&false_info)?;
        }
        while wire.request().is_some() {}
        None
    });
    let settings = Settings {
        discovery: None,
        addresses: vec![stranger.address.clone()],
        ..Settings::default()
    };
    let mut onlooker = Onlooker::new(settings);
    let older = onlooker.connected("sb-stranger");
    let given = onlooker.fleet.add_address(&address).expect("an address");
    let board = onlooker.connected(&id);
    assert!(older.key < board.key && board.key == given);
    go.store(true, Ordering::Relaxed);
    let claimed = onlooker.until("the person is told", |seen| {
        let board = seen.board(&id).expect("the honest board is still there");
        assert_eq!(
            (board.link.clone(), board.key),
            (LinkState::Connected, given),
            "its link was ended"
        );
        board.claims.first().cloned()
    });
    assert_eq!(claimed.address, stranger.address);
    // Its messages have no effect: the honest board is shown under its id.
    honest
        .press("Desk lamp", &"button:0".parse().expect("a key"), "press")
        .expect("pressed");
    onlooker.until("the honest board's own push", |seen| {
        let pressed = seen
            .board(&id)?
            .components
            .iter()
            .any(|component| component.last_event.is_some());
        pressed.then_some(())
    });
    let of_stranger = onlooker
        .boards
        .get(&older.key)
        .expect("the stranger stays an entry of its own");
    assert!(
        of_stranger.id.as_deref() != Some(&*id)
            && matches!(
                of_stranger.link,
                LinkState::Unreachable { .. } | LinkState::Connecting
            )
    );
}

#[test]
fn two_boards_that_announce_the_same_id_are_reported_and_the_connected_one_stays() {
    let mut stage = Stage::set();
    let pretender = Pretender::that(|wire| {
        wire.introduce("Desk lamp")?;
        while wire.request().is_some() {}
        None
    });
    let liar = Liar::of(&stage.service);
    let (id, there) = (
        stage.id.clone(),
        pretender.address.parse::<SocketAddr>().expect("an address"),
    );
    let honest = stage.honest.list()[0].address.to_string();
    for (label, pair) in [
        ("twin", ""),
        ("twin two", "proto=99"),
        ("twin three", "api_encryption=Noise_X"),
    ] {
        liar.announce_as(
            label,
            &id,
            b"Kitchen",
            (Ipv4Addr::LOCALHOST, there.port()),
            pair,
        );
        thread::sleep(Duration::from_millis(200));
    }
    let shown = stage.shows(&honest, |shown| {
        shown["claims"]
            .as_array()
            .is_some_and(|claims| !claims.is_empty())
    });
    assert_eq!(
        (&shown["claims"][0], &shown["link"]),
        (&json!(pretender.address), &json!("connected"))
    );
    assert_eq!(
        (&shown["name"], &shown["lock"]),
        (&json!("Desk lamp"), &json!("Open")),
        "an announcement says nothing of it"
    );
    // When its link ends while it is announced as before, it is connected to
    // again, whatever else was announced last.
    let mut other = Onlooker::new(Settings {
        discovery: None,
        addresses: vec![honest.clone()],
        ..Settings::default()
    });
    let board = other.connected(&id);
    let (tell, told) = channel();
    let list = protocol::method::CLIENTS_LIST;
    other.fleet.call(
        board.key,
        list,
        protocol::Object::new(),
        Some(Box::new(move |outcome| drop(tell.send(outcome)))),
    );
    let Ok(Outcome::Done { result, .. }) = told.recv_timeout(SOON) else {
        panic!("no list of clients")
    };
    let clients = result["clients"].as_array().expect("clients").iter();
    let ids = clients
        .filter_map(|client| client["id"].as_u64())
        .filter(|id| Some(*id) != board.client.map(u64::from));
    for client in ids {
        let params = protocol::Object::from_iter([("id".to_owned(), json!(client))]);
        other
            .fleet
            .call(board.key, protocol::method::CLIENTS_CLOSE, params, None);
    }
    stage.shows(&honest, |shown| shown["link"] != "connected");
    let begun = Instant::now();
    stage.shows(&honest, |shown| shown["link"] == "connected");
    let told = format!(
        "told; connected to again within {} ms",
        begun.elapsed().as_millis()
    );
    print(
        "one id announced three times elsewhere, then the link is cut",
        stage.app.used(),
        &told,
    );
}

#[test]
fn refusals_on_inbound_connections_keep_no_locked_board_out() {
    let locked = VirtualBoards::start(Options {
        profile: Profile::Lamp,
        mdns: false,
        ..Options::default()
    });
    let locked = locked.expect("a board");
    let key: Key = locked
        .add_key("Desk lamp", "A test", Role::Control)
        .expect("a key")
        .parse()
        .expect("its text");
    let id = key.board.clone();
    let settings = Settings {
        discovery: None,
        keys: Some([key].into_iter().collect()),
        listen: Some((Ipv4Addr::LOCALHOST, 0).into()),
        ..Settings::default()
    };
    let mut onlooker = Onlooker::new(settings);
    let here = onlooker.until("it listens", |seen| seen.listens);
    let mut slowest = Duration::ZERO;
    for _ in 0..7 {
        let mut spoof = connect(here, &id, true).expect("let in");
        spoof
            .send(Message::binary(Hello::new(&id, [9; 16]).to_bytes()))
            .expect("sent");
        let offer = spoof.read().expect("an offer");
        assert!(matches!(offer, Message::Binary(_)), "{offer:?}");
        let error = RpcError::new(Code::Forbidden, "wrong_key", "no");
        let refusal = json!({ "jsonrpc": "2.0", "id": null, "error": error });
        spoof
            .send(Message::text(refusal.to_string()))
            .expect("sent");
        onlooker.until("the refusal is heard", |seen| {
            match &seen.board(&id)?.link {
                LinkState::Unreachable { retry_at: None, .. } => Some(()),
                _ => None,
            }
        });
        let begun = Instant::now();
        locked
            .call(
                "Desk lamp",
                Some(format!("ws://{here}/").parse().expect("an address")),
            )
            .expect("told");
        onlooker.connected(&id);
        slowest = slowest.max(begun.elapsed());
        locked.call("Desk lamp", None).expect("told");
        onlooker.until("its connection has ended", |seen| {
            matches!(seen.board(&id)?.link, LinkState::Unreachable { .. }).then_some(())
        });
    }
    let slowest = slowest.as_millis();
    let _ = std::io::Write::write_fmt(
        &mut std::io::stderr(),
        format_args!(
            "ROW | wrong_key over 7 inbound connections | the honest board connected 7 of 7 \
                 times, the slowest in {slowest} ms |\n"
        ),
    );
}

#[test]
fn a_peer_that_connects_as_an_open_board_and_claims_to_be_locked_changes_nothing() {
    let options = Options {
        profile: Profile::Lamp,
        mdns: false,
        ..Options::default()
    };
    let honest = VirtualBoards::start(options).expect("a board");
    let (id, address) = (
        honest.list()[0].id.clone(),
        honest.list()[0].address.to_string(),
    );
    let settings = Settings {
        discovery: None,
        addresses: vec![address],
        listen: Some((Ipv4Addr::LOCALHOST, 0).into()),
        ..Settings::default()
    };
    let mut onlooker = Onlooker::new(settings);
    let here = onlooker.until("it listens", |seen| seen.listens);
    onlooker.connected(&id);
    // While it is away, and once it is back.
    honest.stop("Desk lamp").expect("stopped");
    onlooker.until("it is away", |seen| {
        matches!(seen.board(&id)?.link, LinkState::Unreachable { .. }).then_some(())
    });
    for _ in 0..5 {
        drop(connect(here, &id, true));
    }
    honest.start_again("Desk lamp").expect("started");
    let board = onlooker.connected(&id);
    assert_eq!((board.locked, board.inbound_only), (Some(false), false));
    let spoof = connect(here, &id, true).expect("let in");
    onlooker.until("the person is told", |seen| {
        let board = seen.board(&id)?;
        assert_eq!(board.link, LinkState::Connected);
        (!board.claims.is_empty()).then_some(())
    });
    drop(spoof);
}

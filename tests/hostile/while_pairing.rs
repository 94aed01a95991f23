//! Attacks on a board while pairing is open, to get its key or to prevent
//! pairing. The person at the board follows the board's light: a short press if
//! the codes match, two presses if they differ.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
        mpsc::{Receiver, channel},
    },
    thread,
    time::{Duration, Instant},
};

use disk::keys::Store;
use noise::{Hello, Key, PairAnswer, PairOffer, Pairing as BoardsPairing, PairingInitiator};
use pairing::{PairProblem, Pairing, Progress, Wanted};
use tungstenite::{Message, WebSocket};
use virtual_board::{Options, Profile, VirtualBoards};

use crate::{SOON, honest};

const LAMP: &str = "Desk lamp";

fn lamp() -> (VirtualBoards, String, String) {
    let options = Options {
        profile: Profile::Lamp,
        mdns: false,
        ..Options::default()
    };
    let boards = VirtualBoards::start(options).expect("a board");
    let (address, id) = (
        boards.list()[0].address.to_string(),
        boards.list()[0].id.clone(),
    );
    (boards, address, id)
}

fn press(boards: &VirtualBoards, event: &str) {
    boards
        .press(LAMP, &"button:0".parse().expect("a key"), event)
        .expect("pressed");
}

fn fresh<const N: usize>() -> [u8; N] {
    std::array::from_fn(|_| fastrand::u8(..))
}

/// A file for keys that is removed at the end.
struct Keys(PathBuf);

impl Keys {
    fn new(name: &str) -> Self {
        Self(
            std::env::temp_dir().join(format!("switchboard-hostile-{name}-{}", std::process::id())),
        )
    }

    fn store(&self) -> Store {
        Store::of(Some(self.0.clone()))
    }

    fn count(&self) -> usize {
        self.store().load().keys.iter().count()
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// The app, which requests a key.
fn app(address: &str, board: &str, store: Store) -> (Pairing, Receiver<Progress>) {
    let (tell, told) = channel();
    let wanted = Wanted {
        addresses: fleet::Candidates::given(address.parse().expect("an address")),
        board: Some(board.to_owned()),
        store,
        replace: false,
    };
    let pairing =
        Pairing::begin(wanted, move |progress| drop(tell.send(progress))).expect("a thread");
    (pairing, told)
}

/// An attacker that requests a key like a controller, from this local address.
struct Stranger {
    socket: WebSocket<TcpStream>,
    asking: PairingInitiator,
}

impl Stranger {
    fn asks(address: &str, from: Ipv4Addr) -> Option<Self> {
        let to: SocketAddr = address.parse().ok()?;
        let socket =
            socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).ok()?;
        socket
            .bind(&SocketAddr::new(IpAddr::V4(from), 0).into())
            .ok()?;
        socket.connect(&to.into()).ok()?;
        let stream: TcpStream = socket.into();
        stream.set_read_timeout(Some(SOON)).ok()?;
        let (mut socket, _) = tungstenite::client(format!("ws://{address}/pair"), stream).ok()?;
        let Message::Binary(hello) = socket.read().ok()? else {
            return None;
        };
        let (asking, offer) =
            PairingInitiator::new(&Hello::from_bytes(&hello).ok()?, fresh()).ok()?;
        socket.send(Message::binary(offer.to_bytes())).ok()?;
        Some(Self { socket, asking })
    }

    /// Waits for its turn, lets its code be shown, and waits for a key.
    fn waits_for_a_key(mut self) -> Option<Key> {
        let Message::Binary(answer) = self.socket.read().ok()? else {
            return None;
        };
        let mut revealed = self
            .asking
            .receive_answer(&PairAnswer::from_bytes(&answer).ok()?)
            .ok()?;
        self.socket.send(Message::binary(revealed.reveal)).ok()?;
        let Message::Binary(key) = self.socket.read().ok()? else {
            return None;
        };
        revealed.channel.open_text(&key).ok()?.parse().ok()
    }
}

/// The owner pairs while attackers send endless requests from this address.
/// Returns how often pairing was opened, how many turns the attackers had, and
/// how long it took.
fn paired_among_strangers(name: &str, from: Ipv4Addr) -> (u32, u32, Duration) {
    let (boards, address, id) = lamp();
    let keys = Keys::new(name);
    let (over, stolen) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU32::new(0)),
    );
    let strangers: Vec<_> = (0..3)
        .map(|_| {
            let (address, over, stolen) = (address.clone(), Arc::clone(&over), Arc::clone(&stolen));
            thread::spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    match Stranger::asks(&address, from).and_then(Stranger::waits_for_a_key) {
                        Some(_) => drop(stolen.fetch_add(1, Ordering::Relaxed)),
                        None => thread::yield_now(),
                    }
                }
            })
        })
        .collect();
    let begun = Instant::now();
    let (mut opened, mut refused, mut paired) = (0, 0, false);
    while !paired {
        opened += 1;
        assert!(opened <= 5, "the owner is kept from pairing");
        boards.open_pairing(LAMP).expect("opened");
        let (pairing, told) = app(&address, &id, keys.store());
        let mut own = None;
        loop {
            match told.recv_timeout(Duration::from_millis(20)) {
                Ok(Progress::Code { code, .. }) => own = Some(code),
                Ok(Progress::Paired(_)) => {
                    paired = true;
                    break;
                }
                Ok(Progress::Failed(_)) => break,
                Ok(Progress::Waits | Progress::Confirmed) | Err(_) => {}
            }
            let shown = boards.pairing_code(LAMP);
            match (&shown, &own) {
                (Some(shown), Some(own)) if shown == own => {
                    pairing.codes_match();
                    press(&boards, "press");
                }
                (Some(_), _) => {
                    // Until the app shows its code, the board's code is another
                    // client's: the app shows its own slightly earlier than the
                    // board.
                    refused += 1;
                    press(&boards, "double_press");
                }
                (None, _) => {}
            }
        }
    }
    let took = begun.elapsed();
    over.store(true, Ordering::Relaxed);
    boards.stop(LAMP).expect("stopped");
    for stranger in strangers {
        stranger.join().expect("a stranger");
    }
    assert_eq!(stolen.load(Ordering::Relaxed), 0, "a stranger got a key");
    assert_eq!(keys.count(), 1);
    (opened, refused, took)
}

#[test]
fn polling_from_another_computer_gets_no_key_and_delays_the_owner_by_one_turn() {
    let (opened, refused, took) = paired_among_strangers("poller", Ipv4Addr::new(127, 0, 0, 2));
    println!(
        "pairing polled from another address: opened {opened} times, {refused} refused at the \
             board, {took:?}"
    );
    assert_eq!(opened, 1);
}

#[test]
fn polling_from_the_owners_address_gets_no_key_and_cannot_prevent_pairing() {
    let (opened, refused, took) = paired_among_strangers("neighbor", Ipv4Addr::LOCALHOST);
    println!(
        "pairing polled from the owner's address: opened {opened} times, {refused} refused at the \
             board, {took:?}"
    );
}

#[test]
fn a_man_in_the_middle_is_detected_by_the_codes_and_no_key_is_stored() {
    let (boards, address, id) = lamp();
    let keys = Keys::new("middle");
    boards.open_pairing(LAMP).expect("opened");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let middle = listener.local_addr().expect("an address").to_string();
    let board = id.clone();
    let attacker = thread::spawn(move || {
        // To the app it is the board, to the board a controller.
        let mut to_app =
            tungstenite::accept(listener.accept().expect("the app").0).expect("a WebSocket");
        let hello = Hello::new(&board, fresh());
        to_app
            .send(Message::binary(hello.to_bytes()))
            .expect("sent");
        let Ok(Message::Binary(offer)) = to_app.read() else {
            panic!("no offer")
        };
        let offer = PairOffer::from_bytes(&offer).expect("an offer");
        let (as_board, answer) = BoardsPairing::new(&hello, &offer, fresh()).expect("answered");
        to_app
            .send(Message::binary(answer.to_bytes()))
            .expect("sent");
        let Ok(Message::Binary(number)) = to_app.read() else {
            panic!("no number")
        };
        let mut as_board = as_board.receive_reveal(&number).expect("revealed");
        let stranger = Stranger::asks(&address, Ipv4Addr::LOCALHOST).expect("it asks");
        let stolen = thread::spawn(move || stranger.waits_for_a_key());
        // A key of its own choice, so that the app would communicate with it.
        let forged = Key {
            board,
            kid: noise::KeyId([6; 4]),
            role: noise::Role::Control,
            psk: noise::Psk::new([6; 32]),
        };
        let sealed = as_board
            .channel
            .seal(forged.to_text().as_bytes())
            .expect("sealed");
        let _ = to_app.send(Message::binary(sealed));
        let _ = to_app.read();
        stolen.join().expect("a thread")
    });
    let (pairing, told) = app(&middle, &id, keys.store());
    let Ok(Progress::Code { code, .. }) = told.recv_timeout(SOON) else {
        panic!("no code")
    };
    let end = Instant::now() + SOON;
    let shown = loop {
        if let Some(shown) = boards.pairing_code(LAMP) {
            break shown;
        }
        assert!(Instant::now() < end, "the board shows no code");
    };
    assert_ne!(shown, code, "one in a million");
    assert!(
        matches!(told.recv_timeout(SOON), Ok(Progress::Confirmed)),
        "the attacker's word, which stores nothing"
    );
    assert_eq!(keys.count(), 0);
    press(&boards, "double_press");
    drop(pairing);
    assert!(matches!(
        told.recv_timeout(SOON),
        Ok(Progress::Failed(PairProblem::Declined))
    ));
    assert!(attacker.join().expect("the attacker").is_none());
    assert_eq!(keys.count(), 0);
}

#[test]
fn a_long_press_gives_no_key_and_a_controller_that_disconnects_locks_nothing() {
    let (boards, address, _) = lamp();
    boards.open_pairing(LAMP).expect("opened");
    let stranger = Stranger::asks(&address, Ipv4Addr::LOCALHOST).expect("it asks");
    let (tell, told) = channel();
    let stranger = thread::spawn(move || {
        let key = stranger.waits_for_a_key();
        tell.send(key.is_some()).expect("told");
    });
    let shows = |what: bool| {
        let end = Instant::now() + SOON;
        while boards.pairing_code(LAMP).is_some() != what {
            assert!(Instant::now() < end, "the board shows a code: {}", !what);
        }
    };
    shows(true);
    press(&boards, "long_press");
    assert!(
        told.recv_timeout(Duration::from_millis(300)).is_err(),
        "a long press gave it a key"
    );
    // Confirmed by mistake; it takes the key, proves nothing and disconnects.
    press(&boards, "press");
    assert!(told.recv_timeout(SOON).expect("an answer"));
    stranger.join().expect("a stranger");
    shows(false);
    // The board is open, as before.
    let served = honest::Owner::of(&address).commands();
    println!("after a controller vanished with its key: {served}");
}

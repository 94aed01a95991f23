//! Floods of connections, 900 per second, while an honest client connects over
//! a network with a round trip of 20 ms. Counts how many of its attempts
//! succeed; each is tried once. And a flood of announcements.

use std::{
    collections::VecDeque,
    io::Write,
    net::{Ipv4Addr, SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use noise::Key;
use socket2::{Domain, Socket, Type};
use tungstenite::Message;

use crate::{
    process::{Victim, print},
    relay::Relay,
    to_a_locked_board::{Owner, locked},
    to_the_app::{Stage, lie},
    turns::Turn,
};

/// Connections a second.
const RATE: u64 = 900;

const ONE_WAY: Duration = Duration::from_millis(10);

const ATTEMPTS: usize = 30;

/// How many connections the strangers hold on to, if they can.
const HELD: usize = 1_000;

/// The addresses of the strangers; the honest client has 127.0.0.1.
#[derive(Clone, Copy)]
enum From {
    /// The honest client's own, as behind one router or on one computer.
    Same,
    Another,
    Twenty,
}

impl From {
    fn words(self) -> &'static str {
        match self {
            Self::Same => "the client's own address",
            Self::Another => "another address",
            Self::Twenty => "20 addresses",
        }
    }

    fn address(self, number: u64) -> Ipv4Addr {
        match self {
            Self::Same => Ipv4Addr::LOCALHOST,
            Self::Another => Ipv4Addr::new(127, 0, 0, 2),
            Self::Twenty => Ipv4Addr::new(127, 0, 1, u8::try_from(1 + number % 20).unwrap_or(1)),
        }
    }
}

/// A flood, until it is dropped.
struct Flood {
    over: Arc<AtomicBool>,
    made: Arc<AtomicU64>,
    begun: Instant,
    thread: Option<JoinHandle<()>>,
}

impl Flood {
    /// Strangers that send `head` and no more.
    fn start(board: &str, from: From, head: String) -> Self {
        let board: SocketAddr = board.parse().expect("an address");
        let (over, made, begun) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicU64::new(0)),
            Instant::now(),
        );
        let (ended, count) = (Arc::clone(&over), Arc::clone(&made));
        let thread = thread::spawn(move || {
            let mut held = VecDeque::new();
            for number in 0.. {
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                let due = Duration::from_micros(number * 1_000_000 / RATE);
                thread::sleep(due.saturating_sub(begun.elapsed()));
                if let Some(mut stream) = connect(board, from.address(number)) {
                    count.fetch_add(1, Ordering::Relaxed);
                    let _ = stream.write_all(head.as_bytes());
                    held.push_back(stream);
                }
                if held.len() > HELD {
                    held.pop_front();
                }
            }
        });
        Self {
            over,
            made,
            begun,
            thread: Some(thread),
        }
    }

    fn rate(&self) -> f64 {
        self.made.load(Ordering::Relaxed) as f64 / self.begun.elapsed().as_secs_f64()
    }
}

impl Drop for Flood {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn connect(to: SocketAddr, from: Ipv4Addr) -> Option<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).ok()?;
    socket.bind(&SocketAddr::from((from, 0)).into()).ok()?;
    socket
        .connect_timeout(&to.into(), Duration::from_secs(1))
        .ok()?;
    let stream = TcpStream::from(socket);
    stream
        .set_write_timeout(Some(Duration::from_millis(100)))
        .ok()?;
    Some(stream)
}

/// The number of thirty attempts that succeed, and the time of the slowest.
fn attempts(mut attempt: impl FnMut() -> Option<()>) -> (usize, Duration) {
    let (mut got_in, mut slowest) = (0, Duration::ZERO);
    for _ in 0..ATTEMPTS {
        let begun = Instant::now();
        if attempt().is_some() {
            got_in += 1;
            slowest = slowest.max(begun.elapsed());
        }
        // Not in step with the flood.
        thread::sleep(Duration::from_millis(fastrand::u64(10..60)));
    }
    (got_in, slowest)
}

fn report(
    what: &str,
    from: From,
    flood: &Flood,
    victim: &Victim,
    (got_in, slowest): (usize, Duration),
) {
    let what = format!("{what}, {:.0} a second from {}", flood.rate(), from.words());
    let served = format!(
        "{got_in} of {ATTEMPTS} get in at once, the slowest in {} ms",
        slowest.as_millis()
    );
    print(&what, victim.used(), &served);
}

/// An open board: a request over WebSocket.
fn ask(relay: &Relay) -> Option<()> {
    let stream = TcpStream::connect(relay.address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    let (mut socket, _) =
        tungstenite::client(format!("ws://{}/rpc", relay.address), stream).ok()?;
    socket
        .send(Message::Text(
            r#"{"jsonrpc":"2.0","id":1,"method":"Sys.Ping"}"#.into(),
        ))
        .ok()?;
    let answered = matches!(socket.read().ok()?, Message::Text(text) if text.contains("uptime_ms"));
    let _ = socket.close(None);
    answered.then_some(())
}

fn against_an_open_board(what: &str, head: impl Fn(&str) -> String, from: From) -> usize {
    let (mut victim, _, address) = Victim::board("board");
    let relay = Relay::to(&address, ONE_WAY);
    victim.measure_from_now();
    let flood = Flood::start(&address, from, head(&address));
    thread::sleep(Duration::from_secs(1));
    let counted = attempts(|| ask(&relay));
    report(what, from, &flood, &victim, counted);
    counted.0
}

fn against_a_locked_board(what: &str, head: impl Fn(&str) -> String, from: From) -> usize {
    let (mut victim, address, key, _folder) = locked();
    let relay = Relay::to(&address, ONE_WAY);
    let owner = |key: &Key| Owner::of(&relay.address.to_string(), key).map(drop);
    victim.measure_from_now();
    let flood = Flood::start(&address, from, head(&address));
    thread::sleep(Duration::from_secs(1));
    let counted = attempts(|| owner(&key));
    report(what, from, &flood, &victim, counted);
    counted.0
}

fn nothing(_: &str) -> String {
    String::new()
}

fn upgrade(address: &str) -> String {
    format!(
        "GET /rpc HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: \
             websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

fn body_that_never_comes(address: &str) -> String {
    format!("POST /rpc HTTP/1.1\r\nHost: {address}\r\nContent-Length: 100\r\n\r\n")
}

#[test]
fn a_flood_of_silent_connections_keeps_no_client_of_an_open_board_out() {
    let _alone = Turn::alone();
    for (from, least) in [(From::Same, 27), (From::Another, 29), (From::Twenty, 29)] {
        let got_in = against_an_open_board("silent connections", nothing, from);
        assert!(
            got_in >= least,
            "{got_in} of {ATTEMPTS} from {}",
            from.words()
        );
    }
}

#[test]
fn a_flood_of_requests_without_their_bodies_keeps_no_client_of_an_open_board_out() {
    let _alone = Turn::alone();
    for (from, least) in [(From::Same, 24), (From::Another, 29), (From::Twenty, 29)] {
        let got_in =
            against_an_open_board("requests without their bodies", body_that_never_comes, from);
        assert!(
            got_in >= least,
            "{got_in} of {ATTEMPTS} from {}",
            from.words()
        );
    }
}

#[test]
fn a_flood_of_silent_connections_keeps_no_owner_of_a_locked_board_out() {
    let _alone = Turn::alone();
    for (from, least) in [(From::Same, 27), (From::Another, 29), (From::Twenty, 29)] {
        let got_in = against_a_locked_board("locked: silent connections", nothing, from);
        assert!(
            got_in >= least,
            "{got_in} of {ATTEMPTS} from {}",
            from.words()
        );
    }
}

#[test]
fn a_flood_of_greeted_connections_keeps_no_owner_of_a_locked_board_out() {
    let _alone = Turn::alone();
    for (from, least) in [(From::Same, 24), (From::Another, 29), (From::Twenty, 29)] {
        let got_in = against_a_locked_board("locked: greeted and silent", upgrade, from);
        assert!(
            got_in >= least,
            "{got_in} of {ATTEMPTS} from {}",
            from.words()
        );
    }
}

#[test]
fn a_thousand_boards_a_second_are_announced() {
    let mut stage = Stage::set();
    let (served, told) = lie(&mut stage, 1_000, |liar, number| {
        // Nothing listens there.
        liar.announce(&format!("sb-lie-{number}"), "Desk lamp", 9);
    });
    stage.said.extend(stage.app.said());
    let most = |field: &str| {
        stage
            .said
            .iter()
            .filter_map(|line| line[field].as_u64())
            .max()
            .unwrap_or_default()
    };
    let (met, boards) = (most("met"), most("boards"));
    stage.end(
        "1,000 boards a second announced",
        &served,
        160,
        &format!("{told} announced, {met} met, {boards} listed"),
    );
    // This many are kept per address; the honest board has the same address.
    assert!(met > 100 && boards <= 1_024, "{boards}");
}

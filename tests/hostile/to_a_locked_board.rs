//! Attacks on a locked board by peers that have no key, or only recorded
//! traffic: its owner is served.

use std::{
    collections::VecDeque,
    fs,
    net::TcpStream,
    sync::{Arc, OnceLock, atomic::Ordering},
    thread,
    time::{Duration, Instant},
};

use noise::{Answer, Channel, Hello, Initiator, Key, Psk};
use tungstenite::{Message, WebSocket};

use crate::{
    ATTACK, SOON,
    attacks::{self, Over},
    honest::Served,
    process::{Victim, print},
};

const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"Sys.Ping"}"#;

/// A connection on which the board has sent its hello.
fn greeted(address: &str) -> Option<(WebSocket<TcpStream>, Hello)> {
    let stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(SOON)).ok()?;
    let (mut socket, _) = tungstenite::client(format!("ws://{address}/rpc"), stream).ok()?;
    match socket.read().ok()? {
        Message::Binary(hello) => Some((socket, Hello::from_bytes(&hello).ok()?)),
        _ => None,
    }
}

/// Random enough for a test: unique for each handshake of this process.
fn fresh() -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.iter_mut().for_each(|byte| *byte = fastrand::u8(..));
    bytes
}

/// The owner of the key.
pub(crate) struct Owner {
    socket: WebSocket<TcpStream>,
    channel: Channel,
}

impl Owner {
    pub(crate) fn of(address: &str, key: &Key) -> Option<Self> {
        let (mut socket, hello) = greeted(address)?;
        let (initiator, offer) = Initiator::new(&hello, key, fresh()).ok()?;
        socket.send(Message::binary(offer.to_bytes())).ok()?;
        let Message::Binary(answer) = socket.read().ok()? else {
            return None;
        };
        let channel = initiator.finish(&Answer::from_bytes(&answer).ok()?).ok()?;
        let mut owner = Self { socket, channel };
        owner.ping()?;
        Some(owner)
    }

    fn ping(&mut self) -> Option<()> {
        self.call(PING)?.contains("uptime_ms").then_some(())
    }

    fn call(&mut self, request: &str) -> Option<String> {
        let sealed = self.channel.seal(request.as_bytes()).ok()?;
        self.socket.send(Message::binary(sealed)).ok()?;
        loop {
            if let Message::Binary(answer) = self.socket.read().ok()? {
                return self.channel.open_text(&answer).ok();
            }
        }
    }
}

pub(crate) fn locked() -> (Victim, String, Key, tempfile::TempDir) {
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let folder = temporary.path();
    let (victim, id, address) = Victim::board(&format!("locked {}", folder.display()));
    let key = fs::read_to_string(folder.join(format!("{id}.key"))).expect("the first key");
    (
        victim,
        address,
        key.trim().parse().expect("a key"),
        temporary,
    )
}

/// A connected client is served within this time. A new one waits behind those
/// that were refused, and is admitted within this time too.
const SERVED_WITHIN: Duration = Duration::from_secs(2);

fn attack(
    peer: &str,
    attackers: usize,
    attack: impl Fn(&str, &Key, &Over) + Send + Sync + 'static,
) {
    let (mut victim, address, key, _folder) = locked();
    let mut owner = Owner::of(&address, &key).expect("the owner is let in");
    victim.measure_from_now();
    let (over, attack) = (Arc::new(Over::new(false)), Arc::new(attack));
    let attackers: Vec<_> = (0..attackers)
        .map(|_| {
            let (address, key, over, attack) = (
                address.clone(),
                key.clone(),
                Arc::clone(&over),
                Arc::clone(&attack),
            );
            thread::spawn(move || attack(&address, &key, &over))
        })
        .collect();
    let (end, mut served) = (Instant::now() + ATTACK, Served::default());
    while Instant::now() < end {
        let asked = Instant::now();
        owner.ping().expect("the owner is served");
        served.add(asked.elapsed());
        thread::sleep(Duration::from_millis(50));
    }
    // The owner's second computer connects meanwhile.
    let knocked = Instant::now();
    // Before its offer it counts like the others, and a newer connection may
    // evict it; then it retries, like the app.
    let mut attempts = 1;
    let mut let_in = Owner::of(&address, &key).is_some();
    while !let_in && knocked.elapsed() < SERVED_WITHIN {
        attempts += 1;
        let_in = Owner::of(&address, &key).is_some();
    }
    let entered = knocked.elapsed();
    let used = victim.used();
    over.store(true, Ordering::Relaxed);
    for attacker in attackers {
        attacker.join().expect("an attacker");
    }
    let came = if let_in {
        format!(
            "let in after {} ms, attempt {attempts}",
            entered.as_millis()
        )
    } else {
        "not let in".to_owned()
    };
    print(
        peer,
        used,
        &format!("{served}; another with the key {came}"),
    );
    assert!(used.peak_kb < 2 * 1024, "{used:?}");
    assert!(served.slowest() < SERVED_WITHIN, "{served}");
    assert!(
        let_in && entered < SERVED_WITHIN,
        "the owner's second computer is kept out: {attempts} attempts in {entered:?}"
    );
}

#[test]
fn handshakes_with_wrong_keys_without_end() {
    attack(
        "locked: offers with a wrong key, without end",
        8,
        |address, key, over| {
            let wrong = Key {
                psk: Psk::new([9; 32]),
                ..key.clone()
            };
            while !over.load(Ordering::Relaxed) {
                let Some((mut socket, hello)) = greeted(address) else {
                    continue;
                };
                let _ = socket
                    .get_mut()
                    .set_read_timeout(Some(Duration::from_millis(200)));
                if let Ok((_, offer)) = Initiator::new(&hello, &wrong, fresh()) {
                    let _ = socket.send(Message::binary(offer.to_bytes()));
                    let _ = socket.read();
                }
            }
        },
    );
}

#[test]
fn handshakes_that_are_started_and_abandoned() {
    attack(
        "locked: greeted and silent, without end",
        8,
        |address, _, over| {
            let mut held = Vec::new();
            while !over.load(Ordering::Relaxed) {
                held.extend(greeted(address));
                if held.len() > 4 {
                    held.remove(0);
                }
            }
        },
    );
}

#[test]
fn truncated_or_replayed_frames() {
    attack(
        "locked: cut and replayed frames, without end",
        4,
        |address, key, over| {
            let mut overheard: Option<Vec<u8>> = None;
            while !over.load(Ordering::Relaxed) {
                let Some((mut socket, hello)) = greeted(address) else {
                    continue;
                };
                let _ = socket
                    .get_mut()
                    .set_read_timeout(Some(Duration::from_millis(200)));
                let Ok((_, offer)) = Initiator::new(&hello, key, fresh()) else {
                    continue;
                };
                let offer = offer.to_bytes();
                // A message recorded on another connection, or a part of a
                // valid one.
                let sent = match (&overheard, fastrand::bool()) {
                    (Some(old), true) => old.clone(),
                    _ => offer[..fastrand::usize(..offer.len())].to_vec(),
                };
                overheard = Some(offer);
                let _ = socket.send(Message::binary(sent));
                if let Ok(Message::Binary(answer)) = socket.read() {
                    panic!("a cut or replayed offer was answered with {answer:?}");
                }
            }
        },
    );
}

/// A `view` key, created with the owner's key.
fn view_key(address: &str, key: &Key) -> Key {
    let mut owner = Owner::of(address, key).expect("the owner is let in");
    let request =
        r#"{"jsonrpc":"2.0","id":2,"method":"Keys.Add","params":{"name":"display","role":"view"}}"#;
    let added = owner.call(request).expect("an answer");
    let added: serde_json::Value = serde_json::from_str(&added).expect("JSON");
    added["result"]["key"]
        .as_str()
        .expect("a key")
        .parse()
        .expect("a key")
}

#[test]
fn clients_with_a_view_key_that_take_all_they_can() {
    let view = OnceLock::new();
    attack(
        "locked: a view key, all its places and unfinished handshakes, without end",
        8,
        move |address, key, over| {
            let view = view.get_or_init(|| view_key(address, key));
            let (mut connected, mut unfinished) = (Vec::new(), VecDeque::new());
            while !over.load(Ordering::Relaxed) {
                // Connects if there is a free slot, and stays.
                connected.retain_mut(|viewer: &mut Owner| viewer.ping().is_some());
                connected.extend(Owner::of(address, view));
                // Sends a valid offer, and never continues after the response.
                if let Some((mut socket, hello)) = greeted(address)
                    && let Ok((_, offer)) = Initiator::new(&hello, view, fresh())
                {
                    let _ = socket.send(Message::binary(offer.to_bytes()));
                    unfinished.push_back(socket);
                }
                if unfinished.len() > 8 {
                    unfinished.pop_front();
                }
            }
        },
    );
}

#[test]
fn plain_text_and_junk() {
    attack("locked: plain text without end", 4, |address, _, over| {
        attacks::deaf(address, over);
    });
}

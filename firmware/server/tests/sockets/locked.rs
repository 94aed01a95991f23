//! A locked board over real sockets: the handshake, refusals, pairing, and that
//! connections without a key do not starve clients.

use std::{
    io,
    time::{Duration, Instant},
};

use noise::{
    Answer, Channel, ControllerCode, Hello, Initiator, Key, KeyId, PairAnswer, PairingInitiator,
    Psk, Role,
};
use protocol::ComponentKey;

use crate::served::{Client, Outcome, PATIENCE, Served, ping};

/// A connection and the board's hello.
fn greeted(board: &Served) -> io::Result<(Client, Hello)> {
    let mut client = board.controller()?;
    let hello = Hello::from_bytes(&client.binary()?).map_err(io::Error::other)?;
    Ok((client, hello))
}

/// A controller that has sent its offer.
fn offered(board: &Served, key: &Key) -> io::Result<(Client, Initiator, Vec<u8>)> {
    let (mut client, hello) = greeted(board)?;
    let (initiator, offer) = Initiator::new(&hello, key, [7; 32]).map_err(io::Error::other)?;
    client.send_binary(&offer.to_bytes())?;
    Ok((client, initiator, offer.to_bytes()))
}

/// A controller of a locked board.
struct Secret {
    client: Client,
    channel: Channel,
}

impl Secret {
    fn open(board: &Served, key: &Key) -> io::Result<Self> {
        let (mut client, initiator, _) = offered(board, key)?;
        let answer = Answer::from_bytes(&client.binary()?).map_err(io::Error::other)?;
        let channel = initiator.finish(&answer).map_err(io::Error::other)?;
        Ok(Self { client, channel })
    }

    fn send(&mut self, text: &str) -> io::Result<()> {
        let sealed = self
            .channel
            .seal(text.as_bytes())
            .map_err(io::Error::other)?;
        self.client.send_binary(&sealed)
    }

    fn text(&mut self) -> io::Result<String> {
        self.channel
            .open_text(&self.client.binary()?)
            .map_err(io::Error::other)
    }

    fn call(&mut self, text: &str) -> io::Result<String> {
        self.send(text)?;
        self.text()
    }
}

fn locked() -> Result<(Served, Key), Box<dyn std::error::Error>> {
    let board = Served::start()?;
    let key = board.key("first key", Role::Control)?;
    Ok((board, key))
}

const ON: &str = r#"{"jsonrpc":"2.0","id":2,"method":"Switch.Set","params":{"id":0,"on":true}}"#;
const STATUS: &str = r#"{"jsonrpc":"2.0","id":3,"method":"Device.GetStatus"}"#;

#[test]
fn commands_with_the_key_are_executed_and_the_traffic_is_unreadable_without_it() -> Outcome {
    let (board, key) = locked()?;
    let mut owner = Secret::open(&board, &key)?;
    assert!(owner.call(ON)?.contains("was_on"));
    let mut second = Secret::open(&board, &key)?;
    assert!(
        second
            .call(r#"{"jsonrpc":"2.0","id":1,"method":"Device.Subscribe"}"#)?
            .contains("\"on\":true")
    );
    owner.call(r#"{"jsonrpc":"2.0","id":4,"method":"Switch.Toggle","params":{"id":0}}"#)?;
    let pushed = second.client.binary()?;
    assert!(
        !pushed.windows(12).any(|part| part == b"NotifyStatus"),
        "it is sealed"
    );
    assert!(second.channel.open_text(&pushed)?.contains("NotifyStatus"));
    Ok(())
}

#[test]
fn plain_text_is_answered_with_what_is_accepted() -> Outcome {
    let (board, _) = locked()?;
    let (mut client, _) = greeted(&board)?;
    client.send_text(ON)?;
    let error = client.text()?;
    assert!(
        error.contains("-32006")
            && error.contains("\"locked\"")
            && error.contains("switchboard proxy"),
        "{error}"
    );
    assert_eq!(client.close_code(), Some(1008));
    Ok(())
}

#[test]
fn no_other_channel_is_open() -> Outcome {
    let (board, key) = locked()?;
    let refused = board.client()?.post(ON)?;
    assert_eq!(refused.status, 403);
    assert!(refused.body.contains("\"locked\""), "{}", refused.body);
    // Bodies that an open board refuses. They are not read as a request.
    for fields in [
        "Content-Length: 2049",
        "Content-Encoding: gzip\r\nContent-Length: 9",
        "Transfer-Encoding: chunked",
    ] {
        let mut client = board.client()?;
        let response = client.ask(&format!(
            "POST /rpc HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n\r\n"
        ))?;
        assert_eq!(response.status, 403, "{fields}");
        assert!(client.has_ended(), "{fields}");
    }
    for path in ["/ws", "/log", "/log?level=debug", "/pair"] {
        let (response, _) = board.websocket(path, "")?;
        assert_eq!(response.status, 403, "{path}");
        assert!(
            response.body.contains("-32006"),
            "{path}: {}",
            response.body
        );
    }
    let page = board
        .client()?
        .ask("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")?;
    assert_eq!(page.status, 200);
    assert!(
        page.body.contains("locked")
            && !page.body.contains("Bench")
            && !page.body.contains("bench-1"),
        "{}",
        page.body
    );
    assert!(
        Secret::open(&board, &key)?
            .call(STATUS)?
            .contains("\"on\":false"),
        "nothing was switched"
    );
    Ok(())
}

#[test]
fn wrong_and_unknown_keys_are_refused_alike_with_growing_delay() -> Outcome {
    let (board, key) = locked()?;
    let wrong = Key {
        psk: Psk::new([1; 32]),
        ..key.clone()
    };
    let unknown = Key {
        kid: KeyId([0; 4]),
        ..key.clone()
    };
    let mut told = Vec::new();
    for key in [&wrong, &unknown] {
        let (mut client, _, _) = offered(&board, key)?;
        told.push(client.text()?);
        assert_eq!(client.close_code(), Some(1008));
    }
    assert!(told[0].contains("wrong_key"), "{}", told[0]);
    assert_eq!(told[0], told[1]);
    // Meanwhile a client with the key does not wait.
    let (_third, _, _) = offered(&board, &wrong)?;
    assert!(
        Secret::open(&board, &key)?
            .call(&ping(1))?
            .contains("uptime_ms")
    );
    Ok(())
}

#[test]
fn a_replayed_offer_is_refused() -> Outcome {
    let (board, key) = locked()?;
    let (_client, _, recorded) = offered(&board, &key)?;
    let (mut thief, _) = greeted(&board)?;
    thief.send_binary(&recorded)?;
    assert!(thief.text()?.contains("wrong_key"));
    assert_eq!(thief.close_code(), Some(1008));
    Ok(())
}

#[test]
fn replayed_changed_cut_or_plain_messages_end_the_channel_without_effect() -> Outcome {
    let (board, key) = locked()?;
    for broken in 0..5 {
        let mut owner = Secret::open(&board, &key)?;
        owner.call(&ping(1))?;
        let mut sealed = owner
            .channel
            .seal(br#"{"jsonrpc":"2.0","id":2,"method":"Switch.Toggle","params":{"id":0}}"#)?;
        match broken {
            0 => sealed[3] ^= 1,
            1 => sealed.truncate(sealed.len() - 1),
            2 => sealed.truncate(3),
            3 => {
                owner.client.send_text(ON)?;
                assert_eq!(owner.client.close_code(), Some(1008), "plain text");
                continue;
            }
            _ => {
                owner.client.send_binary(&sealed)?;
                owner.text()?;
            }
        }
        owner.client.send_binary(&sealed)?;
        assert_eq!(owner.client.close_code(), Some(1008), "case {broken}");
    }
    // The one intact message was executed once.
    assert!(
        Secret::open(&board, &key)?
            .call(STATUS)?
            .contains("\"on\":true")
    );
    Ok(())
}

#[test]
fn a_first_message_that_is_not_authentic_takes_no_slot() -> Outcome {
    let (board, key) = locked()?;
    let (mut client, _, _) = offered(&board, &key)?;
    client.binary()?;
    client.send_binary(&[0; 40])?;
    assert_eq!(client.close_code(), Some(1008));
    assert!(
        Secret::open(&board, &key)?
            .call(STATUS)?
            .contains("\"client\":1"),
        "it was never a controller"
    );
    Ok(())
}

#[test]
fn view_clients_cannot_lock_the_owner_out() -> Outcome {
    let (board, key) = locked()?;
    let view = board.key("display", Role::View)?;
    let mut viewers = Vec::new();
    for _ in 0..3 {
        let mut viewer = Secret::open(&board, &view)?;
        viewer.call(&ping(1))?;
        viewers.push(viewer);
    }
    let mut fourth = Secret::open(&board, &view)?;
    fourth.send(&ping(1))?;
    assert!(
        fourth.text()?.contains("all_places_taken"),
        "one place is never a viewer's"
    );
    assert_eq!(fourth.client.close_code(), Some(1013));
    let mut owners = Vec::new();
    for _ in 0..3 {
        let mut owner = Secret::open(&board, &key)?;
        assert!(owner.call(ON)?.contains("was_on"));
        owners.push(owner);
    }
    // The two oldest connections were evicted and told so.
    for displaced in &mut viewers[..2] {
        assert_eq!(displaced.client.close_code(), Some(1013));
    }
    assert!(viewers[2].call(&ping(2))?.contains("uptime_ms"));
    Ok(())
}

#[test]
fn unfinished_handshakes_of_a_view_key_delay_no_other_key() -> Outcome {
    let (board, key) = locked()?;
    let view = board.key("display", Role::View)?;
    // All slots, each with a valid offer. The first client does not continue
    // after its answer; the others wait behind it.
    let mut unfinished = Vec::new();
    for _ in 0..8 {
        unfinished.push(offered(&board, &view)?);
    }
    let begun = Instant::now();
    let mut owner = Secret::open(&board, &key)?;
    assert!(owner.call(ON)?.contains("was_on"));
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(2), "the owner waited {took:?}");
    Ok(())
}

#[test]
fn two_clients_with_one_key_are_admitted_one_after_the_other() -> Outcome {
    let (board, key) = locked()?;
    let (mut first, initiator, _) = offered(&board, &key)?;
    let answer = Answer::from_bytes(&first.binary()?)?;
    // The second is answered once the first has finished.
    let (mut second, second_initiator, _) = offered(&board, &key)?;
    second
        .stream
        .set_read_timeout(Some(Duration::from_millis(200)))?;
    assert!(second.binary().is_err());
    second.stream.set_read_timeout(Some(PATIENCE))?;
    let mut first = Secret {
        client: first,
        channel: initiator.finish(&answer)?,
    };
    assert!(first.call(&ping(1))?.contains("uptime_ms"));
    let answer = Answer::from_bytes(&second.binary()?)?;
    let mut second = Secret {
        client: second,
        channel: second_initiator.finish(&answer)?,
    };
    assert!(second.call(&ping(1))?.contains("uptime_ms"));
    Ok(())
}

#[test]
fn a_controller_without_a_free_slot_is_told_so_in_an_encrypted_message() -> Outcome {
    let (board, key) = locked()?;
    let mut four = Vec::new();
    for _ in 0..4 {
        let mut owner = Secret::open(&board, &key)?;
        owner.call(&ping(1))?;
        four.push(owner);
    }
    let mut fifth = Secret::open(&board, &key)?;
    fifth.send(&ping(1))?;
    assert!(fifth.text()?.contains("all_places_taken"));
    assert_eq!(fifth.client.close_code(), Some(1013));
    Ok(())
}

#[test]
fn an_owner_that_stops_after_its_offer_delays_the_next_by_at_most_five_seconds() -> Outcome {
    let (board, key) = locked()?;
    let stopped = Secret::open(&board, &key)?;
    let begun = Instant::now();
    assert!(
        Secret::open(&board, &key)?
            .call(&ping(1))?
            .contains("uptime_ms")
    );
    assert!(
        (4..8).contains(&begun.elapsed().as_secs()),
        "{:?}",
        begun.elapsed()
    );
    let mut client = stopped.client;
    assert!(client.text()?.contains("handshake_timeout"));
    assert_eq!(client.close_code(), Some(1008));
    Ok(())
}

#[test]
fn silent_connections_keep_no_owner_out() -> Outcome {
    let (board, key) = locked()?;
    let mut strangers = Vec::new();
    for _ in 0..40 {
        // Some are disconnected while others connect.
        strangers.extend(greeted(&board));
    }
    assert!(
        Secret::open(&board, &key)?
            .call(&ping(1))?
            .contains("uptime_ms")
    );
    assert!(!strangers.is_empty());
    Ok(())
}

#[test]
fn clients_without_the_first_key_are_closed_with_its_close_code() -> Outcome {
    let board = Served::start()?;
    let mut open = board.controller()?;
    assert!(open.call(&ping(1))?.contains("uptime_ms"));
    let (_, mut log) = board.websocket("/log", "")?;
    board.key("first key", Role::Control)?;
    assert_eq!(open.close_code(), Some(1008));
    // A reader of the log is disconnected without notice.
    while log.text().is_ok() {}
    assert!(log.has_ended());
    Ok(())
}

/// A controller that requests a key.
struct Asks {
    client: Client,
    hello: Hello,
    asking: PairingInitiator,
}

impl Asks {
    fn begin(board: &Served) -> Result<Self, Box<dyn std::error::Error>> {
        let (response, client) = board.websocket("/pair", "")?;
        Self::on(response.status, client)
    }

    fn on(status: u16, mut client: Client) -> Result<Self, Box<dyn std::error::Error>> {
        assert_eq!(status, 101);
        let hello = Hello::from_bytes(&client.binary()?)?;
        // New for each connection, like the board's challenge.
        let mut random = [5; 48];
        random[..16].copy_from_slice(&hello.challenge);
        let (asking, offer) = PairingInitiator::new(&hello, random)?;
        client.send_binary(&offer.to_bytes())?;
        Ok(Self {
            client,
            hello,
            asking,
        })
    }

    /// Waits for its turn and shows its code.
    fn reveal(mut self) -> Result<(Client, Hello, ControllerCode), Box<dyn std::error::Error>> {
        let revealed = self
            .asking
            .receive_answer(&PairAnswer::from_bytes(&self.client.binary()?)?)?;
        self.client.send_binary(&revealed.reveal)?;
        Ok((self.client, self.hello, revealed))
    }
}

fn press(board: &Served, event: &'static str) -> Outcome {
    let button: ComponentKey = "button:0".parse()?;
    Ok(board.by_hand(move |shared| shared.press(&button, event))??)
}

/// Proves a key that was given on this connection; the board serves it from
/// then on.
fn prove(
    mut client: Client,
    hello: &Hello,
    key: &Key,
) -> Result<Secret, Box<dyn std::error::Error>> {
    let (initiator, offer) = Initiator::new(hello, key, [7; 32])?;
    client.send_binary(&offer.to_bytes())?;
    let channel = initiator.finish(&Answer::from_bytes(&client.binary()?)?)?;
    Ok(Secret { client, channel })
}

#[test]
fn a_controller_is_paired_once_its_code_is_confirmed_and_its_key_proved() -> Outcome {
    let board = Served::start()?;
    let (refused, _) = board.websocket("/pair", "")?;
    assert_eq!(refused.status, 403);
    assert!(refused.body.contains("pairing_closed"), "{}", refused.body);
    board.by_hand(|shared| shared.open_pairing())?;
    let (mut client, hello, mut revealed) = Asks::begin(&board)?.reveal()?;
    assert_eq!(
        board.codes.recv_timeout(PATIENCE)?,
        revealed.code.to_string()
    );
    press(&board, "long_press")?;
    client
        .stream
        .set_read_timeout(Some(Duration::from_millis(200)))?;
    assert!(client.binary().is_err(), "no key before it was confirmed");
    client.stream.set_read_timeout(Some(PATIENCE))?;
    press(&board, "press")?;
    let key: Key = revealed.channel.open_text(&client.binary()?)?.parse()?;
    assert_eq!(key.role, Role::Control);
    assert!(
        !board.by_hand(|shared| shared.is_locked())?,
        "the key is pending"
    );
    assert!(
        board.controller()?.call(&ping(1))?.contains("uptime_ms"),
        "it is open until then"
    );
    let mut paired = prove(client, &hello, &key)?;
    assert!(
        !board.by_hand(|shared| shared.is_locked())?,
        "an offer is not yet the proof"
    );
    assert!(
        paired.call(&ping(1))?.contains("uptime_ms"),
        "it goes on as a controller"
    );
    assert!(board.by_hand(|shared| shared.is_locked())?);
    assert!(
        Secret::open(&board, &key)?
            .call(&ping(1))?
            .contains("uptime_ms")
    );
    Ok(())
}

#[test]
fn a_controller_that_disconnects_with_its_key_leaves_the_board_open() -> Outcome {
    let board = Served::start()?;
    for proves in [false, true] {
        board.by_hand(|shared| shared.open_pairing())?;
        let (mut client, hello, mut revealed) = Asks::begin(&board)?.reveal()?;
        board.codes.recv_timeout(PATIENCE)?;
        press(&board, "press")?;
        let key: Key = revealed.channel.open_text(&client.binary()?)?.parse()?;
        // Also one that disconnects after its offer, which may have been
        // recorded.
        let rest = if proves {
            prove(client, &hello, &key)?.client
        } else {
            client
        };
        drop(rest);
        let end = Instant::now() + PATIENCE;
        while board.by_hand(move |shared| shared.has_key(key.kid))? {
            assert!(Instant::now() < end, "the key stays");
        }
        assert!(!board.by_hand(|shared| shared.is_locked())?);
        assert!(board.controller()?.call(&ping(1))?.contains("uptime_ms"));
    }
    Ok(())
}

#[test]
fn polling_for_pairing_gets_no_key_and_the_next_is_served_after_a_double_press() -> Outcome {
    let board = Served::start()?;
    board.by_hand(|shared| shared.open_pairing())?;
    // Silent connections are skipped.
    let mut silent = Vec::new();
    for _ in 0..3 {
        silent.push(board.websocket("/pair", "")?);
    }
    let stranger = Asks::begin(&board)?.reveal()?;
    let first = board.codes.recv_timeout(PATIENCE)?;
    let owner = Asks::begin(&board)?;
    press(&board, "double_press")?;
    let (mut refused, ..) = stranger;
    assert!(refused.text()?.contains("pairing_ended"));
    assert_eq!(refused.close_code(), Some(1008));
    let (mut client, hello, mut revealed) = owner.reveal()?;
    let second = board.codes.recv_timeout(PATIENCE)?;
    assert_ne!(first, second);
    assert_eq!(second, revealed.code.to_string());
    press(&board, "press")?;
    let key: Key = revealed.channel.open_text(&client.binary()?)?.parse()?;
    assert!(
        prove(client, &hello, &key)?
            .call(&ping(1))?
            .contains("uptime_ms")
    );
    Ok(())
}

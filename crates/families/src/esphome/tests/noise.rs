//! Encryption, against a board that is played by snow's responder.

use serde_json::json;

use super::{
    board::{Bench, BoardEnd, KEY, LIST, STATES, bytes, noise_frame},
    vectors,
};
use crate::{Dialect, Problem, esphome::wire::Message};

/// What the board says before the handshake.
const SERVER_HELLO: &[u8] = b"\x01desk\0\x30\x32\x30\x30\x30\x30\x30\x61\x31\x62\x32\x63\0";

/// With the key [`KEY`], the client's ephemeral key 01 02 … 20 and the board's
/// 65 66 … 84: the messages of the handshake, and one that each side sends
/// then. They were made by noiseprotocol 0.3.1, which aioesphomeapi 46.23.0
/// uses, in both roles, with its prologue `NoiseAPIInit\0\0`; the clear texts
/// are the `HelloRequest` of the client and a `PingResponse` of the board.
const FIRST: &str = "07a37cbc142093c8b755dc1b10e86cb426374ad16aa853ed0bdfc0b2b86d1c7c\
                     65eb2b5661c515846b16ca65e14ef593";
const SECOND: &str = "5714769d116bf76436ae74bc793d2c30ad1903c59ac5273805c7e2698b410c36\
                      8b992ddd11e72d42e20e9b3b8460e7e0";

const HELLO_REQUEST: &str = "d23df5a7df83bf5380b2bf5670a8157b1990d8a707300ac35ebc63e18cb72f3f\
                             6e53498556";
const PING_RESPONSE: &str = "cbcea5f66b0b2e90c73339d6b3e6b0d5d0adae6a";

/// Plays the board's part of the handshake, up to its second message, which is
/// returned.
fn shake(bench: &mut Bench) -> Result<Vec<u8>, snow::Error> {
    let sent = bench.take_unread();
    let Some((header, offer)) = sent.split_at_checked(7) else {
        panic!("{sent:?}");
    };
    assert_eq!(header, [1, 0, 0, 1, 0, 49, 0], "hello and an offer");
    let BoardEnd::Noise(state) = &mut bench.end else {
        panic!("{bench:?}");
    };
    let mut clear = [0; 64];
    state.read_message(offer, &mut clear)?;
    let mut answer = [0; 64];
    let written = state.write_message(&[], &mut answer).expect("an answer");
    let BoardEnd::Noise(state) = std::mem::replace(&mut bench.end, BoardEnd::Plain) else {
        unreachable!("matched before");
    };
    bench.end = BoardEnd::Secured(Box::new(state.into_transport_mode().expect("finished")));
    Ok([&[0], &answer[..written]].concat())
}

/// A connection whose handshake is finished.
fn secured() -> Bench {
    let mut bench = Bench::noise(KEY, KEY);
    let answer = shake(&mut bench).expect("the key is right");
    bench.send(&noise_frame(SERVER_HELLO));
    bench.send(&noise_frame(&answer));
    bench
}

#[test]
fn the_handshake_has_the_bytes_of_another_implementation() {
    let mut bench = Bench::noise(KEY, KEY);
    let sent = bench.take_unread();
    assert_eq!(
        sent,
        [&[1, 0, 0, 1, 0, 49, 0], bytes(FIRST).as_slice()].concat()
    );
    bench.send(&noise_frame(SERVER_HELLO));
    bench.send(&noise_frame(&[&[0], bytes(SECOND).as_slice()].concat()));
    assert_eq!(bench.problem, None);
    assert_eq!(bench.take_unread(), noise_frame(&bytes(HELLO_REQUEST)));
    bench.send(&noise_frame(&bytes(PING_RESPONSE)));
    assert_eq!(bench.problem, None);
}

#[test]
fn a_board_with_a_key_is_read_and_commanded() {
    let mut bench = secured();
    assert_eq!(bench.take_numbers(), [1], "hello");
    bench.introduce(LIST, STATES);
    assert_eq!(bench.take_numbers(), [9, 11, 20]);
    assert_eq!(bench.components().len(), LIST.len());
    let set = bench.request("Switch.Set", &json!({"id": 3, "on": true}));
    let heard = bench.take_heard();
    assert_eq!(heard.first().map(|(number, _)| *number), Some(33));
    bench.say_vector(vectors::RELAY_ON);
    assert!(bench.answer(set).is_some_and(|answer| answer.is_ok()));
}

#[test]
fn every_division_of_an_encrypted_stream_is_the_same_stream() {
    let stream = |bench: &mut Bench| {
        let answer = shake(bench).expect("the key is right");
        let mut stream = [noise_frame(SERVER_HELLO), noise_frame(&answer)].concat();
        let list = [vectors::HELLO, vectors::INFO, vectors::RELAY, vectors::LAMP];
        let states = [vectors::RELAY_ON, vectors::LAMP_STATE];
        for (message, payload) in [&list[..], &[(19, "")], &states].concat() {
            stream.extend(bench.frame(message, &bytes(payload)));
        }
        stream
    };
    let length = stream(&mut Bench::noise(KEY, KEY)).len();
    for cut in 0..=length {
        let mut bench = Bench::noise(KEY, KEY);
        let all = stream(&mut bench);
        let (first, second) = all.split_at(cut);
        bench.send(first);
        bench.send(second);
        assert_eq!(bench.problem, None, "cut at {cut}");
        assert_eq!(bench.states()["switch:3"].on(), Some(true), "cut at {cut}");
    }
    let mut bench = Bench::noise(KEY, KEY);
    let all = stream(&mut bench);
    bench.piece = 1;
    bench.send(&all);
    assert_eq!(bench.states()["switch:3"].on(), Some(true));
}

#[test]
fn a_wrong_key_is_named_at_either_end() {
    // The board, normally.
    let mut bench = Bench::noise(KEY, [7; 32]);
    assert!(shake(&mut bench).is_err(), "the offer proves another key");
    bench.send(&noise_frame(SERVER_HELLO));
    bench.send(&noise_frame(b"\x01Handshake MAC failure"));
    assert_eq!(bench.problem, Some(Problem::WrongCredential));

    // The client, if the board does not have the key but pretends to.
    let mut bench = Bench::noise(KEY, KEY);
    bench.send(&noise_frame(SERVER_HELLO));
    bench.send(&noise_frame(&[0; 49]));
    assert_eq!(bench.problem, Some(Problem::WrongCredential));
}

#[test]
fn another_board_at_the_address_is_no_wrong_key() {
    for (expected, problem) in [
        ("esphome-0200000a1b2c", None),
        (
            "esphome-0200000a1b2d",
            Some(Problem::AnotherBoard("esphome-0200000a1b2c".to_owned())),
        ),
    ] {
        let mut bench = Bench::noise(KEY, [7; 32]);
        bench.with(|dialect, _, _| dialect.expect(expected));
        bench.send(&noise_frame(SERVER_HELLO));
        assert_eq!(bench.problem, problem);
    }
}

#[test]
fn a_ping_before_the_handshake_is_not_taken_for_a_later_one() {
    let mut bench = Bench::noise(KEY, KEY);
    let early = bench.request("Sys.Ping", &json!({}));
    let answer = shake(&mut bench).expect("the key is right");
    bench.send(&noise_frame(SERVER_HELLO));
    bench.send(&noise_frame(&answer));
    bench.introduce(LIST, STATES);
    let late = bench.request("Sys.Ping", &json!({}));
    bench.say(8, &[]);
    assert_eq!(bench.answer(early), None);
    assert!(bench.answer(late).is_some());
}

#[test]
fn another_refusal_is_no_wrong_key() {
    let mut bench = Bench::noise(KEY, KEY);
    bench.send(&noise_frame(SERVER_HELLO));
    bench.send(&noise_frame(b"\x01Bad handshake packet len"));
    let reason = "it refuses the encryption: Bad handshake packet len";
    assert_eq!(bench.problem, Some(Problem::NotABoard(reason.to_owned())));
}

#[test]
fn a_board_in_plain_text_does_not_get_what_a_key_protects() {
    // What ESPHome answers to a hello under Noise then.
    let mut bench = Bench::noise(KEY, KEY);
    bench.take_unread();
    bench.send(b"\0Bad indicator byte");
    assert_eq!(bench.problem, Some(Problem::NotProtected));
    assert!(bench.take_unread().is_empty());
}

#[test]
fn an_altered_message_ends_the_connection() {
    let mut bench = secured();
    let mut frame = bench.frame(8, &[]);
    *frame.last_mut().expect("a frame") ^= 1;
    bench.send(&frame);
    let reason = "a message was altered in transit";
    assert_eq!(bench.problem, Some(Problem::NotABoard(reason.to_owned())));
}

#[test]
fn the_board_of_the_hello_is_the_board_of_the_information() {
    let mut bench = secured();
    bench.say_vector(vectors::HELLO);
    let info = Message::new().text(2, "desk").text(3, "02:00:00:0A:1B:FF");
    bench.say(10, &info.into_bytes());
    let reason = "its hardware address is \"02:00:00:0a:1b:ff\", but it said \
                  \"02:00:00:0a:1b:2c\" before";
    assert_eq!(bench.problem, Some(Problem::NotABoard(reason.to_owned())));

    let mut bench = secured();
    bench.say(2, &Message::new().number(1, 1).text(4, "shed").into_bytes());
    let reason = "its name is \"shed\", but it said \"desk\" before";
    assert_eq!(bench.problem, Some(Problem::NotABoard(reason.to_owned())));
}

#[test]
fn firmware_that_says_nothing_before_the_handshake_is_accepted() {
    let mut bench = Bench::noise(KEY, KEY);
    let answer = shake(&mut bench).expect("the key is right");
    bench.send(&noise_frame(&[1]));
    bench.send(&noise_frame(&answer));
    bench.introduce(&[], &[]);
    assert_eq!(bench.problem, None);
    assert!(bench.components().is_empty());
}

//! A peer that sends anything. Nothing panics, and what is kept stays bounded.

use sanitize::bounds;
use serde_json::json;

use super::{
    board::{Bench, KEY, LIST, STATES, bytes, listed, noise_frame},
    vectors,
};
use crate::{Problem, esphome::wire::Message};

/// A simple generator (Marsaglia, "Xorshift RNGs", 2003), so that a failure
/// can be repeated.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % most as u64).expect("small")
    }
}

fn ended(bench: &Bench) -> String {
    match &bench.problem {
        Some(Problem::NotABoard(reason)) => reason.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_frame_that_is_too_long_is_refused_before_it_is_stored() {
    let mut bench = Bench::plain();
    bench.send(&[0, 0x80, 0x80, 0x04]);
    assert_eq!(
        ended(&bench),
        "a frame of 65536 bytes; at most 65535 are accepted"
    );
}

#[test]
fn garbage_ends_the_connection_with_the_reason() {
    let number = "the header of a frame has a number of more than 32 bits";
    for (bytes, reason) in [
        (&[0, 0xff, 0xff, 0xff, 0xff, 0xff][..], number),
        (&[0, 0xff, 0xff, 0xff, 0xff, 0x7f], number),
        (&[0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 1], number),
        (
            b"HTTP/1.1 400",
            "a frame begins with 0x48, which ESPHome's native API does not have",
        ),
        (
            &[0, 1, 2, 0x80],
            "it sent an invalid HelloResponse: it ends within a field",
        ),
        (
            &[0, 1, 2, 0x0b],
            "it sent an invalid HelloResponse: it has a field of wire type 3",
        ),
    ] {
        let mut bench = Bench::plain();
        bench.piece = 1;
        bench.send(bytes);
        assert_eq!(ended(&bench), reason, "{bytes:?}");
    }
}

#[test]
fn a_noise_frame_after_plain_ones_is_garbage() {
    let mut bench = Bench::plain();
    bench.say_vector(vectors::HELLO);
    bench.send(&[1]);
    let reason = "a frame begins with 0x01, which ESPHome's native API does not have";
    assert_eq!(ended(&bench), reason);
}

#[test]
fn a_handshake_that_is_none_ends_the_connection() {
    for (frames, reason) in [
        (
            &[&[][..]][..],
            "it selects an encryption that is not the one of ESPHome",
        ),
        (
            &[&[2, 0]],
            "it selects an encryption that is not the one of ESPHome",
        ),
        (&[&[1], &[]], "its answer to the handshake is empty"),
        (&[&[1], &[1]], "it refuses the encryption: "),
    ] {
        let mut bench = Bench::noise(KEY, KEY);
        for frame in frames {
            bench.send(&noise_frame(frame));
        }
        assert_eq!(ended(&bench), reason, "{frames:?}");
    }
}

#[test]
fn a_board_with_a_million_entities_has_no_more_than_are_kept() {
    let mut bench = Bench::plain();
    bench.say_vector(vectors::HELLO);
    bench.say_vector(vectors::INFO);
    for key in 0..100_000 {
        bench.say(61, &listed(Message::new().fixed(2, key)));
    }
    bench.say(19, &[]);
    assert_eq!(bench.components().len(), bounds::COMPONENTS);
}

#[test]
fn texts_and_lists_are_bounded() {
    let long = "x".repeat(10_000);
    let mut message = Message::new().fixed(2, 5).text(3, &long).text(5, &long);
    for _ in 0..500 {
        message = message.text(6, &long[..50]);
    }
    let mut bench = Bench::plain();
    bench.say_vector(vectors::HELLO);
    bench.say_vector(vectors::INFO);
    bench.say(52, &listed(message));
    bench.say(19, &[]);
    bench.say(53, &listed(Message::new().fixed(1, 5).text(2, &long)));
    let states = bench.states();
    assert!(bounds::fits(&states["select:5"]));
    assert!(bench.component("select:5").name.len() < 600);
    let mut bench = Bench::ready();
    bench.say(29, &listed(Message::new().number(1, 1).text(3, &long)));
    assert!(json!(format!("{:?}", bench.said)).to_string().len() < 1_000);
}

#[test]
fn unknown_messages_states_and_keys_are_ignored() {
    let mut bench = Bench::ready();
    bench.say(128, b"anything");
    bench.say(0, &[]);
    bench.say(70_000, &[]);
    bench.say(
        26,
        &listed(Message::new().fixed(1, 0xffff_ffff).flag(2, true)),
    );
    bench.say(
        26,
        &listed(
            Message::new()
                .fixed(1, 0x0001_0002)
                .flag(2, true)
                .number(3, 9),
        ),
    );
    bench.say(8, &[]);
    bench.say(19, &[]);
    bench.say_vector(vectors::INFO);
    assert_eq!(bench.problem, None);
    assert!(bench.said.is_empty(), "{:?}", bench.said);
}

#[test]
fn a_list_before_the_information_is_refused() {
    let mut bench = Bench::plain();
    bench.say_vector(vectors::HELLO);
    bench.say(19, &[]);
    assert_eq!(ended(&bench), "it listed its entities but not what it is");
}

#[test]
fn a_flood_is_not_answered_by_a_flood() {
    let mut bench = Bench::ready();
    bench.send(&[0, 0, 7].repeat(10_000));
    assert_eq!(bench.take_numbers(), [8]);
    let mut bench = Bench::plain();
    bench.forget();
    for _ in 0..1_000 {
        bench.say_vector(vectors::HELLO);
    }
    assert_eq!(bench.take_numbers(), [9, 11]);
    bench.say_vector(vectors::RELAY);
    for _ in 0..1_000 {
        bench.say(19, &[]);
    }
    assert_eq!(bench.take_numbers(), [20]);
}

#[test]
fn pings_that_are_never_answered_are_bounded() {
    let mut bench = Bench::ready();
    for _ in 0..1_000 {
        bench.request("Sys.Ping", &json!({}));
    }
    assert_eq!(bench.take_numbers().len(), 64);
}

/// Messages of the board with some of their bytes altered: each ends the
/// connection or is understood, and none panics.
#[test]
fn altered_messages_never_panic() {
    let mut random = Random(0x5eed);
    let all = [&[vectors::HELLO, vectors::INFO], LIST, &[(19, "")], STATES].concat();
    for _ in 0..2_000 {
        let mut bench = Bench::plain();
        for (message, payload) in &all {
            let mut payload = bytes(payload);
            if random.below(8) == 0 && !payload.is_empty() {
                let at = random.below(payload.len());
                payload[at] = u8::try_from(random.below(256)).expect("a byte");
            }
            if random.below(16) == 0 {
                payload.truncate(random.below(payload.len() + 1));
            }
            bench.say(*message, &payload);
        }
        for method in ["Device.Subscribe", "Device.GetComponents"] {
            bench.request(method, &json!({}));
        }
        for (method, params) in [
            ("Switch.Toggle", json!({"id": 3})),
            (
                "Light.Set",
                json!({"id": 13107, "ct_k": 3000, "brightness": 1}),
            ),
            ("Light.Set", json!({"id": 13107, "rgb": [1, 2, 3]})),
            ("Number.Set", json!({"id": 7, "value": 1})),
            ("Cover.Set", json!({"id": 11, "position": 3})),
        ] {
            bench.request(method, &params);
        }
    }
}

/// Bytes at random, with and without a key.
#[test]
fn random_bytes_never_panic() {
    let mut random = Random(0xb17e5);
    for round in 0..4_000 {
        let mut bench = match round % 2 {
            0 => Bench::plain(),
            _ => Bench::noise(KEY, KEY),
        };
        let first = u8::try_from(round % 2).expect("a byte");
        let rest = (0..random.below(80)).map(|_| random.next().to_le_bytes()[0]);
        let bytes: Vec<u8> = std::iter::once(first).chain(rest).collect();
        bench.piece = 1 + random.below(20);
        bench.send(&bytes);
        bench.request("Sys.Ping", &json!({}));
    }
}

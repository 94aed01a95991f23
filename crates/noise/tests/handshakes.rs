//! Both sides of the handshakes against each other, and against golden files
//! with fixed keys and fixed ephemerals.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::cast_possible_truncation,
    reason = "a test fails by panicking"
)]

use std::fs;

use serde_json::{Value, json};
use switchboard_noise::{
    Answer, Channel, Code, Hello, Initiator, Key, KeyId, NoiseError, Offer, PairAnswer, PairOffer,
    Pairing, PairingInitiator, Psk, Role, respond,
};

fn key(seed: u8) -> Key {
    Key {
        board: "sb-59f0d6".into(),
        kid: KeyId([0x5f, 0x3a, 0x91, seed]),
        role: Role::Control,
        psk: Psk::new([seed; 32]),
    }
}

fn hello() -> Hello {
    Hello::new("sb-59f0d6", [9; 16])
}

/// A handshake between a controller with one key and a board with this one.
fn meet(theirs: &Key, ours: &Key, hello: &Hello) -> Result<(Channel, Channel), NoiseError> {
    let (initiator, offer) = Initiator::new(hello, theirs, [1; 32])?;
    let offer = Offer::from_bytes(&offer.to_bytes())?;
    let (board, answer) = respond(hello, &offer, &ours.psk, [2; 32])?;
    let controller = initiator.finish(&Answer::from_bytes(&answer.to_bytes())?)?;
    Ok((controller, board))
}

#[test]
fn the_same_key_opens_a_channel_in_both_directions() {
    let (mut controller, mut board) = meet(&key(7), &key(7), &hello()).expect("the same key");
    for message in ["{}", "", "{\"jsonrpc\":\"2.0\"}"] {
        let sealed = controller.seal(message.as_bytes()).expect("sealed");
        assert!(
            message.is_empty()
                || !sealed
                    .windows(message.len())
                    .any(|part| part == message.as_bytes())
        );
        assert_eq!(board.open_text(&sealed), Ok(message.to_owned()));
        let back = board.seal(message.as_bytes()).expect("sealed");
        assert_eq!(controller.open_text(&back), Ok(message.to_owned()));
    }
}

#[test]
fn another_key_is_refused_with_the_first_message() {
    assert_eq!(
        meet(&key(7), &key(8), &hello()).err(),
        Some(NoiseError::NotAuthentic)
    );
}

#[test]
fn an_offer_is_valid_for_one_hello_only() {
    let key = key(7);
    let (_, offer) = Initiator::new(&hello(), &key, [1; 32]).expect("an offer");
    let later = Hello::new("sb-59f0d6", [10; 16]);
    assert_eq!(
        respond(&later, &offer, &key.psk, [2; 32]).err(),
        Some(NoiseError::NotAuthentic),
        "a replay"
    );
    let elsewhere = Hello::new("sb-59f0d7", [9; 16]);
    assert_eq!(
        respond(&elsewhere, &offer, &key.psk, [2; 32]).err(),
        Some(NoiseError::NotAuthentic),
        "another board"
    );
    let renamed = Offer {
        kid: KeyId([0; 4]),
        ..offer
    };
    assert_eq!(
        respond(&hello(), &renamed, &key.psk, [2; 32]).err(),
        Some(NoiseError::NotAuthentic),
        "another name"
    );
}

#[test]
fn no_offer_is_made_to_another_board() {
    let impostor = Hello::new("sb-000000", [9; 16]);
    assert_eq!(
        Initiator::new(&impostor, &key(7), [1; 32]).err(),
        Some(NoiseError::Unexpected)
    );
}

#[test]
fn altered_repeated_and_dropped_messages_are_refused() {
    let pair = || meet(&key(7), &key(7), &hello()).expect("the same key");
    let (mut controller, mut board) = pair();
    let mut changed = controller.seal(b"{}").expect("sealed");
    changed[0] ^= 1;
    assert_eq!(board.open(&changed), Err(NoiseError::NotAuthentic));
    let (mut controller, mut board) = pair();
    let once = controller.seal(b"{}").expect("sealed");
    assert_eq!(board.open(&once), Ok(b"{}".to_vec()));
    assert_eq!(board.open(&once), Err(NoiseError::NotAuthentic));
    let (mut controller, mut board) = pair();
    let _lost = controller.seal(b"1").expect("sealed");
    let second = controller.seal(b"2").expect("sealed");
    assert_eq!(board.open(&second), Err(NoiseError::NotAuthentic));
    let (_, mut board) = pair();
    for length in 0..16 {
        assert_eq!(
            board.open(&vec![0; length]),
            Err(NoiseError::NotAuthentic),
            "{length} bytes"
        );
    }
}

#[test]
fn a_message_cannot_be_reflected() {
    let (mut controller, _) = meet(&key(7), &key(7), &hello()).expect("the same key");
    let sent = controller.seal(b"{}").expect("sealed");
    assert_eq!(controller.open(&sent), Err(NoiseError::NotAuthentic));
}

#[test]
fn frames_of_another_length_type_or_version_are_refused() {
    let hello = hello().to_bytes();
    assert_eq!(
        Hello::from_bytes(&hello[..18]),
        Err(NoiseError::Unexpected),
        "no board"
    );
    assert_eq!(
        Hello::from_bytes(&[&hello[..], b"A"].concat()),
        Err(NoiseError::Unexpected),
        "no id"
    );
    let mut newer = hello.clone();
    newer[1] = 2;
    assert_eq!(Hello::from_bytes(&newer), Err(NoiseError::OtherVersion(2)));
    for length in 0..60 {
        let other: Vec<u8> = std::iter::once(2)
            .chain(std::iter::repeat_n(0, length))
            .collect();
        assert_eq!(Offer::from_bytes(&other).is_ok(), length == 52, "{length}");
        assert!(Answer::from_bytes(&other).is_err() && Hello::from_bytes(&other).is_err());
        assert!(PairOffer::from_bytes(&other).is_err() && PairAnswer::from_bytes(&other).is_err());
    }
}

#[test]
fn the_text_form_of_a_key_is_validated() {
    let key = key(7);
    let text = key.to_text();
    assert_eq!(
        text.as_str(),
        "switchboard-key:1:sb-59f0d6:5f3a9107:control:BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"
    );
    assert_eq!(format!(" {}\n", text.as_str()).parse(), Ok(key.clone()));
    assert!(!format!("{key:?}").contains("BwcH") && !format!("{key:?}").contains("7, 7"));
    for (bad, word) in [
        ("", "one line"),
        ("switchboard-key:2:sb-1:5f3a9107:control:BwcH", "one line"),
        ("switchboard-key:1:Sb:5f3a9107:control:BwcH", "board"),
        ("switchboard-key:1:sb-1:5f3a9107:control:BwcH", "43 digits"),
        (&text.replace("5f3a9107", "5F3A9107"), "8 hexadecimal"),
        (&text.replace("control", "admin"), "control or view"),
        (&format!("{}:more", text.as_str()), "one line"),
    ] {
        let error = bad.parse::<Key>().expect_err(bad).to_string();
        assert!(error.contains(word), "{bad:?}: {error}");
    }
}

/// Pairing between two people: the code that each sees, and the channel for the
/// key.
fn pair(
    hello: &Hello,
    changed: impl FnOnce(&mut PairOffer),
) -> Result<(Code, Code, Channel, Channel), NoiseError> {
    let (request, mut offer) = PairingInitiator::new(hello, [3; 48])?;
    changed(&mut offer);
    let (pairing, answer) =
        Pairing::new(hello, &PairOffer::from_bytes(&offer.to_bytes())?, [4; 48])?;
    let revealed = request.receive_answer(&PairAnswer::from_bytes(&answer.to_bytes())?)?;
    let confirmed = pairing.receive_reveal(&revealed.reveal)?;
    Ok((
        revealed.code,
        confirmed.code,
        revealed.channel,
        confirmed.channel,
    ))
}

#[test]
fn pairing_shows_one_code_on_both_sides_and_transfers_a_key() {
    let (theirs, ours, mut controller, mut board) = pair(&hello(), |_| {}).expect("paired");
    assert_eq!(theirs, ours);
    assert_eq!(ours.to_string().len(), 7);
    let sealed = board.seal(key(7).to_text().as_bytes()).expect("sealed");
    assert_eq!(controller.open_text(&sealed).unwrap().parse(), Ok(key(7)));
}

#[test]
fn an_attacker_in_between_causes_two_codes_or_is_refused() {
    let (_, forged) = PairingInitiator::new(&hello(), [5; 48]).expect("an offer");
    let commitment = forged.commitment;
    assert!(
        pair(&hello(), |offer| offer.commitment = commitment).is_err(),
        "another's number"
    );
    // A relay that runs a separate handshake with each side.
    let (request, _) = PairingInitiator::new(&hello(), [3; 48]).expect("an offer");
    let (middle, offer) = PairingInitiator::new(&hello(), [6; 48]).expect("an offer");
    let (board, _) = Pairing::new(&hello(), &offer, [4; 48]).expect(
        "the board answers the \
        attacker",
    );
    let (_, honest) = PairingInitiator::new(&hello(), [3; 48]).expect("the same offer");
    let (between, answer) =
        Pairing::new(&hello(), &honest, [7; 48]).expect("the attacker answers the controller");
    let shown = request
        .receive_answer(&answer)
        .expect("the controller receives the answer");
    assert!(between.receive_reveal(&shown.reveal).is_ok());
    let (_, boards) = Pairing::new(&hello(), &offer, [4; 48]).expect("as before");
    let seen = board
        .receive_reveal(
            &middle
                .receive_answer(&boards)
                .expect("the attacker receives the answer")
                .reveal,
        )
        .expect("the board sees a code");
    assert_ne!(shown.code, seen.code);
}

#[test]
fn an_attacker_who_forwards_both_numbers_causes_two_codes() {
    for secret in 0..32 {
        // A separate handshake with each side, with the commitment and the
        // numbers of the honest ones.
        let (controller, honest) = PairingInitiator::new(&hello(), [3; 48]).expect("an offer");
        let (_, mut middle) = PairingInitiator::new(&hello(), [secret; 48]).expect("an offer");
        middle.commitment = honest.commitment;
        let (_, answer) =
            Pairing::new(&hello(), &middle, [4; 48]).expect("the board answers the attacker");
        let (between, mut forged) =
            Pairing::new(&hello(), &honest, [secret; 48]).expect("the attacker answers");
        forged.nonce = answer.nonce;
        let shown = controller
            .receive_answer(&forged)
            .expect("the controller receives the answer");
        let _ = between
            .receive_reveal(&shown.reveal)
            .expect("the attacker knows the controller's number");
        // The attacker's own channel to the board, on which it reveals the
        // controller's number.
        let mut random = [secret; 48];
        random[32..].copy_from_slice(&[3; 16]);
        let (request, offer) = PairingInitiator::new(&hello(), random)
            .expect("the same ephemeral, the controller's number");
        assert_eq!(
            (offer.commitment, offer.message),
            (middle.commitment, middle.message)
        );
        let (board, answer) = Pairing::new(&hello(), &offer, [4; 48]).expect("as before");
        let seen = board
            .receive_reveal(&request.receive_answer(&answer).expect("answered").reveal)
            .expect("the commitment matches");
        assert_ne!(shown.code, seen.code, "the handshakes differ");
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What every implementation of version 1 must derive from the same keys. Never
/// changes; generated by this code and verified by another implementation
/// (`tests/noise/peer.py`).
#[test]
fn golden_handshake() {
    let key = Key {
        board: "sb-59f0d6".into(),
        kid: KeyId([0x5f, 0x3a, 0x91, 0xc2]),
        role: Role::View,
        psk: Psk::new(std::array::from_fn(|at| at as u8)),
    };
    let hello = Hello::new("sb-59f0d6", std::array::from_fn(|at| 0xa0 + at as u8));
    let (initiator, offer) = Initiator::new(&hello, &key, [0x11; 32]).expect("an offer");
    let (mut board, answer) = respond(&hello, &offer, &key.psk, [0x22; 32]).expect("an answer");
    let mut controller = initiator.finish(&answer).expect("finished");
    let there = r#"{"jsonrpc":"2.0","id":1,"method":"Sys.Ping"}"#;
    let back = r#"{"id":1,"jsonrpc":"2.0","result":{"uptime_ms":132}}"#;
    let made = json!({
        "suite": switchboard_noise::SUITE,
        "key": key.to_text().as_str(),
        "controller_ephemeral": hex(&[0x11; 32]),
        "board_ephemeral": hex(&[0x22; 32]),
        "hello": hex(&hello.to_bytes()),
        "offer": hex(&offer.to_bytes()),
        "answer": hex(&answer.to_bytes()),
        "messages": [
            { "from": "controller", "text": there,
                "frame": hex(&controller.seal(there.as_bytes()).expect("sealed")) },
            { "from": "board", "text": back,
                "frame": hex(&board.seal(back.as_bytes()).expect("sealed")) },
        ],
    });
    compare("handshake.json", &made);
}

#[test]
fn golden_pairing() {
    let hello = Hello::new("sb-59f0d6", std::array::from_fn(|at| 0xa0 + at as u8));
    let (request, offer) = PairingInitiator::new(&hello, [0x33; 48]).expect("an offer");
    let (pairing, answer) = Pairing::new(&hello, &offer, [0x44; 48]).expect("an answer");
    let revealed = request.receive_answer(&answer).expect("answered");
    let confirmed = pairing.receive_reveal(&revealed.reveal).expect("confirmed");
    let made = json!({
        "suite": "Noise_NN_25519_ChaChaPoly_SHA256",
        "controller_ephemeral": hex(&[0x33; 32]),
        "controller_nonce": hex(&[0x33; 16]),
        "board_ephemeral": hex(&[0x44; 32]),
        "hello": hex(&hello.to_bytes()),
        "offer": hex(&offer.to_bytes()),
        "answer": hex(&answer.to_bytes()),
        "reveal": hex(&revealed.reveal),
        "code": confirmed.code.to_string(),
    });
    compare("pairing.json", &made);
}

/// Compares with the file; creates it if it does not exist.
fn compare(name: &str, made: &Value) {
    let path = format!("{}/tests/golden/v1/{name}", env!("CARGO_MANIFEST_DIR"));
    let Ok(golden) = fs::read_to_string(&path) else {
        fs::write(&path, serde_json::to_string_pretty(made).unwrap() + "\n").expect("written");
        panic!("{path} did not exist and was created: check it and run this test again");
    };
    assert_eq!(serde_json::from_str::<Value>(&golden).expect("JSON"), *made);
}

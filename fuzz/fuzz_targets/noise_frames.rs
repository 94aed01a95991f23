//! What a stranger sends to a locked board, and a locked board to a controller,
//! before and after the channel is encrypted; and keys that people paste. The
//! first byte selects which.
#![no_main]

use libfuzzer_sys::fuzz_target;
use noise::{
    Answer, Hello, Initiator, Key, KeyId, Offer, PairAnswer, PairOffer, Pairing, PairingInitiator,
    Psk, Role, respond,
};

fn key() -> Key {
    Key {
        board: "sb-59f0d6".into(),
        kid: KeyId([0x5f, 0x3a, 0x91, 0xc2]),
        role: Role::Control,
        psk: Psk::new([7; 32]),
    }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((what, frame)) = bytes.split_first() else {
        return;
    };
    let (hello, key) = (Hello::new("sb-59f0d6", [9; 16]), key());
    match what {
        b'h' => {
            if let Ok(hello) = Hello::from_bytes(frame) {
                assert_eq!(hello.to_bytes(), frame);
                // Nothing is offered to a board that is not the key's.
                assert_eq!(
                    Initiator::new(&hello, &key, [1; 32]).is_ok(),
                    hello.board == key.board
                );
                PairingInitiator::new(&hello, [3; 48]).expect("anybody may ask");
            }
        }
        b'o' => {
            if let Ok(offer) = Offer::from_bytes(frame) {
                assert_eq!(offer.to_bytes(), frame);
                let honest = Initiator::new(&hello, &key, [1; 32]).expect("an offer").1;
                // Without the key, no offer can be made. The fuzzer finds the
                // honest one in its seeds.
                if let Ok((mut channel, _)) = respond(&hello, &offer, &key.psk, [2; 32]) {
                    assert_eq!(offer, honest);
                    assert!(channel.open(frame).is_err());
                }
            }
        }
        b'a' => {
            if let Ok(answer) = Answer::from_bytes(frame) {
                assert_eq!(answer.to_bytes(), frame);
                let (initiator, offer) = Initiator::new(&hello, &key, [1; 32]).expect("an offer");
                let honest = respond(&hello, &offer, &key.psk, [2; 32])
                    .expect("an answer")
                    .1;
                assert!(initiator.finish(&answer).is_err() || answer == honest);
            }
        }
        b'p' => {
            if let Ok(offer) = PairOffer::from_bytes(frame) {
                assert_eq!(offer.to_bytes(), frame);
                if let Ok((pairing, _)) = Pairing::new(&hello, &offer, [4; 48]) {
                    assert!(
                        pairing.receive_reveal(frame).is_err(),
                        "a number that was never sealed"
                    );
                }
            }
        }
        b'q' => {
            if let Ok(answer) = PairAnswer::from_bytes(frame) {
                assert_eq!(answer.to_bytes(), frame);
                let (asking, _) = PairingInitiator::new(&hello, [3; 48]).expect("a question");
                let _ = asking.receive_answer(&answer);
            }
        }
        b'c' => {
            let (initiator, offer) = Initiator::new(&hello, &key, [1; 32]).expect("an offer");
            let (mut board, answer) =
                respond(&hello, &offer, &key.psk, [2; 32]).expect("an answer");
            let mut controller = initiator.finish(&answer).expect("a channel");
            assert!(controller.open_text(frame).is_err(), "it was never sealed");
            let sealed = controller.seal(frame).expect("it is short enough");
            assert_eq!(board.open(&sealed).as_deref(), Ok(frame));
        }
        b'k' => {
            let Ok(text) = std::str::from_utf8(frame) else {
                return;
            };
            if let Ok(key) = text.parse::<Key>() {
                assert_eq!(key.to_text().as_str(), text.trim());
            }
        }
        _ => {}
    }
});

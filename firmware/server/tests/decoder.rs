//! The WebSocket decoder with arbitrary bytes, in pieces of any size.

use proptest::{collection::vec, prelude::*};
use switchboard_server::ws::{Decoder, Endpoint, FrameType, Message, Violation};

const LIMIT: usize = 300;

/// All decoded messages, and the violation that ends them.
fn decode(bytes: &[u8], pieces: &[usize]) -> (Vec<Message>, Option<Violation>) {
    decode_with(Decoder::new(LIMIT), bytes, pieces)
}

fn decode_with(
    mut decoder: Decoder,
    bytes: &[u8],
    pieces: &[usize],
) -> (Vec<Message>, Option<Violation>) {
    let (mut messages, mut rest) = (Vec::new(), bytes);
    let mut pieces = pieces.iter().cycle();
    while !rest.is_empty() {
        let length = pieces
            .next()
            .map_or(rest.len(), |length| (*length).clamp(1, rest.len()));
        let (mut piece, after) = rest.split_at(length);
        rest = after;
        loop {
            match decoder.decode(&mut piece) {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => break,
                Err(violation) => return (messages, Some(violation)),
            }
        }
        assert!(piece.is_empty(), "bytes were left");
    }
    (messages, None)
}

fn frame(first: u8, payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
    let mut frame = vec![first];
    match u8::try_from(payload.len()) {
        Ok(short) if short < 126 => frame.push(0x80 | short),
        _ => {
            frame.push(0x80 | 126);
            frame.extend(
                u16::try_from(payload.len())
                    .unwrap_or(u16::MAX)
                    .to_be_bytes(),
            );
        }
    }
    frame.extend(mask);
    frame.extend(
        payload
            .iter()
            .zip(mask.iter().cycle())
            .map(|(byte, mask)| byte ^ mask),
    );
    frame
}

proptest! {
    #[test]
    fn the_size_of_received_pieces_makes_no_difference(
        bytes in vec(any::<u8>(), 0..400),
        pieces in vec(1_usize..20, 1..8),
    ) {
        prop_assert_eq!(decode(&bytes, &pieces), decode(&bytes, &[]));
    }

    #[test]
    fn a_text_in_frames_of_any_size_is_reassembled(
        text in "\\PC{0,70}",
        mask in any::<[u8; 4]>(),
        cuts in vec(0_usize..30, 0..6),
        pieces in vec(1_usize..20, 1..8),
    ) {
        let (mut bytes, mut rest, mut opcode) = (Vec::new(), text.as_bytes(), 1);
        for cut in cuts {
            let (part, after) = rest.split_at(cut.min(rest.len()));
            bytes.extend(frame(opcode, part, mask));
            bytes.extend(frame(0x8a, b"still here", mask));
            (rest, opcode) = (after, 0);
        }
        bytes.extend(frame(0x80 | opcode, rest, mask));
        let (messages, violation) = decode(&bytes, &pieces);
        prop_assert_eq!(violation, None);
        let last = messages.into_iter().rfind(|message| *message != Message::Pong);
        prop_assert_eq!(last, Some(Message::Text(text)));
    }

    #[test]
    fn each_end_reads_the_frames_of_the_other_and_rejects_its_own(
        payload in vec(any::<u8>(), 0..LIMIT),
        mask in any::<[u8; 4]>(),
        pieces in vec(1_usize..20, 1..8),
    ) {
        let mask = move || mask;
        let sides = [Endpoint::Server, Endpoint::Client(&mask)];
        for (this, other) in [(sides[0], sides[1]), (sides[1], sides[0])] {
            let bytes = this.frame(FrameType::Binary(false), &payload);
            let (messages, violation) = decode_with(Decoder::at(other, LIMIT), &bytes, &pieces);
            prop_assert_eq!((messages, violation), (vec![Message::Binary(payload.clone())], None));
            let (messages, violation) = decode_with(Decoder::at(this, LIMIT), &bytes, &pieces);
            prop_assert_eq!((messages, violation.map(|close| close.code)), (vec![], Some(1002)));
        }
    }

    #[test]
    fn no_message_is_longer_than_the_limit(lengths in vec(0_usize..200, 1..6)) {
        let mut bytes = frame(0x02, &[], [0; 4]);
        for length in &lengths {
            bytes.extend(frame(0x00, &vec![7; *length], [9; 4]));
        }
        bytes.extend(frame(0x80, &[], [0; 4]));
        let total: usize = lengths.iter().sum();
        let (messages, violation) = decode(&bytes, &[]);
        if total > LIMIT {
            prop_assert_eq!(violation.map(|close| close.code), Some(1009));
        } else {
            prop_assert_eq!(messages, vec![Message::Binary(vec![7; total])]);
        }
    }
}

#[test]
fn a_frame_that_announces_too_much_is_refused_by_its_header() {
    let header = [
        0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4,
    ];
    let (_, violation) = decode(&header, &[]);
    assert_eq!(violation.map(|close| close.code), Some(1009));
}

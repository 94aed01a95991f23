//! What a client sends once it is let in: frames of WebSocket. The first byte says in what pieces they come; however they are cut,
//! the same messages must come out.
#![no_main]

use libfuzzer_sys::fuzz_target;
use server::ws::{Decoder, Message, Violation};

const LIMIT: usize = 300;

fn decode(bytes: &[u8], piece: usize) -> (Vec<Message>, Option<Violation>) {
    let mut decoder = Decoder::new(LIMIT);
    let mut messages = Vec::new();
    for mut rest in bytes.chunks(piece.max(1)) {
        loop {
            match decoder.decode(&mut rest) {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => break,
                Err(violation) => return (messages, Some(violation)),
            }
        }
        assert!(rest.is_empty(), "bytes were left");
    }
    (messages, None)
}

fuzz_target!(|bytes: &[u8]| {
    let Some((piece, frames)) = bytes.split_first() else { return };
    let whole = decode(frames, frames.len());
    assert_eq!(whole, decode(frames, usize::from(*piece)));
    for message in &whole.0 {
        match message {
            Message::Text(text) => assert!(text.len() <= LIMIT),
            Message::Binary(bytes) => assert!(bytes.len() <= LIMIT),
            Message::Ping(payload) => assert!(payload.len() <= 125),
            Message::Pong | Message::Close(_) => {}
        }
    }
    if let Some(violation) = whole.1 {
        assert!((1_002..=1_009).contains(&violation.code), "{violation:?}");
    }
});

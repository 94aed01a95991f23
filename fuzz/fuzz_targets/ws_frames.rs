//! What the other end of an open WebSocket sends. The first byte sets the size
//! of the pieces, its highest bit the end; however frames are cut, the same
//! messages must result.
#![no_main]

use libfuzzer_sys::fuzz_target;
use server::ws::{Decoder, Endpoint, Message, Violation};

const LIMIT: usize = 300;

fn decode(side: Endpoint<'_>, bytes: &[u8], piece: usize) -> (Vec<Message>, Option<Violation>) {
    let mut decoder = Decoder::at(side, LIMIT);
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
    let Some((piece, frames)) = bytes.split_first() else {
        return;
    };
    let mask = || [0; 4];
    let side = if piece & 0x80 == 0 {
        Endpoint::Server
    } else {
        Endpoint::Client(&mask)
    };
    let whole = decode(side, frames, frames.len());
    assert_eq!(whole, decode(side, frames, usize::from(piece & 0x7f)));
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

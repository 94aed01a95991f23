//! What a broker sends: packets in any pieces, first to the reader alone, then
//! to a session. The first byte sets the size of the pieces.
#![no_main]

use std::time::{Duration, Instant};

use bytes::BytesMut;
use libfuzzer_sys::fuzz_target;
use mqtt::{
    Event, Problem, Session, SessionSettings,
    wire::{Incoming, Reader},
};

/// Small, so that messages over it are found.
const LIMIT: usize = 512;

fuzz_target!(|input: &[u8]| {
    let Some((piece, rest)) = input.split_first() else {
        return;
    };
    let piece = usize::from(*piece).max(1);
    let whole = packets(rest, rest.len().max(1));
    assert_eq!(packets(rest, piece), whole, "pieces change the packets");
    converse(rest, piece);
});

/// The packets, and whether an error followed.
fn packets(bytes: &[u8], piece: usize) -> (Vec<Incoming>, bool) {
    let mut reader = Reader::new(LIMIT);
    let mut packets = Vec::new();
    for piece in bytes.chunks(piece) {
        reader.push(piece);
        loop {
            match reader.next_packet() {
                Ok(Some(packet)) => packets.push(packet),
                Ok(None) => break,
                Err(_) => return (packets, true),
            }
        }
    }
    (packets, false)
}

/// A session that is accepted, and then gets the bytes: each ticket ends once.
fn converse(bytes: &[u8], piece: usize) {
    let mut now = Instant::now();
    let mut session = Session::new(SessionSettings {
        client_id: "fuzz".to_owned(),
        user: None,
        password: None,
        will: None,
        keep_alive: Duration::from_secs(30),
    });
    session.subscribe("a/#");
    session.opened(now);
    session.received(&[0x20, 2, 0, 0], now);
    session.state("a/b", b"1".to_vec());
    for ticket in 0..3 {
        session.command("a/c", b"go".to_vec(), ticket);
    }
    let mut out = BytesMut::new();
    for piece in bytes.chunks(piece) {
        session.fill(&mut out, now);
        session.received(piece, now);
        now += Duration::from_millis(100);
        session.passed(now);
    }
    session.closed(Problem::Ended, now);
    let mut ended = [0; 3];
    while let Some(event) = session.poll() {
        if let Event::Acknowledged(ticket) | Event::Unconfirmed(ticket) | Event::Unsent(ticket) =
            event
        {
            ended[usize::try_from(ticket).expect("one of three")] += 1;
        }
    }
    assert_eq!(ended, [1; 3]);
}

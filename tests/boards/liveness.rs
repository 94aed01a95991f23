//! Silence: a controller that says nothing is pinged after 20 s and closed
//! after 60 s. In real time, and therefore on all boards at once.

use std::{
    io::{ErrorKind, Read},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    attacks::websocket,
    client::Client,
    program::{self, Bench, Make},
};

/// A margin for a loaded machine, and for boards that look once per second.
const SLACK: Duration = Duration::from_secs(6);

#[test]
fn a_silent_controller_is_pinged_and_closed() {
    let boards = [Make::Rust, Make::C, Make::MicroPython].map(|make| {
        thread::spawn(move || {
            program::with(make, "a_silent_controller_is_pinged_and_closed", silent);
        })
    });
    for board in boards {
        board.join().expect("this board does as the others");
    }
}

fn silent(make: Make) {
    let bench = Bench::start(make);
    let mut silent = websocket(&bench.address.to_string(), "/rpc").expect("a connection");
    // This one answers pings, as every WebSocket library does.
    let mut idle = Client::connect(bench.address).expect("a connection");
    let begun = Instant::now();
    let answering = thread::spawn(move || {
        idle.hear(Duration::from_secs(60) + SLACK);
        idle.call("Sys.Ping", &json!({}))["result"].is_object()
    });
    let (first, payload) = frame(&mut silent, Duration::from_secs(20) + SLACK);
    let after = begun.elapsed();
    assert_eq!(first, 0x89, "a ping: {payload:?}");
    assert!(after > Duration::from_secs(19), "a ping after {after:?}");
    let code = loop {
        let left = (Duration::from_secs(60) + SLACK).saturating_sub(begun.elapsed());
        match frame(&mut silent, left) {
            (0x89, _) => {}
            (0x88, payload) => break u16::from_be_bytes([payload[0], payload[1]]),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(code, 1001);
    assert!(
        begun.elapsed() > Duration::from_secs(59),
        "closed after {:?}",
        begun.elapsed()
    );
    assert!(
        answering.join().expect("a thread"),
        "who answers pings is served"
    );
}

/// The first byte and the payload of the next frame, all of them short.
fn frame(stream: &mut TcpStream, within: Duration) -> (u8, Vec<u8>) {
    let deadline = Instant::now() + within;
    let mut bytes = Vec::new();
    loop {
        let wanted = bytes.get(1).map_or(2, |length| 2 + usize::from(*length));
        if bytes.len() == wanted {
            return (bytes[0], bytes.split_off(2));
        }
        let mut byte = [0];
        match stream.read(&mut byte) {
            Ok(0) => panic!("the connection ended without a close frame"),
            Ok(_) => bytes.extend(byte),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                assert!(Instant::now() < deadline, "nothing within {within:?}");
            }
            Err(error) => panic!("{error}"),
        }
    }
}

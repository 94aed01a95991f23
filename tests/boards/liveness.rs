//! Silence: a controller that says nothing is pinged after 20 s and closed
//! after 60 s. In real time, and therefore on all boards at once.

use std::{
    io::{ErrorKind, Read},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use fleet::LinkState;
use protocol::limits;
use serde_json::json;

use crate::{
    attacks::websocket,
    client::Client,
    observer::Observer,
    program::{self, Bench, Make},
};

/// A margin for a loaded machine, and for boards that look once per second.
const SLACK: Duration = Duration::from_secs(6);

#[test]
fn a_silent_controller_is_pinged_and_closed() {
    on_all_boards("a_silent_controller_is_pinged_and_closed", silent);
}

#[test]
fn a_board_that_hangs_is_stale_and_recovers() {
    on_all_boards("a_board_that_hangs_is_stale_and_recovers", hangs);
}

fn on_all_boards(test: &'static str, run: fn(Make)) {
    let boards = [Make::Rust, Make::C, Make::MicroPython]
        .map(|make| thread::spawn(move || program::with(make, test, run)));
    for board in boards {
        board.join().expect("the test passes on this board");
    }
}

fn hangs(make: Make) {
    let mut bench = Bench::start(make);
    let mut observer = Observer::of(&[&bench.address.to_string()]);
    observer.connected(&bench.id);
    bench.hang();
    observer.until("it is stale", limits::STALE_AFTER + SLACK, |seen| {
        (seen.board(&bench.id)?.link == LinkState::Stale).then_some(())
    });
    bench.go_on();
    observer.connected(&bench.id);
    bench.line("set BOARD text:0 value=back");
    observer.shows(&bench.id, "text:0", |text| {
        text.get("value") == Some(&json!("back"))
    });
}

fn silent(make: Make) {
    let bench = Bench::start(make);
    let mut silent = websocket(&bench.address.to_string(), "/rpc").expect("a connection");
    // This one answers pings, as every WebSocket library does.
    let mut idle = Client::connect(bench.address).expect("a connection");
    let begun = Instant::now();
    let answering = thread::spawn(move || {
        idle.hear(limits::BOARD_DROPS_AFTER + SLACK);
        idle.call("Sys.Ping", &json!({}))["result"].is_object()
    });
    let (first, payload) = frame(&mut silent, limits::BOARD_PINGS_AFTER + SLACK);
    let after = begun.elapsed();
    assert_eq!(first, 0x89, "a ping: {payload:?}");
    assert!(after > Duration::from_secs(19), "a ping after {after:?}");
    let code = loop {
        let left = (limits::BOARD_DROPS_AFTER + SLACK).saturating_sub(begun.elapsed());
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
        "a client that answers pings is served"
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

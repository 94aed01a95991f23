//! Messages between a window and a server that keeps its fleet, in both
//! directions. The first byte of the input is the direction; each message is
//! preceded by its length, two bytes, the higher one first. A message that can
//! be read is written and read again.
#![no_main]

use std::{net::SocketAddr, sync::Arc};

use fleet::{Fleet, Published};
use libfuzzer_sys::fuzz_target;
use remote::{
    Mirror, Server,
    server::{Hub, Next, Role},
    wire::{FromServer, FromWindow, Hello, Token, VERSION, decode, encode},
};

fn messages(mut input: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (length, rest) = input.split_first_chunk::<2>()?;
        let length = usize::from(u16::from_be_bytes(*length)).min(rest.len());
        let (message, rest) = rest.split_at(length);
        input = rest;
        Some(message)
    })
}

/// What a window sends.
fn to_server(input: &[u8]) {
    let (fleet, mut asked) = Fleet::new(Published::default());
    let hub = Hub::new(Arc::new(fleet), 2);
    let hello = Hello {
        version: VERSION,
        token: Token::default(),
        name: "fuzz".to_owned(),
    };
    let address = SocketAddr::from(([127, 0, 0, 1], 1));
    let session = hub.enter(&hello, Role::Control, address, |_| {});
    let mut session = session.expect("a place");
    for message in messages(input) {
        let _ = Hello::read(message);
        if let Ok(read) = decode::<FromWindow>(message) {
            let again = encode(&read).expect("what was read can be written");
            decode::<FromWindow>(&again).expect("what was written can be read");
        }
        if session.receive(message).is_err() {
            break;
        }
        while let Some(Next::Send(_)) = session.next_step() {}
        while asked.try_recv().is_ok() {}
    }
}

/// What a server sends.
fn to_window(input: &[u8]) {
    let server = Server::at("ws://127.0.0.1").expect("an address");
    let published = Published::default();
    let (fleet, _asked) = Fleet::new(published.clone());
    let mut watch = fleet.watch(|_| {});
    let mut mirror = Mirror::new(published, server, |_, _| {});
    mirror.opened();
    for message in messages(input) {
        if let Ok(read) = decode::<FromServer>(message) {
            let again = encode(&read).expect("what was read can be written");
            decode::<FromServer>(&again).expect("what was written can be read");
        }
        if mirror.received(message).is_err() {
            break;
        }
        mirror.outgoing();
        watch.drain();
    }
    mirror.lost(&remote::Ending::of("the end"), None);
}

fuzz_target!(|input: &[u8]| {
    match input.split_first() {
        Some((0, rest)) => to_server(rest),
        Some((_, rest)) => to_window(rest),
        None => {}
    }
});

//! Attacks on a board over plain sockets. Each runs until it is told to stop.

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

/// Whether the attack is over.
pub(crate) type Over = AtomicBool;

/// No single read or write waits for longer.
const MOMENT: Duration = Duration::from_millis(200);

fn connect(address: &str) -> Option<TcpStream> {
    let stream = TcpStream::connect_timeout(&address.parse().ok()?, Duration::from_secs(1)).ok()?;
    stream.set_read_timeout(Some(MOMENT)).ok()?;
    stream.set_write_timeout(Some(MOMENT)).ok()?;
    Some(stream)
}

/// A WebSocket on this path, after its opening handshake.
pub(crate) fn websocket(address: &str, path: &str) -> Option<TcpStream> {
    let mut stream = connect(address)?;
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: \
             websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).ok()?;
    let mut answer = Vec::new();
    let mut byte = [0];
    while !answer.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        answer.push(byte[0]);
    }
    answer.starts_with(b"HTTP/1.1 101").then_some(stream)
}

/// A masked frame (RFC 6455, section 5.2), with a mask of zeros.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = header(first, payload.len() as u64);
    frame.extend(payload);
    frame
}

/// The header of a frame that announces this many bytes.
pub(crate) fn header(first: u8, length: u64) -> Vec<u8> {
    let mut header = vec![first];
    match length {
        0..126 => header.push(0x80 | u8::try_from(length).unwrap_or_default()),
        126..0x1_0000 => {
            header.push(0x80 | 126);
            header.extend(u16::try_from(length).unwrap_or_default().to_be_bytes());
        }
        _ => {
            header.push(0x80 | 127);
            header.extend(length.to_be_bytes());
        }
    }
    header.extend([0; 4]);
    header
}

/// Writes the same bytes in a loop and reads nothing; reconnects when it is
/// disconnected.
fn pour(over: &Over, open: impl Fn() -> Option<TcpStream>, begin: &[u8], again: &[u8]) {
    while !over.load(Ordering::Relaxed) {
        let Some(mut stream) = open() else {
            thread::sleep(Duration::from_millis(20));
            continue;
        };
        if stream.write_all(begin).is_err() {
            continue;
        }
        let mut at = 0;
        while !over.load(Ordering::Relaxed) {
            // A partial write continues where it stopped; otherwise it would be
            // invalid and soon refused.
            match stream.write(&again[at..]) {
                Ok(0) => break,
                Ok(written) => at = (at + written) % again.len(),
                // The board does not read: wait while that lasts.
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(_) => break,
            }
        }
    }
}

/// Two hundred parallel connections that send nothing or an incomplete request;
/// those that are evicted reconnect.
pub(crate) fn crowd(address: &str, over: &Over) {
    let mut crowd: Vec<Option<TcpStream>> = (0..200).map(|_| None).collect();
    while !over.load(Ordering::Relaxed) {
        for (number, place) in crowd.iter_mut().enumerate() {
            if over.load(Ordering::Relaxed) {
                return;
            }
            let gone = |stream: &TcpStream| {
                let _ = stream.set_nonblocking(true);
                matches!((&*stream).read(&mut [0; 64]), Ok(0))
                    || stream.take_error().ok().flatten().is_some()
            };
            if place.as_ref().is_none_or(gone) {
                *place = connect(address);
                if let Some(stream) = place
                    && number % 2 == 0
                {
                    let _ = stream.write_all(b"GET /rpc HTTP/1.1\r\n");
                }
            }
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// A hundred request heads that arrive byte by byte and never end.
pub(crate) fn slow_heads(address: &str, over: &Over) {
    let mut heads: Vec<Option<TcpStream>> = (0..100).map(|_| None).collect();
    while !over.load(Ordering::Relaxed) {
        for place in &mut heads {
            if over.load(Ordering::Relaxed) {
                return;
            }
            let alive = place
                .as_mut()
                .is_some_and(|stream| stream.write_all(b"X").is_ok());
            if !alive {
                *place = connect(address);
            }
        }
        thread::sleep(Duration::from_millis(100));
    }
}

/// Messages of a hundred megabytes.
pub(crate) fn huge(address: &str, over: &Over) {
    pour(
        over,
        || websocket(address, "/rpc"),
        &header(0x81, 100 << 20),
        &[b' '; 64 * 1024],
    );
}

/// Bodies of a hundred megabytes.
pub(crate) fn huge_post(address: &str, over: &Over) {
    let head =
        format!("POST /rpc HTTP/1.1\r\nHost: {address}\r\nContent-Length: 104857600\r\n\r\n");
    pour(
        over,
        || connect(address),
        head.as_bytes(),
        &[b' '; 64 * 1024],
    );
}

/// A message in fragments of one byte, without end.
pub(crate) fn fragments(address: &str, over: &Over) {
    pour(
        over,
        || websocket(address, "/rpc"),
        &frame(0x01, b"{"),
        &frame(0x00, b" ").repeat(500),
    );
}

/// An endless message of empty fragments, which never exceeds the size limit.
pub(crate) fn empty_fragments(address: &str, over: &Over) {
    pour(
        over,
        || websocket(address, "/rpc"),
        &frame(0x01, b"{"),
        &frame(0x00, b"").repeat(500),
    );
}

/// Pings as fast as possible, without reading the pongs.
pub(crate) fn pings(address: &str, over: &Over) {
    pour(
        over,
        || websocket(address, "/rpc"),
        b"",
        &frame(0x89, &[0; 125]).repeat(50),
    );
}

/// Requests as fast as possible, without reading the responses.
pub(crate) fn deaf(address: &str, over: &Over) {
    let subscribe = frame(
        0x81,
        br#"{"jsonrpc":"2.0","id":1,"method":"Device.Subscribe"}"#,
    );
    pour(
        over,
        || websocket(address, "/rpc"),
        b"",
        &subscribe.repeat(50),
    );
}

/// Messages of brackets within brackets.
pub(crate) fn deep(address: &str, over: &Over) {
    let mut deep = vec![b'['; 2_048];
    deep.truncate(2_048);
    pour(
        over,
        || websocket(address, "/rpc"),
        b"",
        &frame(0x81, &deep).repeat(20),
    );
}

/// Connects and disconnects as often as possible.
pub(crate) fn come_and_go(address: &str, over: &Over) {
    while !over.load(Ordering::Relaxed) {
        drop(websocket(address, "/rpc"));
    }
}

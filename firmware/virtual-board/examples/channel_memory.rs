//! What an open channel costs a virtual board, counted by the allocator,
//! compared with what the board itself says of it (`Clients.List`):
//!
//!     cargo run -p switchboard-virtual-board --example channel_memory
//!
//! A hundred boards run in this process, and one client of each kind connects
//! to every one. The clients allocate nothing while they are connected; what
//! the system holds for sockets is not counted.

use std::{
    error::Error,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    thread::sleep,
    time::{Duration, Instant},
};

use peak_alloc::PeakAlloc;
use serde_json::Value;
use virtual_board::{Options, Profile, VirtualBoards};

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

const BOARDS: usize = 100;

fn main() -> Result<(), Box<dyn Error>> {
    let options = Options {
        boards: BOARDS,
        profile: Profile::Lamp,
        mdns: false,
        ..Options::default()
    };
    let boards = VirtualBoards::start(options)?;
    let addresses: Vec<SocketAddr> = boards
        .list()
        .into_iter()
        .map(|board| board.address)
        .collect();
    println!(
        "{:<12} {:>10} {:>14}",
        "channel", "allocated", "the board says"
    );
    for path in ["/rpc", "/log", "/telemetry", "/ws"] {
        // Whatever is made once, the first time.
        drop(open(&addresses, path)?);
        let before = at_rest();
        let channels = open(&addresses, path)?;
        let cost = at_rest().saturating_sub(before) / BOARDS;
        let said = said(addresses[0])?;
        println!("{path:<12} {cost:>8} B {said:>12} B");
        drop(channels);
    }
    Ok(())
}

/// A client of every board.
fn open(addresses: &[SocketAddr], path: &str) -> Result<Vec<TcpStream>, Box<dyn Error>> {
    let mut channels = Vec::with_capacity(addresses.len());
    for address in addresses {
        let mut stream = TcpStream::connect(address)?;
        let handshake = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: \
                 websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(handshake.as_bytes())?;
        let mut answer = [0; 12];
        stream.read_exact(&mut answer)?;
        if answer != *b"HTTP/1.1 101" {
            return Err(format!("{path} was refused").into());
        }
        channels.push(stream);
    }
    Ok(channels)
}

/// What is allocated, in bytes: the least within half a second, since boards
/// also do other things. Before that it is waited until the ring of the
/// telemetry is full.
fn at_rest() -> usize {
    sleep(Duration::from_millis(1_500));
    let end = Instant::now() + Duration::from_millis(500);
    let mut least = usize::MAX;
    while Instant::now() < end {
        least = least.min(HEAP.current_usage());
        sleep(Duration::from_millis(5));
    }
    least
}

/// What the board says that its newest channel takes.
fn said(address: SocketAddr) -> Result<u64, Box<dyn Error>> {
    let mut stream = TcpStream::connect(address)?;
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"Clients.List"}"#;
    write!(
        stream,
        "POST /rpc HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: \
             {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let json = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    let list: Value = serde_json::from_str(json)?;
    list["result"]["clients"][0]["memory"]
        .as_u64()
        .ok_or_else(|| format!("no memory in {list}").into())
}

//! Attacks on the app by what answers as a board of another family: the honest
//! board is served, memory is bounded, and the user is told.

mod esphome;
mod shelly;
mod wled;

use std::{
    io::{self, Write},
    net::{Shutdown, TcpListener, TcpStream},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use fleet::Family;
use serde_json::Value;

use crate::{
    SOON,
    pretender::{Wire, frame_header},
    to_the_app::Stage,
};

/// Longer than any message that is read, in bytes.
const HUGE: u64 = 100 << 20;

/// What answers as a board.
struct Peer {
    family: Family,
    address: String,
}

impl Peer {
    /// Serves each connection on a thread of its own.
    fn that(
        family: Family,
        does: impl Fn(TcpStream) -> Option<()> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let does = Arc::new(does);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let does = Arc::clone(&does);
                thread::spawn(move || {
                    let limited = stream
                        .set_read_timeout(Some(SOON))
                        .and_then(|()| stream.set_write_timeout(Some(SOON)));
                    // Continues after a controller disconnects.
                    limited.ok().and_then(|()| does(stream))
                });
            }
        });
        Self { family, address }
    }

    /// The same over a WebSocket.
    fn socket(
        family: Family,
        does: impl Fn(&mut Wire) -> Option<()> + Send + Sync + 'static,
    ) -> Self {
        Self::that(family, move |stream| does(&mut Wire::accept(stream)?))
    }

    fn url(&self) -> String {
        format!("{}://{}", self.family, self.address)
    }
}

/// The memory that an attack may cost the app, in megabytes, and a part of what
/// the user is told, if that is anything.
#[derive(Clone, Copy)]
struct Promise(u64, &'static str);

/// Serves the honest board while the peer attacks. What the app shows of the
/// peer at the end has to be wanted.
fn attack(
    name: &str,
    peer: &Peer,
    Promise(bound_mb, told): Promise,
    wanted: impl Fn(&Value) -> bool,
) -> Value {
    let mut stage = Stage::set();
    stage.app.tell(&format!("add {}", peer.url()));
    let served = stage.commands();
    let problems = stage.problems(&peer.address);
    let title = peer.family.title();
    let shown = match problems.as_slice() {
        [] => "nothing to tell".to_owned(),
        some => format!("told: {}", some.join("; ")),
    };
    stage.end(&format!("{title}: {name}"), &served, bound_mb, &shown);
    assert!(
        told.is_empty() || problems.iter().any(|problem| problem.contains(told)),
        "{problems:?}"
    );
    stage.shows(&peer.address, wanted)
}

/// A message of 100 MB.
fn huge(wire: &mut Wire) -> Option<()> {
    wire.bytes(&frame_header(0x81, HUGE))?;
    loop {
        wire.bytes(&[b' '; 64 * 1024])?;
    }
}

/// A message of 60,000 bytes, a byte every 20 ms.
fn drip(wire: &mut Wire) -> Option<()> {
    wire.bytes(&[0x81, 126, 0xea, 0x60])?;
    loop {
        wire.bytes(b"{")?;
        thread::sleep(Duration::from_millis(20));
    }
}

/// Lists in lists.
fn nested(depth: usize) -> String {
    "[".repeat(depth) + &"]".repeat(depth)
}

/// The names of the board and of its components are bounded.
fn assert_names_are_short(shown: &Value) {
    let length = |name: &Value| name.as_str().map_or(0, str::len);
    assert!(length(&shown["name"]) < 600, "{shown}");
    let names = shown["names"].as_array().expect("components");
    assert!(names.iter().all(|name| length(name) < 600), "{shown}");
}

/// Whether a connection that is not described is given up.
fn is_given_up(peer: &Peer, name: &str) {
    let mut stage = Stage::set();
    stage.app.tell(&format!("add {}", peer.url()));
    let begun = Instant::now();
    let served = stage.commands();
    let shown = stage.shows(&peer.address, |shown| shown["link"] == "unreachable");
    let took = begun.elapsed().as_secs();
    let told = format!("told after {took} s: {}", shown["problem"]);
    stage.end(
        &format!("{}: {name}", peer.family.title()),
        &served,
        8,
        &told,
    );
}

/// Answers every HTTP request with this body, without end if it has no length.
fn respond(mut stream: TcpStream, length: Option<usize>, body: &[u8]) -> Option<()> {
    let length = length.map(|length| format!("Content-Length: {length}\r\n"));
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{}\r\n",
        length.as_deref().unwrap_or_default()
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body).ok()?;
    while length.is_none() {
        stream.write_all(body).ok()?;
    }
    // An unread request would reset the connection.
    stream.shutdown(Shutdown::Write).ok()?;
    io::copy(&mut stream, &mut io::sink()).ok()?;
    Some(())
}

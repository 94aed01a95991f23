//! A plain client on the boards' own host, where no fault of the network
//! reaches it.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

use protocol::{FromBoard, Source};
use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

/// Long enough for a loaded machine.
const SOON: Duration = Duration::from_secs(10);

/// The delay before a closed connection is opened again.
const AGAIN: Duration = Duration::from_millis(10);

/// Posts to `/rpc` and returns the response, or `null` if there was none.
pub(crate) fn post(address: SocketAddr, method: &str, params: &Value) -> Value {
    let exchange = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&address, SOON)?;
        stream.set_read_timeout(Some(SOON))?;
        let body =
            json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        let head = format!(
            "POST /rpc HTTP/1.1\r\nHost: {address}\r\nContent-Length: {}\r\n",
            body.len()
        );
        stream.write_all(format!("{head}Connection: close\r\n\r\n{body}").as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    let answer = exchange().unwrap_or_default();
    let body = answer
        .split_once("\r\n\r\n")
        .map(|(_, body)| body)
        .unwrap_or_default();
    serde_json::from_str(body).unwrap_or_default()
}

/// Counts the presses by controllers, as a separate subscriber. A board that
/// hung for long may disconnect it like every silent client; then it reconnects
/// at once.
pub(crate) struct Counter(Arc<AtomicU64>);

impl Counter {
    /// Starts to count before it returns.
    pub(crate) fn start(address: SocketAddr) -> Self {
        let mut socket = subscribe(address).expect("the board listens");
        let presses = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&presses);
        thread::spawn(move || {
            loop {
                while let Ok(message) = socket.read() {
                    if let Message::Text(text) = message
                        && let Ok(FromBoard::Event(told)) = FromBoard::parse(&text)
                        && matches!(told.source, Some(Source::Client(_)))
                    {
                        count.fetch_add(told.events.len() as u64, Ordering::SeqCst);
                    }
                }
                socket = loop {
                    match subscribe(address) {
                        Some(socket) => break socket,
                        None => thread::sleep(AGAIN),
                    }
                };
            }
        });
        Self(presses)
    }

    /// The number of presses so far.
    pub(crate) fn presses(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

fn subscribe(address: SocketAddr) -> Option<WebSocket<TcpStream>> {
    let stream = TcpStream::connect(address).ok()?;
    let (mut socket, _) = tungstenite::client(format!("ws://{address}/rpc"), stream).ok()?;
    let subscribe = json!({ "jsonrpc": "2.0", "id": 1, "method": "Device.Subscribe" }).to_string();
    socket.send(Message::text(subscribe)).ok()?;
    socket.read().ok()?;
    Some(socket)
}

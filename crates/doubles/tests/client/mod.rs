//! A client of the doubles: one WebSocket, one HTTP request.

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use serde_json::Value;
use tungstenite::{Error, Message, WebSocket, client};

/// How long a test waits for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Client(pub(crate) WebSocket<TcpStream>);

impl Client {
    /// `None` if it is refused.
    pub(crate) fn connect(address: SocketAddr, path: &str) -> Option<Self> {
        let stream = TcpStream::connect(address).ok()?;
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let (socket, _) = client(format!("ws://{address}{path}"), stream).ok()?;
        Some(Self(socket))
    }

    pub(crate) fn open(address: SocketAddr, path: &str) -> Self {
        Self::connect(address, path).unwrap()
    }

    pub(crate) fn send(&mut self, frame: &Value) {
        self.0.send(Message::text(frame.to_string())).unwrap();
    }

    /// The next text; `None` if there is no more.
    pub(crate) fn next(&mut self) -> Option<Value> {
        loop {
            if let Message::Text(text) = self.0.read().ok()? {
                return Some(serde_json::from_str(&text).unwrap());
            }
        }
    }

    /// Changes how long a read waits.
    pub(crate) fn wait_at_most(&self, time: Duration) {
        self.0.get_ref().set_read_timeout(Some(time)).unwrap();
    }

    /// Whether the connection ends while a read waits; what arrives until then
    /// is dropped.
    pub(crate) fn ends(&mut self) -> bool {
        loop {
            match self.0.read() {
                Ok(_) => {}
                Err(Error::Io(error)) => {
                    return !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
                }
                Err(_) => return true,
            }
        }
    }

    /// The next text that fits; others are dropped.
    pub(crate) fn until(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            let frame = self.next().unwrap();
            if fits(&frame) {
                return frame;
            }
        }
        panic!("it has not arrived");
    }
}

/// One HTTP request: the status, the head and the body.
pub(crate) fn http(
    address: SocketAddr,
    method: &str,
    target: &str,
    header: &str,
    body: &str,
) -> (u16, String, Value) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{header}\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let body = serde_json::from_str(body).unwrap_or(Value::Null);
    (status, head.to_owned(), body)
}
